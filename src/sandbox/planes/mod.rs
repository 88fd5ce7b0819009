//! The planes beside ARM: what the outside world sees of applications, Front Door and databases, and who is told.

mod application;
mod client;
mod edge;
pub(in crate::sandbox) mod gate;
mod origin;
mod postgres;
mod receiver;
mod settings;
mod writing;

pub use application::Phase;
pub use client::{Client, ClientError};
pub use receiver::{Channel, ChannelFault, Received, addresses};
pub use settings::{AppFault, PASSCODE, Settings, TOKEN, Unreachable};

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use self::edge::Edge;
use self::gate::{Ask, Reach, keep, serve_https};
use self::origin::Origin;
use crate::sandbox::ca::{Authority, CaError};
use crate::sandbox::kubernetes;
use crate::sandbox::vault;
use crate::sandbox::world::{Site, Workload, World};

/// Why the planes could not be started.
#[derive(Debug, thiserror::Error)]
pub enum PlanesError {
    /// The world has bound no socket for a name.
    #[error("no socket is bound for {0}")]
    NoSocket(String),
    /// The receiver, or Front Door under the name `localhost`, has no port.
    #[error("binding a port of localhost")]
    Bind(#[source] io::Error),
    /// No certificate.
    #[error("making the certificate of the planes")]
    Certificate(#[from] CaError),
    /// No client for the edge.
    #[error("making the edge's client")]
    Client(#[from] ClientError),
}

/// The running planes; they end when this is dropped.
pub struct Planes {
    tasks: JoinSet<()>,
    client: Client,
    receiver_port: u16,
    edge_port: u16,
}

impl Planes {
    /// Starts origins, edges, databases and the receiver on the world's sockets; sockets of other planes stay in the maps.
    ///
    /// # Errors
    /// When a socket or certificate is missing.
    pub async fn start(
        world: &World,
        https: &mut BTreeMap<String, TcpListener>,
        databases: &mut BTreeMap<String, TcpListener>,
        authority: &Authority,
    ) -> Result<Self, PlanesError> {
        let client = Client::new(world, authority.pem())?;
        let (receiver, receiver_port) = local().await?;
        let (edge, edge_port) = local().await?;
        let mut starter = Starter {
            world: world.clone(),
            web: authority.server_config([], &["http/1.1"])?,
            client: client.clone(),
            tasks: JoinSet::new(),
        };
        for workload in world.workloads() {
            let certified = Certified::of(&workload, authority)?;
            starter.workload(Arc::new(workload), &certified, https, databases)?;
        }
        kubernetes::start(world, https, authority, &mut starter.tasks)?;
        vault::start(world, https, authority, &mut starter.tasks)?;
        starter.edge_on_localhost(edge);
        starter.receiver(receiver);
        starter.tasks.spawn(writing::watch(world.clone()));
        Ok(Self { tasks: starter.tasks, client, receiver_port, edge_port })
    }

    /// An HTTPS client for the world's names.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Where notifications are to be sent.
    pub fn channels(&self) -> [(Channel, String); 2] {
        addresses(self.receiver_port)
    }

    /// The first workload's Front Door endpoint under the name `localhost`.
    pub fn front_door(&self) -> String {
        format!("https://localhost:{}", self.edge_port)
    }

    /// How many servers run.
    pub fn running(&self) -> usize {
        self.tasks.len()
    }
}

async fn local() -> Result<(TcpListener, u16), PlanesError> {
    let socket = TcpListener::bind(("127.0.0.1", 0)).await.map_err(PlanesError::Bind)?;
    let port = socket.local_addr().map_err(PlanesError::Bind)?.port();
    Ok((socket, port))
}

/// What the servers of one workload prove themselves with. One certificate for all workloads would outgrow a TLS
/// handshake, and every client would have to keep it.
struct Certified {
    web: Arc<ServerConfig>,
    sql: TlsAcceptor,
}

impl Certified {
    fn of(workload: &Workload, authority: &Authority) -> Result<Self, CaError> {
        let [first, second] = &workload.sites;
        let web = [workload.endpoint_host(), first.origin.clone(), second.origin.clone()];
        // Servers' own names and the names that move.
        let sql = [workload.writer_host(), workload.reader_host(), first.server_host(), second.server_host()];
        Ok(Self {
            web: authority.server_config(web.iter().map(String::as_str), &["http/1.1"])?,
            sql: TlsAcceptor::from(authority.server_config(sql.iter().map(String::as_str), &[])?),
        })
    }
}

struct Starter {
    world: World,
    /// For what is on `localhost`.
    web: Arc<ServerConfig>,
    client: Client,
    tasks: JoinSet<()>,
}

impl Starter {
    fn workload(
        &mut self,
        workload: Arc<Workload>,
        certified: &Certified,
        https: &mut BTreeMap<String, TcpListener>,
        databases: &mut BTreeMap<String, TcpListener>,
    ) -> Result<(), PlanesError> {
        for site in &workload.sites {
            self.origin(&workload, site, &certified.web, taken(https, &site.origin)?);
            self.database(&workload, site, &certified.sql, taken(databases, &site.server_host())?);
        }
        self.edge(&workload, &certified.web, taken(https, &workload.endpoint_host())?);
        Ok(())
    }

    fn origin(&mut self, workload: &Arc<Workload>, site: &Site, web: &Arc<ServerConfig>, socket: TcpListener) {
        let (world, site) = (self.world.clone(), Arc::new(site.clone()));
        let router =
            origin::router(Origin { world: world.clone(), workload: Arc::clone(workload), site: Arc::clone(&site) });
        let ask: Ask = Arc::new(move || Reach::of(world.origin_reachable(&site), world.settings().unreachable));
        let (config, guard) = (Arc::clone(web), Arc::clone(&ask));
        self.tasks.spawn(async move {
            keep(socket, ask, |socket| serve_https(socket, Arc::clone(&config), router.clone(), Arc::clone(&guard)))
                .await;
        });
    }

    fn database(&mut self, workload: &Workload, site: &Site, sql: &TlsAcceptor, socket: TcpListener) {
        let acceptor = sql.clone();
        let listener =
            postgres::Listener::new(self.world.clone(), &site.server, &workload.name, workload.database(), acceptor);
        self.tasks.spawn(listener.run(socket));
    }

    fn edge(&mut self, workload: &Arc<Workload>, web: &Arc<ServerConfig>, socket: TcpListener) {
        let edge = Edge::new(self.world.clone(), Arc::clone(workload), self.client.clone());
        self.always(socket, web, edge.clone().router());
        self.tasks.spawn(edge.probe_forever());
    }

    fn edge_on_localhost(&mut self, socket: TcpListener) {
        if let Some(workload) = self.world.workloads().into_iter().next() {
            let edge = Edge::new(self.world.clone(), Arc::new(workload), self.client.clone());
            let web = Arc::clone(&self.web);
            self.always(socket, &web, edge.router());
        }
    }

    fn receiver(&mut self, socket: TcpListener) {
        let web = Arc::clone(&self.web);
        self.always(socket, &web, receiver::router(self.world.clone()));
    }

    /// Serves what no outage takes away.
    fn always(&mut self, socket: TcpListener, web: &Arc<ServerConfig>, router: axum::Router) {
        let always: Ask = Arc::new(|| Reach::Answers);
        self.tasks.spawn(serve_https(socket, Arc::clone(web), router, always));
    }
}

fn taken(sockets: &mut BTreeMap<String, TcpListener>, name: &str) -> Result<TcpListener, PlanesError> {
    sockets.remove(name).ok_or_else(|| PlanesError::NoSocket(name.to_owned()))
}
