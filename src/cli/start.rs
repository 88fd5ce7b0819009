//! What starts a run by hand: `reveille failover` moves a plan to its standby, `reveille park` puts the standby to rest,
//! `reveille drill` rehearses (its own file). They show what they would do until `--execute`, and follow what they have started.

use super::client::Answer;
use super::watch::{Ended, follow};
use super::{CliError, Desk, Exit, Speaker};
use crate::domain::drill::DrillKind;
use crate::domain::names::PlanName;
use crate::domain::status::{Done, Start, Words};
use crate::render::one_line;
use std::time::Duration;
use tokio::time::sleep;
use uuid::Uuid;

/// Tries to hand the request over; a second delivery with the same key gives the first one's run.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// The plan
    plan: String,
    #[command(flatten)]
    pub(super) speaker: Speaker,
    /// Idempotency key: the same key gives the same run, however often it is sent; random without it
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Really start it
    #[arg(long)]
    pub(super) execute: bool,
    /// Follow the run until it is over (the default)
    #[arg(long, overrides_with = "no_follow")]
    follow: bool,
    /// Return as soon as the run is started
    #[arg(long, overrides_with = "follow")]
    no_follow: bool,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Failover {
    #[command(flatten)]
    args: Args,
    /// Go on without the proof of the outage, and through a pause; the report names it
    #[arg(long)]
    force: bool,
}

/// What is to be started.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    /// As it is typed.
    pub command: &'static str,
    pub kind: Start,
    pub drill: Option<DrillKind>,
    pub force: bool,
}

pub(super) async fn failover(desk: &Desk, Failover { args, force }: &Failover) -> Result<Exit, CliError> {
    run(desk, Order { command: "failover", kind: Start::Failover, drill: None, force: *force }, args).await
}

pub(super) async fn park(desk: &Desk, args: &Args) -> Result<Exit, CliError> {
    run(desk, Order { command: "park", kind: Start::Park, drill: None, force: false }, args).await
}

pub(super) async fn run(desk: &Desk, order: Order, args: &Args) -> Result<Exit, CliError> {
    let plan = PlanName::new(&args.plan);
    let Some(why) = &args.speaker.why else {
        return Err(CliError::Usage("say why with --why: one sentence that the report will quote".to_owned()));
    };
    let words = Words {
        why: Some(why.clone()),
        idempotency_key: args.execute.then(|| args.key.clone().unwrap_or_else(|| Uuid::new_v4().to_string())),
        kind: (order.kind != Start::Failover).then_some(order.kind),
        drill: order.drill,
        force: order.force,
        dry_run: !args.execute,
        ..args.speaker.words()
    };
    if args.execute {
        execute(desk, &plan, &words, order, args).await
    } else {
        show(desk, &plan, &words, order, args).await
    }
}

/// What would be done, by the server's own decision.
async fn show(desk: &Desk, plan: &PlanName, words: &Words, order: Order, args: &Args) -> Result<Exit, CliError> {
    let answer = desk.client.start(plan, words).await?;
    let done = &answer.value;
    desk.show(&answer.text, || told(done));
    match (&done.run, done.did.as_str()) {
        (Some(run), _) => desk.out.suggest("follow it with", &format!("reveille watch {run}")),
        (None, "would-start") => desk.out.suggest("nothing was started; to do it", &typed(plan, order, args)),
        (None, _) => {}
    }
    Ok(Exit::Fine)
}

async fn execute(desk: &Desk, plan: &PlanName, words: &Words, order: Order, args: &Args) -> Result<Exit, CliError> {
    let answer = hand_over(desk, plan, words).await?;
    let done = &answer.value;
    let follows = !args.no_follow;
    match &done.run {
        Some(run) if follows => {
            begin(desk, done);
            moved(desk, follow(desk, run).await?, plan, order, args)
        }
        Some(run) => {
            desk.show(&answer.text, || told(done));
            let how = if desk.client.is_direct() {
                "without the function app it goes on while it is followed"
            } else {
                "follow it with"
            };
            desk.out.suggest(how, &format!("reveille watch {run}"));
            Ok(Exit::Fine)
        }
        None => {
            desk.show(&answer.text, || told(done));
            Ok(if done.did == "nothing" { Exit::Fine } else { Exit::NotRecovered })
        }
    }
}

/// A run that found the primary healthy is fine, but whoever asked for a move did not get one.
fn moved(desk: &Desk, ended: Ended, plan: &PlanName, order: Order, args: &Args) -> Result<Exit, CliError> {
    if ended.state.as_deref() != Some("no-outage") {
        return Ok(ended.exit);
    }
    let forced = Order { force: true, ..order };
    desk.out
        .suggest("the primary is healthy, so nothing was moved; to move without an outage", &typed(plan, forced, args));
    Ok(Exit::NotRecovered)
}

/// The first of the lines that following writes.
fn begin(desk: &Desk, done: &Done) {
    if desk.out.json {
        return desk.out.data(&serde_json::json!({ "done": done }).to_string());
    }
    desk.out.data(&told(done));
}

/// The request carries an idempotency key, so it may be sent again when no answer came.
async fn hand_over(desk: &Desk, plan: &PlanName, words: &Words) -> Result<Answer<Done>, CliError> {
    let mut tries = 1;
    loop {
        match desk.client.start(plan, words).await {
            Err(error) if error.is_passing() && tries < TRIES => {
                desk.out.message(&format!("note: {error}; asking again with the same idempotency key"));
                sleep(PAUSE * tries).await;
                tries += 1;
            }
            Err(error) => return Err(super::unanswered(error, again(plan, words))),
            Ok(answer) => return Ok(answer),
        }
    }
}

/// How to find out whether it arrived.
fn again(plan: &PlanName, words: &Words) -> String {
    let key = words.idempotency_key.as_deref().unwrap_or_default();
    format!("reveille status {plan}\nSent again with --key {key} it starts nothing twice")
}

fn told(done: &Done) -> String {
    let mut text = format!("{}\n", one_line(&done.sentence));
    for (index, detail) in done.details.iter().enumerate() {
        text.push_str(&format!("  {}. {}\n", index + 1, one_line(detail)));
    }
    text
}

fn typed(plan: &PlanName, order: Order, args: &Args) -> String {
    let force = if order.force { " --force" } else { "" };
    format!("reveille {} {plan}{}{force} --execute", order.command, args.speaker.typed())
}
