//! Directories: made durably, walked for names.

use super::super::name::{self, LOG_SUFFIX};
use std::collections::HashSet;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Makes the directory and what is missing above it, for the owner only: journals hold signed URLs.
pub(super) fn ensure(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let parent = directory.parent().ok_or(ErrorKind::NotFound)?;
    ensure(parent)?;
    match DirBuilder::new().mode(0o700).create(directory) {
        // Another process was faster, or something else has the name, which the next use will tell.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync(parent),
    }
}

/// Directories whose own entries, up to the root, this process has made durable: once is enough, and an alert that is
/// written down waits for each of these writes to the disk.
#[derive(Debug, Default)]
pub(super) struct Durable(Mutex<HashSet<PathBuf>>);

impl Durable {
    /// Makes the entries of `directory` durable, and its own entry, up to `root`.
    pub fn sync_up(&self, directory: &Path, root: &Path) -> io::Result<()> {
        sync(directory)?;
        if self.lock().contains(directory) {
            return Ok(());
        }
        directory.ancestors().skip(1).take_while(|ancestor| ancestor.starts_with(root)).try_for_each(sync)?;
        self.lock().insert(directory.to_owned());
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<PathBuf>> {
        // One insert at a time: a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Names of logs below `logs` that begin with `prefix`, sorted as texts.
pub(super) fn list(logs: &Path, prefix: &str) -> io::Result<Vec<String>> {
    let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    walk(&logs.join(folder), folder, &mut found)?;
    found.retain(|name| name.starts_with(prefix));
    found.sort_unstable();
    Ok(found)
}

fn walk(directory: &Path, name_so_far: &str, found: &mut Vec<String>) -> io::Result<()> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        // What is not ours by name or kind (an editor's copy, a link) is none of our logs.
        let Ok(file_name) = entry.file_name().into_string() else { continue };
        let name = if name_so_far.is_empty() { file_name } else { format!("{name_so_far}/{file_name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), &name, found)?;
        } else if let (true, Some(log)) = (kind.is_file(), name.strip_suffix(LOG_SUFFIX)) {
            found.extend(name::is_legal(log).then(|| log.to_owned()));
        }
    }
    Ok(())
}
