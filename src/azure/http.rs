//! One HTTP exchange with Azure Resource Manager: what goes out, what is kept of what comes back.

use super::retry;
use super::settings::Settings;
use crate::domain::secret::{Secret, SignedUrl};
use chrono::{TimeDelta, Utc};
use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use reqwest::{Client, ClientBuilder, Method, Url};
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;

/// Bodies larger than this are not Azure's.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Finishes the client that the caller prepared with its name resolution and trust.
///
/// No redirects: Azure Resource Manager sends none, and one would carry the token elsewhere. HTTP/1.1 and a connection
/// for each call: a shared connection into a dead region would hold up every later call, and a kept one that the other
/// side is just closing would turn a start into "unknown". Calls are few enough to afford it. There is no limit near
/// the 4 KB of the signed URLs (hyper reads heads up to 400 KB).
pub(super) fn finish(builder: ClientBuilder, settings: &Settings) -> reqwest::Result<Client> {
    builder
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        .http1_only()
        .connect_timeout(settings.connect_timeout)
        .pool_max_idle_per_host(0)
        .user_agent(concat!("reveille/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// One attempt of one call.
pub(super) struct Attempt<'a> {
    pub method: Method,
    pub url: &'a Url,
    pub token: &'a Secret,
    pub body: Option<&'a Value>,
    pub timeout: Duration,
    /// Sent as `x-ms-client-request-id`, new for each attempt.
    pub id: Uuid,
}

/// Azure's own ids of a call.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// `x-ms-correlation-request-id`.
    pub correlation: Option<String>,
    /// `x-ms-request-id`.
    pub request: Option<String>,
}

impl Ids {
    fn of(headers: &HeaderMap) -> Self {
        let id = |name| text(headers, name).map(str::to_owned);
        Self { correlation: id("x-ms-correlation-request-id"), request: id("x-ms-request-id") }
    }
}

/// What is kept of an answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: u16,
    pub request_ids: Vec<String>,
    pub ids: Ids,
    pub retry_after: Option<Duration>,
    /// This machine's clock minus the one that the answer was dated by.
    pub clock: Option<TimeDelta>,
    /// `Azure-AsyncOperation`, or else `Location`.
    pub operation: Option<SignedUrl>,
    /// The body, or why it was cut off after the head had come.
    pub body: Result<Vec<u8>, reqwest::Error>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// The connection was never established, so nothing was sent.
    NeverSent(reqwest::Error),
    /// It may have been sent, and may have been carried out.
    AfterSending(reqwest::Error),
}

impl Broken {
    fn new(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_connect() || error.is_builder() { Self::NeverSent(error) } else { Self::AfterSending(error) }
    }
}

pub(super) async fn exchange(client: &Client, attempt: Attempt<'_>) -> Result<Reply, Broken> {
    let is_write = attempt.method != Method::GET;
    let mut request = client
        .request(attempt.method, attempt.url.clone())
        .timeout(attempt.timeout)
        .bearer_auth(attempt.token.expose())
        .header("x-ms-client-request-id", attempt.id.to_string());
    if let Some(body) = attempt.body {
        request = request.json(body);
    } else if is_write {
        // Azure's front ends answer 411 to a write that does not say how long it is; hyper says nothing by itself.
        request = request.header(CONTENT_LENGTH, 0);
    }
    let response = request.send().await.map_err(Broken::new)?;
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let clock = text(&headers, "date").and_then(retry::http_date).map(|date| Utc::now() - date);
    let body = read_body(response).await.map_err(reqwest::Error::without_url);
    Ok(Reply {
        status,
        request_ids: request_ids(&headers),
        ids: Ids::of(&headers),
        retry_after: retry_after(&headers),
        clock,
        operation: operation(&headers),
        body,
    })
}

async fn read_body(mut response: reqwest::Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = BODY_LIMIT.saturating_sub(body.len());
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(body)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty())
}

fn request_ids(headers: &HeaderMap) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for name in ["x-ms-correlation-request-id", "x-ms-request-id"] {
        match text(headers, name) {
            Some(id) if !ids.iter().any(|known| known == id) => ids.push(id.to_owned()),
            _ => {}
        }
    }
    ids
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    retry::retry_after(text(headers, "retry-after")?, text(headers, "date"), Utc::now())
}

fn operation(headers: &HeaderMap) -> Option<SignedUrl> {
    text(headers, "azure-asyncoperation").or_else(|| text(headers, "location")).map(SignedUrl::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_status_url_of_an_operation_is_preferred_over_its_location() {
        let both = headers(&[("location", "https://h/l"), ("azure-asyncoperation", "https://h/a")]);
        assert_eq!(operation(&both).unwrap().expose(), "https://h/a");
        assert_eq!(operation(&headers(&[("location", "https://h/l")])).unwrap().expose(), "https://h/l");
        assert_eq!(operation(&headers(&[])), None);
    }

    #[test]
    fn one_id_in_both_headers_is_kept_once() {
        let same = headers(&[("x-ms-request-id", "a"), ("x-ms-correlation-request-id", "a")]);
        assert_eq!(request_ids(&same), ["a"]);
        let two = headers(&[("x-ms-request-id", "a"), ("x-ms-correlation-request-id", "c")]);
        assert_eq!(request_ids(&two), ["c", "a"]);
    }
}
