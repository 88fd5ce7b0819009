//! Readiness drills of the deployed binary: one thing after the other is broken in the simulated Azure, and exactly that
//! is found; nothing is ever touched.

use crate::cli::command::reveille;
use crate::support::stage::{PLAN, SERVING, Stage, calm};
use reveille::domain::report::Report;
use reveille::domain::runbook::RunKind;
use reveille::sandbox::world::{AccessRole, ArmFault, FaultAction, Power, Provisioning, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const STANDBY: &str = "aks-sonar-centralus";
const PROFILE: &str = "afd-sonarqube";
const REPLICA: &str = "pg-sonar-centralus";

async fn begin(stage: &Stage, drill: &str) -> crate::support::stage::Reply {
    let body = json!({"who": "Ada", "why": "a test", "kind": "drill", "drill": drill});
    stage.post(&format!("v1/plans/{PLAN}/runs"), &body).await
}

/// The report of a readiness drill, once it is over.
async fn assessed(stage: &Stage) -> Report {
    let reply = begin(stage, "readiness").await;
    assert_eq!(reply.status, 202, "{reply:?}\n{}", stage.story());
    let run = reply.json()["run"].as_str().unwrap().to_owned();
    stage
        .until("the end of the drill", async || {
            let view = stage.get(&format!("v1/runs/{run}")).await.json();
            view["closed"].as_bool().filter(|closed| *closed)
        })
        .await;
    let report = stage.get(&format!("v1/runs/{run}/report")).await;
    serde_json::from_value(report.json()).unwrap_or_else(|error| panic!("{error}: {report:?}"))
}

/// What is not plainly in order, as `check severity`.
fn open(report: &Report) -> BTreeSet<String> {
    let findings = &report.readiness.as_ref().unwrap().findings;
    let open = findings.iter().filter(|it| it.severity.as_str() != "ok");
    open.map(|it| format!("{} {}", it.check, it.severity)).collect()
}

type Turn = fn(&World);

fn refuse(world: &World, path: &str, action: &str) {
    let message = format!(
        "The client 'x' with object id '9f1c' does not have authorization to perform action '{action}' over scope '/x'."
    );
    world.add_fault(ArmFault::on("GET", path, FaultAction::error(403, "AuthorizationFailed", &message)));
}

fn roles_without(world: &World, action: &str) {
    let role = AccessRole { actions: vec!["*".into()], not_actions: vec![action.into()] };
    world.change_estate(|estate| estate.roles = vec![role]);
}

/// What is broken, what is found, and how it is mended.
const BREAKS: [(&str, Turn, Turn); 20] = [
    (
        "standby-cluster warning",
        |world| {
            world.change_cluster(STANDBY, |it| (it.power, it.provisioning) = (Power::Running, Provisioning::Failed))
        },
        |world| {
            world.change_cluster(STANDBY, |it| (it.power, it.provisioning) = (Power::Stopped, Provisioning::Succeeded))
        },
    ),
    (
        "same-kubernetes-version warning",
        |world| world.change_cluster(STANDBY, |it| it.version = "1.34.1".into()),
        |world| world.change_cluster(STANDBY, |it| it.version = "1.33.4".into()),
    ),
    (
        "kubernetes-support warning",
        |world| world.change_estate(|it| it.versions[2].standard = false),
        |world| world.change_estate(|it| it.versions[2].standard = true),
    ),
    (
        "node-pools warning",
        |world| world.change_cluster(STANDBY, |it| it.pools[1].count = 2),
        |world| world.change_cluster(STANDBY, |it| it.pools[1].count = 3),
    ),
    (
        "machine-sizes blocker",
        |world| world.change_estate(|it| it.sizes[1].restricted_in.extend(["centralus".to_owned()])),
        |world| world.change_estate(|it| it.sizes[1].restricted_in.clear()),
    ),
    (
        "quota blocker",
        |world| world.change_estate(|it| it.limits.extend([(("centralus".into(), "standardDSv5Family".into()), 19)])),
        |world| world.change_estate(|it| it.limits.clear()),
    ),
    (
        "quota unknown",
        |world| refuse(world, "/locations/centralus/usages", "Microsoft.Compute/locations/usages/read"),
        World::clear_faults,
    ),
    (
        "replication-state blocker",
        |world| world.change_server(REPLICA, |it| it.replication_state = Some("Broken".into())),
        |world| world.change_server(REPLICA, |it| it.replication_state = None),
    ),
    (
        "replication-delay warning",
        |world| world.change_server(REPLICA, |it| it.lag = 1_000.0),
        |world| world.change_server(REPLICA, |it| it.lag = 1.0),
    ),
    (
        "writer-writable blocker",
        |world| world.change_server("pg-sonar-eastus2", |it| it.read_only = true),
        |world| world.change_server("pg-sonar-eastus2", |it| it.read_only = false),
    ),
    (
        "standby-origin blocker",
        |world| world.change_profile(PROFILE, |it| it.origins[1].enabled = false),
        |world| world.change_profile(PROFILE, |it| it.origins[1].enabled = true),
    ),
    (
        "origin-priorities warning",
        |world| world.change_profile(PROFILE, |it| it.origins[1].priority = Some(1)),
        |world| world.change_profile(PROFILE, |it| it.origins[1].priority = Some(2)),
    ),
    (
        "health-probe unknown",
        |world| refuse(world, "/originGroups/sonarqube", "Microsoft.Cdn/profiles/origingroups/read"),
        World::clear_faults,
    ),
    (
        "alert-rule warning",
        |world| world.change_estate(|it| it.rule.enabled = false),
        |world| world.change_estate(|it| it.rule.enabled = true),
    ),
    (
        "alert-rule-origin warning",
        |world| world.change_estate(|it| it.rule.origins = Some(Vec::new())),
        |world| world.change_estate(|it| it.rule.origins = None),
    ),
    (
        "action-group warning",
        |world| world.change_estate(|it| it.group.enabled = false),
        |world| world.change_estate(|it| it.group.enabled = true),
    ),
    (
        "standby-permissions blocker",
        |world| roles_without(world, "Microsoft.ContainerService/managedClusters/start/action"),
        |world| roles_without(world, "none"),
    ),
    (
        "standby-permissions unknown",
        |world| {
            let path = "aks-sonar-centralus/providers/Microsoft.Authorization/permissions";
            refuse(world, path, "Microsoft.Authorization/permissions/read");
        },
        World::clear_faults,
    ),
    (
        "machine-sizes unknown",
        |world| world.add_fault(ArmFault::on("GET", "Microsoft.Compute/skus", FaultAction::Slow { delay_ms: 4_000 })),
        World::clear_faults,
    ),
    (
        "kubernetes-support unknown",
        |world| {
            let broken = FaultAction::Answer { status: 200, body: json!({"odd": true}), retry_after: None };
            world.add_fault(ArmFault::on("GET", "/kubernetesVersions", broken));
        },
        World::clear_faults,
    ),
];

/// What a check that blocks or hides a blocker makes of the whole.
fn word_of(expected: &str) -> &'static str {
    match expected {
        _ if expected.ends_with("blocker") => "not-ready",
        "quota unknown" | "health-probe unknown" | "standby-permissions unknown" | "machine-sizes unknown" => {
            "not-known"
        }
        _ => "ready",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_that_is_broken_is_found_and_nothing_else() {
    let stage = Stage::open(calm()).await;
    let healthy = assessed(&stage).await;
    assert_eq!(healthy.state, "ready", "{:#?}", healthy.readiness);
    let usual = open(&healthy);
    for (expected, break_it, mend) in BREAKS {
        break_it(stage.world());
        let report = assessed(&stage).await;
        mend(stage.world());
        let found: Vec<String> = open(&report).difference(&usual).cloned().collect();
        // Two refusals hide behind one path: the group's own settings and its origins below it.
        let found: Vec<&String> = found.iter().filter(|it| *it != "standby-origin unknown").collect();
        assert_eq!(found, [expected], "{:#?}", report.readiness);
        assert_eq!(report.state, word_of(expected), "{expected}");
        let finding =
            report.readiness.unwrap().findings.into_iter().find(|it| expected.starts_with(&it.check)).unwrap();
        assert!(!finding.means.is_empty() || expected == "kubernetes-support unknown", "{finding:?}");
        if expected == "quota unknown" {
            assert!(finding.saw.contains("Microsoft.Compute/locations/usages/read"), "{finding:?}");
            assert!(finding.commands[0].contains("9f1c"), "{finding:?}");
        }
    }
    assert_eq!(open(&assessed(&stage).await), usual, "everything is mended");
    assert_eq!(stage.touched(), Vec::<String>::new());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_asks_and_its_exit_code_answers() {
    let stage = Stage::open(calm()).await;
    let ca = stage.sandbox.endpoints().ca_file;
    let call = |line: &str| {
        reveille(line)
            .set("REVEILLE_KEY", stage.key())
            .set("REVEILLE_URL", stage.url("").trim_end_matches('/'))
            .set("SSL_CERT_FILE", ca.clone())
    };
    let ready = call("drill sonarqube --wait").run().await;
    assert_eq!(ready.code, 0, "{}", ready.everything());
    for said in
        ["Ready: a recovery could begin now", "It would take about", "checks are in order", "no capacity is reserved"]
    {
        assert!(ready.stdout.contains(said), "{said}: {}", ready.everything());
    }
    stage.world().change_profile(PROFILE, |it| it.origins[1].enabled = false);
    let broken = call("drill sonarqube --kind readiness --why \"before the freeze\"").run().await;
    assert_eq!(broken.code, 3, "{}", broken.everything());
    assert!(broken.stdout.contains("az afd origin update"), "{}", broken.everything());
    let refused = call("drill sonarqube --kind standby --why \"a test\" --execute").run().await;
    assert_eq!(refused.code, 4, "{}", refused.everything());
    assert!(refused.stderr.contains("workload = \"parked\" lifts this"), "{}", refused.everything());
    let shown = call("drill sonarqube --kind standby --why \"a test\"").run().await;
    assert_eq!(shown.code, 4, "what would be refused is told before: {}", shown.everything());
    assert_eq!(stage.touched(), Vec::<String>::new());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_drill_is_refused_with_a_typed_reason() {
    let stage = Stage::open(calm()).await;
    let reason = |problem: Value| problem["reason"].as_str().unwrap_or_default().to_owned();
    assert_eq!(reason(begin(&stage, "standby").await.problem(409)), "starts-with-cluster");
    assert_eq!(reason(begin(&stage, "switchover").await.problem(409)), "not-configured");
    let none = json!({"why": "a test", "kind": "drill"});
    stage.post(&format!("v1/plans/{PLAN}/runs"), &none).await.problem(400);
    stage.post(&format!("v1/plans/{PLAN}/runs"), &json!({"why": "a test", "kind": "fence"})).await.problem(400);
    assert_eq!(stage.say(&format!("plans/{PLAN}/pause")).await.status, 200);
    let paused = begin(&stage, "readiness").await.problem(409);
    assert_eq!(reason(paused.clone()), "paused");
    assert!(paused["detail"].as_str().unwrap().contains("reveille resume"), "{paused}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_takes_precedence_over_an_assessment_that_takes_its_time() {
    let stage = Stage::open(calm()).await;
    stage.world().add_fault(ArmFault::on("GET", "Microsoft.Compute/skus", FaultAction::Slow { delay_ms: 2_500 }));
    assert_eq!(begin(&stage, "readiness").await.status, 202);
    stage.go_dark();
    assert_eq!(stage.say(&format!("plans/{PLAN}/runs")).await.status, 202);
    let runs = [stage.closed(0).await, stage.closed(1).await];
    // Runs of one second are in no order.
    let [drill, failover] = [RunKind::ReadinessDrill, RunKind::Failover]
        .map(|kind| runs.iter().find(|run| run.created.kind == kind).unwrap().clone());
    assert_eq!((drill.created.kind, drill.outcome.unwrap().word()), (RunKind::ReadinessDrill, "gave-way"));
    assert_eq!((failover.created.kind, failover.outcome.unwrap().word()), (RunKind::Failover, SERVING));
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_asks_too_even_of_a_plan_that_only_observes() {
    let mut scenario = calm();
    scenario.plan.automation = "observe".to_owned();
    let drill: toml::Table = toml::from_str("kind = \"readiness\"\nschedule = \"*/20 * * * * *\"").unwrap();
    scenario.plan.drill = vec![drill];
    scenario.world.canary = false;
    scenario.world.kubernetes.entra = false;
    let stage = Stage::open(scenario).await;
    let run = stage.closed(0).await;
    let report = Report::of(&run, &Default::default());
    assert!(open(&report).contains("writer-writable note"), "there is no canary table: {:#?}", report.readiness);
    let findings = report.readiness.as_ref().unwrap().findings.iter();
    let ours: Vec<&str> =
        findings.filter(|it| it.check == "certificate-client").map(|it| it.severity.as_str()).collect();
    assert_eq!(ours, ["ok", "ok"], "clusters without Entra know us by certificates: {:#?}", report.readiness);
    assert_eq!((run.created.kind, run.outcome.unwrap().word()), (RunKind::ReadinessDrill, "ready"));
    let told = stage.world().received();
    assert!(told.iter().any(|told| told.body.to_string().contains("a recovery could begin now")), "{told:?}");
    assert_eq!(stage.touched(), Vec::<String>::new());
    stage.close().await;
}
