//! What runs do inside the clusters: scalings and deleted claims.

use super::Oracle;
use crate::sim::steps::index;
use crate::sim::time::{MINUTE, Ms, ms_of};
use crate::sim::world::SITES;
use reveille::domain::ledger::LedgerEvent;
use reveille::domain::names::RunId;
use reveille::domain::parking::Scale;
use reveille::domain::runbook::RunKind;

/// How far a process's clock may be off.
const CLOCKS: Ms = 3 * MINUTE;

impl Oracle<'_> {
    /// Only the standby's workload is scaled; that of the site that is left only to zero, as a fence, or back by a planned
    /// move that did not come through.
    pub(super) fn scaled(&mut self, at: Ms, run: &RunId, site: usize, scale: &Scale) {
        self.after_the_end(at, run);
        let Some(told) = self.runs.get(run) else { return };
        let (moves, leave) = (told.state.created.kind == RunKind::SwitchoverDrill, index(&told.leave));
        let fences = leave == site && (scale.replicas == 0 || moves);
        if scale.replicas == 0 && leave == site && moves {
            self.told_before(at, run);
        }
        let Some(told) = self.runs.get(run) else { return };
        if index(&told.state.created.standby) != site && !fences {
            self.breaks(at, format!("{run} scales what is not its standby's"));
        }
        if scale.replicas > 0 && fences {
            self.alone(at, run, 1 - site);
        } else if scale.replicas > 0 {
            self.fence_first(at, run);
        }
    }

    /// A planned move that takes the primary away has said so in the ledger before.
    fn told_before(&mut self, at: Ms, run: &RunId) {
        let said = self.ledger.iter().any(|entry| {
            matches!(&entry.event, LedgerEvent::MoveBegun { run: of } if of == run) && ms_of(entry.at) <= at + CLOCKS
        });
        if !said {
            self.breaks(at, format!("{run} takes the primary away, and the ledger does not know"));
        }
    }

    /// Unless a person decided otherwise, and then the ledger has the other site's fence as owed before.
    fn alone(&mut self, at: Ms, run: &RunId, other: usize) {
        let owed = self.ledger.iter().any(|entry| match &entry.event {
            LedgerEvent::FenceOwed { site, run: of, .. } => {
                of == run && index(site) == other && ms_of(entry.at) <= at + CLOCKS
            }
            _ => false,
        });
        if !owed && self.host.world.state().sites[other].may_run(at) {
            self.breaks(at, format!("the primary is given its replicas back while {} runs", SITES[other]));
        }
    }

    /// A claim goes only behind the fence, with nothing running beside it, and never with an index that this run has built.
    pub(super) fn claim_deleted(&mut self, at: Ms, run: &RunId, site: usize, made: Option<Ms>) {
        self.after_the_end(at, run);
        self.fence_first(at, run);
        let Some(told) = self.runs.get(run) else { return };
        let (standby, begun) = (index(&told.state.created.standby), ms_of(told.state.created_at));
        let runs = self.host.world.state().sites[site].workload.runs(at);
        if standby != site || runs {
            self.breaks(at, format!("{run} deletes a claim at {}, which may serve", SITES[site]));
        }
        if made.is_some_and(|made| made > begun) {
            self.breaks(at, format!("{run} deletes an index that was built while it ran"));
        }
    }
}
