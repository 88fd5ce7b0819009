//! Journals of runs as they happen, written event by event, and the reports folded from them.

use chrono::{DateTime, TimeDelta, Utc};
use reveille::config;
use reveille::domain::application::{AppView, IndexState, OriginView, RouteView};
use reveille::domain::chain::{Entry, FORMAT, Head};
use reveille::domain::cluster::ClusterView;
use reveille::domain::fact::Fact;
use reveille::domain::history::{Basis, Expectation, Expected};
use reveille::domain::names::{ChannelName, IncidentId, RunId, SiteName};
use reveille::domain::notice::Moment;
use reveille::domain::observation::Observation;
use reveille::domain::plan::Plan;
use reveille::domain::report::Report;
use reveille::domain::run::{Ask, Call, Sent, Verb};
use reveille::domain::run::{Created, RunEvent, RunState, StartedBy};
use reveille::domain::runbook::{RunKind, StepName, VERSION};
use reveille::domain::witness::{Verdict, Witness};
use reveille::domain::writer::{WriteProof, WriterVerdict, WriterView};

pub const OWN_PROBE: &str = "own probe from function app in centralus";
const ARM: &str = "Azure Resource Manager";
const WRITER: &str = "sonar.writer.postgres.database.azure.com";

/// A journal in the making. Its clock moves only when told.
pub struct Journal {
    now: DateTime<Utc>,
    entries: Vec<Entry<RunEvent>>,
}

pub fn plan() -> Plan {
    let text = include_str!("../../reveille.example.toml");
    config::parse(text, "reveille.toml", &|_| None).expect("the example is valid").plans.remove(0)
}

pub fn at(time: &str) -> DateTime<Utc> {
    format!("2026-11-04T{time}Z").parse().expect("a time")
}

pub fn run_id() -> RunId {
    RunId::new("sonarqube.20261104T021405Z.k3f9")
}

impl Journal {
    /// A failover that an alert started at 02:14:05, four minutes after the metric's first bad minute.
    pub fn by_alert() -> Self {
        let by = StartedBy::Alert { alert: Some("a1".into()), rule: Some("afd-primary-origin-health".into()) };
        Self::created(RunKind::Failover, by)
    }

    /// A run that pays a fence debt.
    pub fn drill(kind: RunKind) -> Self {
        let (by, why) = ("key ann".to_owned(), "before the freeze".to_owned());
        Self::created(kind, StartedBy::Person { by, said: None, why, force: false })
    }

    pub fn for_a_debt() -> Self {
        Self::created(RunKind::Fence, StartedBy::Debt { of_run: run_id() })
    }

    pub fn by_person(why: &str) -> Self {
        let (by, said) = ("function key night-shift".into(), Some("Ada".into()));
        Self::created(RunKind::Failover, StartedBy::Person { by, said, why: why.into(), force: false })
    }

    fn created(kind: RunKind, started_by: StartedBy) -> Self {
        let created = Created {
            run: run_id(),
            incident: IncidentId::new("sonarqube.i20261104T021405Z.p7c2"),
            kind,
            runbook: VERSION,
            started_by,
            plan: plan(),
            config_digest: "3f".repeat(32),
            primary: SiteName::new("eastus2"),
            standby: SiteName::new("centralus"),
            outage_since: at("02:10:00"),
            first_sign: "alert afd-primary-origin-health: origin health below 50 %".into(),
            writer_target: Some("pg-sonar-eastus2.postgres.database.azure.com".into()),
            preempts: None,
            remembered: Default::default(),
            standby_workload: Default::default(),
            expected: Vec::new(),
        };
        Self { now: at("02:14:05"), entries: Vec::new() }.with(RunEvent::RunCreated(Box::new(created)))
    }

    /// The run took along that many measurements of a step: most of them took so long, the slowest tenth somewhat longer.
    pub fn expecting(mut self, step: StepName, seconds: f64, n: usize) -> Self {
        let basis = Basis::History { n };
        let expected = Expected { seconds, low: seconds * 0.9, high: seconds * 1.2, basis };
        if let Some(RunEvent::RunCreated(created)) = self.entries.first_mut().map(|entry| &mut entry.event) {
            created.expected.push(Expectation { step, expected });
        }
        self
    }

    pub fn later(mut self, seconds: i64) -> Self {
        self.now += TimeDelta::seconds(seconds);
        self
    }

    pub fn with(mut self, event: RunEvent) -> Self {
        let seq = self.entries.len() as u64 + 1;
        let (nonce, prev) = (format!("n{seq}"), String::new());
        self.entries.push(Entry { format: FORMAT, seq, at: self.now, nonce, prev, event });
        self
    }

    pub fn started(self, step: StepName) -> Self {
        self.with(RunEvent::StepStarted { step })
    }

    pub fn saw(self, step: StepName, saw: Observation) -> Self {
        self.with(RunEvent::Observed { step, saw })
    }

    pub fn proven(self, step: StepName, proof: Observation) -> Self {
        self.with(RunEvent::StepSucceeded { step, proof })
    }

    pub fn asked(self, step: StepName, ask: Ask) -> Self {
        self.with(RunEvent::NeedsOperator { step, ask })
    }

    /// A mutating call and Azure's answer to it.
    pub fn called(self, step: StepName, verb: Verb, site: &str, outcome: Sent) -> Self {
        let target = plan().site(&SiteName::new(site)).expect("a site").cluster.to_string();
        let send_before = self.now + TimeDelta::seconds(30);
        self.with(RunEvent::Intent { step, call: Call::on(verb, target), send_before })
            .later(1)
            .with(RunEvent::Sent { step, outcome })
    }

    pub fn told(self, channel: &str, moment: Moment, delivered: bool, detail: &str) -> Self {
        let (channel, about, detail) = (ChannelName::new(channel), String::new(), detail.to_owned());
        self.with(RunEvent::NotifySent { channel, moment, about, delivered, last: true, detail })
    }

    pub fn fold(&self) -> RunState {
        RunState::fold(&self.entries).expect("a whole journal")
    }

    pub fn report(&self) -> Report {
        Report::of(&self.fold(), &Head { seq: self.entries.len() as u64, hash: "9a".repeat(32) })
    }
}

pub fn accepted(id: &str) -> Sent {
    Sent::Accepted { operation: None, request_ids: vec![id.to_owned()] }
}

pub fn outage(verdict: Verdict, healthy: bool) -> Observation {
    let view = match healthy {
        true => OriginView::Healthy { said: "200 UP".into() },
        false => OriginView::Unreachable { why: "connection refused".into() },
    };
    let at = at("02:14:50");
    let health = Fact::known(if healthy { 100.0 } else { 0.0 }, at, "Front Door's origin health metric");
    Observation::Outage {
        witness: Witness {
            at,
            primary: Fact::known(view, at, OWN_PROBE),
            standby: Fact::known(OriginView::Unreachable { why: "connection refused".into() }, at, OWN_PROBE),
            origin_health: health.with_request_ids(vec!["c0ffee00-0001".into()]),
            front_door_answers: true,
        },
        verdict,
    }
}

pub fn down() -> Observation {
    outage(
        Verdict::PrimaryDown("5 of the newest 5 own probes failed, and Front Door reports 0 % origin health".into()),
        false,
    )
}

pub fn cluster(site: &str, provisioning: &str, power: &str) -> Observation {
    let cluster = ClusterView { provisioning: provisioning.into(), power: Some(power.into()), pools: Vec::new() };
    let cluster = Fact::known(cluster, at("02:20:00"), ARM).with_request_ids(vec![format!("c0ffee00-{site}")]);
    Observation::Cluster { site: SiteName::new(site), cluster, nodes: None }
}

pub fn fenced() -> Observation {
    let view = ClusterView { provisioning: "Succeeded".into(), power: Some("Stopped".into()), pools: Vec::new() };
    let gone = OriginView::Unreachable { why: "connection refused".into() };
    Observation::Fence {
        site: SiteName::new("eastus2"),
        cluster: Fact::known(view, at("02:16:00"), ARM).with_request_ids(vec!["c0ffee00-0003".into()]),
        origin: Fact::known(gone, at("02:16:00"), OWN_PROBE),
        workload: None,
    }
}

pub fn fence_owed() -> Observation {
    let why = "Azure Resource Manager does not answer for eastus2 (503 | ServiceUnavailable)".to_owned();
    Observation::FenceOwed { site: SiteName::new("eastus2"), why, by: None }
}

pub fn writer(server: &str, verdict: WriterVerdict) -> Observation {
    let target = Some(format!("{server}.postgres.database.azure.com"));
    let view = WriterView { host: WRITER.into(), target, verdict, stages: Vec::new() };
    Observation::Writer { writer: Fact::known(view, at("02:16:30"), OWN_PROBE) }
}

pub fn writable(server: &str) -> Observation {
    writer(server, WriterVerdict::Writable { proof: WriteProof::Canary { counter: 42 } })
}

pub fn serving(search_index: IndexState) -> Observation {
    let app = AppView::Serving { said: "SonarQube 2026.1 UP".into(), search_index };
    Observation::App { app: Fact::known(app, at("02:27:00"), OWN_PROBE) }
}

pub fn routed() -> Observation {
    let route = RouteView::ServedBy { site: SiteName::new("centralus"), said: "200, x-served-by: centralus".into() };
    let route = Fact::known(route, at("02:27:23"), "through Front Door, from function app in centralus");
    Observation::Route { route: route.with_request_ids(vec!["20261104T022723Z-15b8d9".into()]) }
}
