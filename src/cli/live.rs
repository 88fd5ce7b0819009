//! Following a run by long poll, through restarts of the server.
//!
//! ```text
//! GET /runs/{id}?after=SEQ&wait=25 ─► RunView ─► View (screen, lines or JSON lines) ─► … until the run is closed
//! ```
//! A handler may be killed in the middle of a failover, so an answer that does not come is no news about the run: it is
//! asked for again, with a note, until nothing was heard for [`Patience::silence`].

mod screen;
mod view;

pub use view::View;

use super::client::{Client, ClientError};
use crate::domain::names::RunId;
use crate::domain::status::RunView;
use crate::render::took;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Longest wait of one long poll; the server grants no more.
const LONG_POLL: Duration = Duration::from_secs(25);
/// Pause between polls that brought nothing new, whatever the server did with `wait`.
const BREATH: Duration = Duration::from_millis(500);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How long to wait for what does not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Without any answer for so long, following ends with an error; the run goes on.
    pub silence: Duration,
    /// A run that has ended is followed at most so much longer, until its notifications are through.
    pub closing: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { silence: Duration::from_secs(300), closing: Duration::from_secs(60) }
    }
}

/// Shows the run until it is closed, and gives it as it is then.
///
/// # Errors
/// When the server refuses, or gave no answer for longer than `patience.silence`.
pub async fn follow(client: &Client, run: &RunId, view: &mut View, patience: Patience) -> Result<RunView, ClientError> {
    let mut after = 0;
    let mut wait = Duration::ZERO;
    let mut ended = None;
    loop {
        let seen = poll(client, run, after, wait, view, patience).await?;
        view.show(&seen);
        let has_ended = seen.state != "running";
        let since = *ended.get_or_insert_with(Instant::now);
        ended = has_ended.then_some(since);
        if seen.closed || (has_ended && since.elapsed() >= patience.closing) {
            view.finish(&seen);
            return Ok(seen);
        }
        if seen.seq == after {
            sleep(BREATH).await;
        }
        after = seen.seq;
        wait = if has_ended { LONG_POLL.min(patience.closing.saturating_sub(since.elapsed())) } else { LONG_POLL };
    }
}

/// One answer, however often it must be asked for.
async fn poll(
    client: &Client,
    run: &RunId,
    after: u64,
    wait: Duration,
    view: &mut View,
    patience: Patience,
) -> Result<RunView, ClientError> {
    let mut lost: Option<Instant> = None;
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match client.run(run, after, wait).await {
            Ok(answer) => {
                if let Some(lost) = lost {
                    view.note(&format!("there again after {}", took(lost.elapsed().as_secs_f64())));
                }
                return Ok(answer.value);
            }
            Err(error) => error,
        };
        let silent_for = lost.map_or(Duration::ZERO, |lost| lost.elapsed());
        if !may_pass(&error, after) || silent_for >= patience.silence {
            return Err(error);
        }
        if lost.is_none() {
            view.note(&format!("{error}; the run goes on, asking again"));
        }
        lost.get_or_insert_with(Instant::now);
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Once the run was seen, an unknown path is a function app that is coming up, no answer to the question.
fn may_pass(error: &ClientError, after: u64) -> bool {
    error.is_passing() || (after > 0 && matches!(error, ClientError::NotThere { .. }))
}
