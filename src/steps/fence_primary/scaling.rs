//! The cheaper way of the fence: the old site's workload is scaled to zero, and its pods are seen gone. It takes seconds and
//! does not lock the cluster for half an hour.
//!
//! It needs the cluster's API server. One that does not answer at the first look costs no time: the stop is sent at once.
//! What has begun and does not come to its end in time is followed by the stop.

use super::{Seen, Site};
use crate::domain::look::Look;
use crate::domain::parking::Scale;
use crate::domain::run::{Call, Intent, Sent, Verb};
use crate::domain::workload::WorkloadView;
use std::time::Duration;

/// Looks without an answer after a scaling, before the cluster is stopped instead.
const BLIND_LOOKS: u32 = 3;

impl Site<'_> {
    /// What to do on this way; nothing when it does not, or does not any more, lead to the fence.
    pub(super) fn by_scaling(&self, seen: &Seen) -> Option<Look> {
        let workload = seen.workload.as_ref()?.value();
        if let Some(true) = workload.map(WorkloadView::is_parked) {
            return self.at_zero(seen);
        }
        if self.has_accepted_stop() || seen.is_stopping() || self.scaling_is_over() {
            return None;
        }
        match workload {
            Some(workload) => self.scale_down(workload, seen),
            None => self.lost_sight(seen),
        }
    }

    /// Whether pods that were scaled down may still answer while they end.
    pub(super) fn pods_may_end(&self) -> bool {
        let newest = self.record().last_accepted().is_some_and(|intent| intent.call.scale.is_some());
        newest && !self.scaling_is_over()
    }

    /// No pod is left. What answers all the same is no proof of silence.
    fn at_zero(&self, seen: &Seen) -> Option<Look> {
        if !seen.answers() {
            return Some(Look::Done { proof: self.fence(seen.clone()) });
        }
        (!self.scaling_is_over()).then(|| self.soon(seen))
    }

    /// What writes goes first.
    fn scale_down(&self, workload: &WorkloadView, seen: &Seen) -> Option<Look> {
        if workload.parts.is_empty() {
            return None;
        }
        match workload.counts().into_iter().find(|(_, count)| *count > 0) {
            Some((object, _)) => self.scale(Scale { object, replicas: 0 }, seen),
            None => Some(self.soon(seen)),
        }
    }

    fn scale(&self, scale: Scale, seen: &Seen) -> Option<Look> {
        if let Some(newest) = self.scalings().rev().find(|intent| intent.call.scale.as_ref() == Some(&scale)) {
            let rests = match &newest.outcome {
                Some(Sent::Rejected { class, .. }) if class.needs_person() => return None,
                Some(Sent::Throttled { retry_after, .. }) => *retry_after,
                _ => self.workload_poll(),
            };
            if self.age(newest) < rests {
                return Some(self.soon(seen));
            }
        }
        if !self.is_failover() && !seen.other_serves() {
            return Some(self.spare(seen.clone()));
        }
        let call = Call { scale: Some(scale), ..Call::on(Verb::ScaleWorkload, self.cluster_id()) };
        Some(Look::Call { call, saw: Some(self.fence(seen.clone())) })
    }

    /// The API server does not answer. Nothing is lost by waiting a moment for one that took a scaling just now.
    fn lost_sight(&self, seen: &Seen) -> Option<Look> {
        let newest = self.scalings().next_back().filter(|intent| intent.may_have_worked())?;
        (self.age(newest) < self.workload_poll() * BLIND_LOOKS).then(|| self.soon(seen))
    }

    fn scalings(&self) -> impl DoubleEndedIterator<Item = &Intent> {
        self.record().intents.iter().filter(|intent| intent.call.scale.is_some())
    }

    fn scaling_is_over(&self) -> bool {
        let limit = self.view.run.created.plan.timing.fence_scale_deadline;
        self.scalings()
            .next()
            .is_some_and(|first| (self.view.now - first.at).to_std().is_ok_and(|spent| spent >= limit))
    }

    fn soon(&self, seen: &Seen) -> Look {
        Look::Pending { saw: Some(self.fence(seen.clone())), again_in: self.workload_poll() }
    }

    fn workload_poll(&self) -> Duration {
        self.view.run.created.plan.timing.workload_poll
    }
}
