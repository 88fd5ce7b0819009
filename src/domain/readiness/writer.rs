//! The four facts of the writer endpoint that can be seen without writing: it resolves, to which server, it takes
//! connections, and what answers there takes writes.

use super::finding::{Area::Writer, Finding, Severity};
use super::views::{DatabaseFacts, Facts, ServerRole, WriterSight};
use crate::domain::plan::Plan;
use crate::domain::writer::{CANARY_SQL, WriterVerdict, canary_grant};

pub(super) fn check(all: &Facts, plan: &Plan) -> Vec<Finding> {
    let facts = &all.database;
    let sight = &facts.writer;
    if let Err(WriterVerdict::Unreachable { stage, why }) = &sight.found
        && stage == "dns"
    {
        // A virtual endpoint that is not there has no name either, and is told with the database.
        let is_gone = matches!(facts.endpoint, Ok(None));
        return if is_gone { Vec::new() } else { vec![unresolved(sight, why)] };
    }
    let mut found = vec![target(facts)];
    if !is_explained(all) {
        found.push(connects(sight));
    }
    found.extend(writable(sight, plan));
    found
}

/// Whether a refused login is told already, by what keeps it from succeeding: a server that is not ready, or a password
/// that cannot be had.
fn is_explained(facts: &Facts) -> bool {
    let down = facts.database.servers.iter().any(|(id, server)| {
        let leads_here =
            facts.database.writer.target.as_deref().is_some_and(|target| {
                target.split('.').next().is_some_and(|name| name.eq_ignore_ascii_case(id.name()))
            });
        leads_here && server.as_ref().map_or(true, |it| !it.state.eq_ignore_ascii_case("Ready"))
    });
    let locked_out = facts.secrets.iter().any(|secret| secret.vital && secret.resolved.is_err());
    facts.database.writer.found.is_err() && (down || locked_out)
}

fn unresolved(sight: &WriterSight, why: &str) -> Finding {
    Finding::blocker(Writer, "writer-resolves", &sight.host, why)
        .means("The application would not find its database.")
        .fix("Look at the virtual endpoint, at the private DNS zone and its links, and at [network] dns_servers.", [])
}

/// It has to lead to the server that writes.
fn target(facts: &DatabaseFacts) -> Finding {
    const CHECK: &str = "writer-target";
    let host = &facts.writer.host;
    let Some(target) = &facts.writer.target else {
        let saw = "it resolves, but DNS does not tell to which server";
        return Finding::unknown(Severity::Warning, Writer, CHECK, host, saw)
            .means("Whether the writer name follows the primary server cannot be told.");
    };
    let server = target.split('.').next().unwrap_or_default();
    let named = facts.servers.iter().find(|(id, _)| id.name().eq_ignore_ascii_case(server));
    let saw = format!("leads to {target}");
    match named {
        Some((_, Ok(detail))) if detail.role == ServerRole::Replica => Finding::blocker(Writer, CHECK, host, saw)
            .means("That server is a replica, which takes no writes.")
            .fix("Look at the virtual endpoint: a stand-alone promotion leaves its writer name behind.", []),
        Some(_) => Finding::ok(Writer, CHECK, host, saw),
        None => Finding::blocker(Writer, CHECK, host, saw)
            .means("That is none of the plan's servers.")
            .fix("Correct the plan's servers or its virtual endpoint in reveille.toml.", []),
    }
}

fn connects(sight: &WriterSight) -> Finding {
    const CHECK: &str = "writer-connects";
    let refused = match &sight.found {
        Ok(_) | Err(WriterVerdict::InRecovery | WriterVerdict::ReadOnly { .. } | WriterVerdict::Writable { .. }) => {
            return Finding::ok(Writer, CHECK, &sight.host, "TLS verified, login accepted");
        }
        Err(refused) => refused,
    };
    let fix = match refused {
        WriterVerdict::WrongCredentials { .. } => "Correct the login of [plan.database] and its secret.",
        _ => "Look at the server, its firewall and the network between it and Reveille.",
    };
    Finding::blocker(Writer, CHECK, &sight.host, refused.text())
        .means("A recovery could not prove that the database takes writes, and would wait for a person.")
        .fix(fix, [])
}

/// Nothing is written: the server is asked whether it would take a write.
fn writable(sight: &WriterSight, plan: &Plan) -> Option<Finding> {
    const CHECK: &str = "writer-writable";
    let host = &sight.host;
    match &sight.found {
        Ok(found) if found.canary => {
            Some(Finding::ok(Writer, CHECK, host, "not in recovery, transactions may write, the canary table is there"))
        }
        Ok(_) => {
            let saw = "not in recovery, transactions may write; there is no canary table";
            let sql = format!("{CANARY_SQL}{}", canary_grant(&plan.database.user));
            let finding = Finding::note(Writer, CHECK, host, saw)
                .means("A recovery can prove less: it commits a message to the log instead of a row.")
                .fix("Have the database's owner create it (SQL).", [sql]);
            Some(finding)
        }
        Err(verdict @ (WriterVerdict::InRecovery | WriterVerdict::ReadOnly { .. })) => {
            let finding = Finding::blocker(Writer, CHECK, host, verdict.text())
                .means("The application could not write, at either site.")
                .fix("Find out why the server takes no writes.", []);
            Some(finding)
        }
        Err(_) => None,
    }
}
