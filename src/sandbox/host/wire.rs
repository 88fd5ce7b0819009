//! HTTP/1.1 as bytes, for both sides of the host.
//!
//! The usual crates hand over header names in lower case. The real host passes a caller's names on as they were sent, and a handler must
//! be shown exactly that, so the framing is done here, on `httparse`.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const MAX_HEAD: usize = 64 * 1024;
const MAX_HEADERS: usize = 128;

/// Header fields in order, names as they were sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Headers(pub Vec<(String, String)>);

impl Headers {
    /// The first value of that name, whatever its case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether a comma-separated field holds this word.
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.get(name).is_some_and(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)))
    }

    fn content_length(&self) -> io::Result<Option<usize>> {
        let parse = |text: &str| text.trim().parse().map_err(|_| malformed("content-length"));
        self.get("content-length").map(parse).transpose()
    }
}

/// First line and fields of a request.
pub struct RequestHead {
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    pub headers: Headers,
    pub is_http_10: bool,
}

/// Status and fields of a response.
#[derive(Debug)]
pub struct ResponseHead {
    pub status: u16,
    pub headers: Headers,
}

/// How the end of a body is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Framing {
    Empty,
    Length(usize),
    Chunked,
    UntilClose,
}

impl RequestHead {
    /// # Errors
    /// A content length that is no number.
    pub fn framing(&self) -> io::Result<Framing> {
        if self.headers.has_token("transfer-encoding", "chunked") {
            return Ok(Framing::Chunked);
        }
        Ok(self.headers.content_length()?.filter(|length| *length > 0).map_or(Framing::Empty, Framing::Length))
    }

    pub fn keeps_alive(&self) -> bool {
        !self.is_http_10 && !self.headers.has_token("connection", "close")
    }
}

impl ResponseHead {
    /// # Errors
    /// A content length that is no number.
    pub fn framing(&self) -> io::Result<Framing> {
        if matches!(self.status, 100..=199 | 204 | 304) {
            return Ok(Framing::Empty);
        }
        if self.headers.has_token("transfer-encoding", "chunked") {
            return Ok(Framing::Chunked);
        }
        Ok(self.headers.content_length()?.map_or(Framing::UntilClose, Framing::Length))
    }
}

/// A byte stream with what was read ahead of it.
#[derive(Debug)]
pub struct Wire<S> {
    stream: S,
    ahead: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, ahead: Vec::new() }
    }

    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// # Errors
    /// The peer is gone.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Ends the stream in order.
    pub async fn close(&mut self) {
        // The peer may have gone first; then there is nothing to end.
        let _ = self.stream.shutdown().await;
    }

    /// The next request; `None` when the peer closed between two of them.
    ///
    /// # Errors
    /// Bytes that are no HTTP, or a peer that went in the middle.
    pub async fn request(&mut self) -> io::Result<Option<RequestHead>> {
        let Some(bytes) = self.head_bytes().await? else { return Ok(None) };
        let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut fields);
        parsed.parse(&bytes).map_err(|error| malformed(&error.to_string()))?;
        Ok(Some(RequestHead {
            method: parsed.method.unwrap_or_default().to_owned(),
            target: parsed.path.unwrap_or_default().to_owned(),
            is_http_10: parsed.version == Some(0),
            headers: owned(parsed.headers),
        }))
    }

    /// The final response; interim ones are skipped.
    ///
    /// # Errors
    /// Bytes that are no HTTP, or a peer that closed without an answer.
    pub async fn response(&mut self) -> io::Result<ResponseHead> {
        loop {
            let bytes = self.head_bytes().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut parsed = httparse::Response::new(&mut fields);
            parsed.parse(&bytes).map_err(|error| malformed(&error.to_string()))?;
            let status = parsed.code.unwrap_or_default();
            if !(100..200).contains(&status) {
                return Ok(ResponseHead { status, headers: owned(parsed.headers) });
            }
        }
    }

    /// Reads a whole body of at most `limit` bytes.
    ///
    /// # Errors
    /// `FileTooLarge` over the limit; a peer that went in the middle.
    pub async fn body(&mut self, framing: Framing, limit: usize) -> io::Result<Vec<u8>> {
        match framing {
            Framing::Empty => Ok(Vec::new()),
            Framing::Length(length) if length > limit => Err(io::ErrorKind::FileTooLarge.into()),
            Framing::Length(length) => self.take(length).await,
            Framing::Chunked => self.chunks(limit).await,
            Framing::UntilClose => self.rest(limit).await,
        }
    }

    async fn head_bytes(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = find(&self.ahead, b"\r\n\r\n") {
                return Ok(Some(self.ahead.drain(..end + 4).collect()));
            }
            if self.ahead.len() > MAX_HEAD {
                return Err(malformed("headers too long"));
            }
            if self.fill().await? == 0 {
                let clean = self.ahead.is_empty();
                return if clean { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.stream.read_buf(&mut self.ahead).await
    }

    async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.ahead.len() < length {
            if self.fill().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.ahead.drain(..length).collect())
    }

    async fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = find(&self.ahead, b"\r\n") {
                let line = self.ahead[..end].to_vec();
                self.ahead.drain(..end + 2);
                return Ok(line);
            }
            if self.fill().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    async fn chunks(&mut self, limit: usize) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = chunk_size(&self.line().await?)?;
            if size == 0 {
                // Trailers, up to the empty line.
                while !self.line().await?.is_empty() {}
                return Ok(body);
            }
            if body.len() + size > limit {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            body.extend(self.take(size).await?);
            self.take(2).await?;
        }
    }

    async fn rest(&mut self, limit: usize) -> io::Result<Vec<u8>> {
        while self.fill().await? > 0 {
            if self.ahead.len() > limit {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        }
        Ok(std::mem::take(&mut self.ahead))
    }
}

fn owned(fields: &[httparse::Header<'_>]) -> Headers {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Headers(fields.iter().map(|field| (field.name.to_owned(), text(field.value))).collect())
}

fn chunk_size(line: &[u8]) -> io::Result<usize> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
    let text = std::str::from_utf8(digits).unwrap_or_default().trim();
    usize::from_str_radix(text, 16).map_err(|_| malformed("chunk size"))
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not HTTP: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn wire(bytes: &[u8]) -> Wire<tokio::io::DuplexStream> {
        let (mut near, far) = tokio::io::duplex(64 * 1024);
        near.write_all(bytes).await.unwrap();
        Wire::new(far)
    }

    #[tokio::test]
    async fn header_names_keep_their_case() {
        let mut wire = wire(b"POST /a?b HTTP/1.1\r\nX-My-Name: v\r\nlower: w\r\n\r\n").await;
        let head = wire.request().await.unwrap().unwrap();
        assert_eq!(head.headers.0, [("X-My-Name".into(), "v".into()), ("lower".into(), "w".into())]);
        assert_eq!((head.method.as_str(), head.target.as_str()), ("POST", "/a?b"));
    }

    #[tokio::test]
    async fn chunks_with_extensions_and_trailers_are_joined() {
        let mut wire = wire(b"3;x=1\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\nrest").await;
        assert_eq!(wire.body(Framing::Chunked, 100).await.unwrap(), b"abcde");
        assert_eq!(wire.body(Framing::Length(4), 100).await.unwrap(), b"rest");
    }

    #[tokio::test]
    async fn a_body_over_the_limit_and_a_torn_head_are_errors() {
        let mut long = wire(b"").await;
        let error = long.body(Framing::Length(5), 4).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        let mut torn = wire(b"GET / HT").await;
        assert_eq!(torn.request().await.err().unwrap().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn interim_answers_are_skipped_and_closing_ends_a_body() {
        let mut wire = wire(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\nall").await;
        let head = wire.response().await.unwrap();
        assert_eq!((head.status, head.framing().unwrap()), (200, Framing::UntilClose));
        assert_eq!(wire.body(Framing::UntilClose, 10).await.unwrap(), b"all");
    }
}
