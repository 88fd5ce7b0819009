//! A handler that records what it is sent and does what the message tells it: `{"do": {…}}` in an HTTP body or a queue message.
//! Written on plain sockets, apart from the code it helps to test.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One request as it arrived; header names in their own case.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

#[derive(Debug, Clone)]
pub struct Handler {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Handler {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let handler = Self { address: listener.local_addr().unwrap(), seen: Arc::default() };
        tokio::spawn(serve(listener, handler.seen.clone()));
        handler
    }

    pub fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// Invocations of one function so far.
    pub fn calls(&self, function: &str) -> Vec<Request> {
        let path = format!("/{function}");
        self.requests().into_iter().filter(|request| request.path == path).collect()
    }
}

pub async fn serve(listener: TcpListener, seen: Arc<Mutex<Vec<Request>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(connection(BufReader::new(stream), seen.clone()));
    }
}

async fn connection(mut stream: BufReader<TcpStream>, seen: Arc<Mutex<Vec<Request>>>) {
    while let Some(request) = read(&mut stream).await {
        seen.lock().unwrap().push(request.clone());
        let order = order(&request);
        obey(&order).await;
        if order.get("connection").is_some() {
            return;
        }
        if stream.write_all(&answer(&request, &order)).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let first = line(stream).await?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    while let Some((name, value)) = line(stream).await?.split_once(": ") {
        headers.push((name.to_owned(), value.to_owned()));
    }
    let chunked = headers.iter().any(|(name, value)| name == "Transfer-Encoding" && value == "chunked");
    let body = if chunked { chunks(stream).await? } else { Vec::new() };
    Some(Request { method, path, headers, body: String::from_utf8(body).unwrap() })
}

async fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let length = stream.read_line(&mut line).await.ok()?;
    (length > 0).then(|| line.trim_end().to_owned())
}

async fn chunks(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = usize::from_str_radix(&line(stream).await?, 16).ok()?;
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk).await.ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

/// The `do` of a message; null without.
fn order(request: &Request) -> Value {
    let payload: Value = serde_json::from_str(&request.body).unwrap_or_default();
    let body = payload["Data"]["req"]["Body"].as_str().map(str::to_owned);
    let message = payload["Data"]["msg"].as_str().and_then(|text| serde_json::from_str::<String>(text).ok());
    let text = body.or(message).unwrap_or_default();
    serde_json::from_str::<Value>(&text).map_or(Value::Null, |value| value["do"].clone())
}

async fn obey(order: &Value) {
    if let Some(text) = order["stdout"].as_str() {
        println!("{text}");
    }
    if let Some(text) = order["stderr"].as_str() {
        eprintln!("{text}");
    }
    if let Some(wait) = order["wait_ms"].as_u64() {
        tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
    }
    if let Some(code) = order["exit"].as_i64() {
        std::process::exit(i32::try_from(code).unwrap());
    }
}

fn answer(request: &Request, order: &Value) -> Vec<u8> {
    let usual = json!({ "status": 200, "content_type": "application/json", "body": "{}" });
    let probe = json!({ "status": 200, "body": "" });
    let order = match order {
        Value::Null if request.method == "GET" => &probe,
        Value::Null => &usual,
        order => order,
    };
    let body = order["body"].as_str().unwrap_or_default();
    let mut head =
        format!("HTTP/1.1 {} X\r\nContent-Length: {}\r\n", order["status"].as_u64().unwrap_or(200), body.len());
    if let Some(kind) = order["content_type"].as_str() {
        head.push_str(&format!("Content-Type: {kind}\r\n"));
    }
    for (name, value) in order["headers"].as_object().into_iter().flatten() {
        head.push_str(&format!("{name}: {}\r\n", value.as_str().unwrap()));
    }
    format!("{head}\r\n{body}").into_bytes()
}
