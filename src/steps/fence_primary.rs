//! `fence-primary`: the old site must take no writes. Its workload is scaled to zero where the plan wants that and its API
//! server answers; else its cluster is stopped, or the plan's policy applies.
//!
//! Calls: read of the cluster, and of the workload in it; own probe of its origin; `scale` of each object; `stop` of the
//! cluster.
//! Permissions: `Microsoft.ContainerService/managedClusters/read` and `…/stop/action` on the old site's cluster; where it scales,
//! as `release-workload` on that cluster.

mod asks;
mod scaling;

use crate::domain::application::OriginView;
use crate::domain::cluster::{ClusterPhase, ClusterView};
use crate::domain::fact::Fact;
use crate::domain::look::Look;
use crate::domain::names::SiteName;
use crate::domain::observation::Observation;
use crate::domain::plan::FenceUnable;
use crate::domain::run::{Call, Intent, Sent, StepState, Verb};
use crate::domain::runbook::{RunKind, StepName};
use crate::domain::workload::WorkloadView;
use crate::engine::ports::StepView;
use std::time::Duration;

// --- inputs -----------------------------------------------------------------------------------------------------

/// What was seen of the old site.
#[derive(Clone)]
pub struct Seen {
    pub cluster: Fact<ClusterView>,
    pub origin: Fact<OriginView>,
    /// The origin of the site that serves, for a run that only pays a fence debt.
    pub other: Option<Fact<OriginView>>,
    /// What runs in its cluster, where the plan scales that to zero and may still do so.
    pub workload: Option<Fact<WorkloadView>>,
}

impl Seen {
    fn phase(&self) -> Option<ClusterPhase> {
        self.cluster.value().map(ClusterView::phase)
    }

    fn answers(&self) -> bool {
        self.origin.value().is_some_and(OriginView::is_healthy)
    }

    /// Not the opposite of [`Self::answers`]: what answers as an ill one may write, and a probe that could not be made
    /// says neither.
    fn is_silent(&self) -> bool {
        self.origin.value().is_some_and(OriginView::is_silent)
    }

    /// Another operation on a pool is no reason to wait: a cluster that is on as a whole takes a stop, or says why not.
    fn can_be_stopped(&self) -> bool {
        match self.phase() {
            Some(ClusterPhase::Up | ClusterPhase::BrokenStart | ClusterPhase::Unclear(_)) => true,
            Some(ClusterPhase::Busy(_)) => self.is_on(),
            _ => false,
        }
    }

    fn is_on(&self) -> bool {
        self.cluster.value().is_some_and(ClusterView::is_on)
    }

    fn other_serves(&self) -> bool {
        self.other.as_ref().and_then(Fact::value).is_some_and(OriginView::is_healthy)
    }

    fn is_stopping(&self) -> bool {
        self.phase() == Some(ClusterPhase::Stopping)
    }
}

/// Whether the next stop may be sent.
enum Try {
    Now,
    Later,
    Refused { message: String },
}

/// Whether Azure took a stop: from then on the cluster goes, and its workload with it.
pub(super) fn has_accepted_stop(step: &StepState) -> bool {
    let accepted = |intent: &&Intent| intent.outcome.as_ref().is_some_and(Sent::is_accepted);
    step.intents.iter().filter(accepted).any(|intent| intent.call.verb == Verb::StopCluster)
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
        return if seen.answers() { site.runs_on(seen) } else { Look::Done { proof: site.fence(seen) } };
    }
    if view.record().owes() {
        return site.pay(seen);
    }
    if site.must_be_down() && seen.answers() && !seen.is_stopping() {
        match view.record().last_accepted() {
            None => return site.answers_again(seen),
            Some(_) if site.pods_may_end() => {}
            Some(deed) if seen.is_on() => return site.had_no_effect(deed, seen),
            Some(_) => {}
        }
    }
    if let Some(owed) = site.owed_by_person(&seen) {
        return Look::Done { proof: owed };
    }
    if let Some(look) = site.by_scaling(&seen) {
        return look;
    }
    match phase {
        Some(ClusterPhase::Stopping) => site.wait_for_stop(seen),
        _ if seen.can_be_stopped() => site.stop(seen),
        _ => site.wait_or_give_up(seen),
    }
}

impl Site<'_> {
    fn fence(&self, seen: Seen) -> Observation {
        let Seen { cluster, origin, workload, .. } = seen;
        Observation::Fence { site: self.name.clone(), cluster, origin, workload: workload.map(Box::new) }
    }

    fn pending(&self, seen: Seen) -> Look {
        let again_in = self.throttled_for().map_or(self.again_in, |left| left.min(self.again_in));
        Look::Pending { saw: Some(self.fence(seen)), again_in }
    }

    /// How long Azure takes no stop yet, so that the turn is not slept through.
    fn throttled_for(&self) -> Option<Duration> {
        let newest = self.record().last_intent()?;
        let Some(Sent::Throttled { retry_after, .. }) = &newest.outcome else { return None };
        retry_after.checked_sub(self.age(newest)).filter(|left| !left.is_zero())
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
        self.view.has_run_for(self.view.run.created.plan.timing.fence_deadline)
    }

    fn is_failover(&self) -> bool {
        self.view.run.created.kind == RunKind::Failover
    }

    /// Whether anything of the old site answered when its origin was last seen at all: a probe that could not be made
    /// takes back nothing that an earlier one has seen.
    fn answered_last(&self, seen: &Seen) -> bool {
        let earlier = self.record().observations.iter().rev().filter_map(|saw| match saw {
            Observation::Fence { origin, .. } => origin.value(),
            _ => None,
        });
        seen.origin.value().into_iter().chain(earlier).next().is_some_and(|origin| !origin.is_silent())
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
        match self.next_try() {
            Try::Now => self.call(seen),
            Try::Later => self.wait_or_give_up(seen),
            Try::Refused { message } => self.unable(seen, format!("Azure refused to stop the cluster: {message}")),
        }
    }

    /// The run went on and owes the fence: it is paid at first contact, as long as that takes nothing away. Nobody is
    /// asked again; what cannot be paid stays owed.
    fn pay(&self, seen: Seen) -> Look {
        if self.must_be_down() && seen.answers() && !self.standby_is_released() {
            return self.left_alone(seen);
        }
        if let Some(look) = self.by_scaling(&seen) {
            return look;
        }
        match self.next_try() {
            Try::Now if seen.can_be_stopped() => self.call(seen),
            _ => self.pending(seen),
        }
    }

    /// Whether the standby's cluster runs, starts, or may have been told to just now.
    fn standby_is_released(&self) -> bool {
        if self.view.run.created.standby_workload.is_parked() {
            let release = self.view.run.step(StepName::ReleaseWorkload);
            return release.is_some_and(|step| step.intents.iter().any(Intent::may_have_worked));
        }
        let Some(start) = self.view.run.step(StepName::StartReplica) else { return false };
        let seen = start.observations.iter().chain(&start.proof).rev().find_map(|saw| match saw {
            Observation::Cluster { cluster, .. } => cluster.value().map(ClusterView::phase),
            _ => None,
        });
        let just_now = start.last_intent().is_some_and(|it| it.may_have_worked() && self.age(it) < self.again_in * 2);
        let off = Some(ClusterPhase::Down);
        just_now || seen.is_some() && seen != off && seen != Some(ClusterPhase::BrokenStart)
    }

    fn age(&self, intent: &Intent) -> Duration {
        intent.age(self.view.now)
    }

    fn next_try(&self) -> Try {
        let rest = self.again_in;
        let Some(newest) = self.stops().next() else { return Try::Now };
        let rests = match &newest.outcome {
            Some(Sent::Rejected { class, message, .. }) if class.needs_person() => {
                return Try::Refused { message: message.clone() };
            }
            Some(Sent::Throttled { retry_after, .. }) => *retry_after,
            // An accepted stop shows within a poll or two; a cluster that is up after that did not stop.
            Some(outcome) if outcome.is_accepted() => rest * 2,
            _ => rest,
        };
        // Past the deadline a person or the policy decides; it is tried on, less often, in case that Azure recovers.
        let rests = if self.is_overdue() { rests.max(rest * 6) } else { rests };
        if self.age(newest) < rests { Try::Later } else { Try::Now }
    }

    fn call(&self, seen: Seen) -> Look {
        if !self.is_failover() && !seen.other_serves() {
            return self.spare(seen);
        }
        let target = self.cluster_id();
        Look::Call { call: Call::on(Verb::StopCluster, target), saw: Some(self.fence(seen)) }
    }

    /// Its stops, newest first.
    fn stops(&self) -> impl Iterator<Item = &Intent> {
        self.record().intents.iter().rev().filter(|intent| intent.call.verb == Verb::StopCluster)
    }

    fn has_accepted_stop(&self) -> bool {
        has_accepted_stop(self.record())
    }

    fn cluster_id(&self) -> String {
        self.view.run.created.plan.site(self.name).map(|site| site.cluster.to_string()).unwrap_or_default()
    }

    // --- verify ---------------------------------------------------------------------------------------------------

    /// The primary came back before it was touched. It is not stopped; when it stays, a person decides.
    fn answers_again(&self, seen: Seen) -> Look {
        if self.stayed() && self.view.run.touched_anything() && self.is_overdue() {
            return self.asks_about_return("a stop of its cluster was sent that may not have arrived", seen);
        }
        self.left_alone(seen)
    }

    /// The primary answers and nothing serves in its place: it is looked at. When it stays, there is no outage any more.
    fn left_alone(&self, seen: Seen) -> Look {
        if self.stayed() && !self.view.run.touched_anything() {
            let because = format!("{} answers again and stayed so, before anything was touched", self.name);
            return Look::NoOutage { because, saw: self.fence(seen) };
        }
        Look::Pending { saw: Some(self.fence(seen)), again_in: self.view.run.created.plan.timing.probe_interval }
    }

    /// Whether the primary has answered for the hold time.
    fn stayed(&self) -> bool {
        let hold = self.view.run.created.plan.timing.confirm_hold;
        let since = self.record().observations.last().and_then(|saw| match saw {
            Observation::Fence { origin, .. } if origin.value().is_some_and(OriginView::is_healthy) => Some(origin.at),
            _ => None,
        });
        since.is_some_and(|since| (self.view.now - since).to_std().is_ok_and(|spent| spent >= hold))
    }

    /// It runs and answers after what should have silenced it: to do that once more is a person's matter.
    fn had_no_effect(&self, deed: &Intent, seen: Seen) -> Look {
        if self.age(deed) < self.again_in * 2 {
            return self.pending(seen);
        }
        let deed = if deed.call.scale.is_some() { "scaling its workload to zero" } else { "a stop of its cluster" };
        self.asks_about_return(&format!("{deed} was accepted and had no effect"), seen)
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
        let begun = self.has_accepted_stop() || self.was_stopping();
        let goes_on = begun && !seen.can_be_stopped();
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
}
