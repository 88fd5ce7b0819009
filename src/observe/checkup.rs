//! First contact: what a readiness drill looks at and judges, of several plans, with nothing written.

use super::Observer;
use crate::domain::ledger::{self, PlanState};
use crate::domain::plan::Plan;
use crate::domain::readiness::{Checkup, PlanCheck, assess};
use crate::engine::book::Book;

impl Observer {
    /// Looks at everything that the plans need, one plan after the other: nobody is in a hurry, and Azure counts calls.
    /// `identity` says in words as whom Azure is asked.
    pub async fn checkup(&self, plans: &[&Plan], identity: &str) -> Checkup {
        let mut checks = Vec::new();
        for plan in plans {
            checks.push(self.plan_check(plan).await);
        }
        Checkup { at: self.clock.now(), from: self.vantage.clone(), identity: identity.to_owned(), plans: checks }
    }

    async fn plan_check(&self, plan: &Plan) -> PlanCheck {
        // A ledger that cannot be read is a finding of its own; the roles are then as configured.
        let book = Book::look(&self.store, &plan.name).await.ok().flatten();
        let empty = PlanState::default();
        let state = book.as_ref().map_or(&empty, Book::state);
        let name = ledger::primary(state, plan);
        let primary = plan.site(&name).unwrap_or_else(|| plan.preferred());
        let standby = plan.other(&primary.name);
        let workload = ledger::standby_workload(state, plan, &standby.name);
        let facts = self.readiness(plan, primary, standby, &workload).await;
        PlanCheck { plan: plan.name.clone(), assessment: assess(&facts, plan, primary, &self.vantage) }
    }
}
