//! The workload inside a simulated cluster: search nodes that keep data, application nodes that write.

use super::claims::{self, Claim};
use super::time::{Ms, SECOND, Timeline};
use reveille::domain::parking::Scale;
use reveille::domain::run::ClaimRef;
use reveille::domain::search_index::IndexView;
use reveille::domain::workload::{Counts, PodPhase, PodView, WorkloadKind, WorkloadPart, WorkloadRef, WorkloadView};

/// Replicas of a workload that runs.
const SEARCH: u32 = 3;
const APP: u32 = 2;
/// How long a pod takes to end once it is not wanted any more.
pub const GRACE: Ms = 12 * SECOND;

#[derive(Debug, Clone)]
pub struct Workload {
    search: Timeline<u32>,
    app: Timeline<u32>,
    pub claims: Timeline<Vec<Claim>>,
}

impl Workload {
    pub fn of(parked: bool) -> Self {
        let count = |full: u32| Timeline::of(if parked { 0 } else { full });
        Self { search: count(SEARCH), app: count(APP), claims: Timeline::of(Claim::old(SEARCH)) }
    }

    /// Whether application pods run, or still end, where there are nodes.
    pub fn runs(&self, now: Ms) -> bool {
        self.app.ever(now.saturating_sub(GRACE), now, |count| *count > 0)
    }

    /// Whether, at that time, starting the cluster would have started the application.
    pub fn is_wanted(&self, at: Ms) -> bool {
        *self.app.at(at) > 0
    }

    pub fn scale(&mut self, now: Ms, scale: &Scale) {
        let count = if scale.object == app() { &mut self.app } else { &mut self.search };
        count.note(now, scale.replicas);
        let mut claims = self.claims.now().clone();
        claims::make_missing(&mut claims, *self.search.now(), now);
        self.claims.note(now, claims);
    }

    /// Whether search nodes use their volumes, or may still end.
    fn keeps(&self, now: Ms) -> bool {
        self.search.ever(now.saturating_sub(GRACE), now, |count| *count > 0)
    }

    /// Gives the claim that is gone with this.
    pub fn delete(&mut self, now: Ms, claim: &ClaimRef) -> Option<Claim> {
        let mut claims = self.claims.now().clone();
        let gone = claims::delete(&mut claims, claim, self.keeps(now));
        self.claims.note(now, claims);
        gone
    }

    /// As the API server shows it, volumes included.
    pub fn index(&self, now: Ms) -> IndexView {
        IndexView { workload: self.view(now), claims: self.claims.now().iter().map(Claim::view).collect() }
    }

    /// Whether any claim of before everything was left then.
    pub fn has_old_claim(&self, at: Ms) -> bool {
        self.claims.at(at).iter().any(|claim| claim.made().is_none())
    }

    /// As the API server shows it.
    pub fn view(&self, now: Ms) -> WorkloadView {
        let parts = vec![part(app(), *self.app.now()), part(search(), *self.search.now())];
        let running = self.runs(now).then(|| pod("app-0", *self.app.now() == 0));
        let keeping = self.keeps(now).then(|| pod("search-0", *self.search.now() == 0));
        WorkloadView { parts, pods: running.into_iter().chain(keeping).collect(), autoscalers_unknown: None }
    }
}

/// What a workload had before it was parked.
pub fn counts() -> Counts {
    Counts::from([(app(), APP), (search(), SEARCH)])
}

fn app() -> WorkloadRef {
    WorkloadRef { kind: WorkloadKind::Deployment, namespace: "sonarqube".into(), name: "app".into() }
}

fn search() -> WorkloadRef {
    WorkloadRef { kind: WorkloadKind::StatefulSet, namespace: "sonarqube".into(), name: "search".into() }
}

fn part(object: WorkloadRef, count: u32) -> WorkloadPart {
    let (template, label) = match object.kind {
        WorkloadKind::Deployment => (None, "app"),
        WorkloadKind::StatefulSet => (Some("data".to_owned()), "search"),
    };
    let (claim_templates, part, autoscaler) = (template.into_iter().collect(), Some(label.to_owned()), None);
    WorkloadPart {
        object,
        wanted: count,
        existing: count,
        ready: count,
        settled: true,
        claim_templates,
        part,
        autoscaler,
    }
}

fn pod(name: &str, ending: bool) -> PodView {
    PodView { name: name.into(), phase: PodPhase::Running, ready: !ending, ending, waiting: None, exit_code: None }
}
