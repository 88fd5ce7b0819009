//! Sends what was recorded, in a task of its own.

use super::otlp::{Redact, Writer};
use super::recorder::{self, Recorder};
use super::settings::{Protocol, Settings};
use super::span::Span;
use super::wire::Message;
use crate::domain::causes::with_causes;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, ClientBuilder, Url};
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, sleep, timeout};

/// The longest that the end of an invocation waits for its telemetry to leave.
pub const FLUSH_LIMIT: Duration = Duration::from_millis(500);
/// Spans in one message.
const BATCH: usize = 512;
/// How long spans wait for company.
const LINGER: Duration = Duration::from_secs(2);
/// Pauses before the further tries of one message; the specification asks for growing ones.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(15)];

/// Begins to send what is recorded, if anything is ([`super::begin`]). `builder` brings name resolution and trust,
/// `redact` takes secrets out of texts. Has to be called inside the runtime; once somebody sends, further calls change
/// nothing.
///
/// # Errors
/// When the HTTP client cannot be made.
pub fn send(builder: ClientBuilder, redact: Redact) -> reqwest::Result<()> {
    let Some(recorder) = recorder::here() else { return Ok(()) };
    let settings = recorder.settings.clone();
    let client = builder.timeout(settings.timeout).redirect(reqwest::redirect::Policy::none()).build()?;
    if !recorder.sending.swap(true, Ordering::Relaxed) {
        let writer = Writer { resource: settings.resource.clone(), redact };
        tokio::spawn(Exporter { recorder, settings, client, writer }.run());
    }
    Ok(())
}

/// Lets what was recorded leave before the host freezes this instance: waits for it at most `limit`, and not at all while
/// the receiver is in trouble.
pub async fn flush(limit: Duration) {
    let Some(recorder) = recorder::here() else { return };
    let mut done = recorder.done();
    let asked = recorder.ask();
    if recorder.sending.load(Ordering::Relaxed) && recorder.is_well() {
        // Neither a time-out nor the exporter's end is anybody's trouble but the receiver's.
        let _ = timeout(limit, done.wait_for(|done| *done >= asked)).await;
    }
}

struct Exporter {
    recorder: &'static Recorder,
    settings: Settings,
    client: Client,
    writer: Writer,
}

/// Why a message did not arrive.
#[derive(Debug, thiserror::Error)]
enum NotSent {
    #[error("the receiver answered {0}")]
    Refused(u16),
    #[error("the receiver cannot be reached")]
    Unreachable(#[source] reqwest::Error),
}

impl NotSent {
    /// Whether the same message may arrive later (opentelemetry.io, "OTLP/HTTP: Retryable Response Codes").
    fn may_pass(&self) -> bool {
        matches!(self, NotSent::Unreachable(_) | NotSent::Refused(429 | 502..=504))
    }

    fn word(&self) -> &'static str {
        match self {
            NotSent::Refused(_) => "refused",
            NotSent::Unreachable(_) => "unreachable",
        }
    }
}

impl Exporter {
    async fn run(self) {
        let mut asked = self.recorder.asked();
        let mut measured = Instant::now();
        loop {
            let flush = timeout(LINGER, asked.changed()).await.is_ok();
            let upto = *asked.borrow_and_update();
            self.send_spans().await;
            if flush || measured.elapsed() >= self.settings.interval {
                measured = Instant::now();
                self.send_metrics().await;
            }
            self.recorder.is_done(upto);
        }
    }

    async fn send_spans(&self) {
        loop {
            let spans = self.recorder.take(BATCH);
            let (Some(url), false) = (&self.settings.traces, spans.is_empty()) else { return };
            self.send_batch(url, &spans).await;
        }
    }

    async fn send_batch(&self, url: &Url, spans: &[Span]) {
        self.deliver("traces", url, &self.writer.traces(spans), spans.len()).await;
    }

    async fn send_metrics(&self) {
        let Some(url) = &self.settings.metrics else { return };
        let (temporality, now) = (self.settings.temporality, SystemTime::now());
        let (since, collected) = self.recorder.collect(temporality, now);
        if !collected.is_empty() {
            self.deliver("metrics", url, &self.writer.metrics(&collected, temporality, since, now), 1).await;
        }
    }

    /// Tries again what may pass, then gives it up, aloud.
    async fn deliver(&self, signal: &'static str, url: &Url, message: &Message, items: usize) {
        let mut pauses = PAUSES.into_iter();
        loop {
            let Err(error) = self.post(url, message).await else { return self.well(signal) };
            self.unwell(signal, &error);
            match pauses.next().filter(|_| error.may_pass()) {
                Some(pause) => sleep(pause).await,
                None => return self.recorder.dropped(signal, error.word(), items),
            }
        }
    }

    async fn post(&self, url: &Url, message: &Message) -> Result<(), NotSent> {
        let (kind, body) = match self.settings.protocol {
            Protocol::Protobuf => ("application/x-protobuf", message.protobuf()),
            Protocol::Json => ("application/json", message.json().to_string().into_bytes()),
        };
        let request = self.client.post(url.clone()).header(CONTENT_TYPE, kind).body(body);
        let headers = self.settings.headers.iter();
        let request = headers.fold(request, |request, (name, value)| request.header(name, value.expose()));
        let answer = request.send().await.map_err(|error| NotSent::Unreachable(error.without_url()))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(NotSent::Refused(status.as_u16())),
        }
    }

    fn well(&self, signal: &str) {
        if self.recorder.fares(true) {
            tracing::info!(signal, "telemetry arrives again");
        }
    }

    fn unwell(&self, signal: &str, error: &NotSent) {
        if self.recorder.fares(false) {
            let error = with_causes(error);
            tracing::warn!(signal, error, "telemetry does not arrive; everything else goes on without it");
        }
    }
}
