//! A rehearsal told event by event, written into a store as a driver would have written it.

use chrono::{DateTime, TimeDelta, Utc};
use reveille::config;
use reveille::domain::application::OriginView;
use reveille::domain::chain::{Entry, FORMAT, Head, digest};
use reveille::domain::cluster::ClusterView;
use reveille::domain::drill::DrillDue;
use reveille::domain::fact::Fact;
use reveille::domain::ladder::Rested;
use reveille::domain::ledger::LedgerEvent;
use reveille::domain::names::{DrillName, IncidentId, PlanName, RunId, SiteName};
use reveille::domain::observation::Observation;
use reveille::domain::outcome::Outcome;
use reveille::domain::parking::StandbyWorkload;
use reveille::domain::path::PathView;
use reveille::domain::plan::Plan;
use reveille::domain::record::{Note, Signature, Verdict};
use reveille::domain::report::Report;
use reveille::domain::run::{Call, Created, Driver, RunEvent, RunState, Sent, StartedBy, Verb};
use reveille::domain::runbook::{RunKind, StepName, VERSION};
use reveille::domain::workload::{NodeView, NodesView, WorkloadKind, WorkloadPart, WorkloadRef, WorkloadView};
use reveille::engine::book::Book;
use reveille::engine::close::report_name;
use reveille::engine::journal::log_name;
use reveille::engine::log::ChainLog;
use reveille::engine::ports::{Clock, Store};
use reveille::engine::record::By;
use reveille::engine::{Configured, Engine, Settings};
use std::collections::BTreeMap;
use std::sync::Arc;

pub const STANDBY: &str = "centralus";
const ARM: &str = "Azure Resource Manager";
const PROBE: &str = "own probe from function app in centralus";

pub struct FixedClock(pub DateTime<Utc>);

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

pub fn at(time: &str) -> DateTime<Utc> {
    format!("2026-11-22T{time}Z").parse().unwrap()
}

pub fn plan() -> Plan {
    let text = include_str!("../../reveille.example.toml");
    config::parse(text, "reveille.toml", &|_| None).expect("the example is valid").plans.remove(0)
}

pub fn run_id(day: u32) -> RunId {
    RunId::new(format!("sonarqube.202611{day:02}T030004Z.k3f9"))
}

/// A rehearsal: its events, each some seconds behind the one before.
#[derive(Clone)]
pub struct Rehearsal {
    pub run: RunId,
    now: DateTime<Utc>,
    pub events: Vec<(DateTime<Utc>, RunEvent)>,
}

fn site() -> SiteName {
    SiteName::new(STANDBY)
}

fn fact<T>(value: T, at: DateTime<Utc>, from: &str, id: &str) -> Fact<T> {
    Fact::known(value, at, from).with_request_ids(vec![id.to_owned()])
}

impl Rehearsal {
    /// The rehearsal of that day of November, by schedule at three in the morning.
    pub fn on(day: u32) -> Self {
        let now = at("03:00:04") - TimeDelta::days(22 - i64::from(day));
        let due = DrillDue { drill: DrillName::new("standby"), occurrence: now - TimeDelta::seconds(4) };
        let created = Created {
            run: run_id(day),
            incident: IncidentId::new("sonarqube.i20261122T030004Z.p7c2"),
            kind: RunKind::StandbyDrill,
            runbook: VERSION,
            started_by: StartedBy::Schedule { due },
            plan: plan(),
            config_digest: "3f".repeat(32),
            primary: SiteName::new("eastus2"),
            standby: site(),
            outage_since: now,
            first_sign: "the schedule of drill standby".into(),
            writer_target: None,
            preempts: None,
            remembered: Default::default(),
            expected: Vec::new(),
            standby_workload: StandbyWorkload::Parked {
                counts: BTreeMap::new(),
                since: at("02:00:00") - TimeDelta::days(40),
            },
        };
        let created = RunEvent::RunCreated(Box::new(created));
        let by = Driver { instance: "i".into(), worker: "w".into() };
        let claimed = RunEvent::Claimed { by, slice: 1 };
        Self { run: run_id(day), now, events: Vec::new() }.with(created).with(claimed)
    }

    pub fn later(mut self, seconds: i64) -> Self {
        self.now += TimeDelta::seconds(seconds);
        self
    }

    pub fn with(mut self, event: RunEvent) -> Self {
        self.events.push((self.now, event));
        self
    }

    fn called(self, step: StepName, verb: Verb, outcome: Sent) -> Self {
        let target = plan().site(&site()).unwrap().cluster.to_string();
        let send_before = self.now + TimeDelta::seconds(10);
        self.with(RunEvent::Intent { step, call: Call::on(verb, target), send_before })
            .later(1)
            .with(RunEvent::Sent { step, outcome })
    }

    fn proven(self, step: StepName, proof: Observation) -> Self {
        self.with(RunEvent::StepSucceeded { step, proof })
    }

    fn cluster(&self, power: &str, nodes: usize) -> Observation {
        let view = ClusterView { provisioning: "Succeeded".into(), power: Some(power.into()), pools: Vec::new() };
        let node = |n| NodeView {
            name: format!("np-{n}"),
            pool: None,
            ready: true,
            why_not: None,
            kubelet: "v1.33.2".into(),
            created: None,
        };
        let nodes = NodesView { nodes: (0..nodes).map(node).collect() };
        let nodes = (!nodes.nodes.is_empty()).then(|| Fact::known(nodes, self.now, "the cluster's API server"));
        Observation::Cluster { site: site(), cluster: fact(view, self.now, ARM, "c0ffee00-0001"), nodes }
    }

    fn parked(&self) -> Observation {
        let object =
            WorkloadRef { kind: WorkloadKind::Deployment, namespace: "sonarqube".into(), name: "sonarqube-app".into() };
        let part = WorkloadPart {
            object,
            wanted: 0,
            existing: 0,
            ready: 0,
            settled: true,
            claim_templates: Vec::new(),
            part: None,
            autoscaler: None,
        };
        let view = WorkloadView { parts: vec![part], ..WorkloadView::default() };
        Observation::Workload { site: site(), workload: Fact::known(view, self.now, "the cluster's API server") }
    }

    /// The primary answers, the standby rests.
    pub fn checked(self) -> Self {
        let primary = fact(OriginView::Healthy { said: "200 UP".into() }, self.now, PROBE, "p-1");
        let view = ClusterView { provisioning: "Succeeded".into(), power: Some("Stopped".into()), pools: Vec::new() };
        let cluster = fact(view, self.now, ARM, "c0ffee00-0000");
        let proof = Observation::Standby { site: site(), primary, cluster };
        self.with(RunEvent::StepStarted { step: StepName::CheckStandby }).later(2).proven(StepName::CheckStandby, proof)
    }

    pub fn started(self, seconds: i64) -> Self {
        let accepted = Sent::Accepted { operation: None, request_ids: vec!["c0ffee00-0002".into()] };
        let run = self.with(RunEvent::StepStarted { step: StepName::StartReplica });
        let run = run.called(StepName::StartReplica, Verb::StartCluster, accepted).later(seconds);
        let proof = run.cluster("Running", 5);
        run.proven(StepName::StartReplica, proof)
    }

    pub fn looked_at(self) -> Self {
        let run = self.with(RunEvent::StepStarted { step: StepName::ParkWorkload }).later(3);
        let proof = run.parked();
        let run = run.proven(StepName::ParkWorkload, proof);
        let path =
            Observation::Path { site: site(), path: Fact::known(PathView::Reached, run.now, "a pod in centralus") };
        let run =
            run.with(RunEvent::StepStarted { step: StepName::VerifyPath }).later(9).proven(StepName::VerifyPath, path);
        let origin = fact(OriginView::Unhealthy { said: "503".into() }, run.now, PROBE, "p-2");
        let ingress = Observation::Ingress { site: site(), origin, certificate: None };
        run.with(RunEvent::StepStarted { step: StepName::VerifyIngress })
            .later(1)
            .proven(StepName::VerifyIngress, ingress)
    }

    pub fn stopped(self) -> Self {
        let busy = Sent::Busy { said: "another operation is in progress".into() };
        let accepted = Sent::Accepted { operation: None, request_ids: vec!["c0ffee00-0003".into()] };
        let run = self.with(RunEvent::StepStarted { step: StepName::StopReplica });
        let run = run.called(StepName::StopReplica, Verb::StopCluster, busy).later(20);
        let run = run.called(StepName::StopReplica, Verb::StopCluster, accepted).later(400);
        let proof = run.cluster("Stopped", 0);
        run.proven(StepName::StopReplica, proof)
    }

    /// Everything went well; the run has ended, and nothing more.
    pub fn ended(day: u32, start: i64) -> Self {
        let run = Self::on(day).checked().started(start).looked_at().stopped();
        let state = run.fold();
        let proof = |step| state.proof(step).unwrap();
        let rested = Rested::from(proof(StepName::ParkWorkload), proof(StepName::StopReplica)).unwrap();
        run.later(1).with(RunEvent::RunEnded { outcome: Outcome::Rehearsed { rested, not_proven: Vec::new() } })
    }

    /// The same, closed, with its report under that digest.
    pub fn closed(self) -> Self {
        let digest = digest(&self.report());
        self.with(RunEvent::Reported { digest }).with(RunEvent::Settled).with(RunEvent::Closed)
    }

    /// The report as it is stored when the run ends.
    fn report(&self) -> Vec<u8> {
        let (lines, head) = self.written();
        assert!(!lines.is_empty());
        serde_json::to_vec_pretty(&Report::of(&self.fold(), &head)).unwrap()
    }

    pub fn fold(&self) -> RunState {
        let entries: Vec<Entry<RunEvent>> = self
            .events
            .iter()
            .enumerate()
            .map(|(index, (at, event))| Entry {
                format: FORMAT,
                seq: index as u64 + 1,
                at: *at,
                nonce: "n".into(),
                prev: String::new(),
                event: event.clone(),
            })
            .collect();
        RunState::fold(&entries).unwrap()
    }

    /// The lines of the journal, the same each time.
    fn written(&self) -> (Vec<u8>, Head) {
        self.events.iter().enumerate().fold((Vec::new(), Head::default()), |(mut lines, head), (index, (at, event))| {
            let (line, head) = head.extend(event, *at, &format!("n{index}")).unwrap();
            lines.extend(line);
            (lines, head)
        })
    }

    /// Into the store: journal, report, and what the ledger says.
    pub async fn stored(self, store: &Arc<dyn Store>) -> RunId {
        let (lines, _) = self.written();
        let name = log_name(&self.run);
        store.create(&name).await.unwrap();
        store.append(&name, 0, &lines).await.unwrap();
        let ended = self.events.iter().position(|(_, event)| matches!(event, RunEvent::RunEnded { .. }));
        if let Some(ended) = ended {
            let until = Self { events: self.events[..=ended].to_vec(), ..self.clone() };
            store.put(&report_name(&self.run), &until.report(), None).await.unwrap();
        }
        self.tell_ledger(store).await;
        self.run
    }

    async fn tell_ledger(&self, store: &Arc<dyn Store>) {
        let mut book = Book::open(store, &PlanName::new("sonarqube")).await.unwrap();
        let (state, run) = (self.fold(), self.run.clone());
        let created = state.created;
        let admitted = LedgerEvent::RunAdmitted {
            run: run.clone(),
            incident: created.incident,
            kind: created.kind,
            leave: created.primary,
            by: created.started_by,
            key: None,
            config_digest: created.config_digest,
        };
        book.append(&FixedClock(state.created_at), admitted).await.unwrap();
        if let Some(outcome) = state.outcome {
            let outcome = outcome.word().to_owned();
            let closed = LedgerEvent::RunClosed { run, outcome, closes: false, serves: None };
            book.append(&FixedClock(state.last_event_at), closed).await.unwrap();
        }
    }
}

/// An engine on that store, at ten that morning.
pub fn engine(store: &Arc<dyn Store>) -> Engine {
    let plan = plan();
    let configured = Configured { plan: Arc::new(plan.clone()), config_digest: "3f".repeat(32) };
    Engine {
        store: store.clone(),
        clock: Arc::new(FixedClock(at("10:00:00"))),
        steps: Arc::default(),
        channels: Arc::default(),
        plans: Arc::new(BTreeMap::from([(plan.name, configured)])),
        settings: Settings::default(),
        driver: Driver { instance: "i".into(), worker: "w2".into() },
        shelf: Default::default(),
    }
}

pub const ADA: By<'static> = By { by: "key night-shift", said: Some("Ada") };

pub fn signature(name: &str, verdict: Verdict) -> Signature {
    Signature { name: name.into(), verdict, notes: "It came up in time, and rests again.".into() }
}

/// One note of every kind, and one that was a mistake.
pub fn notes() -> Vec<Note> {
    serde_json::from_value(serde_json::json!([
        { "about": "scenario", "text": "Loss of eastus2 at night", "reference": "BIA-17, risk R-4" },
        { "about": "participant", "name": "Ada Lovelace", "role": "on call", "intended": true, "took_part": true },
        { "about": "participant", "name": "Grace Hopper", "role": "database", "intended": true, "took_part": false },
        { "about": "participant", "name": "Mallory", "intended": false, "took_part": true },
        { "about": "third-party", "name": "Microsoft", "part": "support case 2611220030, informed before" },
        { "about": "deviation", "what": "Grace was ill; Mallory stood in" },
        { "about": "lesson", "what": "Nobody knew where the phone list is" },
        { "about": "follow-up", "what": "Put the phone list into the runbook", "owner": "Ada", "due": "2026-12-15" },
        { "about": "accepted-risk", "what": "One support contract for both regions", "owner": "Bob", "until": "2027-06-30" }
    ]))
    .unwrap()
}

pub async fn open_log(store: &Arc<dyn Store>, run: &RunId) -> ChainLog<RunEvent> {
    let mut log = ChainLog::at_start(store.clone(), log_name(run), Head::default());
    log.catch_up().await.unwrap();
    log
}
