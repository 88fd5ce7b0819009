//! What an API server answers: objects, text, or a `Status` that says why not (kubernetes.io, API concepts).

use serde_json::{Value, json};

use super::kinds::Resource;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    pub status: u16,
    pub body: Content,
    /// Seconds.
    pub retry_after: Option<u64>,
}

/// A body.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Json(Value),
    Text(String),
}

impl Reply {
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body: Content::Json(body), retry_after: None }
    }

    pub fn created(body: Value) -> Self {
        Self { status: 201, ..Self::ok(body) }
    }

    pub fn text(body: impl Into<String>) -> Self {
        Self { status: 200, body: Content::Text(body.into()), retry_after: None }
    }

    /// A refusal: code, reason and text.
    pub fn refusal(code: u16, reason: &str, message: impl Into<String>, details: Value) -> Self {
        let message: String = message.into();
        let mut body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": code,
        });
        if !details.is_null() {
            body["details"] = details;
        }
        Self { status: code, body: Content::Json(body), retry_after: None }
    }

    pub fn unauthorized() -> Self {
        Self::refusal(401, "Unauthorized", "Unauthorized", Value::Null)
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::refusal(400, "BadRequest", message, Value::Null)
    }

    pub fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        Self::refusal(404, "NotFound", message, details(resource, name))
    }

    /// The path names nothing.
    pub fn no_such_path() -> Self {
        Self::refusal(404, "NotFound", "the server could not find the requested resource", json!({}))
    }

    pub fn not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::refusal(405, "MethodNotAllowed", message, json!({}))
    }

    pub fn conflict(resource: &Resource, name: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": the object has been modified; \
             please apply your changes to the latest version and try again",
            resource.qualified()
        );
        Self::refusal(409, "Conflict", message, details(resource, name))
    }

    pub fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", resource.qualified());
        Self::refusal(409, "AlreadyExists", message, details(resource, name))
    }

    /// What an object says is wrong.
    pub fn invalid(kind: &str, group: &str, name: &str, why: &str) -> Self {
        let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let mut details =
            json!({"name": name, "kind": kind, "causes": [{"reason": "FieldValueInvalid", "message": why}]});
        if !group.is_empty() {
            details["group"] = group.into();
        }
        Self::refusal(422, "Invalid", format!("{qualified} \"{name}\" is invalid: {why}"), details)
    }
}

pub(super) fn details(resource: &Resource, name: &str) -> Value {
    let mut details = json!({"kind": resource.plural});
    if !name.is_empty() {
        details["name"] = name.into();
    }
    if !resource.group.is_empty() {
        details["group"] = resource.group.into();
    }
    details
}
