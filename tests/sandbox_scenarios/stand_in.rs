//! A handler that follows a fixed script: this very test binary, told to act as one.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

const NAME: &str = "sandbox_scenarios::stand_in::acts_as_the_handler";
const GROUP: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-dr/providers";
static LOOKED: AtomicUsize = AtomicUsize::new(0);
static REFUSED: AtomicUsize = AtomicUsize::new(0);
const CLUSTERS: &str = "Microsoft.ContainerService/managedClusters";

/// Writes a program that becomes the stand-in, with what it is to leave out.
pub fn program(folder: &Path, leaves_out: &str) -> PathBuf {
    let path = folder.join("stand-in");
    let binary = std::env::current_exe().unwrap();
    let text = format!(
        "#!/bin/sh\nexport LEAVES_OUT={leaves_out}\nexec '{}' {NAME} --exact --ignored --nocapture\n",
        binary.display()
    );
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "is the handler that the tests beside it start"]
async fn acts_as_the_handler() {
    let port = std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT").expect("started by a host");
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.unwrap();
    let router = Router::new()
        .route("/", get("ready"))
        .route("/alert", post(alert))
        .fallback(timer)
        .with_state(Arc::new(AtomicBool::new(false)));
    axum::serve(listener, router).await.unwrap();
}

/// Looks after nothing, and fails from the second time on if told so.
async fn timer() -> (StatusCode, Json<Value>) {
    let fails = variable("LEAVES_OUT") == "timers" && LOOKED.fetch_add(1, Ordering::SeqCst) > 0;
    let status = if fails { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK };
    (status, Json(json!({"Outputs": {}, "Logs": [], "ReturnValue": ""})))
}

async fn alert(State(started): State<Arc<AtomicBool>>, Json(invocation): Json<Value>) -> Json<Value> {
    let body: Value = invocation["Data"]["req"]["Body"].as_str().map_or(Value::Null, |text| text.parse().unwrap());
    let essentials = &body["data"]["essentials"];
    let leaves_out = variable("LEAVES_OUT");
    if leaves_out == "everything" {
        return answer("202");
    }
    if leaves_out == "first-alert" && REFUSED.fetch_add(1, Ordering::SeqCst) == 0 {
        return answer("503");
    }
    if essentials["monitorCondition"] == "Fired" && !started.swap(true, Ordering::SeqCst) {
        let alert = essentials["alertId"].as_str().unwrap().to_owned();
        tokio::spawn(async move { Script::new().await.recover(&alert).await });
    }
    answer("202")
}

fn answer(status: &str) -> Json<Value> {
    Json(json!({"Outputs": {"res": {"statusCode": status, "body": "seen"}}, "Logs": [], "ReturnValue": ""}))
}

struct Script {
    http: reqwest::Client,
    arm: String,
    token: String,
    leaves_out: String,
}

impl Script {
    async fn new() -> Self {
        let http = reqwest::Client::new();
        let config: toml::Value =
            toml::from_str(&std::fs::read_to_string(variable("REVEILLE_CONFIG")).unwrap()).unwrap();
        let port = config["cloud"]["arm"].as_str().unwrap().rsplit(':').next().unwrap();
        let url =
            format!("{}?resource=https://management.azure.com&api-version=2019-08-01", variable("IDENTITY_ENDPOINT"));
        let answer = http.get(url).header("x-identity-header", variable("IDENTITY_HEADER")).send().await.unwrap();
        let token: Value = answer.json().await.unwrap();
        Self {
            arm: format!("https://localhost:{port}"),
            token: token["access_token"].as_str().unwrap().to_owned(),
            leaves_out: variable("LEAVES_OUT"),
            http,
        }
    }

    async fn recover(&self, alert: &str) {
        self.notify("admitted", Value::Null).await;
        match self.leaves_out.as_str() {
            "fence" => {}
            "wait" => drop(self.order("aks-sonar-eastus2", "stop").await),
            _ => self.power("aks-sonar-eastus2", "stop", "Stopped").await,
        }
        self.power("aks-sonar-centralus", "start", "Running").await;
        let url = format!("{alert}/changestate?api-version=2019-03-01&newState=Acknowledged");
        self.arm("POST", &url, &json!({"comments": "seen"})).await;
        if self.leaves_out == "sense" {
            self.arm(
                "GET",
                "/subscriptions/11111111-2222-3333-4444-555555555555/providers/No.Such/things",
                &Value::Null,
            )
            .await;
        }
        self.notify("ended", json!("recovered")).await;
    }

    /// Asks for it and does not wait; the cluster's id.
    async fn order(&self, cluster: &str, verb: &str) -> String {
        let id = format!("{GROUP}/{CLUSTERS}/{cluster}");
        self.arm("POST", &format!("{id}/{verb}?api-version=2025-10-01"), &Value::Null).await;
        id
    }

    async fn power(&self, cluster: &str, verb: &str, wanted: &str) {
        let id = self.order(cluster, verb).await;
        loop {
            let found = self.arm("GET", &format!("{id}?api-version=2025-10-01"), &Value::Null).await;
            let properties = &found["properties"];
            if properties["provisioningState"] == "Succeeded" && properties["powerState"]["code"] == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn arm(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.arm);
        let mut request = self.http.request(method.parse().unwrap(), url).bearer_auth(&self.token);
        if !body.is_null() {
            request = request.json(body);
        }
        request.send().await.unwrap().json().await.unwrap_or(Value::Null)
    }

    async fn notify(&self, moment: &str, outcome: Value) {
        let event = json!({
            "specversion": "1.0", "id": moment, "source": "/stand-in", "type": format!("reveille.run.{moment}"),
            "data": {"plan": "sonarqube", "run": "run-1", "outcome": outcome},
        });
        let request = self.http.post(variable("HOOK_URL")).header("content-type", "application/cloudevents+json");
        request.body(event.to_string()).send().await.unwrap();
        let content = json!({"type": "AdaptiveCard", "version": "1.4", "body": []});
        let card = json!({"contentType": "application/vnd.microsoft.card.adaptive", "content": content});
        let message = json!({"type": "message", "attachments": [card]});
        self.http.post(variable("TEAMS_URL")).json(&message).send().await.unwrap();
    }
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is set by the host"))
}
