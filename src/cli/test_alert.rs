//! `reveille test-alert`: posts a marked alert to the real address and shows how far it came. It starts nothing.
//!
//! The address is the function app's (`--url`); without one it is that of the receiver in the action group that the plan's
//! alert rule calls, read from Azure, so that a receiver on a wrong address shows. Either way the key comes from the
//! environment: the one in the receiver is known to Azure alone.

use super::{CliError, Client, Exit, Output, check, connect};
use crate::config::{self, Config};
use crate::domain::alert::test_alert;
use crate::domain::names::PlanName;
use crate::domain::plan::Plan;
use crate::domain::readiness::alert_address;
use crate::domain::status::{Tried, TriedPlan};
use crate::render::one_line;
use chrono::{DateTime, Utc};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The plan whose outage the alert pretends; the only one of the configuration without it
    #[arg(value_name = "PLAN")]
    plan: Option<String>,
    /// The file, which names Front Door profile and origin; without it REVEILLE_CONFIG, else reveille.toml
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &Args, connection: &connect::Connection, json: bool) -> Exit {
    let ended = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(send(args, connection, json)),
        Err(error) => Err(CliError::Runtime(error)),
    };
    ended.unwrap_or_else(|error| {
        Output::new(json, None).error(&error);
        error.exit()
    })
}

async fn send(args: &Args, connection: &connect::Connection, json: bool) -> Result<Exit, CliError> {
    let path = args.config.clone().unwrap_or_else(|| config::document_path(&config::process_env));
    let mut config = config::load(&path).map_err(|errors| CliError::Usage(errors.to_string()))?;
    let name = wanted(args, &config)?.name.clone();
    let client = client(connection, &mut config, &name).await?;
    let plan = wanted(args, &config)?;
    let (number, sent_at) = (uuid::Uuid::new_v4().simple().to_string(), Utc::now());
    let answer = client.test_alert(&test_alert(plan, plan.preferred(), &number, sent_at)).await?;
    let (tried, out) = (answer.value.test, Output::new(json, client.key().cloned()));
    match json {
        true => out.data(&answer.text),
        false => out.data(&told(plan, &tried, sent_at, &client.alert_url())),
    }
    Ok(verdict(plan, &tried, &number))
}

async fn client(connection: &connect::Connection, config: &mut Config, plan: &PlanName) -> Result<Client, CliError> {
    if connection.is_given() {
        return connection.remote();
    }
    check::as_caller(config);
    let observer = check::observer(config).map_err(|error| CliError::Usage(error.to_string()))?;
    let plan = config.plan(plan).ok_or(CliError::NoAddress)?;
    let alerting = observer.alerting(plan).await;
    match alert_address(&alerting, plan, plan.preferred()) {
        Ok(address) => connection.remote_at(&address),
        Err(why) => Err(CliError::Usage(format!("the address of the alerts is not known: {why}; give it with --url"))),
    }
}

fn wanted<'a>(args: &Args, config: &'a Config) -> Result<&'a Plan, CliError> {
    match (&args.plan, config.plans.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => Err(CliError::Usage("there are several plans in the configuration; name one".to_owned())),
        (Some(name), _) => {
            let missing = || CliError::Usage(format!("there is no plan {name} in the configuration"));
            config.plan(&PlanName::new(name)).ok_or_else(missing)
        }
    }
}

fn told(plan: &Plan, tried: &Tried, sent_at: DateTime<Utc>, url: &str) -> String {
    let time = |at: DateTime<Utc>| at.format("%H:%M:%S%.3f UTC").to_string();
    let mut lines = vec![
        format!("{}  sent to {url}: test alert {}", time(sent_at), tried.number),
        format!("{}  received by {}, from {}, as the host verified it", time(tried.received_at), tried.at, tried.by),
    ];
    lines.extend(tried.plans.iter().map(|line| format!("  {} {}: {}", sign(plan, line), line.plan, line.sentence)));
    lines.push("Nothing was started: it is marked as a test, and no real alert can carry the mark.".to_owned());
    lines.iter().map(|line| format!("{}\n", one_line(line))).collect()
}

/// For other plans than the one that is tried nothing is expected.
fn sign(plan: &Plan, line: &TriedPlan) -> &'static str {
    match (line.plan == plan.name, arrives(line)) {
        (false, _) => "·",
        (true, true) => "✔",
        (true, false) => "✘",
    }
}

/// A run that is under way already, or a guard that holds the incident, shows the way just as well.
fn arrives(line: &TriedPlan) -> bool {
    matches!(line.would.as_str(), "would-start" | "would-join" | "would-wait")
}

fn verdict(plan: &Plan, tried: &Tried, number: &str) -> Exit {
    let came = tried.plans.iter().any(|line| line.plan == plan.name && arrives(line));
    if came && tried.number == number { Exit::Fine } else { Exit::NotRecovered }
}
