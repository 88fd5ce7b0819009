//! `reveille verify` on the files that an auditor was handed, on the command line.

use super::support::*;
use crate::cli::command::{Ended, reveille};
use reveille::domain::names::RunId;
use reveille::domain::record::{Verdict, canonical};
use reveille::engine::ports::Store;
use reveille::store::{StoreTarget, open};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

/// A state folder with one attested run, and its record beside it.
struct Handed {
    folder: tempfile::TempDir,
    run: RunId,
}

impl Handed {
    async fn attested() -> Self {
        let handed = Self::noted().await;
        let engine = engine(&handed.store());
        engine.attest(&handed.run, ADA, &signature("Ada Lovelace", Verdict::Success), None).await.unwrap();
        handed.keep_record().await
    }

    async fn noted() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let handed = Self { folder, run: run_id(22) };
        let store = handed.store();
        Rehearsal::ended(22, 320).closed().stored(&store).await;
        engine(&store).note(&handed.run, ADA, &notes()).await.unwrap();
        handed.keep_record().await
    }

    async fn keep_record(self) -> Self {
        let filed = engine(&self.store()).record(&self.run).await.unwrap();
        std::fs::write(self.record(), serde_json::to_string_pretty(&filed.json).unwrap()).unwrap();
        self
    }

    fn store(&self) -> Arc<dyn Store> {
        open(&StoreTarget::Directory(self.state())).unwrap()
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn record(&self) -> PathBuf {
        self.folder.path().join("record.json")
    }

    fn journal(&self) -> PathBuf {
        self.state().join(format!("logs/runs/{}.log", self.run))
    }

    fn report(&self) -> PathBuf {
        self.state().join(format!("documents/reports/{}.json.document", self.run))
    }

    fn change(path: &PathBuf, from: &str, to: &str) {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    async fn verify(&self, files: &[PathBuf], options: &str) -> Ended {
        let files: Vec<String> = files.iter().map(|file| format!("\"{}\"", file.display())).collect();
        reveille(&format!("verify {options} {}", files.join(" "))).run().await
    }

    async fn pair(&self) -> Ended {
        self.verify(&[self.record(), self.journal()], "").await
    }
}

#[tokio::test]
async fn a_record_and_its_journal_that_nobody_touched_verify() {
    let handed = Handed::attested().await;
    let ended = handed.verify(&[handed.journal(), handed.record()], "").await;
    assert_eq!(ended.code, 0, "{}", ended.everything());
    assert_eq!(ended.stdout.lines().filter(|line| line.starts_with('✔')).count(), 2, "{}", ended.stdout);
    for said in [
        "attested as success by Ada Lovelace",
        "it is what was signed",
        "the journal holds this very signature, and ends with it",
        "what the machine knows was made again from the journal",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    let whole = reveille(&format!("verify --state {}", handed.state().display())).run().await;
    assert_eq!(whole.code, 0, "{}", whole.everything());
}

#[tokio::test]
async fn a_stored_report_is_held_against_the_journal_too() {
    let handed = Handed::attested().await;
    let report = handed.folder.path().join("report.json");
    std::fs::copy(handed.report(), &report).unwrap();
    let ended = handed.verify(&[report.clone(), handed.journal()], "").await;
    assert_eq!(ended.code, 0, "{}", ended.everything());
    assert!(ended.stdout.contains("it is the report that was stored when the run ended"), "{}", ended.stdout);
    Handed::change(&report, "\"state\": \"rehearsed\"", "\"state\": \"recovered\"");
    let ended = handed.verify(&[report, handed.journal()], "").await;
    assert_eq!(ended.code, 4);
    assert!(
        ended.stdout.contains("✘") && ended.stdout.contains("state is not what the journal says"),
        "{}",
        ended.stdout
    );
}

#[tokio::test]
async fn a_record_that_was_changed_after_it_was_signed_shows() {
    let handed = Handed::attested().await;
    Handed::change(&handed.record(), "Grace was ill", "Grace was there");
    let ended = handed.pair().await;
    assert_eq!(ended.code, 4);
    assert!(ended.stdout.contains("the record was changed after it was signed"), "{}", ended.stdout);
    let alone = handed.verify(&[handed.record()], "").await;
    assert_eq!(alone.code, 4, "without its journal too");
}

/// Whoever changes a record can also write the digest that fits; then only the journal knows better.
#[tokio::test]
async fn a_record_that_was_signed_anew_outside_of_the_journal_shows() {
    let handed = Handed::attested().await;
    let mut json: Value = serde_json::from_slice(&std::fs::read(handed.record()).unwrap()).unwrap();
    json["objectives"][0]["met"] = Value::Bool(false);
    json["lessons"] = serde_json::json!([]);
    json["attestation"]["record"] = Value::String(canonical::digest(&json));
    std::fs::write(handed.record(), json.to_string()).unwrap();
    let alone = handed.verify(&[handed.record()], "").await;
    assert_eq!(alone.code, 0);
    assert!(alone.stdout.contains("no journal of its run was given"), "{}", alone.stdout);
    let ended = handed.pair().await;
    assert_eq!(ended.code, 4);
    for said in ["the journal holds another signature", "objectives is not", "lessons is not"] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
}

#[tokio::test]
async fn a_record_of_another_journal_and_a_cut_journal_show() {
    let handed = Handed::attested().await;
    let text = std::fs::read_to_string(handed.journal()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(handed.journal(), lines[..lines.len() - 2].join("\n") + "\n").unwrap();
    let ended = handed.pair().await;
    assert_eq!(ended.code, 4);
    assert!(ended.stdout.contains("the journal holds no signature"), "{}", ended.stdout);
    assert!(ended.stdout.contains("the journal never ended at line"), "{}", ended.stdout);
    std::fs::write(handed.journal(), text.replacen("\"nonce\":\"n3\"", "\"nonce\":\"n9\"", 1)).unwrap();
    let ended = handed.pair().await;
    assert_eq!(ended.code, 4);
    assert!(ended.stdout.contains("does not follow from the line before it"), "{}", ended.stdout);
}

#[tokio::test]
async fn a_signed_record_that_is_gone_from_the_store_or_changed_there_shows() {
    let handed = Handed::attested().await;
    let folder = handed.state().join(format!("logs/records/{}", handed.run));
    let stored = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let whole = async || reveille(&format!("verify {} --state {}", handed.run, handed.state().display())).run().await;
    Handed::change(&stored, "Grace was ill", "Grace was off");
    let changed = whole().await;
    assert_eq!(changed.code, 4);
    assert!(changed.stdout.contains("the record was changed after it was signed"), "{}", changed.stdout);
    std::fs::remove_file(&stored).unwrap();
    let gone = whole().await;
    assert_eq!(gone.code, 4);
    assert!(gone.stdout.contains("is not stored"), "{}", gone.stdout);
    let asked = engine(&handed.store()).record(&handed.run).await.unwrap_err();
    assert!(matches!(asked, reveille::engine::RecordError::Lost { .. }), "{asked:?}");
}

#[tokio::test]
async fn a_record_without_a_signature_is_no_fault_and_says_so() {
    let handed = Handed::noted().await;
    let ended = handed.pair().await;
    assert_eq!(ended.code, 0, "{}", ended.everything());
    assert!(ended.stdout.contains("not attested") && ended.stdout.contains("nobody has signed it"), "{}", ended.stdout);
    let engine = engine(&handed.store());
    engine.attest(&handed.run, ADA, &signature("Ada", Verdict::Failed), None).await.unwrap();
    let draft = handed.pair().await;
    assert_eq!(draft.code, 0);
    assert!(draft.stdout.contains("the journal holds a signature under this very record"), "{}", draft.stdout);
}

#[tokio::test]
async fn machines_get_json_and_wrong_usage_its_code() {
    let handed = Handed::attested().await;
    let ended = handed.verify(&[handed.record(), handed.journal()], "--json").await;
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|line| line["sound"] == true && line["findings"] == serde_json::json!([])));
    let other = handed.folder.path().join("other.json");
    std::fs::write(&other, "{\"schema\": \"somebody.else/1\"}").unwrap();
    let ended = handed.verify(&[other], "").await;
    assert_eq!(ended.code, 64);
    assert!(ended.stderr.contains("is no journal, record or report of Reveille"), "{}", ended.stderr);
    let missing = handed.verify(&[handed.record(), "nowhere.log".into()], "").await;
    assert_eq!((missing.code, missing.stderr.contains("nowhere.log is no file")), (64, true), "{}", missing.stderr);
    let nothing = reveille("verify --state /nowhere/at/all").run().await;
    assert_eq!(nothing.code, 64);
    let head = handed.verify(&[handed.journal()], &format!("--head {}", "0".repeat(64))).await;
    assert_eq!(head.code, 4);
    assert!(head.stdout.contains("the head that was named is not in it"), "{}", head.stdout);
}

#[tokio::test]
async fn stored_records_and_reports_are_rendered_without_a_server() {
    let handed = Handed::attested().await;
    let record = handed.record().display().to_string();
    let markdown = reveille(&format!("record --from \"{record}\" --markdown")).run().await;
    assert_eq!(markdown.code, 0, "{}", markdown.everything());
    assert!(markdown.stdout.starts_with("# Record of standby-drill"), "{}", markdown.stdout);
    let page = handed.folder.path().join("record.html");
    let kept = reveille(&format!("record --from \"{record}\" --html --output \"{}\"", page.display())).run().await;
    assert_eq!(kept.code, 0);
    assert!(std::fs::read_to_string(&page).unwrap().starts_with("<!DOCTYPE html>"));
    let report = reveille(&format!("report --from \"{}\"", handed.report().display())).run().await;
    assert!(report.code == 0 && report.stdout.contains("Rehearsed: centralus started"), "{}", report.everything());
    let mixed = reveille(&format!("report --from \"{record}\"")).run().await;
    assert_eq!(mixed.code, 64);
    assert!(mixed.stderr.contains("reveille.record/1"), "{}", mixed.stderr);
    assert_eq!(reveille("record").run().await.code, 64);
}
