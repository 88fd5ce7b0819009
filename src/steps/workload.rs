//! What the steps that scale a workload have in common: when the next call may be sent, and what a person is told.

use crate::domain::fact::Fact;
use crate::domain::failure::FailureClass;
use crate::domain::look::Look;
use crate::domain::names::SiteName;
use crate::domain::observation::Observation;
use crate::domain::parking::Scale;
use crate::domain::resource::ResourceId;
use crate::domain::run::{Ask, Call, Sent, StepState, Verb};
use crate::domain::workload::WorkloadView;
use crate::engine::ports::StepView;
use std::time::Duration;

/// A step that brings the workload at one site to its counts.
pub(super) struct Scaling<'a> {
    pub view: &'a StepView,
    pub site: &'a SiteName,
    pub workload: Fact<WorkloadView>,
}

impl Scaling<'_> {
    pub fn saw(&self) -> Observation {
        Observation::Workload { site: self.site.clone(), workload: self.workload.clone() }
    }

    pub fn pending(&self) -> Look {
        Look::Pending { saw: Some(self.saw()), again_in: self.poll() }
    }

    pub fn poll(&self) -> Duration {
        self.view.run.created.plan.timing.workload_poll
    }

    fn record(&self) -> &StepState {
        self.view.record()
    }

    pub fn is_overdue(&self) -> bool {
        self.view.has_run_for(self.view.run.created.plan.timing.workload_deadline)
    }

    /// Sends the scaling, unless its newest try still works. What was refused for good is a person's matter.
    pub fn scale(&self, scale: &Scale) -> Look {
        match self.newest_try(scale) {
            Try::Now => self.call(scale),
            Try::Later(wait) => Look::Pending { saw: Some(self.saw()), again_in: wait.min(self.poll()) },
            Try::Refused { class, message } => self.refused(scale, class, &message),
        }
    }

    fn newest_try(&self, scale: &Scale) -> Try {
        let newest = self.record().intents.iter().rev().find(|intent| intent.call.scale.as_ref() == Some(scale));
        let Some(newest) = newest else { return Try::Now };
        let age = newest.age(self.view.now);
        let rests = match &newest.outcome {
            Some(Sent::Rejected { class, message, .. }) if class.needs_person() => {
                return Try::Refused { class: *class, message: message.clone() };
            }
            Some(Sent::Throttled { retry_after, .. }) => *retry_after,
            _ => self.poll(),
        };
        match rests.checked_sub(age).filter(|left| !left.is_zero()) {
            Some(left) => Try::Later(left),
            None => Try::Now,
        }
    }

    fn call(&self, scale: &Scale) -> Look {
        let target = self.cluster().map(ToString::to_string).unwrap_or_default();
        let call = Call { scale: Some(scale.clone()), ..Call::on(Verb::ScaleWorkload, target) };
        Look::Call { call, saw: Some(self.saw()) }
    }

    pub fn cluster(&self) -> Option<&ResourceId> {
        self.view.run.created.plan.site(self.site).map(|site| &site.cluster)
    }

    fn refused(&self, scale: &Scale, class: FailureClass, message: &str) -> Look {
        self.asks(
            format!("Kubernetes refused to scale {scale}: {message}"),
            class.advice(),
            self.commands([scale.clone()]),
        )
    }

    /// A person can do by hand what Reveille cannot; it keeps looking and goes on when the world shows it.
    pub fn asks(&self, what: String, means: &str, commands: Vec<String>) -> Look {
        let means = format!("{means} Reveille keeps looking and goes on by itself when it is done.");
        let ask = Ask { what, means, commands, approve_means: None };
        Look::Ask { ask, saw: Some(self.saw()), again_in: self.poll() }
    }

    /// The same by hand.
    pub fn commands(&self, scales: impl IntoIterator<Item = Scale>) -> Vec<String> {
        let Some(cluster) = self.cluster() else { return Vec::new() };
        let login = format!(
            "az aks get-credentials --subscription {} --resource-group {} --name {}",
            cluster.subscription(),
            cluster.resource_group(),
            cluster.name()
        );
        let by_hand = |Scale { object, replicas }: Scale| {
            format!(
                "kubectl scale {}/{} --namespace {} --replicas {replicas}",
                object.kind.text().to_ascii_lowercase(),
                object.name,
                object.namespace
            )
        };
        [login].into_iter().chain(scales.into_iter().map(by_hand)).collect()
    }
}

/// What has no replicas, each at one: the least that a person can be shown to type.
pub(super) fn at_one(seen: &WorkloadView) -> Vec<Scale> {
    let parked = seen.parts.iter().filter(|part| part.wanted == 0);
    parked.map(|part| Scale { object: part.object.clone(), replicas: 1 }).collect()
}

enum Try {
    Now,
    Later(Duration),
    Refused { class: FailureClass, message: String },
}
