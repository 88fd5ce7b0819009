//! Single files: a journal, records and reports of its run, against each other.

use super::super::{Exit, Output};
use crate::engine::evidence::{self, Checked, FileKind, JournalFile};
use std::path::{Path, PathBuf};

/// What was read of one file.
struct Loaded {
    name: String,
    bytes: Vec<u8>,
    kind: FileKind,
}

pub(super) fn run(paths: &[PathBuf], head: Option<&str>, out: &Output) -> Exit {
    let loaded: Result<Vec<Loaded>, String> = paths.iter().map(|path| load(path)).collect();
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(why) => {
            out.message(&format!("error: {why}"));
            out.hint("A journal is logs/runs/RUN.log in the state folder; `reveille record RUN --json --output FILE` gives a record.");
            return Exit::Usage;
        }
    };
    let checked = check(&loaded, head);
    for (name, checked) in &checked {
        out.data(&if out.json { json(name, checked) } else { text(name, checked) });
    }
    if checked.iter().all(|(_, checked)| checked.findings.is_empty()) { Exit::Fine } else { Exit::Refused }
}

fn load(path: &Path) -> Result<Loaded, String> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| format!("{name} cannot be read: {error}"))?;
    let kind =
        evidence::kind_of(&bytes).ok_or_else(|| format!("{name} is no journal, record or report of Reveille"))?;
    Ok(Loaded { name, bytes, kind })
}

/// Journals first: the others are held against the journal of their run.
fn check(loaded: &[Loaded], head: Option<&str>) -> Vec<(String, Checked)> {
    let mut checked = Vec::new();
    let mut journals = Vec::new();
    for file in loaded.iter().filter(|file| file.kind == FileKind::Journal) {
        let (journal, verified) = JournalFile::read(&file.name, &file.bytes);
        let mut remarks = vec![format!("{} events, head {}", verified.events, verified.head.hash)];
        let mut findings = verified.findings;
        match head.map(|head| verified.heads.iter().any(|known| known.hash == head)) {
            Some(true) => remarks.push("the head that was named is in it".to_owned()),
            Some(false) => {
                let what = "the head that was named is not in it: this is not the log it was".to_owned();
                findings.push(evidence_apart(&file.name, what));
            }
            None => {}
        }
        checked.push((file.name.clone(), Checked { kind: file.kind, what: journal.what(), findings, remarks }));
        journals.push(journal);
    }
    for file in loaded.iter().filter(|file| file.kind != FileKind::Journal) {
        checked.push((file.name.clone(), against(file, &journals)));
    }
    checked
}

fn evidence_apart(name: &str, what: String) -> crate::engine::Finding {
    crate::engine::Finding::Apart { name: name.to_owned(), what }
}

fn against(file: &Loaded, journals: &[JournalFile]) -> Checked {
    let run = serde_json::from_slice::<serde_json::Value>(&file.bytes).ok();
    let run = run.as_ref().and_then(|json| json["run"].as_str());
    let of_run = |journal: &&JournalFile| journal.state().map(|state| state.created.run.as_str()) == run;
    let journal = journals.iter().find(of_run);
    match file.kind {
        FileKind::Report => evidence::report(&file.name, &file.bytes, journal),
        FileKind::Record | FileKind::Journal => evidence::record(&file.name, &file.bytes, journal),
    }
}

fn text(name: &str, checked: &Checked) -> String {
    let mark = if checked.findings.is_empty() { "✔" } else { "✘" };
    let mut text = format!("{mark} {name}: {}", checked.what);
    for finding in &checked.findings {
        text.push_str(&format!("\n    ✘ {finding}"));
    }
    for remark in &checked.remarks {
        text.push_str(&format!("\n    {remark}"));
    }
    text
}

fn json(name: &str, checked: &Checked) -> String {
    let findings: Vec<String> = checked.findings.iter().map(ToString::to_string).collect();
    serde_json::json!({
        "file": name, "what": checked.what, "sound": checked.findings.is_empty(),
        "findings": findings, "remarks": checked.remarks,
    })
    .to_string()
}
