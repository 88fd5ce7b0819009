//! Everything outside the plans: identity, cloud, network, engine; the store has its own file.

use super::entry::Entry;
use super::model::{Cloud, Config, EngineSettings, Identity, Network};
use super::reader::Section;
use super::{channels, digest, heartbeat, plan, store};
use crate::domain::resource::HostPort;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// A slice has to end, with its last writes, before the deadline of the `run` function.
const LONGEST_SLICE: Duration = Duration::from_secs(8 * 60);

/// Reads the whole file; `None` after at least one mistake was noted.
pub(super) fn read(root: Section<'_>, path: &str, text: &str) -> Option<Config> {
    let store = store::read(&root.need("store"), path);
    let identity = identity(&root.need("identity"));
    let cloud = cloud(&root.get("cloud"));
    let network = network(&root.get("network"));
    let engine = engine(&root.get("engine"));
    let channels = channels::read(&root.get("channel"));
    let heartbeat = heartbeat::read(&root.get("heartbeat"));
    let plans = plan::read(&root.need("plan"), &cloud, &channels.names);
    root.finish();
    let (store, retention) = store?;
    Some(Config {
        store,
        retention,
        identity: identity?,
        cloud,
        network,
        engine,
        heartbeat,
        channels: channels.valid,
        plans,
        digest: digest(text),
    })
}

fn identity(entry: &Entry<'_>) -> Option<Identity> {
    #[derive(Clone, Copy)]
    enum Kind {
        Managed,
        AzureCli,
    }
    let section = entry.section()?;
    let kind = section.need("kind").choice(&[("managed", Kind::Managed), ("azure-cli", Kind::AzureCli)]);
    let client = section.get("client_id");
    let client_id = client.parsed("a client id", |text| {
        uuid::Uuid::parse_str(text).map(|id| id.to_string()).map_err(|_| "is not a client id (a GUID)")
    });
    section.finish();
    if matches!(kind, Some(Kind::AzureCli)) && !client.is_absent() {
        client.reject("belongs to kind = \"managed\"; the Azure CLI uses the account it is logged in with");
    }
    Some(match kind? {
        Kind::Managed => Identity::Managed { client_id },
        Kind::AzureCli => Identity::AzureCli,
    })
}

/// Domain suffixes of the clouds (learn.microsoft.com, the comparison pages of the sovereign clouds).
fn named_cloud(manager: &str, databases: &str) -> Cloud {
    Cloud {
        arm: format!("https://management.{manager}"),
        arm_audience: format!("https://management.{manager}"),
        postgres_audience: format!("https://ossrdbms-aad.database.{databases}"),
        postgres_suffix: format!("postgres.database.{manager}"),
    }
}

fn cloud(entry: &Entry<'_>) -> Cloud {
    let public = || named_cloud("azure.com", "windows.net");
    let Some(section) = entry.section() else { return public() };
    let government = ("usgovcloudapi.net", "usgovcloudapi.net");
    let china = ("chinacloudapi.cn", "chinacloudapi.cn");
    let names = [("public", ("azure.com", "windows.net")), ("usgovernment", government), ("china", china)];
    let named = section.get("name").choice(&names).map_or_else(public, |(arm, data)| named_cloud(arm, data));
    let cloud = Cloud {
        arm: section.get("arm").parsed("an https address", Cloud::https_root).unwrap_or(named.arm),
        arm_audience: audience(&section.get("arm_audience")).unwrap_or(named.arm_audience),
        postgres_audience: audience(&section.get("postgres_audience")).unwrap_or(named.postgres_audience),
        postgres_suffix: suffix(&section.get("postgres_suffix")).unwrap_or(named.postgres_suffix),
    };
    section.finish();
    cloud
}

/// Audiences are compared letter by letter when tokens are checked, so they stay as they are written.
fn audience(entry: &Entry<'_>) -> Option<String> {
    entry.parsed("an https address", |text| match text.strip_prefix("https://") {
        Some(rest) if !rest.is_empty() => Ok(text.to_owned()),
        _ => Err("is not an audience such as https://management.azure.com"),
    })
}

fn suffix(entry: &Entry<'_>) -> Option<String> {
    entry.parsed("a domain", |text| match HostPort::parse(text) {
        Ok(HostPort { host, port: None }) => Ok(host),
        _ => Err("is not a domain such as postgres.database.azure.com, without a leading dot"),
    })
}

fn network(entry: &Entry<'_>) -> Network {
    let Some(section) = entry.section() else { return Network::default() };
    let servers = section.get("dns_servers");
    let list = servers.list();
    if list.as_ref().is_some_and(Vec::is_empty) {
        servers.reject("is empty; leave the key out to use the system's DNS servers");
    }
    let read = |entry: &Entry<'_>| entry.parsed("an address such as 10.0.0.4 or 10.0.0.4:53", dns_server);
    let dns_servers = list.unwrap_or_default().iter().filter_map(read).collect();
    let vantage = section.get("vantage").text();
    section.finish();
    Network { dns_servers, vantage }
}

fn dns_server(text: &str) -> Result<SocketAddr, &'static str> {
    let with_port = text.parse::<SocketAddr>();
    let alone = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53));
    with_port.or(alone).map_err(|_| "is not an IP address; expected one such as 10.0.0.4 or 10.0.0.4:53")
}

fn engine(entry: &Entry<'_>) -> EngineSettings {
    let default = EngineSettings::default();
    let Some(section) = entry.section() else { return default };
    let (slice, renew) = (section.get("slice"), section.get("renew"));
    let (dead, same) = (section.get("claim_dead"), section.get("same_instance_dead"));
    let send = section.get("send_within");
    let settings = EngineSettings {
        slice: slice.duration().unwrap_or(default.slice),
        renew: renew.duration().unwrap_or(default.renew),
        claim_dead: dead.duration().unwrap_or(default.claim_dead),
        same_instance_dead: same.duration().unwrap_or(default.same_instance_dead),
        send_within: send.duration().unwrap_or(default.send_within),
        watch_plans_at_once: section
            .get("watch_plans_at_once")
            .whole(1..=256)
            .map_or(default.watch_plans_at_once, |count| count as usize),
    };
    section.finish();
    if settings.slice > LONGEST_SLICE {
        slice.reject_value(
            "is too long: the run function has to end well before the host's functionTimeout; at most 8m",
        );
    }
    if settings.renew * 2 >= settings.claim_dead {
        let given = if renew.is_absent() { &dead } else { &renew };
        given.reject("renew must be shorter than half of claim_dead, or one lost renewal costs a live claim");
    }
    if settings.send_within * 2 >= settings.claim_dead {
        let given = if send.is_absent() { &dead } else { &send };
        given.reject(
            "send_within must be shorter than half of claim_dead, or a run is taken over while a call may be on its way",
        );
    }
    if settings.same_instance_dead > settings.claim_dead {
        let given = if same.is_absent() { &dead } else { &same };
        given.reject("same_instance_dead must not be longer than claim_dead");
    }
    settings
}
