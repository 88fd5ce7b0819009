//! Bodies of AKS (shape: managedClusters 2025-10-01, examples of azure-rest-api-specs). Ids come with a lower-case
//! `resourcegroups`, as the service writes them.

use serde_json::{Value, json};

use crate::sandbox::kubernetes::Settings;
use crate::sandbox::world::{Cluster, GROUP, KubernetesVersion, Pool, SUBSCRIPTION, TENANT};

/// Object id of the clusters' own identity.
const PRINCIPAL: &str = "cccccccc-0000-4000-8000-000000000001";
/// The version of every cluster, unless somebody changes what its control plane tells.
pub(in crate::sandbox) const KUBERNETES: &str = "1.33.4";

fn id(cluster: &Cluster) -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourcegroups/{GROUP}/providers/Microsoft.ContainerService/managedClusters/{}",
        cluster.name
    )
}

pub(super) fn cluster(cluster: &Cluster, access: &Settings) -> Value {
    json!({
        "id": id(cluster),
        "name": cluster.name,
        "type": "Microsoft.ContainerService/ManagedClusters",
        "location": cluster.region,
        "eTag": etag(cluster),
        "tags": {"workload": cluster.workload},
        "sku": {"name": "Base", "tier": "Standard"},
        "identity": {"type": "SystemAssigned", "principalId": PRINCIPAL, "tenantId": TENANT},
        "properties": properties(cluster, access),
    })
}

fn properties(cluster: &Cluster, access: &Settings) -> Value {
    let dns = format!("{}-dns-a1b2c3d4", cluster.name);
    let mut body = json!({
        "provisioningState": cluster.provisioning.to_string(),
        "kubernetesVersion": cluster.version,
        "currentKubernetesVersion": cluster.version,
        "supportPlan": "KubernetesOfficial",
        "dnsPrefix": format!("{}-dns", cluster.name),
        "fqdn": format!("{dns}.hcp.{}.azmk8s.io", cluster.region),
        "azurePortalFQDN": format!("{dns}.portal.hcp.{}.azmk8s.io", cluster.region),
        "nodeResourceGroup": format!("MC_{GROUP}_{}_{}", cluster.name, cluster.region),
        "enableRBAC": true,
        "maxAgentPools": 100,
        "agentPoolProfiles": cluster.pools.iter().map(|it| pool_profile(cluster, it, true)).collect::<Vec<_>>(),
        "apiServerAccessProfile": {
            "enablePrivateCluster": access.private_api, "disableRunCommand": !access.run_command,
        },
        "disableLocalAccounts": access.entra,
        "networkProfile": {"networkPlugin": "azure", "loadBalancerSku": "standard", "outboundType": "loadBalancer"},
        "servicePrincipalProfile": {"clientId": "msi"},
        "resourceUID": uid(&cluster.name),
    });
    if access.entra {
        body["aadProfile"] = json!({"managed": true, "enableAzureRBAC": true, "tenantID": TENANT});
    }
    if access.private_api {
        body["privateFQDN"] = format!("{dns}.privatelink.{}.azmk8s.io", cluster.region).into();
    }
    if !cluster.hides_power {
        body["powerState"] = json!({"code": cluster.power.to_string()});
    }
    body
}

/// Looks like the service's: 24 hexadecimal digits that belong to the cluster.
fn uid(name: &str) -> String {
    name.bytes().fold(String::new(), |uid, byte| uid + &format!("{byte:02x}")).chars().rev().take(24).collect()
}

fn etag(cluster: &Cluster) -> String {
    format!("{:x}", cluster.last_operation.timestamp_micros())
}

fn pool_profile(cluster: &Cluster, pool: &Pool, named: bool) -> Value {
    let mut body = json!({
        "count": pool.count,
        "mode": pool.mode,
        "vmSize": pool.size,
        "osType": "Linux",
        "type": "VirtualMachineScaleSets",
        "maxPods": 110,
        "availabilityZones": ["1", "2", "3"],
        "enableAutoScaling": false,
        "orchestratorVersion": cluster.version,
        "currentOrchestratorVersion": cluster.version,
        "provisioningState": pool.provisioning.to_string(),
        "powerState": {"code": pool.power.to_string()},
    });
    if let Some(reservation) = &pool.reservation {
        body["capacityReservationGroupID"] = reservation.clone().into();
    }
    if named {
        body["name"] = pool.name.clone().into();
    }
    body
}

pub(super) fn pool(cluster: &Cluster, pool: &Pool) -> Value {
    json!({
        "id": format!("{}/agentPools/{}", id(cluster), pool.name),
        "name": pool.name,
        "type": "Microsoft.ContainerService/managedClusters/agentPools",
        "properties": pool_profile(cluster, pool, false),
    })
}

pub(super) fn pools(cluster: &Cluster) -> Vec<Value> {
    cluster.pools.iter().map(|it| pool(cluster, it)).collect()
}

/// The versions of a region (shape: managedClusters listKubernetesVersions): by minor, each with its newest patch.
pub(super) fn versions(offers: &[KubernetesVersion]) -> Value {
    let value = |offer: &KubernetesVersion| {
        let plans =
            if offer.standard { vec!["KubernetesOfficial", "AKSLongTermSupport"] } else { vec!["AKSLongTermSupport"] };
        json!({
            "version": offer.minor,
            "isDefault": Some(offer) == offers.last(),
            "capabilities": {"supportPlan": plans},
            "patchVersions": {offer.patch: {"upgrades": []}},
        })
    };
    json!({"values": offers.iter().map(value).collect::<Vec<_>>()})
}
