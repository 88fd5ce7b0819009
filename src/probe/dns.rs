//! Names to addresses, and the way there: the chain of CNAMEs tells which server stands behind a writer name.
//!
//! One resolver serves the whole crate, its HTTP clients included, so that `[network] dns_servers` (private DNS zones,
//! custom resolvers) holds for every connection. Answers are kept for their TTL, but never longer than [`LONGEST_CACHE`]:
//! a writer name that moved at a promotion must be seen moving.

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use reqwest::dns::{Addrs, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// The longest time an answer is believed, whatever its TTL says.
pub const LONGEST_CACHE: Duration = Duration::from_secs(3);
/// The longest time the absence of a name is believed.
const LONGEST_NEGATIVE_CACHE: Duration = Duration::from_secs(1);
/// Time after which one question to one DNS server counts as lost; it is asked again twice.
const QUESTION_TIMEOUT: Duration = Duration::from_millis(1500);

/// The resolver. Cheap to clone; clones share one cache.
#[derive(Clone)]
pub struct Dns {
    resolver: Arc<TokioResolver>,
}

/// Why a name gave no address.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    #[error("the DNS configuration of this machine cannot be used")]
    Configuration(#[source] NetError),
    #[error("{name:?} is not a DNS name")]
    NotAName { name: String },
    #[error("{name} does not exist (NXDOMAIN)")]
    NoSuchName { name: String },
    #[error("{name} exists but has no address")]
    NoAddress { name: String },
    #[error("resolving {name} failed")]
    Failed {
        name: String,
        #[source]
        source: NetError,
    },
}

/// What a name resolves to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// IPv4 where there is one; IPv6 only for names that have nothing else. Never empty.
    pub addresses: Vec<IpAddr>,
    /// The CNAMEs on the way, in order, without trailing dots.
    pub aliases: Vec<String>,
}

impl Resolved {
    /// The end of the CNAME chain: the server's own name. `None` when the name is no alias.
    pub fn target(&self) -> Option<&str> {
        self.aliases.last().map(String::as_str)
    }
}

impl Dns {
    /// A resolver on these servers, or on the system's (`/etc/resolv.conf`) when there are none.
    pub fn new(servers: &[SocketAddr]) -> Result<Self, DnsError> {
        let mut builder = if servers.is_empty() {
            TokioResolver::builder_tokio().map_err(DnsError::Configuration)?
        } else {
            TokioResolver::builder_with_config(config_of(servers), TokioRuntimeProvider::default())
        };
        set_options(builder.options_mut());
        let resolver = builder.build().map_err(DnsError::Configuration)?;
        Ok(Self { resolver: Arc::new(resolver) })
    }

    /// Addresses and CNAME chain of a name. An IP address resolves to itself.
    pub async fn resolve(&self, host: &str) -> Result<Resolved, DnsError> {
        if let Ok(address) = host.parse() {
            return Ok(Resolved { addresses: vec![address], aliases: Vec::new() });
        }
        let name = absolute(host)?;
        let found = self.lookup(&name).await.map_err(|source| failure(host, source))?;
        let addresses = addresses(&found);
        if addresses.is_empty() {
            return Err(DnsError::NoAddress { name: host.to_owned() });
        }
        Ok(Resolved { addresses, aliases: aliases(&name, &found) })
    }

    /// IPv6 is asked for only where there is no IPv4: function apps have no way out by IPv6. A server that does not
    /// answer the first question is not asked the second.
    async fn lookup(&self, name: &Name) -> Result<Lookup, NetError> {
        match self.resolver.lookup(name.clone(), RecordType::A).await {
            Ok(found) if !addresses(&found).is_empty() => Ok(found),
            Err(error) if !error.is_no_records_found() => Err(error),
            _ => self.resolver.lookup(name.clone(), RecordType::AAAA).await,
        }
    }
}

impl Resolve for Dns {
    fn resolve(&self, name: reqwest::dns::Name) -> Resolving {
        let dns = self.clone();
        Box::pin(async move {
            let found = Dns::resolve(&dns, name.as_str()).await?;
            // Port 0 means "the one of the URL" to reqwest.
            Ok(Box::new(found.addresses.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}

fn config_of(servers: &[SocketAddr]) -> ResolverConfig {
    let server = |address: &SocketAddr| {
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
            connection.port = address.port();
            connection
        });
        NameServerConfig::new(address.ip(), true, connections.into())
    };
    ResolverConfig::from_name_servers(servers.iter().map(server).collect())
}

fn set_options(options: &mut ResolverOpts) {
    options.positive_max_ttl = Some(LONGEST_CACHE);
    options.negative_max_ttl = Some(LONGEST_NEGATIVE_CACHE);
    options.timeout = QUESTION_TIMEOUT;
    options.attempts = 2;
    options.preserve_intermediates = true;
}

/// A name with a dot is asked as it is: a search domain must never answer in place of a writer name that is gone.
fn absolute(host: &str) -> Result<Name, DnsError> {
    let mut name = Name::from_utf8(host).map_err(|_| DnsError::NotAName { name: host.to_owned() })?;
    if host.contains('.') {
        name.set_fqdn(true);
    }
    Ok(name)
}

fn failure(host: &str, source: NetError) -> DnsError {
    let name = host.to_owned();
    if source.is_nx_domain() {
        DnsError::NoSuchName { name }
    } else if source.is_no_records_found() {
        DnsError::NoAddress { name }
    } else {
        DnsError::Failed { name, source }
    }
}

fn addresses(lookup: &Lookup) -> Vec<IpAddr> {
    lookup.answers().iter().filter_map(|record| record.data.ip_addr()).collect()
}

/// Follows the CNAMEs of an answer from the name that was asked. Answers may come in any order.
fn aliases(asked: &Name, lookup: &Lookup) -> Vec<String> {
    let mut at = asked.clone();
    at.set_fqdn(true);
    let mut chain = Vec::new();
    let next_of = |at: &Name| {
        lookup.answers().iter().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == *at => Some(target.0.clone()),
            _ => None,
        })
    };
    // A chain cannot be longer than the answer; the bound also ends loops.
    while let (Some(next), true) = (next_of(&at), chain.len() < lookup.answers().len()) {
        chain.push(next.to_utf8().trim_end_matches('.').to_ascii_lowercase());
        at = next;
    }
    chain
}
