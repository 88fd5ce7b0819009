//! `[plan.database]`: the PostgreSQL flexible servers behind one writer endpoint.

use super::entry::Entry;
use super::model::Cloud;
use super::plan::Claims;
use super::reader::Section;
use crate::domain::plan::{Database, DatabaseAuth, Promote};
use crate::domain::resource::{HostPort, ResourceId};

const SERVER: &str = "Microsoft.DBforPostgreSQL/flexibleServers";
const PORT: u16 = 5432;

pub(super) fn read(entry: &Entry<'_>, plan: usize, cloud: &Cloud, claims: &mut Claims) -> Option<Database> {
    let section = entry.section()?;
    let servers = servers(&section.need("servers"), plan, claims);
    let virtual_endpoint = virtual_endpoint(&section.need("virtual_endpoint"));
    let port = section.get("port").whole(1..=u64::from(u16::MAX)).and_then(|port| u16::try_from(port).ok());
    let database = section.need("database").text();
    let user = section.need("user").text();
    let auth = auth(&section);
    let promote = promote(&section.get("promote"));
    section.finish();
    let virtual_endpoint = virtual_endpoint?;
    Some(Database {
        servers: servers?,
        writer_host: format!("{virtual_endpoint}.writer.{}", cloud.postgres_suffix),
        virtual_endpoint,
        port: port.unwrap_or(PORT),
        database: database?,
        user: user?,
        auth: auth?,
        promote,
    })
}

fn servers(entry: &Entry<'_>, plan: usize, claims: &mut Claims) -> Option<Vec<ResourceId>> {
    let list = entry.list()?;
    if list.is_empty() || list.len() > 2 {
        entry.reject(format!("{} given; expected the primary server and, when there is one, its replica", list.len()));
    }
    let mut servers = Vec::new();
    for server in &list {
        let Some(id) = server.resource(SERVER) else { continue };
        claims.take(plan, server, &id);
        servers.push(id);
    }
    (servers.len() == list.len()).then_some(servers)
}

/// The endpoint's own name; its DNS names are made of it (learn.microsoft.com, PostgreSQL virtual endpoints).
fn virtual_endpoint(entry: &Entry<'_>) -> Option<String> {
    entry.parsed("the name of a virtual endpoint", |text| match HostPort::parse(text) {
        Ok(HostPort { host, port: None }) if !host.contains('.') => Ok(host),
        _ => Err("is not the name of a virtual endpoint; expected only the part before .writer"),
    })
}

fn auth(section: &Section<'_>) -> Option<DatabaseAuth> {
    let (password, auth) = (section.get("password"), section.get("auth"));
    match (password.is_absent(), auth.is_absent()) {
        (false, true) => password.secret().map(DatabaseAuth::Password),
        (true, false) => auth.choice(&[("entra", ())]).map(|()| DatabaseAuth::Entra),
        (true, true) => {
            section.reject("either password (in an app setting or a vault) or auth = \"entra\" must be given");
            None
        }
        (false, false) => {
            auth.reject("stands beside password; exactly one of password and auth must be given");
            None
        }
    }
}

fn promote(entry: &Entry<'_>) -> Promote {
    let read = entry.parsed("one of never, ask", |text| match text {
        "never" => Ok(Promote::Never),
        "ask" => Ok(Promote::Ask),
        "forced" => Err("comes in a later version, with promotion by the run itself; until then never or ask"),
        _ => Err("is not one of never, ask"),
    });
    read.unwrap_or(Promote::Never)
}
