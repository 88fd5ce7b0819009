//! The report of a recovery, whole, as people get it: everything but times, ids and counts.

use crate::support::alerts::fired;
use crate::support::stage::{SERVING, Stage, calm};

#[tokio::test(flavor = "multi_thread")]
async fn the_report_of_a_recovery_reads_as_it_should() {
    let stage = Stage::open(calm()).await;
    stage.go_dark();
    stage.alert(fired(1).to_string()).await;
    let run = stage.closed(0).await;
    assert_eq!(run.outcome.unwrap().word(), SERVING);
    let request = stage.http.get(stage.url(&format!("v1/runs/{}/report", run.created.run)));
    let report = stage.send(request.header("accept", "text/markdown")).await.text;
    // What follows is every single look and delivery, of which there are now more and now fewer.
    let (report, looks) = report.split_once("## What each step saw").unwrap();
    assert!(looks.contains("## Notifications") && looks.contains("## Integrity"), "{looks}");
    insta::with_settings!({ filters => FILTERS.to_vec(), snapshot_path => "../snapshots" }, {
        insta::assert_snapshot!(report);
    });
    stage.close().await;
}

/// In this order: a later one must not eat what an earlier one looks for.
const FILTERS: [(&str, &str); 9] = [
    (r"[0-9a-f]{64}", "[hash]"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[id]"),
    (r"\.i?\d{8}T\d{6}\.[0-9a-f]{6}", ".[time and chance]"),
    (r"\d{4}-\d{2}-\d{2}", "[day]"),
    (r"\d{2}:\d{2}:\d{2}(\.\d+)?", "[time]"),
    (r"\d+ of the newest \d+", "[all] of the newest [few]"),
    (r"(under )?\d+ %", "[low] %"),
    (r"(&lt;)?\b\d+(\.\d+)? ?(ms|s)\b", "[short]"),
    (r"azurefd\.net:\d+", "azurefd.net:[port]"),
];
