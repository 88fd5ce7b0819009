//! Deployments and StatefulSets: what scaling them does to pods, and pods to the database.

use reqwest::Method;
use reveille::sandbox::world::Event;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_running_cluster_shows_nodes_workloads_and_pods_as_the_chart_leaves_them() {
    let rig = Rig::start().await;
    let nodes = rig.get("/api/v1/nodes").await.body;
    assert_eq!((nodes["kind"].as_str(), nodes["items"].as_array().unwrap().len()), (Some("NodeList"), 5));
    let node = &nodes["items"][0];
    assert!(node.get("kind").is_none());
    assert_eq!(node["status"]["conditions"][0]["type"], "Ready");
    assert_eq!(node["status"]["conditions"][0]["status"], "True");
    assert!(node["metadata"]["labels"]["kubernetes.azure.com/agentpool"].is_string());
    assert!(node["status"]["nodeInfo"]["kubeletVersion"].as_str().unwrap().starts_with("v1."));
    let selector = "?labelSelector=sonarqube.datacenter%2Ftype%20in%20(app%2Csearch)";
    assert_eq!(rig.names(&format!("/apis/apps/v1/deployments{selector}")).await, ["sonarqube-sonarqube-dce-app"]);
    assert_eq!(rig.names(&format!("/apis/apps/v1/statefulsets{selector}")).await, ["sonarqube-sonarqube-dce-search"]);
    let app = rig.get(APP).await.body;
    assert_eq!((&app["spec"]["replicas"], &app["status"]["readyReplicas"]), (&json!(2), &json!(2)));
    let search = rig.get(SEARCH).await.body;
    assert_eq!((&search["spec"]["replicas"], &search["status"]["readyReplicas"]), (&json!(3), &json!(3)));
    assert_eq!(rig.names(&format!("{PODS}{selector}")).await.len(), 5);
    let pod = rig.get(&format!("{PODS}/sonarqube-sonarqube-dce-search-0")).await.body;
    assert_eq!(pod["metadata"]["ownerReferences"][0]["uid"], search["metadata"]["uid"]);
    assert_eq!(pod["status"]["phase"], "Running");
    // Claims carry the labels of the StatefulSet's selector, and not the one that marks the part.
    assert_eq!(rig.names(&format!("{CLAIMS}{selector}")).await, Vec::<String>::new());
    let claims = rig.names(&format!("{CLAIMS}?labelSelector=app%3Dsonarqube-dce-search")).await;
    assert!(claims.len() == 3 && claims[2].ends_with("-search-2"), "{claims:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn scaling_to_zero_stops_the_writing_only_when_the_pods_are_gone() {
    let rig = Rig::start().await;
    // Until the test lets them, no pod ends.
    rig.world.tune_kubernetes(|it| it.stuck_pods = [PRIMARY.to_owned()].into());
    eventually("the primary writes", async || rig.writes("eastus2")).await;
    let scaled = rig.scale(APP, 0).await;
    assert_eq!(scaled.status, 200, "{scaled:?}");
    // Zero is left out of a scale, and there in the object.
    assert_eq!((&scaled.body["kind"], &scaled.body["spec"]), (&json!("Scale"), &json!({})));
    assert_eq!(rig.get(APP).await.body["spec"]["replicas"], 0);
    let pods = rig.get(&format!("{PODS}?labelSelector=app%3Dsonarqube-dce-app")).await.body;
    assert_eq!(pods["items"].as_array().unwrap().len(), 2);
    assert!(pods["items"][0]["metadata"]["deletionTimestamp"].is_string());
    assert!(rig.writes("eastus2"), "pods that are about to end still write");
    rig.world.tune_kubernetes(|it| it.stuck_pods.clear());
    eventually("no pod", async || rig.names(&format!("{PODS}?labelSelector=app%3Dsonarqube-dce-app")).await.is_empty())
        .await;
    eventually("nobody writes", async || rig.count(|it| matches!(it, Event::WritingStopped { .. })) == 1).await;
    let told: Vec<Event> = rig.world.entries().into_iter().map(|it| it.event).collect();
    let gone = told.iter().rposition(|it| matches!(it, Event::PodStopped { .. }));
    let silent = told.iter().position(|it| matches!(it, Event::WritingStopped { .. }));
    assert!(gone.is_some() && gone < silent, "{told:?}");
    assert_eq!(rig.count(|it| matches!(it, Event::KubeCall { method, status: Some(200), .. } if method == "PATCH")), 1);

    assert_eq!(rig.scale(APP, 2).await.body["spec"]["replicas"], 2);
    eventually("writes again", async || rig.writes("eastus2")).await;
    eventually("ready again", async || rig.get(APP).await.body["status"]["readyReplicas"] == 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_takes_the_pods_and_a_start_brings_them_back() {
    let rig = Rig::start().await;
    rig.stop_cluster(PRIMARY).await;
    eventually("no pods", async || rig.world.pods(PRIMARY).is_empty()).await;
    eventually("nobody writes", async || !rig.writes("eastus2")).await;
    rig.start_cluster(STANDBY).await;
    eventually("five ready pods", async || {
        let pods = rig.world.pods(STANDBY);
        pods.len() == 5 && pods.values().all(|ready| *ready)
    })
    .await;
    assert!(rig.writes("centralus"));
    assert_eq!(rig.count(|it| matches!(it, Event::SplitBrain { .. })), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_standby_starts_without_pods_and_writes_once_it_is_released() {
    let rig = Rig::start_with(|world| world.tune_kubernetes(|it| it.parked = ["sonar".to_owned()].into())).await;
    rig.start_cluster(STANDBY).await;
    eventually("it answers", async || rig.request(STANDBY, Method::GET, "/readyz").send().await.is_ok()).await;
    assert_eq!(rig.send(STANDBY, Method::GET, APP).await.body["spec"]["replicas"], 0);
    assert!(rig.world.pods(STANDBY).is_empty());
    assert_eq!(rig.count(|it| matches!(it, Event::SplitBrain { .. })), 0);
    // Released while the primary writes: the wrong order shows.
    for (path, replicas) in [(SEARCH, 3), (APP, 2)] {
        let request = rig.request(STANDBY, Method::PATCH, &format!("{path}/scale")).header("content-type", MERGE);
        let body = json!({"spec": {"replicas": replicas}}).to_string();
        assert_eq!(request.body(body).send().await.unwrap().status(), 200);
    }
    eventually("split brain", async || rig.count(|it| matches!(it, Event::SplitBrain { .. })) == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_scale_is_taken_and_an_old_version_is_a_conflict() {
    let rig = Rig::start().await;
    let scale = format!("{APP}/scale");
    let version = rig.get(&scale).await.body["metadata"]["resourceVersion"].clone();
    let strategic = rig.patch(&scale, "application/strategic-merge-patch+json", json!({"spec": {"replicas": 1}})).await;
    assert_eq!(strategic.body["spec"]["replicas"], 1);
    let old =
        rig.patch(&scale, MERGE, json!({"metadata": {"resourceVersion": version}, "spec": {"replicas": 2}})).await;
    assert_eq!(old.refusal(), (409, "Conflict"));
    assert!(old.message().contains("deployments.apps \"sonarqube-sonarqube-dce-app\": the object has been modified"));
    let json_patch = json!([{"op": "replace", "path": "/spec/replicas", "value": 3}]);
    assert_eq!(rig.patch(&scale, "application/json-patch+json", json_patch).await.body["spec"]["replicas"], 3);

    let mut whole = rig.get(&scale).await.body;
    whole["spec"]["replicas"] = 2.into();
    let put = async |body: &Value| {
        Answer::of(rig.request(PRIMARY, Method::PUT, &scale).json(body).send().await.unwrap()).await
    };
    let first = put(&whole).await;
    assert_eq!((first.status.as_u16(), &first.body["spec"]["replicas"]), (200, &json!(2)));
    whole["metadata"]["resourceVersion"] = "1".into();
    assert_eq!(put(&whole).await.refusal(), (409, "Conflict"));
    assert_eq!(rig.patch(&scale, "application/apply-patch+yaml", json!({})).await.refusal().0, 415);
    assert_eq!(rig.patch(&scale, MERGE, json!({"spec": {"replicas": -1}})).await.refusal(), (422, "Invalid"));
    let object = rig.patch(APP, MERGE, json!({"spec": {"replicas": 0}, "metadata": {"annotations": {"a": "b"}}})).await;
    assert_eq!(
        (&object.body["kind"], &object.body["metadata"]["annotations"]["a"]),
        (&json!("Deployment"), &json!("b"))
    );
    assert_eq!(rig.patch(APP, MERGE, json!({"spec": {"paused": true}})).await.refusal(), (422, "Invalid"));
}
