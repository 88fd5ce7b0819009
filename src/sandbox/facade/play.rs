//! Plays a scenario and watches until the world shows what is expected.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use tokio::time::Instant;

use super::{Sandbox, copies};
use crate::sandbox::host::{Invocation, Outcome};
use crate::sandbox::scenario::{Action, Check, Dark, KILLED, Moment, Scenario, Seen, Verdict, due, judge};
use crate::sandbox::world::{ClusterRefusal, Event, Operation, Workload};

/// Time between two looks at the world.
const LOOK: Duration = Duration::from_millis(50);
/// Time between two comparisons, which ask running servers.
const COMPARE: Duration = Duration::from_millis(300);
/// A killed handler and late wake-ups may cost this much.
const DISTURBED: Duration = Duration::from_secs(40);
const PATIENCE: Duration = Duration::from_secs(2);
/// Looks of the handler at a healthy world: on a busy machine one may see nothing.
const LOOKS: usize = 2;
/// Longest wait for them.
const FIRST_LOOK: Duration = Duration::from_secs(20);

impl Sandbox {
    /// Lets the scenario happen. Returns when the world has shown what is expected for a while, or when it had its time.
    pub async fn play(&self) -> Verdict {
        self.let_it_look().await;
        let begun = self.world.now();
        let mut pending = self.moments();
        let deadline = Instant::now() + self.time();
        let mut holds_since = None;
        let mut compared = Instant::now();
        while Instant::now() < deadline {
            self.fire_due(&mut pending, begun).await;
            if pending.is_empty() && compared.elapsed() >= COMPARE {
                compared = Instant::now();
                holds_since = if self.verdict().await.passed { holds_since.or(Some(compared)) } else { None };
            }
            if holds_since.is_some_and(|since: Instant| since.elapsed() >= self.options.scenario.quiet) {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        self.final_verdict(&pending).await
    }

    /// In life the handler has watched a healthy world for weeks before anything happens. One that never saw it healthy
    /// is right not to believe that it is ill, so it looks a few times before the scenario begins.
    pub async fn let_it_look(&self) {
        let deadline = Instant::now() + FIRST_LOOK;
        let looked = |call: &&Invocation| call.function == "watch" && call.outcome == Some(Outcome::Succeeded);
        while self.host().invocations().iter().filter(looked).count() < LOOKS && Instant::now() < deadline {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Compares the world, as it is now, with what the scenario expects of it.
    pub async fn verdict(&self) -> Verdict {
        let mut serves = BTreeMap::new();
        for workload in self.world.workloads() {
            if let Some(region) = self.serving(&workload).await {
                serves.insert(workload.name, region);
            }
        }
        let refused = self.refused().await;
        let poison = self.host().poison().values().map(Vec::len).sum();
        judge(&self.options.scenario, &self.world, &Seen { serves, poison, failed_calls: self.failed_calls(), refused })
    }

    fn failed_calls(&self) -> Vec<String> {
        let failed = |call: Invocation| match call.outcome {
            Some(Outcome::Failed(why)) => Some(format!("{}: {why}", call.function)),
            Some(Outcome::TimedOut) => Some(format!("{}: timed out", call.function)),
            Some(Outcome::Succeeded) | None => None,
        };
        self.host().invocations().into_iter().filter_map(failed).collect()
    }

    async fn final_verdict(&self, pending: &[Moment]) -> Verdict {
        let mut verdict = self.verdict().await;
        let missed: Vec<String> = pending.iter().map(|moment| format!("{:?}", moment.action)).collect();
        let ok = missed.is_empty();
        let what = "what the scenario wanted to happen and did not".to_owned();
        verdict.checks.push(Check {
            what,
            expected: "nothing".into(),
            saw: if ok { "nothing".into() } else { missed.join(", ") },
            ok,
        });
        verdict.passed &= ok;
        verdict
    }

    /// The region that serves a workload through Front Door: `UP` there, and the edge knows which origin answered.
    async fn serving(&self, workload: &Workload) -> Option<String> {
        let request = self.planes.client().request(Method::GET, &workload.endpoint_host(), "/api/system/status");
        let answer = request.timeout(PATIENCE).send().await.ok()?;
        let reference = answer.headers().get("x-azure-ref")?.to_str().ok()?.to_owned();
        let body: serde_json::Value = answer.json().await.ok()?;
        (body["status"] == "UP").then(|| self.world.answered_by(&reference)).flatten()
    }

    fn time(&self) -> Duration {
        let disturbance = self.options.disturbance;
        let disturbed = disturbance.kill_handler || disturbance.wake_ups;
        self.options.scenario.settle + if disturbed { DISTURBED } else { Duration::ZERO }
    }

    /// The scenario's moments, and the random one of a disturbed run.
    fn moments(&self) -> Vec<Moment> {
        let mut moments = self.options.scenario.at.clone();
        if self.options.disturbance.kill_handler {
            let share = StdRng::seed_from_u64(self.options.seed).random_range(0.0..1.0);
            let after = self.options.scenario.kill_within.mul_f64(share);
            let Scenario { kill_when: when, kill_nth: nth, .. } = self.options.scenario;
            moments.push(Moment { when, nth, after, action: Action::KillHandler });
        }
        moments
    }

    async fn fire_due(&self, pending: &mut Vec<Moment>, begun: DateTime<Utc>) {
        let log = self.world.entries();
        let now = self.world.now();
        let is_due = |moment: &mut Moment| due(moment, begun, &log).is_some_and(|at| at <= now);
        let ready: Vec<Moment> = pending.extract_if(.., is_due).collect();
        for moment in ready {
            self.act(moment.action).await;
        }
    }

    async fn act(&self, action: Action) {
        match action {
            Action::Region { name, dark } => self.world.set_darkness(&name, Dark::together(&dark)),
            Action::Fault(fault) => self.world.add_fault(fault.into()),
            Action::ClearFaults => self.world.clear_faults(),
            Action::KubeFault(fault) => self.world.add_kube_fault(fault.into()),
            Action::ClearKubeFaults => self.world.clear_kube_faults(),
            Action::Pods(pods) => pods.apply(&self.world),
            Action::Scale { cluster, part, replicas } => self.world.scale(&cluster, part, replicas),
            Action::App { region, fault } => self.change_origins(&region, |settings, origin| match fault {
                Some(fault) => drop(settings.applications.insert(origin, fault)),
                None => drop(settings.applications.remove(&origin)),
            }),
            Action::EdgeBlind { region, blind } => self.change_origins(&region, |settings, origin| match blind {
                true => drop(settings.edge_blind.insert(origin)),
                false => drop(settings.edge_blind.remove(&origin)),
            }),
            Action::Server { name, in_recovery, read_only } => self.world.change_server(&name, |server| {
                server.stuck_in_recovery = in_recovery.unwrap_or(server.stuck_in_recovery);
                server.read_only = read_only.unwrap_or(server.read_only);
            }),
            Action::Channel { name, fault } => self.world.set_channel(name, fault),
            Action::Heartbeats { lost } => self.lose_heartbeats(lost),
            Action::RepeatAlert { copies } => self.repeat_alert(copies),
            Action::Promote { server } => self.promote(&server).await,
            Action::Person(person) => self.tell(&person).await,
            Action::KillHandler => self.kill_handler(),
            Action::FireTimer { function, times } => self.fire_timer(&function, times),
            Action::HostDown { lasts } => self.take_host(lasts),
            Action::Power(power) => power.apply(&self.world),
            Action::StopCluster { cluster } => {
                self.note_refusal(&cluster, self.world.stop_cluster(&cluster, Default::default()))
            }
            Action::ClusterBusy { cluster, takes } => {
                self.note_refusal(&cluster, self.world.update_cluster(&cluster, false, takes));
            }
        }
    }

    fn change_origins(&self, region: &str, change: impl Fn(&mut crate::sandbox::planes::Settings, String)) {
        let workloads = self.world.workloads();
        for site in workloads.iter().filter_map(|workload| workload.site(region)) {
            self.world.configure(|settings| change(settings, site.origin.clone()));
        }
    }

    /// The newest alert again, as from another action group with the same address.
    fn repeat_alert(&self, times: u32) {
        if let Some(alert) = self.world.alerts().last() {
            self.monitor.tune(|settings| settings.copies = times);
            self.monitor.post(alert);
            self.monitor.tune(|settings| settings.copies = copies(&self.options.scenario));
        }
    }

    /// Beside its turn: the calls are not waited for.
    fn fire_timer(&self, function: &str, times: u32) {
        self.world.log(Event::Note, format!("the timer of {function} fires {times} times more"));
        for _ in 0..times {
            let (host, function) = (self.host(), function.to_owned());
            tokio::spawn(async move { host.fire_timer(&function).await });
        }
    }

    /// A handler that goes with its host was killed like any other.
    fn take_host(&self, lasts: Duration) {
        self.world.log(Event::Note, KILLED);
        self.platform.down(lasts);
    }

    /// What Azure would refuse is seen in the log, and in what the scenario then misses.
    fn note_refusal(&self, cluster: &str, begun: Result<Operation, ClusterRefusal>) {
        if let Err(refusal) = begun {
            self.world.log(Event::Note, format!("{cluster} was left alone: {refusal:?}"));
        }
    }

    fn kill_handler(&self) {
        self.world.log(Event::Note, KILLED);
        self.host().kill_handler();
    }
}
