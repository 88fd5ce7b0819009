//! A deployment in the middle of a run loses nothing: what earlier versions wrote is understood, and what a later one
//! wrote is left alone and shown to people.

use crate::record::support::{Rehearsal, engine};
use crate::support::aftermath::Aftermath;
use reveille::domain::causes::with_causes;
use reveille::domain::chain::{self, FORMAT};
use reveille::domain::names::{PlanName, RunId};
use reveille::domain::report::Report;
use reveille::domain::run::{RunEvent, RunState};
use reveille::domain::runbook;
use reveille::engine::WakeUp;
use reveille::engine::book;
use reveille::engine::journal::log_name;
use reveille::engine::ports::Store;
use reveille::store::{FileStore, MemoryStore};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::time::Instant;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn files(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(below).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// The states, by name. The store that opens one would write beside it, hence a copy.
fn states() -> BTreeMap<String, tempfile::TempDir> {
    let of_version = |version: u32| {
        let root = folder().join(format!("runbook-{version}"));
        std::fs::read_dir(root).unwrap().map(move |entry| (version, entry.unwrap().path()))
    };
    let all = (runbook::OLDEST..=runbook::VERSION).flat_map(of_version);
    all.map(|(version, path)| (format!("{version} {}", path.file_name().unwrap().display()), copied(&path))).collect()
}

fn copied(state: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in files(state) {
        let to = copy.path().join(file.strip_prefix(state).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(&file, to).unwrap();
    }
    copy
}

#[test]
fn no_state_of_an_earlier_version_was_ever_changed() {
    let sums = std::fs::read_to_string(folder().join("SHA256SUMS")).unwrap();
    let known: BTreeMap<&str, &str> =
        sums.lines().map(|line| line.split_once("  ").unwrap()).map(|(sum, file)| (file, sum)).collect();
    let is_state = |file: &&PathBuf| file.extension().is_some_and(|kind| kind == "log");
    let found: BTreeMap<String, String> = files(&folder())
        .iter()
        .filter(is_state)
        .map(|file| {
            (file.strip_prefix(folder()).unwrap().display().to_string(), chain::digest(&std::fs::read(file).unwrap()))
        })
        .collect();
    assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), known.keys().copied().collect::<Vec<_>>());
    for (file, sum) in &found {
        assert_eq!(known[file.as_str()], sum, "{file} was changed");
    }
}

/// Chains verified, journals and ledgers folded, reports made: as they were when the state was written.
#[tokio::test]
async fn what_earlier_versions_wrote_is_understood_as_it_was_meant() {
    let mut told = String::new();
    let mut runbooks = BTreeSet::new();
    for (name, copy) in states() {
        let aftermath = Aftermath::read(copy.path()).await.unwrap_or_else(|fault| panic!("{name}: {fault}"));
        told.push_str(&format!("{name}\n"));
        for (plan, state) in &aftermath.plans {
            let (runs, debts, open) = (state.runs.len(), state.debts.len(), state.incident.is_some());
            told.push_str(&format!("  ledger of {plan}: {runs} runs, {debts} debts, open incident: {open}\n"));
        }
        for (run, state) in &aftermath.runs {
            runbooks.insert(state.created.runbook);
            told.push_str(&format!("  {run} {}\n{}", state.created.kind, of_run(state)));
        }
    }
    assert_eq!(runbooks, (runbook::OLDEST..=runbook::VERSION).collect());
    insta::assert_snapshot!("golden", told);
}

fn of_run(state: &RunState) -> String {
    let report = Report::of(state, &Default::default());
    let steps = state.steps.iter().map(|(step, state)| format!(" {step}={}", state.phase.as_str()));
    let words = state.notified.iter().filter(|it| it.delivered).count();
    format!(
        "    {}\n   {}\n    calls: {}, told: {words}, notes: {}\n",
        report.headline,
        steps.collect::<String>(),
        state.accepted_calls().len(),
        state.afterwards.notes.len()
    )
}

#[tokio::test]
async fn a_record_that_was_signed_by_an_earlier_version_is_what_was_signed() {
    let copy = copied(&folder().join("runbook-2/attested"));
    let store: Arc<dyn Store> = Arc::new(FileStore::open(copy.path()).unwrap());
    let filed = engine(&store).record(&RunId::new("sonarqube.20261123T180625.bcb139")).await.unwrap();
    assert!(filed.json["attestation"].is_object(), "{}", filed.json);
}

/// A run's journal, and the same with a line behind it that a later version wrote.
async fn with_a_line_of_the_future(store: &Arc<dyn Store>, log: &str) -> Vec<u8> {
    let read = store.read(log, 0).await.unwrap().unwrap();
    let seq = chain::lines(&read.bytes).count() + 1;
    let line = format!("{{\"format\":{},\"seq\":{seq},\"event\":\"of-the-future\"}}\n", FORMAT + 1);
    store.append(log, read.end, line.as_bytes()).await.unwrap();
    store.read(log, 0).await.unwrap().unwrap().bytes
}

#[tokio::test]
async fn a_run_of_a_later_version_is_not_touched_and_waits_for_a_person() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let run = Rehearsal::on(21).stored(&store).await;
    let before = with_a_line_of_the_future(&store, &log_name(&run)).await;
    let engine = engine(&store);
    let refused = engine.advance(&WakeUp { run: run.clone(), after: 0 }, Instant::now()).await.unwrap_err();
    assert!(refused.is_unreadable());
    let tended = engine.tend(&PlanName::new("sonarqube"), |_| std::future::ready(false)).await.unwrap();
    let (stuck, why) = &tended.stuck[0];
    assert_eq!((stuck, tended.wake.len()), (&run, 0));
    assert!(why.contains(&format!("is of format {}, this version knows format {FORMAT}", FORMAT + 1)), "{why}");
    assert_eq!(store.read(&log_name(&run), 0).await.unwrap().unwrap().bytes, before);
}

#[tokio::test]
async fn a_run_of_a_later_runbook_waits_for_a_person() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut rehearsal = Rehearsal::on(21);
    let Some((_, RunEvent::RunCreated(created))) = rehearsal.events.first_mut() else { panic!() };
    created.runbook = runbook::VERSION + 1;
    let (run, name) = (rehearsal.run.clone(), log_name(&rehearsal.run));
    let (line, _) = chain::Head::default().extend(&rehearsal.events[0].1, rehearsal.events[0].0, "n").unwrap();
    Rehearsal::on(21).stored(&store).await;
    store.remove(&name).await.unwrap();
    store.create(&name).await.unwrap();
    store.append(&name, 0, &line).await.unwrap();
    let tended = engine(&store).tend(&PlanName::new("sonarqube"), |_| std::future::ready(false)).await.unwrap();
    assert_eq!(tended.stuck[0].0, run);
    assert!(tended.stuck[0].1.contains("the runbook is of version"), "{:?}", tended.stuck);
}

#[tokio::test]
async fn a_plan_whose_ledger_a_later_version_wrote_does_nothing_and_says_why() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    Rehearsal::ended(21, 60).closed().stored(&store).await;
    let plan = PlanName::new("sonarqube");
    let log = store.list(&book::prefix(&plan)).await.unwrap().pop().unwrap();
    let before = with_a_line_of_the_future(&store, &log).await;
    let refused = engine(&store).tend(&plan, |_| std::future::ready(false)).await.unwrap_err();
    let told = with_causes(&refused);
    assert!(told.contains("plan sonarqube") && told.contains("this version knows format"), "{told}");
    assert_eq!(store.read(&log, 0).await.unwrap().unwrap().bytes, before);
}
