//! Runs and plans told as short stories: seconds and events.

use crate::sim::plan;
use crate::sim::weather::{Standby, Weather};
use chrono::{DateTime, TimeDelta, Utc};
use reveille::domain::application::{AppView, IndexState, OriginView, RouteView};
use reveille::domain::chain::Entry;
use reveille::domain::cluster::ClusterView;
use reveille::domain::fact::Fact;
use reveille::domain::ledger::{Cause, LedgerEvent, PlanState};
use reveille::domain::names::{IncidentId, RunId, SiteName};
use reveille::domain::observation::Observation;
use reveille::domain::parking::StandbyWorkload;
use reveille::domain::plan::Plan;
use reveille::domain::run::{Call, Created, RunEvent, RunState, Sent, StartedBy, Verb};
use reveille::domain::runbook::{self, RunKind, StepName};
use reveille::domain::witness::{Verdict, Witness};
use reveille::domain::workload::Counts;
use reveille::domain::writer::{WriteProof, WriterVerdict, WriterView};
use reveille::engine::ports::StepView;
use std::sync::Arc;

pub const PRIMARY: &str = "eastus2";
pub const STANDBY: &str = "centralus";

pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

pub fn site(name: &str) -> SiteName {
    SiteName::new(name)
}

pub fn run_id() -> RunId {
    RunId::new("sonar.run")
}

pub fn alert() -> StartedBy {
    StartedBy::Alert { alert: Some("a".into()), rule: None }
}

pub fn person(force: bool) -> StartedBy {
    StartedBy::Person { by: "ann".into(), said: None, why: "test".into(), force }
}

pub fn default_plan() -> Plan {
    (*plan::configured(&Weather::calm()).plan).clone()
}

/// The plan whose workload is parked.
pub fn plan_parked() -> Plan {
    (*plan::configured(&Weather { standby: Standby::Parked, ..Weather::calm() }).plan).clone()
}

pub fn cause(by: StartedBy, key: Option<&str>) -> Cause {
    Cause { since: at(0), sign: "test".into(), by, key: key.map(str::to_owned) }
}

fn entry<E>(seq: usize, second: i64, event: E) -> Entry<E> {
    Entry { format: 1, seq: seq as u64, at: at(second), nonce: String::new(), prev: String::new(), event }
}

/// A run's journal.
#[derive(Clone)]
pub struct Story(Vec<Entry<RunEvent>>);

impl Story {
    pub fn failover() -> Self {
        Self::of(RunKind::Failover, default_plan(), alert())
    }

    pub fn of(kind: RunKind, plan: Plan, started_by: StartedBy) -> Self {
        Self::with_standby(kind, plan, started_by, StandbyWorkload::StartsWithCluster)
    }

    pub fn with_standby(kind: RunKind, plan: Plan, started_by: StartedBy, standby_workload: StandbyWorkload) -> Self {
        let created = Created {
            run: run_id(),
            incident: IncidentId::new("sonar.incident"),
            kind,
            runbook: runbook::VERSION,
            standby_workload,
            expected: Vec::new(),
            started_by,
            plan,
            config_digest: "test".into(),
            primary: site(PRIMARY),
            standby: site(STANDBY),
            outage_since: at(0),
            first_sign: "test".into(),
            writer_target: None,
            preempts: None,
            remembered: Default::default(),
        };
        Self(vec![entry(1, 0, RunEvent::RunCreated(Box::new(created)))])
    }

    /// The ledger remembers the counts of the standby's workload from before.
    pub fn remembering(mut self, counts: Counts) -> Self {
        if let Some(RunEvent::RunCreated(created)) = self.0.first_mut().map(|entry| &mut entry.event) {
            created.remembered = counts;
        }
        self
    }

    pub fn then(mut self, second: i64, event: RunEvent) -> Self {
        self.0.push(entry(self.0.len() + 1, second, event));
        self
    }

    pub fn started(self, second: i64, step: StepName) -> Self {
        self.then(second, RunEvent::StepStarted { step })
    }

    pub fn saw(self, second: i64, step: StepName, saw: Observation) -> Self {
        self.then(second, RunEvent::Observed { step, saw })
    }

    pub fn proven(self, second: i64, step: StepName, proof: Observation) -> Self {
        self.started(second, step).then(second, RunEvent::StepSucceeded { step, proof })
    }

    /// A mutating call; without an outcome it is still in flight.
    pub fn sent(self, second: i64, step: StepName, outcome: Option<Sent>) -> Self {
        let verb = if step == StepName::FencePrimary { Verb::StopCluster } else { Verb::StartCluster };
        let call = Call::on(verb, "the cluster");
        let told = self.then(second, RunEvent::Intent { step, call, send_before: at(second + 10) });
        match outcome {
            Some(outcome) => told.then(second + 1, RunEvent::Sent { step, outcome }),
            None => told,
        }
    }

    pub fn state(&self) -> RunState {
        RunState::fold(&self.0).unwrap()
    }

    pub fn view(&self, step: StepName, second: i64) -> StepView {
        StepView { run: Arc::new(self.state()), step, now: at(second), send_by: tokio::time::Instant::now() }
    }
}

/// A plan's ledger.
pub fn ledger(events: Vec<(i64, LedgerEvent)>) -> PlanState {
    let mut state = PlanState::default();
    events.into_iter().for_each(|(second, event)| state.apply(&event, at(second)));
    state
}

pub fn accepted() -> Sent {
    Sent::Accepted { operation: None, request_ids: Vec::new() }
}

pub fn unanswered() -> Sent {
    Sent::Unknown { reason: "timed out".into(), request_ids: Vec::new() }
}

pub fn fact<T>(second: i64, value: Option<T>) -> Fact<T> {
    match value {
        Some(value) => Fact::known(value, at(second), "test"),
        None => Fact::unknown("timed out", at(second), "test"),
    }
}

/// `"Succeeded/Running"` as a view; `"?"` is unknown.
pub fn cluster(second: i64, states: &str) -> Fact<ClusterView> {
    let view = states.split_once('/').map(|(provisioning, power)| ClusterView {
        provisioning: provisioning.into(),
        power: Some(power.into()),
        pools: Vec::new(),
    });
    fact(second, view)
}

/// `Some(true)` answers, `Some(false)` is silent, `None` is unknown.
pub fn origin(second: i64, answers: Option<bool>) -> Fact<OriginView> {
    fact(
        second,
        answers.map(|answers| match answers {
            true => OriginView::Healthy { said: "UP".into() },
            false => OriginView::Unreachable { why: "refused".into() },
        }),
    )
}

pub fn fence(second: i64, states: &str, answers: Option<bool>) -> Observation {
    Observation::Fence {
        site: site(PRIMARY),
        cluster: cluster(second, states),
        origin: origin(second, answers),
        workload: None,
    }
}

pub fn fence_owed() -> Observation {
    Observation::FenceOwed { site: site(PRIMARY), why: "test".into(), by: None }
}

pub fn started_cluster(second: i64) -> Observation {
    Observation::Cluster { site: site(STANDBY), cluster: cluster(second, "Succeeded/Running"), nodes: None }
}

pub fn writer(second: i64, verdict: WriterVerdict) -> Observation {
    let view = WriterView { host: "writer".into(), target: None, verdict, stages: Vec::new() };
    Observation::Writer { writer: fact(second, Some(view)) }
}

pub fn writable(second: i64) -> Observation {
    writer(second, WriterVerdict::Writable { proof: WriteProof::Canary { counter: second } })
}

pub fn app_serves(second: i64) -> Observation {
    let app = AppView::Serving { said: "UP".into(), search_index: IndexState::NotApplicable };
    Observation::App { app: fact(second, Some(app)) }
}

pub fn served_by_standby(second: i64) -> Observation {
    let route = RouteView::ServedBy { site: site(STANDBY), said: "200".into() };
    Observation::Route { route: fact(second, Some(route)) }
}

pub fn witness(second: i64, answers: Option<bool>, health: Option<f64>) -> Witness {
    Witness {
        at: at(second),
        primary: origin(second, answers),
        standby: origin(second, Some(false)),
        origin_health: fact(second, health),
        front_door_answers: true,
    }
}

pub fn confirmed() -> Observation {
    Observation::Outage { witness: witness(0, Some(false), Some(0.0)), verdict: Verdict::PrimaryDown("test".into()) }
}
