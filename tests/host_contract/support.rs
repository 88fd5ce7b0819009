//! A host as far as these tests need one: captured requests, and calls of a served table of functions.

use reveille::host::{Functions, server};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/functions")
}

/// A captured request of a real host.
pub struct Capture {
    pub name: String,
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Capture {
    pub fn named(name: &str) -> Self {
        let file = folder().join(format!("{name}.json"));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
        let request = serde_json::from_str::<Value>(&text).unwrap()["request"].take();
        let text = |key: &str| request[key].as_str().unwrap().to_owned();
        let headers = request["headers"].as_object().unwrap();
        Self {
            name: name.to_owned(),
            method: text("method"),
            path: text("path"),
            headers: headers.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
            body: text("body"),
        }
    }

    pub fn function(&self) -> &str {
        self.path.trim_start_matches('/')
    }

    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    }

    /// The request as it stood on the wire, its body in chunks.
    pub fn wire(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\nConnection: close\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        if self.header("Transfer-Encoding").is_some() {
            text.push_str(&format!("{:x}\r\n{}\r\n0\r\n\r\n", self.body.len(), self.body));
        }
        text.into_bytes()
    }
}

/// Names of all captured requests; the two lists of answers and messages are not requests.
pub fn capture_names() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names = files.filter_map(|file| file.strip_suffix(".json").map(str::to_owned));
    let mut names: Vec<String> = names.filter(|name| name != "answers" && name != "queue-outputs").collect();
    names.sort();
    names
}

/// One of the two lists of what the real host made of answers.
pub fn list(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A served table of functions.
pub struct Served {
    pub port: u16,
    task: tokio::task::JoinHandle<()>,
}

/// What the worker answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Worker {
    pub status: u16,
    pub content_type: String,
    pub body: String,
}

impl Worker {
    /// The answer as the host reads it: a JSON object of the JSON content type, or it would hang or fail.
    pub fn envelope(&self) -> Value {
        assert_eq!(self.content_type, "application/json", "{self:?}");
        let value: Value = serde_json::from_str(&self.body).unwrap_or_else(|why| panic!("{why}: {self:?}"));
        assert!(value.is_object(), "{self:?}");
        value
    }
}

impl Served {
    pub async fn start(functions: Functions) -> Self {
        let any_port = |name: &str| (name == server::PORT_VARIABLE).then(|| "0".to_owned());
        let listener = server::bind(&any_port).unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move { server::serve(listener, functions).await.unwrap() });
        Self { port, task }
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    /// Sends raw bytes and reads the answer to its end.
    pub async fn raw(&self, bytes: &[u8]) -> Worker {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        read(&String::from_utf8(answer).unwrap())
    }

    pub async fn post(&self, function: &str, body: &str) -> Worker {
        let head = "Connection: close\r\nContent-Type: application/json; charset=utf-8\r\nHost: 127.0.0.1\r\n";
        let length = body.len();
        self.raw(format!("POST /{function} HTTP/1.1\r\n{head}Content-Length: {length}\r\n\r\n{body}").as_bytes()).await
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn read(answer: &str) -> Worker {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP answer: {answer:?}"));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let content_type =
        lines.find_map(|line| line.to_ascii_lowercase().strip_prefix("content-type: ").map(str::to_owned));
    Worker { status, content_type: content_type.unwrap_or_default(), body: body.to_owned() }
}

/// An invocation of an HTTP function, as the host would post it.
pub fn http_call(body: &str) -> String {
    let request = serde_json::json!({
        "Url": "http://app.example.net/api/alert", "Method": "POST", "Query": {}, "Headers": {}, "Params": {},
        "Identities": [], "Body": body,
    });
    serde_json::json!({ "Data": { "req": request }, "Metadata": {} }).to_string()
}
