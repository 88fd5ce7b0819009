//! What Azure says of clusters, regions, Front Door, alert rules and permissions. Each read names its Azure action.

use super::reader::Reader;
use crate::azure::actions::{
    ACTION_GROUP, CLUSTER, ENDPOINTS, ORIGIN_GROUP, ORIGINS, PERMISSIONS, RULES, SIZES, USAGES, VERSIONS,
};
use crate::azure::{Endpoint, HealthProbe, Origin, OriginGroup};
use crate::domain::plan::Site;
use crate::domain::readiness::{
    ActionGroup, AlertRule, AlertingFacts, ClusterDetail, EdgeProbe, FrontDoorFacts, Grant, OriginFacts, ProbeSettings,
    Read, RegionFacts,
};
use crate::domain::resource::ResourceId;
use futures::future::join_all;
use std::collections::HashSet;

impl Reader<'_> {
    pub async fn cluster(&self, site: &Site) -> Read<ClusterDetail> {
        let id = &site.cluster;
        self.ask(CLUSTER, id.as_str(), self.observer.azure.aks().detail(id)).await
    }

    pub async fn region(&self, subscription: &str, region: &str) -> RegionFacts {
        let scope = format!("/subscriptions/{subscription}");
        let (aks, compute) = (self.observer.azure.aks(), self.observer.azure.compute());
        let (versions, usages, sizes) = tokio::join!(
            self.ask(VERSIONS, &scope, aks.versions(subscription, region)),
            self.ask(USAGES, &scope, compute.usages(subscription, region)),
            self.ask(SIZES, &scope, compute.sizes(subscription, region)),
        );
        RegionFacts { versions, usages, sizes }
    }

    pub async fn front_door(&self) -> FrontDoorFacts {
        let (profile, group) = (&self.plan.front_door.profile, &self.plan.front_door.origin_group);
        let (azure, scope) = (self.observer.azure.front_door(), profile.as_str());
        let (settings, origins, endpoints) = tokio::join!(
            self.ask(ORIGIN_GROUP, scope, azure.origin_group(profile, group)),
            self.ask(ORIGINS, scope, azure.origins(profile, group)),
            self.ask(ENDPOINTS, scope, azure.endpoints(profile)),
        );
        let named = |list: Vec<Endpoint>| list.into_iter().map(|it| (it.host, it.enabled)).collect();
        FrontDoorFacts {
            group: settings.map(settings_of),
            origins: origins.map(|list| list.into_iter().map(origin_of).collect()),
            endpoints: endpoints.map(named),
        }
    }

    pub async fn alerting(&self) -> AlertingFacts {
        let subscription = self.plan.front_door.profile.subscription();
        let scope = format!("/subscriptions/{subscription}");
        let azure = self.observer.azure.alert_rules();
        let rules = self.ask(RULES, &scope, azure.metric_rules(subscription)).await;
        let called = rules.as_ref().map(|rules| self.called(rules)).unwrap_or_default();
        let groups = join_all(called.into_iter().map(|id| async move {
            let group = self.action_group(&id).await;
            (id, group)
        }));
        AlertingFacts { groups: groups.await, rules, ourselves: self.observer.surroundings.ourselves.clone() }
    }

    /// The action groups of the rules that watch our profile, each once.
    fn called(&self, rules: &[AlertRule]) -> Vec<ResourceId> {
        let profile = self.plan.front_door.profile.as_str();
        let ours = rules.iter().filter(|rule| rule.scopes.iter().any(|scope| scope.eq_ignore_ascii_case(profile)));
        let all: HashSet<&ResourceId> = ours.flat_map(|rule| &rule.action_groups).collect();
        all.into_iter().cloned().collect()
    }

    async fn action_group(&self, id: &ResourceId) -> Read<ActionGroup> {
        self.ask(ACTION_GROUP, id.as_str(), self.observer.azure.alert_rules().action_group(id)).await
    }

    /// What the identity may do with a site's cluster.
    pub async fn may(&self, site: &Site) -> Read<Vec<Grant>> {
        let id = &site.cluster;
        self.ask(PERMISSIONS, id.as_str(), self.observer.azure.authorization().permissions(id)).await
    }
}

fn settings_of(group: OriginGroup) -> ProbeSettings {
    let probe = |probe: HealthProbe| EdgeProbe { path: probe.path, interval_seconds: probe.interval_seconds };
    ProbeSettings {
        sample_size: group.sample_size,
        successful_samples: group.successful_samples,
        probe: group.probe.map(probe),
    }
}

fn origin_of(origin: Origin) -> OriginFacts {
    OriginFacts { name: origin.name, host: origin.host, priority: origin.priority, enabled: origin.enabled }
}
