//! `reveille runbook`: the plan's steps as commands that a person types, ready to be printed beforehand. Asks nobody.

use super::check::bad;
use super::{Exit, Output};
use crate::config::{self, Config};
use crate::domain::by_hand::by_hand;
use crate::domain::plan::{Plan, Site};
use crate::render::markdown;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this plan; without it every plan of the file
    plan: Option<String>,
    /// Only for the loss of this site; without it one chapter for each
    #[arg(long, value_name = "SITE")]
    lost: Option<String>,
    /// The file; without it REVEILLE_CONFIG, else reveille.toml in the app folder or here
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &Args, out: &Output) -> Exit {
    let path = args.config.clone().unwrap_or_else(|| config::document_path(&config::process_env));
    match config::load(&path) {
        Ok(config) => print(args, &config, out),
        Err(errors) => {
            bad(&errors, out);
            Exit::Usage
        }
    }
}

fn print(args: &Args, config: &Config, out: &Output) -> Exit {
    let is_wanted = |plan: &&Plan| args.plan.as_ref().is_none_or(|name| name == plan.name.as_str());
    let made = format!("Made by reveille {} of the configuration {}.", env!("CARGO_PKG_VERSION"), config.digest);
    let pages = config.plans.iter().filter(is_wanted).filter_map(|plan| page(plan, args.lost.as_deref(), &made));
    let pages: Vec<String> = pages.collect();
    if pages.is_empty() {
        out.message("error: the file has no such plan, or the plan no such site");
        return Exit::Usage;
    }
    out.data(&pages.join("\n"));
    Exit::Fine
}

/// `None` when the plan has no such site.
fn page(plan: &Plan, lost: Option<&str>, made: &str) -> Option<String> {
    let mut sites: Vec<&Site> =
        plan.sites.iter().filter(|site| lost.is_none_or(|lost| lost == site.name.as_str())).collect();
    sites.sort_by_key(|site| !site.preferred);
    let ways: Vec<_> = sites.into_iter().map(|site| by_hand(plan, site)).collect();
    (!ways.is_empty()).then(|| markdown::by_hand(plan, &ways, made))
}
