//! An alert until it is acknowledged: 64 connections, file store.
//!
//! Measured at the handler's own port; the Functions host in front of it is not ours to speed up. Answered is written
//! down: the incident and the run are on the disk before the answer goes out. The plans are not new: each has the ledger
//! that the first tick of the watch makes.

use super::figure::{Budget, Figure, millis, quantile};
use super::fixture;
use super::program::{Program, files};
use super::wire::Connection;
use super::{Programs, Trouble};
use std::collections::BTreeSet;
use std::time::Instant;
use tokio::task::JoinSet;

const CONNECTIONS: usize = 64;
/// The same alert, in all.
const REPEATS: usize = 3_200;
/// Plans whose alerts come all at once.
const PLANS: usize = 200;

pub async fn measure(programs: &Programs) -> Result<Vec<Figure>, Trouble> {
    let same = vec![fixture::alert(0, "Fired"); REPEATS];
    let (hello, _) = post_all(&Program::start(&programs.hello, "")?, &same, "").await?;
    let repeated = repeated(programs, &same).await?;
    let each: Vec<String> = (0..PLANS).map(|plan| fixture::alert(plan, "Fired")).collect();
    let handler = acquainted(programs, PLANS).await?;
    let (first, answers) = post_all(&handler, &each, "202").await?;
    let runs = runs_named(&answers).len();
    let reference = quantile(&hello, 0.99);
    Ok(vec![
        Figure::new("alert_p99", quantile(&repeated.0, 0.99), "ms", Budget::AtMost(50.0))
            .against("hello", reference)
            .note(format!("{REPEATS} times the same alert, median {:.1} ms", quantile(&repeated.0, 0.5))),
        Figure::new("alert_runs_of_duplicates", repeated.1 as f64, "runs", Budget::AtMost(1.0))
            .note(format!("journals on disk: {}", repeated.2)),
        Figure::new("alert_p99_200_outages", quantile(&first, 0.99), "ms", Budget::AtMost(50.0))
            .against("hello", reference)
            .note(format!("{PLANS} plans alerted at once, {runs} runs started")),
    ])
}

/// A handler that has met each of its plans: a resolved alert is answered, and starts nothing.
async fn acquainted(programs: &Programs, plans: usize) -> Result<Program, Trouble> {
    let handler = Program::start(&programs.handler, &fixture::config(plans))?;
    let resolved: Vec<String> = (0..plans).map(|plan| fixture::alert(plan, "Resolved")).collect();
    post_all(&handler, &resolved, "200").await?;
    Ok(handler)
}

/// Latencies, runs named in answers, journals in the store.
async fn repeated(programs: &Programs, alerts: &[String]) -> Result<(Vec<f64>, usize, usize), Trouble> {
    let handler = acquainted(programs, 1).await?;
    let (latencies, answers) = post_all(&handler, alerts, "202").await?;
    let stored = files(&handler.folder().join("state"));
    let journals = stored.iter().filter(|file| is_journal(file)).count();
    Ok((latencies, runs_named(&answers).len(), journals))
}

fn is_journal(file: &std::path::Path) -> bool {
    let inside = |name: &str| file.components().any(|part| part.as_os_str() == name);
    inside("runs") && file.extension().is_some_and(|extension| extension == "log")
}

/// Posts every body over [`CONNECTIONS`] connections; gives latencies in ms and the answers, which must say `expected`.
async fn post_all(
    program: &Program,
    bodies: &[String],
    expected: &'static str,
) -> Result<(Vec<f64>, Vec<String>), Trouble> {
    let mut posting = JoinSet::new();
    for first in 0..CONNECTIONS.min(bodies.len()) {
        let share: Vec<String> = bodies.iter().skip(first).step_by(CONNECTIONS).cloned().collect();
        posting.spawn(post_share(program.port, share, expected));
    }
    let mut all = (Vec::new(), Vec::new());
    while let Some(done) = posting.join_next().await {
        let (latencies, answers) = done.map_err(std::io::Error::other)??;
        all.0.extend(latencies);
        all.1.extend(answers);
    }
    Ok(all)
}

async fn post_share(port: u16, bodies: Vec<String>, expected: &str) -> std::io::Result<(Vec<f64>, Vec<String>)> {
    let mut connection = Connection::open(port).await?;
    let mut done = (Vec::new(), Vec::new());
    for body in bodies {
        let begun = Instant::now();
        let (status, answer) = connection.post("alert", &body).await?;
        done.0.push(millis(begun.elapsed()));
        if status != 200 || !answer.contains(expected) {
            return Err(std::io::Error::other(format!("an alert was answered {status}: {answer}")));
        }
        done.1.push(answer);
    }
    Ok(done)
}

/// The ids of all runs in the answers: `{plan}.{time}.{random}`. Incidents have a letter before the time.
fn runs_named(answers: &[String]) -> BTreeSet<&str> {
    let words = answers.iter().flat_map(|answer| answer.split(|c: char| !c.is_ascii_alphanumeric() && c != '.'));
    words.filter(|word| is_run(word)).collect()
}

fn is_run(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    matches!(parts[..], [plan, time, _] if plan.starts_with('p') && time.starts_with(|c: char| c.is_ascii_digit()))
}
