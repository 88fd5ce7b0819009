//! The simulated Azure over the real wire: TLS with its own CA, tokens from its identity endpoint.

mod aks;
mod dns;
mod faults;
mod front_door;
mod identity;
mod metrics;
mod monitor;
mod origins;
mod postgres;
mod rules;
mod shapes;

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::{Certificate, Client, Method, Response, StatusCode};
use reveille::sandbox::arm;
use reveille::sandbox::ca::Authority;
use reveille::sandbox::identity::IdentityEndpoint;
use reveille::sandbox::tls::TlsListener;
use reveille::sandbox::world::{Event, GROUP, SUBSCRIPTION, Workload, World};
use serde_json::{Value, json};

const ARM_HOST: &str = "management.azure.com";
const AKS_VERSION: &str = "2025-10-01";
const POSTGRES_VERSION: &str = "2025-08-01";
const FRONT_DOOR_VERSION: &str = "2025-06-01";

/// Starts and stops go on until a test ends them.
const LONG: Duration = Duration::from_secs(600);

/// A world whose ARM and identity endpoint are up, and a client that trusts its CA and has a token.
struct Rig {
    world: World,
    identity: IdentityEndpoint,
    client: Client,
    token: String,
}

/// An answer with everything a test looks at.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Rig {
    async fn start() -> Self {
        let (world, mut sockets) = World::bind(vec![Workload::named("sonar")], &[]).await.unwrap();
        let authority = Authority::new().unwrap();
        let config = authority.server_config(world.names().all(), &["http/1.1"]).unwrap();
        for name in [ARM_HOST, "localhost"] {
            let listener = TlsListener::new(sockets.https.remove(name).unwrap(), config.clone()).unwrap();
            tokio::spawn(arm::serve(world.clone(), listener));
        }
        let identity = IdentityEndpoint::start(world.clone()).await.unwrap();
        let address = SocketAddr::from((world.names().address(ARM_HOST).unwrap(), world.ports().https));
        let client = Client::builder()
            .no_proxy()
            .tls_certs_only([Certificate::from_pem(authority.pem().as_bytes()).unwrap()])
            .resolve(ARM_HOST, address)
            .build()
            .unwrap();
        world.tune(|it| (it.start, it.stop) = (LONG, LONG));
        let mut rig = Self { world, identity, client, token: String::new() };
        rig.token = rig.fetch_token("https://management.azure.com").await;
        rig
    }

    async fn fetch_token(&self, resource: &str) -> String {
        let url = format!("{}?resource={resource}&api-version=2019-08-01", self.identity.url);
        let response = self.client.get(url).header("X-IDENTITY-HEADER", &self.identity.header).send().await.unwrap();
        let body: Value = response.json().await.unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }

    fn url(&self, path_and_query: &str) -> String {
        format!("https://{ARM_HOST}:{}{path_and_query}", self.world.ports().https)
    }

    async fn try_send(&self, method: Method, url: &str, body: Option<Value>) -> reqwest::Result<Response> {
        let request = self.client.request(method, url).bearer_auth(&self.token);
        match body {
            Some(body) => request.json(&body).send().await,
            None => request.send().await,
        }
    }

    async fn send(&self, method: Method, url: &str, body: Option<Value>) -> Answer {
        Answer::of(self.try_send(method, url, body).await.unwrap()).await
    }

    async fn get(&self, path_and_query: &str) -> Answer {
        self.send(Method::GET, &self.url(path_and_query), None).await
    }

    async fn post(&self, path_and_query: &str) -> Answer {
        self.send(Method::POST, &self.url(path_and_query), None).await
    }

    /// Polls a status address until it tells no more `InProgress`.
    async fn poll(&self, url: &str) -> Value {
        for _ in 0..200 {
            let answer = self.send(Method::GET, url, None).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            if answer.body["status"] != "InProgress" {
                return answer.body;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the operation never ended");
    }

    /// Ends the operation of an accepted call now, so that no test depends on how long it takes.
    async fn finish(&self, accepted: &Answer) -> Value {
        let url = accepted.header("azure-asyncoperation");
        let path = url.split('?').next().unwrap();
        self.world.finish_operation(path.rsplit('/').next().unwrap());
        self.poll(url).await
    }

    fn unknown_calls(&self) -> usize {
        self.world.entries().iter().filter(|it| matches!(it.event, Event::Unknown { .. })).count()
    }
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Self { status, headers, body }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }

    fn code(&self) -> &str {
        self.body["error"]["code"].as_str().or(self.body["code"].as_str()).unwrap_or_default()
    }

    fn message(&self) -> &str {
        self.body["error"]["message"].as_str().or(self.body["message"].as_str()).unwrap_or_default()
    }
}

fn cluster_path(name: &str, action: &str) -> String {
    let kind = "Microsoft.ContainerService/managedClusters";
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/{kind}/{name}{action}?api-version={AKS_VERSION}"
    )
}

fn server_path(name: &str, rest: &str) -> String {
    let kind = "Microsoft.DBforPostgreSQL/flexibleServers";
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/{kind}/{name}{rest}?api-version={POSTGRES_VERSION}"
    )
}

fn profile_path(rest: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Cdn/profiles/afd-sonarqube{rest}")
}

fn promote_body(mode: &str, option: &str) -> Value {
    json!({"properties": {"replica": {"promoteMode": mode, "promoteOption": option}}})
}
