//! The host's HTTP client towards the handler: keep-alive connections, chunked POST, redirects followed, nothing retried.

use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;

use tokio::net::TcpStream;

use super::wire::{Framing, ResponseHead, Wire};

/// Version of the host that is imitated, as its headers say it.
pub const HOST_VERSION: &str = "4.1037.0.0";

const MAX_ANSWER: usize = 256 * 1024 * 1024;
const MAX_REDIRECTS: usize = 50;

/// What the handler answered.
#[derive(Debug)]
pub struct WorkerAnswer {
    pub status: u16,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
}

/// Connections to one handler port.
#[derive(Debug)]
pub struct WorkerClient {
    address: SocketAddr,
    idle: Mutex<Vec<Wire<TcpStream>>>,
}

impl WorkerClient {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, idle: Mutex::default() }
    }

    /// The readiness probe: `GET /` with nothing but a Host header. Any answer counts.
    ///
    /// # Errors
    /// No connection, or none that answers HTTP.
    pub async fn probe(&self) -> io::Result<()> {
        self.exchange("GET", "/", "", None).await.map(drop)
    }

    /// `POST /<function>` in payload mode.
    ///
    /// # Errors
    /// The connection failed, or was closed without a whole answer.
    pub async fn invoke(&self, function: &str, invocation: &str, payload: &[u8]) -> io::Result<WorkerAnswer> {
        let common = format!(
            "X-Azure-Functions-HostVersion: {HOST_VERSION}\r\nX-Azure-Functions-InvocationId: {invocation}\r\n\
             User-Agent: Azure-Functions-Host/{HOST_VERSION}\r\n"
        );
        let mut hop = Hop { post: true, path: format!("/{function}") };
        for _ in 0..=MAX_REDIRECTS {
            let body = hop.post.then_some(payload);
            let (head, bytes) = self.exchange(hop.method(), &hop.path, &common, body).await?;
            match hop.next(&head, self.address)? {
                Some(next) => hop = next,
                None => return Ok(answer(head, bytes)),
            }
        }
        Err(io::Error::other("too many redirects"))
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        fields: &str,
        body: Option<&[u8]>,
    ) -> io::Result<(ResponseHead, Vec<u8>)> {
        let mut wire = self.connection().await?;
        wire.send(&request(method, path, self.address, fields, body)).await?;
        let head = wire.response().await?;
        let framing = head.framing()?;
        let bytes = wire.body(framing, MAX_ANSWER).await?;
        if framing != Framing::UntilClose && !head.headers.has_token("connection", "close") {
            self.keep(wire);
        }
        Ok((head, bytes))
    }

    async fn connection(&self) -> io::Result<Wire<TcpStream>> {
        while let Some(wire) = self.idle.lock().ok().and_then(|mut idle| idle.pop()) {
            if is_quiet(wire.stream()) {
                return Ok(wire);
            }
        }
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(Wire::new(stream))
    }

    fn keep(&self, wire: Wire<TcpStream>) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(wire);
        }
    }
}

/// One request of a chain of redirects.
struct Hop {
    post: bool,
    path: String,
}

impl Hop {
    fn method(&self) -> &'static str {
        if self.post { "POST" } else { "GET" }
    }

    /// .NET's rules: 300 to 303 turn a POST into a GET, 307 and 308 keep it.
    fn next(&self, head: &ResponseHead, address: SocketAddr) -> io::Result<Option<Self>> {
        let keeps_method = match head.status {
            300..=303 => false,
            307 | 308 => true,
            _ => return Ok(None),
        };
        let Some(location) = head.headers.get("location") else { return Ok(None) };
        let base = reqwest::Url::parse(&format!("http://{address}{}", self.path)).map_err(io::Error::other)?;
        let target = base.join(location).map_err(io::Error::other)?;
        if target.origin() != base.origin() {
            return Err(io::Error::other("a redirect away from the handler is not imitated here"));
        }
        let path =
            target.query().map_or_else(|| target.path().to_owned(), |query| format!("{}?{query}", target.path()));
        Ok(Some(Self { post: self.post && keeps_method, path }))
    }
}

fn request(method: &str, path: &str, host: SocketAddr, fields: &str, body: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{fields}").into_bytes();
    let Some(body) = body else {
        bytes.extend(b"\r\n");
        return bytes;
    };
    bytes.extend(b"Transfer-Encoding: chunked\r\nContent-Type: application/json; charset=utf-8\r\n\r\n");
    for chunk in body.chunks(4096) {
        bytes.extend(format!("{:X}\r\n", chunk.len()).bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

fn answer(head: ResponseHead, body: Vec<u8>) -> WorkerAnswer {
    WorkerAnswer { status: head.status, content_type: head.headers.get("content-type").map(str::to_owned), body }
}

/// An idle connection may be used again when nothing, not even its end, has arrived on it.
fn is_quiet(stream: &TcpStream) -> bool {
    let waiting = stream.try_read(&mut [0; 1]);
    matches!(waiting, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::host::wire::Headers;

    fn next(status: u16, location: &str) -> io::Result<Option<(bool, String)>> {
        let head = ResponseHead { status, headers: Headers(vec![("Location".into(), location.into())]) };
        let hop = Hop { post: true, path: "/alert".into() };
        Ok(hop.next(&head, "127.0.0.1:7".parse().unwrap())?.map(|hop| (hop.post, hop.path)))
    }

    #[test]
    fn a_redirect_loses_the_body_unless_it_keeps_the_method() {
        assert_eq!(next(302, "/").unwrap(), Some((false, "/".into())));
        assert_eq!(next(307, "other?x=1").unwrap(), Some((true, "/other?x=1".into())));
        assert_eq!(next(200, "/").unwrap(), None);
        assert!(next(302, "https://example.com/").is_err());
    }
}
