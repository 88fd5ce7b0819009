//! Nodes: one object per machine of the agent pools.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::kinds::Kind;
use super::store::{Key, condition};
use crate::sandbox::arm::KUBERNETES;

impl Cluster {
    pub fn add_nodes(&mut self, pool: &str, count: u32, now: DateTime<Utc>) {
        for number in 0..count {
            let name = format!("aks-{pool}-31874562-vmss{number:06}");
            self.store.create(Key::new(Kind::Node, "", &name), node(&name, pool, now), now);
        }
    }

    /// Shows whether the machines run: the objects outlive a stop.
    pub fn show_nodes(&mut self, ready: bool, now: DateTime<Utc>) {
        for key in self.store.keys(Kind::Node) {
            self.store.change(&key, |node| set_ready(node, ready, now));
        }
    }

    /// A node of the user pool, where the product's pods go.
    pub fn node_for_pods(&self) -> String {
        let nodes: Vec<Key> = self.store.keys(Kind::Node);
        let user = nodes.iter().find(|it| !it.name.contains("-system-")).or(nodes.first());
        user.map(|it| it.name.clone()).unwrap_or_default()
    }
}

fn set_ready(node: &mut Value, ready: bool, now: DateTime<Utc>) {
    let wanted = if ready { "True" } else { "False" };
    if node["status"]["conditions"][0]["status"] != wanted {
        node["status"]["conditions"] = conditions(ready, now);
    }
}

fn conditions(ready: bool, now: DateTime<Utc>) -> Value {
    let reason = if ready { "KubeletReady" } else { "KubeletNotReady" };
    json!([
        condition("Ready", ready, reason, now),
        condition("MemoryPressure", false, "KubeletHasSufficientMemory", now),
        condition("DiskPressure", false, "KubeletHasNoDiskPressure", now),
    ])
}

fn node(name: &str, pool: &str, now: DateTime<Utc>) -> Value {
    let labels = json!({
        "agentpool": pool,
        "kubernetes.azure.com/agentpool": pool,
        "kubernetes.azure.com/mode": if pool == "system" { "system" } else { "user" },
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "Standard_D4s_v5",
    });
    json!({
        "metadata": {"labels": labels},
        "spec": {"providerID": format!("azure:///virtualMachineScaleSets/{name}")},
        "status": {
            "conditions": conditions(false, now),
            "addresses": [{"type": "Hostname", "address": name}],
            "capacity": {"cpu": "4", "memory": "16375436Ki", "pods": "110"},
            "allocatable": {"cpu": "3860m", "memory": "13353100Ki", "pods": "110"},
            "nodeInfo": {
                "kubeletVersion": format!("v{KUBERNETES}"),
                "kubeProxyVersion": format!("v{KUBERNETES}"),
                "containerRuntimeVersion": "containerd://1.7.27-1",
                "osImage": "Ubuntu 22.04.5 LTS",
                "operatingSystem": "linux",
                "architecture": "amd64",
                "kernelVersion": "5.15.0-1092-azure",
                "machineID": "", "systemUUID": "", "bootID": "",
            },
        },
    })
}
