//! What ARM itself knows: tenants, the subscription, the resource group, and its own metadata.

use serde_json::{Value, json};

use crate::sandbox::world::{GROUP, SUBSCRIPTION, TENANT};

use super::answer::Answer;
use super::call::Call;

pub(super) fn tenants(_: &Call) -> Answer {
    Answer::list(vec![
        json!({"id": format!("/tenants/{TENANT}"), "tenantId": TENANT, "displayName": "Sandbox", "tenantCategory": "Home"}),
    ])
}

pub(super) fn list(_: &Call) -> Answer {
    Answer::list(vec![subscription()])
}

pub(super) fn get(_: &Call) -> Answer {
    Answer::ok(subscription())
}

pub(super) fn groups(_: &Call) -> Answer {
    Answer::list(vec![resource_group()])
}

pub(super) fn group(_: &Call) -> Answer {
    Answer::ok(resource_group())
}

fn subscription() -> Value {
    json!({
        "id": format!("/subscriptions/{SUBSCRIPTION}"),
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
        "displayName": "Sandbox",
        "state": "Enabled",
        "subscriptionPolicies": {"quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"},
        "authorizationSource": "RoleBased",
    })
}

fn resource_group() -> Value {
    json!({
        "id": format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"),
        "name": GROUP,
        "type": "Microsoft.Resources/resourceGroups",
        "location": "centralus",
        "properties": {"provisioningState": "Succeeded"},
    })
}

/// What `az cloud register --endpoint-resource-manager` reads first.
pub(super) fn metadata(call: &Call) -> Answer {
    let arm = format!("https://{}/", call.host);
    Answer::ok(json!({
        "name": "Sandbox",
        "resourceManager": arm,
        "authentication": {
            "loginEndpoint": "https://login.microsoftonline.com/",
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {"postgresqlServerEndpoint": "postgres.database.azure.com"},
    }))
}

/// 404 as ARM words it.
pub(super) fn resource_not_found(kind: &str, name: &str) -> Answer {
    let message = format!(
        "The Resource '{kind}/{name}' under resource group '{GROUP}' was not found. \
         For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    );
    Answer::error(404, "ResourceNotFound", message)
}
