//! Logs as JSON lines on standard output, one flat object each: the host makes one log entry of every line, and takes
//! what comes on standard error for errors.
//!
//! A line holds the fields of the event and of all spans around it, so that function, invocation id, plan and run
//! stand in every line written on their behalf. Every text passes [`redact`].

use super::redact;
use crate::telemetry;
use serde_json::{Map, Value};
use std::fmt;
use std::io::Write;
use std::panic::PanicHookInfo;
use std::sync::Arc;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// Names the level (`info` unless set, at most `debug` in a release), or finer directives such as
/// `info,reveille::azure=debug`.
pub const LEVEL_VARIABLE: &str = "REVEILLE_LOG";

/// Sends the logs of this process to standard output and turns panics into log lines. Once per process: later calls
/// change nothing.
pub fn start(env: &dyn Fn(&str) -> Option<String>) {
    let subscriber = subscriber(env(LEVEL_VARIABLE).as_deref(), Arc::new(to_stdout));
    if tracing::subscriber::set_global_default(subscriber).is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
}

/// Where finished lines go, without their line break.
pub type Sink = Arc<dyn Fn(&str) + Send + Sync>;

/// A subscriber that writes JSON lines to `sink`, and follows spans for telemetry.
pub fn subscriber(level: Option<&str>, sink: Sink) -> impl Subscriber + Send + Sync {
    let lines = JsonLines { sink }.with_filter(filter(level.unwrap_or_default()));
    tracing_subscriber::registry().with(lines).with(telemetry::layer())
}

/// A plain level, or directives on top of `info`; what is neither is taken for nothing.
fn filter(level: &str) -> Targets {
    let plainly = |level| Targets::new().with_default(level);
    // An empty text parses as "error", and `REVEILLE_LOG=` means that nothing is set.
    if level.trim().is_empty() {
        return plainly(LevelFilter::INFO);
    }
    match level.trim().parse() {
        Ok(level) => plainly(level),
        Err(_) => format!("info,{level}").parse().unwrap_or_else(|_| plainly(LevelFilter::INFO)),
    }
}

/// A host that is gone has closed the pipe; that must not end the process before it can say why it ends.
fn to_stdout(line: &str) {
    let _ = std::io::stdout().lock().write_all(format!("{line}\n").as_bytes());
}

/// One line for a panic, from whichever thread. The invocation it happened in is told by its spans.
pub fn log_panic(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
    let place = info.location().map(ToString::to_string);
    tracing::error!(panic = text.unwrap_or("without a text"), place, "panic");
}

struct JsonLines {
    sink: Sink,
}

/// The fields of a span, kept with it.
struct SpanFields(Map<String, Value>);

impl<S> Layer<S> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(SpanFields(fields.0));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(span) = context.span(id)
            && let Some(SpanFields(known)) = span.extensions_mut().get_mut()
        {
            known.extend(fields.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Map::new();
        line.insert("time".to_owned(), chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true).into());
        line.insert("level".to_owned(), level(*event.metadata().level()).into());
        let mut fields = Fields::default();
        event.record(&mut fields);
        line.insert("message".to_owned(), fields.0.remove("message").unwrap_or_default());
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(SpanFields(of_span)) = span.extensions().get() {
                line.extend(of_span.clone());
            }
        }
        line.extend(fields.0);
        line.insert("target".to_owned(), event.metadata().target().into());
        (self.sink)(&Value::Object(line).to_string());
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// Collects fields as JSON, texts redacted.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, redact::text(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, redact::text(&format!("{value:?}")));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }
}
