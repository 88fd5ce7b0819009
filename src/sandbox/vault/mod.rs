//! A Key Vault at the socket: TLS, its challenge, its roles and firewall, and the secrets in it.
//!
//! Sources: learn.microsoft.com, "Authentication, requests and responses" of Key Vault, its REST reference ("Get Secret")
//! and "Azure Key Vault REST API error codes"; texts as public issues quote them.

mod answer;
mod call;
mod secrets;

pub use secrets::{HOST, KeptSecret, PASSWORD, VaultFault};

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::ca::{Authority, CaError};
use super::planes::gate::{Ask, Reach, keep, serve_https};
use super::world::{Event, World};

/// Starts the vault, if its socket is among these.
///
/// # Errors
/// When its certificate cannot be made.
pub fn start(
    world: &World,
    https: &mut BTreeMap<String, TcpListener>,
    authority: &Authority,
    tasks: &mut JoinSet<()>,
) -> Result<(), CaError> {
    let Some(socket) = https.remove(HOST) else { return Ok(()) };
    let config = authority.server_config([HOST], &["http/1.1"])?;
    let router = Router::new().fallback(handle).with_state(world.clone());
    let seen = world.clone();
    let ask: Ask = Arc::new(move || {
        let reachable = seen.vault_fault() != Some(VaultFault::Unreachable);
        Reach::of(reachable, seen.settings().unreachable)
    });
    tasks.spawn(async move {
        let guard = Arc::clone(&ask);
        keep(socket, ask, |socket| serve_https(socket, Arc::clone(&config), router.clone(), Arc::clone(&guard))).await;
    });
    Ok(())
}

async fn handle(State(world): State<World>, request: Request) -> Response {
    let call = call::Call::of(&world, &request);
    let answer = call.answer(&world);
    let (path, status) = (call.path.clone(), answer.status);
    let event = Event::VaultCall { path: path.clone(), caller: call.caller().to_owned(), status };
    world.log(event, format!("Key Vault {} {path}: {status}", call.method));
    answer.into_response()
}
