//! The configuration of a scenario's function app: what an operator would write, with short intervals.

use chrono::Utc;
use serde_json::{Value, json};

use super::{PASSWORD, Surroundings, TOKEN_SETTING, soon, variable};
use crate::sandbox::monitor::HEARTBEAT_RULE;
use crate::sandbox::planes::Channel;
use crate::sandbox::scenario::{Pace, PasswordIn, Scenario};
use crate::sandbox::vault;
use crate::sandbox::world::{Ports, Site, Workload};

/// The text of `reveille.toml`.
pub(super) fn text(scenario: &Scenario, around: &Surroundings<'_>) -> Result<String, toml::ser::Error> {
    let ports = around.world.ports();
    let workloads = around.world.workloads();
    let plans: Vec<Value> = workloads.iter().map(|workload| plan(workload, scenario, ports)).collect();
    let mut config = json!({
        "store": {"url": around.store},
        "identity": {"kind": "managed"},
        "cloud": {"arm": format!("https://management.azure.com:{}", ports.https)},
        "network": {"dns_servers": [around.dns], "vantage": "the sandbox"},
        "channel": [channel(Channel::Teams, "teams"), channel(Channel::Hook, "cloudevents")],
        "plan": plans,
    });
    if scenario.plan.pace == Pace::Fast {
        config["engine"] = json!({"renew": "1s", "claim_dead": "5s", "same_instance_dead": "1s", "send_within": "2s"});
    }
    if let Some(heartbeat) = &scenario.world.heartbeat {
        let overdue = format!("{}ms", heartbeat.overdue.as_millis());
        config["heartbeat"] = json!({"rule": HEARTBEAT_RULE, "overdue": overdue});
    }
    toml::to_string(&config)
}

fn channel(channel: Channel, kind: &str) -> Value {
    json!({"name": channel.name(), "kind": kind, "url": {"env": variable(channel)}, "timeout": "2s"})
}

fn plan(workload: &Workload, scenario: &Scenario, ports: Ports) -> Value {
    let [first, second] = &workload.sites;
    json!({
        "name": workload.product,
        "automation": scenario.plan.automation,
        "workload": scenario.plan.workload,
        "kubernetes": kubernetes(workload, scenario),
        "rto": scenario.plan.rto,
        "rpo": "5m",
        "cooldown": scenario.plan.cooldown,
        "alert_rules": [workload.rule()],
        "front_door": {
            "profile": workload.profile_id(),
            "origin_group": workload.origin_group(),
            "hostname": format!("{}:{}", workload.endpoint_host(), ports.https),
        },
        "site": [site(first, true, ports), site(second, false, ports)],
        "database": {
            "servers": [first.server_id(), second.server_id()],
            "virtual_endpoint": workload.virtual_endpoint(),
            "port": ports.postgres,
            "database": workload.database(),
            "user": "reveille",
            "password": password(scenario, ports),
            "promote": "ask",
        },
        "fence": {"unable": scenario.plan.unable, "ways": scenario.plan.fence},
        "app": [{"kind": "sonarqube", "served_by_header": "x-served-by"}],
        "timing": timing(scenario),
        "drill": scenario.plan.drill.iter().map(|drill| soon::dated(drill, Utc::now())).collect::<Vec<_>>(),
    })
}

fn password(scenario: &Scenario, ports: Ports) -> Value {
    match scenario.plan.password {
        PasswordIn::Setting => json!({"env": PASSWORD}),
        PasswordIn::Vault => {
            json!({"vault": format!("https://{}:{}", vault::HOST, ports.https), "secret": vault::PASSWORD})
        }
    }
}

/// What the chart installs, under the workload's own name.
fn kubernetes(workload: &Workload, scenario: &Scenario) -> Value {
    let release = format!("{0}-sonarqube-dce", workload.product);
    let mut section = json!({
        "namespace": workload.product,
        "replicas": [format!("deployment/{release}-app=2"), format!("statefulset/{release}-search=3")],
    });
    if scenario.plan.reset_search_index {
        section["reset_search_index"] = true.into();
        section["search_index_wait"] = scenario.plan.search_index_wait.clone().into();
        if scenario.plan.search_index_token {
            section["search_index_token"] = json!({"env": TOKEN_SETTING});
        }
    }
    section
}

fn site(site: &Site, preferred: bool, ports: Ports) -> Value {
    json!({
        "name": site.region,
        "preferred": preferred,
        "cluster": site.cluster_id(),
        "origin": format!("{}:{}", site.origin, ports.https),
        "served_by": site.region,
    })
}

/// What the scenario says, on top of its pace.
fn timing(scenario: &Scenario) -> Value {
    let mut timing = match scenario.plan.pace {
        Pace::Fast => fast(),
        Pace::Production => json!({}),
    };
    for (key, value) in &scenario.plan.timing {
        timing[key] = json!(value);
    }
    timing
}

/// Seconds where a real plan has minutes.
fn fast() -> Value {
    json!({
        "probe_interval": "200ms",
        "probe_timeout": "1s",
        "confirm_samples": 5,
        "confirm_failures": 4,
        "confirm_hold": "1s",
        "confirm_deadline": "15s",
        "metric_window": "1m",
        "metric_settle": "0s",
        "cluster_poll": "500ms",
        "cluster_rest": "0s",
        "workload_poll": "300ms",
        "workload_deadline": "15s",
        "writer_poll": "500ms",
        "app_poll": "500ms",
        "fence_deadline": "8s",
        "start_warning": "20s",
        "start_deadline": "60s",
        "capacity_retry": "1s",
        "writer_deadline": "3s",
        "app_deadline": "20s",
        "route_deadline": "15s",
        "operator_wait": "30s",
        "approval_wait": "30s",
        "arm_timeout": "3s",
    })
}
