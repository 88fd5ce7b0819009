//! `start-replica`: the standby's cluster and each of its pools must be up.
//!
//! Calls: read of the cluster; `start` of the cluster; poll of the start's operation for the reason when it fails.
//! Permissions: `Microsoft.ContainerService/managedClusters/read` and `…/start/action` on the standby's cluster,
//! `Microsoft.ContainerService/locations/operations/read` on the subscription (without it the reason stays unknown).

use super::unfenced::{self, Held};
use crate::domain::application::OriginView;
use crate::domain::cluster::{ClusterPhase, ClusterView};
use crate::domain::duration;
use crate::domain::fact::Fact;
use crate::domain::failure::FailureClass;
use crate::domain::look::Look;
use crate::domain::names::SiteName;
use crate::domain::observation::Observation;
use crate::domain::report::advice::aks_command;
use crate::domain::run::state::Asked;
use crate::domain::run::{Ask, Call, Intent, Sent, StepState, Verb};
use crate::domain::workload::NodesView;
use crate::engine::ports::StepView;
use chrono::{DateTime, Utc};
use std::time::Duration;

// --- inputs -----------------------------------------------------------------------------------------------------

/// What was seen of the standby's cluster.
pub struct Seen {
    pub cluster: Fact<ClusterView>,
    /// Its nodes, seen from inside, where the plan looks there and the cluster is up.
    pub nodes: Option<Fact<NodesView>>,
    /// How the newest accepted start ended, when its operation told and it failed.
    pub failed: Option<StartFailure>,
    /// The old site's origin, while its fence is owed.
    pub unfenced: Option<Fact<OriginView>>,
}

/// Why a start that was accepted failed in the end.
#[derive(Debug, Clone)]
pub struct StartFailure {
    pub class: FailureClass,
    pub code: String,
    pub message: String,
}

struct Standby<'a> {
    view: &'a StepView,
    name: &'a SiteName,
    seen: Seen,
}

// --- precheck ---------------------------------------------------------------------------------------------------

/// Decides what to do about the standby's cluster.
pub fn decide(view: &StepView, seen: Seen) -> Look {
    let phase = seen.cluster.value().map(ClusterView::phase);
    let standby = Standby { view, name: &view.run.created.standby, seen };
    match phase {
        Some(ClusterPhase::Up) => standby.up(),
        Some(ClusterPhase::BrokenStart) if standby.runs_all_the_same() => Look::Done { proof: standby.saw() },
        _ if standby.is_overdue() => standby.took_too_long(),
        Some(ClusterPhase::Down | ClusterPhase::BrokenStart | ClusterPhase::Unclear(_)) => standby.start(),
        _ => standby.wait(),
    }
}

/// Whether Azure answered the newest start with "it runs already".
pub(super) fn says_it_runs(step: &StepState) -> bool {
    step.last_intent().is_some_and(|newest| matches!(newest.outcome, Some(Sent::AlreadyThere { .. })))
}

impl Standby<'_> {
    fn saw(&self) -> Observation {
        let Seen { cluster, nodes, .. } = &self.seen;
        Observation::Cluster { site: self.name.clone(), cluster: cluster.clone(), nodes: nodes.clone() }
    }

    fn record(&self) -> &StepState {
        self.view.record()
    }

    fn poll(&self) -> Duration {
        self.view.run.created.plan.timing.cluster_poll
    }

    fn spent(&self, since: DateTime<Utc>) -> Duration {
        (self.view.now - since).to_std().unwrap_or_default()
    }

    /// Azure says that it is up; its nodes take a moment longer. A cluster that cannot be asked is not waited for long: the
    /// report then says what was not proven.
    fn up(&self) -> Look {
        match self.seen.nodes.as_ref().map(Fact::value) {
            None => Look::Done { proof: self.saw() },
            Some(Some(nodes)) if nodes.all_ready() => Look::Done { proof: self.saw() },
            Some(Some(_)) if self.is_overdue() => self.took_too_long(),
            Some(Some(_)) => self.pending_nodes(),
            Some(None) if self.up_for() >= self.view.run.created.plan.timing.cluster_poll => {
                Look::Done { proof: self.saw() }
            }
            Some(None) => self.pending_nodes(),
        }
    }

    /// Azure's state is that of an operation that failed, a stop perhaps, and it starts nothing because the cluster runs.
    fn runs_all_the_same(&self) -> bool {
        says_it_runs(self.record()) && self.seen.nodes.as_ref().and_then(Fact::value).is_some_and(NodesView::all_ready)
    }

    fn pending_nodes(&self) -> Look {
        let again_in = self.view.run.created.plan.timing.workload_poll;
        Look::Pending { saw: Some(self.saw()), again_in }
    }

    /// How long it has been seen up.
    fn up_for(&self) -> Duration {
        let since = self.record().observations.iter().rev().map_while(|saw| match saw {
            Observation::Cluster { cluster, .. } if cluster.value().is_some_and(ClusterView::is_up) => Some(cluster.at),
            _ => None,
        });
        since.last().map(|since| self.spent(since)).unwrap_or_default()
    }

    fn is_overdue(&self) -> bool {
        self.view.has_run_for(self.view.run.created.plan.timing.start_deadline)
    }

    fn is_slow(&self) -> bool {
        self.view.has_run_for(self.view.run.created.plan.timing.start_warning)
    }

    fn is_unclear(&self) -> bool {
        self.seen.cluster.value().is_some_and(|view| matches!(view.phase(), ClusterPhase::Unclear(_)))
    }

    fn wait(&self) -> Look {
        if self.is_slow() { self.warn() } else { self.pending() }
    }

    fn pending(&self) -> Look {
        self.pending_for(self.poll())
    }

    fn pending_for(&self, wait: Duration) -> Look {
        Look::Pending { saw: Some(self.saw()), again_in: wait.min(self.poll()) }
    }

    // --- act ------------------------------------------------------------------------------------------------------

    /// The cluster is off, or its start broke: start it, unless the newest start still works or must not be repeated.
    fn start(&self) -> Look {
        let Some(newest) = self.record().last_intent() else { return self.call() };
        let age = newest.age(self.view.now);
        match &newest.outcome {
            Some(Sent::Rejected { class, code, message, .. }) => self.after_failure(*class, code, message, age),
            Some(Sent::Throttled { retry_after, .. }) if age < *retry_after => self.pending_for(*retry_after - age),
            Some(Sent::Busy { .. } | Sent::Unknown { .. } | Sent::NotSent { .. }) if age < self.poll() => {
                self.pending()
            }
            Some(outcome) if outcome.is_accepted() => self.after_accepted(newest, age),
            _ => self.call(),
        }
    }

    /// An accepted start that shows as off or broken: failed for a reason, failed without one, or not visible yet.
    fn after_accepted(&self, newest: &Intent, age: Duration) -> Look {
        if let Some(failure) = &self.seen.failed {
            return self.after_failure(failure.class, &failure.code, &failure.message, age);
        }
        // Its operation cannot be read now, but it told before that the capacity lacked.
        if let Some(asked) = self.asked_about_capacity() {
            return match self.budget_is_over() {
                true => self.failed(FailureClass::Capacity, "no capacity within the recovery-time budget".into()),
                false => self.without_capacity(asked.ask.clone()),
            };
        }
        // A state that says neither on nor off is no sign that an accepted start is over.
        if self.is_unclear() {
            return self.wait();
        }
        if age < self.poll() * 2 {
            return self.pending();
        }
        // Without a reason a broken start is tried once more; a second one needs a person.
        let accepted = self.record().intents.iter().filter(|it| it.outcome.as_ref().is_some_and(Sent::is_accepted));
        match accepted.count() {
            0 | 1 => self.call(),
            _ => self.failed(
                FailureClass::Other,
                format!("{} was started twice and did not come up; {}", newest.call.target, self.saw().text()),
            ),
        }
    }

    /// Capacity may come back and is tried again within the recovery-time budget, with people told at once. Refusals
    /// that stay are not repeated.
    fn after_failure(&self, class: FailureClass, code: &str, message: &str, age: Duration) -> Look {
        match class {
            FailureClass::Capacity if self.budget_is_over() => {
                self.failed(class, format!("no capacity within the recovery-time budget: {code}: {message}"))
            }
            FailureClass::Capacity => self.without_capacity(self.ask_about_capacity(code, message)),
            FailureClass::Busy | FailureClass::Preempted | FailureClass::Throttled | FailureClass::Transient => {
                if age < self.poll() { self.pending() } else { self.call() }
            }
            _ => self.failed(class, format!("{code}: {message}")),
        }
    }

    /// People hear of each start that failed for lack of capacity when it is first seen, however long after Azure's
    /// acceptance; from then on counts the pause before the next try.
    fn without_capacity(&self, ask: Ask) -> Look {
        let pause = self.capacity_pause();
        let spent = self.asked_about_capacity().map(|asked| self.spent(asked.put_at));
        if spent.is_some_and(|spent| spent >= pause) {
            return self.call();
        }
        let left = pause.saturating_sub(spent.unwrap_or_default());
        Look::Ask { ask, saw: Some(self.saw()), again_in: left.min(self.poll()) }
    }

    /// The question about the newest try, if people were asked it.
    fn asked_about_capacity(&self) -> Option<&Asked> {
        self.record().asked.as_ref().filter(|asked| asked.ask.what == self.no_capacity())
    }

    /// Names the try, so that each failure is a question of its own.
    fn no_capacity(&self) -> String {
        let again = match self.record().intents.len() {
            0 | 1 => String::new(),
            tries => format!(" (try {tries})"),
        };
        format!("Azure has no capacity to start the cluster of {}{again}.", self.name)
    }

    /// Grows with each try, up to eight times the setting.
    fn capacity_pause(&self) -> Duration {
        let tries = self.record().intents.len() as u32;
        let factor = 2u32.saturating_pow(tries.saturating_sub(1).min(3));
        self.view.run.created.plan.timing.capacity_retry * factor
    }

    fn budget_is_over(&self) -> bool {
        self.spent(self.view.run.created.outage_since) >= self.view.run.created.plan.rto
    }

    /// While the fence of the old site is owed, nothing is started beside it if it answers, or if that cannot be seen.
    fn call(&self) -> Look {
        match unfenced::holds(self.view, "started", self.seen.unfenced.as_ref()) {
            Some(Held::NotSeen) => return self.pending(),
            Some(Held::Answers(ask)) => return self.ask(ask),
            None => {}
        }
        let target = self.view.run.created.plan.site(self.name).map(|site| site.cluster.to_string());
        let call = Call::on(Verb::StartCluster, target.unwrap_or_default());
        Look::Call { call, saw: Some(self.saw()) }
    }

    fn ask(&self, ask: Ask) -> Look {
        Look::Ask { ask, saw: Some(self.saw()), again_in: self.view.run.created.plan.timing.probe_interval }
    }

    // --- verify ---------------------------------------------------------------------------------------------------

    fn ask_about_capacity(&self, code: &str, message: &str) -> Ask {
        let command = self.view.run.created.plan.site(self.name).map(|site| aks_command("start", &site.cluster));
        Ask {
            what: self.no_capacity(),
            means: format!(
                "{code}: {message} The start is tried again until the recovery-time budget of {} is used up. Only \
                 Azure can lift this: free quota in the region, use another size, or open a support case.",
                duration::text(self.view.run.created.plan.rto)
            ),
            commands: command.into_iter().collect(),
            approve_means: None,
        }
    }

    /// Azure promises no time for a start; one that takes this long has been seen to take an hour, or to hang.
    fn warn(&self) -> Look {
        let timing = &self.view.run.created.plan.timing;
        let ask = Ask {
            what: format!("The cluster of {} is not up after {}.", self.name, duration::text(timing.start_warning)),
            means: format!(
                "Nothing has to be done yet: Reveille keeps looking and goes on by itself, and gives up after {}. See \
                 what Azure says of the cluster, and get ready for a support case.",
                duration::text(timing.start_deadline)
            ),
            commands: self
                .view
                .run
                .created
                .plan
                .site(self.name)
                .map(|site| aks_command("show", &site.cluster))
                .into_iter()
                .collect(),
            approve_means: None,
        };
        Look::Ask { ask, saw: Some(self.saw()), again_in: self.poll() }
    }

    fn took_too_long(&self) -> Look {
        let limit = duration::text(self.view.run.created.plan.timing.start_deadline);
        self.failed(FailureClass::Other, format!("the cluster was not up after {limit}; {}", self.saw().text()))
    }

    fn failed(&self, class: FailureClass, message: String) -> Look {
        Look::Failed { class, message, saw: Some(self.saw()) }
    }
}
