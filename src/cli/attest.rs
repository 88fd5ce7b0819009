//! `reveille attest`: a person signs the record of a run, for good. Without `--execute` it shows what would be signed.

use super::{CliError, Desk, Exit, Output, connect, quoted};
use crate::domain::names::RunId;
use crate::domain::record::{AttestWords, Record, Verdict, canonical};
use crate::render::terminal;

use super::Answer;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("verdict").required(true).args(["success", "failed"]))]
pub(super) struct Args {
    /// The run, as `reveille status` names it
    run: String,
    /// It showed what it was to show
    #[arg(long)]
    success: bool,
    /// It did not
    #[arg(long)]
    failed: bool,
    /// Who signs
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    name: String,
    /// What was found, in words
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    notes: String,
    /// SHA-256 of the record that was read; any other is refused
    #[arg(long, value_name = "SHA-256")]
    record: Option<String>,
    /// Who you are, beside the name of the key you call with
    #[arg(long, value_name = "NAME", env = connect::WHO_VARIABLE, hide_env_values = true)]
    who: Option<String>,
    /// Really sign it; without it, show what would be signed
    #[arg(long)]
    execute: bool,
}

impl Args {
    fn verdict(&self) -> Verdict {
        if self.failed { Verdict::Failed } else { Verdict::Success }
    }
}

pub(super) async fn run(desk: &Desk, args: &Args) -> Result<Exit, CliError> {
    let run = RunId::new(&args.run);
    let answer = desk.client.record(&run).await?;
    let digest = digest(&answer);
    if args.execute {
        return sign(desk, &run, args, args.record.clone().unwrap_or(digest)).await;
    }
    desk.show(&answer.text, || terminal::record(&answer.value, Output::screen()));
    if answer.value.attestation.is_none() {
        let (name, notes) = (quoted(&args.name), quoted(&args.notes));
        let verdict = args.verdict().as_str();
        let command =
            format!("reveille attest {run} --{verdict} --name {name} --notes {notes} --record {digest} --execute");
        desk.out.suggest("nothing was signed; to sign this very record, for good", &command);
    }
    Ok(Exit::Fine)
}

/// Of the server's own text, so that a member that this version does not know counts too.
fn digest(answer: &Answer<Record>) -> String {
    serde_json::from_str(&answer.text).map_or_else(|_| answer.value.digest(), |json| canonical::digest(&json))
}

async fn sign(desk: &Desk, run: &RunId, args: &Args, digest: String) -> Result<Exit, CliError> {
    let words = AttestWords {
        who: args.who.clone(),
        name: args.name.clone(),
        verdict: args.verdict(),
        notes: args.notes.clone(),
        record: Some(digest),
    };
    let told = desk.client.attest(run, &words).await;
    let answer = told.map_err(|error| super::unanswered(error, format!("reveille record {run}")))?;
    desk.say_done(&answer);
    let command = format!("reveille record {run} --json --output {run}.record.json");
    desk.out.suggest("keep it with", &command);
    Ok(Exit::Fine)
}
