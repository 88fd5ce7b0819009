//! Metric alert rules and the action groups that they call, as they are configured.
//!
//! Source: learn.microsoft.com, Azure Monitor REST reference: metric alerts, action groups. Addresses of receivers carry
//! keys, so only their host and path leave this file.

use super::answer::Answer;
use super::api::{Api, On};
use super::arm::{Arm, unreadable};
use super::error::ArmError;
use super::lenient;
use crate::domain::readiness::{ActionGroup, AlertRule, Receiver, RuleCriterion, RuleDimension};
use crate::domain::resource::ResourceId;
use reqwest::Url;
use serde_json::Value;

/// Below a subscription.
pub(super) const RULES: Api = Api::get(
    "list metric alert rules of subscription",
    "/providers/Microsoft.Insights/metricAlerts",
    "2018-03-01",
    "Microsoft.Insights/metricAlerts/read",
);
pub(super) const GROUP: Api = Api::get("read action group", "", "2023-01-01", "Microsoft.Insights/actionGroups/read");

/// Access to alert rules and action groups.
#[derive(Clone, Copy)]
pub struct AlertRules<'a> {
    pub(super) arm: &'a Arm,
}

impl AlertRules<'_> {
    /// The metric alert rules of a subscription.
    pub async fn metric_rules(self, subscription: &str) -> Result<Answer<Vec<AlertRule>>, ArmError> {
        let scope = format!("/subscriptions/{subscription}");
        let call = self.arm.call(RULES, subscription, On::just(&scope));
        Ok(self.arm.list(call).await?.map(|list| list.iter().filter_map(rule).collect()))
    }

    pub async fn action_group(self, group: &ResourceId) -> Result<Answer<ActionGroup>, ArmError> {
        let call = self.arm.call(GROUP, group.as_str(), On::just(group.as_str()));
        let answer = self.arm.get_json(&call).await?;
        let ids = answer.request_ids.clone();
        answer.try_map(|body| {
            action_group(&body).ok_or_else(|| unreadable(&call.name, "it describes no action group", ids))
        })
    }
}

fn rule(body: &Value) -> Option<AlertRule> {
    let properties = body.get("properties").filter(|properties| properties.is_object())?;
    Some(AlertRule {
        id: lenient::text(body, "/id").and_then(|id| ResourceId::parse(&id).ok()),
        name: lenient::text(body, "/name")?,
        enabled: lenient::flag(properties, "/enabled"),
        scopes: lenient::items(properties, "/scopes").filter_map(Value::as_str).map(str::to_owned).collect(),
        criteria: lenient::items(properties, "/criteria/allOf").filter_map(criterion).collect(),
        action_groups: lenient::items(properties, "/actions")
            .filter_map(|action| ResourceId::parse(&lenient::text(action, "/actionGroupId")?).ok())
            .collect(),
    })
}

fn criterion(value: &Value) -> Option<RuleCriterion> {
    Some(RuleCriterion {
        metric: lenient::text(value, "/metricName")?,
        dimensions: lenient::items(value, "/dimensions").filter_map(dimension).collect(),
    })
}

fn dimension(value: &Value) -> Option<RuleDimension> {
    let operator = lenient::text(value, "/operator").unwrap_or_default();
    Some(RuleDimension {
        name: lenient::text(value, "/name")?,
        // The other one is Exclude; StartsWith names values as Include does, only shorter.
        includes: !operator.eq_ignore_ascii_case("Exclude"),
        values: lenient::items(value, "/values").filter_map(Value::as_str).map(str::to_owned).collect(),
    })
}

fn action_group(body: &Value) -> Option<ActionGroup> {
    let properties = body.get("properties").filter(|properties| properties.is_object())?;
    let webhooks = lenient::items(properties, "/webhookReceivers").filter_map(webhook);
    let functions = lenient::items(properties, "/azureFunctionReceivers").filter_map(function);
    Some(ActionGroup {
        name: lenient::text(body, "/name")?,
        enabled: lenient::flag(properties, "/enabled"),
        receivers: webhooks.chain(functions).collect(),
    })
}

fn webhook(value: &Value) -> Option<Receiver> {
    let url = Url::parse(&lenient::text(value, "/serviceUri")?).ok()?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(Receiver::Webhook {
        name: lenient::text(value, "/name").unwrap_or_default(),
        host: format!("{}{port}", url.host_str()?),
        path: url.path().to_owned(),
        common_schema: lenient::flag(value, "/useCommonAlertSchema"),
    })
}

fn function(value: &Value) -> Option<Receiver> {
    let app = ResourceId::parse(&lenient::text(value, "/functionAppResourceId")?).ok()?;
    Some(Receiver::Function {
        name: lenient::text(value, "/name").unwrap_or_default(),
        app: app.name().to_owned(),
        function: lenient::text(value, "/functionName")?,
        common_schema: lenient::flag(value, "/useCommonAlertSchema"),
    })
}
