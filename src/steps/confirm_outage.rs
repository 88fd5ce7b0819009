//! `confirm-outage`: is the primary really down? Looks only.
//!
//! Calls: own HTTPS probes of both origins and of the Front Door host name; one read of the origin health metric.
//! Permissions: `Microsoft.Insights/metrics/read` on the Front Door profile.

use crate::domain::look::Look;
use crate::domain::observation::Observation;
use crate::domain::run::{Ask, RunState, StepState};
use crate::domain::timing::Timing;
use crate::domain::witness::{LastSeen, Verdict, Witness, verdict};
use crate::engine::ports::StepView;
use chrono::{DateTime, Utc};

// --- inputs -----------------------------------------------------------------------------------------------------

/// The samples that the journal holds, and the new one.
fn samples(record: &StepState, newest: &Witness) -> Vec<Witness> {
    let before = record.observations.iter().filter_map(|saw| match saw {
        Observation::Outage { witness, .. } => Some(witness.clone()),
        _ => None,
    });
    before.chain([newest.clone()]).collect()
}

// --- precheck ---------------------------------------------------------------------------------------------------

/// A person may have taken the place of the proof: by force at the start, or by approving what was asked.
fn overridden(view: &StepView) -> Option<Observation> {
    use crate::domain::run::StartedBy;
    if let StartedBy::Person { by, why, force: true, .. } = &view.run.created.started_by {
        return Some(Observation::Override { by: by.clone(), why: why.clone() });
    }
    let word = view.record().approved.as_ref()?;
    Some(Observation::Override { by: word.by.clone(), why: word.why.clone() })
}

// --- act: nothing, this step only looks --------------------------------------------------------------------------

// --- verify -----------------------------------------------------------------------------------------------------

/// Decides on one more sample.
pub fn decide(view: &StepView, newest: Witness, seen: &LastSeen) -> Look {
    let timing = &view.run.created.plan.timing;
    if let Some(proof) = overridden(view) {
        return Look::Done { proof };
    }
    let verdict = verdict(&samples(view.record(), &newest), seen, timing);
    let beside = running_beside(&view.run, &newest);
    let saw = Observation::Outage { witness: newest, verdict: verdict.clone() };
    match verdict {
        Verdict::PrimaryDown(_) => Look::Done { proof: saw },
        Verdict::PrimaryHealthy(because) => Look::NoOutage { because: because + &beside, saw },
        Verdict::Inconclusive(why) if is_overdue(view.record(), timing, view.now) => {
            // Once a person is asked, samples need not come as fast any more.
            Look::Ask { ask: ask(&view.run, &why), saw: Some(saw), again_in: timing.probe_interval * 3 }
        }
        Verdict::Inconclusive(_) => Look::Pending { saw: Some(saw), again_in: timing.probe_interval },
    }
}

/// An earlier run of the incident may have started the standby; this one touches nothing, and says so.
fn running_beside(run: &RunState, newest: &Witness) -> String {
    match newest.standby.value() {
        Some(view) if !view.is_silent() => {
            format!(
                "; but {} answers too ({}): see whether its cluster was left running",
                run.created.standby,
                view.text()
            )
        }
        _ => String::new(),
    }
}

fn is_overdue(record: &StepState, timing: &Timing, now: DateTime<Utc>) -> bool {
    let since = record.started_at.unwrap_or(now);
    (now - since).to_std().is_ok_and(|spent| spent >= timing.confirm_deadline)
}

fn ask(run: &RunState, why: &str) -> Ask {
    let id = &run.created.run;
    Ask {
        what: format!("The outage of {} is neither confirmed nor refuted.", run.created.primary),
        means: format!("Nothing was touched: {why}. Look yourself and decide."),
        commands: vec![
            format!("reveille approve {id} --why \"…\" --execute"),
            format!("reveille decline {id} --why \"…\" --execute"),
        ],
        approve_means: Some("go on as if the outage were confirmed".into()),
    }
}
