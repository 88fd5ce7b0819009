//! `reveille check`: first contact. Looks at everything that a recovery needs, from here or by the function app, and changes
//! nothing; with `--offline` only at the file, of which it tells every mistake at once.

use super::{CliError, Exit, Output, connect};
use crate::config::{self, Config, ConfigErrors, Identity};
use crate::domain::names::PlanName;
use crate::domain::plan::Plan;
use crate::domain::readiness::Checkup;
use crate::observe::Observer;
use crate::render::terminal;
use crate::store::MemoryStore;
use crate::triggers::{BuildError, Eyes};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// Set by Azure where there is a managed identity (learn.microsoft.com, App Service, REST endpoint reference).
const IDENTITY_ENDPOINT: &str = "IDENTITY_ENDPOINT";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this plan; all without it
    #[arg(value_name = "PLAN")]
    plan: Option<String>,
    /// Look at the file alone, ask nobody
    #[arg(long, conflicts_with_all = ["plan", "by_app", "identity"])]
    offline: bool,
    /// Have the function app look, with its identity and from its network (--url, REVEILLE_KEY)
    #[arg(long, conflicts_with_all = ["config", "identity"])]
    by_app: bool,
    /// As whom Azure is asked; without it as configured, and where no managed identity is, as you (`az login`)
    #[arg(long, value_enum)]
    identity: Option<As>,
    /// The file; without it REVEILLE_CONFIG, else reveille.toml in the app folder or here
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum As {
    Managed,
    AzureCli,
}

pub(super) fn run(args: &Args, connection: &connect::Connection, json: bool) -> Exit {
    let out = Output::new(json, None);
    if args.by_app {
        return asked(&out, by_app(args, connection), json);
    }
    let path = args.config.clone().unwrap_or_else(|| config::document_path(&config::process_env));
    match config::load(&path) {
        Err(errors) => {
            bad(&errors, &out);
            Exit::Usage
        }
        Ok(config) if args.offline => {
            let text = if out.json { good_json(&config) } else { good(&path.display().to_string(), &config) };
            out.data(&text);
            Exit::Fine
        }
        Ok(config) => asked(&out, from_here(args, config), json),
    }
}

/// Shows what was found; in JSON as the app's own interface has it.
fn asked(out: &Output, looking: impl Future<Output = Result<(Checkup, Output), CliError>>, json: bool) -> Exit {
    let looked = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(looking),
        Err(error) => Err(CliError::Runtime(error)),
    };
    let (checkup, out) = match looked {
        Ok(looked) => looked,
        Err(error) => {
            out.error(&error);
            return error.exit();
        }
    };
    match json {
        true => out.data(&serde_json::to_string(&checkup).unwrap_or_default()),
        false => out.data(&terminal::check(&checkup, Output::screen())),
    }
    if checkup.is_fine() { Exit::Fine } else { Exit::NotRecovered }
}

async fn by_app(args: &Args, connection: &connect::Connection) -> Result<(Checkup, Output), CliError> {
    let client = connection.remote()?;
    let out = Output::new(false, client.key().cloned());
    let checkup = client.check(args.plan.as_deref()).await?;
    Ok((checkup.value, out))
}

async fn from_here(args: &Args, mut config: Config) -> Result<(Checkup, Output), CliError> {
    let identity = choose(args.identity, &mut config);
    let plans = wanted(args, &config)?;
    let observer = observer(&config).map_err(|error| CliError::Usage(error.to_string()))?;
    let checkup = observer.checkup(&plans, identity).await;
    Ok((checkup, Output::new(false, None)))
}

/// The managed identity exists only in Azure. Elsewhere the person who looks is who asks, and it is said so.
fn choose(wanted: Option<As>, config: &mut Config) -> &'static str {
    let in_azure = config::process_env(IDENTITY_ENDPOINT).is_some_and(|value| !value.is_empty());
    let configured = match &config.identity {
        Identity::Managed { .. } if in_azure => As::Managed,
        _ => As::AzureCli,
    };
    match wanted.unwrap_or(configured) {
        As::Managed => {
            if config.identity == Identity::AzureCli {
                config.identity = Identity::Managed { client_id: None };
            }
            "the configured managed identity"
        }
        As::AzureCli => {
            config.identity = Identity::AzureCli;
            "you, by `az login`; the permissions are yours, not the function app's (--by-app asks it)"
        }
    }
}

/// The same for other commands that ask Azure from here.
pub(super) fn as_caller(config: &mut Config) {
    choose(None, config);
}

fn wanted<'a>(args: &Args, config: &'a Config) -> Result<Vec<&'a Plan>, CliError> {
    let Some(name) = &args.plan else { return Ok(config.plans.iter().collect()) };
    match config.plan(&PlanName::new(name)) {
        Some(plan) => Ok(vec![plan]),
        None => Err(CliError::Usage(format!("there is no plan {name} in the configuration"))),
    }
}

/// A store in a folder that is not on this machine remembers nothing here.
pub(super) fn observer(config: &Config) -> Result<Observer, BuildError> {
    let eyes = Eyes::of(config)?;
    let store = eyes.store_to_look_at(config)?;
    Ok(eyes.observer(config, store.unwrap_or_else(|| Arc::new(MemoryStore::new()))))
}

fn good(path: &str, config: &Config) -> String {
    let plans: String = config.plans.iter().map(plan_line).collect();
    format!("{path} is valid: {}\n{plans}", counted(config.plans.len(), "plan"))
}

fn plan_line(plan: &Plan) -> String {
    let preferred = &plan.preferred().name;
    let standby = &plan.other(preferred).name;
    let automation = json!(plan.automation);
    let automation = automation.as_str().unwrap_or_default();
    format!("  {}  {automation}, {preferred} with {standby} as standby\n", plan.name)
}

fn good_json(config: &Config) -> String {
    let names: Vec<&str> = config.plans.iter().map(|plan| plan.name.as_str()).collect();
    json!({ "valid": true, "plans": names, "digest": config.digest, "errors": [] }).to_string()
}

/// Mistakes are what was asked for, but they are messages to people; machines get them as data.
pub(super) fn bad(errors: &ConfigErrors, out: &Output) {
    if out.json {
        let errors: Vec<Value> = errors.0.iter().map(error_json).collect();
        return out.data(&json!({ "valid": false, "plans": [], "errors": errors }).to_string());
    }
    out.message(&errors.to_string());
    out.message(&format!("\nerror: {} in the configuration", counted(errors.0.len(), "mistake")));
}

fn error_json(error: &config::ConfigError) -> Value {
    let at = error.position;
    json!({
        "file": error.file,
        "line": at.map(|at| at.line),
        "column": at.map(|at| at.column),
        "key": error.key,
        "message": error.message,
    })
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
