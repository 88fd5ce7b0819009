//! `reveille verify`: whether what is stored was written as it stands. Offline, from a state folder or a copy of one, or
//! from single files that somebody was handed.

mod files;

use super::{CliError, Exit, Output};
use crate::domain::causes::with_causes;
use crate::domain::names::{PlanName, RunId};
use crate::engine::ports::{Store, StoreError};
use crate::engine::verify::{Verified, verify_plan, verify_run};
use crate::store::{self, StoreTarget};
use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A plan or a run in the state folder; or files: a journal, the record of its run, its report. Without any,
    /// everything in the folder
    #[arg(value_name = "NAME | FILE")]
    what: Vec<String>,
    /// The folder that [store] names, or a copy of it
    #[arg(long, value_name = "PATH", default_value = "state")]
    state: PathBuf,
    /// The journal head that a notification or a report named; the log must have ended so once
    #[arg(long, value_name = "HASH", requires = "what")]
    head: Option<String>,
}

impl Args {
    /// Files are told from names by their being there.
    fn files(&self) -> Vec<PathBuf> {
        self.what.iter().map(PathBuf::from).filter(|path| path.is_file()).collect()
    }
}

/// What was verified, and what came of it.
struct Line {
    what: String,
    verified: Verified,
    head_known: Option<bool>,
}

pub(super) fn run(args: &Args, out: &Output) -> Exit {
    let files = args.files();
    match (&args.what[..], files.len()) {
        ([] | [_], 0) => of_folder(args, out),
        (what, found) if found == what.len() => files::run(&files, args.head.as_deref(), out),
        (what, _) => {
            let missing = what.iter().find(|what| !PathBuf::from(what).is_file()).map_or("", String::as_str);
            out.message(&format!("error: {missing} is no file"));
            out.hint("Name one plan or run of a state folder, or files only.");
            Exit::Usage
        }
    }
}

fn of_folder(args: &Args, out: &Output) -> Exit {
    if !args.state.is_dir() {
        out.message(&format!("error: {} is no folder", args.state.display()));
        out.hint("Name the folder that [store] url leads to with --state.");
        return Exit::Usage;
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            out.error(&CliError::Runtime(error));
            return Exit::Failed;
        }
    };
    match runtime.block_on(verify(args)) {
        Ok(lines) => told(out, &lines),
        Err(why) => {
            out.message(&format!("error: {why}"));
            Exit::Failed
        }
    }
}

async fn verify(args: &Args) -> Result<Vec<Line>, String> {
    let store = store::open(&StoreTarget::Directory(args.state.clone())).map_err(|error| with_causes(&error))?;
    let (plans, runs) =
        wanted(store.as_ref(), args.what.first().map(String::as_str)).await.map_err(|error| with_causes(&error))?;
    let mut lines = Vec::new();
    for plan in plans {
        let verified = verify_plan(store.as_ref(), &plan).await.map_err(|error| with_causes(&error))?;
        lines.push(line(format!("ledger of {plan}"), verified, args.head.as_deref()));
    }
    for run in runs {
        let verified = verify_run(store.as_ref(), &run).await.map_err(|error| with_causes(&error))?;
        lines.push(line(format!("journal of {run}"), verified, args.head.as_deref()));
    }
    Ok(lines)
}

/// Run ids hold a dot, plan names do not.
async fn wanted(store: &dyn Store, name: Option<&str>) -> Result<(BTreeSet<PlanName>, BTreeSet<RunId>), StoreError> {
    match name {
        Some(name) if name.contains('.') => Ok((BTreeSet::new(), BTreeSet::from([RunId::new(name)]))),
        Some(name) => Ok((BTreeSet::from([PlanName::new(name)]), BTreeSet::new())),
        None => {
            let ledgers = store.list("ledger/").await?;
            let journals = store.list("runs/").await?;
            let plans = ledgers.iter().filter_map(|name| name.split('/').nth(1)).map(PlanName::new).collect();
            let runs = journals.iter().filter_map(|name| name.split('/').nth(1)).map(RunId::new).collect();
            Ok((plans, runs))
        }
    }
}

fn line(what: String, verified: Verified, head: Option<&str>) -> Line {
    let head_known = head.map(|head| verified.heads.iter().any(|known| known.hash == head));
    Line { what, verified, head_known }
}

fn told(out: &Output, lines: &[Line]) -> Exit {
    if lines.is_empty() {
        out.message("nothing is stored there");
    }
    for line in lines {
        if out.json { out.data(&json(line)) } else { out.data(&text(line)) }
    }
    if lines.iter().all(is_sound) { Exit::Fine } else { Exit::Refused }
}

fn is_sound(line: &Line) -> bool {
    line.verified.findings.is_empty() && line.head_known != Some(false)
}

fn text(line: &Line) -> String {
    let mark = if is_sound(line) { "✔" } else { "✘" };
    let mut text = format!("{mark} {}: {} events, head {}", line.what, line.verified.events, line.verified.head.hash);
    for finding in &line.verified.findings {
        text.push_str(&format!("\n    {finding}"));
    }
    match line.head_known {
        Some(true) => text.push_str("\n    the head that was named is in it"),
        Some(false) => text.push_str("\n    the head that was named is not in it: this is not the log it was"),
        None => {}
    }
    text
}

fn json(line: &Line) -> String {
    let findings: Vec<String> = line.verified.findings.iter().map(ToString::to_string).collect();
    serde_json::json!({
        "what": line.what, "sound": is_sound(line), "events": line.verified.events,
        "head": line.verified.head.hash, "findings": findings, "head_known": line.head_known,
    })
    .to_string()
}
