//! What a look of a step came to. Steps observe and decide; the engine journals and lets them send.

use super::failure::FailureClass;
use super::observation::Observation;
use super::run::{Ask, Call};
use std::time::Duration;

/// The result of one look at the world.
#[derive(Debug, Clone, PartialEq)]
pub enum Look {
    /// Not there yet; look again after that time.
    Pending {
        saw: Option<Observation>,
        again_in: Duration,
    },
    /// A mutating call is needed. The engine journals the intent, checks its claim, and lets the step send it.
    Call {
        call: Call,
        saw: Option<Observation>,
    },
    /// Only a person can go on. The step keeps looking and goes on by itself when the world shows it was done.
    Ask {
        ask: Ask,
        saw: Option<Observation>,
        again_in: Duration,
    },
    /// The step is proven.
    Done {
        proof: Observation,
    },
    /// There is no outage: the run ends and has touched nothing.
    NoOutage {
        because: String,
        saw: Observation,
    },
    Failed {
        class: FailureClass,
        message: String,
        saw: Option<Observation>,
    },
}

impl Look {
    pub fn saw(&self) -> Option<&Observation> {
        match self {
            Look::Pending { saw, .. } | Look::Call { saw, .. } | Look::Ask { saw, .. } | Look::Failed { saw, .. } => {
                saw.as_ref()
            }
            Look::NoOutage { saw, .. } => Some(saw),
            Look::Done { .. } => None,
        }
    }

    pub fn again_in(&self) -> Option<Duration> {
        match self {
            Look::Pending { again_in, .. } | Look::Ask { again_in, .. } => Some(*again_in),
            _ => None,
        }
    }
}
