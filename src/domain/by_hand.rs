//! A failover by hand: the same steps as exact commands, for the day on which nothing of Reveille is left but paper.
//!
//! Pure and offline: it is printed beforehand. What must be seen before the next step stands with each.

mod inside;

use super::plan::{App, AppKind, DatabaseAuth, Plan, Promote, Site};
use super::report::advice::{aks_command, promote_command};
use super::resource::ResourceId;

/// What a person does when one site is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    pub lost: String,
    pub to: String,
    pub steps: Vec<HandStep>,
}

/// One step, to be ticked off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandStep {
    pub title: String,
    /// What it is for, and what to mind.
    pub means: String,
    pub commands: Vec<String>,
    /// What has to be seen before the next step.
    pub until: String,
    /// What to do when it is not seen.
    pub otherwise: String,
}

/// The whole way from `lost` to the other site.
pub fn by_hand(plan: &Plan, lost: &Site) -> ByHand {
    let to = plan.other(&lost.name);
    let mut steps = vec![hold(plan), confirm(plan, lost, to), fence(plan, lost), start(to), writer(plan)];
    steps.extend(inside::steps(plan, to));
    steps.extend([app(plan, to), route(plan, to), tell(plan)]);
    ByHand { lost: lost.name.to_string(), to: to.name.to_string(), steps }
}

fn step(title: &str, means: impl Into<String>, commands: Vec<String>, until: &str, otherwise: &str) -> HandStep {
    HandStep {
        title: title.to_owned(),
        means: means.into(),
        commands,
        until: until.to_owned(),
        otherwise: otherwise.to_owned(),
    }
}

fn hold(plan: &Plan) -> HandStep {
    step(
        "Keep Reveille from acting at the same time",
        "Two hands on one switch are worse than one. Skip this when its function app is gone; with --direct the same \
         command needs only its store.",
        vec![format!("reveille pause {} --why \"failover by hand\" --execute", plan.name)],
        "It says paused, or cannot be reached in any way.",
        "Go on: what is done by hand is seen by it, and it does nothing twice.",
    )
}

fn confirm(plan: &Plan, lost: &Site, to: &Site) -> HandStep {
    let health = format!(
        "az monitor metrics list --resource {} --metrics OriginHealthPercentage --aggregation Average --interval PT1M \
         --filter \"Origin eq '{}'\" --output table",
        plan.front_door.profile, lost.origin.host
    );
    let mut commands: Vec<String> = plan.apps.iter().map(|app| look(app, &lost.origin.to_string())).collect();
    commands.extend([health, shows_power(&lost.cluster)]);
    step(
        "Make sure that the outage is real",
        format!(
            "Two witnesses: your own look at {}, and Front Door's. The newest point of the metric may be missing. Look at \
             something else in the internet too: it may be you who is cut off. {} is stopped, so it does not answer.",
            lost.name, to.name
        ),
        commands,
        "Both say for two minutes or longer that it does not serve.",
        "If it serves, stop here. If they disagree, ask a second person at another place.",
    )
}

fn fence(plan: &Plan, lost: &Site) -> HandStep {
    let mut commands = Vec::new();
    if plan.fence.scales() {
        commands.extend(inside::to_zero(plan, lost));
    }
    commands.extend([aks_command("stop", &lost.cluster), shows_power(&lost.cluster)]);
    step(
        &format!("Fence {}", lost.name),
        "Two sites on one database destroy it. An accepted stop proves nothing; only the state does. AKS takes minutes.",
        commands,
        "Succeeded and Stopped.",
        "When its region cannot be reached at all, somebody with authority decides to go on and writes it down: it has to be \
         stopped before it can serve again, and that is tried every few minutes from now on.",
    )
}

fn start(to: &Site) -> HandStep {
    step(
        &format!("Start {}", to.name),
        "Can be begun while the fence is under way only when the workload there is parked; else it starts with the cluster.",
        vec![aks_command("start", &to.cluster), shows_power(&to.cluster)],
        "Succeeded and Running.",
        "For lack of capacity (AllocationFailed, SkuNotAvailable) send it again every few minutes, and ask Azure's support. \
         It is refused for 15 to 30 minutes after a stop.",
    )
}

fn writer(plan: &Plan) -> HandStep {
    let database = &plan.database;
    let connect = format!(
        "psql \"host={} port={} dbname={} user={} sslmode=require connect_timeout=10\" -c",
        database.writer_host, database.port, database.database, database.user
    );
    let mut commands = login(&database.auth);
    commands.extend([
        format!("{connect} \"SELECT pg_is_in_recovery(), current_setting('transaction_read_only')\""),
        format!("{connect} \"UPDATE reveille_canary SET counter = counter + 1 WHERE id = 1 RETURNING counter\""),
    ]);
    commands.extend(database.servers.iter().map(role));
    let promotes = database.servers.iter().map(promote_command).collect::<Vec<_>>().join("\n    ");
    let word = match database.promote {
        Promote::Never => "This plan is not meant to be promoted: ask the database's owner first. ",
        Promote::Ask | Promote::Forced => "",
    };
    step(
        "Prove that the database takes writes",
        "Under its writer name, which follows a switchover.",
        commands,
        "f and off, and the counter one higher than before.",
        &format!(
            "{word}When its server is lost, promote the one whose role is AsyncReplica, and no other. What had not been \
             replicated is lost for good, so a person decides:\n    {promotes}"
        ),
    )
}

/// How the password comes into psql without standing in a command line.
fn login(auth: &DatabaseAuth) -> Vec<String> {
    match auth {
        DatabaseAuth::Password(_) => vec!["read -rs PGPASSWORD && export PGPASSWORD".to_owned()],
        DatabaseAuth::Entra => vec![
            "export PGPASSWORD=$(az account get-access-token --resource-type oss-rdbms --query accessToken --output tsv)"
                .to_owned(),
        ],
    }
}

fn role(server: &ResourceId) -> String {
    format!(
        "az postgres flexible-server show --subscription {} --resource-group {} --name {} --query \"{{state: state, role: \
         replicationRole}}\" --output table",
        server.subscription(),
        server.resource_group(),
        server.name()
    )
}

fn app(plan: &Plan, to: &Site) -> HandStep {
    step(
        "Wait until the application serves",
        format!("At {} itself, past Front Door. SonarQube needs minutes.", to.name),
        plan.apps.iter().map(|app| look(app, &to.origin.to_string())).collect(),
        &plan.apps.iter().map(|app| healthy(&app.kind)).collect::<Vec<_>>().join("; "),
        "Look at the pods: kubectl get pods --namespace NAMESPACE, then their logs.",
    )
}

fn route(plan: &Plan, to: &Site) -> HandStep {
    let through = |app: &App| look(app, &plan.front_door.hostname.to_string());
    let header = plan.apps.iter().find_map(|app| app.served_by_header.as_deref());
    let until = match header {
        Some(header) => format!("It serves, and {header} is {}.", to.served_by),
        None => "It serves. No header tells which site it is; the lost one must be stopped.".to_owned(),
    };
    step(
        "See it through Front Door",
        "Front Door turns to the standby by itself once its probes see it.",
        plan.apps.iter().map(through).collect(),
        &until,
        "Wait two minutes; then look whether the standby's origin is enabled in Front Door's origin group.",
    )
}

fn tell(plan: &Plan) -> HandStep {
    step(
        "Write it down, and tell Reveille when it is back",
        "It does not know who serves now: a forced failover looks, finds everything done, and keeps the record.",
        vec![
            format!("reveille failover {} --why \"done by hand at TIME by NAME\" --force --execute", plan.name),
            format!("reveille resume {} --why \"it knows the new primary\" --execute", plan.name),
        ],
        "reveille status names the new primary.",
        "Leave it paused, and call its owners.",
    )
}

/// Own look at an application, with the headers that tell who answered.
fn look(app: &App, host: &str) -> String {
    format!("curl --silent --show-error --max-time 10 --dump-header - \"https://{host}{}\"", app.kind.path())
}

fn healthy(kind: &AppKind) -> String {
    match kind {
        AppKind::Sonarqube => "HTTP 200 and \"status\":\"UP\" (not STARTING, not DB_MIGRATION_NEEDED)".to_owned(),
        AppKind::Http { status, .. } => format!("HTTP {status}, and what the configuration wants of header and body"),
    }
}

fn shows_power(cluster: &ResourceId) -> String {
    format!("{} --query \"[provisioningState, powerState.code]\" --output tsv", aks_command("show", cluster))
}
