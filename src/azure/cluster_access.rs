//! The ways into a cluster that Azure Resource Manager gives: a kubeconfig, and commands that Azure runs inside.
//!
//! Source: learn.microsoft.com, managedClusters REST reference (listClusterUserCredential, runCommand) and AKS "command
//! invoke". A command runs in a pod of the cluster, so the cluster has to be on and have room; its output ends at 512 kB;
//! Azure does not mean it for programs. States of its result come in lower case.

use super::aks::{Aks, VERSION};
use super::answer::Answer;
use super::api::{Api, Way};
use super::arm::{Call, Posted, json, unreadable};
use super::error::ArmError;
use super::lenient;
use super::sent::Sent;
use crate::domain::resource::ResourceId;
use crate::domain::secret::{Secret, SignedUrl};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

pub(super) const CREDENTIAL: Api = Api::post(
    "read the user credential of",
    "/listClusterUserCredential",
    VERSION,
    "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
)
.only_reads();
pub(super) const RUN_COMMAND: Api = Api::post(
    "run a command in",
    "/runCommand",
    VERSION,
    "Microsoft.ContainerService/managedClusters/runcommand/action",
);
/// Azure hands out the link.
pub(super) const COMMAND_RESULT: Api = Api {
    operation: "read the result of a command in",
    way: Way::Get,
    below: "/commandResults/{}",
    version: None,
    action: "Microsoft.ContainerService/managedClusters/commandResults/read",
};

/// What a command that ran inside a cluster gave.
#[derive(Clone, PartialEq, Eq)]
pub struct CommandResult {
    /// `provisioningState` as Azure wrote it: `succeeded`, `failed`, …
    pub state: String,
    pub exit_code: Option<i64>,
    /// What it printed, standard error included.
    pub logs: String,
    /// Why it could not run, such as `ImagePullBackOff`.
    pub reason: Option<String>,
}

impl fmt::Debug for CommandResult {
    /// What it printed may be anything, and much.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, exit_code, logs, reason } = self;
        write!(f, "CommandResult({state}, exit code {exit_code:?}, {} bytes, reason {reason:?})", logs.len())
    }
}

/// What became of asking for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commanded {
    /// It ran to its end at once.
    Done(Answer<CommandResult>),
    /// It runs; this is where its result will be.
    Running { result: SignedUrl, request_ids: Vec<String> },
    /// Azure did not take it, or nobody knows whether it did. Never [`Sent::Accepted`].
    NotTaken(Sent),
}

/// How a command stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandPoll {
    Running { retry_after: Option<Duration> },
    Done(CommandResult),
}

impl Aks<'_> {
    /// The kubeconfig that Azure gives to a user of the cluster. A secret as a whole: it may hold a private key.
    pub async fn user_kubeconfig(self, cluster: &ResourceId) -> Result<Answer<Secret>, ArmError> {
        let call = self.call(CREDENTIAL, cluster);
        let reply = self.arm.ask(&call).await?;
        if reply.status != 200 {
            return Err(super::arm::refused(&call.name, &reply));
        }
        let answer = json(&call.name, reply)?;
        let ids = answer.request_ids.clone();
        answer.try_map(|body| kubeconfig(&body).map_err(|why| unreadable(&call.name, why, ids)))
    }

    /// Asks Azure to run a command inside the cluster, with a token for it where the cluster needs one. Not sent after
    /// `send_before`; an error means that it was not sent at all.
    pub async fn run_command(
        self,
        cluster: &ResourceId,
        command: &str,
        token: Option<&Secret>,
        send_before: Instant,
    ) -> Result<Commanded, ArmError> {
        let call = self.call(RUN_COMMAND, cluster);
        let token = token.map(Secret::expose).unwrap_or_default();
        let body = json!({"command": command, "context": "", "clusterToken": token});
        Ok(commanded(&call, self.arm.send(&call, Some(&body), send_before).await?))
    }

    /// Looks whether a command has ended.
    pub async fn command_result(
        self,
        cluster: &ResourceId,
        result: &SignedUrl,
    ) -> Result<Answer<CommandPoll>, ArmError> {
        let call = self.arm.call_link(COMMAND_RESULT.name(cluster.as_str()), result)?;
        let reply = self.arm.ask(&call).await?;
        let (status, retry_after) = (reply.status, reply.retry_after);
        match status {
            202 => Ok(Answer { value: CommandPoll::Running { retry_after }, request_ids: reply.request_ids.clone() }),
            200 => {
                let answer = json(&call.name, reply)?;
                let ids = answer.request_ids.clone();
                let wrong = || unreadable(&call.name, "it describes no command", ids);
                answer.try_map(|body| poll(&body).ok_or_else(wrong))
            }
            _ => Err(super::arm::refused(&call.name, &reply)),
        }
    }
}

fn kubeconfig(body: &Value) -> Result<Secret, &'static str> {
    let encoded = lenient::items(body, "/kubeconfigs").find_map(|config| lenient::text(config, "/value"));
    let encoded = encoded.ok_or("there is no kubeconfig in it")?;
    let bytes = STANDARD.decode(encoded.trim()).map_err(|_| "its kubeconfig is not base64")?;
    String::from_utf8(bytes).map(Secret::new).map_err(|_| "its kubeconfig is not text")
}

fn commanded(call: &Call, posted: Posted) -> Commanded {
    let Posted::Replied(reply) = posted else { return Commanded::NotTaken(Sent::of(posted)) };
    let request_ids = reply.request_ids.clone();
    let unknown = |reason: &str, request_ids| Commanded::NotTaken(Sent::Unknown { reason: reason.into(), request_ids });
    match (reply.status, reply.operation.clone()) {
        (200, link) => match (json(&call.name, reply).ok().and_then(|answer| poll(&answer.value)), link) {
            (Some(CommandPoll::Done(value)), _) => Commanded::Done(Answer { value, request_ids }),
            (_, Some(result)) => Commanded::Running { result, request_ids },
            (_, None) => unknown("it was taken, but the answer cannot be read", request_ids),
        },
        (201..=299, Some(result)) => Commanded::Running { result, request_ids },
        (201..=299, None) => unknown("it was taken, but where its result will be is not said", request_ids),
        _ => Commanded::NotTaken(Sent::of(Posted::Replied(reply))),
    }
}

/// A result whose state is not final is none yet.
fn poll(body: &Value) -> Option<CommandPoll> {
    let result = result(body)?;
    let ended = ["succeeded", "failed", "canceled"].iter().any(|state| result.state.eq_ignore_ascii_case(state));
    Some(if ended || result.exit_code.is_some() {
        CommandPoll::Done(result)
    } else {
        CommandPoll::Running { retry_after: None }
    })
}

fn result(body: &Value) -> Option<CommandResult> {
    let properties = body.get("properties").filter(|properties| properties.is_object())?;
    Some(CommandResult {
        state: lenient::text(properties, "/provisioningState")?,
        exit_code: properties.get("exitCode").and_then(Value::as_i64),
        logs: lenient::text(properties, "/logs").unwrap_or_default(),
        reason: lenient::text(properties, "/reason"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_comes_as_base64_and_is_never_shown() {
        let body = json!({"kubeconfigs": [{"name": "clusterUser", "value": STANDARD.encode("kind: Config")}]});
        let config = kubeconfig(&body).unwrap();
        assert_eq!(config.expose(), "kind: Config");
        assert!(!format!("{config:?}").contains("kind"));
        for wrong in [json!({}), json!({"kubeconfigs": []}), json!({"kubeconfigs": [{"value": "%"}]})] {
            assert!(kubeconfig(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_command_has_ended_when_its_state_is_final() {
        let body = |state: &str| json!({"id": "c1", "properties": {"provisioningState": state, "logs": "ok\n"}});
        assert!(matches!(poll(&body("running")), Some(CommandPoll::Running { .. })));
        assert!(matches!(poll(&body("succeeded")), Some(CommandPoll::Done(_))));
        assert!(matches!(poll(&body("Failed")), Some(CommandPoll::Done(_))));
        assert_eq!(poll(&json!({"id": "c1"})), None);
    }

    #[test]
    fn what_a_command_printed_is_not_in_its_debug_text() {
        let result =
            CommandResult { state: "succeeded".into(), exit_code: Some(0), logs: "token".into(), reason: None };
        assert_eq!(format!("{result:?}"), "CommandResult(succeeded, exit code Some(0), 5 bytes, reason None)");
    }
}
