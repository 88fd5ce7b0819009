//! A Functions host that is killed leaves its handler behind. Nobody waits for its answers any more, so it ends.

use crate::support::again::{adopt_orphans, again, part, reap, wait_for};
use crate::support::stage::{HANDLER, calm};
use reveille::sandbox::{Options, Sandbox};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

const TEST: &str = "whole_program::orphan::a_handler_whose_host_was_killed_says_why_and_ends_with_one";
/// Where the host's part finds its folder.
const FOLDER: &str = "REVEILLE_TEST_FOLDER";

#[test]
fn a_handler_whose_host_was_killed_says_why_and_ends_with_one() {
    match part() {
        Some(_) => tokio::runtime::Runtime::new().unwrap().block_on(play_host()),
        None => watch_them(),
    }
}

/// A sandbox, with its host, until somebody kills it.
async fn play_host() {
    let folder = PathBuf::from(std::env::var(FOLDER).unwrap());
    let mut options = Options::new(calm(), logging_to(&folder));
    options.folder = Some(folder.join("sandbox"));
    let _sandbox = Sandbox::start(options).await.unwrap();
    // The test kills this process long before.
    tokio::time::sleep(Duration::from_secs(60)).await;
}

/// The handler, with its output in a file: the pipe to its host breaks with the host.
fn logging_to(folder: &Path) -> PathBuf {
    let path = folder.join("handler");
    let text = format!("#!/bin/sh\nexec '{HANDLER}' \"$@\" > '{}' 2>&1\n", folder.join("log").display());
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn watch_them() {
    adopt_orphans();
    let folder = tempfile::tempdir().unwrap();
    let mut host = again(TEST, "host").env(FOLDER, folder.path()).stdout(Stdio::null()).spawn().unwrap();
    let lines = || -> Vec<Value> {
        let text = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    };
    let says = |what: &str| lines().into_iter().filter(|line| line["message"].to_string().contains(what)).count();
    wait_for("the handler's first tick", || (says("the function answered") > 0).then_some(()));
    let handler = wait_for("the handler", || child_of(host.id()));
    host.kill().unwrap();
    host.wait().unwrap();
    let status = wait_for("the orphan's end", || reap(handler));
    assert_eq!(status.code(), Some(1), "{status:?}");
    assert_eq!(says("the Functions host is gone"), 1, "{:?}", lines());
    assert_eq!(lines().last().unwrap()["level"], "error");
}

/// The one child of a process.
fn child_of(parent: u32) -> Option<i32> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).ok()?;
    let children = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
    children.flat_map(|text| text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).next()
}
