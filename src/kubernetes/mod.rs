//! The clusters from inside: nodes, workloads, volume claims, and pods of our own.
//!
//! ```text
//! questions · acts                    what can be asked and done; decode: what the answers mean
//!          │
//!       cluster                       which way: straight to the API server, or by Azure's runCommand
//!      ┌───┴────┐
//!   direct    command                 one HTTPS exchange · one kubectl command, both as one kind of answer
//!      └───┬────┘
//!       access                        kubeconfig, trust, Entra token or client certificate
//! ```
//! Each call is described once in `api`; access rules and [`Planned`] are made of the same descriptions.
//!
//! The API server is asked by the crate `kube` over a transport of our own: our resolver, the kubeconfig's authority and
//! no other, and the knowledge whether a call was certainly never sent. Where nothing can connect (private clusters), the
//! same question goes through `runCommand`, and the answer says so, because that way has limits. A cluster that answers
//! an error is not asked the other way, and one that is not on is never asked by command.

mod access;
mod acts;
mod api;
mod call;
mod client_certificate;
mod cluster;
mod command;
mod decode;
mod direct;
mod error;
mod kubeconfig;
mod permissions;
mod planned;
mod probe_pod;
mod questions;
mod reply;
mod search_index;
mod sent;
mod settings;
mod yaml;

pub use access::AccessError;
pub use cluster::{Cluster, Kubernetes};
pub use error::{CallName, KubernetesError, Refusal};
pub use kubeconfig::BadKubeconfig;
pub use permissions::PERMISSIONS;
pub use planned::Planned;
pub use probe_pod::{PgTarget, ProbePod};
pub use sent::Sent;
pub use settings::Settings;

use crate::domain::workload::Via;

/// A value, by which way it was seen, and the ids to find its requests again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<T> {
    pub value: T,
    pub via: Via,
    /// `Audit-Id` of calls to the API server; Azure's ids of commands.
    pub request_ids: Vec<String>,
}

impl<T> Seen<T> {
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Seen<U> {
        Seen { value: f(self.value), via: self.via, request_ids: self.request_ids }
    }
}
