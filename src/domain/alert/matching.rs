//! Whom does an alert concern? Only an alert that is fired, about a plan's Front Door profile, about origin health and
//! about the origin of the site that is primary now opens an incident. Everything else gets a clear answer.

use super::parse::{Alert, Condition, Criterion};
use crate::domain::ledger::Cause;
use crate::domain::names::SiteName;
use crate::domain::plan::{Plan, Site};
use crate::domain::run::StartedBy;
use chrono::{DateTime, Utc};

const METRIC: &str = "OriginHealthPercentage";

/// What an alert means for one plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Concern {
    /// It tells of an outage of the plan's primary.
    Outage(Cause),
    /// It is about this plan's Front Door, but does not say which origin is ill: the watch should look at once.
    LookNow { why: String },
    /// It is about this plan's Front Door, and about an origin that this plan does not have. Another plan may have it;
    /// if none does, the name was not understood, and the watch should look at once.
    OtherOrigin { why: String },
    /// It is about this plan, and there is nothing to do.
    Nothing { why: String },
    /// It is not about this plan.
    Unrelated,
}

/// Decides. `primary` is the site that is primary now.
pub fn concern(alert: &Alert, plan: &Plan, primary: &SiteName, now: DateTime<Utc>) -> Concern {
    if !alert.targets.contains(&plan.front_door.profile) {
        return Concern::Unrelated;
    }
    let health: Vec<&Criterion> =
        alert.criteria.iter().filter(|criterion| criterion.metric.eq_ignore_ascii_case(METRIC)).collect();
    if health.is_empty() {
        return nothing("it is not about origin health");
    }
    match &alert.condition {
        Condition::Resolved => return nothing("it is resolved; a resolved alert never starts or reverts anything"),
        Condition::Unknown(word) => return nothing(&format!("its condition {word:?} is neither Fired nor Resolved")),
        Condition::Fired => {}
    }
    if !is_allowed(alert, plan) {
        let rule = alert.rule.as_deref().unwrap_or("without a name");
        return nothing(&format!("rule {rule} is not one of the plan's alert_rules"));
    }
    by_origin(alert, plan, primary, &health, now)
}

fn by_origin(alert: &Alert, plan: &Plan, primary: &SiteName, health: &[&Criterion], now: DateTime<Utc>) -> Concern {
    let named: Vec<(&Criterion, &str)> =
        health.iter().filter_map(|criterion| Some((*criterion, origin_of(criterion)?))).collect();
    if named.is_empty() {
        let why = "it names no origin; split the alert rule by the dimension Origin".to_owned();
        return Concern::LookNow { why };
    }
    let ours: Vec<(&Criterion, &Site)> =
        named.iter().filter_map(|(criterion, host)| Some((*criterion, site_of(plan, host)?))).collect();
    match ours.iter().find(|(_, site)| &site.name == primary) {
        Some((criterion, site)) => Concern::Outage(cause(alert, criterion, site, now)),
        None if ours.is_empty() => {
            Concern::OtherOrigin { why: format!("it is about origin {}, which the plan does not have", named[0].1) }
        }
        None => nothing("it is about the standby's own origin, which is cold in normal times"),
    }
}

fn origin_of(criterion: &Criterion) -> Option<&str> {
    let named = criterion.dimensions.iter().find(|(name, _)| name.eq_ignore_ascii_case("Origin"));
    named.map(|(_, value)| value.as_str())
}

fn site_of<'a>(plan: &'a Plan, host: &str) -> Option<&'a Site> {
    let bare = host.split(':').next().unwrap_or(host);
    plan.sites.iter().find(|site| site.origin.host.eq_ignore_ascii_case(bare))
}

fn cause(alert: &Alert, criterion: &Criterion, site: &Site, now: DateTime<Utc>) -> Cause {
    let rule = alert.rule.clone();
    let value = criterion.value.map(|value| format!(" at {value:.0} %")).unwrap_or_default();
    Cause {
        // A time in the future is some other clock's mistake.
        since: alert.fired_at.map_or(now, |fired| fired.min(now)),
        sign: format!(
            "alert rule {} fired: origin health of {}{value}",
            rule.as_deref().unwrap_or("without a name"),
            site.origin.host
        ),
        by: StartedBy::Alert { alert: alert.id.clone(), rule },
        key: alert.key.clone(),
    }
}

fn is_allowed(alert: &Alert, plan: &Plan) -> bool {
    plan.alert_rules.is_empty()
        || alert
            .rule
            .as_ref()
            .is_some_and(|rule| plan.alert_rules.iter().any(|allowed| allowed.eq_ignore_ascii_case(rule)))
}

fn nothing(why: &str) -> Concern {
    Concern::Nothing { why: why.to_owned() }
}
