//! A small HTTPS server that answers raw bytes, so that a test can send what no proper server would.

use super::ca::Leaf;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What it does with every request.
#[derive(Clone)]
pub enum Behaviour {
    /// Sends these bytes and keeps the connection open for more requests.
    Answer(Vec<u8>),
    /// Sends these bytes and falls silent.
    AnswerThenSilence(Vec<u8>),
    /// Takes the request and never answers.
    Silence,
    /// Takes the request and closes.
    Close,
}

pub struct HttpsServer {
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

#[derive(Default, Clone)]
pub struct Seen {
    pub connections: usize,
    /// Head of each request.
    pub requests: Vec<String>,
}

impl HttpsServer {
    pub async fn start(leaf: &Leaf, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(leaf.server_config()));
        let seen = Arc::new(Mutex::new(Seen::default()));
        let task = tokio::spawn(accept(listener, acceptor, behaviour, seen.clone()));
        Self { address, seen, task }
    }

    pub fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for HttpsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer with a body and its length.
pub fn answer(status: &str, headers: &[(&str, &str)], body: &str) -> Behaviour {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    Behaviour::Answer(
        format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes(),
    )
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, behaviour: Behaviour, seen: Arc<Mutex<Seen>>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((tcp, _)) = listener.accept().await {
        let (acceptor, behaviour, seen) = (acceptor.clone(), behaviour.clone(), seen.clone());
        connections.spawn(async move {
            let Ok(mut stream) = acceptor.accept(tcp).await else { return };
            seen.lock().unwrap().connections += 1;
            while let Some(head) = read_head(&mut stream).await {
                seen.lock().unwrap().requests.push(head);
                match &behaviour {
                    Behaviour::Answer(bytes) => stream.write_all(bytes).await.unwrap(),
                    Behaviour::AnswerThenSilence(bytes) => {
                        stream.write_all(bytes).await.unwrap();
                        return std::future::pending().await;
                    }
                    Behaviour::Silence => return std::future::pending().await,
                    Behaviour::Close => return,
                }
                let _ = stream.flush().await;
            }
        });
    }
}

async fn read_head(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}
