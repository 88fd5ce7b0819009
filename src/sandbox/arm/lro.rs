//! Long-running operations on the wire: signed addresses, status and result.

use serde_json::{Value, json};

use crate::sandbox::world::{Operation, OperationError, OperationStatus, SUBSCRIPTION};

use super::answer::Answer;
use super::call::Call;
use super::route::Route;

/// The api-version in the addresses of AKS operations, whatever the caller's (recorded traffic of azure-cli).
const AKS_VERSION: &str = "2016-03-30";

/// Where the status and the result of an operation are, below the subscription's providers.
pub(super) struct Addresses {
    pub provider: &'static str,
    pub status: &'static str,
    pub result: &'static str,
}

pub(super) const AKS: Addresses =
    Addresses { provider: "Microsoft.ContainerService", status: "operations", result: "operationresults" };
pub(super) const POSTGRES: Addresses =
    Addresses { provider: "Microsoft.DBforPostgreSQL", status: "azureAsyncOperation", result: "operationResults" };

/// 202 with both addresses. The AKS body is empty.
pub(super) fn accepted(call: &Call, addresses: &Addresses, operation: &Operation, body: Option<Value>) -> Answer {
    let version =
        if addresses.provider == AKS.provider { AKS_VERSION } else { call.param("api-version").unwrap_or_default() };
    let query = format!("api-version={version}&{}", operation.signature);
    call.world.sign_operation(&operation.id, &query);
    let address = |last| format!("https://{}{}?{query}", call.host, path(addresses, last, operation));
    Answer { status: 202, headers: Vec::new(), body }
        .with("azure-asyncoperation", address(addresses.status))
        .with("location", address(addresses.result))
}

/// Only the space of a display name needs encoding.
fn path(addresses: &Addresses, last: &str, operation: &Operation) -> String {
    let location = operation.location.replace(' ', "%20");
    format!(
        "/subscriptions/{SUBSCRIPTION}/providers/{}/locations/{location}/{last}/{}",
        addresses.provider, operation.id
    )
}

/// An address of an operation has to come back byte for byte.
///
/// # Errors
/// 404 when ARM does not know the operation any more; 403 when the address was changed.
pub(super) fn check_signature(call: &Call, route: &Route) -> Result<(), Answer> {
    let (id, addresses) = match route {
        Route::Aks(target) => (target.operation_id(), &AKS),
        Route::Postgres(target) => (target.operation_id(), &POSTGRES),
        _ => (None, &AKS),
    };
    let id = id.unwrap_or_default();
    let operation = call.world.operation(id).ok_or_else(|| expired(id))?;
    let same_path =
        [addresses.status, addresses.result].iter().any(|last| call.path == path(addresses, last, &operation));
    if same_path && call.raw_query == operation.signature {
        return Ok(());
    }
    let message = "The signature of the operation's address does not match.";
    Err(call.unknown(Answer::error(403, "AuthorizationFailed", message)))
}

fn expired(id: &str) -> Answer {
    Answer::error(404, "NotFound", format!("The entity was not found: operation '{id}'."))
}

/// Body of the status address.
pub(super) fn status(operation: &Operation, with_end: bool) -> Answer {
    let mut body = json!({
        "name": operation.id,
        "status": format!("{:?}", operation.status),
        "startTime": time(operation.started),
    });
    if let Some(ended) = operation.ended.filter(|_| with_end) {
        body["endTime"] = time(ended).into();
    }
    if let Some(error) = shown_error(operation) {
        body["error"] = json!({"code": error.code, "message": error.message});
    }
    Answer::ok(body)
}

/// The real error, or else the one that AKS shows beside good news.
fn shown_error(operation: &Operation) -> Option<OperationError> {
    let beside = operation.outcome.error_beside.then(|| {
        OperationError::new(
            "NotLatestOperation",
            "Cannot proceed with the operation. Either the operation has been preempted by another one, \
             or the information needed by the operation failed to be saved (or hasn't been saved yet).",
        )
    });
    operation.error.clone().or(beside)
}

/// Answer of the result address: 202 while it goes on, then what `done` says, or the error.
pub(super) fn result(
    call: &Call,
    addresses: &Addresses,
    operation: &Operation,
    done: impl FnOnce() -> Answer,
) -> Answer {
    let here = format!("https://{}{}?{}", call.host, path(addresses, addresses.result, operation), operation.signature);
    match operation.status {
        OperationStatus::InProgress => Answer::empty(202).with("location", here),
        OperationStatus::Succeeded => done().with("location", here),
        OperationStatus::Failed | OperationStatus::Canceled => match &operation.error {
            Some(error) => Answer::error(409, &error.code, error.message.clone()),
            None => Answer::error(409, "OperationFailed", "The operation did not succeed."),
        },
    }
}

/// Seven digits of a second, as .NET writes them.
pub(super) fn time(at: chrono::DateTime<chrono::Utc>) -> String {
    format!("{}{:07}Z", at.format("%Y-%m-%dT%H:%M:%S."), at.timestamp_subsec_nanos() / 100)
}
