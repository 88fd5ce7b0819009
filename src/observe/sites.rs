//! What is known of a site: its cluster and its origin.

use super::Observer;
use crate::azure::{OperationStatus, Poll};
use crate::domain::application::{AppView, OriginView};
use crate::domain::cluster::ClusterView;
use crate::domain::fact::Fact;
use crate::domain::plan::{Plan, Site};
use crate::domain::resource::ResourceId;
use crate::domain::secret::SignedUrl;
use chrono::{DateTime, Utc};
use std::time::Duration;

impl Observer {
    /// The control plane's view of a site's cluster.
    pub async fn cluster(&self, site: &Site, patience: Duration) -> Fact<ClusterView> {
        match tokio::time::timeout(patience, self.azure.aks().get(&site.cluster)).await {
            Ok(answer) => self.told_by_arm(answer),
            Err(_) => {
                let reason = format!("no answer within {}", crate::domain::duration::text(patience));
                Fact::unknown(reason, self.clock.now(), super::ARM)
            }
        }
    }

    /// How an accepted operation stands, if its status can be read.
    pub async fn operation(&self, cluster: &ResourceId, url: &SignedUrl) -> Option<OperationStatus> {
        match self.azure.operations().poll(cluster, url).await {
            Ok(answer) => match answer.value.poll {
                Poll::Status(status) => Some(status),
                _ => None,
            },
            Err(_) => None,
        }
    }

    /// The origin, past Front Door: healthy when every application of the plan is, unreachable when none answers.
    pub async fn origin(&self, plan: &Plan, site: &Site) -> Fact<OriginView> {
        let timeout = plan.timing.probe_timeout;
        let looks = plan.apps.iter().map(|app| self.probe.origin(&site.origin, &app.kind, timeout));
        self.known(all_of(futures::future::join_all(looks).await), self.vantage.clone())
    }

    /// When the certificate ends that a site's origin shows.
    pub async fn certificate(&self, plan: &Plan, site: &Site) -> Fact<DateTime<Utc>> {
        match self.probe.certificate_end(&site.origin, plan.timing.probe_timeout).await {
            Ok(end) => self.known(end, self.vantage.clone()),
            Err(error) => self.nobody(&error.text()),
        }
    }

    /// The applications at a site: the first that does not serve speaks for all.
    pub async fn app(&self, plan: &Plan, site: &Site) -> Fact<AppView> {
        let timeout = plan.timing.probe_timeout;
        let mut serving: Option<AppView> = None;
        for app in &plan.apps {
            match self.probe.app(&site.origin, &app.kind, timeout).await {
                view @ AppView::Serving { .. } => serving = Some(weaker(serving, view)),
                view => return self.known(view, self.vantage.clone()),
            }
        }
        match serving {
            Some(view) => self.known(view, self.vantage.clone()),
            None => Fact::unknown("the plan names no application", self.clock.now(), self.vantage.clone()),
        }
    }
}

/// What the applications of an origin come to together. One that answers keeps the origin from being unreachable: it may
/// write while the others are silent.
fn all_of(views: Vec<OriginView>) -> OriginView {
    let healthy = views.iter().map(|view| match view {
        OriginView::Healthy { said } => Some(said.as_str()),
        _ => None,
    });
    if let Some(said) = healthy.collect::<Option<Vec<_>>>() {
        return OriginView::Healthy { said: said.join(", ") };
    }
    if views.iter().all(OriginView::is_silent) || !views.iter().any(OriginView::is_silent) {
        let ill = views.iter().find(|view| view.is_failed()).or_else(|| views.iter().find(|view| !view.is_healthy()));
        return ill.unwrap_or(&views[0]).clone();
    }
    OriginView::Unhealthy { said: views.iter().map(OriginView::text).collect::<Vec<_>>().join(", ") }
}

/// Of two that serve, the one whose index is less proven speaks for both.
fn weaker(before: Option<AppView>, now: AppView) -> AppView {
    use crate::domain::application::IndexState::NotVerified;
    match (before, now) {
        (Some(open @ AppView::Serving { search_index: NotVerified, .. }), _) => open,
        (_, now) => now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_silent_only_when_none_of_its_applications_answers() {
        let up = || OriginView::Healthy { said: "UP".into() };
        let busy = || OriginView::Busy { said: "RESTARTING".into() };
        let ill = || OriginView::Unhealthy { said: "500".into() };
        let gone = || OriginView::Unreachable { why: "refused".into() };
        for (views, healthy, failed, silent) in [
            (vec![up(), up()], true, false, false),
            (vec![gone(), gone()], false, true, true),
            (vec![gone(), up()], false, true, false),
            (vec![busy(), gone()], false, true, false),
            (vec![up(), ill()], false, true, false),
            (vec![busy(), ill()], false, true, false),
            (vec![up(), busy()], false, false, false),
        ] {
            let all = all_of(views.clone());
            assert_eq!((all.is_healthy(), all.is_failed(), all.is_silent()), (healthy, failed, silent), "{views:?}");
        }
    }
}
