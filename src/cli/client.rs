//! The operator interface, from the caller's side.

use super::address::Address;
use super::way::{Question, Remote, Way};
use crate::domain::ledger::state::RunLine;
use crate::domain::names::{PlanName, RunId};
use crate::domain::readiness::Checkup;
use crate::domain::record::{AttestWords, NoteWords, Record};
use crate::domain::report::Report;
use crate::domain::secret::Secret;
use crate::domain::status::{Done, PlanStatus, Problem, RunView, Tried, Words};
use crate::triggers::Direct;
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Time for one answer, beside what a long poll asks the server to wait.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// The app gives up earlier.
const CHECK_TIMEOUT: Duration = Duration::from_secs(60);

/// A client of one Reveille. Cheap to clone; shows its key to nobody but the server.
#[derive(Debug, Clone)]
pub struct Client {
    way: Way,
}

/// What came back: the value, and the text it was read from, for `--json` and for digests.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    pub value: T,
    pub text: String,
}

/// Answer to `GET /plans`.
#[derive(Debug, Clone, Deserialize)]
pub struct Plans {
    pub plans: Vec<PlanStatus>,
}

/// Answer to a test alert.
#[derive(Debug, Clone, Deserialize)]
pub struct TestAnswer {
    pub test: Tried,
}

/// Answer to `GET /plans/{plan}/runs`.
#[derive(Debug, Clone, Deserialize)]
pub struct Runs {
    pub runs: Vec<RunLine>,
}

/// Why there is no answer, or not the one that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("{}: {}", problem.title, problem.detail)]
    Refused { problem: Box<Problem>, text: String },
    #[error("{host} {} (HTTP {status})", key_refused(.sent))]
    Key { host: String, status: u16, sent: bool },
    #[error("there is no Reveille at {base} (HTTP {status})")]
    NotThere { base: String, status: u16 },
    #[error("{host} leads elsewhere (HTTP {status}), and the key is not sent after it")]
    Redirected { host: String, status: u16 },
    #[error("{host} cannot do it now (HTTP {status}){}", told(.problem))]
    Unable { host: String, status: u16, problem: Option<Box<Problem>> },
    #[error("{host} cannot be reached")]
    Unreachable { host: String, source: reqwest::Error },
    #[error("the answer of {host} is none of Reveille's")]
    NotUnderstood { host: String, source: serde_json::Error },
}

fn key_refused(sent: &bool) -> &'static str {
    if *sent { "does not accept the key" } else { "asks for a key" }
}

fn told(problem: &Option<Box<Problem>>) -> String {
    problem.as_ref().map(|problem| format!(": {}: {}", problem.title, problem.detail)).unwrap_or_default()
}

impl ClientError {
    /// Whether asking again may help: a restarting function app shows in each of these ways.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unable { .. } | Self::Unreachable { .. })
    }

    /// Whether the request may have been carried out although no answer of Reveille's came.
    pub fn leaves_doubt(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => !source.is_connect(),
            Self::Unable { problem, .. } => problem.is_none(),
            _ => false,
        }
    }
}

impl Client {
    pub fn new(base: Address, key: Option<Secret>, http: reqwest::Client) -> Self {
        Self { way: Way::Remote(Remote { http, base, key }) }
    }

    /// Reveille in this process, without a function app.
    pub fn direct(direct: Direct) -> Self {
        Self { way: Way::Direct(Arc::new(direct)) }
    }

    pub fn is_direct(&self) -> bool {
        matches!(self.way, Way::Direct(_))
    }

    pub fn key(&self) -> Option<&Secret> {
        match &self.way {
            Way::Remote(remote) => remote.key.as_ref(),
            Way::Direct(_) => None,
        }
    }

    /// Sees to it that somebody drives the run: a function app does so by itself.
    pub fn drive(&self, run: &RunId) {
        self.way.drive(run);
    }

    pub async fn plans(&self) -> Result<Answer<Plans>, ClientError> {
        self.get(&["plans"]).await
    }

    pub async fn plan(&self, plan: &PlanName) -> Result<Answer<PlanStatus>, ClientError> {
        self.get(&["plans", plan.as_str()]).await
    }

    /// The runs of a plan, newest first.
    pub async fn runs(&self, plan: &PlanName) -> Result<Answer<Runs>, ClientError> {
        self.get(&["plans", plan.as_str(), "runs"]).await
    }

    pub async fn report(&self, run: &RunId) -> Result<Answer<Report>, ClientError> {
        self.get(&["runs", run.as_str(), "report"]).await
    }

    pub async fn record(&self, run: &RunId) -> Result<Answer<Record>, ClientError> {
        self.get(&["runs", run.as_str(), "record"]).await
    }

    pub async fn note(&self, run: &RunId, words: &NoteWords) -> Result<Answer<Done>, ClientError> {
        self.post(&["runs", run.as_str(), "notes"], words).await
    }

    pub async fn attest(&self, run: &RunId, words: &AttestWords) -> Result<Answer<Done>, ClientError> {
        self.post(&["runs", run.as_str(), "attestation"], words).await
    }

    /// The run with its events behind `after`; the server waits up to `wait` for there to be any.
    pub async fn run(&self, run: &RunId, after: u64, wait: Duration) -> Result<Answer<RunView>, ClientError> {
        let query = [("after", after), ("wait", wait.as_secs())];
        let mut question = question(Method::GET, &["runs", run.as_str()]);
        question.query = query.into_iter().map(|(name, value)| (name.to_owned(), value.to_string())).collect();
        question.patience = ANSWER_TIMEOUT + wait;
        self.send(question).await
    }

    /// First contact as the app sees it, of one plan or of all. Takes its time: the app reads all of Azure that it needs.
    pub async fn check(&self, plan: Option<&str>) -> Result<Answer<Checkup>, ClientError> {
        let mut question = question(Method::GET, &["check"]);
        question.query = plan.map(|plan| ("plan".to_owned(), plan.to_owned())).into_iter().collect();
        question.patience = CHECK_TIMEOUT;
        self.send(question).await
    }

    /// Posts an alert where Azure Monitor posts its own.
    pub async fn test_alert(&self, alert: &Value) -> Result<Answer<TestAnswer>, ClientError> {
        let mut question = question(Method::POST, &[]);
        (question.is_alert, question.body) = (true, Some(alert.to_string()));
        self.send(question).await
    }

    /// Where alerts are posted.
    pub fn alert_url(&self) -> String {
        self.way.alert_url()
    }

    pub async fn start(&self, plan: &PlanName, words: &Words) -> Result<Answer<Done>, ClientError> {
        self.post(&["plans", plan.as_str(), "runs"], words).await
    }

    /// `approve`, `decline` or `abort`.
    pub async fn tell_run(&self, run: &RunId, verb: &str, words: &Words) -> Result<Answer<Done>, ClientError> {
        self.post(&["runs", run.as_str(), verb], words).await
    }

    /// `pause`, `resume` or `acknowledge`.
    pub async fn tell_plan(&self, plan: &PlanName, verb: &str, words: &Words) -> Result<Answer<Done>, ClientError> {
        self.post(&["plans", plan.as_str(), verb], words).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<Answer<T>, ClientError> {
        self.send(question(Method::GET, path)).await
    }

    async fn post(&self, path: &[&str], words: &impl Serialize) -> Result<Answer<Done>, ClientError> {
        let body = serde_json::to_string(words).map_err(|source| self.not_understood(source))?;
        self.send(Question { body: Some(body), ..question(Method::POST, path) }).await
    }

    async fn send<T: DeserializeOwned>(&self, question: Question) -> Result<Answer<T>, ClientError> {
        let (status, text) = self.way.send(question).await.map_err(|error| self.unreachable(error))?;
        if !(200..300).contains(&status) {
            return Err(self.refusal(status, text));
        }
        // As bytes, which is how everything is decoded: a reader of texts would repeat the decoders of all types.
        match serde_json::from_slice(text.as_bytes()) {
            Ok(value) => Ok(Answer { value, text }),
            Err(source) => Err(self.not_understood(source)),
        }
    }

    fn not_understood(&self, source: serde_json::Error) -> ClientError {
        ClientError::NotUnderstood { host: self.way.host(), source }
    }

    fn unreachable(&self, error: reqwest::Error) -> ClientError {
        ClientError::Unreachable { host: self.way.host(), source: error.without_url() }
    }

    /// The Functions host refuses wrong keys and unknown paths itself, with an empty body; what carries a problem
    /// comes from Reveille.
    fn refusal(&self, code: u16, text: String) -> ClientError {
        let host = self.way.host();
        let problem: Option<Box<Problem>> = serde_json::from_slice(text.as_bytes()).ok();
        match (code, problem) {
            (500.. | 408 | 429, problem) => ClientError::Unable { host, status: code, problem },
            (_, Some(problem)) => ClientError::Refused { problem, text },
            (401 | 403, None) => ClientError::Key { host, status: code, sent: self.key().is_some() },
            (300..=399, None) => ClientError::Redirected { host, status: code },
            _ => ClientError::NotThere { base: self.way.base(), status: code },
        }
    }
}

fn question(method: Method, path: &[&str]) -> Question {
    let path = path.iter().map(|part| (*part).to_owned()).collect();
    Question { method, path, query: BTreeMap::new(), body: None, patience: ANSWER_TIMEOUT, is_alert: false }
}
