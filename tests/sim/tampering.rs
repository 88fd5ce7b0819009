//! Verification finds what was changed after the fact, and nothing where nothing was.

use super::campaign::{in_virtual_time, live};
use super::host::Host;
use super::weather::Weather;
use super::world::World;
use super::{peek, people, plan};
use reveille::domain::chain::Head;
use reveille::domain::history::Sample;
use reveille::domain::ledger::LedgerEvent;
use reveille::domain::names::{PlanName, RunId};
use reveille::domain::outcome::Outcome;
use reveille::domain::record::{Note, Signature, Verdict};
use reveille::domain::run::RunEvent;
use reveille::domain::runbook::{RunKind, StepName};
use reveille::engine::book::Book;
use reveille::engine::close::report_name;
use reveille::engine::journal::log_name;
use reveille::engine::log::ChainLog;
use reveille::engine::ports::{Clock, Store};
use reveille::engine::record::By;
use reveille::engine::verify::{Finding, Verified, verify_plan, verify_run};
use reveille::store::MemoryStore;
use std::sync::Arc;

/// What a plain recovery leaves in the store.
struct Left {
    store: MemoryStore,
    host: Arc<Host>,
    run: RunId,
}

async fn recovered() -> Left {
    let weather = Weather::calm();
    let host = Host::start(World::new(weather.clone()), plan::configured(&weather));
    people::begin(&host);
    assert_eq!(live(&host).await, [""; 0]);
    let run = peek::plan(&host).await.unwrap().runs[0].run.clone();
    Left { store: host.store.clone(), host, run }
}

impl Left {
    /// A copy of the store in which one log is another.
    async fn with(&self, name: &str, change: impl Fn(&str) -> String) -> MemoryStore {
        let copy = MemoryStore::new();
        for log in self.store.list("").await.unwrap() {
            let text = String::from_utf8(self.store.read(&log, 0).await.unwrap().unwrap().bytes).unwrap();
            let text = if log == name { change(&text) } else { text };
            copy.create(&log).await.unwrap();
            copy.append(&log, 0, text.as_bytes()).await.unwrap();
        }
        let report = self.store.get(&report_name(&self.run)).await.unwrap().unwrap();
        copy.put(&report_name(&self.run), &report.bytes, None).await.unwrap();
        copy
    }

    /// Appends past the journal's own rules, as no version of this program would.
    async fn force(&self, event: RunEvent) {
        let store: Arc<dyn Store> = Arc::new(self.store.clone());
        let mut log: ChainLog<RunEvent> = ChainLog::at_start(store, log_name(&self.run), Head::default());
        log.catch_up().await.unwrap();
        log.append(event, self.host.world.clock.now()).await.unwrap();
    }

    fn ledger(&self) -> String {
        format!("ledger/{}/000001", self.host.name())
    }
}

fn without_line(text: &str, number: usize) -> String {
    text.split_inclusive('\n').enumerate().filter(|(index, _)| *index != number).map(|(_, line)| line).collect()
}

async fn of_run(store: &MemoryStore, run: &RunId) -> Verified {
    verify_run(store, run).await.unwrap()
}

#[test]
fn what_nobody_touched_verifies() {
    in_virtual_time(async {
        let left = recovered().await;
        let run = of_run(&left.store, &left.run).await;
        assert_eq!(run.findings, []);
        assert!(run.events > 20);
        let plan = verify_plan(&left.store, left.host.name()).await.unwrap();
        assert_eq!((plan.findings, plan.events), (Vec::new(), 4));
    });
}

#[test]
fn changed_and_missing_lines_are_found() {
    in_virtual_time(async {
        let left = recovered().await;
        let journal = log_name(&left.run);
        let changed =
            left.with(&journal, |text| text.replacen("\"site\":\"centralus\"", "\"site\":\"elsewhere\"", 1)).await;
        let removed = left.with(&journal, |text| without_line(text, 5)).await;
        for store in [changed, removed] {
            let findings = of_run(&store, &left.run).await.findings;
            assert!(findings.iter().any(|finding| matches!(finding, Finding::Chain { .. })), "{findings:?}");
        }
        let removed = left.with(&left.ledger(), |text| without_line(text, 1)).await;
        let findings = verify_plan(&removed, left.host.name()).await.unwrap().findings;
        assert!(findings.iter().any(|finding| matches!(finding, Finding::Chain { .. })), "{findings:?}");
    });
}

#[test]
fn a_sound_chain_with_an_impossible_story_is_found() {
    in_virtual_time(async {
        let left = recovered().await;
        let again = RunEvent::RunEnded { outcome: Outcome::ApprovalTimedOut };
        left.force(again).await;
        let findings = of_run(&left.store, &left.run).await.findings;
        assert!(matches!(&findings[..], [Finding::Story { .. }]), "{findings:?}");
    });
}

#[test]
fn what_follows_a_signature_is_found() {
    in_virtual_time(async {
        let left = recovered().await;
        let signature = Signature { name: "Ada".into(), verdict: Verdict::Success, notes: "fine".into() };
        let run = left.run.clone();
        let signed = left.host.invoke(move |engine| async move {
            engine.attest(&run, By { by: "ann", said: None }, &signature, None).await.map(drop)
        });
        assert!(signed.await.unwrap().is_ok());
        assert_eq!(of_run(&left.store, &left.run).await.findings, []);
        let note = Note::Lesson { what: "too late".into() };
        left.force(RunEvent::Noted { by: "ann".into(), said: None, notes: vec![note] }).await;
        let findings = of_run(&left.store, &left.run).await.findings;
        let [Finding::Story { what, .. }] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!(what, "an event follows the attestation of the record");
    });
}

#[test]
fn what_a_run_measured_stands_behind_its_closing_and_nothing_is_measured_of_others() {
    in_virtual_time(async {
        let left = recovered().await;
        let ledger = peek::plan(&left.host).await.unwrap();
        let samples = ledger.history.samples(RunKind::Failover, StepName::StartReplica);
        assert!(matches!(samples, [Sample { seconds, .. }] if *seconds > 0.0), "{samples:?}");
        let store: Arc<dyn Store> = Arc::new(left.store.clone());
        let mut book = Book::open(&store, left.host.name()).await.unwrap();
        let (run, kind) = (RunId::new("sonar.none"), RunKind::Failover);
        let stages = LedgerEvent::StagesMeasured { run, kind, stages: Vec::new() };
        book.append(&left.host.world.clock, stages).await.unwrap();
        let findings = verify_plan(&left.store, left.host.name()).await.unwrap().findings;
        assert!(matches!(&findings[..], [Finding::Story { .. }]), "{findings:?}");
    });
}

#[test]
fn another_report_than_the_journals_is_found() {
    in_virtual_time(async {
        let left = recovered().await;
        let name = report_name(&left.run);
        let stored = left.store.get(&name).await.unwrap().unwrap();
        let better = String::from_utf8(stored.bytes).unwrap().replace("\"seconds\": 4", "\"seconds\": 1");
        left.store.put(&name, better.as_bytes(), Some(&stored.tag)).await.unwrap();
        let findings = of_run(&left.store, &left.run).await.findings;
        assert!(matches!(&findings[..], [Finding::ReportChanged { .. }]), "{findings:?}");
    });
}

#[test]
fn a_log_that_is_not_there_is_missing() {
    in_virtual_time(async {
        let empty = MemoryStore::new();
        let findings = of_run(&empty, &RunId::new("sonar.none")).await.findings;
        assert!(matches!(&findings[..], [Finding::Missing { .. }]), "{findings:?}");
        let findings = verify_plan(&empty, &PlanName::new("sonar")).await.unwrap().findings;
        assert!(matches!(&findings[..], [Finding::Missing { .. }]), "{findings:?}");
    });
}
