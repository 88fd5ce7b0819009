//! What is known of Front Door: its view of an origin, and what comes back through it.

use super::Observer;
use crate::azure::Point;
use crate::domain::application::RouteView;
use crate::domain::fact::{Fact, FactState};
use crate::domain::names::SiteName;
use crate::domain::plan::{Plan, Site};
use crate::probe::http::RouteQuestion;
use chrono::{DateTime, TimeDelta, Utc};

impl Observer {
    /// Front Door's origin health of a site, in percent: the newest settled minute that has data.
    pub async fn origin_health(&self, plan: &Plan, site: &Site) -> Fact<f64> {
        let now = self.clock.now();
        let window = TimeDelta::from_std(plan.timing.metric_window).unwrap_or_default();
        let settle = TimeDelta::from_std(plan.timing.metric_settle).unwrap_or_default();
        let read = self.azure.monitor().origin_health(&plan.front_door.profile, &site.origin.host, now - window, now);
        let patience = plan.timing.arm_timeout;
        let answer = match tokio::time::timeout(patience, read).await {
            Ok(answer) => self.told_by_arm(answer),
            Err(_) => Fact::unknown("the metric did not answer in time", now, super::ARM),
        };
        let (ids, from) = (answer.request_ids.clone(), "Azure Monitor, Front Door origin health");
        let state = match answer.state {
            FactState::Known(points) => newest(&points, now - settle),
            FactState::Unknown { reason } => FactState::Unknown { reason },
        };
        Fact { at: now, from: from.to_owned(), state, request_ids: ids }
    }

    /// What comes back through the Front Door host name, for every application of the plan; the first that is not
    /// served by the expected site speaks for all.
    pub async fn route(&self, plan: &Plan, expected: &SiteName) -> Fact<RouteView> {
        let mut best: Option<Fact<RouteView>> = None;
        for app in &plan.apps {
            let question = RouteQuestion {
                front_door: &plan.front_door.hostname,
                app,
                sites: &plan.sites,
                expected: Some(expected),
            };
            let seen = self.probe.route(&question, plan.timing.probe_timeout).await;
            let served = matches!(&seen.view, RouteView::ServedBy { .. } | RouteView::Served { .. });
            let fact = self.known(seen.view, self.vantage.clone()).with_request_ids(seen.request_ids);
            if !served {
                return fact;
            }
            let told = matches!(best.as_ref().and_then(Fact::value), Some(RouteView::Served { .. }));
            best = if told { best } else { Some(fact) };
        }
        best.unwrap_or_else(|| Fact::unknown("the plan names no application", self.clock.now(), self.vantage.clone()))
    }
}

/// The newest minutes are not believed yet, and a minute without data says nothing.
fn newest(points: &[Point], settled_at: DateTime<Utc>) -> FactState<f64> {
    let settled = points.iter().filter(|point| point.at <= settled_at);
    match settled.filter_map(|point| point.average).next_back() {
        Some(average) => FactState::Known(average),
        None => FactState::Unknown { reason: "the metric has no settled data for this origin".into() },
    }
}
