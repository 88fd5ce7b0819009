//! HTTP looks at origins, applications and the route through Front Door.
//!
//! Every look is one GET on a connection of its own, without following redirects, and reads at most [`BODY_LIMIT`] of
//! the answer. What the answer means is decided in [`super::health`].

use super::health;
use super::{Probe, one_line};
use crate::domain::application::{AppView, OriginView, RouteView};
use crate::domain::causes::with_causes;
use crate::domain::duration;
use crate::domain::names::SiteName;
use crate::domain::plan::{App, AppKind, Site};
use crate::domain::resource::HostPort;
use crate::domain::search_index::Indexation;
use crate::domain::secret::Secret;
use reqwest::header::{CACHE_CONTROL, HeaderMap};
use std::error::Error;
use std::time::Duration;

/// The longest body that is read. Status interfaces answer with a few hundred bytes.
pub const BODY_LIMIT: usize = 256 * 1024;
/// SonarQube's interface for the state of its search index (docs.sonarsource.com, Web API).
const INDEXATION: &str = "/api/ce/indexation_status";
/// The id Front Door gives each request; its access log and Microsoft's support know it (learn.microsoft.com, "Protocol
/// support for HTTP headers in Azure Front Door").
const FRONT_DOOR_REQUEST_ID: &str = "x-azure-ref";

/// What an HTTP server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// The body was longer than [`BODY_LIMIT`] and is cut.
    pub cut: bool,
}

impl Answer {
    /// A header's value as text, when it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
    }
}

/// Why there is no answer.
enum NoAnswer {
    /// Not even a status line came.
    Unreachable(String),
    /// A status came, then the connection broke or fell silent.
    Broken { status: u16, why: String },
}

/// One look at the way through Front Door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteSeen {
    pub view: RouteView,
    /// `X-Azure-Ref` of the answer, if one came.
    pub request_ids: Vec<String>,
}

/// What is asked of the route.
#[derive(Debug, Clone, Copy)]
pub struct RouteQuestion<'a> {
    pub front_door: &'a HostPort,
    pub app: &'a App,
    pub sites: &'a [Site],
    /// The site that should serve now. `None`: any site of the plan is fine and the view tells which it was.
    pub expected: Option<&'a SiteName>,
}

impl Probe {
    /// Looks at an origin by its own name, past Front Door, and judges it by the application's health rule.
    pub async fn origin(&self, host: &HostPort, app: &AppKind, timeout: Duration) -> OriginView {
        match self.get(host, app, timeout).await {
            Ok(answer) => health::origin(app, &answer),
            Err(NoAnswer::Unreachable(why)) => OriginView::Unreachable { why },
            Err(broken) => OriginView::Unhealthy { said: broken.text() },
        }
    }

    /// Asks the application behind a host for its state.
    pub async fn app(&self, host: &HostPort, app: &AppKind, timeout: Duration) -> AppView {
        match self.get(host, app, timeout).await {
            Ok(answer) => health::app(app, &answer),
            Err(none) => AppView::Unreachable { why: none.text() },
        }
    }

    /// Asks the application through Front Door, and tells by which site it was served where that can be told.
    pub async fn route(&self, question: &RouteQuestion<'_>, timeout: Duration) -> RouteSeen {
        match self.get(question.front_door, &question.app.kind, timeout).await {
            Ok(answer) => RouteSeen {
                view: health::route(question, &answer),
                request_ids: answer.header(FRONT_DOOR_REQUEST_ID).map(one_line).into_iter().collect(),
            },
            Err(NoAnswer::Unreachable(why)) => {
                RouteSeen { view: RouteView::Unreachable { why }, request_ids: Vec::new() }
            }
            Err(broken) => RouteSeen { view: RouteView::Failing { said: broken.text() }, request_ids: Vec::new() },
        }
    }

    async fn get(&self, host: &HostPort, app: &AppKind, timeout: Duration) -> Result<Answer, NoAnswer> {
        self.ask(self.http.get(address(host, app)), timeout).await
    }

    /// Asks SonarQube how far its search index is; why that is not known, if so. The token is a user's: this interface
    /// takes no passcode.
    pub async fn indexation(&self, host: &HostPort, token: &Secret, timeout: Duration) -> Result<Indexation, String> {
        let request = self.http.get(indexation_address(host)).bearer_auth(token.expose());
        match self.ask(request, timeout).await {
            Ok(answer) => health::indexation(&answer),
            Err(none) => Err(none.text()),
        }
    }

    async fn ask(&self, request: reqwest::RequestBuilder, timeout: Duration) -> Result<Answer, NoAnswer> {
        // The deadline is outside of the future, so the status that came before a silence is not lost.
        let deadline = tokio::time::Instant::now() + timeout;
        let silence = || format!("no answer within {}", duration::text(timeout));
        let request = request.header(CACHE_CONTROL, "no-cache").send();
        let response = match tokio::time::timeout_at(deadline, request).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(NoAnswer::Unreachable(why_no_answer(&error.without_url()))),
            Err(_) => return Err(NoAnswer::Unreachable(silence())),
        };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        match tokio::time::timeout_at(deadline, read_limited(response)).await {
            Ok(Ok((body, cut))) => Ok(Answer { status, headers, body, cut }),
            Ok(Err(error)) => Err(NoAnswer::Broken { status, why: with_causes(&error.without_url()) }),
            Err(_) => Err(NoAnswer::Broken { status, why: silence() }),
        }
    }
}

/// Where an application is asked for its state.
pub(super) fn address(host: &HostPort, app: &AppKind) -> String {
    format!("{}/{}", host.https(), app.path().trim_start_matches('/'))
}

/// Where SonarQube tells how far its search index is.
pub(super) fn indexation_address(host: &HostPort) -> String {
    format!("{}{INDEXATION}", host.https())
}

/// What lies below the HTTP client's own layers, which say no more than that a request failed.
fn why_no_answer(error: &reqwest::Error) -> String {
    let below = error.source().and_then(Error::source);
    below.map_or_else(|| with_causes(error), with_causes)
}

impl NoAnswer {
    fn text(self) -> String {
        match self {
            Self::Unreachable(why) => why,
            Self::Broken { status, why } => format!("answered {status}, but the body did not come: {why}"),
        }
    }
}

/// The body up to the limit, and whether there was more.
async fn read_limited(mut response: reqwest::Response) -> Result<(Vec<u8>, bool), reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = BODY_LIMIT - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return Ok((body, true));
        }
    }
    Ok((body, false))
}
