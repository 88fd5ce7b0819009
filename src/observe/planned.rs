//! The calls behind each look, without looking: one function for each of the observer's, under the same name.

use crate::azure;
use crate::domain::outlook::{AROUND, PlannedCall};
use crate::domain::plan::{DatabaseAuth, Plan, Site};
use crate::domain::resource::ResourceId;
use crate::domain::secret::SecretRef;
use crate::domain::workload::{WorkloadRef, WorkloadSelector};
use crate::kubernetes;
use crate::probe::planned as probe;

const REPLICA: &str = "of the server that is the replica";

/// What would be called.
#[derive(Debug, Clone)]
pub struct Planned {
    pub azure: azure::Planned,
}

impl Planned {
    /// The control plane's view of a site's cluster.
    pub fn cluster(&self, site: &Site) -> Vec<PlannedCall> {
        vec![self.azure.cluster(&site.cluster)]
    }

    /// The origin, past Front Door.
    pub fn origin(&self, plan: &Plan, site: &Site) -> Vec<PlannedCall> {
        probe::apps(&site.origin, &plan.apps)
    }

    /// The same, and the certificate that it shows.
    pub fn ingress(&self, plan: &Plan, site: &Site) -> Vec<PlannedCall> {
        [self.origin(plan, site), vec![probe::connection(&site.origin)]].concat()
    }

    /// The applications at a site.
    pub fn app(&self, plan: &Plan, site: &Site) -> Vec<PlannedCall> {
        self.origin(plan, site)
    }

    /// What comes back through the Front Door host name.
    pub fn route(&self, plan: &Plan) -> Vec<PlannedCall> {
        probe::apps(&plan.front_door.hostname, &plan.apps)
    }

    /// Front Door's origin health of a site.
    pub fn origin_health(&self, plan: &Plan, site: &Site) -> Vec<PlannedCall> {
        vec![self.azure.origin_health(&plan.front_door.profile, &site.origin.host)]
    }

    /// Everything that can testify about the primary.
    pub fn witness(&self, plan: &Plan, primary: &Site, standby: &Site) -> Vec<PlannedCall> {
        let mut calls =
            [self.origin(plan, primary), self.origin(plan, standby), self.origin_health(plan, primary)].concat();
        calls.push(probe::connection(&plan.front_door.hostname));
        calls
    }

    /// Where the writer name points, for the memory of what was seen healthy.
    pub fn writer_target(&self, plan: &Plan) -> Vec<PlannedCall> {
        vec![probe::writer_name(&plan.database)]
    }

    /// A write through the writer name.
    pub fn writer(&self, plan: &Plan) -> Vec<PlannedCall> {
        [self.password(plan), probe::writer(&plan.database)].concat()
    }

    /// The nodes of a site's cluster.
    pub fn nodes(&self, site: &Site) -> Vec<PlannedCall> {
        self.inside(site, vec![kubernetes(site).nodes()])
    }

    /// The plan's workload in a site's cluster.
    pub fn workload(&self, site: &Site, selector: &WorkloadSelector) -> Vec<PlannedCall> {
        self.inside(site, kubernetes(site).workload(selector))
    }

    /// The same, asked of the API server itself or not at all.
    pub fn workload_at_once(&self, site: &Site, selector: &WorkloadSelector) -> Vec<PlannedCall> {
        let way = [self.azure.user_kubeconfig(&site.cluster)];
        way.into_iter().chain(kubernetes(site).workload(selector)).collect()
    }

    /// The volumes of the search nodes in a site's cluster.
    pub fn search_index(&self, site: &Site, selector: &WorkloadSelector) -> Vec<PlannedCall> {
        self.inside(site, kubernetes(site).search_index(selector))
    }

    /// One of those volumes deleted.
    pub fn delete_claim(&self, site: &Site, selector: &WorkloadSelector) -> PlannedCall {
        kubernetes(site).delete_claim(selector)
    }

    /// What the application at a site says of its search index.
    pub fn indexation(&self, plan: &Plan, site: &Site) -> Vec<PlannedCall> {
        let token = plan.search_index().and_then(|index| index.token.as_ref());
        let token = token.map(|place| self.secret(place)).unwrap_or_default();
        token.into_iter().chain([probe::indexation(&site.origin)]).collect()
    }

    /// Objects of it scaled, one call each.
    pub fn scale<'a>(&self, site: &Site, objects: impl IntoIterator<Item = &'a WorkloadRef>) -> Vec<PlannedCall> {
        objects.into_iter().map(|object| kubernetes(site).scale(object)).collect()
    }

    /// A probe pod: how far it is and what it printed; it is made and deleted.
    pub fn path(&self, site: &Site, selector: &WorkloadSelector) -> Vec<PlannedCall> {
        self.inside(site, kubernetes(site).probe_pod(&selector.namespace).to_vec())
    }

    /// Everything that a readiness drill reads.
    pub fn readiness(&self, plan: &Plan, primary: &Site, standby: &Site) -> Vec<PlannedCall> {
        let (azure, front_door) = (&self.azure, &plan.front_door);
        let clusters = [self.cluster(primary), self.cluster(standby), azure.region(standby.cluster.subscription())];
        let alerting = azure.alerting(front_door.profile.subscription());
        let edge = azure.front_door(&front_door.profile, &front_door.origin_group);
        let may = [azure.permissions(&primary.cluster), azure.permissions(&standby.cluster)];
        let shown = [&front_door.hostname, &primary.origin, &standby.origin].map(probe::connection);
        let around = shown.into_iter().chain(plan.channels.iter().map(probe::channel));
        let mut calls = clusters.concat();
        if plan.kubernetes.is_some() {
            calls.extend([primary, standby].map(|site| azure.user_kubeconfig(&site.cluster)));
        }
        calls.extend(self.database(plan));
        calls.extend(edge.into_iter().chain(alerting).chain(may).chain(around));
        calls
    }

    /// The servers, their virtual endpoint through whichever knows it, the replica's delay, and the writer unwritten.
    fn database(&self, plan: &Plan) -> Vec<PlannedCall> {
        let database = &plan.database;
        let of_server = |server: &ResourceId| {
            [
                self.azure.server(server),
                self.azure.virtual_endpoint(server, &database.virtual_endpoint),
                self.azure.replication_delay(server).only(REPLICA),
            ]
        };
        let servers = database.servers.iter().flat_map(of_server);
        servers.chain(self.password(plan)).chain(probe::writer_sight(database)).collect()
    }

    /// Where it lies in a vault.
    fn password(&self, plan: &Plan) -> Vec<PlannedCall> {
        match &plan.database.auth {
            DatabaseAuth::Password(place) => self.secret(place),
            DatabaseAuth::Entra => Vec::new(),
        }
    }

    fn secret(&self, place: &SecretRef) -> Vec<PlannedCall> {
        match place {
            SecretRef::Vault(place) => vec![self.azure.secret(place)],
            SecretRef::Env(_) => Vec::new(),
        }
    }

    /// What may refuse a drill that acts.
    pub fn drill_facts(&self, plan: &Plan, primary: &Site, standby: &Site) -> Vec<PlannedCall> {
        [self.origin(plan, primary), self.origin_health(plan, primary), self.cluster(standby)].concat()
    }

    /// Azure gives the way in; where it leads nowhere, Azure runs the same as commands.
    fn inside(&self, site: &Site, calls: Vec<PlannedCall>) -> Vec<PlannedCall> {
        let around = [vec![self.azure.cluster(&site.cluster)], self.azure.command(&site.cluster).to_vec()].concat();
        let way = [self.azure.user_kubeconfig(&site.cluster)];
        way.into_iter().chain(calls).chain(around.into_iter().map(|call| call.only(AROUND))).collect()
    }
}

fn kubernetes(site: &Site) -> kubernetes::Planned<'_> {
    kubernetes::Planned { cluster: site.cluster.name() }
}
