//! A cluster with its API server, and the Azure Resource Manager that gives the way to it.

use crate::azure_server::{Act, Seen, Server};
use crate::azure_wire::{cluster, quick};
use crate::support::dns::DnsServer;
use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration as Span, OffsetDateTime};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reveille::azure::Azure;
use reveille::domain::secret::Secret;
use reveille::domain::workload::{WorkloadKind, WorkloadRef, WorkloadSelector};
use reveille::kubernetes::{Cluster, Kubernetes, PgTarget, ProbePod, Sent, Settings};
use reveille::probe::dns::Dns;
use serde_json::json;
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const NODES: &str = include_str!("../fixtures/kubernetes/nodes.json");
pub const DEPLOYMENTS: &str = include_str!("../fixtures/kubernetes/deployments.json");
pub const STATEFUL_SETS: &str = include_str!("../fixtures/kubernetes/statefulsets.json");
pub const AUTOSCALERS: &str = include_str!("../fixtures/kubernetes/autoscalers.json");
pub const PODS: &str = include_str!("../fixtures/kubernetes/pods.json");
pub const CLAIMS: &str = include_str!("../fixtures/kubernetes/claims.json");
pub const FORBIDDEN: &str = include_str!("../fixtures/kubernetes/forbidden.json");
pub const NONE: &str = r#"{"kind":"List","metadata":{},"items":[]}"#;
/// No DNS server knows it.
pub const PRIVATE: &str = "https://aks-b.private.example.test:443";

/// Gives `arm-1`, `arm-2`, … for Azure and `cluster-1`, … for clusters.
#[derive(Debug, Default)]
struct Credential(Mutex<(u32, u32)>);

#[async_trait]
impl TokenCredential for Credential {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        let mut counts = self.0.lock().unwrap();
        let text = match scopes {
            ["6dae42f8-4368-4678-94ff-3960e28e3630/.default"] => {
                counts.1 += 1;
                format!("cluster-{}", counts.1)
            }
            _ => {
                counts.0 += 1;
                format!("arm-{}", counts.0)
            }
        };
        Ok(AccessToken::new(text, OffsetDateTime::now_utc() + Span::hours(1)))
    }
}

/// Whether an outcome is the expected one.
pub type Judge = Box<dyn Fn(&Sent) -> bool>;

/// What the small Azure Resource Manager knows.
pub struct Arm {
    /// Kubeconfigs to give; the last one stays.
    pub kubeconfigs: VecDeque<String>,
    /// `provisioningState` and `powerState`.
    pub state: (&'static str, &'static str),
    /// What it does when a command is asked for, and when its result is.
    pub commands: VecDeque<Act>,
    pub results: VecDeque<Act>,
}

pub struct Bench {
    pub arm: Server,
    pub arm_state: Arc<Mutex<Arm>>,
    pub dns: DnsServer,
    pub azure: Azure,
    pub kubernetes: Kubernetes,
    pub cluster: Cluster,
}

pub fn settings() -> Settings {
    Settings {
        connect_timeout: Duration::from_secs(2),
        call_timeout: Duration::from_secs(5),
        command_poll: Duration::from_millis(1),
        command_timeout: Duration::from_secs(10),
        ..Settings::default()
    }
}

impl Bench {
    /// A cluster whose API server is `api`.
    pub async fn of(api: &Server) -> Self {
        Self::with(kubeconfig(&api.url, &api.certificate, ENTRA), settings()).await
    }

    /// A cluster whose API server has a name that nobody knows here.
    pub async fn private() -> Self {
        Self::with(private_kubeconfig(), settings()).await
    }

    pub async fn with(kubeconfig: String, settings: Settings) -> Self {
        let state = Arm {
            kubeconfigs: VecDeque::from([kubeconfig]),
            state: ("Succeeded", "Running"),
            commands: VecDeque::new(),
            results: VecDeque::new(),
        };
        let arm_state = Arc::new(Mutex::new(state));
        let shared = arm_state.clone();
        let arm = Server::answering(move |seen| shared.lock().unwrap().answer(seen)).await;
        let azure = Azure::with_credential(quick(&arm.url), Arc::new(Credential::default()), arm.client()).unwrap();
        let dns = DnsServer::start().await;
        dns.address_of("localhost", Ipv4Addr::LOCALHOST);
        let kubernetes = Kubernetes::new(azure.clone(), settings, Dns::new(&[dns.address]).unwrap());
        Self { cluster: kubernetes.cluster(&cluster()), arm, arm_state, dns, azure, kubernetes }
    }

    /// What Azure is to say to the next command and to questions about its result.
    pub fn command(&self, taken: Act, results: impl IntoIterator<Item = Act>) {
        let mut arm = self.arm_state.lock().unwrap();
        arm.commands.push_back(taken);
        arm.results.extend(results);
    }

    /// How often Azure was asked for something that ends so.
    pub fn asked(&self, end: &str) -> usize {
        self.arm.seen().iter().filter(|seen| path(&seen.target).ends_with(end)).count()
    }

    /// Bodies of the commands that were sent.
    pub fn commands(&self) -> Vec<serde_json::Value> {
        let seen = self.arm.seen();
        let sent = seen.iter().filter(|seen| path(&seen.target).ends_with("/runCommand"));
        sent.map(|seen| serde_json::from_str(&seen.body).unwrap()).collect()
    }
}

impl Arm {
    fn answer(&mut self, seen: &Seen) -> Act {
        let path = path(&seen.target);
        let end = path.rsplit('/').next().unwrap_or_default();
        let lost = || Act::answer(404, r#"{"error":{"code":"NotInThisTest","message":""}}"#);
        match end {
            "listClusterUserCredential" => {
                let last = self.kubeconfigs.len() == 1;
                let config = if last { self.kubeconfigs[0].clone() } else { self.kubeconfigs.pop_front().unwrap() };
                let value = STANDARD.encode(config);
                Act::answer(200, &json!({"kubeconfigs": [{"name": "clusterUser", "value": value}]}).to_string())
            }
            "runCommand" => self.commands.pop_front().unwrap_or_else(lost),
            _ if path.contains("/commandResults/") => self.results.pop_front().unwrap_or_else(lost),
            _ => {
                let (provisioning, power) = self.state;
                let body = json!({"properties": {"provisioningState": provisioning, "powerState": {"code": power}}});
                Act::answer(200, &body.to_string())
            }
        }
    }
}

pub fn path(target: &str) -> &str {
    target.split('?').next().unwrap_or_default()
}

/// The user of a cluster with Entra authentication.
pub const ENTRA: &str =
    "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: kubelogin, args: [get-token]}";

pub fn kubeconfig(server: &str, authority: &str, user: &str) -> String {
    let authority = STANDARD.encode(authority);
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: aks-b\n  cluster:\n    server: {server}\n    certificate-authority-data: {authority}\n\
         users:\n- name: clusterUser\n  user:\n    {user}\ncontexts:\n- name: aks-b\n  context: {{cluster: aks-b, user: clusterUser}}\n\
         current-context: aks-b\npreferences: {{}}\n"
    )
}

pub fn private_kubeconfig() -> String {
    kubeconfig(PRIVATE, &crate::support::ca::Ca::new().pem(), ENTRA)
}

/// An API server with the workload of the fixtures.
pub async fn workload_server(autoscalers: Act) -> Server {
    Server::answering(move |seen| match path(&seen.target).rsplit('/').next().unwrap_or_default() {
        "deployments" => Act::answer(200, DEPLOYMENTS),
        "statefulsets" => Act::answer(200, STATEFUL_SETS),
        "horizontalpodautoscalers" => autoscalers.clone(),
        "pods" => Act::answer(200, PODS),
        "persistentvolumeclaims" => Act::answer(200, CLAIMS),
        _ => Act::answer(404, ""),
    })
    .await
}

pub fn sonarqube() -> WorkloadSelector {
    WorkloadSelector::sonarqube()
}

pub fn app() -> WorkloadRef {
    let (namespace, name) = ("sonarqube".into(), "sonarqube-sonarqube-dce-app".into());
    WorkloadRef { kind: WorkloadKind::Deployment, namespace, name }
}

/// A command that was taken.
pub fn taken() -> Act {
    Act::answer(202, "").header("location", &format!("{{arm}}{}/commandResults/c1?api-version=2025-10-01", cluster()))
}

/// The result of a command.
pub fn result(exit_code: Option<i32>, logs: &str) -> Act {
    let state = if exit_code.is_some() { "succeeded" } else { "failed" };
    let properties = json!({"provisioningState": state, "exitCode": exit_code, "logs": logs});
    Act::answer(200, &json!({"id": "c1", "properties": properties}).to_string()).header("x-ms-request-id", "r-result")
}

pub fn probe_pod() -> ProbePod {
    let target = PgTarget {
        host: "writer.example.test".into(),
        port: 5432,
        database: "sonar".into(),
        user: "reader".into(),
        password: Secret::new("hunter2"),
    };
    ProbePod::psql("sonarqube", "reveille-probe", "postgres:17-alpine", target)
}
