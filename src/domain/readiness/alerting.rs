//! Whether an outage would be told: a metric alert rule on the primary's origin, and an action group that calls Reveille.
//!
//! A lost alert is no lost outage, since the watch reads the metric itself; so nothing here blocks a recovery.
//!
//! Source: learn.microsoft.com, metric alerts and action groups REST references; Azure Front Door metrics (a stopped
//! standby is a constant 0 in the average over all origins, so the rule has to be filtered by origin).

use super::finding::{Area::Alerting, Finding, Severity};
use super::unread::Read;
use super::views::{ActionGroup, AlertRule, AlertingFacts, Ourselves, Receiver, RuleCriterion};
use crate::domain::plan::{Plan, Site};
use crate::domain::resource::ResourceId;

const METRIC: &str = "OriginHealthPercentage";
const SLOWER: &str = "An outage is only found by the watch's own reading of the metric.";

pub(super) fn check(facts: &AlertingFacts, plan: &Plan, primary: &Site) -> Vec<Finding> {
    let about = plan.alert_rules.first().map_or("alert rule", String::as_str);
    let rules = match &facts.rules {
        Ok(rules) => rules,
        Err(unread) => return vec![unread.finding(Severity::Warning, Alerting, "alert-rule", about)],
    };
    let ours: Vec<&AlertRule> = rules.iter().filter(|rule| concerns(rule, plan)).collect();
    let Some(rule) = best(&ours, primary) else {
        return vec![missing(plan, about, rules)];
    };
    let mut found = vec![on(rule), filtered(rule, primary)];
    found.push(called(rule, facts));
    found
}

/// On our profile, about origin health, and one of the plan's rules where the plan names any.
fn concerns(rule: &AlertRule, plan: &Plan) -> bool {
    let profile = plan.front_door.profile.as_str();
    let named =
        plan.alert_rules.is_empty() || plan.alert_rules.iter().any(|name| name.eq_ignore_ascii_case(&rule.name));
    let scoped = rule.scopes.iter().any(|scope| scope.trim_end_matches('/').eq_ignore_ascii_case(profile));
    named && scoped && health(rule).next().is_some()
}

fn health(rule: &AlertRule) -> impl Iterator<Item = &RuleCriterion> {
    rule.criteria.iter().filter(|criterion| criterion.metric.eq_ignore_ascii_case(METRIC))
}

/// Of several, the one that does what is wanted most.
fn best<'a>(rules: &[&'a AlertRule], primary: &Site) -> Option<&'a AlertRule> {
    let merit =
        |rule: &&&AlertRule| (rule.enabled == Some(true), is_filtered(rule, primary), !rule.action_groups.is_empty());
    rules.iter().max_by_key(merit).copied()
}

fn missing(plan: &Plan, about: &str, rules: &[AlertRule]) -> Finding {
    let namesake = rules.iter().find(|rule| plan.alert_rules.iter().any(|name| name.eq_ignore_ascii_case(&rule.name)));
    let saw = match namesake {
        Some(rule) => format!("{} does not watch {METRIC} of {}", rule.name, plan.front_door.profile.name()),
        None => format!("no metric alert rule watches {METRIC} of {}", plan.front_door.profile.name()),
    };
    Finding::warning(Alerting, "alert-rule", about, saw)
        .means(SLOWER)
        .fix("Make a metric alert rule on the profile, split by the dimension Origin.", [])
}

fn on(rule: &AlertRule) -> Finding {
    const CHECK: &str = "alert-rule";
    match rule.enabled {
        Some(true) => Finding::ok(Alerting, CHECK, &rule.name, "enabled"),
        Some(false) => Finding::warning(Alerting, CHECK, &rule.name, "is disabled")
            .means(SLOWER)
            .fix("Enable it.", rule.id.as_ref().map(|id| command("metrics alert update", id, "--enabled true"))),
        None => Finding::unknown(Severity::Warning, Alerting, CHECK, &rule.name, "whether it is enabled is not told"),
    }
}

/// Only one that names the primary's origin, or all of them one by one, tells an outage from a cold standby.
fn is_filtered(rule: &AlertRule, primary: &Site) -> bool {
    health(rule).any(|criterion| {
        let mut origins =
            criterion.dimensions.iter().filter(|it| it.name.eq_ignore_ascii_case("Origin") && it.includes);
        origins.any(|it| it.values.iter().any(|value| value == "*" || names(value, primary)))
    })
}

/// The dimension's values are host names, in some set-ups with a port.
fn names(value: &str, site: &Site) -> bool {
    let host = value.split_once(':').map_or(value, |(host, _)| host);
    host.eq_ignore_ascii_case(&site.origin.host)
}

fn filtered(rule: &AlertRule, primary: &Site) -> Finding {
    const CHECK: &str = "alert-rule-origin";
    let origin = &primary.origin.host;
    if is_filtered(rule, primary) {
        return Finding::ok(Alerting, CHECK, &rule.name, format!("watches {origin}"));
    }
    let by_origin =
        |criterion: &RuleCriterion| criterion.dimensions.iter().any(|it| it.name.eq_ignore_ascii_case("Origin"));
    let saw = match health(rule).any(by_origin) {
        true => format!("is filtered by origin, but not on {origin}"),
        false => "is not filtered by origin: it watches the average of all of them".to_owned(),
    };
    Finding::warning(Alerting, CHECK, &rule.name, saw)
        .means("A stopped standby is a constant 0 % in that average; the rule fires always, or never for this primary.")
        .fix(format!("Split the rule by the dimension Origin, with the value {origin}."), [])
}

fn called(rule: &AlertRule, facts: &AlertingFacts) -> Finding {
    const CHECK: &str = "action-group";
    if rule.action_groups.is_empty() {
        return Finding::warning(Alerting, CHECK, &rule.name, "calls no action group")
            .means(SLOWER)
            .fix("Give the rule an action group with Reveille's function as receiver.", []);
    }
    let groups: Vec<&(ResourceId, Read<ActionGroup>)> =
        facts.groups.iter().filter(|(id, _)| rule.action_groups.contains(id)).collect();
    let read = groups.iter().filter_map(|(id, group)| Some((id, group.as_ref().ok()?)));
    let verdicts: Vec<Finding> = read.map(|(id, group)| group_calls(id, group, &facts.ourselves)).collect();
    if let Some(good) = verdicts.iter().find(|finding| !finding.is_open()) {
        return good.clone();
    }
    let unread = groups.iter().find_map(|(id, group)| Some((id, group.as_ref().err()?)));
    match (unread, verdicts.into_iter().next()) {
        (Some((id, unread)), _) => unread.finding(Severity::Warning, Alerting, CHECK, id.name()),
        (None, Some(finding)) => finding,
        (None, None) => {
            Finding::unknown(Severity::Warning, Alerting, CHECK, &rule.name, "its action group was not looked at")
        }
    }
}

fn group_calls(id: &ResourceId, group: &ActionGroup, ourselves: &Ourselves) -> Finding {
    const CHECK: &str = "action-group";
    let name = &group.name;
    if group.enabled == Some(false) {
        return Finding::warning(Alerting, CHECK, name, "is disabled")
            .means(SLOWER)
            .fix("Enable the action group.", [command("action-group update", id, "--set enabled=true")]);
    }
    let at_alert: Vec<&Receiver> = group.receivers.iter().filter(|receiver| is_alert(receiver)).collect();
    match at_alert.iter().find(|receiver| ourselves.is(receiver)) {
        Some(receiver) => schema(name, receiver),
        None if ourselves.is_unknown() && !at_alert.is_empty() => {
            let saw = "has a receiver that may be Reveille, which does not know its own address";
            Finding::unknown(Severity::Warning, Alerting, CHECK, name, saw)
                .means("Whether the alert arrives cannot be told.")
                .fix("Set WEBSITE_HOSTNAME as Azure does, or compare the receiver's address by hand.", [])
        }
        None => Finding::warning(Alerting, CHECK, name, "has no receiver that is this Reveille's function `alert`")
            .means(SLOWER)
            .fix(
                "Add the function `alert` as an Azure function or webhook receiver, with the common alert schema.",
                [],
            ),
    }
}

/// The address that alerts of the plan's rule are posted to, by the action group: the function app's, up to `/alert`.
/// Where there is none, why.
pub fn alert_address(facts: &AlertingFacts, plan: &Plan, primary: &Site) -> Result<String, String> {
    let rules = facts.rules.as_ref().map_err(|unread| format!("alert rules: {}", unread.why()))?;
    let ours: Vec<&AlertRule> = rules.iter().filter(|rule| concerns(rule, plan)).collect();
    let rule = best(&ours, primary).ok_or("no alert rule watches the origin health of the profile")?;
    let called = facts.groups.iter().filter(|(id, _)| rule.action_groups.contains(id));
    let mut receivers = called.filter_map(|(_, group)| group.as_ref().ok()).flat_map(|group| &group.receivers);
    let missing = || format!("no action group of rule {} that could be read has a function `alert`", rule.name);
    Ok(match receivers.find(|receiver| is_alert(receiver)).ok_or_else(missing)? {
        Receiver::Webhook { host, path, .. } => {
            format!("https://{host}{}", path.trim_end_matches('/').trim_end_matches("/alert"))
        }
        Receiver::Function { app, .. } => format!("https://{app}.azurewebsites.net/api"),
    })
}

fn command(verb: &str, id: &ResourceId, change: &str) -> String {
    format!(
        "az monitor {verb} --subscription {} --resource-group {} --name {} {change}",
        id.subscription(),
        id.resource_group(),
        id.name()
    )
}

fn schema(group: &str, receiver: &Receiver) -> Finding {
    let (name, common) = receiver.named();
    match common {
        Some(false) => Finding::note(
            Alerting,
            "action-group",
            group,
            format!("receiver {name} calls Reveille without the common alert schema"),
        )
        .means("Other schemas are read too, but say less about which origin is ill.")
        .fix("Turn the common alert schema on for the receiver.", []),
        _ => Finding::ok(Alerting, "action-group", group, format!("receiver {name} calls Reveille")),
    }
}

fn is_alert(receiver: &Receiver) -> bool {
    match receiver {
        Receiver::Webhook { path, .. } => path.trim_end_matches('/').to_ascii_lowercase().ends_with("/alert"),
        Receiver::Function { function, .. } => function.eq_ignore_ascii_case("alert"),
    }
}

impl Receiver {
    fn named(&self) -> (&str, Option<bool>) {
        match self {
            Self::Webhook { name, common_schema, .. } | Self::Function { name, common_schema, .. } => {
                (name, *common_schema)
            }
        }
    }
}

impl Ourselves {
    fn is_unknown(&self) -> bool {
        self.host.is_none() && self.app.is_none()
    }

    fn is(&self, receiver: &Receiver) -> bool {
        let same =
            |ours: &Option<String>, theirs: &str| ours.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(theirs));
        match receiver {
            Receiver::Webhook { host, .. } => same(&self.host, host),
            Receiver::Function { app, .. } => same(&self.app, app),
        }
    }
}
