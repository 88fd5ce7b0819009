//! `restore-primary`: a planned move did not come through, and the primary is put back: nothing is left of the standby's
//! workload, then the primary's has its replicas again, then it serves. What cannot be seen of the standby is a person's
//! decision, and the standby's fence is owed then.
//!
//! Calls: own probe of the primary's origin; read of both workloads; `scale` of each object.
//! Permissions: as `release-workload`, on both clusters.

use super::workload::Scaling;
use crate::domain::application::OriginView;
use crate::domain::fact::Fact;
use crate::domain::failure::FailureClass;
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
        None if restoring.owed_by().is_some() => restoring.release(),
        None => restoring.blind(),
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
            by: self.owed_by(),
        }
    }

    /// Who decided to go on while nobody sees the other site. The engine writes the fence down as owed before the first
    /// call that follows from it.
    fn owed_by(&self) -> Option<String> {
        let word = self.view.record().approved.as_ref().filter(|_| self.seen.standby.value().is_none());
        word.map(|word| word.by.clone())
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
        let Some(workload) = self.seen.workload.value() else { return self.unseen() };
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
        if serves {
            return Look::Done { proof: self.saw() };
        }
        self.wait(self.ask("it has its replicas back and does not serve yet", None))
    }

    /// A primary that is lost on its way back is a failover's matter, and not kept from it.
    fn unseen(&self) -> Look {
        let lost =
            |saw: &Observation| matches!(saw, Observation::Restored { workload, .. } if workload.value().is_none());
        if !self.lasts(lost) {
            return self.wait(self.ask("its workload cannot be seen", None));
        }
        let message = format!("what runs at {} cannot be seen any more: {}", self.primary(), self.saw().text());
        Look::Failed { class: FailureClass::Transient, message, saw: Some(self.saw()) }
    }

    /// Nobody sees whether the standby writes: a person is told soon, since nothing serves meanwhile.
    fn blind(&self) -> Look {
        let blind =
            |saw: &Observation| matches!(saw, Observation::Restored { standby, .. } if standby.value().is_none());
        match self.wait(self.blind_ask()) {
            Look::Pending { saw, again_in } if self.lasts(blind) => Look::Ask { ask: self.blind_ask(), saw, again_in },
            look => look,
        }
    }

    /// Whether it has been seen so for as long as an outage has to be.
    fn lasts(&self, is_so: impl Fn(&Observation) -> bool) -> bool {
        let seen = &self.view.record().observations;
        let first = seen.iter().rposition(|saw| !is_so(saw)).map_or(0, |last| last + 1);
        let since = seen.get(first).and_then(Observation::seen_at).unwrap_or(self.view.now);
        let hold = self.view.run.created.plan.timing.confirm_hold;
        (self.view.now - since).to_std().is_ok_and(|spent| spent >= hold)
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
        let approve = format!(
            "the primary is released although nobody sees that {standby} takes no writes; {standby} is fenced at first contact"
        );
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
