//! One call of ARM, taken apart.

use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use serde_json::Value;

use crate::sandbox::world::{Claims, Event, TENANT, TokenRefusal, World};

use super::answer::{Answer, Dress};
use super::throttle::Throttle;

/// Audiences of a token that ARM accepts.
const AUDIENCES: [&str; 2] = ["https://management.azure.com", "https://management.core.windows.net"];

pub(super) struct Call {
    pub world: World,
    pub method: Method,
    /// As it came, still encoded.
    pub path: String,
    /// As it came, still encoded.
    pub raw_query: String,
    /// Decoded.
    pub query: Vec<(String, String)>,
    /// `Host`, from which the addresses of operations are made.
    pub host: String,
    pub body: Vec<u8>,
    headers: HeaderMap,
    caller: Result<Claims, Refused>,
    request_id: String,
    correlation_id: String,
}

/// Code and text of a 401.
type Refused = (&'static str, String);

impl Call {
    pub fn new(world: World, parts: &Parts, body: &[u8]) -> Self {
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map(|it| it.0).unwrap_or_default();
        let caller = caller(&world, &parts.headers);
        Self {
            caller,
            world,
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            raw_query: parts.uri.query().unwrap_or_default().to_owned(),
            query,
            host: header(&parts.headers, "host").unwrap_or("management.azure.com").to_owned(),
            body: body.to_vec(),
            request_id: uuid::Uuid::new_v4().to_string(),
            correlation_id: header(&parts.headers, "x-ms-correlation-request-id")
                .map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned),
            headers: parts.headers.clone(),
        }
    }

    /// A query parameter; names match whatever their case.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn client_request_id(&self) -> Option<String> {
        header(&self.headers, "x-ms-client-request-id").map(str::to_owned)
    }

    /// The body as JSON; null without one, and when it is none.
    pub fn body_json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The client id of the caller, or that there is none.
    pub fn caller_name(&self) -> String {
        self.caller.as_ref().map_or_else(|_| "nobody".to_owned(), |it| it.appid.clone())
    }

    /// The client id and the object id of the caller.
    pub fn caller_ids(&self) -> (&str, &str) {
        self.caller.as_ref().map_or(("", ""), |it| (it.appid.as_str(), it.oid.as_str()))
    }

    /// The addresses that ARM answers without a token.
    pub fn is_public(&self) -> bool {
        self.path.trim_start_matches('/').eq_ignore_ascii_case("metadata/endpoints")
    }

    /// # Errors
    /// The 401 that ARM answers.
    pub fn authenticate(&self) -> Result<(), Answer> {
        let Err((code, message)) = &self.caller else {
            return Ok(());
        };
        let event = Event::Unauthorized { path: self.path.clone(), code: (*code).to_owned() };
        self.world.log(event, format!("caller of {} refused: {code}", self.path));
        let challenge = format!(
            "Bearer authorization_uri=\"https://login.windows.net/{TENANT}\", error=\"invalid_token\", \
             error_description=\"{message}\""
        );
        Err(Answer::error(401, code, message.as_str()).with("www-authenticate", challenge))
    }

    /// Logs that the simulated Azure does not know this call, and hands its answer on.
    pub fn unknown(&self, answer: Answer) -> Answer {
        let event = Event::Unknown { method: self.method.to_string(), path: self.path.clone() };
        self.world.log(event, format!("unknown call {} {}", self.method, self.path));
        answer
    }

    pub fn dress(&self) -> Dress {
        Dress {
            request_id: self.request_id.clone(),
            correlation_id: self.correlation_id.clone(),
            client_request_id: self.client_request_id(),
            limits: self.world.plane::<Throttle>().remaining(self),
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|it| it.to_str().ok())
}

fn caller(world: &World, headers: &HeaderMap) -> Result<Claims, Refused> {
    let Some(authorization) = header(headers, "authorization") else {
        return Err(("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.".into()));
    };
    let Some((scheme, token)) = authorization.split_once(' ') else {
        return Err((
            "AuthenticationFailedInvalidHeader",
            "Authentication failed. The 'Authorization' header is provided in an invalid format.".into(),
        ));
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err((
            "AuthenticationFailedInvalidHeader",
            "Authentication failed. The 'Authorization' header is provided in an invalid format.".into(),
        ));
    }
    world.check_token(token.trim(), &AUDIENCES).map_err(|refusal| explain(world, refusal))
}

fn explain(world: &World, refusal: TokenRefusal) -> Refused {
    match refusal {
        TokenRefusal::Invalid => ("InvalidAuthenticationToken", "The access token is invalid.".into()),
        TokenRefusal::Expired { at } => {
            let text =
                format!("The access token expiry UTC time '{at}' is earlier than current UTC time '{}'.", world.now());
            ("ExpiredAuthenticationToken", text)
        }
        TokenRefusal::Audience { audience } => {
            let text = format!(
                "The access token has been obtained for wrong audience or resource '{audience}'. \
                 It should exactly match with one of the allowed audiences '{}/'.",
                AUDIENCES.join("/','")
            );
            ("InvalidAuthenticationTokenAudience", text)
        }
    }
}
