//! How long a step usually takes, as far as anybody has written it down. What a plan's own runs took is better; this is
//! what there is before the first of them.

use crate::domain::duration;
use crate::domain::runbook::StepName;
use crate::domain::timing::Timing;
use serde::Serialize;
use std::time::Duration;

/// How long something takes, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expected {
    #[serde(flatten)]
    pub span: Span,
    pub source: &'static str,
}

/// From the quick to the slow side of what is usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Span {
    #[serde(with = "duration")]
    pub from: Duration,
    #[serde(with = "duration")]
    pub to: Duration,
}

impl Span {
    pub const fn seconds(from: u64, to: u64) -> Self {
        Self { from: Duration::from_secs(from), to: Duration::from_secs(to) }
    }

    pub const fn minutes(from: u64, to: u64) -> Self {
        Self::seconds(from * 60, to * 60)
    }

    pub fn plus(self, other: Self) -> Self {
        Self { from: self.from + other.from, to: self.to + other.to }
    }

    /// The later of two that have to be over.
    pub fn later(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), to: self.to.max(other.to) }
    }

    /// `5m to 10m`.
    pub fn text(self) -> String {
        if self.from == self.to {
            return duration::text(self.to);
        }
        format!("{} to {}", duration::text(self.from), duration::text(self.to))
    }
}

/// From the outage to the first step: edges have to see an origin fail, the metric has to reach the rule, the rule to
/// evaluate, its call to arrive.
pub const BEFORE_A_RUN: Expected = Expected {
    span: Span::seconds(120, 390),
    source: "probes of the edge about 60 s; metric alerts 1 to 5 min (learn.microsoft.com); a cold function up to 30 s",
};

/// The documented figure of a step, with the plan's own settings where they decide.
pub fn documented(step: StepName, timing: &Timing) -> Expected {
    let (span, source) = figure(step, timing);
    Expected { span, source }
}

fn figure(step: StepName, timing: &Timing) -> (Span, &'static str) {
    match step {
        StepName::ConfirmOutage => (confirming(timing), "the plan's own confirm_hold, probes and metric_settle"),
        StepName::FencePrimary => {
            let to = Duration::from_secs(600).min(timing.fence_deadline);
            (Span { from: to / 2, to }, "AKS stop about 10 min (docs.rafay.co), or the plan's fence_deadline")
        }
        StepName::StartReplica => (Span::minutes(5, 10), "assumed: Microsoft publishes no figure for an AKS start"),
        StepName::StopReplica => (Span::minutes(5, 10), "AKS stop about 10 min (docs.rafay.co)"),
        StepName::CheckStandby => (looks(timing), "own looks, within probe_timeout"),
        StepName::VerifyPath => {
            (Span::seconds(5, 60), "assumed for the probe pod's image to come and its query to end")
        }
        StepName::VerifyIngress => (looks(timing), "own looks, within probe_timeout"),
        StepName::VerifyWriter => (looks(timing), "own looks, within probe_timeout; a promotion comes on top"),
        StepName::ParkWorkload => {
            (Span::seconds(5, 60), "pods end within their grace period, 30 s by default (kubernetes.io)")
        }
        StepName::ReleaseWorkload => (Span::seconds(1, 10), "two calls to scale"),
        StepName::VerifyApp => (Span::minutes(3, 15), "assumed for SonarQube's pods and search nodes to come up"),
        StepName::VerifyRoute => {
            (Span::minutes(1, 2), "edges find an origin healthy after 1 to 2 min (learn.microsoft.com)")
        }
    }
}

/// Until enough own probes have failed, and until the minutes that the metric reports can be believed.
fn confirming(timing: &Timing) -> Span {
    let probes = timing.probe_interval * timing.confirm_failures.saturating_sub(1) as u32;
    let from = timing.confirm_hold.max(probes);
    Span { from, to: from + timing.metric_settle }
}

fn looks(timing: &Timing) -> Span {
    Span { from: Duration::from_secs(1), to: timing.probe_timeout * 4 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plans_own_settings_decide_where_they_do() {
        let usual = Timing::default();
        assert_eq!(documented(StepName::ConfirmOutage, &usual).span, Span::seconds(40, 160));
        let hasty = Timing { fence_deadline: Duration::from_secs(120), ..usual };
        assert_eq!(documented(StepName::FencePrimary, &hasty).span.text(), "1m to 2m");
    }

    #[test]
    fn spans_add_up_and_wait_for_each_other() {
        let (one, other) = (Span::minutes(1, 5), Span::minutes(2, 3));
        assert_eq!(one.plus(other), Span::minutes(3, 8));
        assert_eq!(one.later(other), Span::minutes(2, 5));
    }
}
