//! `reveille sandbox`: the simulated world on loopback, and an outage being recovered in it.

mod all;
mod ground;
mod narrate;
mod play;

use super::{CliError, Exit, Output};
use crate::sandbox::host::{HostError, Log};
use crate::sandbox::scenario::{self, PasswordIn, Scenario};
use crate::sandbox::storage::StorageError;
use crate::sandbox::{Disturbance, Options, Sandbox, SandboxError};
use ground::Ground;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The scenario to play; `--list` shows all
    #[arg(long, value_name = "NAME", default_value = "primary-outage")]
    scenario: String,
    /// The handler to start instead of this very binary
    #[arg(long, value_name = "PATH")]
    handler: Option<PathBuf>,
    /// A package as `reveille package` makes it: its files are laid out and its binary is started
    #[arg(long, value_name = "ZIP", conflicts_with = "handler")]
    package: Option<PathBuf>,
    /// Where the app keeps its state
    #[arg(long, value_name = "WHERE", default_value = "folder")]
    store: Store,
    /// Keep the database's password in the simulated Key Vault instead of an app setting
    #[arg(long)]
    vault: bool,
    /// List the scenarios
    #[arg(long, conflicts_with_all = ["serve", "check_all"])]
    list: bool,
    /// Keep the simulated Azure running for other clients; print one JSON line that says where everything is. Nothing
    /// happens in it by itself: the scenario gives durations and faults, not its events
    #[arg(long, conflicts_with = "check_all")]
    serve: bool,
    /// Play every scenario and say which gave what it must
    #[arg(long)]
    check_all: bool,
    /// Kill the handler once at a random instant
    #[arg(long)]
    kill_handler: bool,
    /// Double, delay and reorder wake-ups
    #[arg(long)]
    disturb_wake_ups: bool,
    /// Seed of everything random; random by default, and printed
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Keep the app folder with ledger, journals and configuration there, and what host and handler say, in host.log
    #[arg(long, value_name = "PATH")]
    folder: Option<PathBuf>,
}

/// Where the app keeps its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Store {
    /// In its folder
    Folder,
    /// In a storage account: a real Azurite, which has to be installed
    Azurite,
    /// The same, and the answer of every write is lost on the way
    AzuriteLosingAnswers,
}

/// Why the sandbox could not do it.
#[derive(Debug, thiserror::Error)]
enum SandboxFailure {
    #[error("there is no scenario {0:?}")]
    NoSuchScenario(String),
    #[error("this binary's own path cannot be read; name a handler with --handler")]
    NoHandler(#[source] std::io::Error),
    #[error("{0} holds the state of an earlier sandbox, which would be taken for this one's")]
    UsedFolder(PathBuf),
    #[error("the sandbox cannot be started")]
    Start(#[from] SandboxError),
    #[error("there is no storage account for the app's state")]
    Storage(#[from] StorageError),
    #[error("{0} cannot be written")]
    Log(PathBuf, #[source] std::io::Error),
    #[error("the package cannot be played on")]
    Package(#[from] HostError),
    #[error("{0} cannot be made for the unpacked package")]
    Unpacked(PathBuf, #[source] std::io::Error),
    #[error(transparent)]
    Cli(#[from] CliError),
}

pub(super) fn run(args: Args, json: bool) -> ExitCode {
    let out = Output::new(json, None);
    if args.list {
        list(&out);
        return Exit::Fine.into();
    }
    let ended = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(start(&args, &out)),
        Err(error) => Err(CliError::Runtime(error).into()),
    };
    ended.unwrap_or_else(|failure| failed(&failure, &out)).into()
}

async fn start(args: &Args, out: &Output) -> Result<Exit, SandboxFailure> {
    let ground = Ground::prepare(args).await?;
    if args.check_all {
        return all::run(args, &ground, out).await;
    }
    let scenario = scenario::named(&args.scenario);
    let scenario = scenario.ok_or_else(|| SandboxFailure::NoSuchScenario(args.scenario.clone()))?;
    let options = ground.under(args.options(scenario, args.folder.clone())?).await?;
    let ended = async { if args.serve { serve(options, out).await } else { play::run(options, out).await } };
    // Dropped, the sandbox ends its handler and removes what it made.
    tokio::select! {
        ended = ended => ended,
        () = told_to_end() => Ok(if args.serve { Exit::Fine } else { Exit::Interrupted }),
    }
}

/// Ctrl-C, or the signal by which other programs end a child. Without handlers for them the process ends all the same,
/// only less tidily.
async fn told_to_end() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => drop(signals.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

impl Args {
    fn options(&self, scenario: &Scenario, folder: Option<PathBuf>) -> Result<Options, SandboxFailure> {
        let handler = match &self.handler {
            Some(path) => path.clone(),
            None => std::env::current_exe().map_err(SandboxFailure::NoHandler)?,
        };
        let mut options = Options::new(scenario.clone(), handler);
        if let Some(used) = folder.as_ref().filter(|folder| folder.join("app/state").exists()) {
            return Err(SandboxFailure::UsedFolder(used.clone()));
        }
        if let Some(folder) = &folder {
            options.log = log_in(folder)?;
        }
        options.folder = folder;
        if self.vault {
            options.scenario.plan.password = PasswordIn::Vault;
        }
        options.seed = self.seed.unwrap_or_else(|| u64::from(uuid::Uuid::new_v4().as_fields().0));
        options.disturbance = Disturbance { kill_handler: self.kill_handler, wake_ups: self.disturb_wake_ups };
        Ok(options)
    }
}

/// What the Functions host and its handler say, as lines of a file.
fn log_in(folder: &Path) -> Result<Log, SandboxFailure> {
    let path = folder.join("host.log");
    let made = std::fs::create_dir_all(folder).and_then(|()| File::create(&path));
    let file = made.map_err(|source| SandboxFailure::Log(path, source))?;
    // One write per line, so that lines of several threads do not mix.
    Ok(Log::new(move |line| drop((&file).write_all(format!("{} {line}\n", chrono::Utc::now()).as_bytes()))))
}

fn list(out: &Output) {
    if out.json {
        let line = |scenario: &Scenario| serde_json::json!({ "name": scenario.name, "about": scenario.about, "exit": scenario.exit });
        let lines: Vec<_> = scenario::all().iter().map(line).collect();
        return out.data(&serde_json::json!({ "scenarios": lines }).to_string());
    }
    let width = scenario::all().iter().map(|scenario| scenario.name.len()).max().unwrap_or_default();
    for scenario in scenario::all() {
        out.data(&format!("{:width$}  {}", scenario.name, scenario.about));
    }
}

/// Nothing happens in this world by itself: others act in it until the command is ended.
async fn serve(options: Options, out: &Output) -> Result<Exit, SandboxFailure> {
    let sandbox = Sandbox::start(options).await?;
    let endpoints = serde_json::to_string(&sandbox.endpoints()).unwrap_or_default();
    out.data(&endpoints);
    std::future::pending().await
}

fn failed(failure: &SandboxFailure, out: &Output) -> Exit {
    out.message(&format!("error: {failure}"));
    let causes = std::iter::successors(std::error::Error::source(failure), |error| error.source());
    causes.for_each(|cause| out.message(&format!("  caused by: {cause}")));
    match failure {
        SandboxFailure::NoSuchScenario(_) => {
            out.hint("reveille sandbox --list shows the scenarios");
            Exit::Usage
        }
        SandboxFailure::UsedFolder(_) => {
            out.hint("name a new folder with --folder");
            Exit::Usage
        }
        SandboxFailure::Cli(error) => error.exit(),
        _ => Exit::Failed,
    }
}
