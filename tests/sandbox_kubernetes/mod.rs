//! The API servers of the simulated clusters over the real wire: TLS, tokens, and what becomes of pods and volumes.

mod access;
mod commands;
mod faults;
mod index;
mod kubectl;
mod pods;
mod scaling;

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Certificate, Client, Method, RequestBuilder, Response, StatusCode};
use reveille::sandbox::arm;
use reveille::sandbox::ca::Authority;
use reveille::sandbox::planes::Planes;
use reveille::sandbox::tls::TlsListener;
use reveille::sandbox::world::{Event, GROUP, Outcome, SUBSCRIPTION, Workload, World};
use serde_json::{Value, json};

const PRIMARY: &str = "aks-sonar-eastus2";
const STANDBY: &str = "aks-sonar-centralus";
const SERVER_APPLICATION: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";
const ARM_HOST: &str = "management.azure.com";
const APP: &str = "/apis/apps/v1/namespaces/sonarqube/deployments/sonarqube-sonarqube-dce-app";
const SEARCH: &str = "/apis/apps/v1/namespaces/sonarqube/statefulsets/sonarqube-sonarqube-dce-search";
const PODS: &str = "/api/v1/namespaces/sonarqube/pods";
const CLAIMS: &str = "/api/v1/namespaces/sonarqube/persistentvolumeclaims";
const MERGE: &str = "application/merge-patch+json";
/// How long anything here may take to come about.
const PATIENCE: Duration = Duration::from_secs(60);

/// A world with its planes and ARM, and a client that trusts the kubeconfig's authority and has a token.
struct Rig {
    world: World,
    workload: Workload,
    client: Client,
    token: String,
    authority: Authority,
    _planes: Planes,
}

/// A world that goes about things in tenths of a second, with its planes and ARM.
pub struct Raised {
    pub world: World,
    pub workload: Workload,
    pub authority: Authority,
    pub planes: Planes,
}

/// `prepare` turns knobs before anything runs.
pub async fn raise(prepare: impl FnOnce(&World)) -> Raised {
    let workload = Workload::named("sonar");
    let (world, mut sockets) = World::bind(vec![workload.clone()], &[]).await.unwrap();
    world.configure(|it| (it.app_boot, it.web_boot) = (Duration::from_millis(300), Duration::from_millis(100)));
    world.tune(|it| (it.start, it.stop) = (Duration::from_millis(100), Duration::from_millis(100)));
    world.tune_kubernetes(|it| it.termination = Duration::from_millis(150));
    prepare(&world);
    let authority = Authority::new().unwrap();
    let planes = Planes::start(&world, &mut sockets.https, &mut sockets.postgres, &authority).await.unwrap();
    let config = authority.server_config([ARM_HOST], &["http/1.1"]).unwrap();
    let listener = TlsListener::new(sockets.https.remove(ARM_HOST).unwrap(), config).unwrap();
    tokio::spawn(arm::serve(world.clone(), listener));
    Raised { world, workload, authority, planes }
}

/// An answer of an API server.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Rig {
    async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// `prepare` turns knobs before anything runs.
    async fn start_with(prepare: impl FnOnce(&World)) -> Self {
        let Raised { world, workload, authority, planes } = raise(prepare).await;
        let client = builder(&world, authority.pem()).build().unwrap();
        let token = issue(&world, SERVER_APPLICATION);
        Self { world, workload, client, token, authority, _planes: planes }
    }

    fn host(&self, cluster: &str) -> String {
        let site = self.workload.sites.iter().find(|it| it.cluster == cluster).unwrap();
        site.api_server_host()
    }

    fn request(&self, cluster: &str, method: Method, path: &str) -> RequestBuilder {
        let url = format!("https://{}:{}{path}", self.host(cluster), self.world.ports().https);
        self.client.request(method, url).bearer_auth(&self.token).timeout(Duration::from_secs(3))
    }

    async fn send(&self, cluster: &str, method: Method, path: &str) -> Answer {
        Answer::of(self.request(cluster, method, path).send().await.unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(PRIMARY, Method::GET, path).await
    }

    async fn patch(&self, path: &str, kind: &str, body: Value) -> Answer {
        let request = self.request(PRIMARY, Method::PATCH, path).header("content-type", kind);
        Answer::of(request.body(body.to_string()).send().await.unwrap()).await
    }

    async fn scale(&self, path: &str, replicas: u32) -> Answer {
        self.patch(&format!("{path}/scale"), MERGE, json!({"spec": {"replicas": replicas}})).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.send(PRIMARY, Method::DELETE, path).await
    }

    /// Names of a list's items.
    async fn names(&self, path: &str) -> Vec<String> {
        let list = self.get(path).await.body;
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|it| it["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }

    async fn start_cluster(&self, cluster: &str) {
        self.world.start_cluster(cluster, Outcome::default()).unwrap();
        eventually("nodes run", async || self.world.nodes_run(cluster)).await;
    }

    async fn stop_cluster(&self, cluster: &str) {
        self.world.stop_cluster(cluster, Outcome::default()).unwrap();
        eventually("nodes are gone", async || !self.world.nodes_run(cluster)).await;
    }

    fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.world.entries().iter().filter(|it| wanted(&it.event)).count()
    }

    fn writes(&self, region: &str) -> bool {
        self.world.writers(&self.workload).contains_key(region)
    }

    /// A call of ARM on a cluster.
    fn arm(&self, method: Method, cluster: &str, action: &str) -> RequestBuilder {
        let provider = "Microsoft.ContainerService/managedClusters";
        let path =
            format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/{provider}/{cluster}{action}");
        let url = format!("https://{ARM_HOST}:{}{path}", self.world.ports().https);
        let request = self.client.request(method, url).query(&[("api-version", "2025-10-01")]);
        request.bearer_auth(issue(&self.world, "https://management.azure.com"))
    }

    async fn kubeconfig(&self, cluster: &str) -> String {
        let request = self.arm(Method::POST, cluster, "/listClusterUserCredential");
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let value = answer.body["kubeconfigs"][0]["value"].as_str().unwrap();
        String::from_utf8(STANDARD.decode(value).unwrap()).unwrap()
    }
}

fn builder(world: &World, pem: &str) -> reqwest::ClientBuilder {
    let trusted = Certificate::from_pem(pem.as_bytes()).unwrap();
    let mut builder = Client::builder().no_proxy().tls_certs_only([trusted]);
    for name in world.names().all() {
        let address = SocketAddr::from((world.names().address(name).unwrap(), world.ports().https));
        builder = builder.resolve(name, address);
    }
    builder
}

fn issue(world: &World, audience: &str) -> String {
    world.issue_token(&world.system_identity().unwrap(), audience).0
}

/// The value of a key of a kubeconfig.
fn entry<'a>(kubeconfig: &'a str, key: &str) -> Option<&'a str> {
    kubeconfig.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": "))
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, headers, body }
    }

    /// Code and reason of a `Status`.
    fn refusal(&self) -> (u16, &str) {
        assert_eq!((&self.body["kind"], &self.body["status"]), (&json!("Status"), &json!("Failure")), "{self:?}");
        assert_eq!(self.body["code"], self.status.as_u16(), "{self:?}");
        (self.status.as_u16(), self.body["reason"].as_str().unwrap_or_default())
    }

    fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

/// Asks again and again until the answer is yes.
async fn eventually(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !ask().await {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
