//! Bodies that were cut off, changed or blown up on their way.

use crate::support::alerts::fired;
use crate::support::stage::{Stage, calm};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

const MEGABYTE: usize = 1_000_000;
const MUTANTS: usize = 250;

/// An answer that says what is the matter: read and ignored, taken, or refused as unreadable; never an error of ours.
async fn answered(stage: &Stage, body: Vec<u8>, story: &str) -> u16 {
    let reply = stage.alert(body).await;
    match reply.status {
        200 | 202 => assert!(reply.json()["outcomes"][0]["sentence"].is_string(), "{story}: {reply:?}"),
        _ => drop(reply.problem(400)),
    }
    reply.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_was_cut_off_anywhere_is_refused() {
    let stage = Stage::open(calm()).await;
    let whole = fired(1).to_string().into_bytes();
    let cuts: Vec<usize> = (1..whole.len()).step_by(13).collect();
    for &cut in &cuts {
        let status = answered(&stage, whole[..cut].to_vec(), &format!("cut at {cut}")).await;
        assert_eq!(status, 400, "cut at {cut}");
    }
    assert!(stage.aftermath().await.runs.is_empty());
    assert_eq!(stage.touched(), Vec::<String>::new());
    stage.until("the day log", async || (stage.deliveries().await.len() == cuts.len()).then_some(())).await;
    stage.close().await;
}

/// The primary is healthy, so that a mutant that still reads as an alert leads to a run that touches nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_body_never_breaks_anything() {
    let seed = std::env::var("REVEILLE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(rand::random);
    println!("repeat with REVEILLE_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let stage = Stage::open(calm()).await;
    for number in 0..MUTANTS {
        let mutant = mutate(fired(1).to_string().into_bytes(), &mut random);
        let story = format!("mutant {number} of seed {seed}");
        answered(&stage, mutant, &story).await;
    }
    stage.until("the day log", async || (stage.deliveries().await.len() == MUTANTS).then_some(())).await;
    assert_eq!(stage.touched(), Vec::<String>::new(), "seed {seed}");
    let lines = stage.transcript.json();
    let errors: Vec<_> = lines.iter().filter(|line| line["level"] == "error").collect();
    assert!(errors.is_empty(), "seed {seed}: {errors:?}");
    stage.close().await;
}

/// One to four of: another byte, a lost part, a doubled part.
fn mutate(mut body: Vec<u8>, random: &mut StdRng) -> Vec<u8> {
    for _ in 0..random.random_range(1..=4) {
        let at = random.random_range(0..body.len());
        let end = (at + random.random_range(1..40)).min(body.len());
        match random.random_range(0..3) {
            0 => body[at] = random.random(),
            1 => drop(body.drain(at..end)),
            _ => {
                let part = body[at..end].to_vec();
                body.splice(at..at, part);
            }
        }
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_megabyte_is_answered_whatever_it_holds() {
    let stage = Stage::open(calm()).await;
    for (what, body) in [
        ("one letter", vec![b'a'; MEGABYTE]),
        ("nothing but brackets", vec![b'['; MEGABYTE]),
        ("zeros", vec![0; MEGABYTE]),
        ("one long string", json!("x".repeat(MEGABYTE)).to_string().into_bytes()),
        ("a list", json!(vec![1; MEGABYTE / 2]).to_string().into_bytes()),
    ] {
        assert_eq!(answered(&stage, body, what).await, 400, "{what}");
    }
    let mut long = fired(1);
    long["data"]["essentials"]["description"] = json!("long ".repeat(MEGABYTE / 5));
    assert_eq!(answered(&stage, long.to_string().into_bytes(), "a long alert").await, 202);
    let run = stage.closed(0).await;
    assert_eq!(run.outcome.unwrap().word(), "no-outage");
    assert_eq!(stage.touched(), Vec::<String>::new());
    assert!(stage.deliveries().await.iter().all(|line| line["delivery"]["bytes"].as_u64().unwrap() >= MEGABYTE as u64));
    stage.close().await;
}
