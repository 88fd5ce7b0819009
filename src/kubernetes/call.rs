//! One call to a cluster: what it is called in errors, the HTTP request, and the same as a `kubectl` command.

use super::error::CallName;
use super::kubeconfig::is_object_name;
use kube::core::Request;
use kube::core::params::ListParams;

/// Objects per page; the API server hands out the next page's token.
const PAGE: u32 = 500;

/// A question or an act.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub name: CallName,
    pub request: http::Request<Vec<u8>>,
    /// The same for a shell inside the cluster. `None`: it cannot be said in one short command.
    pub command: Option<String>,
}

/// Why a call cannot even be put together: a name or value that no Kubernetes object has.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a name that a Kubernetes object can have")]
pub struct NotAName(pub String);

impl Call {
    /// A read of `path`.
    pub fn get(name: CallName, path: &str) -> Result<Self, http::Error> {
        let request = http::Request::get(path).body(Vec::new())?;
        Ok(Self::reading(name, request))
    }

    /// One page of a list.
    pub fn list(
        name: CallName,
        path: &str,
        labels: Option<&str>,
        page: Option<&str>,
    ) -> Result<Self, kube::core::request::Error> {
        let mut params = ListParams::default().limit(PAGE);
        params.label_selector = labels.map(str::to_owned);
        params.continue_token = page.map(str::to_owned);
        Ok(Self::reading(name, Request::new(path).list(&params)?))
    }

    fn reading(name: CallName, request: http::Request<Vec<u8>>) -> Self {
        // Single quotes: the address holds & and brackets, and form encoding leaves no quote in it.
        let command = format!("kubectl get --raw '{}'", request.uri());
        Self { name, request, command: Some(command) }
    }
}

/// Names go into paths and into command lines.
pub(super) fn checked(name: &str) -> Result<&str, NotAName> {
    if is_object_name(name) { Ok(name) } else { Err(NotAName(name.to_owned())) }
}
