//! The table of functions, `functions/` and `host.json` say the same.

use reveille::config;
use reveille::host::routes::{ROUTES, RUN, Route, Trigger, WATCH};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

fn read(path: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&file).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{}: {why}", file.display()))
}

fn bindings(route: &Route) -> Vec<Value> {
    read(&format!("functions/{}/function.json", route.name))["bindings"].as_array().unwrap().clone()
}

fn trigger_type(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Http => "httpTrigger",
        Trigger::Queue => "queueTrigger",
        Trigger::Timer => "timerTrigger",
    }
}

/// Type, direction and name: what the handler has to know of a binding.
fn shape(binding: &Value) -> [String; 3] {
    ["type", "direction", "name"].map(|key| binding[key].as_str().unwrap().to_owned())
}

#[test]
fn every_folder_has_a_route_and_every_route_a_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("functions");
    let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let folders: BTreeSet<String> = entries
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(folders, ROUTES.iter().map(|route| route.name.to_owned()).collect());
}

#[test]
fn every_binding_of_a_function_is_in_its_route_and_the_other_way_round() {
    for route in &ROUTES {
        let expected: BTreeSet<[String; 3]> = [
            Some([trigger_type(route.trigger), "in", route.input]),
            route.http_output.map(|name| ["http", "out", name]),
            route.queue_output.map(|name| ["queue", "out", name]),
        ]
        .into_iter()
        .flatten()
        .map(|shape| shape.map(str::to_owned))
        .collect();
        let found: Vec<[String; 3]> = bindings(route).iter().map(shape).collect();
        assert_eq!(found.len(), expected.len(), "{}: {found:?}", route.name);
        assert_eq!(BTreeSet::from_iter(found), expected, "{}", route.name);
    }
}

#[test]
fn wake_ups_go_to_the_queue_that_runs_are_woken_from() {
    let queues = |route: &Route| {
        let bindings = bindings(route).into_iter().filter(|binding| binding.get("queueName").is_some());
        bindings.map(|binding| (binding["queueName"].clone(), binding["connection"].clone())).collect::<Vec<_>>()
    };
    let read_from = &queues(&RUN)[0];
    for route in &ROUTES {
        assert!(queues(route).iter().all(|queue| queue == read_from), "{}", route.name);
    }
}

#[test]
fn callers_who_may_act_need_a_key() {
    for route in ROUTES.iter().filter(|route| route.trigger == Trigger::Http) {
        assert_eq!(bindings(route)[0]["authLevel"], "function", "{}", route.name);
    }
}

#[test]
fn the_host_starts_serve_and_hands_over_payloads() {
    let host = read("host.json");
    assert_eq!(host["version"], "2.0");
    let handler = &host["customHandler"];
    assert_eq!(handler["description"]["defaultExecutablePath"], "reveille");
    assert_eq!(handler["description"]["arguments"], json!(["serve"]));
    for forwarding in ["enableForwardingHttpRequest", "enableProxyingHttpRequest"] {
        assert_ne!(handler[forwarding], true, "a forwarded request has no verified caller");
    }
    let allowed = &host["functions"];
    assert!(allowed.is_null() || allowed.as_array().unwrap().len() == ROUTES.len(), "an allow list must be whole");
}

/// How soon a run is driven again hangs on these: nobody may change them unseen.
#[test]
fn queues_routes_and_the_timer_are_set_as_the_engine_counts_on() {
    let host = read("host.json");
    assert_eq!(host["extensions"]["http"]["routePrefix"], "api");
    let queues = json!({
        "batchSize": 32,
        "newBatchThreshold": 1000,
        "maxPollingInterval": "00:00:02",
        "visibilityTimeout": "00:00:10",
        "maxDequeueCount": 5,
        "messageEncoding": "base64",
    });
    assert_eq!(host["extensions"]["queues"], queues);
    let timer = &bindings(&WATCH)[0];
    assert_eq!((&timer["schedule"], &timer["useMonitor"]), (&json!("*/30 * * * * *"), &json!(false)));
}

/// At `functionTimeout` the host kills the handler with everything in flight.
#[test]
fn every_deadline_is_shorter_than_the_time_the_host_gives() {
    let timeout = read("host.json")["functionTimeout"].as_str().unwrap().to_owned();
    let parts: Vec<u64> = timeout.split(':').map(|part| part.parse().unwrap()).collect();
    let [hours, minutes, seconds] = parts[..] else { panic!("{timeout}") };
    let timeout = Duration::from_secs(hours * 3600 + minutes * 60 + seconds);
    for route in &ROUTES {
        assert!(route.deadline + Duration::from_secs(30) <= timeout, "{}: {:?}", route.name, route.deadline);
    }
}

#[test]
fn no_slice_can_be_configured_that_outlasts_its_function() {
    let with = |slice: Duration| {
        let minimal = include_str!("../fixtures/config/minimal.toml");
        let text = format!("{minimal}\n[engine]\nslice = \"{}s\"\n", slice.as_secs());
        config::parse(&text, "reveille.toml", &|_| None)
    };
    assert!(with(RUN.deadline - Duration::from_secs(60)).is_ok());
    assert!(with(RUN.deadline - Duration::from_secs(59)).is_err(), "a slice needs time for its last writes");
}
