//! The host's HTTP side: connections, routes, keys, answers.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::answer::HttpAnswer;
use super::function::{Function, Trigger};
use super::http_request::ClientRequest;
use super::identity::Keys;
use super::invoke::Invoker;
use super::route::RouteValues;
use super::wire::{Framing, RequestHead, Wire};

/// Largest request body (learn.microsoft.com, Functions HTTP trigger limits).
const MAX_BODY: usize = 100 * 1024 * 1024;
const AFTER_ACCEPT_ERROR: Duration = Duration::from_millis(50);

/// What every connection needs.
#[derive(Debug)]
pub struct Front {
    pub invoker: Arc<Invoker>,
    pub keys: Keys,
}

impl Front {
    /// Accepts until it is aborted; its connections end with it.
    pub async fn run(self: Arc<Self>, listener: TcpListener, tls: Option<TlsAcceptor>) {
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            match listener.accept().await {
                Ok((stream, _)) => {
                    connections.spawn(self.clone().connection(stream, tls.clone()));
                }
                // Out of descriptors, for example: others will be freed.
                Err(_) => tokio::time::sleep(AFTER_ACCEPT_ERROR).await,
            }
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // A client that breaks off is its own affair.
        let _ = stream.set_nodelay(true);
        let _ = match tls {
            None => self.serve(Wire::new(stream), false).await,
            Some(acceptor) => match acceptor.accept(stream).await {
                Ok(stream) => self.serve(Wire::new(stream), true).await,
                Err(error) => Err(error),
            },
        };
    }

    /// A client that goes away does not cancel its invocation: nothing here listens while the handler works.
    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, mut wire: Wire<S>, https: bool) -> io::Result<()> {
        loop {
            let head = match wire.request().await {
                Ok(Some(head)) => head,
                Ok(None) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => return refuse(&mut wire, 400).await,
                Err(error) => return Err(error),
            };
            let (keeps_alive, is_head) = (head.keeps_alive(), head.method == "HEAD");
            let request = match read_request(&mut wire, head, https).await {
                Ok(request) => request,
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return refuse(&mut wire, 413).await,
                Err(error) if error.kind() == io::ErrorKind::InvalidData => return refuse(&mut wire, 400).await,
                Err(error) => return Err(error),
            };
            let answer = self.handle(&request).await;
            let (bytes, intact) = to_bytes(&answer, is_head, keeps_alive);
            wire.send(&bytes).await?;
            if !keeps_alive || !intact {
                wire.close().await;
                return Ok(());
            }
        }
    }

    async fn handle(&self, request: &ClientRequest) -> HttpAnswer {
        let Some((function, route)) = self.find(request) else { return HttpAnswer::bare(404) };
        let Trigger::Http { level, .. } = function.trigger else { return HttpAnswer::bare(404) };
        let caller = self.keys.caller(request.headers.get("x-functions-key"), request.query_value("code").as_deref());
        if !caller.may_call(level) {
            return HttpAnswer::bare(401);
        }
        let payload = request.payload(&function.name, &function.trigger_name, &route, &caller);
        self.invoker.answer(function, &payload).await
    }

    /// A path of another method is not found, just as an unknown path.
    fn find(&self, request: &ClientRequest) -> Option<(&Function, RouteValues)> {
        self.invoker.app.enabled().find_map(|function| match &function.trigger {
            Trigger::Http { route, methods, .. } => {
                let allowed = methods.as_ref().is_none_or(|methods| methods.contains(&request.method));
                allowed.then(|| route.matches(&request.path)).flatten().map(|values| (function, values))
            }
            Trigger::Queue { .. } | Trigger::Timer { .. } => None,
        })
    }
}

async fn read_request<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<S>,
    head: RequestHead,
    https: bool,
) -> io::Result<ClientRequest> {
    let framing = head.framing()?;
    if framing != Framing::Empty && head.headers.has_token("expect", "100-continue") {
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let body = wire.body(framing, MAX_BODY).await?;
    let mut request = ClientRequest::new(head.method, &head.target, head.headers, https);
    // A chunked body has no announced length, and the host hands over none.
    request.body = matches!(framing, Framing::Length(_)).then_some(body);
    Ok(request)
}

async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(wire: &mut Wire<S>, status: u16) -> io::Result<()> {
    wire.send(&to_bytes(&HttpAnswer::bare(status), false, false).0).await?;
    wire.close().await;
    Ok(())
}

/// The answer as bytes, and whether it is whole. A length that the function itself set breaks it: the body never follows.
fn to_bytes(answer: &HttpAnswer, is_head: bool, keeps_alive: bool) -> (Vec<u8>, bool) {
    let reason = reqwest::StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
    let mut head = format!("HTTP/1.1 {} {}\r\n", answer.status, reason.unwrap_or_default());
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let framed = |(name, _): &(String, String)| {
        name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding")
    };
    let intact = !answer.headers.iter().any(framed);
    let bodiless = matches!(answer.status, 204 | 304);
    if intact && !bodiless {
        head.push_str(&format!("Content-Length: {}\r\n", answer.body.len()));
    }
    head.push_str(if keeps_alive && intact { "\r\n" } else { "Connection: close\r\n\r\n" });
    let mut bytes = head.into_bytes();
    if intact && !bodiless && !is_head {
        bytes.extend(answer.body.bytes());
    }
    (bytes, intact)
}
