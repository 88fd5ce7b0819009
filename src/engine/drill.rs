//! Schedules of drills in the ledger: which occurrence waits, and what refuses it.
//!
//! As with every request, the ledger is read, a pure function decides, and what it says is appended at the version that
//! was read: a timer that fires twice, here and on another instance, finds the occurrence taken the second time.

use super::amend::NotAmended;
use super::intake::{IntakeError, Taken};
use super::log::LogError;
use super::parts::Engine;
use crate::domain::drill::{self, Asked, Drill, DrillDue, Facts, Refusal};
use crate::domain::ledger::{LedgerEvent, PlanState, Request};
use crate::domain::names::{PlanName, RunId};
use crate::domain::runbook::RunKind;
use std::convert::Infallible;

/// What is new of the way back of a switchover drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayBack {
    Begun(RunId),
    /// Something holds it that did not hold it before.
    Held(Refusal),
    NoNews,
}

impl Engine {
    /// Writes down schedules that the ledger never saw and occurrences that never begin; gives those that wait.
    pub async fn drills_due(&self, plan: &PlanName) -> Result<Vec<(Drill, DrillDue)>, IntakeError> {
        let configured = self.plan(plan).ok_or_else(|| IntakeError::NoSuchPlan { plan: plan.clone() })?;
        let decide = |state: &PlanState| {
            let now = self.clock.now();
            let waiting = drill::pending(state, &configured.plan, now);
            let waiting = waiting.into_iter().map(|(drill, due)| (drill.clone(), due)).collect::<Vec<_>>();
            (drill::news(state, &configured.plan, now), waiting)
        };
        self.tell_ledger(plan, decide).await
    }

    /// Asks whether an occurrence may begin, with what is known of the world, and writes down what refuses it.
    pub async fn ask_drill(&self, plan: &PlanName, due: &DrillDue, facts: &Facts) -> Result<Asked, IntakeError> {
        let configured = self.plan(plan).ok_or_else(|| IntakeError::NoSuchPlan { plan: plan.clone() })?;
        let decide = |state: &PlanState| {
            let asked = drill::ask(state, &configured.plan, due, facts, self.clock.now());
            (asked.news(due).into_iter().collect(), asked)
        };
        self.tell_ledger(plan, decide).await
    }

    /// Starts the run of an occurrence that nothing keeps from beginning; decided anew at the version at which it is
    /// admitted. Nothing when somebody else was faster, or something refuses it by now.
    pub async fn admit_drill(
        &self,
        plan: &PlanName,
        due: DrillDue,
        facts: Facts,
    ) -> Result<Option<RunId>, IntakeError> {
        let request = Request::Drill { due, facts: Box::new(facts) };
        match self.take(plan, &request).await? {
            Taken::Started { run, .. } => Ok(Some(run)),
            Taken::Joined { .. } | Taken::Deferred { .. } | Taken::Refused { .. } | Taken::Nothing { .. } => Ok(None),
        }
    }

    /// Starts the way back of a switchover drill, or writes down what holds it. Gives what is new: a run, or a reason.
    pub async fn go_back(&self, plan: &PlanName, facts: Facts) -> Result<WayBack, IntakeError> {
        let request = Request::WayBack { facts: Box::new(facts) };
        match self.take(plan, &request).await? {
            Taken::Started { run, .. } => Ok(WayBack::Begun(run)),
            Taken::Refused { refusal } => self.hold_way_back(plan, refusal).await,
            Taken::Joined { .. } | Taken::Deferred { .. } | Taken::Nothing { .. } => Ok(WayBack::NoNews),
        }
    }

    async fn hold_way_back(&self, plan: &PlanName, refusal: Refusal) -> Result<WayBack, IntakeError> {
        let decide = |state: &PlanState| {
            let under_way = state.active.as_ref().is_some_and(|active| active.kind == RunKind::SwitchoverDrill);
            let news = !under_way && state.away.as_ref().is_some_and(|away| !away.knows(&refusal));
            let held = news.then(|| LedgerEvent::WayBackHeld { refusal: refusal.clone() });
            (held.into_iter().collect(), if news { WayBack::Held(refusal.clone()) } else { WayBack::NoNews })
        };
        self.tell_ledger(plan, decide).await
    }

    /// A plan as its ledger stands.
    pub async fn plan_state(&self, plan: &PlanName) -> Result<PlanState, LogError> {
        let book = self.shelf.take_book(&self.store, plan).await?;
        let state = book.state().clone();
        self.shelf.put_book(book);
        Ok(state)
    }

    /// What is decided here is never refused.
    async fn tell_ledger<T>(
        &self,
        plan: &PlanName,
        decide: impl Fn(&PlanState) -> (Vec<LedgerEvent>, T),
    ) -> Result<T, IntakeError> {
        let told = self.amend::<T, Infallible>(plan, |state| Ok(decide(state))).await;
        told.map_err(|failed| match failed {
            NotAmended::Ledger(source) => IntakeError::Ledger { plan: plan.clone(), source },
            NotAmended::Busy(_) => IntakeError::Busy { plan: plan.clone() },
            NotAmended::Refused(never) => match never {},
        })
    }
}
