//! `verify-path`: a pod inside the standby's cluster reads through the database writer endpoint, and is deleted.
//!
//! Calls: create, read, log and delete of one pod in the workload's namespace.
//! Permissions: `create`, `get` and `delete` on `pods`, `get` on `pods/log`, as the table in `kubernetes::PERMISSIONS` says.

use crate::domain::duration;
use crate::domain::fact::Fact;
use crate::domain::failure::FailureClass;
use crate::domain::look::Look;
use crate::domain::observation::Observation;
use crate::domain::path::{PathView, ProbeRef};
use crate::domain::run::{Call, Sent, Verb};
use crate::engine::ports::StepView;
use std::time::Duration;

// --- inputs -----------------------------------------------------------------------------------------------------

struct Path<'a> {
    view: &'a StepView,
    probe: &'a ProbeRef,
    path: Fact<PathView>,
}

/// The probe pod of this run; none where the plan does not want one.
pub fn probe(view: &StepView) -> Option<ProbeRef> {
    let created = &view.run.created;
    let kubernetes = created.plan.kubernetes.as_ref()?;
    let image = kubernetes.probe_image.as_ref()?;
    Some(ProbeRef::of_run(created.run.as_str(), &kubernetes.workload.namespace, image))
}

// --- precheck ---------------------------------------------------------------------------------------------------

/// Decides what is next for the probe pod: make it, wait for it, delete it, and only then judge by what it told.
pub fn decide(view: &StepView, path: Fact<PathView>) -> Look {
    let Some(probe) = probe(view) else {
        let path = Fact::known(PathView::NotLookedFor, path.at, path.from);
        return Look::Done { proof: saw(view, path) };
    };
    let path = Path { view, probe: &probe, path };
    match (path.told_before(), path.path.value()) {
        (Some(told), Some(PathView::NoPod)) => judge(told),
        (_, Some(PathView::NoPod)) => path.make(),
        (_, Some(seen)) if seen.is_told() => path.delete(),
        (None, Some(PathView::Waiting { .. })) if path.is_overdue() => path.delete(),
        _ => path.wait(),
    }
}

fn saw(view: &StepView, path: Fact<PathView>) -> Observation {
    Observation::Path { site: view.run.created.standby.clone(), path }
}

fn judge(told: &Observation) -> Look {
    match told {
        Observation::Path { path, .. } if path.value() == Some(&PathView::Reached) => {
            Look::Done { proof: told.clone() }
        }
        other => {
            let message = format!("from inside the cluster, {}", other.text());
            Look::Failed { class: FailureClass::Other, message, saw: None }
        }
    }
}

impl Path<'_> {
    fn saw(&self) -> Observation {
        saw(self.view, self.path.clone())
    }

    /// What the pod told, as the journal holds it: the pod itself is gone by then.
    fn told_before(&self) -> Option<&Observation> {
        let told = |saw: &&Observation| matches!(saw, Observation::Path { path, .. } if path.value().is_some_and(PathView::is_told));
        self.view.record().observations.iter().rev().find(told)
    }

    fn poll(&self) -> Duration {
        self.view.run.created.plan.timing.workload_poll
    }

    fn limit(&self) -> Duration {
        self.view.run.created.plan.timing.workload_deadline
    }

    fn is_overdue(&self) -> bool {
        self.view.has_run_for(self.limit())
    }

    // --- act ----------------------------------------------------------------------------------------------------

    fn make(&self) -> Look {
        if self.is_overdue() {
            return self.failed(&self.why_none());
        }
        self.call(Verb::CreateProbe)
    }

    fn delete(&self) -> Look {
        // Its time to be gone begins with the first try: what was made is never left behind untried.
        let first = self.view.record().intents.iter().find(|intent| intent.call.verb == Verb::DeleteProbe);
        if first.is_some_and(|first| first.age(self.view.now) >= self.limit()) {
            return self.failed(&format!("{} was not deleted", self.probe.text()));
        }
        self.call(Verb::DeleteProbe)
    }

    /// Sends it, unless its newest try still works.
    fn call(&self, verb: Verb) -> Look {
        let newest = self.view.record().intents.iter().rev().find(|intent| intent.call.verb == verb);
        let rests = newest.map_or(Duration::ZERO, |newest| match &newest.outcome {
            Some(Sent::Throttled { retry_after, .. }) => *retry_after,
            _ => self.poll(),
        });
        let left = newest.and_then(|newest| rests.checked_sub(newest.age(self.view.now)));
        match left.filter(|left| !left.is_zero()) {
            Some(left) => Look::Pending { saw: Some(self.saw()), again_in: left.min(self.poll()) },
            None => Look::Call { call: self.on_probe(verb), saw: Some(self.saw()) },
        }
    }

    fn on_probe(&self, verb: Verb) -> Call {
        let created = &self.view.run.created;
        let cluster = created.plan.site(&created.standby).map(|site| site.cluster.to_string());
        Call { probe: Some(self.probe.clone()), ..Call::on(verb, cluster.unwrap_or_default()) }
    }

    // --- verify -------------------------------------------------------------------------------------------------

    /// Twice the time: once to end, once to be gone.
    fn wait(&self) -> Look {
        if self.view.has_run_for(self.limit() * 2) {
            return self.failed(&self.saw().text());
        }
        Look::Pending { saw: Some(self.saw()), again_in: self.poll() }
    }

    /// Why there is no pod to ask, as the newest try tells.
    fn why_none(&self) -> String {
        match self.view.record().last_intent().and_then(|newest| newest.outcome.as_ref()) {
            Some(outcome) if !outcome.is_accepted() => format!("{}: {}", self.probe.text(), outcome.text()),
            _ => format!("{} ended too late, or was not seen", self.probe.text()),
        }
    }

    fn failed(&self, why: &str) -> Look {
        let limit = duration::text(self.limit());
        let message = format!("the path from inside the cluster to the writer was not seen within {limit}: {why}");
        Look::Failed { class: FailureClass::Other, message, saw: Some(self.saw()) }
    }
}
