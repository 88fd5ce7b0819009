//! Mutating calls: what is asked of Azure or of a cluster, and what came of it.

use crate::domain::duration;
use crate::domain::failure::FailureClass;
use crate::domain::parking::Scale;
use crate::domain::path::ProbeRef;
use crate::domain::secret::SignedUrl;
use crate::domain::workload::ClaimView;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A mutating call, as the journal names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub verb: Verb,
    /// The resource it acts on.
    pub target: String,
    /// What is scaled inside a cluster, and to how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// The volume claim that is deleted inside a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<ClaimRef>,
    /// The pod that is made or deleted inside a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeRef>,
}

/// A volume claim, and which of those that ever bore its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRef {
    pub namespace: String,
    pub name: String,
    pub uid: String,
}

impl Call {
    /// A call that acts on the resource as a whole.
    pub fn on(verb: Verb, target: impl Into<String>) -> Self {
        Self { verb, target: target.into(), scale: None, claim: None, probe: None }
    }

    /// For people: `stop cluster /subscriptions/…`.
    pub fn text(&self) -> String {
        format!("{} {}", self.deed(), self.target)
    }

    /// What is done, to be followed by the resource it is done to.
    pub fn deed(&self) -> String {
        match (&self.scale, &self.claim, &self.probe) {
            (Some(scale), ..) => format!("{} {scale} on", self.verb.text()),
            (_, Some(claim), _) => format!("{} {}/{} on", self.verb.text(), claim.namespace, claim.name),
            (.., Some(probe)) => format!("{} {} on", self.verb.text(), probe.text()),
            (None, None, None) => self.verb.text().to_owned(),
        }
    }
}

impl From<&ClaimView> for ClaimRef {
    fn from(ClaimView { namespace, name, uid, .. }: &ClaimView) -> Self {
        Self { namespace: namespace.clone(), name: name.clone(), uid: uid.clone() }
    }
}

/// The mutating calls there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    StartCluster,
    StopCluster,
    ScaleWorkload,
    DeleteClaim,
    /// A pod that reads through the writer endpoint, and its end.
    CreateProbe,
    DeleteProbe,
}

/// What came of a mutating call. Nothing here is a success: only the world, looked at again, can tell that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Sent {
    /// Azure accepted it; the operation's status URL stays in the journal and is shown to nobody.
    Accepted {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<SignedUrl>,
        #[serde(default)]
        request_ids: Vec<String>,
    },
    /// Azure says that there is nothing to do or that it is so already.
    AlreadyThere { said: String },
    /// Another operation holds the resource.
    Busy { said: String },
    Throttled {
        #[serde(with = "duration")]
        retry_after: Duration,
        /// We held it back ourselves, because Azure would have turned it away.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        held_back: bool,
    },
    Rejected {
        class: FailureClass,
        code: String,
        message: String,
        #[serde(default)]
        request_ids: Vec<String>,
    },
    /// Whether it arrived is not known.
    Unknown {
        reason: String,
        #[serde(default)]
        request_ids: Vec<String>,
    },
    /// It was never sent: the claim was lost or its time had passed.
    NotSent { reason: String },
}

/// A mutating call of a step, with what came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Intent {
    pub call: Call,
    pub at: DateTime<Utc>,
    pub send_before: DateTime<Utc>,
    pub outcome: Option<Sent>,
    pub answered_at: Option<DateTime<Utc>>,
}

impl Sent {
    pub fn is_accepted(&self) -> bool {
        matches!(self, Sent::Accepted { .. } | Sent::AlreadyThere { .. })
    }

    pub fn text(&self) -> String {
        match self {
            Sent::Accepted { .. } => "accepted".into(),
            Sent::AlreadyThere { said } => format!("nothing to do: {said}"),
            Sent::Busy { said } => format!("busy: {said}"),
            Sent::Throttled { retry_after, held_back: false } => {
                format!("throttled for {}", duration::text(*retry_after))
            }
            Sent::Throttled { retry_after, held_back: true } => {
                format!("held back for {}, Azure takes no more calls of this kind before", duration::text(*retry_after))
            }
            Sent::Rejected { code, message, .. } => format!("rejected with {code}: {message}"),
            Sent::Unknown { reason, .. } => format!("no answer: {reason}"),
            Sent::NotSent { reason } => format!("not sent: {reason}"),
        }
    }

    /// What to name to Azure's support: ids of its answers, or of ours when there was none.
    pub fn request_ids(&self) -> &[String] {
        match self {
            Self::Accepted { request_ids, .. } | Self::Rejected { request_ids, .. } => request_ids,
            Self::Unknown { request_ids, .. } => request_ids,
            _ => &[],
        }
    }
}

impl Verb {
    pub fn text(self) -> &'static str {
        match self {
            Verb::StartCluster => "start cluster",
            Verb::StopCluster => "stop cluster",
            Verb::ScaleWorkload => "scale",
            Verb::DeleteClaim => "delete claim",
            Verb::CreateProbe => "create",
            Verb::DeleteProbe => "delete",
        }
    }
}

impl Intent {
    /// How long ago it was answered, or sent if it was not answered yet.
    pub fn age(&self, now: DateTime<Utc>) -> Duration {
        (now - self.answered_at.unwrap_or(self.at)).to_std().unwrap_or_default()
    }

    /// Whether the call was accepted, or may have been.
    pub fn may_have_worked(&self) -> bool {
        let accepted = |outcome: &Sent| outcome.is_accepted() || matches!(outcome, Sent::Unknown { .. });
        self.outcome.as_ref().is_none_or(accepted)
    }
}
