//! Plays one scenario in front of somebody: the world, each run live, the report, the world's verdict.

use super::SandboxFailure;
use super::narrate::narrate;
use crate::cli::live::{Patience, View, follow};
use crate::cli::{Address, Client, Exit, Output, http};
use crate::domain::names::{PlanName, RunId};
use crate::domain::runbook::RunKind;
use crate::domain::secret::Secret;
use crate::domain::status::RunView;
use crate::render::terminal;
use crate::sandbox::scenario::{Check, Scenario, Verdict};
use crate::sandbox::{Endpoints, Options, Sandbox};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How often new runs are looked for.
const LOOK: Duration = Duration::from_millis(250);
/// A run that is still closing when the world has shown everything gets so much longer.
const CLOSING: Duration = Duration::from_secs(8);
/// Longest time without an answer of the handler, which may be killed and started again meanwhile.
const SILENCE: Duration = Duration::from_secs(30);

pub(super) async fn run(options: Options, out: &Output) -> Result<Exit, SandboxFailure> {
    let scenario = options.scenario.clone();
    head(out, &options);
    let sandbox = Sandbox::start(options).await?;
    let audience = Audience::new(&sandbox, out)?;
    let narration = tokio::spawn(narrate(sandbox.events(), out.clone(), audience.hushed.clone()));
    let (over, is_over) = watch::channel(false);
    let playing = async {
        let verdict = sandbox.play().await;
        let _ = over.send(true);
        verdict
    };
    let (verdict, runs) = tokio::join!(playing, audience.follow_all(is_over));
    narration.abort();
    let exit = audience.end(&scenario, &verdict, &runs).await;
    sandbox.stop().await;
    Ok(exit)
}

fn head(out: &Output, options: &Options) {
    if out.json {
        return;
    }
    out.data(&format!("{}: {}", options.scenario.name, options.scenario.about));
    out.data(&format!("A simulated Azure on this machine, nothing outside is touched. Seed {}.\n", options.seed));
}

/// Who watches, through the same interface as anybody else.
pub(super) struct Audience {
    client: Client,
    out: Output,
    hushed: Arc<AtomicBool>,
}

impl Audience {
    pub(super) fn new(sandbox: &Sandbox, out: &Output) -> Result<Self, SandboxFailure> {
        let endpoints: Endpoints = sandbox.endpoints();
        let base = Address::parse(&format!("{}/api", endpoints.functions)).map_err(crate::cli::CliError::from)?;
        let http = http(&base, Some(Path::new(&endpoints.ca_file)))?;
        let key = Secret::new(endpoints.function_key);
        let client = Client::new(base, Some(key.clone()), http);
        // In JSON the world's lines would be in the way; the verdict holds what matters of them.
        let hushed = Arc::new(AtomicBool::new(out.json));
        Ok(Self { client, out: Output::new(out.json, Some(key)), hushed })
    }

    /// Follows every run that begins, one after the other, until the world has shown everything.
    async fn follow_all(&self, is_over: watch::Receiver<bool>) -> BTreeMap<RunId, RunView> {
        let mut seen = BTreeMap::new();
        loop {
            let over = *is_over.borrow();
            match self.new_runs(&seen).await.first() {
                Some(run) => {
                    if let Some(view) = self.follow(run, is_over.clone()).await {
                        seen.insert(run.clone(), view);
                    }
                }
                None if over => return seen,
                None => sleep(LOOK).await,
            }
            if over {
                return seen;
            }
        }
    }

    /// Every run as it is when all are closed, or have had their time to be.
    pub(super) async fn ended_runs(&self) -> BTreeMap<RunId, RunView> {
        let give_up = Instant::now() + CLOSING;
        loop {
            let mut runs = BTreeMap::new();
            for run in self.new_runs(&BTreeMap::new()).await {
                let answer = self.client.run(&run, 0, Duration::ZERO).await;
                runs.extend(answer.ok().map(|answer| (run, answer.value)));
            }
            if runs.values().all(|run| run.closed) || Instant::now() >= give_up {
                return runs;
            }
            sleep(LOOK).await;
        }
    }

    /// Runs not followed yet, oldest first. A handler that is being restarted has none to tell, for now.
    async fn new_runs(&self, seen: &BTreeMap<RunId, RunView>) -> Vec<RunId> {
        let Ok(plans) = self.client.plans().await else { return Vec::new() };
        let mut runs = Vec::new();
        for plan in &plans.value.plans {
            let lines = self.client.runs(&plan.plan).await.map(|answer| answer.value.runs).unwrap_or_default();
            runs.extend(lines.into_iter().map(|line| (line.admitted_at, line.run)));
        }
        runs.sort();
        runs.into_iter().map(|(_, run)| run).filter(|run| !seen.contains_key(run)).collect()
    }

    async fn follow(&self, run: &RunId, mut is_over: watch::Receiver<bool>) -> Option<RunView> {
        let screen = Output::is_screen();
        self.hushed.store(screen || self.out.json, Ordering::Relaxed);
        let mut view = View::new(self.out.clone());
        let patience = Patience { silence: SILENCE, closing: CLOSING };
        let following = follow(&self.client, run, &mut view, patience);
        let ended = tokio::select! {
            ended = following => ended.ok(),
            () = async { let _ = is_over.wait_for(|over| *over).await; sleep(CLOSING).await } => None,
        };
        self.hushed.store(self.out.json, Ordering::Relaxed);
        match ended {
            Some(view) => Some(view),
            None => self.client.run(run, 0, Duration::ZERO).await.ok().map(|answer| answer.value),
        }
    }

    /// Report, verdict, exit code. The code is what the runs came to; a world that shows something else than it must
    /// is a failure whatever the runs say.
    async fn end(&self, scenario: &Scenario, verdict: &Verdict, runs: &BTreeMap<RunId, RunView>) -> Exit {
        let came_to = outcome(runs);
        let exit = if verdict.passed && came_to as u8 == scenario.exit { came_to } else { Exit::Failed };
        if self.out.json {
            let runs: Vec<&RunView> = runs.values().collect();
            let told = json!({
                "scenario": scenario.name, "passed": verdict.passed, "exit": exit as u8,
                "checks": verdict.checks, "runs": runs,
            });
            self.out.data(&told.to_string());
            return exit;
        }
        for run in runs.keys() {
            if let Ok(Ok(answer)) = timeout(CLOSING, self.client.report(run)).await {
                self.out.data(&format!("\n{}", terminal::report(&answer.value, Output::screen())));
            }
        }
        self.out.data(&world(verdict));
        if exit == Exit::Failed {
            let expected = scenario.exit;
            self.out.message(&format!("error: the scenario did not go as it must (exit code {expected} was expected)"));
        }
        exit
    }
}

/// What the newest failover of each plan came to; without any run, nothing had to be done.
pub(super) fn outcome(runs: &BTreeMap<RunId, RunView>) -> Exit {
    let failovers = runs.values().filter(|run| run.kind == RunKind::Failover);
    let newest: BTreeMap<PlanName, &RunView> = failovers.map(|run| (run.plan.clone(), run)).collect();
    let all_fine = newest.values().all(|run| Exit::of_state(&run.state) == Exit::Fine);
    if all_fine { Exit::Fine } else { Exit::NotRecovered }
}

fn world(verdict: &Verdict) -> String {
    let line = |check: &Check| {
        let mark = if check.ok { "✔" } else { "✘" };
        let saw = if check.ok { check.saw.clone() } else { format!("{}, expected {}", check.saw, check.expected) };
        format!("  {mark} {}: {saw}\n", check.what)
    };
    let lines: String = verdict.checks.iter().map(line).collect();
    format!("\nWhat the simulated world saw:\n{lines}")
}
