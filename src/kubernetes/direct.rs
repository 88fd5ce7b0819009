//! One exchange with an API server: the crate `kube` over a transport of our own.
//!
//! The transport resolves names with our resolver, believes the kubeconfig's authority and no other, follows no redirect
//! and opens a connection for each call: a kept one into a dead region would hold up every later call, and one that the
//! other side is just closing would turn an act into "unknown".

use super::access::AccessError;
use super::kubeconfig::{BadKubeconfig, Parsed, User};
use super::reply::Reply;
use super::settings::Settings;
use crate::azure::retry_after;
use crate::domain::causes::with_causes;
use crate::domain::secret::Secret;
use crate::domain::workload::Via;
use crate::probe::dns::Dns;
use crate::probe::tls::USER_AGENT;
use crate::telemetry;
use chrono::Utc;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use reqwest::Url;
use rustls::{ClientConfig, RootCertStore};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tower::BoxError;
use uuid::Uuid;

/// Bodies larger than this are not read.
const BODY_LIMIT: usize = 16 * 1024 * 1024;
/// The API server takes this id for its audit log and gives it back.
const AUDIT_ID: &str = "audit-id";

/// A way to one API server.
pub(super) struct Direct {
    client: kube::Client,
    /// Whether it wants a token of Entra with each call.
    pub entra: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// No connection came about, so nothing was sent.
    NeverSent(String),
    /// Nothing was sent, because the server's certificate is not of the cluster's authority.
    Untrusted(String),
    /// It may have been sent, and may have been carried out.
    AfterSending { why: String, id: String },
}

/// The longest time of one call, from connecting to the last byte.
#[derive(Clone, Copy)]
struct Patience(Duration);

impl Direct {
    pub fn open(config: Parsed, settings: &Settings, dns: &Dns) -> Result<Self, AccessError> {
        let entra = matches!(config.user, User::Entra);
        let base = config.server.clone();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(config)?)
            .dns_resolver(Arc::new(dns.clone()))
            .https_only(true)
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(settings.connect_timeout)
            .pool_max_idle_per_host(0)
            .user_agent(USER_AGENT)
            .build()
            .map_err(AccessError::Client)?;
        let transport = tower::service_fn(move |request| carry(http.clone(), base.clone(), request));
        Ok(Self { client: kube::Client::new(transport, "default"), entra })
    }

    /// Sends one request, at most `patience` long.
    pub async fn exchange(
        &self,
        request: &Request<Vec<u8>>,
        token: Option<&Secret>,
        patience: Duration,
    ) -> Result<Reply, Broken> {
        let (id, begun) = (Uuid::new_v4().to_string(), Instant::now());
        let outcome = self.attempt(request, token, patience, &id).await;
        tell(request, &id, begun.elapsed(), &outcome);
        outcome
    }

    async fn attempt(
        &self,
        request: &Request<Vec<u8>>,
        token: Option<&Secret>,
        patience: Duration,
        id: &str,
    ) -> Result<Reply, Broken> {
        let is_read = request.method() == Method::GET;
        let prepared = prepared(request, token, patience, id);
        let response = self.client.send(prepared).await.map_err(|error| broken(error, id))?;
        let (head, body) = response.into_parts();
        let ids = head.headers.get(AUDIT_ID).and_then(|id| id.to_str().ok()).map_or(id, |id| id).to_owned();
        let body = match Limited::new(body, BODY_LIMIT).collect().await {
            Ok(body) => body.to_bytes().to_vec(),
            // Whether an act was taken is known by now; what a read was to give is not.
            Err(_) if !is_read => Vec::new(),
            Err(error) => return Err(Broken::AfterSending { why: with_causes(error.as_ref()), id: id.to_owned() }),
        };
        let retry_after = waits(&head.headers);
        Ok(Reply { status: head.status.as_u16(), via: Via::Direct, request_ids: vec![ids], retry_after, body })
    }
}

/// Tells those who watch from outside. The path names objects; a query could hold anything.
fn tell(request: &Request<Vec<u8>>, id: &str, took: Duration, outcome: &Result<Reply, Broken>) {
    let method = request.method().as_str();
    telemetry::call(&telemetry::Call {
        service: telemetry::Service::Kubernetes,
        what: &format!("{method} {}", request.uri().path()),
        method,
        attempt: 1,
        took,
        status: outcome.as_ref().ok().map(|reply| reply.status),
        client_request_id: Some(id),
        correlation_id: None,
        request_id: outcome.as_ref().ok().and_then(|reply| reply.request_ids.first()).map(String::as_str),
        error: outcome.is_err().then_some("no answer from the API server"),
    });
}

/// The request as it goes out.
fn prepared(request: &Request<Vec<u8>>, token: Option<&Secret>, patience: Duration, id: &str) -> Request<Body> {
    let mut request = request.clone().map(Body::from);
    let headers = request.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(AUDIT_ID, id);
    }
    // A token that fits into no header is no token; the server then says 401.
    if let Some(Ok(mut bearer)) = token.map(|token| HeaderValue::from_str(&format!("Bearer {}", token.expose()))) {
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
    }
    request.extensions_mut().insert(Patience(patience));
    request
}

/// The transport below `kube`.
async fn carry(http: reqwest::Client, base: Url, request: Request<Body>) -> Result<Response<reqwest::Body>, BoxError> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let url = format!("{}{path}", base.as_str().trim_end_matches('/'));
    let mut outgoing = http.request(head.method, url).headers(head.headers).body(body.collect().await?.to_bytes());
    if let Some(Patience(patience)) = head.extensions.get() {
        outgoing = outgoing.timeout(*patience);
    }
    Ok(outgoing.send().await.map_err(reqwest::Error::without_url)?.into())
}

/// Only the cluster's own authority is believed, whatever the machine believes.
fn tls(config: Parsed) -> Result<ClientConfig, AccessError> {
    let mut roots = RootCertStore::empty();
    if roots.add_parsable_certificates(config.authority).0 == 0 {
        return Err(AccessError::Unusable(BadKubeconfig::NoAuthority));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(AccessError::Tls)?
        .with_root_certificates(roots);
    match config.user {
        User::Entra => Ok(builder.with_no_client_auth()),
        User::Certificate { chain, key } => builder.with_client_auth_cert(chain, key).map_err(AccessError::Tls),
    }
}

fn broken(error: kube::Error, id: &str) -> Broken {
    let why = match below(&error) {
        Some(below) => with_causes(below),
        None => with_causes(&error),
    };
    if is_untrusted(&error) {
        return Broken::Untrusted(why);
    }
    match reqwest_error(&error) {
        Some(inner) if inner.is_connect() || inner.is_builder() => Broken::NeverSent(why),
        _ => Broken::AfterSending { why, id: id.to_owned() },
    }
}

/// An error and everything below it. An I/O error hides the error that it was made of.
fn layers<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error = *error;
        let hidden = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        hidden.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

fn reqwest_error(error: &kube::Error) -> Option<&reqwest::Error> {
    layers(error).find_map(|layer| layer.downcast_ref())
}

fn is_untrusted(error: &kube::Error) -> bool {
    layers(error).any(|layer| matches!(layer.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))))
}

/// What lies below the clients' own layers, which say no more than that a request failed.
fn below(error: &kube::Error) -> Option<&(dyn Error + 'static)> {
    let inner = reqwest_error(error)?;
    inner.source().and_then(Error::source).or_else(|| inner.source())
}

fn waits(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    retry_after(text("retry-after")?, text("date"), Utc::now())
}
