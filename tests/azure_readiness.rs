//! What the Azure clients of a readiness drill make of answers: shapes of Microsoft's REST references, with what Azure is
//! known to vary: missing fields, nulls, numbers as texts, any casing.

use crate::azure_server::{Act, Server};
use crate::azure_wire::{CLUSTER, azure, cluster};
use reveille::domain::readiness::{Receiver, RuleDimension};
use reveille::domain::resource::ResourceId;
use serde_json::{Value, json};

async fn server(body: Value) -> Server {
    Server::play([Act::answer(200, &body.to_string())]).await
}

#[tokio::test]
async fn a_cluster_tells_version_region_and_what_its_pools_are_made_of() {
    let pools = json!([
        {"name": "system", "count": "2", "vmSize": "Standard_D4s_v5", "enableAutoScaling": true, "maxCount": 5},
        {"name": "odd", "count": null, "maxCount": 9, "enableAutoScaling": false, "capacityReservationGroupID": "/x"},
    ]);
    let body = json!({"location": "Central US", "properties": {"provisioningState": "Succeeded",
        "kubernetesVersion": "1.33", "currentKubernetesVersion": "1.33.4", "supportPlan": "aksLongTermSupport",
        "powerState": {"code": "Stopped"}, "agentPoolProfiles": pools}});
    let server = server(body).await;
    let detail = azure(&server).aks().detail(&cluster()).await.unwrap().value;
    assert_eq!((detail.region.as_str(), detail.version.as_deref()), ("centralus", Some("1.33.4")));
    assert!(detail.view.is_down() && detail.long_term_support);
    assert_eq!((detail.pools[0].count, detail.pools[0].most(), detail.pools[0].reserved), (Some(2), Some(5), false));
    assert_eq!((detail.pools[1].count, detail.pools[1].most(), detail.pools[1].reserved), (None, None, true));
}

#[tokio::test]
async fn versions_tell_which_support_is_left() {
    let body = json!({"values": [
        {"version": "1.34", "isPreview": true, "capabilities": {"supportPlan": ["KubernetesOfficial"]}},
        {"version": "1.30", "capabilities": {"supportPlan": ["AKSLongTermSupport"]}},
        {"version": "1.33"}, {"isPreview": true}, null]});
    let asked = server(body).await;
    let offers = azure(&asked).aks().versions("s", "centralus").await.unwrap().value;
    let told: Vec<_> = offers.iter().map(|it| (it.minor.as_str(), it.preview, it.standard)).collect();
    assert_eq!(told, [("1.34", true, true), ("1.30", false, false), ("1.33", false, true)]);
    let odd = server(json!({"value": []})).await;
    assert!(azure(&odd).aks().versions("s", "centralus").await.is_err(), "another kind of list is no list of versions");
}

#[tokio::test]
async fn quotas_and_sizes_are_read_as_far_as_they_go() {
    let usages = json!({"value": [
        {"unit": "Count", "currentValue": 12, "limit": "100", "name": {"value": "cores", "localizedValue": "Total"}},
        {"currentValue": 0, "limit": -1, "name": {"value": "standardDSv5Family"}},
        {"limit": 5, "name": {"value": "half"}}]});
    let asked = server(usages).await;
    let usages = azure(&asked).compute().usages("s", "centralus").await.unwrap().value;
    let told: Vec<_> = usages.iter().map(|it| (it.name.as_str(), it.used, it.limit)).collect();
    assert_eq!(told, [("cores", 12, 100), ("standardDSv5Family", 0, u64::MAX)]);
    let restricted = |kind: &str, region: &str| json!([{"type": kind, "restrictionInfo": {"locations": [region], "zones": ["1"]}, "reasonCode": "NotAvailableForSubscription"}]);
    let size = |name: &str, restrictions: Value| {
        json!({"resourceType": "VirtualMachines", "name": name, "family": "f",
            "capabilities": [{"name": "vCPUs", "value": "4"}], "restrictions": restrictions})
    };
    let sizes = json!({"value": [
        {"resourceType": "disks", "name": "Premium_LRS"},
        size("free", json!([])), size("zoned", restricted("Zone", "centralus")),
        size("gone", restricted("Location", "CentralUS")), size("elsewhere", restricted("Location", "eastus2"))]});
    let asked = server(sizes).await;
    let sizes = azure(&asked).compute().sizes("s", "centralus").await.unwrap().value;
    let told: Vec<_> = sizes.iter().map(|it| (it.name.as_str(), it.vcpus, it.restricted.is_some())).collect();
    let four = Some(4);
    assert_eq!(told, [("free", four, false), ("zoned", four, false), ("gone", four, true), ("elsewhere", four, false)]);
}

#[tokio::test]
async fn alert_rules_tell_what_they_watch_and_whom_they_call() {
    let group = "/subscriptions/s/resourceGroups/rg/providers/microsoft.insights/actiongroups/ag";
    let criteria = json!({"allOf": [{"metricName": "OriginHealthPercentage", "dimensions": [
        {"name": "Origin", "operator": "exclude", "values": ["a.example.com"]}]}, {"dimensions": null}]});
    let body = json!({"value": [
        {"name": "r", "properties": {"enabled": "true", "scopes": ["/subscriptions/s/x", 7], "criteria": criteria,
            "actions": [{"actionGroupId": group}, {"actionGroupId": "none"}]}},
        {"name": "bare", "properties": {}}, {"name": "no properties"}]});
    let asked = server(body).await;
    let rules = azure(&asked).alert_rules().metric_rules("s").await.unwrap().value;
    assert_eq!(rules.len(), 2);
    assert_eq!((rules[0].enabled, rules[0].scopes.len(), rules[0].action_groups.len()), (Some(true), 1, 1));
    let excluded = RuleDimension { name: "Origin".into(), includes: false, values: vec!["a.example.com".into()] };
    assert_eq!(rules[0].criteria[0].dimensions, [excluded]);
    assert_eq!((rules[1].enabled, rules[1].criteria.len()), (None, 0));
}

#[tokio::test]
async fn no_key_of_a_receiver_is_kept() {
    let id =
        ResourceId::parse("/subscriptions/s/resourceGroups/rg/providers/microsoft.insights/actionGroups/ag").unwrap();
    let app = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/dr";
    let body = json!({"name": "ag", "properties": {"enabled": true,
        "webhookReceivers": [{"name": "w", "serviceUri": "https://dr.azurewebsites.net/api/alert?code=s3cret", "useCommonAlertSchema": true},
            {"name": "broken", "serviceUri": "s3cret"}],
        "azureFunctionReceivers": [{"name": "f", "functionAppResourceId": app, "functionName": "alert",
            "httpTriggerUrl": "https://dr.azurewebsites.net/api/alert?code=s3cret"}]}});
    let asked = server(body).await;
    let group = azure(&asked).alert_rules().action_group(&id).await.unwrap().value;
    assert!(!format!("{group:?}").contains("s3cret"));
    let webhook = Receiver::Webhook {
        name: "w".into(),
        host: "dr.azurewebsites.net".into(),
        path: "/api/alert".into(),
        common_schema: Some(true),
    };
    let function =
        Receiver::Function { name: "f".into(), app: "dr".into(), function: "alert".into(), common_schema: None };
    assert_eq!(group.receivers, [webhook, function]);
}

#[tokio::test]
async fn permissions_are_asked_for_at_the_resource_itself() {
    let body = json!({"value": [{"actions": ["*/read"], "notActions": null}, {"dataActions": ["x"]}]});
    let asked = server(body).await;
    let grants = azure(&asked).authorization().permissions(&cluster()).await.unwrap().value;
    assert_eq!((grants.len(), grants[0].actions.as_slice()), (2, &["*/read".to_owned()][..]));
    let seen = asked.seen();
    let path = format!("{CLUSTER}/providers/Microsoft.Authorization/permissions");
    assert!(seen.iter().any(|it| it.target.starts_with(&path)), "{path}");
}
