//! The way around an API server that cannot be reached: `kubectl` in a pod that Azure starts inside the cluster.
//!
//! Only where nothing could connect, and only in a cluster that is on. What `kubectl` printed becomes the same kind of
//! reply that the API server gives, so that one place reads both.

use super::api;
use super::call::Call;
use super::cluster::Cluster;
use super::error::KubernetesError;
use super::reply::Reply;
use super::sent::{DoneWhen, Sent};
use crate::azure::{self, Answer, ArmError, CommandPoll, CommandResult, Commanded};
use crate::domain::duration;
use crate::domain::failure::FailureClass;
use crate::domain::secret::SignedUrl;
use crate::domain::workload::Via;
use serde_json::json;
use tokio::time::Instant;

/// Azure cuts the output here, without a word.
const OUTPUT_LIMIT: usize = 512_000;

/// What became of a command.
enum Ran {
    Ended(Answer<CommandResult>),
    NotTaken(azure::Sent),
    /// Taken, and not at its end in time.
    Running {
        result: SignedUrl,
        request_ids: Vec<String>,
    },
    /// Taken, but its result is not known.
    Lost {
        why: String,
        request_ids: Vec<String>,
    },
}

impl Cluster {
    pub(super) async fn ask_around(&self, call: &Call, unreachable: String) -> Result<Reply, KubernetesError> {
        let send_before = Instant::now() + self.settings.command_timeout;
        let failed = |why, class, request_ids| {
            let (call, unreachable) = (call.name.boxed(), unreachable.clone());
            Err(KubernetesError::CommandFailed { call, unreachable, why, class, request_ids })
        };
        match self.run(call, &unreachable, send_before).await? {
            Ran::Ended(answer) => match reply(answer) {
                Ok(reply) if reply.body.len() >= OUTPUT_LIMIT => {
                    Err(reply.unreadable(&call.name, "the command's output is cut at 512 kB".into()))
                }
                Ok(reply) => Ok(reply),
                Err((why, ids)) => failed(why, FailureClass::Transient, ids),
            },
            Ran::NotTaken(sent) => failed(sent.text(), class(&sent), sent.request_ids().to_vec()),
            Ran::Running { request_ids, .. } => {
                let limit = duration::text(self.settings.command_timeout);
                failed(format!("the command gave no result within {limit}"), FailureClass::Transient, request_ids)
            }
            Ran::Lost { why, request_ids } => failed(why, FailureClass::Transient, request_ids),
        }
    }

    /// Nothing is waited for beyond `send_before`: a command that runs on after it is as accepted as any operation.
    pub(super) async fn act_around(
        &self,
        call: &Call,
        unreachable: String,
        done: DoneWhen,
        send_before: Instant,
    ) -> Result<Sent, KubernetesError> {
        let via = Via::RunCommand;
        Ok(match self.run(call, &unreachable, send_before).await? {
            Ran::Ended(answer) => ended(answer, done),
            Ran::Running { result, request_ids } => Sent::Accepted { via, operation: Some(result), request_ids },
            Ran::NotTaken(sent) => not_taken(sent),
            Ran::Lost { why: reason, request_ids } => Sent::Unknown { via, reason, request_ids },
        })
    }

    /// What came of an act that [ran on](Sent::Accepted) as a command: `None` while it runs. That the object of a deletion
    /// was gone already comes as a rejection here.
    pub async fn command_outcome(&self, operation: &SignedUrl) -> Result<Option<Sent>, KubernetesError> {
        let answer = self.azure.aks().command_result(&self.id, operation).await;
        let failed = |source| KubernetesError::Around {
            call: self.name(api::COMMAND_RESULTS, String::new()).boxed(),
            unreachable: "a command is on its way".into(),
            source: Box::new(source),
        };
        let Answer { value, request_ids } = answer.map_err(failed)?;
        Ok(match value {
            CommandPoll::Running { .. } => None,
            CommandPoll::Done(value) => Some(ended(Answer { value, request_ids }, DoneWhen::Never)),
        })
    }

    /// Sends a command, and waits for its result until the same moment. An error means that no command was sent.
    async fn run(&self, call: &Call, unreachable: &str, send_before: Instant) -> Result<Ran, KubernetesError> {
        let no_way = |around: String| KubernetesError::Unreachable {
            call: call.name.boxed(),
            why: unreachable.to_owned(),
            around,
        };
        if !self.settings.run_command {
            return Err(no_way("commands are not to be a way around".into()));
        }
        let command = call.command.as_deref().ok_or_else(|| no_way("this cannot be done by a command".into()))?;
        let around = |source| self.around(call, unreachable, source);
        let power = self.azure.aks().get(&self.id).await.map_err(around)?.value;
        if !power.is_on() {
            return Err(no_way(format!("no command either, the cluster is not on: {}", power.text())));
        }
        let token = self.command_token(&call.name).await?;
        let asked = self.azure.aks().run_command(&self.id, command, token.as_ref(), send_before).await;
        let ran = match asked.map_err(around)? {
            Commanded::Done(answer) => Ran::Ended(answer),
            Commanded::NotTaken(sent) => Ran::NotTaken(sent),
            Commanded::Running { result, request_ids } => self.result(result, request_ids, send_before).await,
        };
        if matches!(ran, Ran::Ended(_) | Ran::Running { .. }) {
            self.kept.went_around(unreachable, &self.settings);
        }
        Ok(ran)
    }

    fn around(&self, call: &Call, unreachable: &str, source: ArmError) -> KubernetesError {
        KubernetesError::Around {
            call: call.name.boxed(),
            unreachable: unreachable.to_owned(),
            source: Box::new(source),
        }
    }

    /// Waits for the result of a command that was taken.
    async fn result(&self, result: SignedUrl, mut request_ids: Vec<String>, deadline: Instant) -> Ran {
        loop {
            let looked = tokio::time::timeout_at(deadline, self.azure.aks().command_result(&self.id, &result)).await;
            let pause = match looked {
                Ok(Ok(Answer { value: CommandPoll::Done(value), request_ids: ids })) => {
                    request_ids.extend(ids);
                    return Ran::Ended(Answer { value, request_ids });
                }
                Ok(Ok(Answer { value: CommandPoll::Running { retry_after }, .. })) => retry_after,
                Ok(Err(error)) => return Ran::Lost { why: error.text(), request_ids },
                Err(_) => return Ran::Running { result, request_ids },
            };
            let next = Instant::now() + pause.unwrap_or(self.settings.command_poll);
            if next >= deadline {
                return Ran::Running { result, request_ids };
            }
            tokio::time::sleep_until(next).await;
        }
    }
}

fn ended(answer: Answer<CommandResult>, done: DoneWhen) -> Sent {
    match reply(answer) {
        Ok(reply) => Sent::of(reply, done),
        Err((reason, request_ids)) => Sent::Unknown { via: Via::RunCommand, reason, request_ids },
    }
}

fn class(sent: &azure::Sent) -> FailureClass {
    match sent {
        azure::Sent::Rejected { class, .. } => *class,
        azure::Sent::Throttled { .. } => FailureClass::Throttled,
        azure::Sent::Busy { .. } => FailureClass::Busy,
        _ => FailureClass::Transient,
    }
}

/// Azure's word about a command as our word about the act in it.
fn not_taken(sent: azure::Sent) -> Sent {
    let (via, class, text) = (Via::RunCommand, class(&sent), sent.text());
    match sent {
        azure::Sent::Rejected { code, message, request_ids, .. } => {
            Sent::Rejected { via, class, code, message, request_ids }
        }
        azure::Sent::Busy { request_ids, .. } => {
            Sent::Rejected { via, class, code: String::new(), message: text, request_ids }
        }
        azure::Sent::Throttled { retry_after, request_ids } => Sent::Throttled { via, retry_after, request_ids },
        azure::Sent::Accepted { request_ids, .. }
        | azure::Sent::NothingToDo { request_ids }
        | azure::Sent::AlreadyThere { request_ids, .. }
        | azure::Sent::Unknown { request_ids, .. } => Sent::Unknown { via, reason: text, request_ids },
    }
}

/// What a command printed, as the API server's reply. The error tells why it did not even run.
fn reply(answer: Answer<CommandResult>) -> Result<Reply, (String, Vec<String>)> {
    let Answer { value: CommandResult { state, exit_code, logs, reason }, request_ids } = answer;
    let (status, body) = match (exit_code, refused(&logs)) {
        (Some(0), _) => (200, logs),
        (Some(_), Some((status, reason, message))) => {
            let body =
                json!({"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": status});
            (status, body.to_string())
        }
        (Some(code), None) => {
            return Err((format!("the command ended with exit code {code}: {}", first_line(&logs)), request_ids));
        }
        (None, _) => {
            let why = reason.unwrap_or_else(|| first_line(&logs));
            return Err((format!("the command did not run, it is {state}: {why}"), request_ids));
        }
    };
    Ok(Reply { status, via: Via::RunCommand, request_ids, retry_after: None, body: body.into_bytes() })
}

/// `kubectl` prints a refusal as `Error from server (Reason): message`; only a 401 has words of its own.
fn refused(logs: &str) -> Option<(u16, String, String)> {
    const MARK: &str = "Error from server";
    const UNAUTHORIZED: &str = "error: You must be logged in to the server";
    if let Some(line) = logs.lines().find(|line| line.trim().starts_with(UNAUTHORIZED)) {
        return Some((401, "Unauthorized".into(), line.trim().to_owned()));
    }
    let said = logs.lines().find_map(|line| line.trim().strip_prefix(MARK))?.trim_start();
    let (reason, message) = match said.strip_prefix('(').and_then(|said| said.split_once("): ")) {
        Some((reason, message)) => (reason, message),
        None => ("", said.trim_start_matches(':').trim()),
    };
    let status = match reason {
        "Unauthorized" => 401,
        "Forbidden" => 403,
        "NotFound" => 404,
        "AlreadyExists" | "Conflict" => 409,
        "Invalid" => 422,
        "TooManyRequests" => 429,
        "BadRequest" => 400,
        "ServiceUnavailable" => 503,
        "Timeout" => 504,
        _ => 500,
    };
    Some((status, reason.to_owned(), message.to_owned()))
}

fn first_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("it printed nothing")
        .chars()
        .take(300)
        .collect()
}
