//! What runs do inside the clusters: scalings and deleted claims.

use super::Oracle;
use crate::sim::steps::index;
use crate::sim::time::{Ms, ms_of};
use crate::sim::world::SITES;
use reveille::domain::names::RunId;
use reveille::domain::parking::Scale;

impl Oracle<'_> {
    /// Only the standby's workload is scaled; that of the site that is left only to zero, as a fence.
    pub(super) fn scaled(&mut self, at: Ms, run: &RunId, site: usize, scale: &Scale) {
        self.after_the_end(at, run);
        let Some(told) = self.runs.get(run) else { return };
        let fences = index(&told.state.created.primary) == site && scale.replicas == 0;
        if index(&told.state.created.standby) != site && !fences {
            self.breaks(at, format!("{run} scales what is not its standby's"));
        }
        if scale.replicas > 0 {
            self.fence_first(at, run);
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
