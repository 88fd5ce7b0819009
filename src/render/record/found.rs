//! What came of it: impact, deviations, errors, the way back, what it took, and what it compares with.

use super::{Block, Part, Value, name, table_or, text, whole};
use crate::domain::record::{Comparison, Deviation, ErrorLine, PreviousRun, Proof, Record};
use crate::render::words::{self, Clock};

pub(super) fn impact(record: &Record) -> Part {
    let impact = &record.impact;
    let seconds = impact.seconds.map(|seconds| format!(": {}", words::took(seconds))).unwrap_or_default();
    let mut blocks = vec![Block::Text(format!("{}{seconds}.", words::capital(&impact.statement)))];
    blocks.extend(listed("Measured:", &impact.measured));
    blocks.extend(listed("Not measured:", &impact.not_measured));
    Part::new("impact", "Impact on production", blocks)
}

fn listed(lead: &str, points: &[String]) -> Vec<Block> {
    match points.is_empty() {
        true => Vec::new(),
        false => vec![Block::Text(lead.to_owned()), Block::Points(points.to_vec())],
    }
}

pub(super) fn deviations(record: &Record, clock: &Clock) -> Part {
    let row = |deviation: &Deviation| {
        let at = deviation.at.map(|at| clock.text(at)).unwrap_or_default();
        vec![whole(at), text(deviation.what.clone()), text(deviation.noticed_by.clone())]
    };
    let rows = record.deviations.iter().map(row).collect();
    let columns = ["Time (UTC)", "What", "Noticed by"];
    let mut blocks = vec![table_or("The journal shows none.", "Deviations from the plan", &columns, rows)];
    let given = super::not_given(record, "deviations that people noticed");
    match record.attestation.is_some() && !given.is_empty() {
        true => blocks.push(Block::Text("People noted none.".to_owned())),
        false => blocks.extend(given),
    }
    Part::new("deviations", "Deviations", blocks)
}

pub(super) fn errors(record: &Record, clock: &Clock) -> Part {
    let row = |error: &ErrorLine| {
        vec![
            whole(clock.maybe(error.at)),
            whole(error.step.map(|step| step.to_string()).unwrap_or_default()),
            text(words::with_short_ids(&error.what)),
            name(error.request_ids.join(", ")),
        ]
    };
    let rows = record.errors.iter().map(row).collect();
    let columns = ["Time (UTC)", "Step", "What", "Request ids"];
    Part::new("errors", "Errors", vec![table_or("The journal shows none.", "Errors", &columns, rows)])
}

pub(super) fn return_to_normal(record: &Record, clock: &Clock) -> Part {
    let normal = &record.return_to_normal;
    let row = |proof: &Proof| {
        vec![
            whole(proof.step.to_string()),
            whole(clock.maybe(proof.at)),
            text(proof.saw.clone()),
            name(proof.request_ids.join(", ")),
        ]
    };
    let proven = match normal.proven {
        Some(true) => "proven",
        Some(false) => "not proven",
        None => "does not apply",
    };
    let mut blocks =
        vec![Block::Facts(vec![("Result", text(proven)), ("Statement", text(words::capital(&normal.statement)))])];
    let rows: Vec<Vec<Value>> = normal.proofs.iter().map(row).collect();
    if !rows.is_empty() {
        let columns = vec!["Step", "Seen (UTC)", "Proof", "Request ids"];
        blocks.push(Block::Table { label: "Proofs of the return to normal", columns, rows });
    }
    Part::new("normal", "Return to normal", blocks)
}

pub(super) fn cost(record: &Record) -> Part {
    Part::new("cost", "Cost", vec![Block::Text(format!("{}.", words::capital(&record.cost.statement)))])
}

pub(super) fn before(record: &Record) -> Part {
    let rows = record.previous.iter().map(previous_row).collect();
    let columns = ["Run", "Result", "Took", "Recovery time", "Attested", "Follow-ups still open"];
    let mut blocks = vec![table_or("This is the first run of its kind that is known.", "Earlier runs", &columns, rows)];
    if !record.comparison.is_empty() {
        let rows = record.comparison.iter().map(compared_row).collect();
        let columns = vec!["Step", "This time", "Median before", "Runs before", "Difference"];
        blocks.push(Block::Table { label: "Steps against earlier runs", columns, rows });
    }
    Part::new("before", "Compared with earlier runs", blocks)
}

fn previous_row(run: &PreviousRun) -> Vec<Value> {
    let open: Vec<String> =
        run.open_follow_ups.iter().map(|it| format!("{} ({}, due {})", it.what, it.owner, it.due)).collect();
    vec![
        name(run.run.as_str()),
        text(words::state(&run.state)),
        text(run.seconds.map(words::took).unwrap_or_default()),
        text(run.recovery_seconds.map(words::took).unwrap_or_default()),
        text(run.verdict.map_or("no", |verdict| verdict.as_str())),
        text(open.join("; ")),
    ]
}

fn compared_row(step: &Comparison) -> Vec<Value> {
    let difference = step.seconds - step.usual_seconds;
    let difference = match difference {
        over if over >= 0.05 => format!("{} slower", words::took(over)),
        under if under <= -0.05 => format!("{} faster", words::took(-under)),
        _ => "none".to_owned(),
    };
    vec![
        whole(step.step.to_string()),
        text(words::took(step.seconds)),
        text(words::took(step.usual_seconds)),
        text(step.of_runs.to_string()),
        text(difference),
    ]
}

pub(super) fn next_due(record: &Record) -> Part {
    let said = words::capital(&record.next_due.statement);
    Part::new("next-due", "Next due", vec![Block::Text(format!("{said}."))])
}

pub(super) fn evidence(record: &Record) -> Part {
    let evidence = &record.evidence;
    let mut facts = vec![
        ("Journal", text(format!("{} events in a hash chain", evidence.journal_events))),
        ("Head of the chain (SHA-256)", name(evidence.journal_head.clone())),
        ("Store", text(words::capital(&evidence.store))),
        ("Schema", name(record.schema.clone())),
    ];
    facts.extend(evidence.report_digest.clone().map(|digest| ("Stored report (SHA-256)", name(digest))));
    let signed = record.attestation.as_ref().map(|signed| signed.record.clone());
    facts.push(match signed {
        Some(digest) => ("Record as signed (SHA-256)", name(digest)),
        None => ("Record as it stands (SHA-256)", name(record.digest())),
    });
    let check = Block::Command {
        what:
            "This is a rendering; the JSON record and the journal are the evidence. To check them against each other, \
               without a network:"
                .to_owned(),
        command: format!("reveille verify {run}.record.json {run}.log", run = record.run),
    };
    Part::new("evidence", "Evidence", vec![Block::Facts(facts), check])
}
