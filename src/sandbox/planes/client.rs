//! An HTTPS client that finds the world's names without DNS: what the edge and the scenarios use.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};

use crate::sandbox::world::{ProbeMethod, World};

/// What the edge's probes call themselves.
const PROBE_AGENT: &str = "Edge Health Probe";

/// Why the client cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("building the sandbox's HTTPS client")]
pub struct ClientError(#[source] reqwest::Error);

/// A client that trusts only the sandbox's authority.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    port: u16,
}

impl Client {
    /// A client for the names of this world.
    ///
    /// # Errors
    /// When the authority's certificate cannot be used.
    pub fn new(world: &World, authority_pem: &str) -> Result<Self, ClientError> {
        let port = world.ports().https;
        let certificate = reqwest::Certificate::from_pem(authority_pem.as_bytes()).map_err(ClientError)?;
        let mut builder = reqwest::Client::builder()
            .tls_certs_only([certificate])
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        for name in world.names().all() {
            if let Some(address) = world.names().address(name) {
                builder = builder.resolve(name, (address, port).into());
            }
        }
        let http = builder.build().map_err(ClientError)?;
        Ok(Self { http, port })
    }

    /// A request to one of the world's names.
    pub fn request(&self, method: Method, host: &str, path: &str) -> RequestBuilder {
        self.http.request(method, format!("https://{host}:{}{path}", self.port))
    }

    /// A request to anywhere else, such as the Functions host on `localhost`.
    pub fn request_url(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url)
    }

    /// One health probe; `None` when nothing answered.
    pub(super) async fn probe(
        &self,
        method: ProbeMethod,
        host: &str,
        path: &str,
        timeout: Duration,
    ) -> Option<StatusCode> {
        let method = match method {
            ProbeMethod::Head => Method::HEAD,
            ProbeMethod::Get => Method::GET,
        };
        let request = self.request(method, host, path);
        let request = request.header("user-agent", PROBE_AGENT).timeout(timeout);
        request.send().await.ok().map(|answer| answer.status())
    }
}
