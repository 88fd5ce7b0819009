//! The command line: one file per command. Data goes to stdout, messages to stderr, hints after a blank line.
//!
//! `serve` is what the Functions host starts and `sandbox` is the simulated world; all others talk to a Reveille that
//! runs somewhere, over its operator interface: `connect` makes the `client`, `live` follows a run, `output`
//! writes, `exit` lists the exit codes. What starts or stops something only shows what it would do until `--execute`.

mod address;
mod attest;
mod brake;
mod check;
mod client;
mod connect;
mod document;
mod drill;
mod error;
pub mod exit;
pub mod live;
mod note;
mod output;
#[cfg(feature = "sandbox")]
mod package;
mod plan;
mod record;
mod report;
mod runbook;
#[cfg(feature = "sandbox")]
mod sandbox;
pub mod serve;
mod start;
mod status;
mod test_alert;
mod verify;
pub mod version;
mod watch;
mod way;
mod word;

pub use address::{Address, BadAddress};
pub use client::{Answer, Client, ClientError};
pub use connect::{CA_FILE_VARIABLE, KEY_VARIABLE, URL_VARIABLE, WHO_VARIABLE, http};
pub use error::CliError;
pub use exit::Exit;
pub use output::Output;

use crate::domain::status::{Done, Words};
use crate::render::one_line;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Wakes a cold standby on Azure.
#[derive(Debug, Parser)]
#[command(name = "reveille", version, long_version = version::LONG, after_help = AFTER_HELP, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    connection: connect::Connection,
    /// Write JSON to stdout, as the server sent it; one object per line while following a run
    #[arg(long, global = true, help_heading = "Everywhere")]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "Where Reveille is comes from --url or REVEILLE_URL, the function key from REVEILLE_KEY. When the
function app itself is gone, --direct does the same from here, on the same store.
Exit codes: 0 fine, 1 unexpected failure, 3 not recovered, not ready or needs a person, 4 refused, 64 usage or configuration.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Show how plans stand, or one plan, or a run
    Status(status::Args),
    /// Move a plan to its standby; only shows what would be done until --execute
    Failover(start::Failover),
    /// Scale the standby's workload to zero, remember its counts, stop its cluster
    Park(start::Args),
    /// Rehearse now: ask whether the plan is ready, or start and stop its parked standby
    Drill(drill::Drill),
    /// Approve what a run asks
    Approve(word::Args),
    /// Decline a failover that asks for approval; closes the incident
    Decline(word::Args),
    /// End a run; nothing that was started is undone, except that a drill puts the standby back
    Abort(word::Args),
    /// Hold automatic starts of a plan; incidents still open and wait
    Pause(brake::Pause),
    /// Lift a pause; an incident that waits may start a run
    Resume(brake::Args),
    /// Say that the last run was seen, which ends the cool-down; an incident that waits may start a run
    Acknowledge(brake::Args),
    /// Print the report of a run
    Report(document::Args),
    /// Print the record of a run for an auditor: what the machine knows, what people added, who signed it
    Record(document::Args),
    /// Add to the record of a run what only people know: participants, deviations, lessons, follow-ups, risks
    Note(Box<note::Args>),
    /// Sign the record of a run; it is final then. Only shows what would be signed until --execute
    Attest(attest::Args),
    /// Follow a run until it is over
    Watch(watch::Args),
    /// Look at everything that a recovery needs and say how to mend what is broken; changes nothing
    Check(check::Args),
    /// Send a marked alert the way of a real one and show how far it comes; starts nothing
    TestAlert(test_alert::Args),
    /// Print what each kind of run would do, call by call, and the roles it needs; asks nobody
    Plan(plan::Args),
    /// Print the failover as the commands that a person types, to be kept on paper; asks nobody
    Runbook(runbook::Args),
    /// Check what is stored, or files of it: hash chains, their story, reports, records; asks nobody
    Verify(verify::Args),
    /// Answer the Functions host as its custom handler
    Serve,
    /// Run a simulated Azure on this machine and watch an outage being recovered
    #[cfg(feature = "sandbox")]
    Sandbox(sandbox::Args),
    /// Make what is deployed: build without the sandbox, lay out the app folder, zip it; from a clone
    #[cfg(feature = "sandbox")]
    Package(package::Args),
}

/// Parses this process's arguments and does what they say.
pub fn main() -> ExitCode {
    // Before anything else: `serve` ends when its parent is no longer the one that it was started by.
    crate::host::parent::remember();
    match Cli::try_parse() {
        Ok(cli) => run(cli),
        Err(usage) => {
            // Help and version are answers too; clap knows which stream each belongs to.
            let _ = usage.print();
            let exit = if usage.use_stderr() { Exit::Usage } else { Exit::Fine };
            exit.into()
        }
    }
}

fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Serve => serve::run(),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(args) => sandbox::run(args, cli.json),
        #[cfg(feature = "sandbox")]
        Command::Package(args) => package::run(&args, &Output::new(cli.json, None)).into(),
        Command::Check(args) => check::run(&args, &cli.connection, cli.json).into(),
        Command::TestAlert(args) => test_alert::run(&args, &cli.connection, cli.json).into(),
        Command::Plan(args) => plan::run(&args, &Output::new(cli.json, None)).into(),
        Command::Runbook(args) => runbook::run(&args, &Output::new(cli.json, None)).into(),
        Command::Verify(args) => verify::run(&args, &Output::new(cli.json, None)).into(),
        Command::Report(args) if args.shape.is_offline() => offline(cli.json, |out| report::offline(&args, out)).into(),
        Command::Record(args) if args.shape.is_offline() => offline(cli.json, |out| record::offline(&args, out)).into(),
        command => ask(&cli.connection, cli.json, command).into(),
    }
}

/// A command that reads files and asks nobody.
fn offline(json: bool, command: impl Fn(&Output) -> Result<Exit, CliError>) -> Exit {
    let out = Output::new(json, None);
    command(&out).unwrap_or_else(|error| failed(&error, &out))
}

/// A command that talks to a server.
fn ask(connection: &connect::Connection, json: bool, command: Command) -> Exit {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(answered(connection, json, command)),
        Err(error) => failed(&CliError::Runtime(error), &Output::new(json, None)),
    }
}

async fn answered(connection: &connect::Connection, json: bool, command: Command) -> Exit {
    let client = match connection.open().await {
        Ok(client) => client,
        Err(error) => return failed(&error, &Output::new(json, None)),
    };
    let out = Output::new(json, client.key().cloned()).going(connection.way());
    let desk = Desk { client, out };
    talk(&desk, command).await.unwrap_or_else(|error| failed(&error, &desk.out))
}

async fn talk(desk: &Desk, command: Command) -> Result<Exit, CliError> {
    match command {
        Command::Status(args) => status::run(desk, &args).await,
        Command::Failover(args) => start::failover(desk, &args).await,
        Command::Park(args) => start::park(desk, &args).await,
        Command::Drill(args) => drill::run(desk, &args).await,
        Command::Approve(args) => word::run(desk, word::Verb::Approve, &args).await,
        Command::Decline(args) => word::run(desk, word::Verb::Decline, &args).await,
        Command::Abort(args) => word::run(desk, word::Verb::Abort, &args).await,
        Command::Pause(args) => brake::pause(desk, &args).await,
        Command::Resume(args) => brake::run(desk, brake::Verb::Resume, &args).await,
        Command::Acknowledge(args) => brake::run(desk, brake::Verb::Acknowledge, &args).await,
        Command::Report(args) => report::run(desk, &args).await,
        Command::Record(args) => record::run(desk, &args).await,
        Command::Note(args) => note::run(desk, &args).await,
        Command::Attest(args) => attest::run(desk, &args).await,
        Command::Watch(args) => watch::run(desk, &args).await,
        // They need no server and never come here.
        Command::Check(_) | Command::TestAlert(_) | Command::Plan(_) | Command::Runbook(_) => Ok(Exit::Usage),
        Command::Verify(_) | Command::Serve => Ok(Exit::Usage),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(_) | Command::Package(_) => Ok(Exit::Usage),
    }
}

fn failed(error: &CliError, out: &Output) -> Exit {
    out.error(error);
    error.exit()
}

/// What every command that talks to a server has at hand.
struct Desk {
    client: Client,
    out: Output,
}

impl Desk {
    /// The server's own text for machines, something readable for people.
    fn show(&self, text: &str, readable: impl FnOnce() -> String) {
        if self.out.json {
            self.out.data(text);
        } else {
            self.out.data(&readable());
        }
    }

    /// What a word did, with what it left.
    fn say_done(&self, answer: &Answer<Done>) {
        self.show(&answer.text, || {
            let details = answer.value.details.iter().map(|detail| format!("  - {}\n", one_line(detail)));
            format!("{}\n{}", one_line(&answer.value.sentence), details.collect::<String>())
        });
    }
}

/// A word that may have arrived must be looked for before it is said again.
fn unanswered(error: ClientError, look: String) -> CliError {
    if error.leaves_doubt() { CliError::Unanswered(error, look) } else { CliError::Client(error) }
}

/// Who speaks, and why. Both stand in the report; who called is what the host verified, `who` stands beside it.
#[derive(Debug, Clone, clap::Args)]
struct Speaker {
    /// Why, in one sentence that the report will quote
    #[arg(long, value_name = "SENTENCE", required_if_eq("execute", "true"), value_parser = clap::builder::NonEmptyStringValueParser::new())]
    why: Option<String>,
    /// Who you are, beside the name of the key you call with
    #[arg(long, value_name = "NAME", env = WHO_VARIABLE, hide_env_values = true)]
    who: Option<String>,
}

impl Speaker {
    fn words(&self) -> Words {
        Words { who: self.who.clone(), why: self.why.clone(), ..Words::default() }
    }

    /// The options as they would be typed again.
    fn typed(&self) -> String {
        let option = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!(" --{name} {}", quoted(value))).unwrap_or_default()
        };
        let why = option("why", &self.why.clone().or_else(|| Some("…".to_owned())));
        format!("{why}{}", option("who", &self.who.clone().filter(|_| std::env::var_os(WHO_VARIABLE).is_none())))
    }
}

/// A text as a shell takes it back, in double quotes where that is enough.
fn quoted(text: &str) -> String {
    if text.chars().any(|c| matches!(c, '"' | '$' | '`' | '\\' | '!')) {
        format!("'{}'", text.replace('\'', r"'\''"))
    } else {
        format!("\"{text}\"")
    }
}
