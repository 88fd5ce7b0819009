//! From error codes and texts to [`FailureClass`].
//!
//! Codes: learn.microsoft.com, AKS and Azure Resource Manager troubleshooting pages. Where a code says nothing
//! (`OperationNotAllowed`, `BadRequest`) the message decides, by fragments quoted in public issues.

use super::service_error::ServiceError;
use crate::domain::failure::FailureClass::{self, *};

const CODES: &[(&str, FailureClass)] = &[
    ("AksCapacityHeavyUsage", Capacity),
    ("AKSCapacityError", Capacity),
    ("AllocationFailed", Capacity),
    ("ZonalAllocationFailed", Capacity),
    ("OverconstrainedAllocationRequest", Capacity),
    ("OverconstrainedZonalAllocationRequest", Capacity),
    // Mostly "currently not available in location …": the same machines may be there in a while.
    ("SkuNotAvailable", Capacity),
    ("QuotaExceeded", Quota),
    ("InsufficientVCPUQuota", Quota),
    ("ErrCode_InsufficientVCPUQuota", Quota),
    ("PublicIPCountLimitReached", Quota),
    ("AvailabilityZoneNotSupported", Sku),
    ("VMSizeNotSupported", Sku),
    ("SubnetIsFull", Network),
    ("ServicePrincipalValidationClientError", Identity),
    ("InvalidClientSecret", Identity),
    ("ExpiredAuthenticationToken", Identity),
    ("InvalidAuthenticationToken", Identity),
    ("InvalidAuthenticationTokenTenant", Identity),
    ("AuthenticationFailed", Identity),
    ("AuthorizationFailed", Permission),
    ("LinkedAuthorizationFailed", Permission),
    ("RequestDisallowedByPolicy", Permission),
    ("ResourceNotFound", NotFound),
    ("ResourceGroupNotFound", NotFound),
    ("SubscriptionNotFound", NotFound),
    ("ParentResourceNotFound", NotFound),
    ("AKSOperationPreempted", Preempted),
    ("AKSOperationPreemptedByDelete", Preempted),
    ("NotLatestOperation", Preempted),
    ("EtagMismatch", Busy),
    ("ServerIsBusy", Busy),
    ("ServerBusy", Busy),
    ("ServerIsNotReady", Busy),
    ("ServerUnavailableForOperation", Busy),
    ("Throttled", Throttled),
    ("SubscriptionRequestsThrottled", Throttled),
    ("TooManyRequests", Throttled),
    ("ScopeLocked", Locked),
    // No control plane yet; starting again helps.
    ("KubernetesAPICallFailed", Transient),
    ("InternalServerError", Transient),
    ("ServiceUnavailable", Transient),
    ("GatewayTimeout", Transient),
    ("ServerTimeout", Transient),
];

/// Fragments of messages, compared in lower case, for codes that say nothing by themselves.
const FRAGMENTS: &[(&str, FailureClass)] = &[
    ("aadsts", Identity),
    ("capacity restrictions", Capacity),
    ("is not allowed in your subscription", Sku),
    ("quota", Quota),
    ("is in progress", Busy),
    ("in progress", Busy),
    ("is busy processing", Busy),
];

/// The class of a failed operation, or of an answer with this HTTP status.
pub fn classify(status: Option<u16>, error: &ServiceError) -> FailureClass {
    let errors = error.innermost_first();
    let by_code = || errors.iter().find_map(|error| by_code(&error.code));
    let by_quoted = || errors.iter().find_map(|error| by_quoted_code(&error.message));
    let by_text = || errors.iter().find_map(|error| by_fragment(&error.message));
    by_code().or_else(by_quoted).or_else(by_text).unwrap_or_else(|| by_status(status))
}

fn by_code(code: &str) -> Option<FailureClass> {
    if code.get(..17).is_some_and(|start| start.eq_ignore_ascii_case("VMExtensionError_")) {
        return Some(Network);
    }
    CODES.iter().find(|(known, _)| known.eq_ignore_ascii_case(code)).map(|(_, class)| *class)
}

/// AKS passes on what the compute service said as text: `Code="AllocationFailed" Message="…"`, quoted once or more.
fn by_quoted_code(message: &str) -> Option<FailureClass> {
    let quoted = message.match_indices("Code=").map(|(at, mark)| &message[at + mark.len()..]);
    quoted
        .filter_map(|rest| {
            let rest = rest.trim_start_matches(['"', '\\', '\'']);
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            by_code(&rest[..end])
        })
        .last()
}

fn by_fragment(message: &str) -> Option<FailureClass> {
    let message = message.to_ascii_lowercase();
    FRAGMENTS.iter().find(|(fragment, _)| message.contains(fragment)).map(|(_, class)| *class)
}

fn by_status(status: Option<u16>) -> FailureClass {
    match status {
        Some(401) => Identity,
        Some(403) => Permission,
        Some(404) => NotFound,
        Some(429) => Throttled,
        Some(408 | 500 | 502 | 503 | 504) => Transient,
        _ => Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, message: &str) -> ServiceError {
        ServiceError { code: code.into(), message: message.into(), details: vec![] }
    }

    #[test]
    fn codes_decide_and_casing_does_not() {
        for (code, class) in CODES {
            assert_eq!(classify(Some(409), &error(code, "")), *class, "{code}");
            assert_eq!(classify(None, &error(&code.to_ascii_uppercase(), "")), *class, "{code}");
        }
        assert_eq!(classify(None, &error("VMExtensionError_OutBoundConnFail", "")), Network);
    }

    #[test]
    fn messages_decide_where_the_code_says_nothing() {
        let table = [
            (
                "BadRequest",
                "The VM size of AgentPoolProfile:np is not allowed in your subscription in location 'x'",
                Sku,
            ),
            ("OperationNotAllowed", "results in exceeding approved standardDSv3Family Cores quota", Quota),
            ("BadRequest", "AADSTS7000222: The provided client secret keys are expired", Identity),
            ("OperationNotAllowed", "Another operation (Updating) is in progress, please wait", Busy),
            (
                "ResourceOperationFailure",
                r#"original error: Code="OverconstrainedZonalAllocationRequest" Message="no""#,
                Capacity,
            ),
            ("ReconcileFailed", r#"Code="Wrapped" Message="Code=\"QuotaExceeded\" Message=\"no\"""#, Quota),
            ("SomethingNew", "never seen", Other),
        ];
        for (code, message, class) in table {
            assert_eq!(classify(Some(400), &error(code, message)), class, "{code}: {message}");
        }
    }

    #[test]
    fn the_cause_inside_wins_over_the_wrapping() {
        let mut wrapped = error("InternalServerError", "");
        wrapped.details.push(error("ZonalAllocationFailed", ""));
        assert_eq!(classify(Some(500), &wrapped), Capacity);
    }

    proptest::proptest! {
        #[test]
        fn no_text_upsets_the_reading(code in ".{0,20}", message in ".{0,20}(Code=)?[\"\\\\]{0,3}.{0,20}") {
            let body = serde_json::json!({"error": {"code": &code, "message": &message}}).to_string();
            classify(None, &ServiceError::from_body(body.as_bytes()));
            classify(Some(500), &ServiceError::from_body(message.as_bytes()));
        }
    }

    #[test]
    fn the_status_is_the_last_resort() {
        for (status, class) in [(401, Identity), (403, Permission), (404, NotFound), (429, Throttled), (503, Transient)]
        {
            assert_eq!(classify(Some(status), &ServiceError::default()), class);
        }
        assert_eq!(classify(Some(418), &ServiceError::default()), Other);
        assert_eq!(classify(None, &ServiceError::default()), Other);
    }
}
