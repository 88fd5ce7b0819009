//! `reveille plan`: what each kind of run would do, call by call, and the roles that all of it needs. Asks nobody.

use super::check::bad;
use super::{Exit, Output};
use crate::azure::{self, SetUpError};
use crate::config::{self, Config};
use crate::domain::history::History;
use crate::domain::outlook::{Outlook, Role, Roles, roles};
use crate::domain::plan::Plan;
use crate::observe::planned::Planned;
use crate::render::{kubernetes_role, terminal};
use crate::steps::outlook::{both_ways, outlook};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this plan; without it every plan of the file
    plan: Option<String>,
    /// The file; without it REVEILLE_CONFIG, else reveille.toml in the app folder or here
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Print a least-privilege role as `az role definition create --role-definition @file` takes it
    #[arg(long, value_name = "PART", num_args = 0..=1, default_missing_value = "resources", conflicts_with = "kubernetes_role")]
    role: Option<Part>,
    /// Print the access rules inside the clusters as YAML
    #[arg(long)]
    kubernetes_role: bool,
}

/// The roles of a plan, apart so that none holds more than its scope needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// What the plan names: clusters and the Front Door profile
    Resources,
    /// Operations and alerts, which lie beside the resources in their subscription
    Subscription,
    /// Commands inside clusters whose API server cannot be reached from here
    Commands,
    /// Data actions inside clusters that ask Azure who may do what (Azure RBAC for Kubernetes)
    Inside,
}

/// Why there is nothing to print.
#[derive(Debug, thiserror::Error)]
enum NoOutlook {
    #[error("there is no plan {0:?} in the file")]
    NoSuchPlan(String),
    #[error("a role is of one plan; the file has {}: {}", .0.len(), .0.join(", "))]
    WhichPlan(Vec<String>),
    #[error("plan {plan} makes no calls that such a role would allow")]
    NothingToAllow { plan: String },
    #[error(transparent)]
    Azure(#[from] SetUpError),
}

pub(super) fn run(args: &Args, out: &Output) -> Exit {
    let path = args.config.clone().unwrap_or_else(|| config::document_path(&config::process_env));
    let config = match config::load(&path) {
        Ok(config) => config,
        Err(errors) => {
            bad(&errors, out);
            return Exit::Usage;
        }
    };
    match print(args, &config, out) {
        Ok(()) => Exit::Fine,
        Err(why) => {
            out.message(&format!("error: {why}"));
            Exit::Usage
        }
    }
}

fn print(args: &Args, config: &Config, out: &Output) -> Result<(), NoOutlook> {
    let planned = Planned { azure: azure::Planned::new(&config.cloud.arm)? };
    let plans = wanted(args, config)?;
    if args.role.is_none() && !args.kubernetes_role {
        told(&plans, &planned, out);
        return Ok(());
    }
    let [plan] = plans.as_slice() else {
        return Err(NoOutlook::WhichPlan(plans.iter().map(|plan| plan.name.to_string()).collect()));
    };
    let roles = roles(&plan.name, &both_ways(plan, &planned));
    match args.role {
        Some(part) => role(plan, part.of(&roles), out),
        None => inside(plan, &roles, out),
    }
}

fn wanted<'a>(args: &Args, config: &'a Config) -> Result<Vec<&'a Plan>, NoOutlook> {
    let is_wanted = |plan: &&Plan| args.plan.as_ref().is_none_or(|name| name == plan.name.as_str());
    let plans: Vec<&Plan> = config.plans.iter().filter(is_wanted).collect();
    match &args.plan {
        Some(name) if plans.is_empty() => Err(NoOutlook::NoSuchPlan(name.clone())),
        _ => Ok(plans),
    }
}

fn told(plans: &[&Plan], planned: &Planned, out: &Output) {
    let outlooks: Vec<Outlook> =
        plans.iter().map(|plan| outlook(plan, plan.preferred(), planned, &History::default())).collect();
    if out.json {
        return out.data(&json!({ "plans": outlooks }).to_string());
    }
    let pages: Vec<String> = outlooks.iter().map(|outlook| terminal::outlook(outlook, Output::screen())).collect();
    out.data(&pages.join("\n"));
}

impl Part {
    fn of(self, roles: &Roles) -> &Role {
        match self {
            Self::Resources => &roles.resources,
            Self::Subscription => &roles.subscriptions,
            Self::Commands => &roles.commands,
            Self::Inside => &roles.inside,
        }
    }
}

/// The file to stdout, and what to do with it to stderr.
fn role(plan: &Plan, role: &Role, out: &Output) -> Result<(), NoOutlook> {
    if role.is_empty() {
        return Err(NoOutlook::NothingToAllow { plan: plan.name.to_string() });
    }
    out.data(&serde_json::to_string_pretty(role).unwrap_or_default());
    let assign = role.assignments.iter().map(|at| {
        format!("\n  az role assignment create --role \"{}\" --assignee-object-id OBJECT_ID --assignee-principal-type ServicePrincipal --scope {}", role.name, at.0)
    });
    out.suggest(
        "In a file, this is a role; the identity needs it at these scopes, and at none above them",
        &format!("az role definition create --role-definition @FILE{}", assign.collect::<String>()),
    );
    Ok(())
}

fn inside(plan: &Plan, roles: &Roles, out: &Output) -> Result<(), NoOutlook> {
    let name = format!("reveille-{}", plan.name);
    let text = kubernetes_role(&roles.kubernetes, &name);
    if text.is_empty() {
        return Err(NoOutlook::NothingToAllow { plan: plan.name.to_string() });
    }
    out.data(&text);
    let bind = roles.kubernetes.namespaces.keys().map(|namespace| {
        format!("\n  kubectl create rolebinding {name} --role={name} --user=OBJECT_ID --namespace={namespace}")
    });
    let bind = bind.collect::<String>();
    out.suggest(
        "In a file, these are the rules of each cluster that decides by its own; the identity is known by its object id",
        &format!("kubectl apply -f FILE\n  kubectl create clusterrolebinding {name} --clusterrole={name} --user=OBJECT_ID{bind}"),
    );
    Ok(())
}
