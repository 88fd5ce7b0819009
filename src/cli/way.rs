//! How a question travels: over HTTP to the function app, or straight into the same code in this process.

use super::address::Address;
use crate::domain::names::RunId;
use crate::domain::secret::Secret;
use crate::triggers::Direct;
use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderValue};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

const KEY_HEADER: &str = "x-functions-key";

/// A call of the operator interface.
#[derive(Debug)]
pub(super) struct Question {
    pub method: Method,
    pub path: Vec<String>,
    pub query: BTreeMap<String, String>,
    pub body: Option<String>,
    pub patience: Duration,
    /// An alert, for the function beside the operator interface; a function app alone has one.
    pub is_alert: bool,
}

/// Where Reveille is.
#[derive(Clone)]
pub(super) enum Way {
    Remote(Remote),
    Direct(Arc<Direct>),
}

/// A function app.
#[derive(Clone)]
pub(super) struct Remote {
    pub http: reqwest::Client,
    pub base: Address,
    pub key: Option<Secret>,
}

impl Way {
    /// Status and body of the answer.
    pub async fn send(&self, question: Question) -> Result<(u16, String), reqwest::Error> {
        match self {
            Self::Remote(remote) => remote.send(question).await,
            Self::Direct(direct) => {
                let Question { method, path, query, body, .. } = question;
                Ok(direct.ask(method.as_str(), format!("/v1/{}", path.join("/")), query, body).await)
            }
        }
    }

    /// Looks after a run as a function app would by itself.
    pub fn drive(&self, run: &RunId) {
        if let Self::Direct(direct) = self {
            direct.drive(run);
        }
    }

    /// For messages.
    pub fn host(&self) -> String {
        match self {
            Self::Remote(remote) => remote.base.host(),
            Self::Direct(_) => "this machine".to_owned(),
        }
    }

    pub fn alert_url(&self) -> String {
        match self {
            Self::Remote(remote) => remote.base.beside("alert").to_string(),
            Self::Direct(_) => self.host(),
        }
    }

    /// Where it was looked for, whole.
    pub fn base(&self) -> String {
        match self {
            Self::Remote(remote) => remote.base.to_string(),
            Self::Direct(_) => self.host(),
        }
    }
}

impl Remote {
    async fn send(&self, question: Question) -> Result<(u16, String), reqwest::Error> {
        let path: Vec<&str> = question.path.iter().map(String::as_str).collect();
        let mut url = if question.is_alert { self.base.beside("alert") } else { self.base.at(&path) };
        if !question.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&question.query);
        }
        let mut request = self.http.request(question.method, url).timeout(question.patience);
        request = request.header(ACCEPT, "application/json");
        if let Some(body) = question.body {
            request = request.header("content-type", "application/json").body(body);
        }
        if let Some(mut key) = self.key.as_ref().and_then(|key| HeaderValue::from_str(key.expose()).ok()) {
            key.set_sensitive(true);
            request = request.header(KEY_HEADER, key);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        Ok((status, response.text().await?))
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host())
    }
}
