//! `restore-primary`: a planned move did not come through, and the primary is put back: nothing is left of the standby's
//! workload, then the primary's has its replicas again, then it serves.
//!
//! Calls: own probe of the primary's origin; read of both workloads; `scale` of each object.
//! Permissions: as `release-workload`, on both clusters.

use super::workload::Scaling;
use crate::domain::application::OriginView;
use crate::domain::fact::Fact;
use crate::domain::look::Look;
use crate::domain::names::SiteName;
use crate::domain::observation::Observation;
use crate::domain::parking::Scale;
use crate::domain::run::Ask;
use crate::domain::run::parking::primary_counts;
use crate::domain::workload::{WorkloadRef, WorkloadView};
use crate::engine::ports::StepView;

// --- inputs -----------------------------------------------------------------------------------------------------

/// What was seen of both sites.
pub struct Seen {
    /// The primary's origin and workload.
    pub origin: Fact<OriginView>,
    pub workload: Fact<WorkloadView>,
    pub standby: Fact<WorkloadView>,
}

struct Restoring<'a> {
    view: &'a StepView,
    seen: Seen,
}

// --- precheck ---------------------------------------------------------------------------------------------------

/// Decides what is next on the way back to a primary that serves.
pub fn decide(view: &StepView, seen: Seen) -> Look {
    let restoring = Restoring { view, seen };
    match restoring.seen.standby.value() {
        Some(standby) if standby.is_parked() => restoring.release(),
        Some(standby) => restoring.silence(standby),
        None if view.record().approved.is_some() => restoring.release(),
        None => restoring.wait(restoring.blind_ask()),
    }
}

impl Restoring<'_> {
    fn saw(&self) -> Observation {
        let Seen { origin, workload, standby } = &self.seen;
        Observation::Restored {
            site: self.primary().clone(),
            origin: origin.clone(),
            workload: workload.clone(),
            standby: Box::new(standby.clone()),
        }
    }

    fn primary(&self) -> &SiteName {
        &self.view.run.created.primary
    }

    /// Scaling at one of the sites; what it sees are both.
    fn at<'b>(&'b self, site: &'b SiteName) -> Scaling<'b> {
        Scaling { view: self.view, site, saw: self.saw() }
    }

    // --- act ----------------------------------------------------------------------------------------------------

    /// What writes beside the primary goes first.
    fn silence(&self, standby: &WorkloadView) -> Look {
        let site = &self.view.run.created.standby;
        match standby.counts().into_iter().find(|(_, count)| *count > 0) {
            Some((object, _)) => self.at(site).scale(&Scale { object, replicas: 0 }),
            None => self.wait(self.ask("pods of the standby's workload do not go", None)),
        }
    }

    /// Those that keep data before those that serve from it.
    fn release(&self) -> Look {
        let counts = primary_counts(&self.view.run);
        let Some(workload) = self.seen.workload.value() else {
            return self.wait(self.ask("its workload cannot be seen", None));
        };
        let lacks =
            |(object, count): &(&WorkloadRef, &u32)| workload.part(object).is_some_and(|part| part.wanted < **count);
        match counts.iter().rev().find(lacks) {
            Some((object, count)) => self.at(self.primary()).scale(&Scale { object: object.clone(), replicas: *count }),
            None => self.serving(),
        }
    }

    // --- verify -------------------------------------------------------------------------------------------------

    fn serving(&self) -> Look {
        let serves = self.seen.origin.value().is_some_and(OriginView::is_healthy);
        let alone = self.seen.standby.value().is_some_and(WorkloadView::is_parked);
        match (serves, alone) {
            (true, true) => Look::Done { proof: self.saw() },
            (true, false) => self.wait(self.blind_ask()),
            (false, _) => self.wait(self.ask("it has its replicas back and does not serve yet", None)),
        }
    }

    /// Asks once it takes too long; the step goes on looking and acting all the same.
    fn wait(&self, ask: Ask) -> Look {
        let timing = &self.view.run.created.plan.timing;
        let again_in = timing.workload_poll;
        if self.view.has_run_for(timing.app_deadline) {
            return Look::Ask { ask, saw: Some(self.saw()), again_in };
        }
        Look::Pending { saw: Some(self.saw()), again_in }
    }

    fn blind_ask(&self) -> Ask {
        let standby = &self.view.run.created.standby;
        let approve = format!("the primary is released although nobody sees that {standby} takes no writes");
        self.ask(&format!("what runs at {standby} cannot be seen"), Some(approve))
    }

    fn ask(&self, why: &str, approve_means: Option<String>) -> Ask {
        let counts = primary_counts(&self.view.run).into_iter();
        let scales = counts.rev().map(|(object, replicas)| Scale { object, replicas });
        Ask {
            what: format!("{} does not serve again after a planned move that failed: {why}.", self.primary()),
            means:
                "Nothing serves until the primary or the standby does. Reveille goes on trying, and goes on by itself \
                    when it is done."
                    .into(),
            commands: self.at(self.primary()).commands(scales),
            approve_means,
        }
    }
}
