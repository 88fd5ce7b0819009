//! One thing after the other is broken in the simulated Azure: each is found, named, and its fix shown, and nothing else is
//! reported. A healthy world has nothing but ticks.

use super::laptop::rested;
use crate::support::stage::{PLAN, Stage};
use chrono::{TimeDelta, Utc};
use reveille::domain::readiness::{Checkup, Finding, Mark};
use reveille::sandbox::vault::{self, VaultFault};
use reveille::sandbox::world::{AccessRole, ArmFault, FaultAction, Power, Provisioning, World};
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const PRIMARY: &str = "aks-sonar-eastus2";
const STANDBY: &str = "aks-sonar-centralus";
const PROFILE: &str = "afd-sonarqube";
const WRITER: &str = "pg-sonar-eastus2";
const REPLICA: &str = "pg-sonar-centralus";
/// What is remembered of names, and heartbeats that are not overdue yet, hide what was just broken for a while.
const SETTLES: Duration = Duration::from_secs(20);

/// First contact as the app sees it.
pub async fn checked(stage: &Stage) -> Checkup {
    let reply = stage.get(&format!("v1/check?plan={PLAN}")).await;
    assert_eq!(reply.status, 200, "{reply:?}\n{}", stage.story());
    serde_json::from_value(reply.json()).unwrap_or_else(|error| panic!("{error}: {reply:?}"))
}

fn open(checkup: &Checkup) -> Vec<&Finding> {
    checkup.findings().filter(|finding| finding.mark() != Mark::Fine).collect()
}

/// Something that is broken.
struct Break {
    /// The checks that find it, one or two, and how they are marked.
    found: &'static str,
    mark: Mark,
    /// What is said of it: the object, and what is wrong.
    says: [&'static str; 2],
    /// Words of the fix, or of its command.
    fix: &'static str,
    turn: fn(&Stage, bool),
}

fn refuse(world: &World, path: &str, action: &str, on: bool) {
    let message = format!(
        "The client 'x' with object id '9f1c' does not have authorization to perform action '{action}' over scope '/x'."
    );
    fault(world, path, FaultAction::error(403, "AuthorizationFailed", &message), on);
}

fn gone(world: &World, path: &str, on: bool) {
    fault(world, path, FaultAction::error(404, "ResourceNotFound", "The resource was not found."), on);
}

fn fault(world: &World, path: &str, action: FaultAction, on: bool) {
    match on {
        true => world.add_fault(ArmFault::on("GET", path, action)),
        false => world.clear_faults_on(path),
    }
}

fn without(world: &World, action: &str, on: bool) {
    let not_actions = if on { vec![action.to_owned()] } else { Vec::new() };
    world.change_estate(|it| it.roles = vec![AccessRole { actions: vec!["*".into()], not_actions }]);
}

const fn broken(found: &'static str, says: [&'static str; 2], fix: &'static str, turn: fn(&Stage, bool)) -> Break {
    Break { found, mark: Mark::Broken, says, fix, turn }
}

const fn unseen(found: &'static str, says: [&'static str; 2], fix: &'static str, turn: fn(&Stage, bool)) -> Break {
    Break { found, mark: Mark::Unknown, says, fix, turn }
}

const BREAKS: [Break; 33] = [
    // --- resources
    broken("standby-cluster", [STANDBY, "does not exist"], "Correct the plan", |stage, on| {
        gone(stage.world(), &format!("managedClusters/{STANDBY}"), on)
    }),
    broken("standby-cluster", [STANDBY, "Failed"], "az aks stop", |stage, on| {
        let power = if on { (Power::Running, Provisioning::Failed) } else { (Power::Stopped, Provisioning::Succeeded) };
        stage.world().change_cluster(STANDBY, |it| (it.power, it.provisioning) = power);
    }),
    broken("primary-cluster", [PRIMARY, "Failed"], "az aks show", |stage, on| {
        let state = if on { Provisioning::Failed } else { Provisioning::Succeeded };
        stage.world().change_cluster(PRIMARY, |it| it.provisioning = state);
    }),
    broken("database-server", [WRITER, "Stopped"], "az postgres flexible-server start", |stage, on| {
        let state = if on { "Stopped" } else { "Ready" };
        stage.world().change_server(WRITER, |it| it.state = state.into());
    }),
    broken("database-server", [REPLICA, "does not exist"], "Correct the plan", |stage, on| {
        gone(stage.world(), &format!("flexibleServers/{REPLICA}"), on)
    }),
    broken("replication-state", [REPLICA, "Broken"], "make a new replica", |stage, on| {
        stage.world().change_server(REPLICA, |it| it.replication_state = on.then(|| "Broken".into()))
    }),
    broken("front-door-profile", [PROFILE, "does not exist"], "Correct the plan", |stage, on| {
        gone(stage.world(), &format!("profiles/{PROFILE}"), on)
    }),
    broken("standby-origin", ["sonar-centralus.example.com", "is disabled"], "az afd origin update", |stage, on| {
        stage.world().change_profile(PROFILE, |it| it.origins[1].enabled = !on)
    }),
    broken("origin-priorities", ["sonar-centralus.example.com", "priority 1"], "the smaller number", |stage, on| {
        stage.world().change_profile(PROFILE, |it| it.origins[1].priority = Some(if on { 1 } else { 2 }))
    }),
    broken("quota", ["centralus", "standardDSv5Family"], "az vm list-usage", |stage, on| {
        let limits =
            if on { [(("centralus".into(), "standardDSv5Family".into()), 19)].into() } else { Default::default() };
        stage.world().change_estate(|it| it.limits = limits);
    }),
    broken("machine-sizes", ["centralus", "cannot be had"], "az vm list-skus", |stage, on| {
        let restricted = on.then(|| "centralus".to_owned()).into_iter().collect();
        stage.world().change_estate(|it| it.sizes[1].restricted_in = restricted);
    }),
    // --- permissions
    broken("standby-permissions", [STANDBY, "start/action"], "az role definition create", |stage, on| {
        without(stage.world(), "Microsoft.ContainerService/managedClusters/start/action", on)
    }),
    broken("primary-permissions", [PRIMARY, "stop/action"], "az role assignment create", |stage, on| {
        // The standby's own lack of it is a note, since only rehearsals need it.
        without(stage.world(), "Microsoft.ContainerService/managedClusters/stop/action", on)
    }),
    unseen("database-server", [WRITER, "flexibleServers/read"], "--role \"Reader\"", |stage, on| {
        refuse(
            stage.world(),
            &format!("flexibleServers/{WRITER}"),
            "Microsoft.DBforPostgreSQL/flexibleServers/read",
            on,
        )
    }),
    unseen(
        "quota",
        ["centralus", "usages/read"],
        "az role assignment create --assignee-object-id 9f1c",
        |stage, on| refuse(stage.world(), "/locations/centralus/usages", "Microsoft.Compute/locations/usages/read", on),
    ),
    unseen("alert-rule", ["origin-health", "metricAlerts/read"], "--role \"Reader\"", |stage, on| {
        refuse(stage.world(), "/metricAlerts", "Microsoft.Insights/metricAlerts/read", on)
    }),
    unseen("machine-sizes", ["centralus", "no answer within"], "Ask again", |stage, on| {
        fault(stage.world(), "Microsoft.Compute/skus", FaultAction::Slow { delay_ms: 4_000 }, on)
    }),
    // --- names
    broken("name-standby", ["sonar-centralus.example.com", "NXDOMAIN"], "nslookup sonar-centralus", |stage, on| {
        stage.world().hide_name("sonar-centralus.example.com", on)
    }),
    broken("name-primary", ["sonar-eastus2.example.com", "NXDOMAIN"], "DNS record", |stage, on| {
        stage.world().hide_name("sonar-eastus2.example.com", on)
    }),
    broken("name-front-door", ["azurefd.net", "NXDOMAIN"], "DNS record", |stage, on| {
        stage.world().hide_name(&stage.world().workloads()[0].endpoint_host(), on)
    }),
    broken("name-azure", ["management.azure.com", "NXDOMAIN"], "[network] dns_servers", |stage, on| {
        stage.world().hide_name("management.azure.com", on)
    }),
    broken("writer-resolves", ["writer.postgres", "NXDOMAIN"], "private DNS zone", |stage, on| {
        stage.world().hide_name(&stage.world().workloads()[0].writer_host(), on)
    }),
    // --- TLS
    broken("certificate-front-door", ["azurefd.net", "certificate expired"], "Renew it", |stage, on| {
        stage.sandbox.spoil_certificate(&stage.world().workloads()[0].endpoint_host(), on)
    }),
    broken("certificate-primary", ["sonar-eastus2.example.com", "certificate expired"], "Renew it", |stage, on| {
        stage.sandbox.spoil_certificate("sonar-eastus2.example.com", on)
    }),
    // --- SQL
    broken("writer-writable", ["writer.postgres", "read"], "takes no writes", |stage, on| {
        stage.world().change_server(WRITER, |it| it.read_only = on)
    }),
    broken("writer-connects", ["writer.postgres", "password"], "[plan.database]", |stage, on| {
        let password = stage.world().settings().password;
        let other = if on { format!("{password}-other") } else { password.trim_end_matches("-other").to_owned() };
        stage.world().configure(|settings| settings.password = other);
    }),
    // --- secrets
    broken("secret", ["the database password", "Key Vault Secrets User"], "az role assignment create", |stage, on| {
        stage.world().break_vault(on.then_some(VaultFault::NoRole))
    }),
    broken("secret", ["the database password", "expires on"], "new version", |stage, on| {
        let end = on.then(|| Utc::now() + TimeDelta::days(5));
        stage.world().change_secret(vault::PASSWORD, |it| it.expires = end);
    }),
    // --- alerts
    broken("alert-rule", ["origin-health", "is disabled"], "az monitor metrics alert update", |stage, on| {
        stage.world().change_estate(|it| it.rule.enabled = !on)
    }),
    broken("alert-rule-origin", ["origin-health", "not filtered by origin"], "Split the rule", |stage, on| {
        stage.world().change_estate(|it| it.rule.origins = on.then(Vec::new))
    }),
    broken("action-group", ["ag-dr", "no receiver that is this Reveille"], "Add the function `alert`", |stage, on| {
        let own = stage.url("alert");
        let wrong = "https://old-app.azurewebsites.net/api/alert?code=x".to_owned();
        stage.world().change_estate(|it| it.group.webhooks = vec![if on { wrong } else { own }]);
    }),
    broken("heartbeat", ["reveille-heartbeat", "no heartbeat"], "reveille test-alert", |stage, on| {
        stage.sandbox.lose_heartbeats(on)
    }),
    // --- clock
    broken("clock", ["clock", "behind Azure's"], "timedatectl", |stage, on| {
        stage.world().tune(|knobs| knobs.clock_ahead = if on { 400 } else { 0 })
    }),
];

/// What was broken may take a moment to be seen, and so may its mending.
async fn settled(stage: &Stage, wanted: impl Fn(&[&Finding]) -> bool) -> Checkup {
    let deadline = Instant::now() + SETTLES;
    loop {
        let checkup = checked(stage).await;
        if wanted(&open(&checkup)) || Instant::now() > deadline {
            return checkup;
        }
        sleep(Duration::from_millis(300)).await;
    }
}

fn fits(finding: &Finding, broken: &Break) -> bool {
    let fixes = format!("{} {}", finding.fix, finding.commands.join(" "));
    finding.check == broken.found
        && finding.mark() == broken.mark
        && broken.says.iter().all(|said| finding.text().contains(said))
        && fixes.contains(broken.fix)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_that_is_broken_is_found_with_its_fix_and_nothing_else_is() {
    let stage = rested().await;
    let healthy = settled(&stage, |found| found.is_empty()).await;
    assert!(healthy.is_fine() && open(&healthy).is_empty(), "{:#?}", open(&healthy));
    let before = stage.touched();
    let mut wrong = Vec::new();
    for broken in &BREAKS {
        (broken.turn)(&stage, true);
        let checkup = settled(&stage, |found| found.len() == 1 && fits(found[0], broken)).await;
        (broken.turn)(&stage, false);
        let found = open(&checkup);
        if found.len() != 1 || !fits(found[0], broken) {
            wrong.push(format!("{} {:?}: {found:#?}", broken.found, broken.says));
        } else if broken.mark == Mark::Broken {
            assert!(!checkup.is_fine(), "{}", broken.found);
        }
        let mended = settled(&stage, |found| found.is_empty()).await;
        assert!(open(&mended).is_empty(), "{} was mended: {:#?}", broken.found, open(&mended));
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), BREAKS.len(), wrong.join("\n"));
    assert_eq!(stage.touched(), before, "nothing was changed");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_read_is_one_finding() {
    let stage = rested().await;
    let (logs, away) = (stage.state().join("logs"), stage.state().join("logs-away"));
    std::fs::rename(&logs, &away).unwrap();
    std::fs::write(&logs, "no folder").unwrap();
    let checkup = checked(&stage).await;
    std::fs::remove_file(&logs).unwrap();
    std::fs::rename(&away, &logs).unwrap();
    let found = open(&checkup);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].check == "store" && found[0].saw.contains("cannot be read"), "{found:#?}");
    assert!(found[0].fix.contains("Correct [store]"), "{found:#?}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_in_the_region_that_it_protects_against_says_so() {
    let mut scenario = crate::support::stage::calm();
    scenario.world.app_region = "East US 2".to_owned();
    let stage = Stage::open(scenario).await;
    let checkup = checked(&stage).await;
    let place = checkup.findings().find(|finding| finding.check == "app-region").unwrap();
    assert!(place.mark() == Mark::Broken && place.saw.contains("eastus2"), "{place:#?}");
    assert!(place.fix.contains("third region"), "{place:#?}");
    let told = stage
        .until("the caution", async || {
            let status = stage.plan().await;
            (status["cautions"] != json!(null)).then_some(status)
        })
        .await;
    assert!(told["sentence"].as_str().unwrap().contains("the region that it protects against"), "{told}");
    assert_eq!(told["light"], "yellow");
    stage.close().await;
}
