//! Which way a cluster is asked: straight to its API server, or around it by a command.

use super::access::{AccessError, Kept, Means};
use super::call::Call;
use super::direct::{Broken, Direct};
use super::error::{CallName, KubernetesError};
use super::reply::Reply;
use super::sent::{DoneWhen, Sent};
use super::settings::Settings;
use crate::azure::Azure;
use crate::domain::resource::ResourceId;
use crate::domain::secret::Secret;
use crate::domain::workload::Via;
use crate::probe::dns::Dns;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// The clusters of one configuration, from inside. Cheap to clone; all clones share what is known of the ways in.
#[derive(Clone)]
pub struct Kubernetes {
    azure: Azure,
    settings: Settings,
    dns: Dns,
    kept: Arc<Mutex<HashMap<ResourceId, Arc<Kept>>>>,
}

/// One cluster.
#[derive(Clone)]
pub struct Cluster {
    pub(super) id: ResourceId,
    pub(super) azure: Azure,
    pub(super) settings: Settings,
    pub(super) kept: Arc<Kept>,
    dns: Dns,
}

impl Kubernetes {
    /// Opens no connection. Its calls have to run inside the runtime.
    pub fn new(azure: Azure, settings: Settings, dns: Dns) -> Self {
        Self { azure, settings, dns, kept: Arc::default() }
    }

    /// A handle on a cluster. Asks nothing yet.
    pub fn cluster(&self, id: &ResourceId) -> Cluster {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = all.entry(id.clone()).or_default().clone();
        let Self { azure, settings, dns, .. } = self.clone();
        Cluster { id: id.clone(), azure, settings, kept, dns }
    }
}

/// What the straight way gave.
enum Straight {
    Replied(Reply),
    /// Nothing could connect (the reason).
    NoWay(String),
    /// It may have been sent.
    Lost {
        why: String,
        id: String,
    },
}

impl Cluster {
    /// The same, without the way around.
    pub fn without_commands(mut self) -> Self {
        self.settings.run_command = false;
        self
    }

    /// Asks; the reply may be a refusal.
    pub(super) async fn ask(&self, call: &Call) -> Result<Reply, KubernetesError> {
        match self.straight(call, None).await? {
            Straight::Replied(reply) => Ok(reply),
            Straight::NoWay(why) => self.ask_around(call, why).await,
            Straight::Lost { why, id } => {
                Err(KubernetesError::Lost { call: call.name.boxed(), why, request_ids: vec![id] })
            }
        }
    }

    /// Acts, never later than `send_before`. An error means that it certainly was not sent.
    pub(super) async fn act(&self, call: &Call, done: DoneWhen, send_before: Instant) -> Result<Sent, KubernetesError> {
        match self.straight(call, Some(send_before)).await? {
            Straight::Replied(reply) => Ok(Sent::of(reply, done)),
            Straight::NoWay(why) => self.act_around(call, why, done, send_before).await,
            Straight::Lost { why, id } => {
                let reason = format!("no complete answer: {why}");
                Ok(Sent::Unknown { via: Via::Direct, reason, request_ids: vec![id] })
            }
        }
    }

    async fn straight(&self, call: &Call, send_before: Option<Instant>) -> Result<Straight, KubernetesError> {
        // What no command can do is tried straight all the same: an API server that just came up refuses at first.
        if let Some(why) = self.kept.detour().filter(|_| call.command.is_some()) {
            return Ok(Straight::NoWay(why));
        }
        let mut refused: Option<Secret> = None;
        // What is kept may be outdated once; what is new is believed.
        for is_last in [false, true] {
            let way = self.way(&call.name).await?;
            let token = self.token(&call.name, &way, refused.as_ref()).await?;
            let patience = self.patience(&call.name, send_before)?;
            let began = Instant::now();
            let outcome = way.exchange(&call.request, token.as_ref(), patience).await;
            log(&call.name, began, &outcome);
            match outcome {
                Ok(reply) if reply.status == 401 && !is_last => {
                    refused = token;
                    self.kept.forget(&way).await;
                }
                Err(Broken::Untrusted(_)) if !is_last => self.kept.forget(&way).await,
                Ok(reply) => {
                    self.kept.straight_again();
                    return Ok(Straight::Replied(reply));
                }
                Err(Broken::NeverSent(why)) => return Ok(Straight::NoWay(why)),
                Err(Broken::AfterSending { why, id }) => return Ok(Straight::Lost { why, id }),
                Err(Broken::Untrusted(why)) => {
                    return Err(KubernetesError::Untrusted { call: call.name.boxed(), why });
                }
            }
        }
        Err(KubernetesError::TooLate { call: call.name.boxed() })
    }

    async fn way(&self, call: &CallName) -> Result<Arc<Direct>, KubernetesError> {
        let means = Means { azure: &self.azure, settings: &self.settings, dns: &self.dns };
        let failed = |source| KubernetesError::Access { call: call.boxed(), source };
        self.kept.way(&self.id, means).await.map_err(failed)
    }

    async fn token(
        &self,
        call: &CallName,
        way: &Direct,
        refused: Option<&Secret>,
    ) -> Result<Option<Secret>, KubernetesError> {
        if !way.entra {
            return Ok(None);
        }
        let token = self.azure.kubernetes_token(refused).await;
        let failed = |source| KubernetesError::Access { call: call.boxed(), source: AccessError::Token(source) };
        token.map(Some).map_err(failed)
    }

    fn patience(&self, call: &CallName, send_before: Option<Instant>) -> Result<std::time::Duration, KubernetesError> {
        let left = send_before.map(|limit| limit.saturating_duration_since(Instant::now()));
        let patience = left.unwrap_or(std::time::Duration::MAX).min(self.settings.call_timeout);
        if patience.is_zero() { Err(KubernetesError::TooLate { call: call.boxed() }) } else { Ok(patience) }
    }

    /// A token for commands, which need one exactly where calls do.
    pub(super) async fn command_token(&self, call: &CallName) -> Result<Option<Secret>, KubernetesError> {
        let way = self.way(call).await?;
        self.token(call, &way, None).await
    }
}

fn log(call: &CallName, began: Instant, outcome: &Result<Reply, Broken>) {
    let took = began.elapsed().as_millis();
    match outcome {
        Ok(Reply { status, request_ids, .. }) => {
            tracing::debug!(%call, took, status, ?request_ids, "answer from a cluster")
        }
        Err(Broken::NeverSent(why) | Broken::Untrusted(why) | Broken::AfterSending { why, .. }) => {
            tracing::warn!(%call, took, error = why, "no answer from a cluster");
        }
    }
}
