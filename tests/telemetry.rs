//! What the real binary tells those who watch from outside, read over the wire by a receiver of OTLP.

mod receiver;
mod table;

use crate::support::alerts::fired;
use crate::support::secrets::Secrets;
use crate::support::stage::{HANDLER, PLAN, SERVING, Stage, calm};
use opentelemetry_proto::tonic::trace::v1::Span;
use receiver::{Behaviour, Receiver, texts};
use reveille::sandbox::Options;
use reveille::telemetry::metrics::TABLE;
use std::collections::BTreeMap;

/// As a caller of the alert's webhook names its own trace (the example of W3C Trace Context).
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

async fn stage(receiver: &Receiver, more: &[(&str, &str)]) -> Stage {
    let mut options = Options::new(calm(), HANDLER);
    options.settings.insert("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), receiver.url.clone());
    options.settings.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Stage::open_with(options).await
}

/// An outage of which an alert tells, from its first sign to the end of its run.
async fn recover(stage: &Stage) -> String {
    stage.go_dark();
    let request = stage.http.post(stage.url("alert")).header("content-type", "application/json");
    let request = request.header("traceparent", format!("00-{TRACE}-{PARENT}-01")).body(fired(1).to_string());
    let reply = stage.send(request).await;
    assert_eq!(reply.status, 202, "{reply:?}");
    let run = stage.closed(0).await;
    assert_eq!(run.outcome.unwrap().word(), SERVING);
    run.created.run.to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let all: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name} is not among {all:?}"))
}

async fn until_told(stage: &Stage, receiver: &Receiver, what: &str, told: impl Fn(&receiver::Received) -> bool) {
    stage.until(what, async || receiver.look(&told).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_one_trace_from_its_alert_over_steps_to_each_call_with_its_ids() {
    let receiver = Receiver::start(Behaviour::Take).await;
    let settings = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=opensesame"),
        ("OTEL_SERVICE_NAME", "dr"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
    ];
    let stage = stage(&receiver, &settings).await;
    let run = recover(&stage).await;
    let whole = format!("failover {PLAN}");
    let ended = |received: &receiver::Received| {
        let has = |name: &str| received.spans.iter().any(|span| span.name == name);
        has(&whole) && has("slice") && has("verify-route") && received.value("reveille.runs", &[]) == 1
    };
    until_told(&stage, &receiver, "the run's trace", ended).await;
    let spans = receiver.spans();

    let alert = named(&spans, "alert");
    assert_eq!((hex(&alert.trace_id).as_str(), hex(&alert.parent_span_id).as_str()), (TRACE, PARENT));

    let whole = named(&spans, &whole);
    assert!(whole.parent_span_id.is_empty());
    let about = texts(&whole.attributes);
    assert_eq!((about["reveille.run"].as_str(), about["reveille.outcome"].as_str()), (run.as_str(), SERVING));
    for step in ["confirm-outage", "fence-primary", "start-replica", "verify-writer", "verify-app", "verify-route"] {
        let step = named(&spans, step);
        assert_eq!((&step.trace_id, &step.parent_span_id), (&whole.trace_id, &whole.span_id), "{}", step.name);
        assert!(step.start_time_unix_nano <= step.end_time_unix_nano && step.status.is_none());
    }
    let slice = named(&spans, "slice");
    assert_eq!((&slice.trace_id, &slice.parent_span_id), (&whole.trace_id, &whole.span_id));
    let driven_by = spans.iter().find(|span| span.span_id == slice.links[0].span_id).unwrap();
    assert_eq!(driven_by.name, "run");

    let calls = calls_below(&spans, named(&spans, "start-replica"));
    let starts: Vec<_> = calls.iter().filter(|call| call["http.response.status_code"] == "202").collect();
    assert_eq!(starts.len(), 1, "{calls:?}");
    assert_eq!(starts[0]["http.request.method"], "POST");
    for id in ["az.client_request_id", "az.correlation_request_id", "az.service_request_id"] {
        assert!(starts[0].get(id).is_some_and(|id| id.len() > 8), "{id}: {starts:?}");
    }

    receiver.look(|received| {
        assert_eq!(received.value("reveille.runs", &[("kind", "failover"), ("outcome", SERVING)]), 1);
        assert_eq!(received.value("reveille.recovery.duration", &[("plan", PLAN)]), 1);
        assert_eq!(received.value("reveille.alerts", &[("became", "started")]), 1);
        assert_eq!(received.value("reveille.incidents.opened", &[]), 1);
        assert!(received.value("reveille.watch.ticks", &[]) > 0);
        assert!(received.value("reveille.azure.call.duration", &[("service", "resource-manager")]) > 5);
        assert!(received.value("reveille.step.duration", &[("step", "start-replica"), ("outcome", "succeeded")]) == 1);
        for name in received.metrics.keys() {
            assert!(TABLE.iter().any(|metric| metric.name == name), "{name} is not in the table");
        }
        assert_eq!(
            (received.resource["service.name"].as_str(), received.resource["deployment.environment.name"].as_str()),
            ("dr", "test")
        );
        assert!(received.headers.iter().all(|headers| headers["api-key"] == "opensesame"));
        let raw = String::from_utf8_lossy(&received.raw);
        let shown = Secrets::of(&stage.sandbox).found_in("telemetry", &raw);
        assert!(shown.is_empty() && !raw.contains("opensesame"), "{shown:?}");
    });
    assert!(!stage.transcript.text().contains("opensesame"));
    stage.close().await;
}

/// The attributes of the calls that lie directly below a span.
fn calls_below(spans: &[Span], above: &Span) -> Vec<BTreeMap<String, String>> {
    let below = spans.iter().filter(|span| span.parent_span_id == above.span_id && span.trace_id == above.trace_id);
    let calls = below.map(|span| texts(&span.attributes)).filter(|about| about.contains_key("az.service"));
    calls.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn json_says_the_same_as_protobuf() {
    let receiver = Receiver::start(Behaviour::Take).await;
    let stage = stage(&receiver, &[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]).await;
    let run = recover(&stage).await;
    let whole = format!("failover {PLAN}");
    let ended = |received: &receiver::Received| {
        received.spans.iter().any(|span| span.name == whole) && received.value("reveille.runs", &[]) == 1
    };
    until_told(&stage, &receiver, "the run", ended).await;
    let spans = receiver.spans();
    assert_eq!(texts(&named(&spans, &whole).attributes)["reveille.run"], run);
    assert_eq!(hex(&named(&spans, "alert").trace_id), TRACE);
    assert!(!calls_below(&spans, named(&spans, "fence-primary")).is_empty());
    let json = receiver.look(|received| received.headers.iter().all(|it| it["content-type"] == "application/json"));
    assert!(json);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_hangs_keeps_nobody_from_recovering_and_is_told_once() {
    let receiver = Receiver::start(Behaviour::Hang).await;
    let stage = stage(&receiver, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "300")]).await;
    let told = |stage: &Stage| stage.transcript.text().matches("telemetry does not arrive").count();
    stage.until("the first time-out", async || (told(&stage) > 0).then_some(())).await;
    recover(&stage).await;
    assert!(receiver.look(|received| received.requests > 0));
    assert_eq!(told(&stage), 1, "{}", stage.transcript.text());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_counted_and_what_is_set_wrongly_is_told() {
    let receiver = Receiver::start(Behaviour::RefuseTraces).await;
    let counted = stage(&receiver, &[]).await;
    let dropped = |received: &receiver::Received| {
        received.value("reveille.telemetry.dropped", &[("signal", "traces"), ("reason", "refused")]) > 0
    };
    until_told(&counted, &receiver, "the count of what was dropped", dropped).await;
    counted.close().await;

    let wrong = stage(&receiver, &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]).await;
    let told = wrong.transcript.text();
    assert!(told.contains("telemetry stays off") && told.contains("http/protobuf"), "{told}");
    recover(&wrong).await;
    wrong.close().await;
}
