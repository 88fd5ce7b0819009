//! The claim on a run, as folded from its journal.

use super::event::{Driver, RunEvent};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// Who holds the run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Claim {
    /// The holder, unless the last slice was ended in order.
    pub held_by: Option<Driver>,
    /// Number of the newest slice.
    pub slice: u64,
    /// Number of the newest slice that was ended in order.
    pub released: u64,
    /// When something is due again, as the last orderly end said.
    pub due: Option<DateTime<Utc>>,
    /// Whether something was said since the last orderly end, by a person or by a run that takes precedence.
    pub news: bool,
    /// Claims in a row that died at once: no orderly end, no event, not even a renewal. A run that kills whoever
    /// drives it does so at once; a driver that renewed its claim was at work, and died of something else.
    pub died: u32,
    /// Whether anything was appended since the newest claim.
    #[serde(skip)]
    worked: bool,
}

impl Claim {
    pub(super) fn apply(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Claimed { by, slice } if *slice > self.slice => {
                self.died = if self.held_by.is_some() && !self.worked { self.died + 1 } else { 0 };
                self.held_by = Some(by.clone());
                self.slice = *slice;
                self.worked = false;
                self.due = None;
                self.news = false;
            }
            RunEvent::Claimed { .. } => self.worked = true,
            // Whoever lost the run may say so late: that releases nobody else's claim.
            RunEvent::Released { slice, .. } if *slice != self.slice => {}
            RunEvent::Released { slice, next } => {
                self.held_by = None;
                self.released = *slice;
                self.due = *next;
                self.died = 0;
                self.news = false;
            }
            _ => {
                self.worked = true;
                self.news = self.held_by.is_none();
            }
        }
    }

    /// Claims in a row that died, the newest one included if it is dead now.
    pub fn deaths_if_dead(&self) -> u32 {
        self.died + u32::from(self.held_by.is_some() && !self.worked)
    }

    pub fn is_held_by(&self, driver: &Driver, slice: u64) -> bool {
        self.slice == slice && self.held_by.as_ref() == Some(driver)
    }
}
