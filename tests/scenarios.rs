//! Every scenario on the real binary: once as it is, and once with its handler killed at a random instant and its
//! wake-ups doubled, delayed and reordered. The simulated world judges, never a report.
//!
//! `REVEILLE_SEED` repeats what was random; `REVEILLE_SCENARIO` plays one scenario only.

use crate::support::aftermath::Aftermath;
use crate::support::secrets::Secrets;
use crate::support::transcript::Transcript;
use futures::StreamExt;
use reveille::domain::ledger::PlanState;
use reveille::domain::ledger::state::RunLine;
use reveille::domain::names::{PlanName, RunId};
use reveille::domain::runbook::RunKind;
use reveille::sandbox::scenario::{Scenario, all, named};
use reveille::sandbox::world::Event;
use reveille::sandbox::{Disturbance, Options, Sandbox};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

const HANDLER: &str = env!("CARGO_BIN_EXE_reveille");
/// Scenarios mostly wait, so several are played at once, whichever of the tests below plays them.
static STAGES: Semaphore = Semaphore::const_new(5);
/// Time for a run to close after the world shows what is expected: reports and notifications come last.
const CLOSING: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_ends_as_the_world_expects() {
    let quiet = Disturbance::default();
    play_all(|scenario| play(scenario, quiet, 0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_scenario_survives_a_killed_handler_and_disturbed_wake_ups() {
    let base = std::env::var("REVEILLE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(rand::random);
    println!("repeat with REVEILLE_SEED={base}");
    let disturbed = Disturbance { kill_handler: true, wake_ups: true };
    play_all(|scenario| play(scenario, disturbed, seed_of(base, &scenario.name))).await;
}

#[test]
fn a_run_that_nobody_was_told_of_is_found_in_the_ledger() {
    let scenario = named("primary-outage").unwrap();
    let (kind, admitted_at) = (RunKind::Failover, chrono::Utc::now());
    let line = RunLine { run: RunId::new("sonarqube.x"), kind, admitted_at, closed_at: None, outcome: None };
    let ledger = |runs: usize| PlanState { runs: vec![line.clone(); runs], ..PlanState::default() };
    let faults = |runs| other_runs(scenario, &[(PlanName::new("sonarqube"), ledger(runs))].into());
    assert!(faults(1).is_empty());
    assert_eq!(faults(2), ["the ledger of sonarqube: expected 1 runs, saw 2"]);
    assert_eq!(other_runs(scenario, &BTreeMap::new()).len(), 1, "no ledger, no run");
}

/// Each scenario has a seed of its own, so that one base seed kills at many different instants.
fn seed_of(base: u64, name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (base, name).hash(&mut hasher);
    hasher.finish()
}

async fn play_all<F: Future<Output = Result<(), String>>>(play: impl Fn(&'static Scenario) -> F) {
    let only = std::env::var("REVEILLE_SCENARIO").ok();
    let wanted = all().iter().filter(|scenario| only.as_ref().is_none_or(|only| only == &scenario.name));
    let played = futures::stream::iter(wanted.map(play)).buffer_unordered(all().len());
    let failures: Vec<String> = played.filter_map(async |played| played.err()).collect().await;
    assert!(failures.is_empty(), "{} failed\n{}", failures.len(), failures.join("\n"));
}

async fn play(scenario: &'static Scenario, disturbance: Disturbance, seed: u64) -> Result<(), String> {
    let _stage = STAGES.acquire().await.unwrap();
    let (folder, transcript) = (tempfile::tempdir().unwrap(), Transcript::default());
    let mut options = Options::new(scenario.clone(), HANDLER);
    options.folder = Some(folder.path().to_owned());
    (options.disturbance, options.seed, options.log) = (disturbance, seed, transcript.log());
    let sandbox = Sandbox::start(options).await.map_err(|error| format!("{}: {error:?}", scenario.name))?;
    let begun = Instant::now();
    let verdict = sandbox.play().await;
    let mut faults: Vec<String> = verdict
        .checks
        .iter()
        .filter(|check| !check.ok)
        .map(|check| format!("{}: expected {}, saw {}", check.what, check.expected, check.saw))
        .collect();
    let took = begun.elapsed();
    faults.extend(after(scenario, &sandbox, &folder.path().join("app/state"), &transcript).await);
    let told = tell(&sandbox, &transcript);
    sandbox.stop().await;
    println!(
        "{} seed {seed}: {:.1} s, closed after {:.1} s",
        scenario.name,
        took.as_secs_f32(),
        begun.elapsed().as_secs_f32()
    );
    let failed = || format!("--- {} (seed {seed}) ---\n{}\n{told}", scenario.name, faults.join("\n"));
    if faults.is_empty() { Ok(()) } else { Err(failed()) }
}

/// What every scenario must leave behind: closed runs, whole chains, stored reports, and no secret in sight.
async fn after(scenario: &Scenario, sandbox: &Sandbox, state: &Path, transcript: &Transcript) -> Vec<String> {
    let secrets = Secrets::of(sandbox);
    let mut faults = match closed(state).await {
        Ok(aftermath) => {
            let mut faults = aftermath.report_faults(&secrets).await;
            faults.extend(other_runs(scenario, &aftermath.plans));
            faults.extend(aftermath.open_runs().iter().map(|run| format!("{run} was never closed")));
            faults
        }
        Err(fault) => vec![fault],
    };
    faults.extend(secrets.found_in("the handler's log", &transcript.handler().join("\n")));
    for received in sandbox.world().received() {
        faults.extend(secrets.found_in("a notification", &received.body.to_string()));
    }
    faults
}

/// Plans whose ledger admitted other than the runs that the scenario expects, whether people were told of them or not.
fn other_runs(scenario: &Scenario, plans: &BTreeMap<PlanName, PlanState>) -> Vec<String> {
    let admitted = |plan: &str| plans.get(&PlanName::new(plan)).map_or(0, |state| state.runs.len());
    let other = scenario.expect.runs.iter().filter(|(plan, count)| admitted(plan) != **count);
    other.map(|(plan, count)| format!("the ledger of {plan}: expected {count} runs, saw {}", admitted(plan))).collect()
}

/// The state folder, as soon as every admitted run is closed.
async fn closed(state: &Path) -> Result<Aftermath, String> {
    let deadline = Instant::now() + CLOSING;
    loop {
        let aftermath = Aftermath::read(state).await?;
        if aftermath.open_runs().is_empty() || Instant::now() >= deadline {
            return Ok(aftermath);
        }
        sleep(Duration::from_millis(200)).await;
    }
}

fn tell(sandbox: &Sandbox, transcript: &Transcript) -> String {
    // Reads of ARM are by far the most lines and tell the least.
    let mut entries = sandbox.world().entries();
    entries.retain(|entry| !matches!(entry.event, Event::ArmRead { status: Some(200), .. }));
    let world: String =
        entries.iter().map(|entry| format!("{} {}\n", entry.at.format("%H:%M:%S%.3f"), entry.text)).collect();
    format!("the world:\n{world}the host and its handler:\n{}", transcript.text())
}
