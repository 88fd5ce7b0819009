//! The database servers: who writes, who replicates, how far behind, and whether the writer name can move.
//!
//! Source: learn.microsoft.com, Azure Database for PostgreSQL: read replicas, promotion, virtual endpoints.

use super::finding::{Area::Database, Finding, Severity};
use super::unread::Read;
use super::views::{DatabaseFacts, ServerDetail, ServerRole};
use crate::domain::duration;
use crate::domain::plan::Plan;
use crate::domain::resource::ResourceId;
use std::time::Duration;

pub(super) fn check(facts: &DatabaseFacts, plan: &Plan) -> Vec<Finding> {
    let mut found: Vec<Finding> = facts.servers.iter().map(|(id, server)| state(id, server)).collect();
    let known: Vec<(&ResourceId, &ServerDetail)> =
        facts.servers.iter().filter_map(|(id, server)| Some((id, server.as_ref().ok()?))).collect();
    if known.len() == facts.servers.len() {
        found.push(roles(&known));
        found.extend(known.iter().filter(|(_, it)| it.role == ServerRole::Replica).map(|(id, it)| replicates(id, it)));
    }
    // Without a replica that is known there is no delay to be read, which is told above.
    if known.iter().any(|(_, it)| it.role == ServerRole::Replica) {
        found.push(delay(&facts.delay, plan));
    }
    found.push(endpoint(&facts.endpoint, plan));
    found
}

fn state(id: &ResourceId, server: &Read<ServerDetail>) -> Finding {
    const CHECK: &str = "database-server";
    match server {
        Err(unread) => unread.finding(Severity::Blocker, Database, CHECK, id.name()),
        Ok(server) if server.state.eq_ignore_ascii_case("Ready") => {
            Finding::ok(Database, CHECK, id.name(), format!("state {}", server.state))
        }
        Ok(server) => Finding::blocker(Database, CHECK, id.name(), format!("state {}", server.state))
            .means(match server.role {
                ServerRole::Replica => "The replica could not take over the database.",
                _ => "The application has no database to write to.",
            })
            .fix("Bring the server back to Ready.", [server_command("show", id), server_command("start", id)]),
    }
}

/// One of them writes, and another one follows it.
fn roles(servers: &[(&ResourceId, &ServerDetail)]) -> Finding {
    const CHECK: &str = "database-replica";
    let about = servers.iter().map(|(id, _)| id.name()).collect::<Vec<_>>().join(", ");
    let strange = servers.iter().find_map(|(id, server)| match &server.role {
        ServerRole::Unknown(word) => Some(format!("the role of {} is {word:?}, which is not known here", id.name())),
        _ => None,
    });
    if let Some(saw) = strange {
        return Finding::unknown(Severity::Blocker, Database, CHECK, about, saw);
    }
    let primary = servers.iter().find(|(_, server)| server.role == ServerRole::Primary);
    let replica = servers.iter().find(|(_, server)| server.role == ServerRole::Replica);
    match (primary, replica) {
        (Some((primary, _)), Some((replica, detail))) if detail.source.as_ref().is_none_or(|it| it == *primary) => {
            Finding::ok(Database, CHECK, replica.name(), format!("replica of {}", primary.name()))
        }
        (_, Some((replica, detail))) => {
            let source = detail.source.as_ref().map_or("none of the plan's servers", ResourceId::name);
            Finding::blocker(Database, CHECK, replica.name(), format!("replicates from {source}"))
                .means("What it would be promoted to is not the plan's database.")
                .fix("Correct the plan's servers in reveille.toml, or make a replica of the right server.", [])
        }
        _ => Finding::blocker(Database, CHECK, about, "none of the plan's servers is a replica")
            .means(
                "When the primary server is lost there is nothing to promote, and the data since its backup is lost.",
            )
            .fix("Make a replica in the standby's region.", servers.first().map(|(id, _)| replica_command(id))),
    }
}

fn replicates(id: &ResourceId, server: &ServerDetail) -> Finding {
    const CHECK: &str = "replication-state";
    // Healthy replicas often carry no state at all (recorded traffic of azure-cli).
    let Some(state) = server.replication_state.as_deref() else {
        return Finding::ok(Database, CHECK, id.name(), "no state other than replicating is told");
    };
    let saw = format!("replication is {state}");
    match state.to_ascii_lowercase().as_str() {
        "active" => Finding::ok(Database, CHECK, id.name(), saw),
        "broken" => Finding::blocker(Database, CHECK, id.name(), saw)
            .means("It no longer follows the primary: what was written since then would be lost.")
            .fix("Delete it and make a new replica.", [server_command("show", id)]),
        _ => Finding::warning(Database, CHECK, id.name(), saw)
            .means("It does not follow the primary as it should at the moment.")
            .fix("Look again soon; a state that stays needs Azure support.", [server_command("show", id)]),
    }
}

/// The metric counts since the last replayed transaction, so an idle primary inflates it.
fn delay(delay: &Read<Option<f64>>, plan: &Plan) -> Finding {
    const CHECK: &str = "replication-delay";
    let target = duration::text(plan.rpo);
    match delay {
        Err(unread) => unread.finding(Severity::Warning, Database, CHECK, "replica"),
        Ok(None) => {
            let saw = "Azure has no data of its replication delay";
            Finding::unknown(Severity::Warning, Database, CHECK, "replica", saw)
                .means("How much would be lost by a forced promotion cannot be told.")
                .fix("Look at the metric physical_replication_delay_in_seconds of the replica.", [])
        }
        Ok(Some(seconds)) => {
            let behind = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
            let saw = format!("{} behind, target {target}", duration::text(Duration::from_secs(behind.as_secs())));
            match behind > plan.rpo {
                false => Finding::ok(Database, CHECK, "replica", saw),
                true => Finding::warning(Database, CHECK, "replica", saw)
                    .means("A forced promotion now may lose more than the target, unless the primary was just idle.")
                    .fix("Find out what holds the replica back: write load, long queries on it, its size.", []),
            }
        }
    }
}

fn endpoint(endpoint: &Read<Option<Vec<String>>>, plan: &Plan) -> Finding {
    const CHECK: &str = "virtual-endpoint";
    let name = &plan.database.virtual_endpoint;
    let missing: Vec<&str> = match endpoint {
        Err(unread) => return unread.finding(Severity::Blocker, Database, CHECK, name),
        Ok(None) => {
            return Finding::blocker(Database, CHECK, name, "there is no such virtual endpoint")
                .means("The writer name would not follow a promotion.")
                .fix("Make the virtual endpoint with both servers.", endpoint_command(plan));
        }
        Ok(Some(members)) => plan
            .database
            .servers
            .iter()
            .map(ResourceId::name)
            .filter(|server| !members.iter().any(|member| member.eq_ignore_ascii_case(server)))
            .collect(),
    };
    match missing.as_slice() {
        [] => Finding::ok(Database, CHECK, name, "both servers are behind it"),
        missing => Finding::blocker(Database, CHECK, name, format!("{} is not behind it", missing.join(" and ")))
            .means("Only a replica behind the endpoint can be promoted so that the writer name follows.")
            .fix("Have the endpoint point to both servers.", endpoint_command(plan)),
    }
}

fn server_command(verb: &str, id: &ResourceId) -> String {
    format!(
        "az postgres flexible-server {verb} --subscription {} --resource-group {} --name {}",
        id.subscription(),
        id.resource_group(),
        id.name()
    )
}

fn replica_command(source: &ResourceId) -> String {
    format!(
        "az postgres flexible-server replica create --source-server {source} --resource-group {} \
         --name REPLICA --location REGION",
        source.resource_group()
    )
}

fn endpoint_command(plan: &Plan) -> Option<String> {
    let [first, second, ..] = plan.database.servers.as_slice() else { return None };
    Some(format!(
        "az postgres flexible-server virtual-endpoint create --subscription {} --resource-group {} --server-name {} \
         --name {} --endpoint-type ReadWrite --members {}",
        first.subscription(),
        first.resource_group(),
        first.name(),
        plan.database.virtual_endpoint,
        second.name()
    ))
}
