//! The identity endpoint of Azure Functions: plain http on loopback, as in life (learn.microsoft.com,
//! overview-managed-identity, REST protocol 2019-08-01).

use std::io;
use std::net::Ipv4Addr;

use axum::Json;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::world::{Event, Identity, World};

/// The only version that this host type serves.
const API_VERSION: &str = "2019-08-01";
/// What tokens are given out for; a trailing slash does not matter.
const AUDIENCES: [&str; 7] = [
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://ossrdbms-aad.database.windows.net",
    "https://vault.azure.net",
    "https://storage.azure.com",
    "https://eventgrid.azure.net",
    "6dae42f8-4368-4678-94ff-3960e28e3630",
];

/// The running endpoint; it ends when dropped.
pub struct IdentityEndpoint {
    /// Value of `IDENTITY_ENDPOINT`.
    pub url: String,
    /// Value of `IDENTITY_HEADER`, a secret of the app's instance.
    pub header: String,
    serving: JoinHandle<()>,
}

impl IdentityEndpoint {
    /// Serves tokens of the world's identities on a loopback port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(world: World) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}/MSI/token", listener.local_addr()?);
        let header = uuid::Uuid::new_v4().simple().to_string().to_uppercase();
        let endpoint = Endpoint { world, header: header.clone() };
        let app = Router::new()
            .route("/MSI/token", get(token))
            .route("/msi/token", get(token))
            .fallback(nothing_there)
            .method_not_allowed_fallback(nothing_there)
            .with_state(endpoint);
        let serving = tokio::spawn(async move {
            // Serving only ends with its task: the listener never fails.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { url, header, serving })
    }
}

impl Drop for IdentityEndpoint {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[derive(Clone)]
struct Endpoint {
    world: World,
    header: String,
}

/// A refusal.
#[derive(Debug, Clone, Copy)]
struct Refused {
    status: u16,
    message: &'static str,
    /// The caller asked for what there is not: in a scenario that is a failure.
    unknown: bool,
}

impl Refused {
    const fn unknown(status: u16, message: &'static str) -> Self {
        Self { status, message, unknown: true }
    }

    const fn known(status: u16, message: &'static str) -> Self {
        Self { status, message, unknown: false }
    }
}

type Parameters = Vec<(String, String)>;

async fn token(State(endpoint): State<Endpoint>, headers: HeaderMap, Query(parameters): Query<Parameters>) -> Response {
    match endpoint.grant(&headers, &parameters) {
        Ok(body) => Json(body).into_response(),
        Err(refused) => endpoint.refuse("GET", "/MSI/token", refused),
    }
}

async fn nothing_there(State(endpoint): State<Endpoint>, method: Method, uri: Uri) -> Response {
    let refused = Refused::unknown(404, "The identity endpoint has nothing there.");
    endpoint.refuse(method.as_str(), uri.path(), refused)
}

impl Endpoint {
    fn grant(&self, headers: &HeaderMap, parameters: &Parameters) -> Result<serde_json::Value, Refused> {
        let given = headers.get("x-identity-header").map(|it| it.as_bytes());
        if given != Some(self.header.as_bytes()) {
            return Err(Refused::known(401, "The X-IDENTITY-HEADER header is missing or does not match."));
        }
        if let Some(status) = self.world.take_identity_failure() {
            return Err(Refused::known(status, "The identity service is not available."));
        }
        if parameter(parameters, "api-version") != Some(API_VERSION) {
            return Err(Refused::unknown(400, "The api-version is missing or not supported."));
        }
        let resource = audience(parameters)?;
        let identity = self.identity(parameters)?;
        let (token, ends) = self.world.issue_token(&identity, resource);
        Ok(json!({
            "access_token": token,
            "expires_on": ends.timestamp().to_string(),
            "resource": resource,
            "token_type": "Bearer",
            "client_id": identity.client_id.to_uppercase(),
        }))
    }

    fn identity(&self, parameters: &Parameters) -> Result<Identity, Refused> {
        const NONE: Refused = Refused::unknown(
            400,
            "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
        );
        if parameter(parameters, "mi_res_id").or(parameter(parameters, "principal_id")).is_some() {
            return Err(NONE);
        }
        let found = match parameter(parameters, "client_id") {
            Some(id) => self.world.identity(id),
            None => self.world.system_identity(),
        };
        found.ok_or(NONE)
    }

    fn refuse(&self, method: &str, path: &str, refused: Refused) -> Response {
        let Refused { status, message, unknown } = refused;
        if unknown {
            let event = Event::Unknown { method: method.to_owned(), path: format!("identity endpoint {path}") };
            self.world.log(event, format!("identity endpoint was asked {method} {path}: {message}"));
        }
        self.world.log(Event::TokenRefused { status }, format!("identity endpoint answered {status}: {message}"));
        let body = json!({"statusCode": status, "message": message, "correlationId": uuid::Uuid::new_v4()});
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(body)).into_response()
    }
}

/// A resource, not a scope: with `/.default` at its end no application has that name.
fn audience(parameters: &Parameters) -> Result<&str, Refused> {
    let resource =
        parameter(parameters, "resource").ok_or(Refused::unknown(400, "The resource parameter is missing."))?;
    let known = AUDIENCES.contains(&resource.trim_end_matches('/'));
    const NO_PRINCIPAL: &str = "AADSTS500011: The resource principal was not found in the tenant.";
    known.then_some(resource).ok_or(Refused::unknown(400, NO_PRINCIPAL))
}

fn parameter<'a>(parameters: &'a Parameters, name: &str) -> Option<&'a str> {
    parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
