//! One log as one file.

use super::super::SEPARATOR;
use super::{Failure, Place, directory};
use crate::engine::ports::LogRead;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::SystemTime;

/// Makes an empty log, durably; one that is there stays as it is. There is nothing in it to be synced, only its name.
pub(super) fn create(path: &Path, place: &Place) -> io::Result<()> {
    let parent = path.parent().unwrap_or(&place.root);
    directory::ensure(parent)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    // Also for one that was there: its maker may have died before making the entry durable.
    place.durable.sync_up(parent, &place.root)
}

/// Removes a log. Whoever writes just then is waited for; whoever waits to write finds that it is gone.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    file.lock()?;
    directory::remove(path)
}

/// Appends whole lines at `at`, or nothing; gives the new end.
pub(super) fn append(path: &Path, at: u64, lines: Vec<u8>) -> Result<u64, Failure> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(Failure::Missing),
        Err(error) => return Err(error.into()),
    };
    file.lock()?;
    if file.metadata()?.nlink() == 0 {
        return Err(Failure::Missing);
    }
    let end = last_newline(&file)?;
    if end != at {
        return Err(Failure::Conflict);
    }
    cut_torn_tail(&file, end)?;
    let length = lines.len() as u64;
    write_as_one(&file, end, lines)?;
    Ok(end + length)
}

/// Reads from `from` to the last newline, under a lock: what is read is durable and was written in one piece.
pub(super) fn read(path: &Path, from: u64, root: &Path) -> io::Result<Option<LogRead>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    file.lock_shared()?;
    let end = last_newline(&file)?;
    let from = from.min(end);
    let mut bytes = vec![0; usize::try_from(end - from).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, from)?;
    let written = file.metadata()?.modified()?;
    drop(file);
    restore_newlines(&mut bytes);
    // The subtraction goes wrong only when somebody set the clock back meanwhile.
    let quiet_for = clock_of(root).duration_since(written).unwrap_or_default();
    Ok(Some(LogRead { bytes, end, quiet_for }))
}

/// The position behind the last newline: the log's end. What follows is the remains of a crash.
fn last_newline(file: &File) -> io::Result<u64> {
    let mut chunk = [0; 8192];
    let mut upper = file.metadata()?.len();
    while upper > 0 {
        let lower = upper.saturating_sub(chunk.len() as u64);
        let part = &mut chunk[..(upper - lower) as usize];
        file.read_exact_at(part, lower)?;
        if let Some(found) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(lower + found as u64 + 1);
        }
        upper = lower;
    }
    Ok(0)
}

fn cut_torn_tail(file: &File, end: u64) -> io::Result<()> {
    if file.metadata()?.len() > end { file.set_len(end) } else { Ok(()) }
}

/// Writes lines so that they appear together: only the last newline is one until everything is on disk.
fn write_as_one(file: &File, at: u64, mut lines: Vec<u8>) -> io::Result<()> {
    let inner = hide_inner_newlines(&mut lines);
    file.write_all_at(&lines, at)?;
    file.sync_data()?;
    for position in inner {
        // For human readers only; ours take either byte. The append is done, so a failure here is none.
        let _ = file.write_all_at(b"\n", at + position as u64);
    }
    Ok(())
}

/// Turns all newlines but the last into separators; gives their positions.
fn hide_inner_newlines(lines: &mut [u8]) -> Vec<usize> {
    let Some((_last, inner)) = lines.split_last_mut() else { return Vec::new() };
    let positions =
        inner.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(position, _)| position).collect::<Vec<_>>();
    for &position in &positions {
        inner[position] = SEPARATOR;
    }
    positions
}

fn restore_newlines(bytes: &mut [u8]) {
    for byte in bytes {
        if *byte == SEPARATOR {
            *byte = b'\n';
        }
    }
}

/// What the file system that holds the store takes for now: the time stamp of a write to it.
///
/// Who may not write there (an auditor with a copy) gets this machine's time; such a one cannot claim a run either.
fn clock_of(root: &Path) -> SystemTime {
    touch(&root.join(".clock")).unwrap_or_else(|_| SystemTime::now())
}

fn touch(path: &Path) -> io::Result<SystemTime> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    file.write_all_at(b"\n", 0)?;
    file.metadata()?.modified()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_of(bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.log");
        std::fs::write(&path, bytes).unwrap();
        (directory, path)
    }

    /// Whatever prefix of a several-line append a crash leaves behind, readers see all of it or nothing.
    #[test]
    fn an_append_of_several_lines_cut_anywhere_is_invisible() {
        let mut append = b"two\nthree\nfour\n".to_vec();
        assert_eq!(hide_inner_newlines(&mut append), [3, 9]);
        let on_disk = [b"one\n", append.as_slice()].concat();
        for cut in 4..=on_disk.len() {
            let (directory, path) = log_of(&on_disk[..cut]);
            let seen = read(&path, 0, directory.path()).unwrap().unwrap();
            let expected: &[u8] = if cut == on_disk.len() { b"one\ntwo\nthree\nfour\n" } else { b"one\n" };
            assert_eq!(seen.bytes, expected, "cut at {cut}");
            assert_eq!(seen.end, expected.len() as u64);
        }
    }

    #[test]
    fn the_file_ends_up_as_plain_lines() {
        let (_directory, path) = log_of(b"");
        append(&path, 0, b"one\ntwo\n".to_vec()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one\ntwo\n");
    }

    #[test]
    fn the_last_newline_is_found_across_chunks() {
        for tail in [0, 1, 8191, 8192, 8193, 20_000] {
            let mut bytes = b"one\n".to_vec();
            bytes.resize(4 + tail, b'x');
            let (_directory, path) = log_of(&bytes);
            assert_eq!(last_newline(&File::open(&path).unwrap()).unwrap(), 4, "tail of {tail}");
        }
    }

    #[test]
    fn a_reader_who_may_not_write_still_reads() {
        let (directory, path) = log_of(b"one\n");
        let nowhere = directory.path().join("missing");
        assert_eq!(read(&path, 0, &nowhere).unwrap().unwrap().bytes, b"one\n");
    }
}
