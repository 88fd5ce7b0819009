//! What a failing seed prints: the weather, the world's log and the journals, line by line.

use super::host::Host;
use super::peek;
use super::time::{clock_text, ms_of};
use reveille::domain::ledger::LedgerEvent;
use reveille::domain::run::RunEvent;
use std::fmt::Write;

pub async fn of(host: &Host) -> String {
    let mut lines: Vec<(u64, String)> =
        host.world.state().log.iter().map(|(at, happening)| (*at, format!("world    {}", happening.text()))).collect();
    for entry in peek::ledger(host).await {
        lines.push((ms_of(entry.at), format!("ledger   {:?}", entry.event)));
        let LedgerEvent::RunAdmitted { run, .. } = entry.event else { continue };
        let entries = peek::journal(host, &run).await.map(|(_, entries)| entries).unwrap_or_default();
        lines.extend(
            entries.iter().map(|entry| (ms_of(entry.at), format!("{run} #{} {}", entry.seq, told(&entry.event)))),
        );
    }
    lines.sort_by_key(|(at, _)| *at);
    let mut text = format!("{:#?}\n", host.world.weather);
    for (at, line) in lines {
        let _ = writeln!(text, "{} {line}", clock_text(at));
    }
    text
}

fn told(event: &RunEvent) -> String {
    match event {
        RunEvent::RunCreated(created) => format!("created: leaves {}, {}", created.primary, created.started_by.text()),
        RunEvent::Observed { step, saw } => format!("{step} saw {}", saw.text()),
        RunEvent::StepSucceeded { step, proof } => format!("{step} succeeded: {}", proof.text()),
        RunEvent::NeedsOperator { step, ask } => format!("{step} asks: {}", ask.what),
        RunEvent::RunEnded { outcome } => format!("ended: {}", outcome.headline()),
        other => format!("{other:?}"),
    }
}
