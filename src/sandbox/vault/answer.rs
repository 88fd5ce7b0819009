//! What a vault answers, in its own words.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde_json::{Value, json};

use super::secrets::{HOST, KeptSecret};
use crate::sandbox::world::{Claims, TENANT};

pub(super) struct Answer {
    pub status: u16,
    challenge: Option<String>,
    retry_after: Option<&'static str>,
    body: Value,
}

impl Answer {
    fn new(status: u16, body: Value) -> Self {
        Self { status, challenge: None, retry_after: None, body }
    }

    pub fn error(status: u16, code: &str, message: impl Into<String>, inner: Option<&str>) -> Self {
        let mut error = json!({"code": code, "message": message.into()});
        if let Some(inner) = inner {
            error["innererror"] = json!({ "code": inner });
        }
        Self::new(status, json!({ "error": error }))
    }

    pub fn secret(name: &str, kept: &KeptSecret) -> Self {
        let created = kept.created.timestamp();
        let mut attributes = json!({
            "enabled": kept.enabled, "created": created, "updated": created, "recoveryLevel": "Recoverable+Purgeable",
            "recoverableDays": 90,
        });
        if let Some(end) = kept.expires {
            attributes["exp"] = end.timestamp().into();
        }
        let id = format!("https://{HOST}/secrets/{name}/{}", kept.version);
        Self::new(200, json!({"value": kept.value, "id": id, "attributes": attributes, "tags": {}}))
    }

    /// Who asks without a token that fits learns where to get one.
    pub fn challenge(audience: &str) -> Self {
        let login = format!("https://login.microsoftonline.com/{TENANT}");
        let challenge = format!("Bearer authorization=\"{login}\", resource=\"{audience}\"");
        let answer = Self::error(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.", None);
        Self { challenge: Some(challenge), ..answer }
    }

    pub fn throttled() -> Self {
        let message = "Too many requests were made in the last ten seconds.";
        Self { retry_after: Some("1"), ..Self::error(429, "Throttled", message, Some("VaultRequestTypeLimitReached")) }
    }

    pub fn firewall() -> Self {
        let message = "Client address is not authorized and caller is not a trusted service.\r\n\
                       Client address: 203.0.113.7\r\nVault: kv-dr;location=centralus";
        Self::error(403, "Forbidden", message, Some("ForbiddenByFirewall"))
    }

    pub fn no_role(caller: &Claims, action: &str, resource: &str) -> Self {
        let message = format!(
            "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role \
             definitions were changed recently, please observe propagation time.\r\nCaller: appid={};oid={}\r\n\
             Action: '{action}'\r\nResource: '{resource}'\r\nAssignment: (not found)\r\nDecisionReason: null",
            caller.appid, caller.oid
        );
        Self::error(403, "Forbidden", message, Some("ForbiddenByRbac"))
    }

    pub fn no_policy(caller: &Claims, vault: &str) -> Self {
        let message = format!(
            "The user, group or application 'appid={};oid={}' does not have secrets get permission on key vault \
             '{vault};location=centralus'. For help resolving this issue, please see \
             https://go.microsoft.com/fwlink/?linkid=2125287",
            caller.appid, caller.oid
        );
        Self::error(403, "Forbidden", message, Some("ForbiddenByPolicy"))
    }

    pub fn disabled() -> Self {
        Self::error(403, "Forbidden", "Operation get is not allowed on a disabled secret.", Some("SecretDisabled"))
    }

    pub fn no_secret(name: &str) -> Self {
        let message = format!(
            "A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you \
             may be able to recover it using the correct recovery command."
        );
        Self::error(404, "SecretNotFound", message, None)
    }

    pub fn bad_version(version: Option<&str>) -> Self {
        let message = match version {
            Some(version) => format!("The specified version ({version}) is not recognized."),
            None => "api-version must be specified".to_owned(),
        };
        Self::error(400, "BadParameter", message, None)
    }

    pub fn no_such_path(path: &str) -> Self {
        Self::error(404, "NotFound", format!("The request URI contains an invalid name: {path}"), None)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let challenge = self.challenge.map(|it| (WWW_AUTHENTICATE, it));
        let retry = self.retry_after.map(|it| (RETRY_AFTER, it.to_owned()));
        let headers: Vec<_> = challenge.into_iter().chain(retry).collect();
        (status, AppendHeaders(headers), Json(self.body)).into_response()
    }
}
