//! What a crash in the middle of a write leaves in a file, and what becomes of it.

use super::backend::{log_file, text};
use reveille::engine::ports::Store;
use reveille::store::FileStore;
use std::fs;
use std::io::Write;
use std::time::Duration;
use tempfile::TempDir;

async fn torn(tail: &[u8]) -> (TempDir, FileStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    store.create("a").await.unwrap();
    store.append("a", 0, b"whole\n").await.unwrap();
    let path = log_file(directory.path(), "a");
    fs::write(&path, [b"whole\n", tail].concat()).unwrap();
    (directory, store)
}

#[tokio::test]
async fn a_torn_tail_is_never_read() {
    let (_directory, store) = torn(b"half a li").await;
    let read = store.read("a", 0).await.unwrap().unwrap();
    assert_eq!((read.bytes.as_slice(), read.end), (&b"whole\n"[..], 6));
    assert_eq!(store.read("a", 10).await.unwrap().unwrap().bytes, b"");
}

#[tokio::test]
async fn the_next_append_cuts_the_torn_tail() {
    let (directory, store) = torn(&[b'x'; 30_000]).await;
    assert_eq!(store.append("a", 6, b"next\n").await.unwrap(), 11);
    assert_eq!(fs::read(log_file(directory.path(), "a")).unwrap(), b"whole\nnext\n");
}

#[tokio::test]
async fn a_conflict_leaves_even_the_torn_tail_alone() {
    let (directory, store) = torn(b"half").await;
    for wrong in [0, 10] {
        assert!(store.append("a", wrong, b"next\n").await.unwrap_err().is_conflict());
    }
    assert_eq!(fs::read(log_file(directory.path(), "a")).unwrap(), b"whole\nhalf");
}

#[tokio::test]
async fn a_log_that_holds_nothing_but_a_torn_tail_is_empty() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    store.create("a").await.unwrap();
    fs::write(log_file(directory.path(), "a"), b"half").unwrap();
    assert_eq!(store.read("a", 0).await.unwrap().unwrap().end, 0);
    store.append("a", 0, b"one\n").await.unwrap();
    assert_eq!(text(&store, "a").await, "one\n");
}

/// An append of several lines that died after its bytes and before its newlines were put in place is complete.
#[tokio::test]
async fn an_append_that_died_before_its_inner_newlines_reads_as_lines() {
    let (_directory, store) = torn(b"two\x1ethree\n").await;
    assert_eq!(text(&store, "a").await, "whole\ntwo\nthree\n");
    assert_eq!(store.append("a", 16, b"four\n").await.unwrap(), 21);
}

/// What is read must not vanish in a power failure, so a reader waits for a writer that has not synced yet.
#[tokio::test]
async fn a_reader_waits_for_a_writer_at_work() {
    let (directory, store) = torn(b"").await;
    let writer = fs::File::options().append(true).open(log_file(directory.path(), "a")).unwrap();
    writer.lock().unwrap();
    (&writer).write_all(b"written, not synced\n").unwrap();
    let mut read = store.read("a", 6);
    let early = tokio::time::timeout(Duration::from_millis(100), &mut read).await;
    assert!(early.is_err(), "read meanwhile: {early:?}");
    drop(writer);
    assert_eq!(read.await.unwrap().unwrap().bytes, b"written, not synced\n");
}

#[tokio::test]
async fn a_document_half_written_by_a_dead_process_is_nobody_s_document() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let tag = store.put("d", b"old", None).await.unwrap();
    fs::write(directory.path().join("documents/.d.document.new"), b"longer half of something new").unwrap();
    assert_eq!(store.get("d").await.unwrap().unwrap().bytes, b"old");
    store.put("d", b"new", Some(&tag)).await.unwrap();
    assert_eq!(store.get("d").await.unwrap().unwrap().bytes, b"new");
}

#[tokio::test]
async fn foreign_files_are_not_listed() {
    let (directory, store) = torn(b"").await;
    for foreign in ["a.log~", ".a.log.swp", "notes.txt", "sp ace.log", ".log"] {
        fs::write(directory.path().join("logs").join(foreign), b"x\n").unwrap();
    }
    assert_eq!(store.list("").await.unwrap(), ["a"]);
}

#[cfg(unix)]
#[tokio::test]
async fn files_and_directories_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("state");
    let store = FileStore::open(&root).unwrap();
    store.create("runs/r/journal").await.unwrap();
    store.put("d", b"x", None).await.unwrap();
    for (path, mode) in
        [("", 0o700), ("logs/runs/r", 0o700), ("logs/runs/r/journal.log", 0o600), ("documents/d.document", 0o600)]
    {
        let found = fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found & !mode, 0, "{path} is {found:o}");
    }
}
