//! A simulated Azure with the real binary in a simulated Functions host, and hands to work it with.

use super::aftermath::{Aftermath, deliveries};
use super::transcript::Transcript;
use reveille::domain::run::RunState;
use reveille::sandbox::scenario::{Expect, Scenario, Webhook, named};
use reveille::sandbox::world::{Darkness, Event, World};
use reveille::sandbox::{Options, Sandbox};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

pub const HANDLER: &str = env!("CARGO_BIN_EXE_reveille");
/// The plan of every stage.
pub const PLAN: &str = "sonarqube";
/// The outcome of a recovery on a stage: SonarQube's search index is not verified there, so it is not called recovered.
pub const SERVING: &str = "serving";
/// Longest wait for anything. Machines that run many tests at once are slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// A world in which nothing happens by itself, no alert's call arrives, and everything is quick.
pub fn calm() -> Scenario {
    let mut scenario = named("primary-outage").unwrap().clone();
    let millis = Duration::from_millis;
    scenario.at.clear();
    scenario.expect = Expect::default();
    scenario.world.webhook = Webhook::Lost;
    scenario.world.start = millis(600);
    scenario.world.stop = millis(400);
    scenario.world.app_boot = millis(600);
    scenario.world.web_boot = millis(200);
    scenario.world.probe_interval = millis(150);
    scenario.world.timer = millis(700);
    for (key, value) in [("cluster_poll", "200ms"), ("writer_poll", "200ms"), ("app_poll", "200ms")] {
        scenario.plan.timing.insert(key.to_owned(), value.into());
    }
    scenario
}

pub struct Stage {
    pub sandbox: Sandbox,
    pub http: reqwest::Client,
    pub transcript: Transcript,
    folder: TempDir,
}

/// What the function app answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub kind: String,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A problem document with a way on, as every error is.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.kind, "application/problem+json", "{self:?}");
        let problem = self.json();
        for field in ["title", "detail", "next"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {self:?}");
        }
        assert_eq!(problem["status"], status);
        problem
    }
}

impl Stage {
    /// Starts the world of a scenario. The handler has seen it healthy when this returns, unless its timer hardly ever
    /// fires.
    pub async fn open(scenario: Scenario) -> Self {
        Self::open_with(Options::new(scenario, HANDLER)).await
    }

    pub async fn open_with(mut options: Options) -> Self {
        let (folder, transcript) = (tempfile::tempdir().unwrap(), Transcript::default());
        options.folder = Some(folder.path().to_owned());
        options.log = transcript.log();
        let timer = options.scenario.world.timer;
        let sandbox = Sandbox::start(options).await.unwrap();
        if timer < PATIENCE {
            sandbox.let_it_look().await;
        }
        let pem = std::fs::read(sandbox.endpoints().ca_file).unwrap();
        let http = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
            .no_proxy()
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Self { sandbox, http, transcript, folder }
    }

    pub async fn close(self) {
        self.sandbox.stop().await;
    }

    pub fn world(&self) -> &World {
        self.sandbox.world()
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("app/state")
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}/api/{path}", self.sandbox.host().url())
    }

    pub fn key(&self) -> String {
        self.sandbox.endpoints().function_key
    }

    /// The compute side of the primary's region is gone.
    pub fn go_dark(&self) {
        self.world().set_darkness("eastus2", Darkness::outage());
    }

    pub fn come_back(&self) {
        self.world().set_darkness("eastus2", Darkness::default());
    }

    // --- calls ----------------------------------------------------------------------------------------------------

    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.http.get(self.url(path))).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.http.post(self.url(path)).json(body)).await
    }

    /// A body at the alert's webhook.
    pub async fn alert(&self, body: impl Into<reqwest::Body>) -> Reply {
        self.send(self.http.post(self.url("alert")).header("content-type", "application/json").body(body)).await
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        reply(request.header("x-functions-key", self.key())).await
    }

    /// What a person says to the plan or a run.
    pub async fn say(&self, path: &str) -> Reply {
        self.post(&format!("v1/{path}"), &serde_json::json!({"who": "Alice", "why": "a test"})).await
    }

    pub async fn plan(&self) -> Value {
        self.get(&format!("v1/plans/{PLAN}")).await.json()
    }

    // --- what is seen ---------------------------------------------------------------------------------------------

    /// Waits until `look` finds something.
    pub async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(Instant::now() < deadline, "{what} never came\n{}", self.story());
            sleep(Duration::from_millis(100)).await;
        }
    }

    pub async fn aftermath(&self) -> Aftermath {
        Aftermath::read(&self.state()).await.unwrap_or_else(|fault| panic!("{fault}\n{}", self.story()))
    }

    /// The run that is the plan's `nth` (from 0), once it is closed.
    pub async fn closed(&self, nth: usize) -> RunState {
        self.until(&format!("the end of run {nth}"), async || {
            self.aftermath().await.runs.into_values().nth(nth).filter(|run| run.closed)
        })
        .await
    }

    /// How often the world accepted something that starts or stops a cluster, or promotes a server.
    pub fn touched(&self) -> Vec<String> {
        let entries = self.world().entries();
        entries
            .iter()
            .filter(|entry| matches!(entry.event, Event::OperationStarted { .. }))
            .map(|entry| entry.text.clone())
            .collect()
    }

    /// The lines of the day log: every delivery of an alert.
    pub async fn deliveries(&self) -> Vec<Value> {
        deliveries(&self.state()).await.unwrap()
    }

    /// Everything that helps to understand a failure.
    pub fn story(&self) -> String {
        let mut entries = self.world().entries();
        entries.retain(|entry| !matches!(entry.event, Event::ArmRead { status: Some(200), .. }));
        let world: String =
            entries.iter().map(|entry| format!("{} {}\n", entry.at.format("%H:%M:%S%.3f"), entry.text)).collect();
        format!("the world:\n{world}the host and its handler:\n{}", self.transcript.text())
    }
}

pub async fn reply(request: reqwest::RequestBuilder) -> Reply {
    let answer = request.send().await.unwrap();
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // The host adds the character set to whatever type the handler names.
    let (status, kind) = (answer.status().as_u16(), kind.split(';').next().unwrap_or_default().to_owned());
    Reply { status, kind, text: answer.text().await.unwrap() }
}
