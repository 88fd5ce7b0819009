//! The reads of a readiness drill, as they would be made.

use super::api::{Api, On};
use super::monitor::Metric;
use super::planned::Planned;
use super::{alert_rules, authorization, cluster_detail, compute, front_door, monitor, postgres};
use crate::domain::outlook::PlannedCall;
use crate::domain::resource::ResourceId;

/// Where a cluster is, it tells only when it is asked.
const REGION: &str = "{region}";

impl Planned {
    /// What a region offers to a subscription: versions of Kubernetes, quotas, machine sizes.
    pub fn region(&self, subscription: &str) -> Vec<PlannedCall> {
        let filter = compute::in_region(REGION);
        let query = [("$filter", filter.as_str())];
        vec![
            self.beside(cluster_detail::VERSIONS, subscription, &[REGION], &[]),
            self.beside(compute::USAGES, subscription, &[REGION], &[]),
            self.beside(compute::SIZES, subscription, &[], &query),
        ]
    }

    /// What Front Door is configured to do.
    pub fn front_door(&self, profile: &ResourceId, group: &str) -> Vec<PlannedCall> {
        let part = |api: Api, names: &[&str]| self.at(api, profile, names, &[]);
        vec![
            part(front_door::ORIGIN_GROUP, &[group]),
            part(front_door::ORIGINS, &[group]),
            part(front_door::ENDPOINTS, &[]),
        ]
    }

    /// The alert rules of a subscription, and the action groups that they call: which those are is not known before.
    pub fn alerting(&self, subscription: &str) -> Vec<PlannedCall> {
        let rules = self.beside(alert_rules::RULES, subscription, &[], &[]);
        let (scope, names) = (format!("/subscriptions/{subscription}"), ["{group}", "{name}"]);
        let group =
            format!("{scope}/resourceGroups/{}/providers/Microsoft.Insights/actionGroups/{}", names[0], names[1]);
        vec![rules, self.planned(alert_rules::GROUP, On::just(&group), &scope)]
    }

    /// What the identity may do with a resource.
    pub fn permissions(&self, resource: &ResourceId) -> PlannedCall {
        self.at(authorization::PERMISSIONS, resource, &[], &[])
    }

    pub fn server(&self, server: &ResourceId) -> PlannedCall {
        self.at(postgres::SERVER, server, &[], &[])
    }

    pub fn virtual_endpoint(&self, server: &ResourceId, name: &str) -> PlannedCall {
        self.at(postgres::ENDPOINT, server, &[name], &[])
    }

    pub fn replication_delay(&self, server: &ResourceId) -> PlannedCall {
        let query = monitor::query(Metric::REPLICATION_DELAY_SECONDS, "{from}/{to}", None);
        self.at(monitor::SERIES, server, &[], &query)
    }

    fn at(&self, api: Api, resource: &ResourceId, names: &[&str], query: &[(&str, &str)]) -> PlannedCall {
        let on = On { resource: resource.as_str(), names, query };
        self.planned(api, on, resource.as_str()).of(resource.name())
    }

    fn beside(&self, api: Api, subscription: &str, names: &[&str], query: &[(&str, &str)]) -> PlannedCall {
        let scope = format!("/subscriptions/{subscription}");
        self.planned(api, On { resource: &scope, names, query }, &scope)
    }
}
