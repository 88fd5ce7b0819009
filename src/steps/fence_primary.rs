//! `fence-primary`: the old site must take no writes. Its cluster is stopped, or the plan's policy applies.
//!
//! Calls: read of the cluster; own probe of its origin; `stop` of the cluster.
//! Permissions: `Microsoft.ContainerService/managedClusters/read` and `…/stop/action` on the old site's cluster.

use crate::domain::application::OriginView;
use crate::domain::cluster::{ClusterPhase, ClusterView};
use crate::domain::fact::Fact;
use crate::domain::failure::FailureClass;
use crate::domain::look::Look;
use crate::domain::names::SiteName;
use crate::domain::observation::Observation;
use crate::domain::plan::FenceUnable;
use crate::domain::report::advice::aks_command;
use crate::domain::run::{Ask, Call, Sent, StepState, Verb};
use crate::domain::runbook::{RunKind, StepName};
use crate::engine::ports::StepView;
use std::time::Duration;

const DEBT_MEANS: &str = "Its application may write beside the site that serves now. Stop the cluster; the debt is paid \
                          as soon as it is seen to be stopped.";
const ANSWERS_MEANS: &str = "Its application still answers, so the standby is not started: two sites writing to one \
                             database would corrupt it. Stop the cluster; the run goes on as soon as it is seen to be \
                             stopped, or asks whether to go on without the fence when the application is silent.";

// --- inputs -----------------------------------------------------------------------------------------------------

/// What was seen of the old site.
pub struct Seen {
    pub cluster: Fact<ClusterView>,
    pub origin: Fact<OriginView>,
}

impl Seen {
    fn phase(&self) -> Option<ClusterPhase> {
        self.cluster.value().map(ClusterView::phase)
    }

    fn answers(&self) -> bool {
        self.origin.value().is_some_and(OriginView::is_healthy)
    }

    /// Not the opposite of [`Self::answers`]: a probe that could not be made says neither.
    fn is_silent(&self) -> bool {
        self.origin.value().is_some_and(|origin| !origin.is_healthy())
    }

    fn is_stopping(&self) -> bool {
        self.phase() == Some(ClusterPhase::Stopping)
    }
}

struct Site<'a> {
    view: &'a StepView,
    name: &'a SiteName,
    again_in: Duration,
}

// --- precheck and verify ------------------------------------------------------------------------------------------

/// Decides what to do about the old site.
pub fn decide(view: &StepView, seen: Seen) -> Look {
    let created = &view.run.created;
    let site = Site { view, name: &created.primary, again_in: created.plan.timing.cluster_poll };
    let phase = seen.phase();
    if phase == Some(ClusterPhase::Down) {
        return Look::Done { proof: site.fence(seen) };
    }
    if site.must_be_down() && seen.answers() && view.record().last_accepted().is_none() && !seen.is_stopping() {
        return site.answers_again(seen);
    }
    if let Some(owed) = site.owed_by_person(&seen) {
        return Look::Done { proof: owed };
    }
    match phase {
        Some(ClusterPhase::Stopping) => site.wait_for_stop(seen),
        Some(ClusterPhase::Up | ClusterPhase::BrokenStart | ClusterPhase::Unclear(_)) => site.stop(seen),
        Some(ClusterPhase::Starting | ClusterPhase::Busy(_)) | None => site.wait_or_give_up(seen),
        Some(ClusterPhase::Down) => Look::Done { proof: site.fence(seen) },
    }
}

impl Site<'_> {
    fn fence(&self, seen: Seen) -> Observation {
        Observation::Fence { site: self.name.clone(), cluster: seen.cluster, origin: seen.origin }
    }

    fn pending(&self, seen: Seen) -> Look {
        Look::Pending { saw: Some(self.fence(seen)), again_in: self.again_in }
    }

    fn record(&self) -> &StepState {
        self.view.record()
    }

    /// Whether an answer of the old site speaks against the outage. Not when a person decided in the place of the proof:
    /// then it may well answer, and is left all the same.
    fn must_be_down(&self) -> bool {
        let overridden = matches!(self.view.run.proof(StepName::ConfirmOutage), Some(Observation::Override { .. }));
        self.view.run.created.kind == RunKind::Failover && !overridden
    }

    fn is_overdue(&self) -> bool {
        let since = self.record().started_at.unwrap_or(self.view.now);
        let deadline = self.view.run.created.plan.timing.fence_deadline;
        (self.view.now - since).to_std().is_ok_and(|spent| spent >= deadline)
    }

    fn is_failover(&self) -> bool {
        self.view.run.created.kind == RunKind::Failover
    }

    /// Whether the old site answered when its origin was last seen at all: a probe that could not be made takes back
    /// nothing that an earlier one has seen.
    fn answered_last(&self, seen: &Seen) -> bool {
        let earlier = self.record().observations.iter().rev().filter_map(|saw| match saw {
            Observation::Fence { origin, .. } => origin.value(),
            _ => None,
        });
        seen.origin.value().into_iter().chain(earlier).next().is_some_and(OriginView::is_healthy)
    }

    /// A person decided to go on without the fence. That word was about a primary that was lost: it does not count
    /// while the primary answers, and a run that only pays a fence debt has nothing to go on to.
    fn owed_by_person(&self, seen: &Seen) -> Option<Observation> {
        let word = self.record().approved.as_ref().filter(|_| self.is_failover() && !self.answered_last(seen))?;
        Some(Observation::FenceOwed { site: self.name.clone(), why: word.why.clone(), by: Some(word.by.clone()) })
    }

    // --- act ------------------------------------------------------------------------------------------------------

    /// Stops the cluster, unless the newest stop still works or was refused for good.
    fn stop(&self, seen: Seen) -> Look {
        let rest = self.view.run.created.plan.timing.cluster_poll;
        let Some(newest) = self.record().last_intent() else { return self.call(seen) };
        let age = (self.view.now - newest.answered_at.unwrap_or(newest.at)).to_std().unwrap_or_default();
        let rests = match &newest.outcome {
            Some(Sent::Rejected { class, message, .. }) if !is_passing(*class) => {
                let why = format!("Azure refused to stop the cluster: {message}");
                return self.unable(seen, why);
            }
            Some(Sent::Throttled { retry_after }) => *retry_after,
            // An accepted stop shows within a poll or two; a cluster that is up after that did not stop.
            Some(outcome) if outcome.is_accepted() => rest * 2,
            _ => rest,
        };
        // Past the deadline a person or the policy decides; it is tried on, less often, in case that Azure recovers.
        let rests = if self.is_overdue() { rests.max(rest * 6) } else { rests };
        if age < rests { self.wait_or_give_up(seen) } else { self.call(seen) }
    }

    fn call(&self, seen: Seen) -> Look {
        let target = self.cluster_id();
        Look::Call { call: Call { verb: Verb::StopCluster, target }, saw: Some(self.fence(seen)) }
    }

    fn cluster_id(&self) -> String {
        self.view.run.created.plan.site(self.name).map(|site| site.cluster.to_string()).unwrap_or_default()
    }

    // --- verify ---------------------------------------------------------------------------------------------------

    /// The primary came back before it was touched. It is not stopped; when it stays, there is no outage any more.
    fn answers_again(&self, seen: Seen) -> Look {
        let hold = self.view.run.created.plan.timing.confirm_hold;
        let since = self.record().observations.last().and_then(|saw| match saw {
            Observation::Fence { origin, .. } if origin.value().is_some_and(OriginView::is_healthy) => Some(origin.at),
            _ => None,
        });
        let held = since.is_some_and(|since| (self.view.now - since).to_std().is_ok_and(|spent| spent >= hold));
        if held && !self.view.run.touched_anything() {
            let because = format!("{} answers again and stayed so, before anything was touched", self.name);
            return Look::NoOutage { because, saw: self.fence(seen) };
        }
        let again_in = self.view.run.created.plan.timing.probe_interval;
        if held && self.is_overdue() {
            return Look::Ask { ask: self.ask_about_return(), saw: Some(self.fence(seen)), again_in };
        }
        Look::Pending { saw: Some(self.fence(seen)), again_in }
    }

    /// A stop that was accepted and goes on is never "unable": it is waited for, with a person told when it takes long.
    fn wait_for_stop(&self, seen: Seen) -> Look {
        if !self.is_overdue() {
            return self.pending(seen);
        }
        let why = "its stop was accepted and is still going on".to_owned();
        self.asks(&why, seen)
    }

    fn wait_or_give_up(&self, seen: Seen) -> Look {
        if !self.is_overdue() {
            return self.pending(seen);
        }
        let why = match (seen.cluster.unknown_reason(), self.record().last_intent().and_then(|it| it.outcome.as_ref()))
        {
            (Some(reason), _) => format!("its cluster cannot be read: {reason}"),
            (None, Some(outcome)) => format!("its cluster was not stopped in time; the newest try: {}", outcome.text()),
            (None, None) => "its cluster did not come to a state in which it can be stopped".to_owned(),
        };
        self.unable(seen, why)
    }

    /// The policy for "cannot be fenced". `continue` never applies while an accepted stop goes on, nor before the old
    /// site's application was seen to be silent.
    fn unable(&self, seen: Seen, why: String) -> Look {
        let policy = self.view.run.created.plan.fence.unable;
        let settled =
            matches!(seen.phase(), Some(ClusterPhase::Up | ClusterPhase::BrokenStart | ClusterPhase::Unclear(_)));
        let begun = self.record().last_accepted().is_some() || self.was_stopping();
        let goes_on = begun && !settled;
        if policy == FenceUnable::Continue && self.is_failover() && seen.is_silent() && !goes_on {
            return Look::Done { proof: Observation::FenceOwed { site: self.name.clone(), why, by: None } };
        }
        self.asks(&why, seen)
    }

    /// Whether the cluster was stopping when it was last seen at all, whoever began that.
    fn was_stopping(&self) -> bool {
        let phases = self.record().observations.iter().rev().filter_map(|saw| match saw {
            Observation::Fence { cluster, .. } => cluster.value().map(ClusterView::phase),
            _ => None,
        });
        phases.take(1).any(|phase| phase == ClusterPhase::Stopping)
    }

    fn asks(&self, why: &str, seen: Seen) -> Look {
        let what = format!("{} is not fenced: {why}.", self.name);
        let ask = match (self.is_failover(), self.answered_last(&seen)) {
            (false, _) => self.ask_for_stop(what, DEBT_MEANS),
            (true, true) => self.ask_for_stop(what, ANSWERS_MEANS),
            (true, false) => self.ask_to_go_on(what),
        };
        Look::Ask { ask, saw: Some(self.fence(seen)), again_in: self.again_in }
    }

    /// Only a deed helps, no approval.
    fn ask_for_stop(&self, what: String, means: &str) -> Ask {
        Ask { what, means: means.into(), commands: self.stop_command(), approve_means: None }
    }

    fn ask_to_go_on(&self, what: String) -> Ask {
        let mut commands = self.stop_command();
        commands.push(format!("reveille approve {} --why \"…\" --execute", self.view.run.created.run));
        Ask {
            what,
            means: "Two sites writing to one database would corrupt it, so the standby is not started before this is \
                    settled. Stop the cluster, or approve to go on and owe the fence."
                .into(),
            commands,
            approve_means: Some(format!("go on although {} is not fenced; the fence is owed", self.name)),
        }
    }

    /// No approval can help here: with the primary answering, going on would make two sites write.
    fn ask_about_return(&self) -> Ask {
        let mut commands = vec![format!("reveille abort {} --why \"…\" --execute", self.view.run.created.run)];
        commands.extend(self.stop_command());
        Ask {
            what: format!(
                "{} answers again, after a stop of its cluster was sent that may not have arrived.",
                self.name
            ),
            means:
                "The standby is not started beside a primary that answers. Abort to stay there, or stop its cluster \
                    to go on."
                    .into(),
            commands,
            approve_means: None,
        }
    }

    fn stop_command(&self) -> Vec<String> {
        let site = self.view.run.created.plan.site(self.name);
        site.map(|site| aks_command("stop", &site.cluster)).into_iter().collect()
    }
}

/// Refusals that pass by themselves; the others need a person or the policy.
fn is_passing(class: FailureClass) -> bool {
    matches!(class, FailureClass::Busy | FailureClass::Preempted | FailureClass::Throttled | FailureClass::Transient)
}
