//! A handler whose host was killed ends by itself, and a panic is one line: both in processes of their own.
//!
//! The test binary plays every part: it starts itself again with a variable that says which part to play.

use crate::support::again::{PATIENCE, adopt_orphans, again, part, reap, wait_for};
use reveille::host::{logging, parent};
use serde_json::Value;
use std::process::{Child, Stdio};

/// Where the handler says that it is watching, and logs.
const LOG: &str = "REVEILLE_TEST_LOG";
const ORPHAN: &str = "host_contract::orphan::an_orphan_says_why_and_exits_with_one";
const PANIC: &str = "host_contract::orphan::a_panic_is_one_json_line_without_secrets";

#[test]
fn an_orphan_says_why_and_exits_with_one() {
    match part().as_deref() {
        Some("host") => play_host(),
        Some("handler") => play_handler(),
        _ => watch_them(),
    }
}

/// Starts the handler and waits to be killed.
fn play_host() {
    let log = std::fs::File::create(std::env::var(LOG).unwrap()).unwrap();
    let mut handler: Child = again(ORPHAN, "handler").stdout(log).spawn().unwrap();
    handler.wait().unwrap();
}

fn play_handler() {
    parent::remember();
    logging::start(&|_| None);
    parent::end_with_parent().unwrap();
    tracing::info!(pid = std::process::id(), "watching");
    std::thread::sleep(PATIENCE);
}

fn watch_them() {
    adopt_orphans();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut host = again(ORPHAN, "host").env(LOG, &log).stdout(Stdio::null()).spawn().unwrap();
    let find = |message: &str| {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let lines = text.lines().filter_map(json);
        lines.into_iter().find(|line| line["message"].as_str().is_some_and(|text| text.contains(message)))
    };
    let watching = wait_for("the handler", || find("watching"));
    let handler = i32::try_from(watching["pid"].as_i64().unwrap()).unwrap();
    host.kill().unwrap();
    host.wait().unwrap();
    let status = wait_for("the orphan's end", || reap(handler));
    assert_eq!(status.code(), Some(1), "{status:?}");
    let reason = find("host is gone").expect("one line says why");
    assert_eq!(reason["new_parent"], std::process::id());
}

/// A line's JSON, whatever the test harness has printed before it.
fn json(line: &str) -> Option<Value> {
    serde_json::from_str(&line[line.find('{')?..]).ok()
}

#[test]
fn a_panic_is_one_json_line_without_secrets() {
    if part().is_some() {
        logging::start(&|_| None);
        let _ = std::thread::spawn(|| panic!("first line ?code=KEY\nsecond line")).join();
        return;
    }
    let output = again(PANIC, "panic").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let panics: Vec<Value> = text.lines().filter_map(json).filter(|line| line["message"] == "panic").collect();
    assert_eq!(panics.len(), 1, "{text}");
    assert_eq!(panics[0]["panic"], "first line ?code=redacted\nsecond line");
    assert!(panics[0]["place"].as_str().unwrap().contains("orphan.rs"));
    assert!(!text.contains("KEY"), "{text}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "what comes there counts as an error at the host");
}
