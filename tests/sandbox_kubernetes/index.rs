//! The search index: stale after a failover, empty after its claims are gone, rebuilt when the application starts.

use reqwest::Method;
use reveille::sandbox::planes::TOKEN;
use reveille::sandbox::world::Event;

use super::*;

impl Rig {
    async fn claims(&self) -> Vec<String> {
        self.names(CLAIMS).await
    }

    /// What SonarQube at the primary site says of its index; nothing while it does not answer.
    async fn indexation(&self) -> Option<Value> {
        let url =
            format!("https://{}:{}/api/ce/indexation_status", self.workload.sites[0].origin, self.world.ports().https);
        let answer = self.client.get(url).bearer_auth(TOKEN).send().await.ok()?;
        answer.json().await.ok()
    }

    async fn no_pods(&self) {
        eventually("no pods", async || self.world.pods(PRIMARY).is_empty()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_awakened_standby_has_a_stale_index_and_does_not_notice() {
    let rig = Rig::start().await;
    eventually("the primary writes", async || rig.writes("eastus2")).await;
    rig.stop_cluster(PRIMARY).await;
    rig.start_cluster(STANDBY).await;
    let stale = |it: &Event| matches!(it, Event::StaleIndex { cluster } if cluster == STANDBY);
    eventually("stale", async || rig.count(stale) == 1).await;
    let url = format!("https://{}:{}/api/ce/indexation_status", rig.workload.sites[1].origin, rig.world.ports().https);
    assert_eq!(rig.client.get(&url).send().await.unwrap().status(), 401);
    let status: Value = rig.client.get(&url).bearer_auth(TOKEN).send().await.unwrap().json().await.unwrap();
    assert_eq!(status["isCompleted"], true);
    // Nor is what the primary slept through ever told there.
    rig.stop_cluster(STANDBY).await;
    rig.start_cluster(PRIMARY).await;
    eventually("stale on the way back", async || {
        rig.count(|it| matches!(it, Event::StaleIndex { cluster } if cluster == PRIMARY)) == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_in_use_wait_for_their_pods_and_an_empty_index_is_rebuilt() {
    let rig = Rig::start_with(|world| world.tune_kubernetes(|it| it.reindex = Duration::from_millis(400))).await;
    let claims = rig.claims().await;
    let path = format!("{CLAIMS}/{}", claims[0]);
    let deleted = rig.delete(&path).await;
    assert!(deleted.status == 200 && deleted.body["metadata"]["deletionTimestamp"].is_string(), "{deleted:?}");
    assert_eq!(
        rig.get(&path).await.body["metadata"]["deletionTimestamp"],
        deleted.body["metadata"]["deletionTimestamp"]
    );
    assert_eq!(rig.claims().await.len(), 3, "a pod uses it");
    rig.scale(APP, 0).await;
    rig.scale(SEARCH, 0).await;
    rig.no_pods().await;
    assert_eq!(rig.claims().await, claims[1..]);
    for claim in &claims[1..] {
        assert_eq!(rig.delete(&format!("{CLAIMS}/{claim}")).await.status, 200);
    }
    assert_eq!(rig.claims().await, Vec::<String>::new());
    assert_eq!(rig.count(|it| matches!(it, Event::ClaimDeleted { .. })), 3);

    rig.scale(SEARCH, 3).await;
    rig.scale(APP, 2).await;
    eventually("rebuilding", async || rig.indexation().await.is_some_and(|it| it["isCompleted"] == false)).await;
    eventually("rebuilt", async || rig.indexation().await.is_some_and(|it| it["isCompleted"] == true)).await;
    assert_eq!(rig.claims().await, claims);
    let told: Vec<Event> = rig.world.entries().into_iter().map(|it| it.event).collect();
    let begun = told.iter().position(|it| matches!(it, Event::ReindexStarted { .. }));
    let ended = told.iter().position(|it| matches!(it, Event::IndexRebuilt { .. }));
    assert!(begun.is_some() && begun < ended);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_claim_that_is_left_brings_the_stale_index_back() {
    let rig = Rig::start().await;
    let claims = rig.claims().await;
    rig.scale(APP, 0).await;
    rig.scale(SEARCH, 0).await;
    rig.no_pods().await;
    for claim in &claims[1..] {
        rig.delete(&format!("{CLAIMS}/{claim}")).await;
    }
    rig.scale(SEARCH, 3).await;
    rig.scale(APP, 2).await;
    eventually("up", async || rig.get(APP).await.body["status"]["readyReplicas"] == 2).await;
    assert_eq!(rig.count(|it| matches!(it, Event::ReindexStarted { .. })), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_taken_from_a_running_application_is_missing_until_it_starts_again() {
    let rig = Rig::start().await;
    rig.scale(SEARCH, 0).await;
    eventually("no search", async || rig.world.pods(PRIMARY).len() == 2).await;
    for claim in rig.claims().await {
        rig.delete(&format!("{CLAIMS}/{claim}")).await;
    }
    rig.scale(SEARCH, 3).await;
    eventually("search", async || rig.get(SEARCH).await.body["status"]["readyReplicas"] == 3).await;
    assert_eq!(rig.indexation().await.unwrap()["hasFailures"], true);
    rig.scale(APP, 0).await;
    eventually("no app", async || rig.world.pods(PRIMARY).len() == 3).await;
    rig.scale(APP, 2).await;
    eventually("rebuilt", async || rig.indexation().await.is_some_and(|it| it["isCompleted"] == true)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_search_nodes_the_application_does_not_come_up() {
    let rig = Rig::start().await;
    rig.scale(APP, 0).await;
    rig.scale(SEARCH, 0).await;
    rig.no_pods().await;
    rig.scale(APP, 2).await;
    let status = async || {
        let request = rig.client.get(format!(
            "https://{}:{}/api/system/status",
            rig.workload.sites[0].origin,
            rig.world.ports().https
        ));
        let answer = request.send().await.ok()?;
        answer.json::<Value>().await.ok()?["status"].as_str().map(str::to_owned)
    };
    eventually("starting", async || status().await.as_deref() == Some("STARTING")).await;
    // Longer than it takes to boot: an application that could come up would be.
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(status().await.as_deref(), Some("STARTING"));
    assert_eq!(rig.get(APP).await.body["status"].get("readyReplicas"), None);
    rig.scale(SEARCH, 3).await;
    eventually("up", async || rig.get(APP).await.body["status"]["readyReplicas"] == 2).await;
    assert_eq!(rig.send(PRIMARY, Method::GET, SEARCH).await.body["status"]["readyReplicas"], 3);
}
