//! There and back: what the ledger remembers between the two runs of a switchover drill.

use super::state::ActiveRun;
use crate::domain::drill::Refusal;
use crate::domain::names::{DrillName, RunId, SiteName};
use crate::domain::run::StartedBy;
use crate::domain::runbook::RunKind;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A plan serves from its other site because a drill moved it there; the way back is never dropped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Away {
    /// The site that is to serve again.
    pub home: SiteName,
    /// The run that moved away from it, and since when.
    pub run: RunId,
    pub since: DateTime<Utc>,
    /// The schedule that ordered it, whose windows hold for the way back too; none when a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<DrillName>,
    /// What has kept the way back from beginning so far, each reason once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Refusal>,
    /// A way back that did not come through: it interrupted what serves, so a person orders the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<RunId>,
}

impl Away {
    /// Whether the ledger says already that this holds the way back.
    pub fn knows(&self, refusal: &Refusal) -> bool {
        self.held.iter().any(|known| known.word() == refusal.word())
    }
}

/// A planned move has come so far that `site` serves.
pub(super) fn moved(away: &mut Option<Away>, run: &ActiveRun, site: &SiteName, at: DateTime<Utc>) {
    *away = match away.take() {
        Some(known) if &known.home == site => None,
        Some(known) => Some(known),
        None => Some(left(run, at)),
    };
}

/// A run is over; `serves` is the site that it has shown to serve. Whoever ordered it, a move that failed is not tried again
/// by itself.
pub(super) fn over(away: &mut Option<Away>, run: &ActiveRun, serves: Option<&SiteName>) {
    away.take_if(|known| serves == Some(&known.home));
    if let Some(known) = away.as_mut().filter(|_| run.kind == RunKind::SwitchoverDrill && serves.is_none()) {
        known.failed = Some(run.run.clone());
    }
}

fn left(run: &ActiveRun, at: DateTime<Utc>) -> Away {
    let drill = match &run.by {
        StartedBy::Schedule { due } => Some(due.drill.clone()),
        _ => None,
    };
    Away { home: run.leave.clone(), run: run.run.clone(), since: at, drill, held: Vec::new(), failed: None }
}
