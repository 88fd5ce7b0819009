//! A report as one self-contained HTML page: on a screen, on a phone, on paper, and in an auditor's folder years later.
//!
//! ```text
//! Report ─► sections (summary, timeline, steps, record) ─► frame::page ─► one text, nothing else to fetch
//! ```
//! Nothing is loaded and nothing runs: style and drawing are part of the page, and its own policy forbids the rest. A
//! text reaches the page only through a [`maud`] template, which escapes it; texts of others go through
//! `text::Said` besides, so that none of them steers how its neighbours are read.

mod frame;
mod ink;
mod readiness;
mod record;
mod sheet;
mod stages;
mod steps;
mod summary;
mod table;
mod text;
mod timeline;

pub use frame::CONTENT_POLICY;

use super::record as laid_out;
use super::words::Clock;
use crate::domain::record::Record;
use crate::domain::report::Report;
use frame::{Page, Section};

/// The whole page. What to do stands above what happened; what an auditor checks comes last.
pub fn report(report: &Report) -> String {
    let clock = Clock::of(report.admitted_at);
    let sections = [
        Section::of("measured", "Recovery time and data loss", summary::measured(report, &clock)),
        Section::of("milestones", "Milestones", summary::milestones(report, &clock)),
        Section::of("readiness", "Could we recover now?", readiness::section(report)),
        Section::of("not-proven", "Not proven", summary::list(&report.not_proven)),
        Section::of("owed", "Owed", summary::list(&report.owed)),
        Section::of("next", "What to do next", summary::next_steps(&report.next_steps)),
        Section::of("run", "This run", Some(record::facts(report, &clock))),
        Section::of("timeline", "Timeline", timeline::figure(report)),
        Section::of("stages", "Stages against their history", stages::all(report)),
        Section::of("steps", "Steps", steps::all(report, &clock)),
        Section::of("calls", "Calls that change something", steps::calls(report, &clock)),
        Section::of("people", "People", record::people(report, &clock)),
        Section::of("notifications", "Notifications", record::notifications(report, &clock)),
        Section::of("integrity", "Integrity", record::integrity(report)),
    ];
    frame::page(&Page {
        title: format!("{} – {}", report.plan, super::words::state(&report.state)),
        what: "report",
        running_head: format!("Reveille report {}", report.run),
        banner: summary::banner(report),
        verdict: summary::verdict(report),
        sections: sections.into_iter().flatten().collect(),
    })
}

/// The page of a record: the signature first, then what was to be shown and what was, the run itself in between.
pub fn record(record: &Record) -> String {
    let (report, clock) = (&record.report, Clock::of(record.report.admitted_at));
    let run = [
        Section::of("timeline", "Timeline", timeline::figure(report)),
        Section::of("measured", "Recovery time and data loss", summary::measured(report, &clock)),
        Section::of("milestones", "Milestones", summary::milestones(report, &clock)),
        Section::of("readiness", "Could we recover now?", readiness::section(report)),
        Section::of("stages", "Stages against their history", stages::all(report)),
    ];
    let account = [
        Section::of("steps", "Steps", steps::all(report, &clock)),
        Section::of("calls", "Calls that change something", steps::calls(report, &clock)),
        Section::of("notifications", "Notifications", record::notifications(report, &clock)),
    ];
    let before = laid_out::before(record, &clock);
    let behind = laid_out::behind(record, &clock);
    let sections = before.iter().map(sheet::section).chain(run).chain(behind.iter().map(sheet::section)).chain(account);
    frame::page(&Page {
        title: format!("{} – record of {}", report.plan, record.kind),
        what: "record",
        running_head: format!("Reveille record {}", record.run),
        banner: summary::record_banner(record),
        verdict: summary::record_verdict(record),
        sections: sections.flatten().collect(),
    })
}
