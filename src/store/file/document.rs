//! One document as one file, replaced as a whole.

use super::directory;
use super::{Failure, Place};
use crate::engine::ports::Document;
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The document with its tag. Needs no lock: a rename shows the old or the new one.
pub(super) fn get(path: &Path) -> io::Result<Option<Document>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(Document { tag: tag_of(&bytes), bytes })),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces the document when its tag still is `expected`; gives the new tag.
pub(super) fn put(path: &Path, place: &Place, bytes: &[u8], expected: Option<&str>) -> Result<String, Failure> {
    let parent = path.parent().unwrap_or(&place.root);
    directory::ensure(parent)?;
    let lock = open_for_writing(&beside(path, "lock"), false)?;
    lock.lock()?;
    let current = get(path)?.map(|document| document.tag);
    if current.as_deref() != expected {
        return Err(Failure::Conflict);
    }
    replace(path, bytes)?;
    place.durable.sync_up(parent, &place.root)?;
    Ok(tag_of(bytes))
}

/// Only the holder of the lock writes the new file; one left by a crash is written over.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = beside(path, "new");
    let mut file = open_for_writing(&new, true)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}

fn open_for_writing(path: &Path, empty: bool) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(empty).mode(0o600).open(path)
}

/// A hidden neighbour. Legal names never begin with a dot, so it is nobody's document.
fn beside(path: &Path, role: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".");
    name.push(role);
    path.with_file_name(name)
}

/// The tag tells contents apart, not writes: who sees the same tag sees the same bytes.
fn tag_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
