//! Long-running operations (learn.microsoft.com, Azure Resource Manager async operations).
//!
//! The verdict is the `status` text and nothing else: real AKS starts carry an `error` object beside `InProgress` and
//! beside `Succeeded`. And even the verdict is only a hint; the resource's own state decides.

use super::answer::Answer;
use super::api::{Api, Way};
use super::arm::{Arm, json, refused};
use super::error::{ArmError, CallName};
use super::failure::classify;
use super::http::Reply;
use super::lenient;
use super::service_error::ServiceError;
use crate::domain::failure::FailureClass;
use crate::domain::resource::ResourceId;
use crate::domain::secret::SignedUrl;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::time::Duration;

/// A poll of an operation of AKS, below its subscription. Azure hands out the link.
pub(super) const POLL: Api = Api {
    operation: "poll the operation on",
    way: Way::Get,
    below: "/providers/Microsoft.ContainerService/locations/{}/operations/{}",
    version: None,
    action: "Microsoft.ContainerService/locations/operations/read",
};

/// How an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Running,
    Succeeded,
    Failed,
    Canceled,
}

/// One look at the status of an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationStatus {
    pub verdict: Verdict,
    /// `status` as Azure wrote it.
    pub status: String,
    /// What came along as `error`; information unless the verdict is Failed or Canceled.
    pub error: Option<ServiceError>,
    pub percent: Option<f64>,
    pub started: Option<DateTime<Utc>>,
    pub ended: Option<DateTime<Utc>>,
}

/// What polling an operation gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Poll {
    Status(OperationStatus),
    /// 202 without a status: still running.
    Running,
    /// 204, or 200 without a status (the end of a `Location` URL): finished, one way or the other.
    Finished,
    /// The status cannot be read (403, 404 and the like); only the resource can tell.
    LookAtResource {
        why: String,
    },
}

/// A poll's result, and how long Azure asks to wait before the next one (mostly it does not say).
#[derive(Debug, Clone, PartialEq)]
pub struct Polled {
    pub poll: Poll,
    pub retry_after: Option<Duration>,
}

/// Access to operations that Azure accepted.
#[derive(Clone, Copy)]
pub struct Operations<'a> {
    pub(super) arm: &'a Arm,
}

impl Operations<'_> {
    /// Polls the status URL of an operation on `resource`.
    pub async fn poll(self, resource: &ResourceId, status_url: &SignedUrl) -> Result<Answer<Polled>, ArmError> {
        match self.arm.call_link(POLL.name(resource.as_str()), status_url) {
            Ok(call) => read(&call.name, self.arm.ask(&call).await?),
            Err(not_followed) => {
                let poll = Poll::LookAtResource { why: not_followed.text() };
                Ok(Answer { value: Polled { poll, retry_after: None }, request_ids: Vec::new() })
            }
        }
    }
}

fn read(name: &CallName, reply: Reply) -> Result<Answer<Polled>, ArmError> {
    let (request_ids, retry_after) = (reply.request_ids.clone(), reply.retry_after);
    let poll = match reply.status {
        204 => Poll::Finished,
        202 => status_in(name, reply).map_or(Poll::Running, Poll::Status),
        200 => status_in(name, reply).map_or(Poll::Finished, Poll::Status),
        // The record expires after hours; its path lies outside the resource, so a role on the resource may not reach it.
        400..=499 => Poll::LookAtResource { why: reply.refusal().to_string() },
        _ => return Err(refused(name, &reply)),
    };
    Ok(Answer { value: Polled { poll, retry_after }, request_ids })
}

fn status_in(name: &CallName, reply: Reply) -> Option<OperationStatus> {
    OperationStatus::from_json(&json(name, reply).ok()?.value)
}

impl OperationStatus {
    /// Reads the body of a status URL. `None` without a `status`.
    pub fn from_json(body: &Value) -> Option<Self> {
        let status = lenient::text(body, "/status")?;
        Some(Self {
            verdict: Verdict::of(&status),
            status,
            error: body.get("error").and_then(ServiceError::from_json),
            percent: lenient::number(body, "/percentComplete"),
            started: lenient::time(body, "/startTime"),
            ended: lenient::time(body, "/endTime"),
        })
    }

    /// The class of the failure, when it failed or was cancelled.
    pub fn failure(&self) -> Option<FailureClass> {
        let none = ServiceError::default();
        let class = || classify(None, self.error.as_ref().unwrap_or(&none));
        matches!(self.verdict, Verdict::Failed | Verdict::Canceled).then(class)
    }

    /// One line for evidence.
    pub fn text(&self) -> String {
        match &self.error {
            Some(error) => format!("operation {} ({error})", self.status),
            None => format!("operation {}", self.status),
        }
    }
}

impl Verdict {
    fn of(status: &str) -> Self {
        match status.to_ascii_lowercase().as_str() {
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            "canceled" | "cancelled" => Self::Canceled,
            _ => Self::Running,
        }
    }

    pub fn is_final(self) -> bool {
        self != Self::Running
    }
}
