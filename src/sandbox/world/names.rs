//! Names, the loopback address of each, and the ports they share.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use tokio::net::TcpListener;

use super::workload::Workload;

/// The name under which ARM is reached, beside `localhost`.
const ARM: &str = "management.azure.com";
/// The name of the one Key Vault.
const VAULT: &str = "kv-dr.vault.azure.net";
/// Binding one number on many addresses is tried this often before giving up.
const BIND_TRIES: usize = 50;

/// The port numbers shared by all names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// All HTTPS names.
    pub https: u16,
    /// All PostgreSQL servers.
    pub postgres: u16,
}

/// The bound sockets, by name. ARM has two: `management.azure.com` and `localhost`.
#[derive(Debug)]
pub struct Sockets {
    /// One listener per HTTPS name.
    pub https: BTreeMap<String, TcpListener>,
    /// One listener per PostgreSQL server name.
    pub postgres: BTreeMap<String, TcpListener>,
}

/// Names with their own loopback address. CNAMEs are not here: they move, so they belong to the world's state.
#[derive(Debug, Clone)]
pub struct Names {
    https: BTreeMap<String, Ipv4Addr>,
    postgres: BTreeMap<String, Ipv4Addr>,
}

impl Names {
    /// Every name of the workloads, ARM's, and the extra HTTPS names, each with its own address.
    pub fn of(workloads: &[Workload], extra: &[&str]) -> Self {
        let mut next = (1_u16..).map(loopback);
        let mut addressed = |name: String| (name, next.next().unwrap_or(Ipv4Addr::LOCALHOST));
        let https = https_names(workloads, extra).into_iter().map(&mut addressed).collect();
        let sites = workloads.iter().flat_map(|it| &it.sites);
        let postgres = sites.map(|it| addressed(it.server_host())).collect();
        Self { https, postgres }
    }

    /// The address of a name that has one, whatever its case.
    pub fn address(&self, name: &str) -> Option<Ipv4Addr> {
        let name = name.to_ascii_lowercase();
        self.https.get(&name).or_else(|| self.postgres.get(&name)).copied()
    }

    /// All names with an address.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.https.keys().chain(self.postgres.keys()).map(String::as_str)
    }

    /// Binds all HTTPS names on one port number and all PostgreSQL names on another.
    pub async fn bind(&self) -> std::io::Result<(Ports, Sockets)> {
        let mut names = self.https.clone();
        names.insert("localhost".into(), Ipv4Addr::LOCALHOST);
        let (https_port, https) = bind_names(&names).await?;
        let (postgres_port, postgres) = bind_names(&self.postgres).await?;
        Ok((Ports { https: https_port, postgres: postgres_port }, Sockets { https, postgres }))
    }
}

fn https_names(workloads: &[Workload], extra: &[&str]) -> Vec<String> {
    let mut names = vec![ARM.to_owned(), VAULT.to_owned()];
    for workload in workloads {
        names.push(workload.endpoint_host());
        for site in &workload.sites {
            names.push(site.origin.clone());
            names.push(site.api_server_host());
        }
    }
    names.extend(extra.iter().map(|it| it.to_ascii_lowercase()));
    names
}

/// 127.0.10.1 and upwards: away from 127.0.0.1, which real servers of the machine use.
fn loopback(index: u16) -> Ipv4Addr {
    let [_, low] = index.to_be_bytes();
    let third = u8::try_from(10 + index / 256).unwrap_or(u8::MAX);
    Ipv4Addr::new(127, 0, third, low)
}

async fn bind_names(names: &BTreeMap<String, Ipv4Addr>) -> std::io::Result<(u16, BTreeMap<String, TcpListener>)> {
    let addresses: Vec<IpAddr> = names.values().map(|it| IpAddr::V4(*it)).collect();
    let (port, listeners) = bind_same_port(&addresses).await?;
    Ok((port, names.keys().cloned().zip(listeners).collect()))
}

/// Binds one free port number on all addresses.
///
/// # Errors
/// The last error when no number was free on all of them.
pub async fn bind_same_port(addresses: &[IpAddr]) -> std::io::Result<(u16, Vec<TcpListener>)> {
    let mut last = std::io::Error::other("no address to bind");
    for _ in 0..BIND_TRIES {
        match try_same_port(addresses).await {
            Ok(bound) => return Ok(bound),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn try_same_port(addresses: &[IpAddr]) -> std::io::Result<(u16, Vec<TcpListener>)> {
    let mut port = 0;
    let mut listeners = Vec::with_capacity(addresses.len());
    for address in addresses {
        let listener = TcpListener::bind((*address, port)).await?;
        port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok((port, listeners))
}
