//! The client of Azure Resource Manager: addresses, tokens, retries of reads, and the care that writes need.
//!
//! Reads are attempted again within a budget. A mutating call is sent again only when it certainly was not sent or not
//! accepted (never connected, 401); otherwise its outcome is unknown and the caller looks at the resource.

use super::answer::Answer;
use super::api::{Api, On};
use super::credential::Tokens;
use super::error::{ArmError, CallName, Refusal};
use super::failure::classify;
use super::http::{self, Attempt, Broken, Reply};
use super::link;
use super::pace::{Draws, Pace};
use super::retry;
use super::service_error::ServiceError;
use super::settings::Settings;
use crate::domain::causes::with_causes;
use crate::domain::secret::{Secret, SignedUrl};
use crate::telemetry;
use chrono::TimeDelta;
use reqwest::{Client, Method, Url};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// Lists longer than this many pages are not read to the end.
const PAGE_LIMIT: usize = 100;

/// One call: what it is called in errors, how it is sent, and where it goes.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub name: CallName,
    pub method: Method,
    pub url: Url,
}

/// What became of a mutating call.
#[derive(Debug)]
pub(super) enum Posted {
    Replied(Reply),
    /// It may or may not have been carried out.
    Unknown {
        reason: String,
        client_request_id: String,
    },
}

pub(super) struct Arm {
    client: Client,
    base: Url,
    pub(super) settings: Settings,
    pub(super) tokens: Arc<Tokens>,
    pace: Pace,
    clock: Mutex<Option<TimeDelta>>,
}

impl Arm {
    pub fn new(client: Client, base: Url, settings: Settings, tokens: Arc<Tokens>) -> Self {
        Self { client, base, settings, tokens, pace: Pace::default(), clock: Mutex::default() }
    }

    /// This machine's clock minus Azure's, by the newest answer; `None` before there is one.
    pub fn clock(&self) -> Option<TimeDelta> {
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The host of Azure Resource Manager.
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// A call of an operation; errors name `object`.
    pub fn call(&self, api: Api, object: &str, on: On<'_>) -> Call {
        Call { name: api.name(object), method: api.method(), url: api.url(&self.base, on) }
    }

    /// A call to a link that Azure handed out, byte for byte.
    pub fn call_link(&self, name: CallName, link: &SignedUrl) -> Result<Call, ArmError> {
        match link::follow(&self.base, link.expose()) {
            Ok(url) => Ok(Call { name, method: Method::GET, url }),
            Err(source) => Err(ArmError::Link { call: name, source }),
        }
    }

    /// Reads, again and again within the budget, until Azure answers something final. Some reads of Azure's are a POST.
    pub async fn ask(&self, call: &Call) -> Result<Reply, ArmError> {
        let mut turn = Turn::new(self);
        loop {
            self.await_turn(call, turn.deadline).await?;
            let failed = match self.attempt(call, None, None, &mut turn).await? {
                Ok(reply) if reply.status == 401 && turn.may_renew_token() => continue,
                Ok(reply) if !retry::is_retryable(reply.status) && reply.body.is_ok() => return Ok(reply),
                other => other,
            };
            let asked = failed.as_ref().ok().and_then(|reply| reply.retry_after);
            if !turn.wait(asked, None).await {
                return finish(call, &turn, failed);
            }
        }
    }

    /// Reads a JSON document; anything but 200 is an error.
    pub async fn get_json(&self, call: &Call) -> Result<Answer<Value>, ArmError> {
        let reply = self.ask(call).await?;
        if reply.status != 200 {
            return Err(refused(&call.name, &reply));
        }
        json(&call.name, reply)
    }

    /// Reads a list with all its pages.
    pub async fn list(&self, first: Call) -> Result<Answer<Vec<Value>>, ArmError> {
        let mut call = first;
        let mut all = Answer { value: Vec::new(), request_ids: Vec::new() };
        for _ in 0..PAGE_LIMIT {
            let Answer { mut value, request_ids } = self.get_json(&call).await?;
            all.request_ids.extend(request_ids);
            let Some(Value::Array(items)) = value.get_mut("value").map(Value::take) else {
                return Err(unreadable(&call.name, "there is no list in it", all.request_ids));
            };
            all.value.extend(items);
            match value.get("nextLink").and_then(Value::as_str).filter(|link| !link.is_empty()) {
                Some(next) => call = self.call_link(call.name, &SignedUrl::new(next))?,
                None => return Ok(all),
            }
        }
        Err(unreadable(&call.name, "the list has no end", all.request_ids))
    }

    /// Sends a mutating call, never later than `send_before`. An error means that it certainly was not sent. Whose turn
    /// is later is told so and comes back, rather than to wait here: the caller looks at the world again first.
    pub async fn send(&self, call: &Call, body: Option<&Value>, send_before: Instant) -> Result<Posted, ArmError> {
        let mut turn = Turn::new(self);
        loop {
            self.await_turn(call, Instant::now()).await?;
            match self.attempt(call, body, Some(send_before), &mut turn).await? {
                Ok(reply) if reply.status == 401 && turn.may_renew_token() => {}
                Ok(reply) => return Ok(Posted::Replied(reply)),
                Err(Broken::AfterSending(error)) => {
                    let reason = format!("no complete answer: {}", with_causes(&error));
                    return Ok(Posted::Unknown { reason, client_request_id: turn.id.to_string() });
                }
                Err(Broken::NeverSent(source)) => {
                    if !turn.wait(None, Some(send_before)).await {
                        return Err(ArmError::Unreachable { call: call.name.clone(), source });
                    }
                }
            }
        }
    }

    /// Waits for this call's turn among all calls of this process, if that comes before `limit`.
    async fn await_turn(&self, call: &Call, limit: Instant) -> Result<(), ArmError> {
        let draws = Draws::of(&call.method, &call.url);
        loop {
            let now = Instant::now();
            let wait = self.pace.turn(&draws, now);
            if wait.is_zero() {
                return Ok(());
            }
            if now + wait > limit {
                return Err(ArmError::HeldBack { call: call.name.clone(), wait });
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// What the answer tells about Azure's token buckets.
    fn learn(&self, call: &Call, reply: &Reply, attempts: u32) {
        let draws = Draws::of(&call.method, &call.url);
        if reply.clock.is_some() {
            *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = reply.clock;
        }
        if reply.status != 429 {
            return self.pace.let_in(&draws);
        }
        let wait = reply.retry_after.unwrap_or_else(|| retry::pause(&self.settings, attempts, 0));
        self.pace.refused(&draws, &reply.refusal().error.code, wait, Instant::now());
    }

    /// One attempt, cut off at `limit`: what has not been sent by then never will be.
    async fn attempt(
        &self,
        call: &Call,
        body: Option<&Value>,
        limit: Option<Instant>,
        turn: &mut Turn<'_>,
    ) -> Result<Result<Reply, Broken>, ArmError> {
        let token = turn.token().await.map_err(|source| ArmError::Token { call: call.name.clone(), source })?;
        let left = limit.map(|limit| limit.saturating_duration_since(Instant::now()));
        let timeout = left.unwrap_or(Duration::MAX).min(self.settings.request_timeout);
        if timeout.is_zero() {
            return Err(ArmError::TooLate { call: call.name.clone() });
        }
        turn.begin();
        let attempt =
            Attempt { method: call.method.clone(), url: &call.url, token: &token, body, timeout, id: turn.id };
        let outcome = http::exchange(&self.client, attempt).await;
        if let Ok(reply) = &outcome {
            self.learn(call, reply, turn.attempts);
        }
        turn.log(call, &outcome);
        turn.tell(call, &outcome);
        turn.used = Some(token);
        Ok(outcome)
    }
}

/// The attempts of one call so far.
struct Turn<'a> {
    arm: &'a Arm,
    deadline: Instant,
    started: Instant,
    attempts: u32,
    /// Client request id of the newest attempt.
    id: Uuid,
    /// Token of the newest attempt.
    used: Option<Secret>,
    /// A token that Azure did not accept.
    refused: Option<Secret>,
}

impl<'a> Turn<'a> {
    fn new(arm: &'a Arm) -> Self {
        let now = Instant::now();
        let deadline = now + arm.settings.retry_budget;
        Self { arm, deadline, started: now, attempts: 0, id: Uuid::nil(), used: None, refused: None }
    }

    async fn token(&self) -> Result<Secret, super::credential::CredentialError> {
        let audience = &self.arm.settings.arm_audience;
        match &self.refused {
            Some(refused) => self.arm.tokens.instead_of(refused, audience).await,
            None => self.arm.tokens.token(audience).await,
        }
    }

    fn begin(&mut self) {
        self.attempts += 1;
        self.id = Uuid::new_v4();
        self.started = Instant::now();
    }

    /// True once: the next attempt then uses another token than the newest one did.
    fn may_renew_token(&mut self) -> bool {
        let first_time = self.refused.is_none();
        self.refused = self.used.take();
        first_time
    }

    /// Waits before the next attempt; false when that would be after the budget or `limit`.
    async fn wait(&self, asked: Option<Duration>, limit: Option<Instant>) -> bool {
        let seed = self.id.as_u128();
        let own = || retry::pause(&self.arm.settings, self.attempts, seed);
        let pause = asked.map_or_else(own, |asked| retry::asked_pause(asked, seed));
        let next = Instant::now() + pause;
        let in_time = next < self.deadline && limit.is_none_or(|limit| next < limit);
        if in_time {
            tokio::time::sleep_until(next).await;
        }
        in_time
    }

    /// Tells those who watch from outside.
    fn tell(&self, call: &Call, outcome: &Result<Reply, Broken>) {
        let (reply, error) = match outcome {
            Ok(reply) => (Some(reply), None),
            Err(Broken::NeverSent(error) | Broken::AfterSending(error)) => (None, Some(with_causes(error))),
        };
        telemetry::call(&telemetry::Call {
            service: telemetry::Service::ResourceManager,
            what: &call.name.to_string(),
            method: call.method.as_str(),
            attempt: self.attempts,
            took: self.started.elapsed(),
            status: reply.map(|reply| reply.status),
            client_request_id: Some(&self.id.to_string()),
            correlation_id: reply.and_then(|reply| reply.ids.correlation.as_deref()),
            request_id: reply.and_then(|reply| reply.ids.request.as_deref()),
            error: error.as_deref(),
        });
    }

    fn log(&self, call: &Call, outcome: &Result<Reply, Broken>) {
        let Self { attempts, id, started, .. } = self;
        let took = started.elapsed().as_millis();
        match outcome {
            Ok(Reply { status, request_ids, .. }) => {
                tracing::debug!(call = %call.name, attempts, %id, took, status, ?request_ids, "answer from Azure");
            }
            Err(Broken::NeverSent(error) | Broken::AfterSending(error)) => {
                tracing::warn!(call = %call.name, attempts, %id, took, error = with_causes(error), "no answer from Azure");
            }
        }
    }
}

/// The last attempt of a read failed: says how.
fn finish(call: &Call, turn: &Turn<'_>, failed: Result<Reply, Broken>) -> Result<Reply, ArmError> {
    let name = call.name.clone();
    let lost = |source| ArmError::Lost { call: name.clone(), client_request_id: turn.id.to_string(), source };
    match failed {
        Ok(Reply { body: Err(source), .. }) => Err(lost(source)),
        Ok(reply) => Err(refused(&name, &reply)),
        Err(Broken::AfterSending(source)) => Err(lost(source)),
        Err(Broken::NeverSent(source)) => Err(ArmError::Unreachable { call: name, source }),
    }
}

impl Reply {
    /// The body as far as it came.
    pub fn bytes(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }

    /// The refusal in it.
    pub fn refusal(&self) -> Refusal {
        let error = ServiceError::from_body(self.bytes());
        let class = classify(Some(self.status), &error);
        let request_ids = self.request_ids.clone();
        Refusal { status: self.status, error, class, retry_after: self.retry_after, request_ids }
    }
}

pub(super) fn refused(call: &CallName, reply: &Reply) -> ArmError {
    ArmError::Refused { call: call.clone(), refusal: Box::new(reply.refusal()) }
}

pub(super) fn unreadable(call: &CallName, why: impl Into<String>, request_ids: Vec<String>) -> ArmError {
    ArmError::Unreadable { call: call.clone(), why: why.into(), request_ids }
}

/// The answer's JSON document.
pub(super) fn json(call: &CallName, reply: Reply) -> Result<Answer<Value>, ArmError> {
    match serde_json::from_slice(reply.bytes()) {
        Ok(value) => Ok(Answer { value, request_ids: reply.request_ids }),
        Err(error) => Err(unreadable(call, format!("it is no JSON: {error}"), reply.request_ids)),
    }
}
