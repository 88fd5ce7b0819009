//! A line that loses answers: every write reaches the server and is carried out, and the connection breaks in place of
//! its 201. Whoever repeats it meets what it did itself.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderName, Method, Response, StatusCode};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::containers::client;
use super::{HOST, StorageError};
use crate::sandbox::ca::Authority;
use crate::sandbox::tls::{Peer, TlsListener};

/// More than any log's segment.
const LARGEST: usize = 64 << 20;

pub(super) struct LosingLine {
    pub(super) address: SocketAddr,
    far: Arc<FarEnd>,
    serving: JoinHandle<()>,
}

struct FarEnd {
    client: reqwest::Client,
    base: String,
    lost: AtomicUsize,
}

impl Drop for LosingLine {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl LosingLine {
    pub(super) async fn start(server: SocketAddr, authority: &Authority) -> Result<Self, StorageError> {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(StorageError::Line)?;
        let address = tcp.local_addr().map_err(StorageError::Line)?;
        let config = authority.server_config([HOST], &["http/1.1"])?;
        let listener = TlsListener::new(tcp, config).map_err(StorageError::Line)?;
        let client = client(server, authority.pem()).map_err(StorageError::Client)?;
        let base = format!("https://{HOST}:{}", server.port());
        let far = Arc::new(FarEnd { client, base, lost: AtomicUsize::new(0) });
        let app = Router::new().fallback(pass).with_state(Arc::clone(&far));
        let app = app.into_make_service_with_connect_info::<Peer>();
        let serving = tokio::spawn(async move { drop(axum::serve(listener, app).await) });
        Ok(Self { address, far, serving })
    }

    pub(super) fn lost(&self) -> usize {
        self.far.lost.load(Ordering::Relaxed)
    }
}

async fn pass(
    State(far): State<Arc<FarEnd>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response<Body> {
    match far.forward(request).await {
        Some(answer) if answer.status() != StatusCode::CREATED => answer,
        lost => {
            far.lost.fetch_add(usize::from(lost.is_some()), Ordering::Relaxed);
            // What is answered now is never sent.
            peer.switch.cut();
            Response::default()
        }
    }
}

impl FarEnd {
    /// `None` when the server did not answer.
    async fn forward(&self, request: Request) -> Option<Response<Body>> {
        let (head, body) = request.into_parts();
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let body = to_bytes(body, LARGEST).await.ok()?;
        let mut forwarded = self.client.request(head.method.clone(), format!("{}{target}", self.base)).body(body);
        for (name, value) in head.headers.iter().filter(|(name, _)| travels(name)) {
            forwarded = forwarded.header(name, value);
        }
        answer(head.method == Method::HEAD, forwarded.send().await.ok()?).await
    }
}

async fn answer(is_head: bool, far: reqwest::Response) -> Option<Response<Body>> {
    let (status, headers) = (far.status(), far.headers().clone());
    let body: Bytes = far.bytes().await.ok()?;
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    // The server counts a body itself, but a HEAD has none.
    let kept = |name: &HeaderName| travels(name) && (is_head || name != "content-length");
    for (name, value) in headers.iter().filter(|(name, _)| kept(name)) {
        answer.headers_mut().append(name, value.clone());
    }
    Some(answer)
}

/// Headers that belong to one connection stay there.
fn travels(name: &HeaderName) -> bool {
    !["host", "connection", "keep-alive", "transfer-encoding"].contains(&name.as_str())
}
