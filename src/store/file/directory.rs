//! Directories: made durably, walked for names.

use super::super::name::{self, LOG_SUFFIX};
use std::collections::{HashMap, HashSet};
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

/// What this process has made durable of directories, so that an alert that is written down waits for no more syncs than
/// it needs.
#[derive(Debug, Default)]
pub(super) struct Durable {
    /// Directories whose own entries are durable up to the root: once is enough.
    anchored: Mutex<HashSet<PathBuf>>,
    entries: Mutex<HashMap<PathBuf, Arc<Together>>>,
}

/// One directory's entries. Those who come while it is being synced share the next sync, which covers them all.
#[derive(Debug, Default)]
struct Together {
    asked: AtomicU64,
    /// Everybody who had asked by then is done.
    done: Mutex<u64>,
}

impl Durable {
    /// Makes the entries of `directory` durable, and its own entry, up to `root`.
    pub fn sync_up(&self, directory: &Path, root: &Path) -> io::Result<()> {
        self.together(directory).sync(directory)?;
        if lock(&self.anchored).contains(directory) {
            return Ok(());
        }
        directory.ancestors().skip(1).take_while(|ancestor| ancestor.starts_with(root)).try_for_each(sync)?;
        lock(&self.anchored).insert(directory.to_owned());
        Ok(())
    }

    fn together(&self, directory: &Path) -> Arc<Together> {
        lock(&self.entries).entry(directory.to_owned()).or_default().clone()
    }
}

impl Together {
    /// The entry that the caller made before is durable afterwards.
    fn sync(&self, directory: &Path) -> io::Result<()> {
        let mine = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut done = lock(&self.done);
        if *done >= mine {
            return Ok(());
        }
        let covers = self.asked.load(Ordering::SeqCst);
        sync(directory)?;
        *done = covers;
        Ok(())
    }
}

/// Each change under these locks is one insert or one number: a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Removes a file durably; `false` when there is none.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => path.parent().map_or(Ok(()), sync).map(|()| true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
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

#[cfg(test)]
mod tests {
    use super::{Durable, Ordering, lock};

    /// Nobody returns before a sync that began after it had asked.
    #[test]
    fn those_who_wait_share_a_sync_and_none_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let durable = Durable::default();
        std::thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| durable.sync_up(folder.path(), folder.path()).unwrap());
            }
        });
        let together = durable.together(folder.path());
        assert_eq!((together.asked.load(Ordering::SeqCst), *lock(&together.done)), (32, 32));
        durable.sync_up(folder.path(), folder.path()).unwrap();
        assert_eq!(*lock(&together.done), 33);
    }

    #[test]
    fn a_sync_that_fails_covers_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        let durable = Durable::default();
        assert!(durable.sync_up(&gone, folder.path()).is_err());
        std::fs::create_dir(&gone).unwrap();
        durable.sync_up(&gone, folder.path()).unwrap();
        assert_eq!(*lock(&durable.together(&gone).done), 2);
    }
}
