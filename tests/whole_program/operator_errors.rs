//! What people get wrong: a problem document each, with what to do next, and nothing happens.

use crate::support::alerts::fired;
use crate::support::stage::{PLAN, Reply, Stage, calm};
use reqwest::Method;
use serde_json::{Value, json};

const NO_RUN: &str = "sonarqube.20260101T000000.abcdef";

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_is_answered_with_what_to_do_next() {
    let stage = Stage::open(calm()).await;
    let why = json!({"why": "a test"});
    let next = |problem: Value| problem["next"].as_str().unwrap().to_owned();
    assert!(next(stage.get("v1/plans/nobody").await.problem(404)).contains(PLAN), "names the plans there are");
    stage.get("v1/plans/nobody/runs").await.problem(404);
    for path in ["v1/nothing", "v1", "v1/plans/sonarqube/runs/x", "v1/runs"] {
        stage.get(path).await.problem(404);
    }
    for run in
        [NO_RUN, "nonsense", "..%2F..%2Fetc", "%00", "sonarqube.%00", &format!("sonarqube.{}", "x".repeat(3_000))]
    {
        stage.get(&format!("v1/runs/{run}")).await.problem(404);
        stage.get(&format!("v1/runs/{run}/report")).await.problem(404);
        stage.post(&format!("v1/runs/{run}/approve"), &why).await.problem(404);
    }
    stage.get(&format!("v1/runs/{NO_RUN}?wait=soon")).await.problem(400);
    stage.post("v1/plans/nobody/pause", &why).await.problem(404);
    stage.post(&format!("v1/plans/{PLAN}/explode"), &why).await.problem(404);
    stage.post(&format!("v1/runs/{NO_RUN}/explode"), &why).await.problem(404);
    for verb in ["runs", "pause", "resume", "acknowledge"] {
        let path = format!("v1/plans/{PLAN}/{verb}");
        assert!(next(stage.post(&path, &json!({})).await.problem(400)).contains("why"), "{verb}");
        stage.post(&path, &json!({"why": "   "})).await.problem(400);
        stage.post(&path, &json!({"why": "a test", "forec": true})).await.problem(400);
        stage.send(stage.http.post(stage.url(&path)).body("{not json")).await.problem(400);
    }
    assert_eq!(stage.touched(), Vec::<String>::new());
    assert!(stage.aftermath().await.runs.is_empty());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_now_is_refused_with_what_does() {
    let mut scenario = calm();
    scenario.plan.automation = "approve".to_owned();
    let stage = Stage::open(scenario).await;
    stage.say(&format!("plans/{PLAN}/resume")).await.problem(409);
    stage.say(&format!("plans/{PLAN}/acknowledge")).await.problem(409);
    assert_eq!(stage.say(&format!("plans/{PLAN}/pause")).await.status, 200);
    stage.say(&format!("plans/{PLAN}/pause")).await.problem(409);
    let held = stage.say(&format!("plans/{PLAN}/runs")).await.problem(409);
    assert!(held["detail"].as_str().unwrap().contains("paused by key alice"), "{held}");
    assert_eq!(stage.say(&format!("plans/{PLAN}/resume")).await.status, 200);
    stage.go_dark();
    let reply = stage.alert(fired(1).to_string()).await;
    let run = reply.json()["outcomes"][0]["run"].as_str().unwrap().to_owned();
    // Nothing is asked before the outage is confirmed; then one approval is enough.
    stage.until("the question", async || (stage.plan().await["active"]["needs_operator"] == true).then_some(())).await;
    assert_eq!(stage.say(&format!("runs/{run}/approve")).await.status, 200);
    stage.say(&format!("runs/{run}/approve")).await.problem(409);
    stage.closed(0).await;
    for verb in ["approve", "decline", "abort"] {
        let ended = stage.say(&format!("runs/{run}/{verb}")).await.problem(409);
        assert!(ended["next"].as_str().unwrap().contains("reveille report"), "{ended}");
    }
    stage.close().await;
}

/// The host of these tests lets nobody without a key through, so the handler is called in its place.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_known_may_read_and_no_more() {
    let mut scenario = calm();
    scenario.plan.automation = "approve".to_owned();
    let stage = Stage::open(scenario).await;
    stage.go_dark();
    let reply = stage.alert(fired(1).to_string()).await;
    let run = reply.json()["outcomes"][0]["run"].as_str().unwrap().to_owned();
    stage.until("the question", async || (stage.plan().await["active"]["needs_operator"] == true).then_some(())).await;
    let port = port(stage.sandbox.host().handler_pid().unwrap());
    let right = json!({"who": "Alice", "why": "a test"});
    let direct = async |function: &str, method: Method, path: &str, body: &Value, identities: &Value| {
        let request = json!({"Url": format!("http://h/api/{path}"), "Method": method.as_str(), "Query": {}, "Params": {},
            "Headers": {"x-functions-key": ["alice"]}, "Body": body.to_string(), "Identities": identities});
        invoke(&stage, port, function, request).await
    };
    let nobody = json!([{"AuthenticationType": null, "IsAuthenticated": false, "Claims": []}]);
    // A claim of that name proves nothing in somebody else's identity.
    let pretender = json!([{"AuthenticationType": "aad", "IsAuthenticated": true,
        "Claims": [{"Type": "http://schemas.microsoft.com/2017/07/functions/claims/keyid", "Value": "alice"}]}]);
    for who in [nobody, pretender] {
        let read = direct("operator", Method::GET, "v1/plans", &json!(null), &who).await;
        assert_eq!(read.status, 200, "{read:?}");
        let on_plan =
            ["runs", "pause", "resume", "acknowledge", "explode"].map(|verb| format!("v1/plans/{PLAN}/{verb}"));
        let on_run = ["approve", "decline", "abort", "explode"].map(|verb| format!("v1/runs/{run}/{verb}"));
        let nowhere = ["v1/plans/nobody/pause".to_owned(), format!("v1/runs/{NO_RUN}/abort")];
        for path in on_plan.into_iter().chain(on_run).chain(nowhere) {
            for body in [&right, &json!({"why": "a test", "dry_run": true}), &json!({}), &json!([7])] {
                direct("operator", Method::POST, &path, body, &who).await.problem(403);
            }
        }
        direct("alert", Method::POST, "alert", &fired(2), &who).await.problem(401);
    }
    let view = stage.get(&format!("v1/runs/{run}")).await.json();
    assert_eq!(view["asks"][0]["about"], "approval", "the run still asks: {view}");
    assert_eq!(stage.touched(), Vec::<String>::new());
    assert!(stage.plan().await["paused"].is_null());
    assert_eq!(stage.aftermath().await.runs.len(), 1);
    stage.close().await;
}

/// Calls a function as the host does, and takes the http output out of the answer.
async fn invoke(stage: &Stage, port: u16, function: &str, request: Value) -> Reply {
    let envelope = json!({"Data": {"req": request}, "Metadata": {}});
    let answer = stage.http.post(format!("http://127.0.0.1:{port}/{function}")).json(&envelope).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let body: Value = answer.json().await.unwrap();
    let output = &body["Outputs"]["res"];
    let kind = output["headers"]["Content-Type"].as_str().unwrap_or_default();
    Reply {
        status: output["statusCode"].as_u64().unwrap() as u16,
        kind: kind.split(';').next().unwrap().to_owned(),
        text: output["body"].as_str().unwrap().to_owned(),
    }
}

/// Where the handler of that process id listens, out of its environment.
fn port(pid: u32) -> u16 {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
    let text = String::from_utf8_lossy(&environment).into_owned();
    let port = text.split('\0').find_map(|line| line.strip_prefix("FUNCTIONS_CUSTOMHANDLER_PORT="));
    port.unwrap().parse().unwrap()
}
