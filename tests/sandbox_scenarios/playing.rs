use std::time::Duration;

use reveille::sandbox::scenario::{Expect, Scenario, Verdict, all, named};
use reveille::sandbox::world::Event;
use reveille::sandbox::{Disturbance, Options, Sandbox};

use super::stand_in;

/// The default scenario, hurried.
fn outage(settle: Duration) -> Scenario {
    let mut scenario = named("primary-outage").unwrap().clone();
    scenario.world.start = Duration::from_millis(400);
    scenario.world.stop = Duration::from_millis(300);
    scenario.world.app_boot = Duration::from_millis(400);
    scenario.world.web_boot = Duration::from_millis(100);
    scenario.world.probe_interval = Duration::from_millis(50);
    scenario.world.monitor_period = Duration::from_millis(100);
    scenario.settle = settle;
    scenario
}

async fn start(scenario: Scenario, leaves_out: &str) -> (Sandbox, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let handler = stand_in::program(folder.path(), leaves_out);
    let sandbox = Sandbox::start(Options::new(scenario, handler)).await.unwrap();
    (sandbox, folder)
}

fn wrong(verdict: &Verdict) -> Vec<&str> {
    verdict.checks.iter().filter(|check| !check.ok).map(|check| check.what.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_does_the_right_thing_passes() {
    let (sandbox, _folder) = start(outage(Duration::from_secs(30)), "nothing").await;
    let verdict = sandbox.play().await;
    let log: Vec<String> = sandbox.world().entries().into_iter().map(|entry| entry.text).collect();
    assert!(verdict.passed, "{:#?}\n{log:#?}", verdict.checks);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_forgets_the_fence_does_not() {
    let (sandbox, _folder) = start(outage(Duration::from_secs(6)), "fence").await;
    let verdict = sandbox.play().await;
    assert!(!verdict.passed);
    let unfenced = [
        "starts before the other site was stopped",
        "aks-sonar-eastus2 at the end",
        "Stopping of aks-sonar-eastus2, accepted",
    ];
    assert_eq!(wrong(&verdict), unfenced);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_starts_without_waiting_for_the_fence_does_not() {
    let mut scenario = named("primary-returns").unwrap().clone();
    scenario.settle = Duration::from_secs(14);
    let (sandbox, _folder) = start(scenario, "wait").await;
    let verdict = sandbox.play().await;
    assert_eq!(wrong(&verdict), ["split brain", "starts before the other site was stopped"]);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_turns_an_alert_away_at_first_does_not() {
    let (sandbox, _folder) = start(outage(Duration::from_secs(8)), "first-alert").await;
    let verdict = sandbox.play().await;
    assert_eq!(wrong(&verdict), ["alerts and webhooks that were turned away"]);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_whose_timers_fail_does_not() {
    let (sandbox, _folder) = start(outage(Duration::from_secs(6)), "timers").await;
    let verdict = sandbox.play().await;
    assert_eq!(wrong(&verdict), ["calls of the handler that failed"]);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_no_call_meets_is_told() {
    let mut scenario = outage(Duration::from_secs(6));
    let faults = named("start-fails-capacity").unwrap().at.iter().take(1).cloned();
    scenario.at.extend(faults.map(|mut moment| {
        moment.when = reveille::sandbox::scenario::Trigger::StartEnded;
        moment
    }));
    let (sandbox, _folder) = start(scenario, "nothing").await;
    let verdict = sandbox.play().await;
    assert_eq!(wrong(&verdict), ["faults that were met less often than they should"]);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_holding_in_the_quiet_time_does_not_pass() {
    let mut scenario = outage(Duration::from_secs(8));
    scenario.quiet = Duration::from_secs(4);
    let (sandbox, _folder) = start(scenario, "nothing").await;
    let world = sandbox.world().clone();
    let late = tokio::spawn(async move {
        while !world.entries().iter().any(|entry| entry.text.contains("is Acknowledged now")) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // Later than the default quiet time, in which everything would have passed.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        world.start_cluster("aks-sonar-eastus2", Default::default()).unwrap();
    });
    let verdict = sandbox.play().await;
    late.await.unwrap();
    assert!(wrong(&verdict).contains(&"Starting of aks-sonar-eastus2, accepted"), "{:?}", wrong(&verdict));
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_asks_for_what_azure_does_not_know_does_not() {
    let (sandbox, _folder) = start(outage(Duration::from_secs(6)), "sense").await;
    let verdict = sandbox.play().await;
    assert_eq!(wrong(&verdict), ["calls that Azure does not know"]);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_alarm_that_is_acted_on_does_not_pass() {
    let mut scenario = named("false-alarm").unwrap().clone();
    scenario.settle = Duration::from_secs(6);
    scenario.world.start = Duration::from_millis(400);
    let (sandbox, _folder) = start(scenario, "fence").await;
    let verdict = sandbox.play().await;
    assert!(wrong(&verdict).contains(&"Starting of aks-sonar-centralus, accepted"), "{:?}", wrong(&verdict));
    assert!(wrong(&verdict).contains(&"split brain"), "both sites run and write: {:?}", wrong(&verdict));
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_comes_about_is_told() {
    let mut scenario = outage(Duration::from_secs(3));
    scenario.at.retain(|moment| format!("{:?}", moment.action).starts_with("Never"));
    scenario.at.extend(named("operator-promotes").unwrap().at.iter().skip(1).cloned());
    let (sandbox, _folder) = start(scenario, "nothing").await;
    let verdict = sandbox.play().await;
    assert!(wrong(&verdict).contains(&"what the scenario wanted to happen and did not"));
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disturbed_run_loses_its_handler_once_and_gets_another() {
    let mut scenario = named("primary-outage").unwrap().clone();
    scenario.expect = Expect::default();
    scenario.kill_within = Duration::from_millis(500);
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(scenario, stand_in::program(folder.path(), "everything"));
    options.disturbance = Disturbance { kill_handler: true, wake_ups: true };
    let sandbox = Sandbox::start(options).await.unwrap();
    let first = sandbox.host().handler_pid();
    let verdict = sandbox.play().await;
    assert!(verdict.passed, "{:#?}", verdict.checks);
    let log = sandbox.world().entries();
    let alert = log.iter().position(|entry| matches!(entry.event, Event::AlertFired { .. })).unwrap();
    let kills: Vec<usize> = (0..log.len()).filter(|place| log[*place].text == "the handler is killed").collect();
    assert_eq!(kills.len(), 1);
    assert!(alert < kills[0], "nothing is lost with a handler that knows of nothing");
    sandbox.host().ready().await.unwrap();
    assert_ne!(sandbox.host().handler_pid(), first);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_promotes_through_arm() {
    let text = r#"
        name = "x"
        about = "x."
        exit = 0
        settle = "10s"
        [[at]]
        do = { promote = { server = "pg-sonar-centralus" } }
        [expect]
        promotions = 1
        writes = { sonar = "eastus2" }
    "#;
    let (sandbox, _folder) = start(Scenario::parse("x", text).unwrap(), "nothing").await;
    let verdict = sandbox.play().await;
    assert!(verdict.passed, "{:#?}", verdict.checks);
    let patches = sandbox.world().entries().into_iter().filter(|entry| match &entry.event {
        Event::ArmCall { method, status, .. } => method == "PATCH" && *status == Some(202),
        _ => false,
    });
    assert_eq!(patches.count(), 1);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_programs_find_everything_on_localhost() {
    let (sandbox, _folder) = start(outage(Duration::from_secs(5)), "nothing").await;
    let endpoints = sandbox.endpoints();
    let pem = std::fs::read(&endpoints.ca_file).unwrap();
    let http = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .no_proxy()
        .build()
        .unwrap();
    for url in [&endpoints.arm, &endpoints.identity_endpoint, &endpoints.front_door, &endpoints.functions] {
        assert!(url.contains("://localhost:"), "{url}");
    }
    let front = http.get(format!("{}/api/system/status", endpoints.front_door)).send().await.unwrap();
    assert_eq!(front.json::<serde_json::Value>().await.unwrap()["status"], "UP");
    let url = format!("{}{}?api-version=2025-10-01", endpoints.arm, endpoints.primary_cluster);
    let cluster = http.get(url).bearer_auth(&endpoints.access_token).send().await.unwrap();
    assert_eq!(cluster.json::<serde_json::Value>().await.unwrap()["name"], "aks-sonar-eastus2");
    let alert = http.post(format!("{}/api/alert", endpoints.functions)).body("{}");
    assert_eq!(alert.send().await.unwrap().status(), 401, "the host wants a key");
    let mut fields: Vec<String> = match serde_json::to_value(&endpoints).unwrap() {
        serde_json::Value::Object(fields) => fields.into_iter().map(|(name, _)| name).collect(),
        _ => Vec::new(),
    };
    fields.sort();
    let mut wanted = [
        "arm",
        "identity_endpoint",
        "identity_header",
        "front_door",
        "functions",
        "function_key",
        "ca_file",
        "kubeconfig",
        "subscription",
        "access_token",
        "primary_cluster",
        "replica_cluster",
        "database_servers",
        "front_door_profile",
    ];
    wanted.sort_unstable();
    assert_eq!(fields, wanted);
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_sandbox_leaves_nothing_behind() {
    let (sandbox, _folder) = start(outage(Duration::from_secs(5)), "nothing").await;
    let ca_file = sandbox.endpoints().ca_file;
    assert!(std::path::Path::new(&ca_file).exists());
    sandbox.stop().await;
    assert!(!std::path::Path::new(&ca_file).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_of_every_scenario_is_valid() {
    for scenario in all() {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::new(scenario.clone(), stand_in::program(folder.path(), "nothing"));
        options.folder = Some(folder.path().to_owned());
        let sandbox = Sandbox::start(options).await.unwrap();
        let path = folder.path().join("app/reveille.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let setting = |name: &str| (name == "PG_PASSWORD" || name.ends_with("_URL")).then(|| "https://x/".to_owned());
        let parsed = reveille::config::parse(&text, "reveille.toml", &setting);
        assert!(parsed.is_ok(), "{}: {:?}\n{text}", scenario.name, parsed.err());
        sandbox.stop().await;
    }
}
