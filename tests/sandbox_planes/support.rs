//! A world with its planes, and clients that find it.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Response};
use reveille::sandbox::ca::Authority;
use reveille::sandbox::planes::{Client, Planes};
use reveille::sandbox::world::{Event, Workload, World};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long anything here may take to come about.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Stage {
    pub world: World,
    pub workload: Workload,
    pub client: Client,
    pub planes: Planes,
    authority: Authority,
}

impl Stage {
    pub async fn set() -> Self {
        Self::set_with(|_| {}).await
    }

    /// `prepare` turns knobs before anything runs.
    pub async fn set_with(prepare: impl FnOnce(&World)) -> Self {
        let workload = Workload::named("sonar");
        let (world, mut sockets) = World::bind(vec![workload.clone()], &[]).await.unwrap();
        let authority = Authority::new().unwrap();
        world.configure(|settings| {
            settings.app_boot = Duration::from_millis(300);
            settings.web_boot = Duration::from_millis(100);
            settings.probe_interval = Duration::from_millis(30);
            settings.edge_timeout = Duration::from_millis(300);
        });
        prepare(&world);
        let planes = Planes::start(&world, &mut sockets.https, &mut sockets.postgres, &authority).await.unwrap();
        Self { client: planes.client(), world, workload, planes, authority }
    }

    pub async fn get(&self, host: &str, path: &str) -> reqwest::Result<Response> {
        self.client.request(Method::GET, host, path).timeout(Duration::from_secs(2)).send().await
    }

    /// The status of SonarQube at a site, if it answers JSON.
    pub async fn status(&self, site: usize) -> Option<String> {
        let answer = self.get(&self.workload.sites[site].origin, "/api/system/status").await.ok()?;
        let body: serde_json::Value = answer.json().await.ok()?;
        body["status"].as_str().map(str::to_owned)
    }

    /// Logs in to a server by its own name and address.
    pub async fn login(
        &self,
        site: usize,
        user: &str,
        password: &str,
    ) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
        let host = self.workload.sites[site].server_host();
        let mut config = tokio_postgres::Config::new();
        config
            .host(&host)
            .hostaddr(self.world.names().address(&host).unwrap().into())
            .port(self.world.ports().postgres)
            .user(user)
            .password(password)
            .dbname("sonarqube")
            .ssl_mode(SslMode::Require)
            .connect_timeout(Duration::from_secs(2));
        let (client, connection) = config.connect(self.tls()).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Logs in as the user of the plan.
    pub async fn database(&self, site: usize) -> tokio_postgres::Client {
        self.login(site, "reveille", "sandbox-password").await.unwrap()
    }

    /// The certificate of the sandbox's authority.
    pub fn certificate(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.authority.pem().as_bytes()).unwrap()
    }

    fn tls(&self) -> MakeRustlsConnect {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.certificate()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        MakeRustlsConnect::new(config)
    }

    pub fn unknown(&self) -> Vec<String> {
        let entries = self.world.entries().into_iter();
        entries.filter(|entry| matches!(entry.event, Event::Unknown { .. })).map(|entry| entry.text).collect()
    }

    pub fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.world.entries().iter().filter(|entry| wanted(&entry.event)).count()
    }
}

/// Asks again and again until the answer is yes.
pub async fn eventually(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !ask().await {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
