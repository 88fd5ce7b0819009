//! Calls that Microsoft's clients make, told to those who watch from outside like our own.

use crate::domain::causes::with_causes;
use crate::telemetry::{self, Call, Service};
use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request};
use std::sync::Arc;
use tokio::time::Instant;

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");

/// The last policy of a client's pipeline: it sees each attempt as it goes out.
#[derive(Debug)]
pub(super) struct Traced(pub Service);

#[async_trait]
impl Policy for Traced {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        // The pipeline always ends with its transport.
        let Some((first, rest)) = next.split_first() else {
            return Err(Error::with_message(ErrorKind::Other, "a pipeline without a transport"));
        };
        let begun = Instant::now();
        let answer = first.send(ctx, request, rest).await;
        let (what, client_id) = (self.what(request), id(request.headers(), &CLIENT_REQUEST_ID));
        let request_id = answer.as_ref().ok().and_then(|answer| id(answer.headers(), &REQUEST_ID));
        telemetry::call(&Call {
            service: self.0,
            what: &what,
            method: request.method().as_ref(),
            attempt: 1,
            took: begun.elapsed(),
            status: answer.as_ref().ok().map(|answer| u16::from(answer.status())),
            client_request_id: client_id.as_deref(),
            correlation_id: None,
            request_id: request_id.as_deref(),
            error: answer.as_ref().err().map(|error| with_causes(error)).as_deref(),
        });
        answer
    }
}

impl Traced {
    /// Method and path; a query could hold anything.
    fn what(&self, request: &Request) -> String {
        format!("{} {}", request.method().as_ref(), request.url().path())
    }
}

fn id(headers: &Headers, name: &HeaderName) -> Option<String> {
    headers.get_optional_str(name).map(str::to_owned)
}
