//! How action groups call webhooks (learn.microsoft.com, action-groups): one call and up to five retries, only after
//! 408, 429, 503, 504 and network errors; after that nobody calls the address for a quarter of an hour.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::Value;

use crate::sandbox::world::{Alert, Event, World};

use super::{Settings, common_alert};

/// Seconds before each retry.
const RETRY_AFTER: [f64; 5] = [5.0, 20.0, 5.0, 40.0, 5.0];
/// Seconds an address is left alone after the last retry.
const SUSPENSION: f64 = 900.0;
/// Answers are logged up to this length.
const BODY_SHOWN: usize = 2000;

/// Calls webhooks and remembers which ones to leave alone.
#[derive(Clone)]
pub(super) struct Courier {
    world: World,
    client: Client,
    suspended: Arc<Mutex<HashMap<String, Instant>>>,
}

/// One webhook and what to tell it.
#[derive(Clone)]
struct Letter {
    url: String,
    alert: String,
    condition: String,
    body: Value,
}

impl Courier {
    pub fn new(world: World, ca_pem: Option<&str>) -> Result<Self, reqwest::Error> {
        let mut client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        if let Some(pem) = ca_pem {
            client = client.tls_certs_merge([reqwest::Certificate::from_pem(pem.as_bytes())?]);
        }
        Ok(Self { world, client: client.build()?, suspended: Arc::default() })
    }

    /// Calls every webhook, all at once, in the background.
    pub fn tell(&self, settings: &Settings, alert: &Alert) {
        let body = common_alert(alert, settings.threshold);
        if settings.copies == 0 {
            self.world.log(Event::Note, format!("the webhooks of alert {} are lost", alert.rule));
        }
        self.send(settings, &alert.id, &format!("{:?}", alert.condition), &body, settings.copies);
    }

    /// Sends a body to every webhook, so many times at once.
    pub fn send(&self, settings: &Settings, alert: &str, condition: &str, body: &Value, copies: u32) {
        for url in &settings.webhooks {
            let (alert, condition) = (alert.to_owned(), condition.to_owned());
            let letter = Letter { url: url.clone(), alert, condition, body: body.clone() };
            for _ in 0..copies {
                tokio::spawn(self.clone().deliver(settings.clone(), letter.clone()));
            }
        }
    }

    async fn deliver(self, settings: Settings, letter: Letter) {
        if self.is_suspended(&letter.url) {
            let text = format!("{} is left alone, alert not posted", without_query(&letter.url));
            return self.world.log(Event::Note, text);
        }
        for attempt in 1.. {
            let status = self.post(&settings, &letter, attempt).await;
            if !is_retried(status) {
                return;
            }
            let Some(wait) = RETRY_AFTER.get(attempt as usize - 1) else { break };
            tokio::time::sleep(scaled(*wait, &settings)).await;
        }
        self.suspend(&letter.url, scaled(SUSPENSION, &settings));
    }

    /// One call; the status, or `None` for a network error.
    async fn post(&self, settings: &Settings, letter: &Letter, attempt: u32) -> Option<u16> {
        let request = self.client.post(&letter.url).timeout(settings.answer_within).json(&letter.body);
        let (status, body) = match request.send().await {
            Ok(response) => (Some(response.status().as_u16()), response.text().await.unwrap_or_default()),
            Err(error) => (None, error.without_url().to_string()),
        };
        let url = without_query(&letter.url).to_owned();
        let body: String = body.chars().take(BODY_SHOWN).collect();
        let answered = status.map_or("no answer".to_owned(), |it| it.to_string());
        let text = format!("{} alert posted to {url}, attempt {attempt}: {answered}", letter.condition);
        let event = Event::AlertPosted {
            alert: letter.alert.clone(),
            condition: letter.condition.clone(),
            url,
            attempt,
            status,
            body,
        };
        self.world.log(event, text);
        status
    }

    fn is_suspended(&self, url: &str) -> bool {
        let suspended = self.suspended.lock().unwrap_or_else(PoisonError::into_inner);
        suspended.get(url).is_some_and(|until| Instant::now() < *until)
    }

    fn suspend(&self, url: &str, time: Duration) {
        self.suspended.lock().unwrap_or_else(PoisonError::into_inner).insert(url.to_owned(), Instant::now() + time);
        let url = without_query(url).to_owned();
        let text = format!("{url} is left alone for {time:?}");
        self.world.log(Event::WebhookSuspended { url }, text);
    }
}

fn is_retried(status: Option<u16>) -> bool {
    matches!(status, None | Some(408 | 429 | 503 | 504))
}

fn scaled(seconds: f64, settings: &Settings) -> Duration {
    Duration::try_from_secs_f64(seconds * settings.delay_scale).unwrap_or_default()
}

/// The query holds the function key.
fn without_query(url: &str) -> &str {
    url.split_once('?').map_or(url, |(address, _)| address)
}
