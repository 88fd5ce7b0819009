//! What OTLP's messages hold (github.com/open-telemetry/opentelemetry-proto, version 1: `trace.proto`,
//! `metrics.proto`, `common.proto`, `resource.proto`).

use super::metrics::Kind;
use super::series::{BOUNDS, Collected, Point};
use super::settings::Temporality;
use super::span::{Context, Role, Said, Span, nanos};
use super::wire::{Message, Part};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// Takes secrets out of a text.
pub type Redact = fn(&str) -> Cow<'_, str>;

/// Writes messages in the name of one sender.
#[derive(Clone)]
pub(super) struct Writer {
    pub resource: BTreeMap<String, String>,
    pub redact: Redact,
}

const ERROR: u8 = 2;

fn nothing() -> Message {
    Message::default()
}

fn fixed(time: SystemTime) -> Part {
    Part::Fixed(nanos(time))
}

impl Writer {
    /// `ExportTraceServiceRequest`.
    pub(super) fn traces(&self, spans: &[Span]) -> Message {
        let scoped = nothing().message(1, "scope", scope()).messages(2, "spans", spans.iter().map(|it| self.span(it)));
        let resource = nothing().message(1, "resource", self.resource()).messages(2, "scopeSpans", [scoped]);
        nothing().messages(1, "resourceSpans", [resource])
    }

    /// `ExportMetricsServiceRequest`.
    pub(super) fn metrics(
        &self,
        collected: &[Collected],
        temporality: Temporality,
        since: SystemTime,
        now: SystemTime,
    ) -> Message {
        let when = When { temporality, since, now };
        let metrics = collected.iter().map(|it| self.metric(it, &when));
        let scoped = nothing().message(1, "scope", scope()).messages(2, "metrics", metrics);
        let resource = nothing().message(1, "resource", self.resource()).messages(2, "scopeMetrics", [scoped]);
        nothing().messages(1, "resourceMetrics", [resource])
    }

    fn resource(&self) -> Message {
        let attributes = self.resource.iter().map(|(name, value)| self.text(name, value));
        nothing().messages(1, "attributes", attributes)
    }

    fn text(&self, name: &str, value: &str) -> Message {
        let value = nothing().text(1, "stringValue", (self.redact)(value));
        nothing().text(1, "key", name).message(2, "value", value)
    }

    fn attribute(&self, name: &str, said: &Said) -> Message {
        match said {
            Said::Text(text) => self.text(name, text),
            Said::Number(number) => {
                let value = nothing().with(3, "intValue", Part::Int(*number));
                nothing().text(1, "key", name).message(2, "value", value)
            }
        }
    }

    fn span(&self, span: &Span) -> Message {
        let mut message = nothing().with(1, "traceId", Part::Id(span.context.trace.to_vec())).with(
            2,
            "spanId",
            Part::Id(span.context.span.to_vec()),
        );
        if let Some(parent) = span.parent {
            message = message.with(4, "parentSpanId", Part::Id(parent.to_vec()));
        }
        let attributes = span.attributes.iter().map(|(name, said)| self.attribute(name, said));
        message = message
            .text(5, "name", (self.redact)(&span.name))
            .with(6, "kind", Part::Enum(role(span.role)))
            .with(7, "startTimeUnixNano", fixed(span.start))
            .with(8, "endTimeUnixNano", fixed(span.end.max(span.start)))
            .messages(9, "attributes", attributes)
            .messages(13, "links", span.links.iter().map(link));
        match &span.error {
            Some(why) => {
                let status = nothing().text(2, "message", (self.redact)(why)).with(3, "code", Part::Enum(ERROR));
                message.message(15, "status", status)
            }
            None => message,
        }
    }

    fn metric(&self, collected: &Collected, when: &When) -> Message {
        let metric = collected.metric;
        let named =
            nothing().text(1, "name", metric.name).text(2, "description", metric.about).text(3, "unit", metric.unit);
        let points = collected.points.iter();
        let attributes = |point: &Point| -> Vec<Message> {
            metric.attributes.iter().zip(&point.values).map(|(name, value)| self.text(name, value)).collect()
        };
        let temporality = Part::Enum(when.number());
        match metric.kind {
            Kind::Gauge => {
                let points = points.map(|point| when.number_point(point, attributes(point)));
                named.message(5, "gauge", nothing().messages(1, "dataPoints", points))
            }
            Kind::Counter => {
                let points = points.map(|point| when.number_point(point, attributes(point)));
                let sum = nothing().messages(1, "dataPoints", points).with(2, "aggregationTemporality", temporality);
                named.message(7, "sum", sum.with(3, "isMonotonic", Part::Bool(true)))
            }
            Kind::Seconds => {
                let points = points.map(|point| when.histogram_point(point, attributes(point)));
                let histogram = nothing().messages(1, "dataPoints", points);
                named.message(9, "histogram", histogram.with(2, "aggregationTemporality", temporality))
            }
        }
    }
}

/// The span of time that a delivery of metrics is of.
struct When {
    temporality: Temporality,
    since: SystemTime,
    now: SystemTime,
}

impl When {
    fn number(&self) -> u8 {
        match self.temporality {
            Temporality::Delta => 1,
            Temporality::Cumulative => 2,
        }
    }

    fn times(&self) -> Message {
        nothing().with(2, "startTimeUnixNano", fixed(self.since)).with(3, "timeUnixNano", fixed(self.now))
    }

    /// Counts and standings are whole numbers and never below zero.
    fn number_point(&self, point: &Point, attributes: Vec<Message>) -> Message {
        self.times().with(6, "asInt", Part::Fixed(point.sum as u64)).messages(7, "attributes", attributes)
    }

    fn histogram_point(&self, point: &Point, attributes: Vec<Message>) -> Message {
        self.times()
            .with(4, "count", Part::Fixed(point.buckets.iter().sum()))
            .with(5, "sum", Part::Double(point.sum))
            .with(6, "bucketCounts", Part::PackedFixed(point.buckets.clone()))
            .with(7, "explicitBounds", Part::PackedDouble(BOUNDS.to_vec()))
            .messages(9, "attributes", attributes)
    }
}

fn scope() -> Message {
    nothing().text(1, "name", "reveille").text(2, "version", env!("CARGO_PKG_VERSION"))
}

fn link(to: &Context) -> Message {
    nothing().with(1, "traceId", Part::Id(to.trace.to_vec())).with(2, "spanId", Part::Id(to.span.to_vec()))
}

fn role(role: Role) -> u8 {
    match role {
        Role::Internal => 1,
        Role::Server => 2,
        Role::Client => 3,
        Role::Consumer => 5,
    }
}
