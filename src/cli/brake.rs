//! `reveille pause`, `resume` and `acknowledge`: a person's word to a plan.
//!
//! A pause starts nothing and is in force at once. Lifting one, or ending a cool-down, lets an incident that waits
//! start a run, so both show what would follow until `--execute`.

use super::{CliError, Desk, Exit, Speaker, WHO_VARIABLE};
use crate::domain::names::PlanName;
use crate::domain::plan::Automation;
use crate::domain::status::{PlanStatus, Words};
use crate::render::one_line;
use clap::builder::NonEmptyStringValueParser;

#[derive(Debug, clap::Args)]
pub(super) struct Pause {
    /// The plan
    plan: String,
    /// Why, in one sentence that status and reports will quote
    #[arg(long, value_name = "SENTENCE", value_parser = NonEmptyStringValueParser::new())]
    why: String,
    /// Who you are, beside the name of the key you call with
    #[arg(long, value_name = "NAME", env = WHO_VARIABLE, hide_env_values = true)]
    who: Option<String>,
    /// Accepted for the habit's sake: a pause is in force at once
    #[arg(long, hide = true)]
    execute: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The plan
    plan: String,
    #[command(flatten)]
    speaker: Speaker,
    /// Really do it; without it, show what would follow
    #[arg(long)]
    execute: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Resume,
    Acknowledge,
}

impl Verb {
    fn as_str(self) -> &'static str {
        match self {
            Verb::Resume => "resume",
            Verb::Acknowledge => "acknowledge",
        }
    }
}

pub(super) async fn pause(desk: &Desk, args: &Pause) -> Result<Exit, CliError> {
    let plan = PlanName::new(&args.plan);
    let words = Words { who: args.who.clone(), why: Some(args.why.clone()), ..Words::default() };
    say(desk, &plan, "pause", &words).await?;
    let lift = format!("reveille resume {plan} --why \"…\" --execute");
    desk.out.suggest("a run under way goes on; lift the pause with", &lift);
    Ok(Exit::Fine)
}

pub(super) async fn run(desk: &Desk, verb: Verb, args: &Args) -> Result<Exit, CliError> {
    let plan = PlanName::new(&args.plan);
    if args.execute {
        say(desk, &plan, verb.as_str(), &args.speaker.words()).await?;
        desk.out.suggest("see what follows with", &format!("reveille status {plan}"));
        return Ok(Exit::Fine);
    }
    let answer = desk.client.plan(&plan).await?;
    let Some(lifted) = lifts(verb, &answer.value) else {
        desk.show(&answer.text, || format!("{plan} has nothing to {} now: {}", verb.as_str(), answer.value.sentence));
        return Ok(Exit::Fine);
    };
    desk.show(&answer.text, || format!("{lifted}\n{}", follows(&answer.value)));
    let command = format!("reveille {} {plan}{} --execute", verb.as_str(), args.speaker.typed());
    desk.out.suggest("nothing was done; to do it", &command);
    Ok(Exit::Fine)
}

async fn say(desk: &Desk, plan: &PlanName, verb: &str, words: &Words) -> Result<(), CliError> {
    let told = desk.client.tell_plan(plan, verb, words).await;
    let answer = told.map_err(|error| super::unanswered(error, format!("reveille status {plan}")))?;
    desk.say_done(&answer);
    Ok(())
}

/// What the word would end, if there is any such thing.
fn lifts(verb: Verb, status: &PlanStatus) -> Option<String> {
    match verb {
        Verb::Resume => status.paused.as_ref().map(|paused| {
            format!("{} is paused by {} ({}); resuming lifts that.", status.plan, paused.by, one_line(&paused.why))
        }),
        Verb::Acknowledge => {
            status.last_run.as_ref().map(|last| format!("Acknowledging ends the cool-down after {}.", last.run))
        }
    }
}

/// What an open incident would do then.
fn follows(status: &PlanStatus) -> String {
    let Some(incident) = &status.incident else {
        return "No incident is open, so no run would start now.".to_owned();
    };
    let then = match status.automation {
        Automation::Observe => "a run would only observe".to_owned(),
        Automation::Approve => "a run would confirm the outage and then ask for approval".to_owned(),
        Automation::Act => format!("a failover from {} to {} may start at once", status.primary, status.standby),
    };
    format!("Incident {} is open and would be asked again: {then}, unless another guard holds it.", incident.id)
}
