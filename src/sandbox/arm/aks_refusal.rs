//! How AKS refuses a start or stop. Some refusals come in the usual envelope and some flat; each shape and wording is
//! the one quoted in public issues (Azure/AKS, azure-cli-extensions#9855) and support articles.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::sandbox::world::{ClusterRefusal, Operation, OperationKind, Power, Provisioning};

use super::aks;
use super::answer::Answer;
use super::call::Call;

const CODE: &str = "OperationNotAllowed";

/// 404 or 409.
pub(super) fn refused(call: &Call, name: &str, refusal: ClusterRefusal) -> Answer {
    match refusal {
        ClusterRefusal::NotFound => aks::not_found(call, name),
        ClusterRefusal::CannotStart { provisioning, power, since, elapsed } => {
            in_that_state(&cannot_start(provisioning, power, since, elapsed))
        }
        ClusterRefusal::NotRunning { since } => {
            let since = since.format("%Y-%m-%d %H:%M:%S");
            in_that_state(&format!(
                "managed cluster is not currently running, stopping cannot be performed; \
                 the previous operation started at '{since}'"
            ))
        }
        ClusterRefusal::Busy { operation } => busy(&operation, call.world.knobs().busy_in_old_words),
    }
}

fn cannot_start(provisioning: Provisioning, power: Power, since: DateTime<Utc>, elapsed: TimeDelta) -> String {
    let since = since.format("%Y-%m-%d %H:%M:%S");
    let elapsed = format!("{}m{}s", elapsed.num_minutes(), elapsed.num_seconds() % 60);
    format!(
        "managed cluster is in Provisioning State({provisioning}) and Power State({power}), \
         starting cannot be performed The previous operation started at '{since}' and elapsed time is {elapsed}"
    )
}

/// Of an agent pool there is only the old wording, which comes in the envelope; the one of 2026 is flat.
fn busy(operation: &Operation, in_old_words: bool) -> Answer {
    match operation.kind {
        OperationKind::ClusterUpdate { pool: true } => {
            Answer::error(409, CODE, another("agentpool operation (system - Updating)"))
        }
        kind if in_old_words => Answer::error(409, CODE, another(&format!("operation ({})", kind.name()))),
        _ => flat(json!({"code": CODE, "message": in_words_of_2026(operation)})),
    }
}

fn another(what: &str) -> String {
    format!(
        "Operation is not allowed: Another {what} is in progress, please wait for it to finish before starting a new \
         operation. See https://aka.ms/aks-pending-operation for more details"
    )
}

fn in_words_of_2026(operation: &Operation) -> String {
    format!(
        "Operation is not allowed because there's an in progress update managed cluster operation (operation ID: {}) \
         on the managed cluster started on UTC {}. Please wait for it to finish before starting a new operation. \
         You can also use 'az aks operation-abort ...' to abort the ongoing operation.",
        operation.id,
        operation.started.format("%Y-%m-%dT%H:%M:%SZ")
    )
}

fn in_that_state(message: &str) -> Answer {
    flat(json!({"code": CODE, "details": null, "message": message, "subcode": ""}))
}

fn flat(body: Value) -> Answer {
    Answer { status: 409, headers: Vec::new(), body: Some(body) }
}
