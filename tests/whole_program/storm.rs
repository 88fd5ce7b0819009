//! Many alerts at once.

use crate::support::alerts::fired;
use crate::support::stage::{SERVING, Stage, calm};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const CONNECTIONS: usize = 64;
const POSTS: usize = 1_000;
/// A run of the ledger that is small by construction: opened, admitted, closed, and nothing for each repeat.
const FEW: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_posts_of_one_alert_are_one_run_and_a_small_ledger() {
    let stage = Arc::new(Stage::open(calm()).await);
    stage.go_dark();
    let replies = storm(&stage, fired(1).to_string()).await;
    assert_eq!(replies.len(), POSTS);
    let mut runs = BTreeSet::new();
    for (status, body) in &replies {
        assert!(matches!(status, 200 | 202), "{status}: {body}");
        runs.extend(body["outcomes"][0]["run"].as_str().map(str::to_owned));
        assert!(body["outcomes"][0]["run"].is_string(), "{body}");
    }
    assert_eq!(runs.len(), 1, "{runs:?}");
    let run = stage.closed(0).await;
    assert_eq!(Some(run.created.run.as_str()), runs.first().map(String::as_str));
    assert_eq!(run.outcome.unwrap().word(), SERVING, "{}", stage.story());
    let left = stage.aftermath().await;
    assert_eq!(left.runs.len(), 1);
    assert!(left.ledger_lines <= FEW, "{} lines", left.ledger_lines);
    let touched = stage.touched();
    assert_eq!(touched.len(), 2, "one stop and one start: {touched:?}");
    stage.until("the day log", async || (stage.deliveries().await.len() >= POSTS).then_some(())).await;
}

async fn storm(stage: &Arc<Stage>, body: String) -> Vec<(u16, Value)> {
    let left = Arc::new(AtomicUsize::new(POSTS));
    let connections = (0..CONNECTIONS).map(|_| {
        let (stage, left, body) = (stage.clone(), left.clone(), body.clone());
        tokio::spawn(async move {
            let mut replies = Vec::new();
            while left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
                let reply = stage.alert(body.clone()).await;
                replies.push((reply.status, serde_json::from_str(&reply.text).unwrap_or(Value::Null)));
            }
            replies
        })
    });
    let replies = futures::future::join_all(connections).await;
    replies.into_iter().flat_map(Result::unwrap).collect()
}
