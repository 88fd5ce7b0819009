//! Backends of [`crate::engine::ports::Store`]: [`memory`] for tests and simulations, [`mod@file`] for one machine. The
//! one for Azure, [`crate::azure::BlobStore`], lives with what knows Azure and takes names and checks from here.
//!
//! All keep one contract, held by one suite of tests (`tests/store_contract.rs`), so that what was learned on one
//! backend is true on the others. A log is made of whole lines of text; the last line without a newline is what a
//! crash left behind, and no reader ever sees it.

mod call;
pub mod file;
pub mod memory;
pub mod name;
mod retention;

pub use call::{Call, Fault, Faults, Harm, Operation};
pub use file::FileStore;
pub use memory::MemoryStore;
pub use retention::{Retention, Told};

use crate::engine::ports::Store;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Where the state lives. Configuration translates its own words into this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreTarget {
    /// Gone when the process ends.
    Memory,
    /// A directory on a local file system, shared by the processes of one machine.
    Directory(PathBuf),
}

/// A store that cannot be opened at all.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {} as a store", directory.display())]
pub struct OpenError {
    directory: PathBuf,
    #[source]
    source: io::Error,
}

/// Opens the store; a directory that does not exist is made, readable by its owner only.
pub fn open(target: &StoreTarget) -> Result<Arc<dyn Store>, OpenError> {
    match target {
        StoreTarget::Memory => Ok(Arc::new(MemoryStore::new())),
        StoreTarget::Directory(directory) => match FileStore::open(directory) {
            Ok(store) => Ok(Arc::new(store)),
            Err(source) => Err(OpenError { directory: directory.clone(), source }),
        },
    }
}

/// Bytes that a log cannot take. Every backend refuses them before it writes anything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotLines {
    #[error("an append is one or more whole lines, each ended by a newline")]
    Unfinished,
    #[error("lines of a log hold no record separator (0x1E)")]
    Separator,
}

/// Stands for an inner newline while an append is being written to a file (see [`mod@file`]); JSON never holds it raw.
const SEPARATOR: u8 = 0x1e;

pub(crate) fn check_lines(bytes: &[u8]) -> Result<(), NotLines> {
    match bytes {
        [.., b'\n'] if bytes.contains(&SEPARATOR) => Err(NotLines::Separator),
        [.., b'\n'] => Ok(()),
        _ => Err(NotLines::Unfinished),
    }
}
