//! What Azure and the clusters answer to mutating calls, in the journal's words. An error means that nothing was sent;
//! `pause` is for a throttled call that was not told for how long.

use crate::azure::{self, ArmError};
use crate::domain::run::Sent;
use crate::kubernetes::{self, KubernetesError};
use std::time::Duration;

pub(super) fn by_azure(answer: Result<azure::Sent, ArmError>, pause: Duration) -> Sent {
    match answer {
        Ok(azure::Sent::Accepted { operation, request_ids }) => Sent::Accepted { operation, request_ids },
        Ok(azure::Sent::NothingToDo { .. }) => Sent::AlreadyThere { said: "there was nothing to wait for".into() },
        Ok(azure::Sent::AlreadyThere { text, .. }) => Sent::AlreadyThere { said: text },
        Ok(azure::Sent::Busy { text, .. }) => Sent::Busy { said: text },
        Ok(azure::Sent::Rejected { class, code, message, request_ids }) => {
            Sent::Rejected { class, code, message, request_ids }
        }
        Ok(azure::Sent::Throttled { retry_after, .. }) => {
            Sent::Throttled { retry_after: retry_after.unwrap_or(pause), held_back: false }
        }
        Ok(azure::Sent::Unknown { reason, request_ids }) => Sent::Unknown { reason, request_ids },
        Err(ArmError::HeldBack { wait, .. }) => Sent::Throttled { retry_after: wait, held_back: true },
        Err(error) => Sent::NotSent { reason: error.text() },
    }
}

pub(super) fn by_cluster(answer: Result<kubernetes::Sent, KubernetesError>, pause: Duration) -> Sent {
    use kubernetes::Sent as Told;
    match answer {
        Ok(Told::Accepted { request_ids, .. }) => Sent::Accepted { operation: None, request_ids },
        Ok(Told::AlreadyThere { text, .. }) => Sent::AlreadyThere { said: text },
        Ok(Told::Rejected { class, code, message, request_ids, .. }) => {
            Sent::Rejected { class, code, message, request_ids }
        }
        Ok(Told::Throttled { retry_after, .. }) => {
            Sent::Throttled { retry_after: retry_after.unwrap_or(pause), held_back: false }
        }
        Ok(Told::Unknown { reason, request_ids, .. }) => Sent::Unknown { reason, request_ids },
        Err(error) => Sent::NotSent { reason: error.text() },
    }
}
