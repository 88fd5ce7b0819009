//! The simulated world in words, beside the run.

use crate::cli::Output;
use crate::sandbox::world::{Entry, Event};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// Tells what happens in the world, one line each, unless hushed: the live view of a run needs the screen for itself.
pub(super) async fn narrate(mut events: Receiver<Entry>, out: Output, hushed: Arc<AtomicBool>) {
    loop {
        match events.recv().await {
            Ok(entry) if is_told(&entry.event) && !hushed.load(Ordering::Relaxed) => out.data(&line(&entry)),
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

fn line(entry: &Entry) -> String {
    format!("{}  world: {}", entry.at.format("%H:%M:%S"), entry.text)
}

/// What somebody who stands in the data centre would notice.
fn is_told(event: &Event) -> bool {
    matches!(
        event,
        Event::Region { .. }
            | Event::Power { .. }
            | Event::Promotion { .. }
            | Event::WriterMoved { .. }
            | Event::Fault { .. }
            | Event::AlertFired { .. }
            | Event::AlertResolved { .. }
            | Event::AlertPosted { .. }
            | Event::FirstWrite { .. }
            | Event::WritingStopped { .. }
            | Event::SplitBrain { .. }
            | Event::PodStarted { .. }
            | Event::PodStopped { .. }
            | Event::ClaimDeleted { .. }
            | Event::StaleIndex { .. }
            | Event::ReindexStarted { .. }
            | Event::IndexRebuilt { .. }
            | Event::Unknown { .. }
    )
}
