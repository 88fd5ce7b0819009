//! Names that DNS does not know for a while.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use super::World;

#[derive(Default)]
struct Hidden(Mutex<BTreeSet<String>>);

impl World {
    /// From now on there is no such name, or there is again. Whoever was told of it before may remember it for a while.
    pub fn hide_name(&self, name: &str, hidden: bool) {
        let plane = self.plane::<Hidden>();
        let mut names = plane.0.lock().unwrap_or_else(PoisonError::into_inner);
        match hidden {
            true => drop(names.insert(name.to_ascii_lowercase())),
            false => drop(names.remove(&name.to_ascii_lowercase())),
        }
    }

    pub(in crate::sandbox) fn is_hidden(&self, name: &str) -> bool {
        self.plane::<Hidden>().0.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }
}
