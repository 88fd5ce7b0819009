//! Outbound calls to Azure, with the ids that its support asks for.

use super::metrics::{AZURE_CALLS, AZURE_THROTTLED};
use super::span::{Context, Role, Said, Span};
use super::{layer, recorder};
use std::time::{Duration, SystemTime};

/// Which of Azure's services was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    ResourceManager,
    Storage,
    KeyVault,
    Kubernetes,
}

impl Service {
    fn word(self) -> &'static str {
        match self {
            Service::ResourceManager => "resource-manager",
            Service::Storage => "storage",
            Service::KeyVault => "key-vault",
            Service::Kubernetes => "kubernetes",
        }
    }
}

/// One attempt of one call that is over.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    pub service: Service,
    /// What was called and on what. No URL: those of operations are signed.
    pub what: &'a str,
    pub method: &'a str,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    pub took: Duration,
    /// HTTP status; `None` when no answer came.
    pub status: Option<u16>,
    /// Sent as `x-ms-client-request-id`.
    pub client_request_id: Option<&'a str>,
    /// Answered as `x-ms-correlation-request-id` and `x-ms-request-id`, those that there were.
    pub correlation_id: Option<&'a str>,
    pub request_id: Option<&'a str>,
    /// Why no answer came.
    pub error: Option<&'a str>,
}

/// Takes a call in, as a span below whatever the caller is doing.
pub fn call(call: &Call<'_>) {
    let Some(recorder) = recorder::here() else { return };
    let service = call.service.word();
    let status = call.status.unwrap_or_default().to_string();
    recorder.measure(&AZURE_CALLS, &[service, &status], call.took.as_secs_f64());
    if call.status == Some(429) {
        recorder.measure(&AZURE_THROTTLED, &[service], 1.0);
    }
    let above = layer::here();
    recorder.push(span(call, above, SystemTime::now()));
}

fn span(call: &Call<'_>, above: Option<Context>, end: SystemTime) -> Span {
    let texts = [
        ("az.service", Some(call.service.word())),
        ("http.request.method", Some(call.method)),
        ("az.client_request_id", call.client_request_id),
        ("az.correlation_request_id", call.correlation_id),
        ("az.service_request_id", call.request_id),
    ];
    let mut attributes: Vec<_> = texts.into_iter().filter_map(|(name, said)| Some((name, Said::from(said?)))).collect();
    attributes.extend(call.status.map(|status| ("http.response.status_code", Said::Number(status.into()))));
    attributes.push(("http.request.attempt", Said::Number(call.attempt.into())));
    let refused = call.status.filter(|status| *status >= 400).map(|status| format!("HTTP {status}"));
    Span {
        context: above.map_or_else(Context::root, |above| above.child()),
        parent: above.map(|above| above.span),
        name: call.what.to_owned(),
        role: Role::Client,
        start: end.checked_sub(call.took).unwrap_or(end),
        end,
        attributes,
        links: Vec::new(),
        error: call.error.map(str::to_owned).or(refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_lies_below_its_caller_and_carries_the_ids_for_a_support_case() {
        let call = Call {
            service: Service::ResourceManager,
            what: "start cluster aks-1",
            method: "POST",
            attempt: 2,
            took: Duration::from_secs(2),
            status: Some(429),
            client_request_id: Some("mine"),
            correlation_id: Some("theirs"),
            request_id: None,
            error: None,
        };
        let (above, end) = (Context::root(), SystemTime::now());
        let span = span(&call, Some(above), end);
        assert_eq!((span.context.trace, span.parent), (above.trace, Some(above.span)));
        assert_eq!(end.duration_since(span.start).unwrap(), call.took);
        assert_eq!(span.error.as_deref(), Some("HTTP 429"));
        let said = |name| span.attributes.iter().find(|(known, _)| *known == name).map(|(_, said)| said.clone());
        assert_eq!(said("az.client_request_id"), Some("mine".into()));
        assert_eq!(said("az.correlation_request_id"), Some("theirs".into()));
        assert_eq!(said("az.service_request_id"), None);
        assert_eq!(said("http.request.attempt"), Some(Said::Number(2)));
    }
}
