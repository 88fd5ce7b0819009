//! A DNS server that answers out of the world: A records for every name, CNAMEs that move with promotions.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use hickory_server::net::runtime::Time;
use hickory_server::proto::op::{Header, HeaderCounts, Metadata, ResponseCode};
use hickory_server::proto::rr::rdata::{A, CNAME};
use hickory_server::proto::rr::{Name, RData, Record, RecordType};
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;
use tokio::net::{TcpListener, UdpSocket};

use super::world::{Event, World};

/// Idle TCP clients are dropped after this.
const TCP_TIMEOUT: Duration = Duration::from_secs(5);
/// Answers waiting to be sent on one TCP connection.
const TCP_BUFFER: usize = 32;
/// UDP and TCP need the same port number; another one is tried this often.
const BIND_TRIES: usize = 20;

/// The running server; it ends when dropped.
pub struct DnsServer {
    address: SocketAddr,
    _server: hickory_server::Server<Zone>,
}

impl DnsServer {
    /// Serves the world's names by UDP and TCP on one loopback port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(world: World) -> io::Result<Self> {
        let (udp, tcp) = bind().await?;
        let address = udp.local_addr()?;
        let mut server = hickory_server::Server::new(Zone { world });
        server.register_socket(udp);
        server.register_listener(tcp, TCP_TIMEOUT, TCP_BUFFER);
        Ok(Self { address, _server: server })
    }

    /// Where it listens, for `[network] dns_servers`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn bind() -> io::Result<(UdpSocket, TcpListener)> {
    let mut last = io::Error::other("no port tried");
    for _ in 0..BIND_TRIES {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// All zones at once: the world is authoritative for everything it knows.
struct Zone {
    world: World,
}

/// What there is for a name.
enum Found {
    Nothing,
    Address(Ipv4Addr),
    Alias(String, Option<Ipv4Addr>),
}

impl Zone {
    /// A name of another world is a mistake of whoever asked; in a scenario that is a failure. Not so a name of this
    /// world behind which a resolver put a search domain, nor one whose endpoint a scenario took away.
    fn log_unless_ours(&self, name: &Name, kind: RecordType) {
        let text = plain(name);
        let names = self.world.names().all().map(str::to_owned).chain(["localhost".to_owned()]);
        let moving = self.world.workloads().into_iter().flat_map(|it| [it.writer_host(), it.reader_host()]);
        if names.chain(moving).any(|ours| begins_with(&text, &ours)) {
            return;
        }
        let event = Event::Unknown { method: format!("DNS {kind}"), path: text.clone() };
        self.world.log(event, format!("DNS was asked for {kind} of {text}, which is not of this world"));
    }

    fn find(&self, name: &str) -> Found {
        let names = self.world.names();
        if name == "localhost" {
            return Found::Address(Ipv4Addr::LOCALHOST);
        }
        if self.is_gone(name) {
            return Found::Nothing;
        }
        match (self.world.name_target(name), names.address(name)) {
            (Some(target), _) => {
                let address = names.address(&target);
                Found::Alias(target, address)
            }
            (None, Some(address)) => Found::Address(address),
            (None, None) => Found::Nothing,
        }
    }

    /// A scenario takes names away; AKS that of an API server while its cluster is stopped.
    fn is_gone(&self, name: &str) -> bool {
        if self.world.is_hidden(name) {
            return true;
        }
        if !name.ends_with(".azmk8s.io") {
            return false;
        }
        let workloads = self.world.workloads();
        let site = workloads.iter().flat_map(|it| &it.sites).find(|it| it.api_server_host() == name);
        site.is_some_and(|it| !self.world.nodes_run(&it.cluster))
    }

    /// The records for a question; `None` when the name does not exist.
    fn answers(&self, name: &Name, kind: RecordType) -> Option<Vec<Record>> {
        let ttl = self.world.knobs().dns_ttl;
        let wants_address = matches!(kind, RecordType::A | RecordType::ANY);
        match self.find(&plain(name)) {
            Found::Nothing => None,
            Found::Address(address) => Some(address_record(name, ttl, Some(address).filter(|_| wants_address))),
            Found::Alias(target, address) => {
                let target = Name::from_ascii(format!("{target}.")).ok()?;
                let mut records = vec![Record::from_rdata(name.clone(), ttl, RData::CNAME(CNAME(target.clone())))];
                records.extend(address_record(&target, ttl, address.filter(|_| wants_address)));
                Some(records)
            }
        }
    }
}

/// Lower-case, without the dot of the root.
fn plain(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase()
}

/// Whether it is that name, alone or with a domain behind it.
fn begins_with(name: &str, ours: &str) -> bool {
    name.strip_prefix(ours).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn address_record(name: &Name, ttl: u32, address: Option<Ipv4Addr>) -> Vec<Record> {
    address.into_iter().map(|it| Record::from_rdata(name.clone(), ttl, RData::A(A(it)))).collect()
}

#[async_trait::async_trait]
impl RequestHandler for Zone {
    async fn handle_request<R: ResponseHandler, T: Time>(&self, request: &Request, mut handle: R) -> ResponseInfo {
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.authoritative = true;
        let found = match request.request_info() {
            Ok(asked) => {
                let (name, kind) = (Name::from(asked.query.name().clone()), asked.query.query_type());
                let found = self.answers(&name, kind);
                if found.is_none() {
                    self.log_unless_ours(&name, kind);
                }
                found
            }
            Err(_) => None,
        };
        if found.is_none() {
            metadata.response_code = ResponseCode::NXDomain;
        }
        let records = found.unwrap_or_default();
        let builder = MessageResponseBuilder::from_message_request(request);
        let response = builder.build(metadata, records.iter(), [], [], []);
        // A client that is gone needs no answer; the server only counts what was sent.
        let nothing_sent = ResponseInfo::from(Header { metadata, counts: HeaderCounts::default() });
        handle.send_response(response).await.unwrap_or(nothing_sent)
    }
}
