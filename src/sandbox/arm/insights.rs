//! Metric alert rules (2018-03-01) and action groups (2023-01-01), in the shapes of azure-rest-api-specs. Addresses of
//! webhooks come with their keys, as the service answers them.

use serde_json::{Value, json};

use crate::sandbox::world::{Estate, GROUP, SUBSCRIPTION, Workload};

use super::answer::Answer;
use super::call::Call;
use super::subscription;

/// What a path below `Microsoft.Insights` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Rules,
    Rule(String),
    Groups,
    Group(String),
}

impl Target {
    pub fn parse(tail: &[&str]) -> Option<Self> {
        Some(match *tail {
            ["metricalerts"] => Self::Rules,
            ["metricalerts", name] => Self::Rule(name.into()),
            ["actiongroups"] => Self::Groups,
            ["actiongroups", name] => Self::Group(name.into()),
            _ => return None,
        })
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Rules | Self::Rule(_) => "Microsoft.Insights/metricAlerts",
            Self::Groups | Self::Group(_) => "microsoft.insights/actionGroups",
        }
    }
}

pub(super) fn read(call: &Call, target: &Target) -> Answer {
    let estate = call.world.estate();
    let workloads = call.world.workloads();
    let rules = workloads.iter().filter(|_| estate.rule.exists);
    match target {
        Target::Rules => Answer::list(rules.map(|it| rule(it, &estate)).collect()),
        Target::Rule(name) => {
            let found = rules.into_iter().find(|it| it.rule().eq_ignore_ascii_case(name));
            found.map_or_else(|| missing(call, target, name), |it| Answer::ok(rule(it, &estate)))
        }
        Target::Groups => Answer::list(vec![group(&estate)]),
        Target::Group(name) if name == Estate::ACTION_GROUP => Answer::ok(group(&estate)),
        Target::Group(name) => missing(call, target, name),
    }
}

fn missing(call: &Call, target: &Target, name: &str) -> Answer {
    call.unknown(subscription::resource_not_found(target.kind(), name))
}

fn id(kind: &str, name: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Insights/{kind}/{name}")
}

fn rule(workload: &Workload, estate: &Estate) -> Value {
    let settings = &estate.rule;
    let origins = settings.origins.clone().unwrap_or_else(|| vec![workload.sites[0].origin.clone()]);
    let dimension = || json!({"name": "Origin", "operator": "Include", "values": origins});
    let dimensions: Vec<Value> = if origins.is_empty() { Vec::new() } else { vec![dimension()] };
    let action = || json!({"actionGroupId": id("actionGroups", Estate::ACTION_GROUP), "webHookProperties": {}});
    let actions: Vec<Value> = if settings.calls { vec![action()] } else { Vec::new() };
    json!({
        "id": id("metricAlerts", &workload.rule()),
        "name": workload.rule(),
        "type": "Microsoft.Insights/metricAlerts",
        "location": "global",
        "tags": {},
        "properties": {
            "description": "Origin health of the primary",
            "severity": 1,
            "enabled": settings.enabled,
            "scopes": [settings.scope.clone().unwrap_or_else(|| workload.profile_id())],
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [{
                    "criterionType": "StaticThresholdCriterion",
                    "name": "Metric1",
                    "metricName": "OriginHealthPercentage",
                    "metricNamespace": "Microsoft.Cdn/profiles",
                    "dimensions": dimensions,
                    "operator": "LessThan",
                    "threshold": 99.0,
                    "timeAggregation": "Average",
                    "skipMetricValidation": false,
                }],
            },
            "autoMitigate": true,
            "targetResourceType": "Microsoft.Cdn/profiles",
            "targetResourceRegion": "global",
            "actions": actions,
        },
    })
}

fn group(estate: &Estate) -> Value {
    let webhooks = estate.group.webhooks.iter().enumerate().map(|(index, url)| {
        json!({
            "name": format!("reveille-{index}"),
            "serviceUri": url,
            "useCommonAlertSchema": estate.group.common_schema,
            "useAadAuth": false,
        })
    });
    json!({
        "id": id("actionGroups", Estate::ACTION_GROUP),
        "name": Estate::ACTION_GROUP,
        "type": "Microsoft.Insights/ActionGroups",
        "location": "Global",
        "tags": {},
        "properties": {
            "groupShortName": "dr",
            "enabled": estate.group.enabled,
            "emailReceivers": [],
            "smsReceivers": [],
            "webhookReceivers": webhooks.collect::<Vec<_>>(),
            "azureFunctionReceivers": [],
            "logicAppReceivers": [],
        },
    })
}
