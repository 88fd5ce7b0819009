//! Break glass: the same interface and the same engine on the same store, without a Functions host.
//!
//! For when the function app itself is gone. Whoever calls is whom Azure takes them for. A run that is followed is driven
//! from here too, as long as this process lives; the journal's claims keep two drivers from acting twice, so the function
//! app may come back at any time.

use super::app::{App, BuildError};
use super::run::Message;
use super::{operator, watch};
use crate::azure::CredentialError;
use crate::config::{self, Config, ConfigErrors, Identity};
use crate::domain::causes::with_causes;
use crate::domain::names::RunId;
use crate::domain::run::Driver;
use crate::engine::{Advance, WakeUp};
use crate::host::{Answer, Body, Caller, HttpRequestData, routes};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often a run that rests, or that somebody else drives, is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Set where a managed identity is to be had (learn.microsoft.com, managed identities of App Service).
const IDENTITY_VARIABLE: &str = "IDENTITY_ENDPOINT";

/// Why nothing can be done from here.
#[derive(Debug, thiserror::Error)]
pub enum DirectError {
    #[error("{0}")]
    Config(ConfigErrors),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error("who acts is not known")]
    Nobody(#[from] CredentialError),
}

/// Reveille in this process.
pub struct Direct {
    app: Arc<App>,
    caller: Caller,
    driven: Mutex<BTreeSet<RunId>>,
}

impl Direct {
    /// Builds everything and asks Azure who is there. Has to be called inside the runtime.
    pub async fn open(path: &Path) -> Result<Self, DirectError> {
        let mut config = config::load(path).map_err(DirectError::Config)?;
        config.identity = identity(&config, &config::process_env);
        let app = App::build(config, driver())?;
        let caller = Caller::Direct(app.observer.azure.who().await?);
        Ok(Self { app: Arc::new(app), caller, driven: Mutex::default() })
    }

    /// A call of the operator interface: its status and its body.
    pub async fn ask(
        &self,
        method: &str,
        path: String,
        query: BTreeMap<String, String>,
        body: Option<String>,
    ) -> (u16, String) {
        let mut request = HttpRequestData::direct(self.caller.clone(), method, path, query);
        request.body = body.map(Body::Text);
        let answer = operator::answer(self.app.clone(), request).await;
        self.begin(&answer).await;
        answer.http_answer().map_or((500, String::new()), |http| (http.status, http.body().to_owned()))
    }

    /// Drives a run whenever nobody else does, until it is over or this process ends.
    pub fn drive(&self, run: &RunId) {
        let mut driven = self.driven.lock().unwrap_or_else(PoisonError::into_inner);
        if driven.insert(run.clone()) {
            tokio::spawn(drive(self.app.clone(), run.clone()));
        }
    }

    /// What a queue would have carried to the function app.
    async fn begin(&self, answer: &Answer) {
        for message in answer.messages() {
            match serde_json::from_slice(message.as_bytes()) {
                Ok(Message::Wake(wake)) => self.drive(&wake.run),
                // Runs that it starts are found by whoever looks next.
                Ok(Message::Look { .. }) => drop(watch::on_request(&self.app).await),
                Err(error) => tracing::error!(error = %error, "a wake-up cannot be read"),
            }
        }
    }
}

/// Away from Azure the identity of the configuration is not to be had: then it is whoever is logged in.
fn identity(config: &Config, env: &dyn Fn(&str) -> Option<String>) -> Identity {
    match env(IDENTITY_VARIABLE).filter(|endpoint| !endpoint.is_empty()) {
        Some(_) => config.identity.clone(),
        None => Identity::AzureCli,
    }
}

/// An instance of its own: whatever it leaves behind is dead only when it was silent for as long as a neighbour's.
fn driver() -> Driver {
    let instance = format!("direct-{}", uuid::Uuid::new_v4());
    Driver { instance, worker: format!("pid-{}", std::process::id()) }
}

async fn drive(app: Arc<App>, run: RunId) {
    let mut wake = WakeUp { run, after: 0 };
    loop {
        match app.engine.advance(&wake, Instant::now() + routes::RUN.deadline).await {
            Ok(Advance::Closed | Advance::Unknown) => return,
            Ok(Advance::Continue(next)) => wake = next,
            Ok(Advance::Rest | Advance::Theirs | Advance::Overtaken) => wake = until_waiting(&app, wake.run).await,
            Err(error) => {
                tracing::error!(run = %wake.run, error = with_causes(&error), "the run could not be driven");
                sleep(LOOK_EVERY).await;
            }
        }
    }
}

async fn until_waiting(app: &App, run: RunId) -> WakeUp {
    loop {
        sleep(LOOK_EVERY).await;
        match app.engine.is_waiting(&run).await {
            Ok(false) => {}
            // What cannot be read is told by the next try to drive it.
            Ok(true) | Err(_) => return WakeUp { run, after: 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_managed_identity_counts_only_where_there_is_one() {
        let text = include_str!("../../tests/fixtures/config/minimal.toml");
        let config = config::parse(text, "reveille.toml", &|_| None).unwrap();
        let at_azure = |name: &str| (name == IDENTITY_VARIABLE).then(|| "http://localhost".to_owned());
        assert_eq!(identity(&config, &at_azure), config.identity);
        assert_eq!(identity(&config, &|_| None), Identity::AzureCli);
        assert_ne!(config.identity, Identity::AzureCli);
    }
}
