//! One invocation: ask the handler, take its answer, write its outputs.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::time::timeout;
use uuid::Uuid;

use super::answer::{Envelope, HttpAnswer, Taken, http_output, take};
use super::app::App;
use super::client::WorkerClient;
use super::function::{Function, Output, Target};
use super::log::{Level, Log};
use super::payload::Payload;
use super::queue_output::messages;
use super::stats::{Outcome, Stats};
use super::storage::Storage;
use super::supervisor::Supervisor;

/// Between a function's time-out and the end of its handler.
const TIMEOUT_GRACE: Duration = Duration::from_secs(2);
const LONGER_THAN_ANY_HOST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Everything an invocation needs, shared by all triggers.
#[derive(Debug)]
pub struct Invoker {
    pub app: App,
    pub client: Arc<WorkerClient>,
    pub supervisor: Supervisor,
    pub storage: Storage,
    pub log: Log,
    pub stats: Stats,
}

/// Why an invocation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    Failed(String),
    TimedOut,
    /// The host is no more: nothing may follow from it.
    HostStopped,
}

impl Invoker {
    /// Calls a function and answers its HTTP client; every failure is an empty 500.
    pub async fn answer(&self, function: &Function, payload: &Payload) -> HttpAnswer {
        self.call(function, payload).await.unwrap_or_else(|_| HttpAnswer::bare(500))
    }

    /// Calls a function. Nothing is retried here.
    ///
    /// # Errors
    /// How it failed; the log and the statistics have it too.
    pub async fn call(&self, function: &Function, payload: &Payload) -> Result<HttpAnswer, Failure> {
        let id = self.stats.begin(&function.name);
        let pid = self.supervisor.pid();
        let limit = self.app.settings.function_timeout.map_or(LONGER_THAN_ANY_HOST, |limit| limit + TIMEOUT_GRACE);
        let attempt = timeout(limit, self.attempt(function, payload, id)).await;
        if attempt.is_err() {
            self.supervisor.restart(pid.or_else(|| self.supervisor.pid()));
        }
        let result = attempt.unwrap_or(Err(Failure::TimedOut));
        self.record(function, id, &result);
        result
    }

    async fn attempt(&self, function: &Function, payload: &Payload, id: Uuid) -> Result<HttpAnswer, Failure> {
        self.supervisor.available().await.map_err(|_| Failure::HostStopped)?;
        let asked = self.client.invoke(&function.name, &id.to_string(), &payload.to_bytes()).await;
        let answer = asked.map_err(|error| Failure::Failed(format!("no answer: {error}")))?;
        match take(&answer) {
            Taken::Answer(envelope) => self.finish(function, &envelope).map_err(Failure::Failed),
            Taken::Failed(problem) => Err(Failure::Failed(problem)),
            Taken::Nothing => std::future::pending().await,
        }
    }

    /// Outputs are written before the headers of the http output are looked at: a bad header does not take them back.
    fn finish(&self, function: &Function, envelope: &Envelope) -> Result<HttpAnswer, String> {
        for line in &envelope.logs {
            self.log.line(Level::Information, &format!("Function.{}.User", function.name), line);
        }
        let http = function.outputs.iter().find(|output| output.target == Target::Http);
        let answer = http_output(envelope, http.map(|output| output.name.as_str()))?;
        function.outputs.iter().try_for_each(|output| self.write(output, envelope))?;
        answer.finish()
    }

    fn write(&self, output: &Output, envelope: &Envelope) -> Result<(), String> {
        let Target::Queue { queue, sniff } = &output.target else { return Ok(()) };
        let raw = match output.name.as_str() {
            "$return" => envelope.return_value.as_ref(),
            name => envelope.outputs.as_ref().and_then(|outputs| outputs.get(name)),
        };
        let Some(raw) = raw else { return Ok(()) };
        let encode = |bytes: Vec<u8>| match self.app.settings.queues.base64 {
            true => STANDARD.encode(bytes),
            false => String::from_utf8_lossy(&bytes).into_owned(),
        };
        messages(raw, *sniff)?.into_iter().try_for_each(|bytes| self.storage.put(queue, &encode(bytes)))
    }

    fn record(&self, function: &Function, id: Uuid, result: &Result<HttpAnswer, Failure>) {
        let outcome = match result {
            Ok(_) => Outcome::Succeeded,
            Err(Failure::TimedOut) => Outcome::TimedOut,
            Err(Failure::Failed(problem)) => Outcome::Failed(problem.clone()),
            Err(Failure::HostStopped) => return,
        };
        if outcome != Outcome::Succeeded {
            self.log
                .host(Level::Error, format!("Executed 'Functions.{}' (Failed, Id={id}): {outcome:?}", function.name));
        }
        self.stats.end(id, outcome);
    }
}
