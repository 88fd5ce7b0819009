//! A DNS server on loopback whose names can be moved while a test runs. It counts what it is asked.

use hickory_server::Server;
use hickory_server::net::runtime::Time;
use hickory_server::proto::op::{Metadata, ResponseCode};
use hickory_server::proto::rr::rdata::{A, CNAME};
use hickory_server::proto::rr::{LowerName, Name, RData, Record, RecordType};
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use tokio::net::UdpSocket;

/// Long on purpose: a client that believes it would not see a name move within any test.
const TTL: u32 = 3600;

#[derive(Clone, Default)]
struct Zone {
    records: Arc<Mutex<HashMap<LowerName, RData>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

pub struct DnsServer {
    zone: Zone,
    pub address: SocketAddr,
    _server: Server<Zone>,
}

impl DnsServer {
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let zone = Zone::default();
        let mut server = Server::new(zone.clone());
        server.register_socket(socket);
        Self { zone, address, _server: server }
    }

    pub fn alias(&self, name: &str, target: &str) {
        self.set(name, RData::CNAME(CNAME(absolute(target))));
    }

    pub fn address_of(&self, name: &str, address: Ipv4Addr) {
        self.set(name, RData::A(A(address)));
    }

    /// How often addresses of this name were asked for.
    pub fn times_asked(&self, name: &str) -> usize {
        self.zone.asked.lock().unwrap().iter().filter(|asked| *asked == &absolute(name).to_string()).count()
    }

    fn set(&self, name: &str, data: RData) {
        self.zone.records.lock().unwrap().insert(absolute(name).into(), data);
    }
}

fn absolute(name: &str) -> Name {
    let mut name = Name::from_utf8(name).unwrap();
    name.set_fqdn(true);
    name
}

impl Zone {
    /// The chain from a name to its address, as a recursive server would put it into one answer.
    fn answers(&self, asked: &LowerName) -> Vec<Record> {
        let records = self.records.lock().unwrap();
        let (mut at, mut found) = (asked.clone(), Vec::new());
        // A test may make a chain that bites its tail; eight links are enough for any other.
        while let Some(data) = records.get(&at).filter(|_| found.len() < 8) {
            found.push(Record::from_rdata(Name::from(at.clone()), TTL, data.clone()));
            match data {
                RData::CNAME(target) => at = target.0.clone().into(),
                _ => break,
            }
        }
        found
    }
}

#[async_trait::async_trait]
impl RequestHandler for Zone {
    async fn handle_request<R: ResponseHandler, T: Time>(&self, request: &Request, mut handle: R) -> ResponseInfo {
        let query = request.request_info().unwrap().query.clone();
        let wants_address = query.query_type() == RecordType::A;
        if wants_address {
            self.asked.lock().unwrap().push(query.name().to_string());
        }
        let mut answers = self.answers(query.name());
        let mut metadata = Metadata::response_from_request(&request.metadata);
        if answers.is_empty() {
            metadata.response_code = ResponseCode::NXDomain;
        }
        answers.retain(|record| wants_address || record.record_type() == RecordType::CNAME);
        let builder = MessageResponseBuilder::from_message_request(request);
        handle.send_response(builder.build(metadata, answers.iter(), [], [], [])).await.unwrap()
    }
}
