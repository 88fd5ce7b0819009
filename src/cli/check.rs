//! `reveille check --offline`: every mistake of the configuration file at once, without a network.

use super::{Exit, Output};
use crate::config::{self, Config, ConfigErrors};
use crate::domain::plan::Plan;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Look at the file alone, ask nobody
    #[arg(long, required = true)]
    offline: bool,
    /// The file; without it REVEILLE_CONFIG, else reveille.toml in the app folder or here
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &Args, out: &Output) -> Exit {
    let path = args.config.clone().unwrap_or_else(|| config::document_path(&config::process_env));
    match config::load(&path) {
        Ok(config) => {
            let text = if out.json { good_json(&config) } else { good(&path.display().to_string(), &config) };
            out.data(&text);
            Exit::Fine
        }
        Err(errors) => {
            bad(&errors, out);
            Exit::Usage
        }
    }
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
