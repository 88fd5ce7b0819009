//! A TLS server that plays a script, one act per request, and keeps what it was sent byte for byte.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, rustls};

/// What the server does with the next connection or request.
#[derive(Clone)]
pub enum Act {
    /// Closes the connection before TLS is up.
    NoHandshake,
    /// Reads the request and closes without an answer.
    Vanish,
    /// Reads the request and never answers.
    Hang,
    /// Answers; `{arm}` in headers and body becomes the server's own URL.
    Answer { status: u16, headers: Vec<(String, String)>, body: String },
    /// Answers the head, promises a body, sends half of it and closes.
    HalfAnBody { status: u16, headers: Vec<(String, String)> },
}

impl Act {
    pub fn answer(status: u16, body: &str) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.to_owned() }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer { headers, .. } | Self::HalfAnBody { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// A second name of every server, which no DNS server knows before a test says so.
pub const LATE: &str = "late.example.test";

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

type Rule = Box<dyn Fn(&Seen) -> Act + Send>;

struct State {
    script: VecDeque<Act>,
    /// What to do when no act is left.
    rule: Rule,
    seen: Vec<Seen>,
    connections: usize,
}

pub struct Server {
    /// `https://localhost:{port}`, or `http:` for a plain one.
    pub url: String,
    /// The certificate to trust, in PEM.
    pub certificate: String,
    state: Arc<Mutex<State>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Server {
    /// A server that plays these acts, one after the other.
    pub async fn play(script: impl IntoIterator<Item = Act>) -> Self {
        let rule = Box::new(|_: &Seen| Act::answer(418, "no act left in the script"));
        Self::start(true, script.into_iter().collect(), rule).await
    }

    /// The same without TLS, as the identity endpoint of a function app is.
    pub async fn play_plainly(script: impl IntoIterator<Item = Act>) -> Self {
        let rule = Box::new(|_: &Seen| Act::answer(418, "no act left in the script"));
        Self::start(false, script.into_iter().collect(), rule).await
    }

    /// A server whose answers depend on the request.
    pub async fn answering(rule: impl Fn(&Seen) -> Act + Send + 'static) -> Self {
        Self::start(true, VecDeque::new(), Box::new(rule)).await
    }

    async fn start(tls: bool, script: VecDeque<Act>, rule: Rule) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls { "https" } else { "http" };
        let url = format!("{scheme}://localhost:{}", listener.local_addr().unwrap().port());
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned(), LATE.to_owned()]).unwrap();
        let certificate = key.cert.pem();
        let state = Arc::new(Mutex::new(State { script, rule, seen: vec![], connections: 0 }));
        let tls = tls.then(|| acceptor(key));
        let accepting = tokio::spawn(accept(listener, tls, state.clone(), url.clone()));
        Self { url, certificate, state, accepting }
    }

    /// A client that trusts this server and nobody else.
    pub fn client(&self) -> reqwest::ClientBuilder {
        trusting(&self.certificate)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }

    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    pub fn acts_left(&self) -> usize {
        self.state.lock().unwrap().script.len()
    }
}

pub fn trusting(certificate: &str) -> reqwest::ClientBuilder {
    let certificate = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
    reqwest::Client::builder().no_proxy().tls_certs_only([certificate])
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn acceptor(key: rcgen::CertifiedKey<rcgen::KeyPair>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let private = rustls::pki_types::PrivateKeyDer::try_from(key.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], private)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<Mutex<State>>, url: String) {
    loop {
        let (connection, _) = listener.accept().await.unwrap();
        let refuse = {
            let mut state = state.lock().unwrap();
            state.connections += 1;
            let refuse = matches!(state.script.front(), Some(Act::NoHandshake));
            if refuse {
                state.script.pop_front();
            }
            refuse
        };
        if !refuse {
            tokio::spawn(greet(connection, tls.clone(), state.clone(), url.clone()));
        }
    }
}

async fn greet(connection: TcpStream, tls: Option<TlsAcceptor>, state: Arc<Mutex<State>>, url: String) {
    match tls {
        None => converse(connection, state, url).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(connection).await {
                converse(stream, state, url).await;
            }
        }
    }
}

/// Answers the requests of one connection until a script act or the client ends it.
async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, state: Arc<Mutex<State>>, url: String) {
    while let Some(request) = read_request(&mut stream).await {
        let act = {
            let mut state = state.lock().unwrap();
            let act = state.script.pop_front().unwrap_or_else(|| (state.rule)(&request));
            state.seen.push(request);
            act
        };
        match act {
            Act::NoHandshake | Act::Vanish => return,
            Act::Hang => std::future::pending().await,
            Act::Answer { status, headers, body } => {
                let body = body.replace("{arm}", &url);
                let text = format!("{}\r\n{body}", head(status, &headers, body.len(), &url));
                stream.write_all(text.as_bytes()).await.unwrap();
            }
            Act::HalfAnBody { status, headers } => {
                let text = format!("{}\r\nhalf", head(status, &headers, 8, &url));
                stream.write_all(text.as_bytes()).await.unwrap();
                return;
            }
        }
    }
}

fn head(status: u16, headers: &[(String, String)], length: usize, url: &str) -> String {
    let mut head = format!("HTTP/1.1 {status} Said\r\n");
    if status != 204 {
        head.push_str(&format!("content-length: {length}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {}\r\n", value.replace("{arm}", url)));
    }
    head
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Seen> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(bytes).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let mut start = lines.next()?.split(' ');
    let pairs = lines.filter_map(|line| line.split_once(": "));
    let headers = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let (method, target) = (start.next()?.to_owned(), start.next()?.to_owned());
    let mut seen = Seen { method, target, headers, body: String::new() };
    let length = seen.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    seen.body = String::from_utf8(body).unwrap();
    Some(seen)
}
