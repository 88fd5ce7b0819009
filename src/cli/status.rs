//! `reveille status`: plans at a glance, one plan, or a run.

use super::watch::follow;
use super::{CliError, Desk, Exit};
use crate::domain::names::{PlanName, RunId};
use crate::domain::status::{Light, PlanStatus};
use crate::render::terminal;
use chrono::Utc;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A plan or a run; all plans without it
    #[arg(value_name = "PLAN|RUN")]
    of: Option<String>,
    /// Follow the run until it is over
    #[arg(long, requires = "of")]
    follow: bool,
}

pub(super) async fn run(desk: &Desk, args: &Args) -> Result<Exit, CliError> {
    match args.of.as_deref() {
        // Plans have no dot in their names, runs always have.
        Some(run) if run.contains('.') && args.follow => Ok(follow(desk, &RunId::new(run)).await?.exit),
        Some(run) if run.contains('.') => one_run(desk, &RunId::new(run)).await,
        Some(plan) if args.follow => follow_plan(desk, &PlanName::new(plan)).await,
        Some(plan) => one_plan(desk, &PlanName::new(plan)).await,
        None => all_plans(desk).await,
    }
}

async fn all_plans(desk: &Desk) -> Result<Exit, CliError> {
    let answer = desk.client.plans().await?;
    desk.show(&answer.text, || terminal::plans(&answer.value.plans, super::Output::screen()));
    Ok(told(desk, &answer.value.plans))
}

async fn one_plan(desk: &Desk, plan: &PlanName) -> Result<Exit, CliError> {
    let answer = desk.client.plan(plan).await?;
    desk.show(&answer.text, || terminal::plan(&answer.value, super::Output::screen()));
    Ok(told(desk, std::slice::from_ref(&answer.value)))
}

async fn one_run(desk: &Desk, run: &RunId) -> Result<Exit, CliError> {
    let answer = desk.client.run(run, 0, Duration::ZERO).await?;
    let view = &answer.value;
    desk.show(&answer.text, || terminal::run(view, super::Output::screen(), Utc::now()));
    if view.state == "running" {
        desk.out.suggest("follow it with", &format!("reveille watch {run}"));
        return Ok(Exit::NotRecovered);
    }
    desk.out.suggest("read what happened with", &format!("reveille report {run}"));
    Ok(Exit::of_state(&view.state))
}

/// Whatever run the plan has now.
async fn follow_plan(desk: &Desk, plan: &PlanName) -> Result<Exit, CliError> {
    let status = desk.client.plan(plan).await?.value;
    match status.active {
        Some(active) => Ok(follow(desk, &active.run).await?.exit),
        None => Err(CliError::Usage(format!("{plan} has no run to follow now: {}", status.sentence))),
    }
}

/// Points to what needs somebody, and says by the exit code whether all is well.
fn told(desk: &Desk, plans: &[PlanStatus]) -> Exit {
    for active in plans.iter().filter_map(|plan| plan.active.as_ref()) {
        let (verb, what) = match active.needs_operator {
            true => ("status", "see what is asked with"),
            false => ("watch", "follow it with"),
        };
        desk.out.suggest(what, &format!("reveille {verb} {}", active.run));
    }
    let is_red = plans.iter().any(|plan| plan.light == Light::Red);
    if is_red { Exit::NotRecovered } else { Exit::Fine }
}
