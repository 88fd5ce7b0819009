//! `reveille test-alert` against the real function: the whole way is shown, and nothing is started.

use super::laptop::from_laptop;
use crate::support::stage::{Stage, calm};
use reveille::domain::alert::test_alert;

#[tokio::test(flavor = "multi_thread")]
async fn a_test_alert_goes_the_whole_way_and_starts_nothing() {
    let stage = Stage::open(calm()).await;
    let send = |line: &str| from_laptop(&stage, line).set("REVEILLE_KEY", stage.key());
    let by_url = send("test-alert").set("REVEILLE_URL", stage.url("")).run().await;
    // Its address is read from the action group, as Azure Monitor has it.
    let by_group = send("test-alert sonarqube").run().await;
    for shown in [by_url, by_group] {
        assert_eq!(shown.code, 0, "{}", shown.everything());
        for said in [
            "/api/alert: test alert",
            "received by the sandbox, from key alice",
            "✔ sonarqube: a real one would open an incident and start a failover from eastus2 to centralus",
            "Nothing was started",
        ] {
            assert!(shown.stdout.contains(said), "{said}:\n{}", shown.everything());
        }
    }
    let delivered =
        stage.until("the day log", async || Some(stage.deliveries().await).filter(|lines| lines.len() == 2)).await;
    let line = delivered[0]["delivery"].clone();
    assert!(line["what"].as_str().unwrap().starts_with("a test alert: sonarqube: a real one would"), "{line}");
    let status = stage.plan().await;
    assert!(status["incident"].is_null() && status["active"].is_null(), "{status}");
    assert_eq!(stage.touched(), Vec::<String>::new());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_alert_without_a_key_comes_no_further_than_the_host() {
    let stage = Stage::open(calm()).await;
    let shown = from_laptop(&stage, "test-alert").set("REVEILLE_URL", stage.url("")).run().await;
    assert_eq!(shown.code, 4, "{}", shown.everything());
    assert!(shown.stderr.contains("asks for a key"), "{}", shown.stderr);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_group_that_calls_elsewhere_shows() {
    let stage = Stage::open(calm()).await;
    let wrong = stage.url("alert").replace("localhost", "127.0.0.1").replace("/alert", "/elsewhere");
    stage.world().change_estate(|it| it.group.webhooks = vec![wrong]);
    let shown = from_laptop(&stage, "test-alert").set("REVEILLE_KEY", stage.key()).run().await;
    assert_eq!(shown.code, 64, "{}", shown.everything());
    assert!(shown.stderr.contains("has a function `alert`"), "{}", shown.stderr);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_alert_without_its_mark_is_a_real_one() {
    let stage = Stage::open(calm()).await;
    let path = stage.folder().join("app/reveille.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let config = reveille::config::parse(&text, "reveille.toml", &|_| None).unwrap();
    let plan = &config.plans[0];
    let mut body = test_alert(plan, plan.preferred(), "1", chrono::Utc::now());
    assert_eq!(stage.alert(body.to_string()).await.status, 200);
    body.as_object_mut().unwrap().remove("reveilleTestAlert");
    body["data"]["essentials"]["alertRule"] = plan.alert_rules[0].clone().into();
    let reply = stage.alert(body.to_string()).await;
    assert_eq!(reply.status, 202, "{reply:?}");
    assert_eq!(reply.json()["outcomes"][0]["did"], "started");
    stage.close().await;
}
