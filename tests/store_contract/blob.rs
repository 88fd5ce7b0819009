//! The store of a storage account on a real Azurite, behind a proxy that can do harm.

use crate::support::azurite::{self, Azurite, HOST};
use crate::support::storage_proxy::{StorageProxy, client};
use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration as Span, OffsetDateTime};
use reveille::azure::{Azure, BlobStore, Patience, Settings};
use reveille::config::Containers;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

pub struct BlobBackend {
    pub azurite: Arc<Azurite>,
    pub proxy: StorageProxy,
    pub containers: Containers,
    /// What tokens are handed out next, before good ones: how long each lives, in minutes.
    pub lifetimes: Arc<Mutex<Vec<i64>>>,
}

/// Gives tokens that Azurite believes, or has reason not to.
#[derive(Debug)]
struct Credential(Arc<Mutex<Vec<i64>>>);

#[async_trait]
impl TokenCredential for Credential {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        assert_eq!(scopes, ["https://storage.azure.com/.default"]);
        let minutes = self.0.lock().unwrap().pop().unwrap_or(60);
        // The client believes each of them for an hour.
        let expires = OffsetDateTime::now_utc() + Span::hours(1);
        Ok(AccessToken::new(azurite::token(chrono::TimeDelta::minutes(minutes)), expires))
    }
}

impl BlobBackend {
    /// Two new containers, and a proxy that does nothing yet.
    pub async fn start() -> Self {
        let backend = Self::without_containers().await;
        let name = &backend.containers.container;
        for container in [name.clone(), format!("{name}{}", Containers::DOCUMENTS_SUFFIX)] {
            backend.bare(&format!("{container}?restype=container"), &[]).await;
        }
        backend
    }

    pub async fn without_containers() -> Self {
        let azurite = azurite::shared();
        let proxy = StorageProxy::start(&azurite).await;
        let account = format!("https://{HOST}:{}", proxy.address.port());
        let containers = Containers { account, container: format!("r{}", Uuid::new_v4().simple()) };
        Self { azurite, proxy, containers, lifetimes: Arc::default() }
    }

    /// Somebody takes a lease on a log and keeps it.
    pub async fn lease(&self, log: &str) {
        let target = format!("{}/{log}.log?comp=lease", self.containers.container);
        self.bare(&target, &[("x-ms-lease-action", "acquire"), ("x-ms-lease-duration", "-1")]).await;
    }

    /// A request that is none of the store's, past the proxy.
    async fn bare(&self, target: &str, headers: &[(&'static str, &str)]) {
        let url = format!("https://{HOST}:{}/{target}", self.azurite.address.port());
        let mut request = client(&self.azurite).build().unwrap().put(url).header("x-ms-version", "2025-11-05").body("");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.bearer_auth(azurite::token(chrono::TimeDelta::hours(1))).send().await.unwrap();
        assert_eq!(answer.status(), 201, "{:?}", answer.text().await);
    }

    pub fn store(&self) -> BlobStore {
        // Patient enough for a machine that runs many tests at once.
        let attempts = vec![Duration::from_secs(20); 3];
        self.store_with(Patience { attempts, ..Patience::default() })
    }

    pub fn store_with(&self, patience: Patience) -> BlobStore {
        let credential = Arc::new(Credential(self.lifetimes.clone()));
        let azure = Azure::with_credential(Settings::default(), credential, reqwest::Client::builder()).unwrap();
        azure.blob_store(&self.containers, patience, client(&self.azurite)).unwrap()
    }

    /// Lets `time` pass since the log's last write.
    pub async fn age(&self, log: &str, time: Duration) {
        let path = format!("/{}/{}.log", self.containers.container, log.replace('/', "%2F"));
        self.proxy.age(&path, time).await;
    }
}
