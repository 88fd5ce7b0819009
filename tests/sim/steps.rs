//! The steps of the runbooks, wired to the simulated world: facts are gathered there, with delays and gaps, and the
//! real `decide` functions judge them.

use super::cluster::{Arrival, Power};
use super::host::Tenant;
use super::process::Life;
use super::time::{Ms, SECOND, SimClock, sleep_ms};
use super::weather::{Database, Point};
use super::world::{SITES, World};
use async_trait::async_trait;
use reveille::domain::application::{AppView, IndexState, OriginView, RouteView};
use reveille::domain::cluster::ClusterView;
use reveille::domain::fact::Fact;
use reveille::domain::look::Look;
use reveille::domain::names::{PlanName, SiteName};
use reveille::domain::run::{Call, RunState, Sent};
use reveille::domain::runbook::{RunKind, StepName};
use reveille::domain::search_index::{IndexView, Indexation};
use reveille::domain::witness::{LastSeen, Witness};
use reveille::domain::workload::{NodeView, NodesView, WorkloadView};
use reveille::domain::writer::{WriteProof, WriterVerdict, WriterView};
use reveille::engine::ports::{Clock, Step, StepView};
use reveille::steps;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::oneshot;

const ALL: [StepName; 18] = [
    StepName::ConfirmOutage,
    StepName::FencePrimary,
    StepName::StartReplica,
    StepName::VerifyWriter,
    StepName::VerifyApp,
    StepName::VerifyRoute,
    StepName::CheckStandby,
    StepName::ParkWorkload,
    StepName::VerifyPath,
    StepName::VerifyIngress,
    StepName::ReleaseWorkload,
    StepName::StopReplica,
    StepName::ResetSearchIndex,
    StepName::VerifyIndex,
    StepName::AssessReadiness,
    StepName::ParkPrimary,
    StepName::StopPrimary,
    StepName::RestorePrimary,
];

/// Longest way of a call to Azure. With a slow store before it still shorter than an intent counts as in flight.
const WAY: Ms = 5 * SECOND;

/// Every step, as one process sees the world.
pub fn wired(tenants: &[Tenant], life: &Arc<Life>) -> BTreeMap<StepName, Arc<dyn Step>> {
    let eyes = |tenant: &Tenant| (tenant.plan.plan.name.clone(), Eyes(Arc::clone(&tenant.world), life.clock));
    let eyes: Arc<BTreeMap<PlanName, Eyes>> = Arc::new(tenants.iter().map(eyes).collect());
    let step = |name| Arc::new(SimStep { name, eyes: Arc::clone(&eyes), life: Arc::clone(life) }) as Arc<dyn Step>;
    ALL.into_iter().map(|name| (name, step(name))).collect()
}

pub fn index(site: &SiteName) -> usize {
    SITES.iter().position(|name| *name == site.as_str()).unwrap()
}

pub fn name(site: usize) -> &'static str {
    SITES[site]
}

struct SimStep {
    name: StepName,
    /// Each plan has a world of its own.
    eyes: Arc<BTreeMap<PlanName, Eyes>>,
    life: Arc<Life>,
}

#[async_trait]
impl Step for SimStep {
    fn name(&self) -> StepName {
        self.name
    }

    async fn look(&self, view: &StepView) -> Look {
        let (eyes, run) = (self.eyes(view), &view.run);
        let (primary, standby) = (index(&run.created.primary), index(&run.created.standby));
        eyes.take_time().await;
        let look = match self.name {
            StepName::ConfirmOutage => {
                steps::confirm_outage::decide(view, eyes.witness(primary, standby), &eyes.last_seen())
            }
            StepName::FencePrimary => {
                let (cluster, origin) = (eyes.cluster(primary), eyes.origin(primary));
                let other = (run.created.kind == RunKind::Fence).then(|| eyes.origin(standby));
                let workload = run.created.plan.fence.scales().then(|| eyes.workload(primary));
                steps::fence_primary::decide(view, steps::fence_primary::Seen { cluster, origin, other, workload })
            }
            StepName::StartReplica => {
                let cluster = eyes.cluster(standby);
                let failed = eyes.start_failure(run, standby);
                let releases = !run.created.standby_workload.is_parked();
                let unfenced = (releases && run.owes_fence()).then(|| eyes.origin(primary));
                steps::start_replica::decide(
                    view,
                    steps::start_replica::Seen { cluster, nodes: eyes.nodes(standby), failed, unfenced },
                )
            }
            StepName::ReleaseWorkload => {
                let workload = eyes.workload(standby);
                let unfenced = run.owes_fence().then(|| eyes.origin(primary));
                steps::release_workload::decide(view, steps::release_workload::Seen { workload, unfenced })
            }
            StepName::ResetSearchIndex => {
                let (index, origin) = (eyes.index(standby), eyes.origin(standby));
                steps::reset_search_index::decide(view, steps::reset_search_index::Seen { index, origin })
            }
            StepName::VerifyIndex => steps::verify_index::decide(view, eyes.indexation(standby)),
            StepName::VerifyPath => {
                let probe = steps::verify_path::probe(view).unwrap();
                let path = eyes.maybe(eyes.0.probed(standby, &probe), "the API server does not answer");
                steps::verify_path::decide(view, path)
            }
            StepName::VerifyIngress => steps::verify_ingress::decide(view, eyes.ingress(standby)),
            StepName::ParkWorkload => steps::park_workload::decide(view, eyes.workload(standby)),
            StepName::CheckStandby => {
                let (primary, cluster) = (eyes.origin(primary), eyes.cluster(standby));
                steps::check_standby::decide(view, steps::check_standby::Seen { primary, cluster })
            }
            StepName::StopReplica => eyes.stop(view, &run.created.standby, primary),
            StepName::StopPrimary => eyes.stop(view, &run.created.primary, standby),
            StepName::ParkPrimary => {
                let (origin, workload) = (eyes.origin(primary), eyes.workload(primary));
                steps::park_primary::decide(view, steps::park_primary::Seen { origin, workload })
            }
            StepName::RestorePrimary => {
                let (origin, workload) = (eyes.origin(primary), eyes.workload(primary));
                let standby = eyes.workload(standby);
                steps::restore_primary::decide(view, steps::restore_primary::Seen { origin, workload, standby })
            }
            StepName::VerifyWriter => steps::verify_writer::decide(view, eyes.writer()),
            StepName::VerifyApp => steps::verify_app::decide(view, eyes.app(standby)),
            StepName::VerifyRoute => steps::verify_route::decide(view, eyes.route(standby)),
            StepName::AssessReadiness => {
                let facts = crate::support::readiness::unread(view.now, &run.created.plan);
                steps::assess_readiness::decide(view, &facts, "the simulation")
            }
        };
        steps::interruption::unattended(view, look)
    }

    async fn send(&self, call: &Call, view: &StepView) -> Sent {
        let world = &self.eyes(view).0;
        let point = crash_point(world);
        if point == Some(Point::BeforeSending) {
            self.life.die("before sending").await;
        }
        let site = SITES.iter().position(|name| call.target.contains(name)).unwrap();
        let inside = call.scale.is_some() || call.claim.is_some() || call.probe.is_some();
        if world.arm_is_dark(site) && !inside {
            sleep_ms(5 * SECOND).await;
            return Sent::Unknown { reason: "timed out".into(), request_ids: Vec::new() };
        }
        let answered = self.on_its_way(call, view, site);
        if point == Some(Point::SentWithoutAnswer) {
            sleep_ms(world.between(0, WAY)).await;
            self.life.die("sent, before the answer").await;
        }
        let answer = answered.await.unwrap();
        if world.chance(world.noise(world.weather.noise.answer_lost)) {
            sleep_ms(5 * SECOND).await;
            return Sent::Unknown { reason: "the answer was lost".into(), request_ids: Vec::new() };
        }
        if point == Some(Point::AnsweredBeforeAppend) {
            self.life.doom();
        }
        answer
    }
}

/// Counts the call, and gives the point at which the weather wants this process to die at it.
fn crash_point(world: &World) -> Option<Point> {
    let mut state = world.state();
    let number = state.calls;
    state.calls += 1;
    world.weather.crash.filter(|crash| crash.call == number).map(|crash| crash.point)
}

impl SimStep {
    fn eyes(&self, view: &StepView) -> &Eyes {
        &self.eyes[&view.run.created.plan.name]
    }

    /// Sends. Once it is sent, it arrives, whether its sender lives or not.
    fn on_its_way(&self, call: &Call, view: &StepView, site: usize) -> oneshot::Receiver<Sent> {
        let (answer, answered) = oneshot::channel();
        let (world, run, call) = (Arc::clone(&self.eyes(view).0), view.run.created.run.clone(), call.clone());
        let way = world.between(50, WAY);
        tokio::spawn(async move {
            sleep_ms(way).await;
            let inside = match (&call.scale, &call.claim, &call.probe) {
                (Some(scale), ..) => Some(world.scale(&run, site, scale)),
                (_, Some(claim), _) => Some(world.delete_claim(&run, site, claim)),
                (.., Some(probe)) => Some(world.probe_call(&run, site, call.verb, probe)),
                (None, None, None) => None,
            };
            let arrival = match inside {
                None => world.arrive(&run, call.verb, site).answer(),
                Some(true) => Arrival::Accepted.answer(),
                Some(false) => {
                    Sent::Unknown { reason: "the API server does not answer".into(), request_ids: Vec::new() }
                }
            };
            sleep_ms(way / 4).await;
            drop(answer.send(arrival));
        });
        answered
    }
}

/// What can be seen of the world, by somebody who may be unlucky.
pub struct Eyes(Arc<World>, SimClock);

impl Eyes {
    /// As somebody whose clock is right.
    pub fn open(world: &Arc<World>) -> Self {
        Self(Arc::clone(world), world.clock)
    }

    fn stop(&self, view: &StepView, site: &SiteName, other: usize) -> Look {
        let (cluster, origin) = (self.cluster(index(site)), self.origin(index(site)));
        let other = self.origin(other);
        steps::stop_replica::decide(view, site, steps::stop_replica::Seen { cluster, origin, other })
    }

    async fn take_time(&self) {
        let longest = if self.0.is_calm() { 500 } else { 4 * SECOND };
        sleep_ms(self.0.between(20, longest)).await;
    }

    /// A fact as it is in the world now, or unknown by chance.
    fn fact<T>(&self, value: T) -> Fact<T> {
        self.maybe(Some(value), "timed out")
    }

    fn maybe<T>(&self, value: Option<T>, otherwise: &str) -> Fact<T> {
        let unlucky = self.0.chance(self.0.noise(self.0.weather.noise.unknown));
        let at = self.1.now();
        match value.filter(|_| !unlucky) {
            Some(value) => Fact::known(value, at, "the simulated world"),
            None => Fact::unknown(otherwise, at, "the simulated world"),
        }
    }

    pub fn origin(&self, site: usize) -> Fact<OriginView> {
        let healthy = *self.0.state().sites[site].origin.now();
        self.fact(match healthy {
            true => OriginView::Healthy { said: "UP".into() },
            false => OriginView::Unreachable { why: "connection refused".into() },
        })
    }

    /// As it answers with no workload behind it.
    fn ingress(&self, site: usize) -> Fact<OriginView> {
        let answers = self.0.state().sites[site].api_answers() && *self.0.state().sites[site].ingress.now();
        self.fact(match answers {
            true => OriginView::Unhealthy { said: "503".into() },
            false => OriginView::Unreachable { why: "connection refused".into() },
        })
    }

    pub fn cluster(&self, site: usize) -> Fact<ClusterView> {
        let view = self.0.state().sites[site].power.now().view();
        self.maybe(Some(view).filter(|_| !self.0.arm_is_dark(site)), "Azure Resource Manager does not answer")
    }

    fn workload(&self, site: usize) -> Fact<WorkloadView> {
        self.maybe(self.0.workload(site), "the API server does not answer")
    }

    fn index(&self, site: usize) -> Fact<IndexView> {
        self.maybe(self.0.index(site), "the API server does not answer")
    }

    fn indexation(&self, site: usize) -> Fact<Indexation> {
        let complete = self.0.is_indexed(site, self.0.now());
        self.fact(Indexation { complete, failures: false, percent: if complete { 100 } else { 40 } })
    }

    fn nodes(&self, site: usize) -> Option<Fact<NodesView>> {
        let up = matches!(self.0.state().sites[site].power.now(), Power::Up | Power::StopFailed);
        let node = || NodeView {
            name: "aks-system-0".into(),
            pool: Some("system".into()),
            ready: true,
            why_not: None,
            kubelet: "v1.33.2".into(),
            created: None,
        };
        let answers = self.0.workload(site).map(|_| NodesView { nodes: vec![node()] });
        up.then(|| self.maybe(answers, "the API server does not answer"))
    }

    fn start_failure(&self, run: &RunState, site: usize) -> Option<steps::start_replica::StartFailure> {
        run.step(StepName::StartReplica)?.last_accepted()?;
        let failure = self.0.state().sites[site].power.now().failure();
        failure.filter(|_| !self.0.chance(self.0.noise(self.0.weather.noise.unknown)))
    }

    fn witness(&self, primary: usize, standby: usize) -> Witness {
        Witness {
            at: self.1.now(),
            primary: self.origin(primary),
            standby: self.origin(standby),
            origin_health: self.maybe(self.0.origin_health(primary), "no data"),
            front_door_answers: !self.0.chance(self.0.noise(self.0.weather.noise.unknown)),
        }
    }

    fn last_seen(&self) -> LastSeen {
        let seen = Some(SimClock::at(0));
        let probe_healthy = seen.filter(|_| !self.0.weather.blind);
        LastSeen { probe_healthy, metric_healthy: seen, writer_target: None }
    }

    fn writer(&self) -> Fact<WriterView> {
        let state = *self.0.state().database.now();
        let verdict = match state {
            Database::Writable => WriterVerdict::Writable { proof: WriteProof::Canary { counter: 1 } },
            Database::InRecovery => WriterVerdict::InRecovery,
            Database::Unreachable => WriterVerdict::Unreachable { stage: "tcp".into(), why: "timed out".into() },
            Database::ReadOnly => WriterVerdict::ReadOnly { why: "storage is full".into() },
        };
        self.fact(WriterView { host: "writer.example.com".into(), target: None, verdict, stages: Vec::new() })
    }

    fn app(&self, site: usize) -> Fact<AppView> {
        let answers = *self.0.state().sites[site].origin.now();
        self.fact(match answers {
            true => AppView::Serving { said: "UP".into(), search_index: IndexState::NotApplicable },
            false => AppView::Starting { said: "503".into() },
        })
    }

    fn route(&self, standby: usize) -> Fact<RouteView> {
        let served = self.0.serves(self.0.now());
        self.fact(match served {
            Some(site) if site == standby => {
                RouteView::ServedBy { site: SiteName::new(SITES[site]), said: "200".into() }
            }
            Some(site) => RouteView::ServedByOther { by: SITES[site].into(), said: "200".into() },
            None => RouteView::Failing { said: "503".into() },
        })
    }
}
