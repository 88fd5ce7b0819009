//! What is left of a host that was killed: its handler.

use tokio::process::Child;

/// A handler whose host is gone. Dropped, it is killed.
#[derive(Debug)]
pub struct Orphan {
    pub(super) child: Child,
}

impl Orphan {
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}
