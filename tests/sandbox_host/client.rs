//! A client on plain sockets: sends exactly the header names it is given, and takes whatever comes back until the end.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

pub async fn exchange(host: SocketAddr, first_line: &str, headers: &[(String, String)], body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(host).await.unwrap();
    let fields: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let chunked = headers.iter().any(|(name, _)| name == "Transfer-Encoding");
    stream.write_all(format!("{first_line} HTTP/1.1\r\n{fields}\r\n").as_bytes()).await.unwrap();
    if chunked {
        stream.write_all(format!("{:x}\r\n", body.len()).as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        stream.write_all(b"\r\n0\r\n\r\n").await.unwrap();
    } else {
        stream.write_all(body).await.unwrap();
    }
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    parse(&String::from_utf8(bytes).unwrap())
}

/// Posts a JSON body the plain way.
pub async fn post(host: SocketAddr, path: &str, body: &Value) -> Answer {
    post_with(host, path, &[], body).await
}

pub async fn post_with(host: SocketAddr, path: &str, extra: &[(&str, &str)], body: &Value) -> Answer {
    let body = body.to_string();
    let length = body.len().to_string();
    let usual =
        [("Connection", "close"), ("Host", "h"), ("Content-Type", "application/json"), ("Content-Length", &length)];
    let headers: Vec<_> =
        usual.iter().chain(extra).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    exchange(host, &format!("POST {path}"), &headers, body.as_bytes()).await
}

fn parse(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap()).map(|(n, v)| (n.to_owned(), v.to_owned()));
    Answer { status, headers: headers.collect(), body: body.to_owned() }
}
