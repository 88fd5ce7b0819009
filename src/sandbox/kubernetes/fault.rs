//! Faults of the API servers, matched by cluster, verb and resource.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::ask::Ask;
use super::reply::{Reply, details};
use crate::sandbox::world::{Event, World};

/// A fault that API servers show to matching requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KubeFault {
    /// Only this cluster; every one when missing.
    #[serde(default)]
    pub cluster: Option<String>,
    /// Only this verb of access rules: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`; any when missing.
    #[serde(default)]
    pub verb: Option<String>,
    /// Only this resource, with its sub-resource, such as `deployments/scale`; or a path that is none, such as `/readyz`.
    #[serde(default)]
    pub resource: Option<String>,
    /// How many requests it hits; until cleared when missing.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens to them.
    #[serde(flatten)]
    pub action: KubeFaultAction,
}

/// What happens to a request that meets a fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub enum KubeFaultAction {
    /// The caller may not do that: 403.
    Forbidden,
    /// 429, with or without `Retry-After` in seconds.
    Throttled {
        /// Seconds.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// It is answered this status; nothing else happens.
    Answer {
        /// HTTP status.
        status: u16,
        /// Reason, such as `InternalError`.
        #[serde(default)]
        reason: String,
        /// Text.
        #[serde(default)]
        message: String,
    },
    /// Nothing is ever answered, and nothing is done.
    Hang,
    /// The connection is reset; nothing else happens.
    Reset,
    /// It is carried out, then the connection is reset instead of an answer.
    AcceptAndReset,
}

impl KubeFault {
    /// A fault of every cluster for a verb on a resource.
    pub fn on(verb: &str, resource: &str, action: KubeFaultAction) -> Self {
        Self { cluster: None, verb: Some(verb.to_owned()), resource: Some(resource.to_owned()), times: None, action }
    }

    /// The same, for so many requests only.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    fn matches(&self, cluster: &str, ask: &Ask) -> bool {
        let named = ask.resource().map_or_else(|| ask.path.clone(), |(_, named, _)| named);
        self.cluster.as_deref().is_none_or(|it| it == cluster)
            && self.verb.as_deref().is_none_or(|it| it == ask.verb())
            && self.resource.as_deref().is_none_or(|it| it == named)
    }
}

#[derive(Default)]
struct Faults(Mutex<Vec<KubeFault>>);

impl World {
    /// Sets a fault of the API servers. The first that matches acts.
    pub fn add_kube_fault(&self, fault: KubeFault) {
        let text = format!("fault of Kubernetes: {fault:?}");
        self.plane::<Faults>().0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
        self.log(Event::Fault { what: text.clone() }, text);
    }

    /// Clears all faults of the API servers.
    pub fn clear_kube_faults(&self) {
        self.plane::<Faults>().0.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.log(Event::Fault { what: "cleared".into() }, "all faults of Kubernetes cleared");
    }

    /// Faults that have not yet hit as many requests as they should; how many are left is in `times`.
    pub fn unspent_kube_faults(&self) -> Vec<KubeFault> {
        let plane = self.plane::<Faults>();
        let faults = plane.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.iter().filter(|it| it.times.is_some()).cloned().collect()
    }

    /// The fault that this request meets; it is used up by one.
    pub(super) fn take_kube_fault(&self, cluster: &str, ask: &Ask) -> Option<KubeFaultAction> {
        let plane = self.plane::<Faults>();
        let mut faults = plane.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = faults.iter().position(|it| it.matches(cluster, ask))?;
        let fault = &mut faults[index];
        let action = fault.action.clone();
        match &mut fault.times {
            Some(left) if *left <= 1 => drop(faults.remove(index)),
            Some(left) => *left -= 1,
            None => {}
        }
        Some(action)
    }
}

/// 403, in the words of AKS with Azure's own access rules.
pub(super) fn forbidden(ask: &Ask, user: &str) -> Reply {
    let Some((resource, named, place)) = ask.resource() else {
        let message = format!("forbidden: User \"{user}\" cannot {} path \"{}\"", ask.verb(), ask.path);
        return Reply::refusal(403, "Forbidden", message, serde_json::json!({}));
    };
    let name = if place.name.is_empty() { String::new() } else { format!(" \"{}\"", place.name) };
    let scope = match place.namespace.as_str() {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace \"{namespace}\""),
    };
    let message = format!(
        "{}{name} is forbidden: User \"{user}\" cannot {} resource \"{named}\" in API group \"{}\" {scope}: \
         User does not have access to the resource in Azure. Update role assignment to allow access.",
        resource.qualified(),
        ask.verb(),
        resource.group
    );
    Reply::refusal(403, "Forbidden", message, details(resource, &place.name))
}

pub(super) fn throttled(retry_after: Option<u64>) -> Reply {
    let message = "Too many requests, please try again later.";
    let details = serde_json::json!({"retryAfterSeconds": retry_after.unwrap_or_default()});
    Reply { retry_after, ..Reply::refusal(429, "TooManyRequests", message, details) }
}
