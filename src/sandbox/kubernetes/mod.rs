//! The Kubernetes side of the simulated clusters: an API server per cluster that `kubectl` can drive, the controllers and
//! kubelets behind it, and what the chart of SonarQube's Data Center Edition leaves there.
//!
//! ```text
//! server ─► ask ─► api ─► read, scale, pod_calls, discovery        one request
//!                          └─► cluster: store + control + index    what is, and what becomes of it
//! plane                    the same clusters for the rest of the world: do pods run, is the index stale
//! ```
//!
//! Time passes by access: whoever looks first lets everything happen that is due.

mod api;
mod ask;
mod chart;
mod cluster;
mod control;
mod discovery;
mod fault;
mod index;
mod kinds;
mod kubeconfig;
mod kubectl;
mod nodes;
mod patch;
mod plane;
mod pod_calls;
mod pods;
mod probe_pod;
mod read;
mod reply;
mod run_command;
mod scale;
mod selector;
mod server;
mod settings;
mod store;
mod table;
mod trust;
mod watch;

pub use fault::{KubeFault, KubeFaultAction};
pub use plane::{IndexState, Indexation};
pub use settings::Settings;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::sandbox::ca::{Authority, CaError};
use crate::sandbox::planes::Unreachable;
use crate::sandbox::planes::gate::{Ask as Gate, Reach, keep, serve_https};
use crate::sandbox::world::{Site, World};

/// Starts the API server of every cluster whose socket is among these.
///
/// # Errors
/// When a certificate cannot be made.
pub fn start(
    world: &World,
    https: &mut BTreeMap<String, TcpListener>,
    authority: &Authority,
    tasks: &mut JoinSet<()>,
) -> Result<(), CaError> {
    world.trust(authority)?;
    for site in world.workloads().iter().flat_map(|it| &it.sites) {
        let host = site.api_server_host();
        let Some(socket) = https.remove(&host) else { continue };
        let config = authority.server_config_for_clients([host.as_str()], &["http/1.1"])?;
        let router = server::router(world.clone(), site.cluster.clone());
        let gate = gate(world, site);
        tasks.spawn(async move {
            let guard = Arc::clone(&gate);
            keep(socket, gate, |socket| serve_https(socket, Arc::clone(&config), router.clone(), Arc::clone(&guard)))
                .await;
        });
    }
    Ok(())
}

/// A stopped cluster has no API server; one in a dark region or behind a private endpoint fails as everything there.
fn gate(world: &World, site: &Site) -> Gate {
    let (world, site) = (world.clone(), site.clone());
    Arc::new(move || {
        if !world.nodes_run(&site.cluster) {
            return Reach::of(false, Unreachable::Refused);
        }
        let hidden = world.darkness(&site.region).cluster_api || world.kubernetes().private_api;
        Reach::of(!hidden, world.settings().unreachable)
    })
}
