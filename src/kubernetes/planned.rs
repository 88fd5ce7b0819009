//! The calls that would be made inside a cluster, without making them. Names come from the descriptions that the client
//! itself uses.

use super::api::{self, Api};
use crate::domain::outlook::PlannedCall;
use crate::domain::workload::{WorkloadKind, WorkloadRef, WorkloadSelector};

/// The calls to the API server of one cluster.
#[derive(Debug, Clone, Copy)]
pub struct Planned<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
}

impl Planned<'_> {
    pub fn nodes(self) -> PlannedCall {
        self.call(api::NODES, "", "")
    }

    /// What a look at a workload reads.
    pub fn workload(self, selector: &WorkloadSelector) -> Vec<PlannedCall> {
        let lists = [api::DEPLOYMENTS, api::STATEFUL_SETS, api::AUTOSCALERS, api::PODS];
        lists.into_iter().map(|list| self.call(list, &selector.namespace, "")).collect()
    }

    /// What a look at the volumes of the search nodes reads, beside the workload.
    pub fn search_index(self, selector: &WorkloadSelector) -> Vec<PlannedCall> {
        let mut calls = self.workload(selector);
        calls.push(self.call(api::CLAIMS, &selector.namespace, ""));
        calls
    }

    /// A volume claim is deleted, and its volume with it.
    pub fn delete_claim(self, selector: &WorkloadSelector) -> PlannedCall {
        self.call(api::DELETE_CLAIM, &selector.namespace, "{claim}")
    }

    /// An object is scaled.
    pub fn scale(self, object: &WorkloadRef) -> PlannedCall {
        let api = match object.kind {
            WorkloadKind::Deployment => api::SCALE_DEPLOYMENT,
            WorkloadKind::StatefulSet => api::SCALE_STATEFUL_SET,
        };
        self.call(api, &object.namespace, &object.name)
    }

    /// The life of a probe pod in a namespace: how it is seen, made, read and deleted.
    pub fn probe_pod(self, namespace: &str) -> [PlannedCall; 4] {
        [api::POD, api::CREATE_POD, api::POD_LOG, api::DELETE_POD].map(|api| self.call(api, namespace, "{pod}"))
    }

    fn call(self, api: Api, namespace: &str, name: &str) -> PlannedCall {
        api.planned(self.cluster, namespace, name)
    }
}
