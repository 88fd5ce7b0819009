//! One bounded POST, and what its answer means.

use super::address::{Address, AddressError};
use crate::domain::names::ChannelName;
use crate::engine::ports::DeliveryError;
use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use std::time::Duration;

/// Headers in which receivers name a delivery: Power Automate and Logic Apps, Azure in general, everybody else.
const REFERENCES: [&str; 3] = ["x-ms-workflow-run-id", "x-ms-request-id", "x-request-id"];
const LONGEST_REFERENCE: usize = 128;
/// Nobody means a longer wait in earnest.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// What every channel over HTTP needs.
pub struct Post {
    name: ChannelName,
    address: Address,
    client: Client,
    limit: Duration,
}

/// A 2xx answer.
pub(super) struct Answer {
    pub status: u16,
    pub reference: Option<String>,
}

impl Post {
    /// `limit` is the time for one whole attempt, from name resolution to the head of the answer.
    ///
    /// The client should follow no redirects: following one would show the address to another host.
    pub fn new(name: ChannelName, address: Address, client: Client, limit: Duration) -> Self {
        Self { name, address, client, limit }
    }

    pub(super) fn name(&self) -> &ChannelName {
        &self.name
    }

    pub(super) async fn send(&self, content_type: &'static str, body: Vec<u8>) -> Result<Answer, DeliveryError> {
        let url = self.address.read().await.map_err(|source| self.no_address(source))?;
        match self.attempt(&url, content_type, body.clone()).await {
            Err(DeliveryError::Refused { channel, status }) => match self.address.instead_of(&url).await {
                Some(url) => self.attempt(&url, content_type, body).await,
                None => Err(DeliveryError::Refused { channel, status }),
            },
            answered => answered,
        }
    }

    async fn attempt(&self, url: &Url, content_type: &'static str, body: Vec<u8>) -> Result<Answer, DeliveryError> {
        let bytes = body.len();
        let request = self.client.post(url.clone()).header(CONTENT_TYPE, content_type).timeout(self.limit).body(body);
        let response = request.send().await.map_err(|error| self.no_answer(error))?;
        if response.url() != url {
            return Err(DeliveryError::Moved { channel: self.name.clone() });
        }
        self.judge(&response, bytes)
    }

    fn no_address(&self, error: AddressError) -> DeliveryError {
        let (channel, passing, source) = (self.name.clone(), error.is_passing(), Box::new(error));
        match passing {
            true => DeliveryError::AddressUnread { channel, source },
            false => DeliveryError::Address { channel, source },
        }
    }

    fn no_answer(&self, error: reqwest::Error) -> DeliveryError {
        let channel = self.name.clone();
        let (timed_out, unreachable, unsendable) = (error.is_timeout(), error.is_connect(), error.is_builder());
        let source = Box::new(error.without_url());
        match () {
            () if timed_out => DeliveryError::TimedOut { channel, limit: self.limit },
            () if unreachable => DeliveryError::Unreachable { channel, source },
            () if unsendable => DeliveryError::Address { channel, source },
            () => DeliveryError::Broken { channel, source },
        }
    }

    /// The answer's body is not read: it proves nothing and may repeat what must not be shown.
    fn judge(&self, response: &Response, bytes: usize) -> Result<Answer, DeliveryError> {
        let (code, channel) = (response.status(), self.name.clone());
        let (status, headers) = (code.as_u16(), response.headers());
        match code {
            _ if code.is_success() => Ok(Answer { status, reference: reference(headers) }),
            _ if code.is_redirection() => Err(DeliveryError::Moved { channel }),
            StatusCode::PAYLOAD_TOO_LARGE => Err(DeliveryError::TooLarge { channel, bytes }),
            StatusCode::TOO_MANY_REQUESTS => {
                Err(DeliveryError::Throttled { channel, retry_after: retry_after(headers, Utc::now()) })
            }
            _ if code.is_server_error() || is_passing(code) => {
                Err(DeliveryError::Failed { channel, status, retry_after: retry_after(headers, Utc::now()) })
            }
            _ => Err(DeliveryError::Refused { channel, status }),
        }
    }
}

/// Client errors that say "not now" rather than "not you".
fn is_passing(code: StatusCode) -> bool {
    matches!(code, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY)
}

/// Seconds or a date (RFC 9110, section 10.2.3). A date that has passed means now.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    Some((until.to_utc() - now).to_std().unwrap_or_default().min(LONGEST_WAIT))
}

fn reference(headers: &HeaderMap) -> Option<String> {
    let text = REFERENCES.iter().find_map(|name| headers.get(*name)?.to_str().ok())?;
    Some(text.chars().take(LONGEST_REFERENCE).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn wait_asked_by(value: &'static str) -> Option<u64> {
        let now = DateTime::parse_from_rfc3339("2026-11-23T03:00:00Z").unwrap().to_utc();
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
        retry_after(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        assert_eq!(wait_asked_by("17"), Some(17));
        assert_eq!(wait_asked_by("Mon, 23 Nov 2026 03:02:00 GMT"), Some(120));
        assert_eq!(wait_asked_by("Mon, 23 Nov 2026 02:00:00 GMT"), Some(0));
        assert_eq!(wait_asked_by("18446744073709551615"), Some(24 * 3600));
    }

    #[test]
    fn a_retry_after_that_makes_no_sense_is_ignored() {
        for value in ["", "soon", "-5", "1.5", "99999999999999999999999"] {
            assert_eq!(wait_asked_by(value), None, "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), Utc::now()), None);
    }
}
