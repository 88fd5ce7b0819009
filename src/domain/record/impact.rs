//! What production felt: as far as the run's own probes looked, and not a word further.

use super::Impact;
use super::objectives::moment;
use crate::domain::application::OriginView;
use crate::domain::fact::Fact;
use crate::domain::observation::Observation;
use crate::domain::report::{Report, interruption};
use crate::domain::run::RunState;
use crate::domain::runbook::RunKind;

pub(super) fn of(run: &RunState, report: &Report) -> Impact {
    let looks = looks_at_primary(run);
    let mut not_measured = vec!["what single users met: their requests are not seen".to_owned()];
    if looks.len() > 1 {
        not_measured.push("the time between two looks; looks that repeat the one before are not written down".into());
    }
    let (statement, seconds) = match run.created.kind {
        RunKind::Failover => of_outage(report),
        RunKind::SwitchoverDrill => of_move(run, &looks, &mut not_measured),
        _ => (of_rehearsal(run, &looks, &mut not_measured), None),
    };
    Impact { statement, seconds, measured: measured(run, &looks), not_measured }
}

/// Every look at the primary's application that was written down, oldest first.
fn looks_at_primary(run: &RunState) -> Vec<&Fact<OriginView>> {
    let seen = run.steps.values().flat_map(|step| step.observations.iter().chain(&step.proof));
    let mut looks: Vec<&Fact<OriginView>> = seen
        .filter_map(|saw| match saw {
            Observation::Outage { witness, .. } => Some(&witness.primary),
            Observation::Standby { primary, .. } => Some(primary),
            _ => None,
        })
        .collect();
    looks.sort_by_key(|look| look.at);
    looks
}

/// An outage is felt from its first sign until somebody is seen to serve again.
fn of_outage(report: &Report) -> (String, Option<f64>) {
    match (&report.state[..], report.recovery_time.seconds) {
        ("no-outage", _) => ("none was found: the primary was seen to be healthy, nothing was touched".into(), None),
        (_, Some(seconds)) => {
            let statement =
                "production was not served from the first sign of the outage until the standby was seen to serve";
            (statement.into(), Some(seconds))
        }
        (_, None) => ("production was not seen to be served again in this run".into(), None),
    }
}

/// A planned move is felt from the first call that takes the primary away; one that never came so far is not.
fn of_move(run: &RunState, looks: &[&Fact<OriginView>], not_measured: &mut Vec<String>) -> (String, Option<f64>) {
    match interruption(run) {
        Some(it) => (it.text(run.created.primary.as_str(), run.created.standby.as_str()), it.seconds()),
        None => (of_rehearsal(run, looks, not_measured), None),
    }
}

fn of_rehearsal(run: &RunState, looks: &[&Fact<OriginView>], not_measured: &mut Vec<String>) -> String {
    let Some(last) = looks.last() else {
        return "not measured: nothing in this run looks at production".to_owned();
    };
    let ended = run.ended_at.map_or_else(|| "now".to_owned(), moment);
    not_measured.push(format!("production between {}, the newest look written down, and {ended}", moment(last.at)));
    let ill = looks.iter().filter(|look| !look.value().is_some_and(OriginView::is_healthy)).count();
    match ill {
        0 => "none was seen: the primary answered as healthy whenever this run looked".to_owned(),
        ill => format!("the primary was not seen to be healthy in {ill} of {} looks", looks.len()),
    }
}

fn measured(run: &RunState, looks: &[&Fact<OriginView>]) -> Vec<String> {
    let (Some(first), Some(last)) = (looks.first(), looks.last()) else { return Vec::new() };
    let primary = &run.created.primary;
    if looks.len() == 1 {
        let said =
            first.value().map_or("without a result", |view| if view.is_healthy() { "healthy" } else { "not healthy" });
        return vec![format!("one own probe of {primary} at {}, seen from {}: {said}", moment(first.at), first.from)];
    }
    let healthy = looks.iter().filter(|look| look.value().is_some_and(OriginView::is_healthy)).count();
    let known = looks.iter().filter(|look| look.value().is_some()).count();
    vec![format!(
        "{} own probes of {primary} written down, from {} to {}, seen from {}: {healthy} healthy, {} not, {} without a result",
        looks.len(),
        moment(first.at),
        moment(last.at),
        first.from,
        known - healthy,
        looks.len() - known
    )]
}
