//! What people do in a scenario, over the same wires as in life.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::{ARM, PERSON_KEY, Sandbox};
use crate::sandbox::scenario::{APPROVED, Person, notices};
use crate::sandbox::world::{Event, GROUP, Identity, SUBSCRIPTION};

/// A person tries again when nothing answers; a handler that was just killed is back by then.
const TRIES: u32 = 8;
const PAUSE: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(5);
/// Who promotes.
const ADMINISTRATOR: &str = "cccccccc-0000-4000-8000-000000000001";

impl Sandbox {
    /// Tells Reveille something, with a person's function key.
    pub(super) async fn tell(&self, person: &Person) {
        let Some(path) = self.path_of(person) else {
            return self.failed(&person.verb, "there is no run to speak of");
        };
        let done = if person.verb == "approve" { APPROVED } else { &person.verb };
        self.world.log(Event::Note, format!("{done} {} ({})", person.who, person.why));
        let key = self.keys.named.get(PERSON_KEY).cloned().unwrap_or_default();
        let url = format!("{}/api/v1/{path}", self.host().url());
        let mut body = json!({"who": person.who, "why": person.why});
        if person.starts() && person.verb != "failover" {
            body["kind"] = json!(person.verb);
        }
        if let Some(drill) = &person.drill {
            body["drill"] = json!(drill);
        }
        let request = || {
            let request = self.planes.client().request_url(Method::POST, &url);
            request.header("x-functions-key", &key).json(&body).timeout(PATIENCE)
        };
        self.insist(&format!("{} of {}", person.verb, person.plan), request).await;
    }

    fn path_of(&self, person: &Person) -> Option<String> {
        if !person.is_about_run() {
            let verb = if person.starts() { "runs" } else { &person.verb };
            return Some(format!("plans/{}/{verb}", person.plan));
        }
        let run = notices(&self.world.entries(), &person.plan).pop()?.run;
        Some(format!("runs/{run}/{}", person.verb))
    }

    /// A forced switchover, as `az postgres flexible-server replica promote` sends it.
    pub(super) async fn promote(&self, server: &str) {
        let identity = Identity { client_id: ADMINISTRATOR.to_owned(), principal_id: ADMINISTRATOR.to_owned() };
        let (token, _) = self.world.issue_token(&identity, "https://management.azure.com");
        let path = format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/{server}?api-version=2025-08-01"
        );
        let replica = json!({"role": "Primary", "promoteMode": "switchover", "promoteOption": "forced"});
        let body = json!({"properties": {"replica": replica}});
        let request = || {
            let request = self.planes.client().request(Method::PATCH, ARM[0], &path);
            request.bearer_auth(&token).json(&body).timeout(PATIENCE)
        };
        self.insist(&format!("promotion of {server}"), request).await;
    }

    /// Sends until something answers, and again when a server fails; anything but success in the end fails the scenario.
    async fn insist(&self, what: &str, request: impl Fn() -> RequestBuilder) {
        let mut saw = "no answer".to_owned();
        for _ in 0..TRIES {
            match request().send().await {
                Ok(answer) if answer.status().is_success() => {
                    return self.world.log(Event::Note, format!("{what}: {}", answer.status()));
                }
                Ok(answer) if answer.status().is_client_error() => {
                    return self.failed(what, answer.status().as_str());
                }
                Ok(answer) => saw = answer.status().to_string(),
                Err(error) => saw = error.without_url().to_string(),
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.failed(what, &saw);
    }

    fn failed(&self, what: &str, why: &str) {
        let event = Event::Unknown { method: "person".to_owned(), path: what.to_owned() };
        self.world.log(event, format!("{what} did not work: {why}"));
    }
}
