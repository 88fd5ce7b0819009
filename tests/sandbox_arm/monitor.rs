//! Azure Monitor: when it fires, what it posts, how it delivers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use reveille::sandbox::monitor::{Monitor, Settings};
use reveille::sandbox::world::{Event, Workload, World};
use serde_json::Value;
use tokio::net::TcpListener;

const PRIMARY: &str = "sonar-eastus2.example.com";

/// A webhook that answers these statuses, then 202, and keeps what it got.
#[derive(Clone, Default)]
struct Hook {
    statuses: Arc<Mutex<Vec<u16>>>,
    bodies: Arc<Mutex<Vec<Value>>>,
}

impl Hook {
    async fn start(statuses: &[u16]) -> (Self, String) {
        let hook = Self { statuses: Arc::new(Mutex::new(statuses.iter().rev().copied().collect())), ..Self::default() };
        let kept = hook.clone();
        let app = Router::new().route("/api/alert", post(async move |Json(body): Json<Value>| kept.take(body)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/alert?code=secret-key", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (hook, url)
    }

    fn take(&self, body: Value) -> StatusCode {
        self.bodies.lock().unwrap().push(body);
        let status = self.statuses.lock().unwrap().pop().unwrap_or(202);
        StatusCode::from_u16(status).unwrap()
    }

    fn conditions(&self) -> Vec<String> {
        let bodies = self.bodies.lock().unwrap();
        bodies.iter().map(|it| it["data"]["essentials"]["monitorCondition"].as_str().unwrap().to_owned()).collect()
    }
}

async fn world() -> World {
    World::bind(vec![Workload::named("sonar")], &[]).await.unwrap().0
}

fn settings(url: &str) -> Settings {
    Settings {
        period: Duration::from_millis(20),
        webhooks: vec![url.to_owned()],
        delay_scale: 0.0005,
        ..Settings::default()
    }
}

/// Probes the primary's origin with this result until the log holds so many matching entries.
async fn probe_until(world: &World, healthy: bool, count: usize, matching: impl Fn(&Event) -> bool) {
    for _ in 0..500 {
        world.record_origin_probe(PRIMARY, healthy);
        if world.entries().iter().filter(|it| matching(&it.event)).count() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never logged: {:#?}", world.entries());
}

fn posted(event: &Event) -> bool {
    matches!(event, Event::AlertPosted { .. })
}

#[tokio::test]
async fn an_outage_is_told_once_and_its_end_once() {
    let (hook, url) = Hook::start(&[]).await;
    let world = world().await;
    world.tune(|it| it.metric_window = Duration::from_millis(100));
    let _monitor = Monitor::start(world.clone(), settings(&url)).unwrap();
    probe_until(&world, false, 1, posted).await;
    // Silence, however long it stays bad.
    for _ in 0..20 {
        world.record_origin_probe(PRIMARY, false);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(hook.conditions(), ["Fired"]);
    probe_until(&world, true, 2, posted).await;
    assert_eq!(hook.conditions(), ["Fired", "Resolved"]);
}

#[tokio::test]
async fn the_payload_is_the_common_schema_with_its_odd_types() {
    let (hook, url) = Hook::start(&[]).await;
    let world = world().await;
    let monitor = Monitor::start(world.clone(), settings(&url)).unwrap();
    let alert = world.fire_alert("sonar", 12.5).unwrap();
    monitor.post(&alert);
    probe_until(&world, true, 1, posted).await;
    let body = hook.bodies.lock().unwrap()[0].clone();
    let condition = &body["data"]["alertContext"]["condition"];
    assert_eq!(
        (&condition["allOf"][0]["threshold"], &condition["allOf"][0]["metricValue"]),
        (&"99".into(), &12.5.into())
    );
    assert_eq!(condition["allOf"][0]["dimensions"][0]["value"], PRIMARY);
    assert!(condition["windowStartTime"].is_string());
    let essentials = &body["data"]["essentials"];
    assert!(essentials["alertId"].as_str().unwrap().ends_with(&alert.id));
    assert!(
        essentials["alertTargetIDs"][0].as_str().unwrap().ends_with("/providers/microsoft.cdn/profiles/afd-sonarqube")
    );
    let shown = format!("{:?}", world.entries());
    assert!(!shown.contains("secret-key"));
}

#[tokio::test]
async fn busy_webhooks_are_called_again_and_broken_ones_are_not() {
    let (hook, url) = Hook::start(&[503, 429]).await;
    let world = world().await;
    let monitor = Monitor::start(world.clone(), settings(&url)).unwrap();
    let alert = world.fire_alert("sonar", 0.0).unwrap();
    monitor.post(&alert);
    probe_until(&world, true, 3, posted).await;
    let (broken, url) = Hook::start(&[500]).await;
    monitor.tune(|it| it.webhooks = vec![url]);
    monitor.post(&alert);
    probe_until(&world, true, 4, posted).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((hook.conditions().len(), broken.conditions().len()), (3, 1));
}

#[tokio::test]
async fn after_six_calls_a_webhook_is_left_alone() {
    let (hook, url) = Hook::start(&[503; 10]).await;
    let world = world().await;
    let monitor = Monitor::start(world.clone(), settings(&url)).unwrap();
    monitor.tune(|it| it.delay_scale = 0.001);
    let alert = world.fire_alert("sonar", 0.0).unwrap();
    monitor.post(&alert);
    probe_until(&world, true, 1, |it| matches!(it, Event::WebhookSuspended { .. })).await;
    monitor.post(&alert);
    probe_until(&world, true, 1, |it| matches!(it, Event::Note)).await;
    assert_eq!(hook.conditions().len(), 6);
}

#[tokio::test]
async fn alerts_can_be_lost_or_come_in_several_copies() {
    let (hook, url) = Hook::start(&[]).await;
    let world = world().await;
    let monitor = Monitor::start(world.clone(), Settings { copies: 0, ..settings(&url) }).unwrap();
    let alert = world.fire_alert("sonar", 0.0).unwrap();
    monitor.post(&alert);
    probe_until(&world, true, 1, |it| matches!(it, Event::Note)).await;
    monitor.tune(|it| (it.copies, it.webhooks) = (3, vec![url.clone(), url.clone()]));
    monitor.post(&alert);
    probe_until(&world, true, 6, posted).await;
    assert_eq!(hook.conditions().len(), 6);
}
