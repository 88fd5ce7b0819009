//! A receiver of OTLP on loopback. It reads what comes with the official message types, and behaves as it is told.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric, number_data_point};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    Take,
    Hang,
    /// Traces are refused for good, metrics taken.
    RefuseTraces,
}

#[derive(Debug, Default)]
pub struct Received {
    pub spans: Vec<Span>,
    /// The newest delivery of each metric.
    pub metrics: BTreeMap<String, Metric>,
    pub resource: BTreeMap<String, String>,
    pub headers: Vec<HeaderMap>,
    /// Everything as it came, for looking for what must not be in it.
    pub raw: Vec<u8>,
    pub requests: usize,
}

type Shared = Arc<Mutex<Received>>;

pub struct Receiver {
    pub url: String,
    received: Shared,
    server: JoinHandle<()>,
}

impl Receiver {
    pub async fn start(behaviour: Behaviour) -> Self {
        let received = Shared::default();
        let app = Router::new().fallback(receive).with_state((behaviour, received.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, received, server }
    }

    pub fn look<T>(&self, at: impl FnOnce(&Received) -> T) -> T {
        at(&self.received.lock().unwrap())
    }

    pub fn spans(&self) -> Vec<Span> {
        self.look(|received| received.spans.clone())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn receive(
    State((behaviour, received)): State<(Behaviour, Shared)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    received.lock().unwrap().requests += 1;
    match (behaviour, uri.path()) {
        (Behaviour::Hang, _) => std::future::pending().await,
        (Behaviour::RefuseTraces, "/v1/traces") => StatusCode::BAD_REQUEST,
        (_, "/v1/traces") => {
            let request: ExportTraceServiceRequest = read(&headers, &body);
            received.lock().unwrap().take_traces(request, headers, &body);
            StatusCode::OK
        }
        (_, "/v1/metrics") => {
            let request: ExportMetricsServiceRequest = read(&headers, &body);
            received.lock().unwrap().take_metrics(request, headers, &body);
            StatusCode::OK
        }
        (_, path) => panic!("{path} is no path of OTLP"),
    }
}

fn read<T: Message + Default + DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> T {
    match headers[header::CONTENT_TYPE].to_str().unwrap() {
        "application/x-protobuf" => T::decode(body).unwrap(),
        "application/json" => serde_json::from_slice(body).unwrap(),
        other => panic!("{other} is no content type of OTLP"),
    }
}

impl Received {
    fn take_traces(&mut self, request: ExportTraceServiceRequest, headers: HeaderMap, body: &[u8]) {
        self.keep(headers, body);
        for resource in request.resource_spans {
            self.resource = texts(&resource.resource.unwrap().attributes);
            self.spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }

    fn take_metrics(&mut self, request: ExportMetricsServiceRequest, headers: HeaderMap, body: &[u8]) {
        self.keep(headers, body);
        for resource in request.resource_metrics {
            let metrics = resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics);
            self.metrics.extend(metrics.map(|metric| (metric.name.clone(), metric)));
        }
    }

    fn keep(&mut self, headers: HeaderMap, body: &[u8]) {
        self.headers.push(headers);
        self.raw.extend(body);
    }

    /// The value of a counter or gauge, or the count of a histogram, with these attributes among its own.
    pub fn value(&self, name: &str, with: &[(&str, &str)]) -> u64 {
        let Some(metric) = self.metrics.get(name) else { return 0 };
        let is = |attributes: &[KeyValue]| {
            let known = texts(attributes);
            with.iter().all(|(name, value)| known.get(*name).is_some_and(|known| known == value))
        };
        let number = |value: &Option<number_data_point::Value>| match value {
            Some(number_data_point::Value::AsInt(value)) => u64::try_from(*value).unwrap(),
            other => panic!("{name}: {other:?}"),
        };
        match metric.data.as_ref().unwrap() {
            metric::Data::Gauge(gauge) => {
                gauge.data_points.iter().filter(|it| is(&it.attributes)).map(|it| number(&it.value)).sum()
            }
            metric::Data::Sum(sum) => {
                assert!(sum.is_monotonic, "{name}");
                sum.data_points.iter().filter(|it| is(&it.attributes)).map(|it| number(&it.value)).sum()
            }
            metric::Data::Histogram(histogram) => {
                let points = histogram.data_points.iter().filter(|it| is(&it.attributes));
                points.inspect(|it| assert_eq!(it.bucket_counts.iter().sum::<u64>(), it.count)).map(|it| it.count).sum()
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// Attributes as texts.
pub fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: any_value::Value| match value {
        any_value::Value::StringValue(text) => text,
        any_value::Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let pairs = attributes.iter();
    pairs.map(|it| (it.key.clone(), text(it.value.clone().unwrap().value.unwrap()))).collect()
}
