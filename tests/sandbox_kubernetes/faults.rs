//! What goes wrong with API servers, and what they do not know.

use reqwest::Method;
use reveille::sandbox::kubernetes::{KubeFault, KubeFaultAction};
use reveille::sandbox::world::Event;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn faults_hit_a_verb_on_a_resource_as_often_as_they_say() {
    let rig = Rig::start().await;
    rig.world.add_kube_fault(KubeFault::on("list", "pods", KubeFaultAction::Forbidden).times(1));
    let forbidden = rig.get(PODS).await;
    assert_eq!(forbidden.refusal(), (403, "Forbidden"));
    assert!(
        forbidden.message().contains("cannot list resource \"pods\" in API group \"\" in the namespace \"sonarqube\"")
    );
    assert_eq!(rig.get(PODS).await.status, 200);

    rig.world.add_kube_fault(KubeFault::on("get", "deployments", KubeFaultAction::Throttled { retry_after: Some(2) }));
    let throttled = rig.get(APP).await;
    assert_eq!(
        (throttled.refusal(), &throttled.headers["retry-after"]),
        ((429, "TooManyRequests"), &"2".parse().unwrap())
    );
    assert_eq!(rig.get(SEARCH).await.status, 200);
    rig.world.clear_kube_faults();

    let (reason, message) = ("InternalError".to_owned(), "Internal error occurred: etcd".to_owned());
    rig.world.add_kube_fault(KubeFault::on("get", "/readyz", KubeFaultAction::Answer { status: 500, reason, message }));
    assert_eq!(rig.get("/readyz").await.refusal(), (500, "InternalError"));
    rig.world.add_kube_fault(KubeFault::on("list", "nodes", KubeFaultAction::Hang).times(1));
    let hangs = rig.request(PRIMARY, Method::GET, "/api/v1/nodes").timeout(Duration::from_millis(200)).send().await;
    assert!(hangs.unwrap_err().is_timeout());
    assert!(rig.world.unspent_kube_faults().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scale_may_be_accepted_without_an_answer() {
    let rig = Rig::start().await;
    rig.world.add_kube_fault(KubeFault::on("patch", "deployments/scale", KubeFaultAction::AcceptAndReset).times(1));
    let request = rig.request(PRIMARY, Method::PATCH, &format!("{APP}/scale")).header("content-type", MERGE);
    assert!(request.body(json!({"spec": {"replicas": 0}}).to_string()).send().await.is_err());
    assert_eq!(rig.get(APP).await.body["spec"]["replicas"], 0);
    assert_eq!(rig.count(|it| matches!(it, Event::KubeCall { status: None, .. })), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_found_and_only_unknown_paths_are_unknown() {
    let rig = Rig::start().await;
    let missing = rig.get("/apis/apps/v1/namespaces/sonarqube/deployments/other").await;
    assert_eq!(missing.refusal(), (404, "NotFound"));
    assert_eq!(missing.message(), "deployments.apps \"other\" not found");
    assert_eq!(
        rig.get("/apis/autoscaling/v2/namespaces/sonarqube/horizontalpodautoscalers").await.body["items"],
        json!([])
    );
    assert_eq!(rig.delete(APP).await.refusal(), (405, "MethodNotAllowed"));
    assert_eq!(rig.send(PRIMARY, Method::POST, "/version").await.refusal(), (405, "MethodNotAllowed"));
    assert_eq!(rig.get(&format!("{PODS}?labelSelector=a%20in%20b")).await.refusal(), (400, "BadRequest"));
    assert_eq!(rig.count(|it| matches!(it, Event::Unknown { .. })), 0);
    assert_eq!(rig.get("/api/v1/secrets").await.refusal(), (404, "NotFound"));
    assert_eq!(rig.count(|it| matches!(it, Event::Unknown { .. })), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_says_what_there_is_and_lists_come_in_pages() {
    let rig = Rig::start().await;
    assert!(rig.get("/version").await.body["gitVersion"].as_str().unwrap().starts_with("v1."));
    assert_eq!(rig.get("/api").await.body["versions"], json!(["v1"]));
    let groups = rig.get("/apis").await.body;
    assert_eq!(groups["groups"][0]["preferredVersion"]["groupVersion"], "apps/v1");
    let apps = rig.get("/apis/apps/v1").await.body;
    let names: Vec<&str> =
        apps["resources"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["deployments", "deployments/scale", "statefulsets", "statefulsets/scale"]);
    let first = rig.get("/api/v1/nodes?limit=3").await.body;
    let rest = first["metadata"]["continue"].as_str().unwrap();
    let second = rig.get(&format!("/api/v1/nodes?limit=3&continue={rest}")).await.body;
    assert_eq!((first["items"].as_array().unwrap().len(), second["items"].as_array().unwrap().len()), (3, 2));
    assert!(second["metadata"].get("continue").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_tables_gets_tables() {
    let rig = Rig::start_with(|world| world.tune_kubernetes(|it| it.autoscaled = ["sonar".to_owned()].into())).await;
    let table = async |path: &str| -> Vec<Value> {
        let request = rig.request(PRIMARY, Method::GET, path);
        let request = request.header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
        let body = Answer::of(request.send().await.unwrap()).await.body;
        assert_eq!(body["kind"], "Table");
        let rows = body["rows"].as_array().unwrap();
        assert!(
            rows.iter()
                .all(|it| it["cells"].as_array().unwrap().len() == body["columnDefinitions"].as_array().unwrap().len())
        );
        rows.iter().map(|it| it["cells"].clone()).collect()
    };
    assert_eq!(table("/api/v1/nodes").await[0][1], "Ready");
    assert_eq!(table(APP).await[0][1], "2/2");
    let pod = table(PODS).await.remove(0);
    assert_eq!((&pod[1], &pod[2], &pod[3], &pod[4]), (&json!("1/1"), &json!("Running"), &json!(0), &json!("29d")));
    let scalers = table("/apis/autoscaling/v2/horizontalpodautoscalers").await;
    assert_eq!(scalers[0][1], "Deployment/sonarqube-sonarqube-dce-app");
    assert_eq!(table("/api/v1/events?fieldSelector=involvedObject.name=x").await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_tells_what_changes_after_a_list() {
    let rig = Rig::start().await;
    let version = rig.get(PODS).await.body["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let path = format!("{PODS}?watch=true&resourceVersion={version}&timeoutSeconds=1");
    let watch = rig.request(PRIMARY, Method::GET, &path).send().await.unwrap();
    rig.scale(APP, 1).await;
    let lines = watch.text().await.unwrap();
    let events: Vec<Value> = lines.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!(events[0]["type"], "MODIFIED");
    assert!(events[0]["object"]["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(events.iter().filter(|it| it["type"] == "DELETED").count(), 1);
}
