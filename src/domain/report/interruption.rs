//! What a planned move costs those who use the application: the time in which nothing served, measured by the run itself.

use super::build::seconds_between;
use super::{Milestone, MilestoneLine};
use crate::domain::duration;
use crate::domain::observation::Observation;
use crate::domain::run::{Intent, RunState};
use crate::domain::runbook::{RunKind, StepName};
use chrono::{DateTime, Utc};

/// From the first call that took the primary away until somebody was seen to serve again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interruption {
    pub from: DateTime<Utc>,
    /// Absent while, or if, nobody was seen to serve again.
    pub to: Option<DateTime<Utc>>,
    /// Whether it was the primary that served again.
    pub put_back: bool,
}

impl Interruption {
    pub fn seconds(&self) -> Option<f64> {
        self.to.map(|to| seconds_between(self.from, to))
    }

    pub fn text(&self, primary: &str, standby: &str) -> String {
        let clock = |at: DateTime<Utc>| at.format("%H:%M:%S").to_string();
        let from = clock(self.from);
        match (self.to, self.seconds(), self.put_back) {
            (Some(to), Some(seconds), put_back) => {
                let span = duration::of_seconds(seconds);
                let who = if put_back { format!("{primary} again") } else { standby.to_owned() };
                format!("nothing served for {span}, from {from} to {} UTC; then {who} was seen to serve", clock(to))
            }
            _ => format!("nothing was seen to serve since {from} UTC"),
        }
    }
}

/// None unless the run is a planned move that took the primary away.
pub fn interruption(run: &RunState) -> Option<Interruption> {
    let parks = run.step(StepName::ParkPrimary).filter(|_| run.created.kind == RunKind::SwitchoverDrill)?;
    let first = parks.intents.iter().find(|intent| intent.may_have_worked())?;
    let served = run.step(StepName::VerifyRoute).and_then(|step| step.proven_at);
    let restored = run.step(StepName::RestorePrimary).and_then(|step| step.proven_at);
    Some(Interruption {
        from: taken_away(first),
        to: served.or(restored),
        put_back: served.is_none() && restored.is_some(),
    })
}

fn taken_away(intent: &Intent) -> DateTime<Utc> {
    intent.answered_at.unwrap_or(intent.at)
}

/// The two lines of a planned move.
pub(super) fn milestones(run: &RunState) -> Vec<MilestoneLine> {
    let (primary, standby) = (run.created.primary.as_str(), run.created.standby.as_str());
    let interruption = interruption(run).map(|it| MilestoneLine {
        milestone: Milestone::Interruption,
        at: it.to,
        statement: it.text(primary, standby),
    });
    interruption.into_iter().chain(writer(run)).collect()
}

/// Only what was seen: the endpoint's target at the proof of the writer.
fn writer(run: &RunState) -> Option<MilestoneLine> {
    let Observation::Writer { writer } = run.proof(StepName::VerifyWriter)? else { return None };
    let statement = match writer.value()?.target.as_deref() {
        Some(target) => format!("did not move: the endpoint points to {target}, and both sites write through it"),
        None => "was not moved by this run; where its endpoint points was not seen".to_owned(),
    };
    Some(MilestoneLine { milestone: Milestone::Writer, at: Some(writer.at), statement })
}
