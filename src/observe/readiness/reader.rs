//! One read after the other, each with its own time, so many at once.

use super::super::Observer;
use crate::azure::{Answer, ArmError};
use crate::domain::duration;
use crate::domain::plan::Plan;
use crate::domain::readiness::{Read, Unread};
use std::future::Future;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Reads of Azure at once: an assessment is in no hurry, and a failover may be about to need the same token buckets.
const AT_ONCE: usize = 4;

pub(super) struct Reader<'a> {
    pub observer: &'a Observer,
    pub plan: &'a Plan,
    /// Whether Azure can be asked at all.
    pub open: bool,
    turns: Semaphore,
}

impl<'a> Reader<'a> {
    pub fn new(observer: &'a Observer, plan: &'a Plan, open: bool) -> Self {
        Self { observer, plan, open, turns: Semaphore::new(AT_ONCE) }
    }

    /// Asks Azure. `action` is what the identity needs for it, at `scope`.
    pub async fn ask<T>(
        &self,
        action: &str,
        scope: &str,
        asking: impl Future<Output = Result<Answer<T>, ArmError>>,
    ) -> Read<T> {
        if !self.open {
            return Err(Unread::NotAsked);
        }
        // Closed never: the reader outlives its reads.
        let _turn = self.turns.acquire().await;
        let patience = self.plan.timing.arm_timeout;
        match timeout(patience, asking).await {
            Ok(Ok(answer)) => Ok(answer.value),
            Ok(Err(error)) => Err(unread(&error, action, scope)),
            Err(_) => Err(Unread::failed(format!("no answer within {}", duration::text(patience)))),
        }
    }
}

fn unread(error: &ArmError, action: &str, scope: &str) -> Unread {
    match error {
        ArmError::Refused { refusal, .. } if refusal.status == 403 => {
            Unread::denied(action, scope, &refusal.error.message)
        }
        ArmError::Refused { refusal, .. } if refusal.status == 404 => Unread::NotThere { why: refusal.to_string() },
        other => Unread::failed(other.text()),
    }
}
