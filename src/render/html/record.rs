//! What an auditor looks for: who decided, who was told, and how to check that this page is the record.

use super::super::words::{self, Clock};
use super::table::{Row, table};
use super::text::{Command, Name, Said, Told};
use crate::domain::report::{NotificationLine, PersonLine, Report};
use crate::domain::runbook::RunKind;
use maud::{Markup, html};

/// What the run was, and by which names the journal and Azure's logs know it.
pub(super) fn facts(report: &Report, clock: &Clock) -> Markup {
    html! {
        dl.facts {
            div { dt { "Started by" } dd { (Told(&report.started_by)) } }
            div { dt { "First sign" } dd { (Told(&report.first_sign)) } }
            @if report.kind == RunKind::Failover {
                div { dt { "Outage since" } dd { (words::moment(report.outage_since)) } }
            }
            div { dt { "Admitted" } dd { (words::moment(report.admitted_at)) } }
            div { dt { "Ended" } dd { (report.ended_at.map_or_else(|| "not ended".to_owned(), words::moment)) } }
            @for wait in report.waits.iter().filter(|wait| wait.step.is_none()) {
                div { dt { "Waited for " (Said(&wait.what)) } dd {
                    time { (clock.text(wait.from)) " UTC" } " – "
                    @match wait.to { Some(to) => time { (clock.text(to)) " UTC" }, None => "open" }
                } }
            }
            div { dt { "Run" } dd { (Name(report.run.as_str())) } }
            div { dt { "Incident" } dd { (Name(report.incident.as_str())) } }
        }
    }
}

pub(super) fn people(report: &Report, clock: &Clock) -> Option<Markup> {
    let row = |line: &PersonLine| Row {
        id: None,
        cells: vec![
            html! { time { (clock.text(line.at)) } },
            html! { (Said(&words::person(&line.by, line.said.as_deref()))) },
            html! { (Said(&line.did)) },
            html! { (Told(&line.why)) },
        ],
    };
    let rows: Vec<Row> = report.people.iter().map(row).collect();
    table("People", &["Time (UTC)", "Who", "Did", "Why"], &rows)
}

pub(super) fn notifications(report: &Report, clock: &Clock) -> Option<Markup> {
    let rows: Vec<Row> = report.notifications.iter().map(|line| notification(line, clock)).collect();
    table("Notifications", &["Time (UTC)", "Channel", "About", "Result", "Detail"], &rows)
}

fn notification(line: &NotificationLine, clock: &Clock) -> Row {
    let (class, mark, result) = match line.delivered {
        true => ("good", "✓", "delivered"),
        false => ("bad", "✗", "not delivered"),
    };
    let cells = vec![
        html! { time { (clock.text(line.at)) } },
        html! { (Said(&line.channel)) },
        html! { (Said(&words::state(&line.moment))) },
        html! { span.word.(class) { span aria-hidden="true" { (mark) } " " (result) } },
        html! { (Told(&line.detail)) },
    ];
    Row { id: None, cells }
}

/// What leads from this page to the journal and the configuration, and how to follow it.
pub(super) fn integrity(report: &Report) -> Option<Markup> {
    let proof = &report.integrity;
    let check = format!("reveille verify {} --state STATE_FOLDER --head {}", report.run, proof.journal_head);
    Some(html! {
        dl.facts {
            div { dt { "Journal" } dd { (proof.journal_events) " events in a hash chain" } }
            div.wide { dt { "Head of the chain (SHA-256)" } dd { (Name(&proof.journal_head)) } }
            div.wide { dt { "Configuration (SHA-256)" } dd { (Name(&proof.config_digest)) } }
            div { dt { "Tool" } dd { "Reveille " (Said(&proof.tool_version)) ", runbook " (proof.runbook_version) } }
            div { dt { "Schema" } dd { (Name(&report.schema)) } }
        }
        p.hint { "This page is a rendering; the JSON report and the journal are the record. To check them against each "
            "other, without a network:" }
        (Command(&check))
    })
}
