//! What the steps that scale a workload have in common: when the next call may be sent, and what a person is told.

use crate::domain::fact::Fact;
use crate::domain::failure::FailureClass;
use crate::domain::look::Look;
use crate::domain::names::SiteName;
use crate::domain::observation::Observation;
use crate::domain::parking::Scale;
use crate::domain::report::advice::aks_command;
use crate::domain::resource::ResourceId;
use crate::domain::run::{Ask, Call, Sent, StepState, Verb};
use crate::domain::workload::WorkloadView;
use crate::engine::ports::StepView;
use std::time::Duration;

/// A step that brings the workload at one site to its counts.
pub(super) struct Scaling<'a> {
    pub view: &'a StepView,
    pub site: &'a SiteName,
    /// What was seen of it.
    pub saw: Observation,
}

impl<'a> Scaling<'a> {
    /// A step that sees nothing but the workload itself.
    pub fn of(view: &'a StepView, site: &'a SiteName, workload: Fact<WorkloadView>) -> Self {
        Self { view, site, saw: Observation::Workload { site: site.clone(), workload } }
    }

    pub fn saw(&self) -> Observation {
        self.saw.clone()
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
        match self.newest_try(|call| call.scale.as_ref() == Some(scale)) {
            Try::Now => self.call(scale),
            Try::Later(wait) => self.later(wait),
            Try::Refused { class, message } => self.refused(scale, class, &message),
        }
    }

    pub fn later(&self, wait: Duration) -> Look {
        Look::Pending { saw: Some(self.saw()), again_in: wait.min(self.poll()) }
    }

    /// Whether such a call may be sent now.
    pub fn newest_try(&self, is_such: impl Fn(&Call) -> bool) -> Try {
        let newest = self.record().intents.iter().rev().find(|intent| is_such(&intent.call));
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
        let call = Call { scale: Some(scale.clone()), ..self.in_cluster(Verb::ScaleWorkload) };
        Look::Call { call, saw: Some(self.saw()) }
    }

    /// A call that acts inside of the site's cluster.
    pub fn in_cluster(&self, verb: Verb) -> Call {
        Call::on(verb, self.cluster().map(ToString::to_string).unwrap_or_default())
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
        let by_hand = |Scale { object, replicas }: Scale| {
            format!(
                "kubectl scale {}/{} --namespace {} --replicas {replicas}",
                object.kind.text().to_ascii_lowercase(),
                object.name,
                object.namespace
            )
        };
        self.by_hand(scales.into_iter().map(by_hand).collect())
    }

    /// Commands of `kubectl`, behind the one that lets it in.
    pub fn by_hand(&self, commands: Vec<String>) -> Vec<String> {
        let login = self.cluster().map(|cluster| aks_command("get-credentials", cluster));
        login.into_iter().chain(commands).collect()
    }
}

/// What has no replicas, each at one: the least that a person can be shown to type.
pub(super) fn at_one(seen: &WorkloadView) -> Vec<Scale> {
    let parked = seen.parts.iter().filter(|part| part.wanted == 0);
    parked.map(|part| Scale { object: part.object.clone(), replicas: 1 }).collect()
}

/// Whether a call may be sent.
pub(super) enum Try {
    Now,
    Later(Duration),
    Refused { class: FailureClass, message: String },
}
