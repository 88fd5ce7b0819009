//! What can be done in a cluster: one call each, with an honest outcome.

use super::api::{self, Api};
use super::call::Call;
use super::cluster::Cluster;
use super::error::{CallName, KubernetesError};
use super::probe_pod::ProbePod;
use super::questions::not_sendable;
use super::sent::{DoneWhen, Sent};
use crate::domain::run::ClaimRef;
use crate::domain::workload::{WorkloadKind, WorkloadRef};
use http::Request as HttpRequest;
use kube::core::Request;
use kube::core::params::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use serde_json::json;
use tokio::time::Instant;

impl Cluster {
    /// Wants so many pods of an object, through its scale sub-resource: nothing else of it changes.
    pub async fn scale(
        &self,
        object: &WorkloadRef,
        replicas: u32,
        send_before: Instant,
    ) -> Result<Sent, KubernetesError> {
        let WorkloadRef { kind, namespace, name } = object;
        let api = match kind {
            WorkloadKind::Deployment => api::SCALE_DEPLOYMENT,
            WorkloadKind::StatefulSet => api::SCALE_STATEFUL_SET,
        };
        let target = self.target(api, namespace, name)?;
        let patch = Patch::Merge(json!({"spec": {"replicas": replicas}}));
        let request =
            Request::new(api.collection(namespace)).patch_subresource("scale", name, &PatchParams::default(), &patch);
        let kind = kind.text().to_ascii_lowercase();
        let command = format!("kubectl scale {kind}/{name} --replicas={replicas} -n {namespace}");
        self.act(&call(target, request, Some(command))?, DoneWhen::Never, send_before).await
    }

    /// Deletes a volume claim, and with it what is on the volume. Of a claim that a later one has replaced meanwhile the
    /// later one stays (the direct way only; a command cannot say so).
    pub async fn delete_claim(&self, claim: &ClaimRef, send_before: Instant) -> Result<Sent, KubernetesError> {
        let ClaimRef { namespace, name, uid } = claim;
        let target = self.target(api::DELETE_CLAIM, namespace, name)?;
        let uid = Some(uid.clone()).filter(|uid| !uid.is_empty());
        let preconditions = uid.map(|uid| Preconditions { uid: Some(uid), resource_version: None });
        let params = DeleteParams { preconditions, ..DeleteParams::default() };
        let request = Request::new(api::DELETE_CLAIM.collection(namespace)).delete(name, &params);
        let command = format!("kubectl delete pvc {name} -n {namespace} --wait=false");
        self.act(&call(target, request, Some(command))?, DoneWhen::Gone, send_before).await
    }

    /// Starts a probe pod. There is no command for it: its environment would stand in Azure's activity log.
    pub async fn create_probe_pod(&self, pod: &ProbePod, send_before: Instant) -> Result<Sent, KubernetesError> {
        let ProbePod { namespace, name, .. } = pod;
        let target = self.target(api::CREATE_POD, namespace, name)?;
        let body = pod.manifest().to_string().into_bytes();
        let request = Request::new(api::CREATE_POD.collection(namespace)).create(&PostParams::default(), body);
        self.act(&call(target, request, None)?, DoneWhen::There, send_before).await
    }

    pub async fn delete_pod(&self, namespace: &str, name: &str, send_before: Instant) -> Result<Sent, KubernetesError> {
        let target = self.target(api::DELETE_POD, namespace, name)?;
        let params = DeleteParams::default();
        let request = Request::new(api::DELETE_POD.collection(namespace)).delete(name, &params);
        let command = format!("kubectl delete pod {name} -n {namespace} --wait=false");
        self.act(&call(target, request, Some(command))?, DoneWhen::Gone, send_before).await
    }

    /// What the act is called in errors, once both names are fit to be sent.
    fn target(&self, api: Api, namespace: &str, name: &str) -> Result<CallName, KubernetesError> {
        self.namespace(api.verb, namespace)?;
        self.namespace(api.verb, name)?;
        Ok(self.name(api, format!("{namespace}/{name}")))
    }
}

fn call(
    name: CallName,
    request: Result<HttpRequest<Vec<u8>>, kube::core::request::Error>,
    command: Option<String>,
) -> Result<Call, KubernetesError> {
    match request {
        Ok(request) => Ok(Call { name, request, command }),
        Err(error) => Err(not_sendable(&name, &error)),
    }
}
