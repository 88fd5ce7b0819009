//! Where a workload stands: what is still missing before it counts as parked or as released.

use super::parts::{PodView, WorkloadPart, WorkloadRef};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many pods each object had before it was parked. Kept in the ledger, to bring back as many.
pub type Counts = BTreeMap<WorkloadRef, u32>;

/// What a selector found in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WorkloadView {
    pub parts: Vec<WorkloadPart>,
    /// Every pod that belongs to one of the parts or that the selector matches itself.
    pub pods: Vec<PodView>,
    /// Why no autoscaler could be looked for, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscalers_unknown: Option<String>,
}

/// A workload's standing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Standing {
    /// Scaled to zero, and no pod of it is left.
    Parked,
    /// It runs, or may still run (what is missing to be parked).
    Unparked { missing: Vec<String> },
    /// The selector matches nothing, so nothing is known: it may be the wrong one.
    Unknown { why: String },
}

impl WorkloadView {
    pub fn standing(&self) -> Standing {
        if self.parts.is_empty() {
            let pods = self.pods.iter().filter(|pod| !pod.is_over()).count();
            let why = match pods {
                0 => "the selector matches no Deployment and no StatefulSet".to_owned(),
                _ => format!("the selector matches {pods} pods, but no Deployment and no StatefulSet"),
            };
            return Standing::Unknown { why };
        }
        let missing = self.missing_to_park();
        if missing.is_empty() { Standing::Parked } else { Standing::Unparked { missing } }
    }

    /// Everything is scaled to zero and no pod is left. Never true of a selector that matches nothing.
    pub fn is_parked(&self) -> bool {
        self.standing() == Standing::Parked
    }

    /// Every object that was counted is back with as many pods as it had, all of them ready.
    pub fn is_released(&self, counts: &Counts) -> bool {
        self.missing_to_release(counts).is_empty()
    }

    /// Something of it is to run.
    pub fn is_wanted(&self) -> bool {
        self.parts.iter().any(|part| part.wanted > 0)
    }

    /// What keeps it from being parked, one line each.
    pub fn missing_to_park(&self) -> Vec<String> {
        let wanted = self.parts.iter().filter_map(WorkloadPart::missing_to_rest);
        let running = self.pods.iter().filter(|pod| !pod.is_over()).map(PodView::text);
        let nothing = self.parts.is_empty().then(|| "the selector matches nothing".to_owned());
        nothing.into_iter().chain(wanted).chain(running).collect()
    }

    /// What keeps it from being released, one line each.
    pub fn missing_to_release(&self, counts: &Counts) -> Vec<String> {
        let nothing = counts.is_empty().then(|| "no counts are known from before it was parked".to_owned());
        let lines = counts.iter().filter_map(|(object, count)| match self.part(object) {
            Some(part) => part.missing_to_run(*count),
            None => Some(format!("{object} is not there")),
        });
        nothing.into_iter().chain(lines).collect()
    }

    pub fn part(&self, object: &WorkloadRef) -> Option<&WorkloadPart> {
        self.parts.iter().find(|part| part.object == *object)
    }

    /// The counts to keep before it is parked.
    pub fn counts(&self) -> Counts {
        self.parts.iter().map(|part| (part.object.clone(), part.wanted)).collect()
    }

    /// Why pods that should run do not, each reason once: what a person has to look at first.
    pub fn waiting(&self) -> Vec<String> {
        let mut reasons: Vec<String> =
            self.pods.iter().filter(|pod| pod.waiting.is_some()).map(PodView::text).collect();
        reasons.sort();
        reasons
    }

    /// `2 objects: Deployment/sonarqube/app 2 of 2 ready, …; 5 pods`.
    pub fn text(&self) -> String {
        let parts = self.parts.iter().map(|part| format!("{} {} of {} ready", part.object, part.ready, part.wanted));
        let parts = parts.collect::<Vec<_>>().join(", ");
        let pods = self.pods.iter().filter(|pod| !pod.is_over()).count();
        match self.standing() {
            Standing::Unknown { why } => why,
            _ => format!("{parts}; {pods} pods"),
        }
    }
}

impl WorkloadPart {
    fn missing_to_rest(&self) -> Option<String> {
        let Self { object, wanted, existing, .. } = self;
        match (wanted, existing) {
            (0, 0) if self.settled => None,
            (0, 0) => Some(format!("{object} has not taken up its new count yet")),
            (0, _) => Some(format!("{object} still counts {existing} pods")),
            _ => Some(format!("{object} still wants {wanted} pods")),
        }
    }

    /// An autoscaler may have chosen another count meanwhile; then any from one on will do.
    fn missing_to_run(&self, count: u32) -> Option<String> {
        let object = &self.object;
        let asked = if self.autoscaler.is_some() && count > 0 { self.wanted > 0 } else { self.wanted == count };
        if !asked {
            return Some(format!("{object} wants {} pods instead of {count}", self.wanted));
        }
        if !self.settled {
            return Some(format!("{object} has not taken up its new count yet"));
        }
        (self.ready < self.wanted).then(|| format!("{object} has {} of {} pods ready", self.ready, self.wanted))
    }
}
