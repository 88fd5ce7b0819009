//! The oracle: holds the world's own log against the promises. It believes no report; journals tell it only who
//! claimed what and when.

mod inside;

use super::cluster::{Arrival, Power};
use super::host::{self, Host};
use super::peek;
use super::steps::index;
use super::time::{MINUTE, Ms, SECOND, clock_text, ms_of};
use super::two_writers;
use super::weather::Database;
use super::world::{Happening, SITES};
use reveille::domain::chain::Entry;
use reveille::domain::drill;
use reveille::domain::ledger::{self, LedgerEvent, PlanState};
use reveille::domain::names::{RunId, SiteName};
use reveille::domain::observation::Observation;
use reveille::domain::outcome::Outcome;
use reveille::domain::parking::ParkingState;
use reveille::domain::path::{PathView, ProbeRef};
use reveille::domain::run::{Intent, RunState, Sent, Verb};
use reveille::domain::runbook::{RunKind, StepName};
use reveille::domain::search_index::{Indexation, OnVolumes};
use reveille::engine::ports::Clock;
use reveille::engine::verify;
use std::collections::BTreeMap;

/// A run as ledger and journal tell it.
pub struct Told {
    pub run: RunId,
    pub leave: SiteName,
    pub state: RunState,
}

/// Everything that an oracle needs to know, gathered when a simulation is over.
pub struct Oracle<'a> {
    host: &'a Host,
    ledger: Vec<Entry<LedgerEvent>>,
    runs: BTreeMap<RunId, Told>,
    broken: Vec<String>,
}

impl<'a> Oracle<'a> {
    /// Gathers and judges; gives every broken promise.
    pub async fn judge(host: &'a Host) -> Vec<String> {
        let ledger = peek::ledger(host).await;
        let mut oracle = Self { host, ledger, runs: BTreeMap::new(), broken: Vec::new() };
        oracle.gather().await;
        oracle.calls();
        oracle.split_brain();
        oracle.one_run_at_a_time();
        oracle.endings();
        oracle.owed_by_policy();
        oracle.verified().await;
        oracle.broken
    }

    fn breaks(&mut self, at: Ms, what: impl std::fmt::Display) {
        self.broken.push(format!("{} {what}", clock_text(at)));
    }

    async fn gather(&mut self) {
        for entry in self.ledger.clone() {
            let LedgerEvent::RunAdmitted { run, leave, .. } = entry.event else { continue };
            let admitted = ms_of(entry.at);
            match peek::journal(self.host, &run).await {
                None => self.breaks(admitted, format!("{run} was admitted and has no journal")),
                Some((journal, _)) => {
                    let state = (**journal.state()).clone();
                    self.runs.insert(run.clone(), Told { run, leave, state });
                }
            }
        }
    }

    // --- mutating calls -------------------------------------------------------------------------------------------

    fn calls(&mut self) {
        let log = self.host.world.state().log.clone();
        let mut order: Vec<RunId> = Vec::new();
        for (at, happening) in log {
            if let Happening::Scaled { run, site, scale } = &happening {
                self.scaled(at, run, *site, scale);
            }
            if let Happening::ClaimDeleted { run, site, made } = &happening {
                self.claim_deleted(at, run, *site, *made);
            }
            if let Happening::Probed { run, site, .. } = &happening {
                self.probed(at, run, *site);
            }
            let Happening::Arrived { run, verb, site, before, arrival } = happening else { continue };
            self.not_doubled(at, verb, site, &before);
            self.after_the_end(at, &run);
            let releases = self.host.world.state().sites[site].workload.is_wanted(at);
            if verb == Verb::StartCluster && arrival == Arrival::Accepted && releases {
                self.fence_first(at, &run);
            }
            if order.last() != Some(&run) {
                if order.contains(&run) {
                    self.breaks(at, format!("{run} acts again after another run has acted"));
                }
                order.push(run);
            }
        }
    }

    fn probed(&mut self, at: Ms, run: &RunId, site: usize) {
        self.after_the_end(at, run);
        let of_standby = self.runs.get(run).is_none_or(|told| index(&told.state.created.standby) == site);
        if !of_standby {
            self.breaks(at, format!("{run} probes from inside a cluster that is not its standby's"));
        }
    }

    /// A call is sent once: never again while what it began goes on, or is done.
    fn not_doubled(&mut self, at: Ms, verb: Verb, site: usize, before: &Power) {
        let done = match verb {
            Verb::StartCluster => matches!(before, Power::Starting | Power::Up),
            Verb::StopCluster => matches!(before, Power::Stopping | Power::Stopped),
            Verb::ScaleWorkload | Verb::DeleteClaim | Verb::CreateProbe | Verb::DeleteProbe => false,
        };
        if done {
            self.breaks(at, format!("{} of {} arrives while it is {before:?}", verb.text(), SITES[site]));
        }
    }

    fn after_the_end(&mut self, at: Ms, run: &RunId) {
        let ended = self.runs.get(run).and_then(|told| told.state.ended_at).map(ms_of);
        if ended.is_some_and(|ended| ended < at) {
            self.breaks(at, format!("a call of {run} arrives after it has ended"));
        }
    }

    /// The standby's workload is started only when the site that is left is off, or its fence is owed by decision.
    fn fence_first(&mut self, at: Ms, run: &RunId) {
        let Some(told) = self.runs.get(run) else { return };
        let leave = told.leave.clone();
        let off = !self.host.world.state().sites[index(&leave)].may_run(at);
        if !off && !self.is_owed(&leave, at) {
            self.breaks(at, format!("the standby's workload is started while {leave} runs, and no fence is owed"));
        }
    }

    /// Whether, at that time, the ledger said that the site's fence was owed.
    fn is_owed(&self, site: &SiteName, at: Ms) -> bool {
        let mut owed = false;
        for entry in self.ledger.iter().filter(|entry| ms_of(entry.at) <= at) {
            match &entry.event {
                LedgerEvent::FenceOwed { site: of, .. } if of == site => owed = true,
                LedgerEvent::FencePaid { site: of, .. } if of == site => owed = false,
                _ => {}
            }
        }
        owed
    }

    fn split_brain(&mut self) {
        for (at, what) in two_writers::unforgiven(self.host, &self.ledger) {
            self.breaks(at, what);
        }
    }

    // --- runs -----------------------------------------------------------------------------------------------------

    /// A run is admitted only when none is active, or when it takes precedence over a lesser one.
    fn one_run_at_a_time(&mut self) {
        let mut active: Option<(RunId, RunKind)> = None;
        for entry in self.ledger.clone() {
            match entry.event {
                LedgerEvent::RunAdmitted { run, kind, .. } => {
                    let lesser = kind == RunKind::Failover && active.as_ref().is_none_or(|(_, kind)| kind.gives_way());
                    if active.is_some() && !lesser {
                        self.breaks(ms_of(entry.at), format!("{run} was admitted beside {active:?}"));
                    }
                    active = Some((run, kind));
                }
                LedgerEvent::RunClosed { run, .. } => {
                    active = active.filter(|(of, _)| *of != run);
                }
                LedgerEvent::WorkloadSeen { site, state: ParkingState::Parked { .. }, .. } => {
                    self.really_parked(ms_of(entry.at), &site);
                }
                LedgerEvent::FencePaid { site, .. } => self.fenced_at(ms_of(entry.at), &site, "its debt is paid"),
                _ => {}
            }
        }
    }

    fn really_parked(&mut self, at: Ms, site: &SiteName) {
        if self.host.world.state().sites[index(site)].workload.is_wanted(at) {
            self.breaks(at, format!("the ledger says that {site} is parked, and it is not"));
        }
    }

    /// Its cluster is off, or nothing of its workload is left.
    fn fenced_at(&mut self, at: Ms, site: &SiteName, what: &str) {
        let runs = self.host.world.state().sites[index(site)].workload.runs(at);
        if runs {
            self.off_at(at, site, what);
        }
    }

    fn off_at(&mut self, at: Ms, site: &SiteName, what: &str) {
        let state = self.host.world.state();
        // The proof was seen a moment before it was written down.
        let off = state.sites[index(site)].power.ever(at.saturating_sub(MINUTE), at, |power| *power == Power::Stopped);
        drop(state);
        if !off {
            self.breaks(at, format!("{site} runs although {what}"));
        }
    }

    fn endings(&mut self) {
        let runs: Vec<(RunId, RunState, SiteName)> =
            self.runs.values().map(|told| (told.run.clone(), told.state.clone(), told.leave.clone())).collect();
        for (run, state, leave) in runs {
            if !state.closed {
                self.breaks(self.host.world.now(), format!("{run} is not closed"));
            }
            let (Some(outcome), Some(ended)) = (&state.outcome, state.ended_at.map(ms_of)) else { continue };
            match outcome {
                Outcome::Recovered { .. } => self.recovered(ended, &run, &state),
                Outcome::Switched { left, .. } => {
                    self.recovered(ended, &run, &state);
                    self.rests(ended, &run, left.site());
                    self.no_pod_left(ended, &run, &state.created.standby);
                }
                Outcome::NoOutage { .. } => self.no_outage(ended, &run, &leave),
                Outcome::Rested { rested } => self.rests(ended, &run, rested.site()),
                Outcome::Rehearsed { rested, .. } => {
                    self.rests(ended, &run, rested.site());
                    self.no_pod_left(ended, &run, rested.site());
                }
                Outcome::Fenced { site } => self.fenced_at(ended, site, "its run says that it is fenced"),
                Outcome::Observed { .. } | Outcome::Declined { .. } | Outcome::ApprovalTimedOut => {
                    self.untouched(ended, &run);
                }
                _ => {}
            }
        }
    }

    /// Every proof was true in the world when it was seen.
    fn recovered(&mut self, ended: Ms, run: &RunId, state: &RunState) {
        let standby = index(&state.created.standby);
        for (step, record) in &state.steps {
            let Some(proof) = &record.proof else {
                self.breaks(ended, format!("{run} recovered without proof of {step}"));
                continue;
            };
            if !self.is_true(proof, index(&state.created.primary), standby) {
                self.breaks(ended, format!("{run}: the world knows nothing of {step}: {}", proof.text()));
            }
        }
        for step in [StepName::VerifyWriter, StepName::VerifyRoute] {
            let seen = state.proof(step).and_then(Observation::seen_at).map(ms_of);
            if seen.is_none_or(|seen| ended > seen + MINUTE) {
                self.breaks(ended, format!("{run} recovered long after {step} was last proven"));
            }
        }
    }

    fn is_true(&self, proof: &Observation, primary: usize, standby: usize) -> bool {
        let world = &self.host.world;
        match proof {
            Observation::Outage { witness, .. } => !*world.state().sites[primary].origin.at(ms_of(witness.primary.at)),
            Observation::Fence { cluster, workload, .. } => {
                let at = workload.as_ref().map_or(ms_of(cluster.at), |seen| ms_of(seen.at));
                let site = &world.state().sites[primary];
                *site.power.at(ms_of(cluster.at)) == Power::Stopped || !site.workload.runs(at)
            }
            Observation::Cluster { site, cluster, .. } => {
                let runs = world.state().sites[index(site)].power.at(ms_of(cluster.at)).runs();
                runs == (index(site) == standby)
            }
            Observation::Writer { writer } => *world.state().database.at(ms_of(writer.at)) == Database::Writable,
            Observation::App { app } => *world.state().sites[standby].origin.at(ms_of(app.at)),
            Observation::Route { route } => world.serves(ms_of(route.at)) == Some(standby),
            Observation::Workload { site, workload } => {
                let wanted = world.state().sites[index(site)].workload.is_wanted(ms_of(workload.at));
                workload.value().is_some_and(|seen| seen.is_wanted() == wanted)
            }
            Observation::SearchIndex { since, index, .. } => {
                let clean = index.value().is_some_and(|seen| matches!(seen.on_volumes(*since), OnVolumes::New));
                clean && !world.state().sites[standby].workload.has_old_claim(ms_of(index.at))
            }
            Observation::Indexation { indexation } => {
                let whole = indexation.value().is_some_and(Indexation::is_whole);
                !whole || world.is_indexed(standby, ms_of(indexation.at))
            }
            Observation::Standby { primary: origin, .. } => *world.state().sites[primary].origin.at(ms_of(origin.at)),
            Observation::FenceOwed { .. } | Observation::Override { .. } | Observation::IndexKept { .. } => true,
            // Seen before anything of the primary is touched.
            Observation::Path { path, .. } => path.value().is_some_and(PathView::is_told),
            Observation::Ingress { origin, .. } => origin.value().is_some(),
            Observation::Restored { site, origin, .. } => *world.state().sites[index(site)].origin.at(ms_of(origin.at)),
            // Nothing can be read in this world, and an assessment that says otherwise is wrong.
            Observation::Readiness { assessment } => assessment.verdict.word() == "not-known",
        }
    }

    /// A standby that is said to rest was seen stopped, and would start empty.
    fn rests(&mut self, ended: Ms, run: &RunId, site: &SiteName) {
        self.off_at(ended, site, "its run says that it rests");
        if self.host.world.state().sites[index(site)].workload.is_wanted(ended) {
            self.breaks(ended, format!("{run} says that {site} rests, and its workload would start with it"));
        }
    }

    /// A drill takes its probe pod away, and that one only: those of drills that gave way end by themselves.
    fn no_pod_left(&mut self, ended: Ms, run: &RunId, site: &SiteName) {
        let own = ProbeRef::of_run(run.as_str(), "sonarqube", "").name;
        if self.host.world.state().sites[index(site)].probes.names().any(|name| *name == own) {
            self.breaks(ended, format!("{run} leaves its probe pod behind at {site}"));
        }
    }

    fn no_outage(&mut self, ended: Ms, run: &RunId, primary: &SiteName) {
        self.untouched(ended, run);
        let from = ended.saturating_sub(30 * SECOND);
        let healthy = self.host.world.state().sites[index(primary)].origin.ever(from, ended, |healthy| *healthy);
        if !healthy {
            self.breaks(ended, format!("{run} found no outage, but {primary} did not answer"));
        }
    }

    fn untouched(&mut self, ended: Ms, run: &RunId) {
        let log = self.host.world.state().log.clone();
        let accepted = |happening: &Happening| matches!(happening, Happening::Arrived { run: of, arrival: Arrival::Accepted, .. } if of == run);
        if log.iter().any(|(_, happening)| accepted(happening)) {
            self.breaks(ended, format!("{run} says that nothing was touched, but a call of it was accepted"));
        }
    }

    /// The policy "continue" never applies to a primary whose application answers, nor while its stop goes on.
    fn owed_by_policy(&mut self) {
        let owed = self.ledger.iter().filter_map(|entry| {
            let LedgerEvent::FenceOwed { site, run, .. } = &entry.event else { return None };
            let (at, record) = (ms_of(entry.at), self.runs.get(run)?.state.step(StepName::FencePrimary)?);
            let by_policy = |saw: &Observation| matches!(saw, Observation::FenceOwed { by: None, .. });
            let accepted =
                |intent: &Intent| ms_of(intent.at) < at && intent.outcome.as_ref().is_some_and(Sent::is_accepted);
            // A stop whose answer was lost may go on where nobody can read it: the policy is for just that.
            let known =
                record.observations.iter().chain(&record.proof).any(by_policy) && record.intents.iter().any(accepted);
            Some((at, site.clone(), known))
        });
        for (at, site, known_stop) in owed.collect::<Vec<_>>() {
            let from = at.saturating_sub(20 * SECOND);
            let state = self.host.world.state();
            let site = &state.sites[index(&site)];
            let silent = site.origin.ever(from, at, |answers| !answers);
            let settled = site.power.ever(from, at, |power| *power != Power::Stopping);
            drop(state);
            if !silent {
                self.breaks(at, "a fence is owed for a site that answers");
            }
            if known_stop && !settled {
                self.breaks(at, "a fence is owed by policy while an accepted stop goes on");
            }
        }
    }

    /// Everything stored verifies: chains, stories, and each closed run's report.
    async fn verified(&mut self) {
        let now = self.host.world.now();
        let closed: Vec<(RunId, bool)> =
            self.runs.values().map(|told| (told.run.clone(), told.state.report_digest.is_some())).collect();
        let mut findings = Vec::new();
        for (run, reported) in closed {
            findings.extend(verify::verify_run(&self.host.store, &run).await.unwrap().findings);
            if !reported {
                self.breaks(now, format!("{run} has no report"));
            }
        }
        if !self.ledger.is_empty() {
            findings.extend(verify::verify_plan(&self.host.store, self.host.name()).await.unwrap().findings);
        }
        findings.iter().for_each(|finding| self.breaks(now, finding));
    }
}

/// Whether the way back of a switchover drill is still to come, and nothing holds it, or only for a while.
pub fn may_go_back(host: &Host, state: &PlanState) -> bool {
    let Some(away) = &state.away else { return false };
    let (plan, now) = (&host.plan.plan, host.world.clock.now());
    let facts = host::drill_facts(&host.world, &ledger::primary(state, plan), state);
    drill::may_go_back(away, state, plan, &facts, now).map_or_else(|refusal| refusal.until().is_some(), |()| true)
}

/// No outage is forgotten: while nobody serves, an incident is open or a run is under way.
pub async fn nothing_forgotten(host: &Host) -> Vec<String> {
    let now = host.world.now();
    let serves = host.world.serves(now);
    let state = peek::plan(host).await.unwrap_or_default();
    let standby = 1 - index(&ledger::primary(&state, &host.plan.plan));
    let hopeless = host.world.weather.is_hopeless() || !host.world.can_serve(standby);
    let mut broken = Vec::new();
    if may_go_back(host, &state) {
        broken.push(format!("{} the way back of a switchover drill was never begun", clock_text(now)));
    }
    if serves.is_none() && state.incident.is_none() && state.active.is_none() {
        broken.push(format!("{} nobody serves, and no incident is open", clock_text(now)));
    }
    if serves.is_none() && !hopeless {
        broken.push(format!("{} nobody serves, although nothing stood in the way any more", clock_text(now)));
    }
    // A run that somebody ordered waits for somebody, whatever serves meanwhile.
    let asks = peek::active(host).await.is_some_and(|run| run.asking().next().is_some());
    if serves.is_some() && (state.incident.is_some() || state.active.is_some()) && !hopeless && !asks {
        broken.push(format!("{} a site serves, and yet an incident or a run is open", clock_text(now)));
    }
    broken
}
