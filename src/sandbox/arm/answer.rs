//! What ARM answers: status, headers and JSON, with the headers every answer carries.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

/// An answer before it is dressed in the common headers.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Value>,
}

/// The headers that depend on the call and not on the answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Dress {
    pub request_id: String,
    pub correlation_id: String,
    pub client_request_id: Option<String>,
    /// Name and value of the informational rate limit headers.
    pub limits: Vec<(&'static str, String)>,
}

impl Answer {
    pub fn ok(body: Value) -> Self {
        Self { status: 200, headers: Vec::new(), body: Some(body) }
    }

    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: None }
    }

    /// The usual envelope of ARM and most resource providers.
    pub fn error(status: u16, code: &str, message: impl Into<String>) -> Self {
        let message: String = message.into();
        Self { status, headers: Vec::new(), body: Some(json!({"error": {"code": code, "message": message}})) }
    }

    /// A list without further pages.
    pub fn list(values: Vec<Value>) -> Self {
        Self::ok(json!({ "value": values }))
    }

    /// What a fault prepared.
    pub fn prepared(status: u16, body: Value, retry_after: Option<String>) -> Self {
        let answer = Self { status, headers: Vec::new(), body: (!body.is_null()).then_some(body) };
        match retry_after {
            Some(after) => answer.with("retry-after", after),
            None => answer,
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn into_response(self, dress: &Dress) -> Response {
        let bytes = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let own = self
            .headers
            .into_iter()
            .chain(self.body.map(|_| ("content-type", "application/json; charset=utf-8".to_owned())));
        for (name, value) in own.chain(dress.headers()) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}

impl Dress {
    fn headers(&self) -> Vec<(&'static str, String)> {
        let routing = format!("EASTUS2:{}:{}", chrono::Utc::now().format("%Y%m%dT%H%M%SZ"), self.correlation_id);
        let mut headers = vec![
            ("x-ms-request-id", self.request_id.clone()),
            ("x-ms-correlation-request-id", self.correlation_id.clone()),
            ("x-ms-routing-request-id", routing),
            ("strict-transport-security", "max-age=31536000; includeSubDomains".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
        ];
        headers.extend(self.client_request_id.iter().map(|it| ("x-ms-client-request-id", it.clone())));
        headers.extend(self.limits.iter().cloned());
        headers
    }
}
