//! What the storage said no with, and what helps (learn.microsoft.com, "Blob service error codes", "Common REST API
//! error codes").

use super::place::Use;
use crate::azure::retry::retry_after;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, Headers};
use azure_storage_blob::StorageError;
use chrono::{DateTime, TimeDelta, Utc};
use std::fmt;
use std::time::Duration;

/// Clocks further apart than this are worth a word when a token is not accepted: tokens are good for minutes before
/// and after.
const WORTH_A_WORD: TimeDelta = TimeDelta::minutes(4);

/// What a refusal means for whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    NoBlob,
    NoContainer,
    /// The log has another length, the document another tag.
    Moved,
    Exists,
    /// The range begins behind the end.
    BehindEnd,
    /// A policy for keeping data forbids it.
    Immutable,
    Leased,
    NoRole,
    /// The account's network rules.
    Network,
    /// The token is too old, too new, or for somebody else.
    Token,
    AccountOff,
    /// The append blob has all the blocks it may have.
    Full,
    TooLarge,
    Sealed,
    WrongKind,
    /// Too many calls, or a server that is being replaced.
    Busy,
    Other,
}

/// A refusal in the storage's words, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The storage's own error code, such as `ContainerNotFound`.
    pub code: String,
    /// The first sentence of what it says.
    pub message: String,
    pub meaning: Meaning,
    /// The container's address.
    pub place: String,
    pub of: Use,
    pub retry_after: Option<Duration>,
    /// This machine's clock minus the storage's, where that is what may be wrong.
    pub skew: Option<TimeDelta>,
    /// For a support case.
    pub request_id: Option<String>,
}

impl Refusal {
    pub(super) fn read(error: Error, place: &str, of: Use) -> Self {
        let status = error.http_status().map_or(0, u16::from);
        let headers = headers(&error);
        let header = |name: &'static str| headers.get_optional_string(&HeaderName::from_static(name));
        let code = header("x-ms-error-code").unwrap_or_default();
        let meaning = meaning(status, &code);
        let (date, now) = (header("date"), Utc::now());
        Self {
            retry_after: header("retry-after").and_then(|wait| retry_after(&wait, date.as_deref(), now)),
            skew: (meaning == Meaning::Token).then(|| skew(date.as_deref()?, now)).flatten(),
            request_id: header("x-ms-request-id"),
            message: message(error),
            place: place.to_owned(),
            status,
            code,
            meaning,
            of,
        }
    }

    fn advice(&self) -> String {
        let place = &self.place;
        match self.meaning {
            Meaning::NoContainer => format!("there is no container {place}; create it, or correct store.url"),
            Meaning::Immutable if self.of == Use::Logs => format!(
                "the immutability policy of {place} forbids appends; set allowProtectedAppendWrites, and remove a legal hold that does not allow them"
            ),
            Meaning::Immutable => {
                format!("{place} holds documents that are overwritten; it must have no immutability policy")
            }
            Meaning::Leased => {
                format!("somebody holds a lease in {place}; break it with `az storage blob lease break` or `az storage container lease break`")
            }
            Meaning::NoRole => format!(
                "the identity may not do this; assign it Storage Blob Data Contributor on {place} (at least its data actions {ACTIONS}); a new assignment takes up to ten minutes"
            ),
            Meaning::Network => {
                "the account's network rules turn this machine away; allow its subnet or address, or use a private endpoint"
                    .to_owned()
            }
            Meaning::Token => format!("the token was not accepted{}", clock(self.skew)),
            Meaning::AccountOff => "the storage account is switched off".to_owned(),
            Meaning::Full => "the append blob has its 50,000 blocks and takes no more".to_owned(),
            Meaning::TooLarge => "it is larger than one call may be".to_owned(),
            Meaning::Sealed => "the append blob was sealed and takes no more".to_owned(),
            Meaning::WrongKind => format!("a blob of another kind has this name in {place}"),
            Meaning::Busy => "the storage is busy".to_owned(),
            Meaning::NoBlob | Meaning::Moved | Meaning::Exists | Meaning::BehindEnd | Meaning::Other => String::new(),
        }
    }
}

/// What a role has to allow, at least.
const ACTIONS: &str =
    "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/{read,write,add/action}, and delete for retention";

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        let said = [&self.code, &self.message].into_iter().filter(|text| !text.is_empty());
        for text in said {
            write!(f, " {text}")?;
        }
        let advice = self.advice();
        if !advice.is_empty() {
            write!(f, ": {advice}")?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        }
    }
}

fn clock(skew: Option<TimeDelta>) -> String {
    let Some(skew) = skew.filter(|skew| skew.abs() > WORTH_A_WORD) else { return String::new() };
    let way = if skew > TimeDelta::zero() { "ahead of" } else { "behind" };
    format!("; this machine's clock is {} min {way} the storage's: set it right", skew.num_minutes().abs())
}

/// This machine's clock minus the storage's.
fn skew(date: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    DateTime::parse_from_rfc2822(date).ok().map(|date| now - date.to_utc())
}

fn headers(error: &Error) -> Headers {
    match error.kind() {
        ErrorKind::HttpResponse { raw_response: Some(response), .. } => response.headers().clone(),
        _ => Headers::new(),
    }
}

/// The first line: the others repeat the request's id and the time. Why a token was refused stands apart.
fn message(error: Error) -> String {
    let Ok(told) = StorageError::try_from(error) else { return String::new() };
    let first = |text: String| text.lines().next().unwrap_or_default().trim().to_owned();
    let said = [told.message, told.authentication_error_detail].into_iter().flatten().map(first);
    said.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// By the code, since statuses are shared: 412 is a position that has moved, or a lease.
fn meaning(status: u16, code: &str) -> Meaning {
    match code {
        "ContainerNotFound" | "ContainerBeingDeleted" | "ContainerDisabled" => Meaning::NoContainer,
        "AppendPositionConditionNotMet" | "ConditionNotMet" => Meaning::Moved,
        "BlobAlreadyExists" | "ResourceAlreadyExists" => Meaning::Exists,
        "BlobImmutableDueToPolicy" => Meaning::Immutable,
        "AuthorizationPermissionMismatch" | "InsufficientAccountPermissions" => Meaning::NoRole,
        "AuthorizationFailure" | "AuthorizationSourceIPMismatch" => Meaning::Network,
        "AccountIsDisabled" => Meaning::AccountOff,
        "BlockCountExceedsLimit" | "MaxBlobSizeConditionNotMet" => Meaning::Full,
        "RequestBodyTooLarge" => Meaning::TooLarge,
        "BlobIsSealed" => Meaning::Sealed,
        "InvalidBlobType" => Meaning::WrongKind,
        code if code.starts_with("Lease") => Meaning::Leased,
        _ => by_status(status),
    }
}

fn by_status(status: u16) -> Meaning {
    match status {
        401 | 403 => Meaning::Token,
        // A HEAD of a missing container has no body, and some services no code.
        404 => Meaning::NoBlob,
        412 => Meaning::Moved,
        416 => Meaning::BehindEnd,
        408 | 429 | 500 | 502 | 503 | 504 => Meaning::Busy,
        _ => Meaning::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::http::{RawResponse, StatusCode};

    /// A refusal as the SDK hands it on.
    fn refused(status: u16, code: &str, more: &[(&'static str, &str)], body: &str) -> Refusal {
        let mut headers = Headers::new();
        headers.insert("x-ms-error-code", code.to_owned());
        for (name, value) in more {
            headers.insert(*name, (*value).to_owned());
        }
        let response = RawResponse::from_bytes(StatusCode::from(status), headers, body.as_bytes().to_vec());
        let kind = ErrorKind::HttpResponse {
            status: StatusCode::from(status),
            error_code: Some(code.to_owned()),
            raw_response: Some(Box::new(response)),
        };
        Refusal::read(kind.into_error(), "https://st.blob.core.windows.net/reveille", Use::Logs)
    }

    fn body(code: &str, message: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        )
    }

    #[test]
    fn one_status_has_several_meanings() {
        let cases = [
            (412, "AppendPositionConditionNotMet", Meaning::Moved),
            (412, "LeaseIdMissing", Meaning::Leased),
            (409, "BlobAlreadyExists", Meaning::Exists),
            (409, "BlobImmutableDueToPolicy", Meaning::Immutable),
            (409, "BlockCountExceedsLimit", Meaning::Full),
            (409, "LeaseAlreadyPresent", Meaning::Leased),
            (404, "BlobNotFound", Meaning::NoBlob),
            (404, "ContainerNotFound", Meaning::NoContainer),
            (403, "AuthorizationPermissionMismatch", Meaning::NoRole),
            (403, "AuthorizationFailure", Meaning::Network),
            (403, "AuthenticationFailed", Meaning::Token),
            (503, "ServerBusy", Meaning::Busy),
            (500, "OperationTimedOut", Meaning::Busy),
            (429, "", Meaning::Busy),
            (400, "InvalidHeaderValue", Meaning::Other),
        ];
        for (status, code, expected) in cases {
            assert_eq!(meaning(status, code), expected, "{status} {code}");
        }
    }

    #[test]
    fn a_missing_role_is_named_with_its_actions() {
        let text = body(
            "AuthorizationPermissionMismatch",
            "This request is not authorized to perform this operation using this permission.\nRequestId:1\nTime:2",
        );
        let refusal = refused(403, "AuthorizationPermissionMismatch", &[("x-ms-request-id", "7b1f")], &text);
        let said = refusal.to_string();
        for part in
            ["HTTP 403", "using this permission.:", "Storage Blob Data Contributor", "add/action", "(request 7b1f)"]
        {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("RequestId"), "{said}");
    }

    #[test]
    fn a_clock_that_is_wrong_is_named() {
        let text = body("AuthenticationFailed", "Server failed to authenticate the request.");
        let ago = (Utc::now() - TimeDelta::minutes(20)).to_rfc2822().replace("+0000", "GMT");
        let said = refused(403, "AuthenticationFailed", &[("date", &ago)], &text).to_string();
        assert!(said.contains("clock is 20 min ahead of"), "{said}");
        let now = Utc::now().to_rfc2822();
        let said = refused(403, "AuthenticationFailed", &[("date", &now)], &text).to_string();
        assert!(said.ends_with("the token was not accepted"), "{said}");
    }

    #[test]
    fn a_busy_storage_says_how_long_to_stay_away() {
        let refusal = refused(503, "ServerBusy", &[("retry-after", "1")], &body("ServerBusy", "The server is busy."));
        assert_eq!((refusal.meaning, refusal.retry_after), (Meaning::Busy, Some(Duration::from_secs(1))));
    }

    #[test]
    fn what_is_no_xml_is_a_refusal_all_the_same() {
        let refusal = refused(502, "", &[], "<html>bad gateway</html>");
        assert_eq!((refusal.meaning, refusal.status), (Meaning::Busy, 502));
    }
}
