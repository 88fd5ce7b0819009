//! One server's socket, and the connections on it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pgwire::api::PgWireServerHandlers;
use pgwire::api::auth::StartupHandler;
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::tokio::process_socket;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::CANARY;
use super::auth::Login;
use super::data::Data;
use super::error::SqlError;
use super::parse::statements;
use super::session::{Login as SessionLogin, Look, ServerView, Session};
use super::wire::{Open, Queries, Unknown};
use crate::sandbox::planes::gate::{Ask, Reach, keep};
use crate::sandbox::world::{Event, World};

/// The data of all workloads, by workload name.
#[derive(Default)]
struct Stores(Mutex<BTreeMap<String, Arc<Mutex<Data>>>>);

/// A server to listen for.
#[derive(Clone)]
pub(crate) struct Listener {
    world: World,
    server: String,
    workload: String,
    database: String,
    acceptor: TlsAcceptor,
}

impl Listener {
    pub(crate) fn new(world: World, server: &str, workload: &str, database: &str, acceptor: TlsAcceptor) -> Self {
        Self { world, server: server.into(), workload: workload.into(), database: database.into(), acceptor }
    }

    /// Serves for as long as the task lives; the socket is closed while the server does not answer.
    pub(crate) async fn run(self, socket: TcpListener) {
        let (world, server) = (self.world.clone(), self.server.clone());
        let ask: Ask = Arc::new(move || Reach::of(world.server_answers(&server), world.settings().unreachable));
        keep(socket, ask, |socket| self.clone().accept(socket)).await;
    }

    /// Dropping this ends every connection, which is what the end of a server does.
    async fn accept(self, socket: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            match socket.accept().await {
                Ok((stream, _)) => {
                    let Ok(local) = stream.local_addr() else { continue };
                    let handlers = Arc::new(self.handlers(local));
                    connections.spawn(process_socket(stream, Some(self.acceptor.clone()), handlers));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
            while connections.try_join_next().is_some() {}
        }
    }

    fn handlers(&self, local: SocketAddr) -> Handlers {
        let look = self.look();
        let queries = Queries { open: self.open(local, &look), unknown: self.unknown() };
        let login = Login::new(&self.world, &self.database, look);
        Handlers { login: Arc::new(login), queries: Arc::new(queries) }
    }

    fn look(&self) -> Look {
        let (world, name) = (self.world.clone(), self.server.clone());
        Arc::new(move || {
            let server = world.server_answers(&name).then(|| world.server(&name)).flatten()?;
            Some(ServerView { in_recovery: server.in_recovery(), default_read_only: server.read_only })
        })
    }

    fn open(&self, local: SocketAddr, look: &Look) -> Open {
        let (data, look) = (self.data(), Arc::clone(look));
        Arc::new(move |user, database| {
            let login = SessionLogin { user: user.to_owned(), database: database.to_owned(), server: local };
            Session::new(login, Arc::clone(&look), Arc::clone(&data))
        })
    }

    fn unknown(&self) -> Unknown {
        let (world, server) = (self.world.clone(), self.server.clone());
        Arc::new(move |sql, error| {
            let event = Event::Unknown { method: "SQL".to_owned(), path: format!("{server}: {sql}") };
            world.log(event, format!("{server} does not know: {sql} ({error})"));
        })
    }

    fn data(&self) -> Arc<Mutex<Data>> {
        let stores = self.world.plane::<Stores>();
        let mut stores = stores.0.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(Mutex::new(prepared(self.world.settings().canary)));
        Arc::clone(stores.entry(self.workload.clone()).or_insert_with(make))
    }
}

/// A database as its owner has prepared it: with the canary table, or without.
fn prepared(canary: bool) -> Data {
    let data = Arc::new(Mutex::new(Data::new()));
    let view = ServerView { in_recovery: false, default_read_only: false };
    let login =
        SessionLogin { user: "owner".into(), database: "postgres".into(), server: SocketAddr::from(([0; 4], 0)) };
    let mut session = Session::new(login, Arc::new(move || Some(view)), Arc::clone(&data));
    let ran = run_all(&mut session, if canary { CANARY } else { "" });
    debug_assert_eq!(ran, Ok(()));
    drop(session);
    Arc::into_inner(data).and_then(|data| data.into_inner().ok()).unwrap_or_else(Data::new)
}

fn run_all(session: &mut Session, sql: &str) -> Result<(), SqlError> {
    statements(sql)?.iter().try_for_each(|statement| session.run(statement, &[]).map(drop))
}

/// What pgwire calls.
struct Handlers {
    login: Arc<Login>,
    queries: Arc<Queries>,
}

impl PgWireServerHandlers for Handlers {
    fn simple_query_handler(&self) -> Arc<impl SimpleQueryHandler> {
        Arc::clone(&self.queries)
    }

    fn extended_query_handler(&self) -> Arc<impl ExtendedQueryHandler> {
        Arc::clone(&self.queries)
    }

    fn startup_handler(&self) -> Arc<impl StartupHandler> {
        Arc::clone(&self.login)
    }
}
