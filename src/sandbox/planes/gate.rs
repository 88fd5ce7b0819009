//! Listeners that come and go with what they stand for.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::settings::Unreachable;
use crate::sandbox::tls::{Peer, TlsListener};

/// How often the gate looks whether it should be open.
const TICK: Duration = Duration::from_millis(10);

/// How a listener behaves at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Reach {
    Answers,
    Refuses,
    Hangs,
}

impl Reach {
    pub(in crate::sandbox) fn of(reachable: bool, otherwise: Unreachable) -> Self {
        match (reachable, otherwise) {
            (true, _) => Self::Answers,
            (false, Unreachable::Refused) => Self::Refuses,
            (false, Unreachable::Hangs) => Self::Hangs,
        }
    }
}

/// Asks how the listener should behave now.
pub(in crate::sandbox) type Ask = Arc<dyn Fn() -> Reach + Send + Sync>;

/// Keeps a server on an address while `ask` says so. `serve` gets the socket each time the gate opens; closing aborts it.
pub(in crate::sandbox) async fn keep<S, F>(socket: TcpListener, ask: Ask, serve: S)
where
    S: Fn(TcpListener) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let Ok(address) = socket.local_addr() else { return };
    let mut state = Opened::Serving(Running(tokio::spawn(serve(socket))));
    let mut reach = Reach::Answers;
    loop {
        let wanted = ask();
        if wanted != reach || matches!(state, Opened::Closed) && wanted != Reach::Refuses {
            drop(state);
            state = open(address, wanted, &serve).await;
            reach = wanted;
        }
        tokio::time::sleep(TICK).await;
    }
}

enum Opened {
    Serving(#[expect(dead_code, reason = "held for its drop")] Running),
    /// Bound, and never accepted from: connections are made by the kernel and nothing ever comes.
    Silent(#[expect(dead_code, reason = "held for its drop")] TcpListener),
    Closed,
}

/// Ends the task when it is dropped.
struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn open<S, F>(address: SocketAddr, wanted: Reach, serve: &S) -> Opened
where
    S: Fn(TcpListener) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    if wanted == Reach::Refuses {
        return Opened::Closed;
    }
    // The aborted server may hold the socket for a moment; the next tick tries again.
    let Ok(socket) = TcpListener::bind(address).await else { return Opened::Closed };
    match wanted {
        Reach::Answers => Opened::Serving(Running(tokio::spawn(serve(socket)))),
        _ => Opened::Silent(socket),
    }
}

/// Serves a router over TLS, and cuts connections that are kept alive across the closing of the gate.
pub(in crate::sandbox) async fn serve_https(socket: TcpListener, config: Arc<ServerConfig>, router: Router, ask: Ask) {
    let Ok(listener) = TlsListener::new(socket, config) else { return };
    let guarded = router.layer(middleware::from_fn(move |peer, request, next| {
        let ask = Arc::clone(&ask);
        async move { guard(ask, peer, request, next).await }
    }));
    let service = guarded.into_make_service_with_connect_info::<Peer>();
    let _ = axum::serve(listener, service).await;
}

async fn guard(ask: Ask, ConnectInfo(peer): ConnectInfo<Peer>, request: Request, next: Next) -> Response {
    match ask() {
        Reach::Answers => next.run(request).await,
        Reach::Hangs => std::future::pending().await,
        Reach::Refuses => {
            peer.switch.cut();
            axum::http::StatusCode::BAD_GATEWAY.into_response()
        }
    }
}
