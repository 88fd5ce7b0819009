//! The contract, one promise per function.

use super::backend::{Backend, append_somewhere, text};
use futures::future::join_all;
use reveille::engine::ports::StoreError;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

pub async fn create_makes_an_empty_log(backend: &Backend) {
    let store = backend.open();
    store.create("plans/p/ledger").await.unwrap();
    let read = store.read("plans/p/ledger", 0).await.unwrap().unwrap();
    assert_eq!((read.bytes.as_slice(), read.end), (&b""[..], 0));
}

pub async fn create_never_truncates(backend: &Backend) {
    let store = backend.open();
    store.create("a").await.unwrap();
    store.append("a", 0, b"kept\n").await.unwrap();
    store.create("a").await.unwrap();
    assert_eq!(text(&*store, "a").await, "kept\n");
}

pub async fn concurrent_creates_all_succeed(backend: &Backend) {
    let creates = (0..50).map(|_| {
        let store = backend.open();
        async move { store.create("deep/er/log").await }
    });
    for created in join_all(creates).await {
        created.unwrap();
    }
}

pub async fn append_gives_the_new_version(backend: &Backend) {
    let store = backend.open();
    store.create("a").await.unwrap();
    assert_eq!(store.append("a", 0, b"one\n").await.unwrap(), 4);
    assert_eq!(store.append("a", 4, b"three\n").await.unwrap(), 10);
    assert_eq!(store.read("a", 0).await.unwrap().unwrap().end, 10);
}

pub async fn append_at_another_version_writes_nothing(backend: &Backend) {
    let store = backend.open();
    store.create("a").await.unwrap();
    store.append("a", 0, b"one\ntwo\n").await.unwrap();
    for wrong in [0, 3, 4, 7, 9, u64::MAX] {
        let error = store.append("a", wrong, b"lost\n").await.unwrap_err();
        assert!(matches!(&error, StoreError::Conflict { name } if name == "a"), "at {wrong}: {error:?}");
    }
    assert_eq!(text(&*store, "a").await, "one\ntwo\n");
}

pub async fn append_to_a_missing_log_says_so(backend: &Backend) {
    let store = backend.open();
    let error = store.append("plans/p/ledger", 0, b"one\n").await.unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
    assert_eq!(store.read("plans/p/ledger", 0).await.unwrap(), None);
}

pub async fn append_takes_whole_lines_only(backend: &Backend) {
    let store = backend.open();
    store.create("a").await.unwrap();
    for bytes in [&b""[..], b"unfinished", b"one\nunfinished", b"sepa\x1erated\n"] {
        store.append("a", 0, bytes).await.unwrap_err();
    }
    assert_eq!(text(&*store, "a").await, "");
}

pub async fn bytes_come_back_as_they_were(backend: &Backend) {
    let store = backend.open();
    store.create("a").await.unwrap();
    let every_byte: Vec<u8> = (0..=255).filter(|byte| *byte != 0x1e).chain([b'\n']).collect();
    store.append("a", 0, &every_byte).await.unwrap();
    let large = [vec![b'x'; 100_000], vec![b'\n']].concat();
    store.append("a", every_byte.len() as u64, &large).await.unwrap();
    assert_eq!(store.read("a", 0).await.unwrap().unwrap().bytes, [every_byte, large].concat());
}

/// A reader that meets an append sees all its lines or none.
pub async fn several_lines_arrive_together(backend: &Backend) {
    let store = backend.open();
    store.create("a").await.unwrap();
    let lines = format!("{}\nend\n", "begin".repeat(2000));
    let reader = backend.open();
    let writing = async {
        for round in 0..20 {
            store.append("a", round * lines.len() as u64, lines.as_bytes()).await.unwrap();
        }
    };
    let reading = async {
        let mut end = 0;
        while end < 20 * lines.len() as u64 {
            end = reader.read("a", end).await.unwrap().unwrap().end;
            assert_eq!(end % lines.len() as u64, 0, "half an append was shown");
            tokio::task::yield_now().await;
        }
    };
    futures::join!(writing, reading);
}

pub async fn hundreds_of_appenders_lose_and_duplicate_nothing(backend: &Backend) {
    let (crowd, window) = (backend.crowd(), backend.window(backend.crowd()));
    backend.open().create("a").await.unwrap();
    let appenders = (0..crowd).map(|number| {
        let store = backend.open();
        tokio::spawn(
            async move { append_somewhere(&*store, "a", format!("appender {number}\n").as_bytes(), window).await },
        )
    });
    let conflicts: usize = join_all(appenders).await.into_iter().map(Result::unwrap).sum();
    assert!(conflicts > 0, "nobody met anybody: this proves nothing");
    let written = text(&*backend.open(), "a").await;
    let mut numbers: Vec<usize> =
        written.lines().map(|line| line.strip_prefix("appender ").unwrap().parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..crowd).collect::<Vec<_>>());
}

/// The caller that lost patience may repeat itself at the same version: one of the two gets through.
pub async fn an_append_given_up_half_way_lands_at_most_once(backend: &Backend) {
    let store = backend.open();
    store.create("a").await.unwrap();
    let mut end = 0;
    for round in 0..20 {
        let line = format!("nonce {round}\n");
        let mut given_up = store.append("a", end, line.as_bytes());
        let _ = futures::poll!(&mut given_up);
        drop(given_up);
        match store.append("a", end, line.as_bytes()).await {
            Ok(new_end) => end = new_end,
            Err(error) => {
                assert!(error.is_conflict(), "{error:?}");
                let mine = store.read("a", end).await.unwrap().unwrap();
                assert_eq!(mine.bytes, line.as_bytes());
                end = mine.end;
            }
        }
    }
    let expected: String = (0..20).map(|round| format!("nonce {round}\n")).collect();
    assert_eq!(text(&*store, "a").await, expected);
}

pub async fn read_starts_at_the_offset(backend: &Backend) {
    let store = backend.open();
    store.create("a").await.unwrap();
    store.append("a", 0, b"one\ntwo\n").await.unwrap();
    store.append("a", 8, b"three\n").await.unwrap();
    for (from, expected) in [(0, "one\ntwo\nthree\n"), (4, "two\nthree\n"), (8, "three\n"), (10, "ree\n"), (14, "")] {
        let read = store.read("a", from).await.unwrap().unwrap();
        assert_eq!((read.bytes.as_slice(), read.end), (expected.as_bytes(), 14), "from {from}");
    }
}

pub async fn read_behind_the_end_is_empty(backend: &Backend) {
    let store = backend.open();
    store.create("a").await.unwrap();
    store.append("a", 0, b"one\n").await.unwrap();
    for from in [5, 1000, u64::MAX] {
        let read = store.read("a", from).await.unwrap().unwrap();
        assert_eq!((read.bytes.as_slice(), read.end), (&b""[..], 4), "from {from}");
    }
}

pub async fn read_of_a_missing_log_is_none(backend: &Backend) {
    let store = backend.open();
    assert_eq!(store.read("nothing/here", 0).await.unwrap(), None);
    assert_eq!(store.get("nothing/here").await.unwrap(), None);
}

pub async fn quiet_time_starts_again_with_a_write(backend: &Backend) {
    let store = backend.open();
    store.create("a").await.unwrap();
    backend.age("a", 2 * HOUR).await;
    assert!(store.read("a", 0).await.unwrap().unwrap().quiet_for >= HOUR);
    store.append("a", 0, b"one\n").await.unwrap();
    assert!(store.read("a", 0).await.unwrap().unwrap().quiet_for < HOUR);
}

pub async fn a_conflict_does_not_break_the_quiet(backend: &Backend) {
    let store = backend.open();
    store.create("a").await.unwrap();
    store.append("a", 0, b"one\n").await.unwrap();
    backend.age("a", 2 * HOUR).await;
    store.append("a", 0, b"two\n").await.unwrap_err();
    store.create("a").await.unwrap();
    assert!(store.read("a", 0).await.unwrap().unwrap().quiet_for >= HOUR);
}

pub async fn list_gives_the_names_below_a_prefix_sorted(backend: &Backend) {
    let store = backend.open();
    for log in ["runs/sonar.2/journal", "runs/sonar-b.1/journal", "plans/b", "runs/sonar.1/journal", "plans/a/b/c"] {
        store.create(log).await.unwrap();
    }
    store.put("plans/document", b"{}", None).await.unwrap();
    let cases: [(&str, &[&str]); 6] = [
        ("plans/", &["plans/a/b/c", "plans/b"]),
        ("runs/sonar.", &["runs/sonar.1/journal", "runs/sonar.2/journal"]),
        ("runs/sonar", &["runs/sonar-b.1/journal", "runs/sonar.1/journal", "runs/sonar.2/journal"]),
        ("pla", &["plans/a/b/c", "plans/b"]),
        ("plans/b", &["plans/b"]),
        ("nothing/", &[]),
    ];
    for (prefix, expected) in cases {
        assert_eq!(store.list(prefix).await.unwrap(), expected, "below {prefix:?}");
    }
    assert_eq!(store.list("").await.unwrap().len(), 5);
}

pub async fn a_log_and_a_folder_may_share_a_name(backend: &Backend) {
    let store = backend.open();
    for log in ["a", "a/b", "a/b/c"] {
        store.create(log).await.unwrap();
        store.append(log, 0, format!("{log}\n").as_bytes()).await.unwrap();
    }
    assert_eq!(store.list("a").await.unwrap(), ["a", "a/b", "a/b/c"]);
    assert_eq!(text(&*store, "a/b").await, "a/b\n");
}

pub async fn what_is_removed_is_gone_and_can_be_made_anew(backend: &Backend) {
    let store = backend.open();
    store.create("a/b").await.unwrap();
    store.append("a/b", 0, b"old\n").await.unwrap();
    store.put("a/b", b"1", None).await.unwrap();
    assert!(store.remove("a/b").await.unwrap());
    assert_eq!((store.read("a/b", 0).await.unwrap(), store.list("a/").await.unwrap()), (None, Vec::new()));
    assert!(store.get("a/b").await.unwrap().is_some(), "the document of that name is another thing");
    assert!(matches!(store.append("a/b", 4, b"x\n").await.unwrap_err(), StoreError::Missing { .. }));
    assert!(store.remove_document("a/b").await.unwrap());
    assert!(store.get("a/b").await.unwrap().is_none());
    store.create("a/b").await.unwrap();
    assert_eq!(text(&*store, "a/b").await, "");
}

pub async fn what_is_not_there_cannot_be_removed(backend: &Backend) {
    let store = backend.open();
    assert!(!store.remove("a").await.unwrap());
    assert!(!store.remove_document("a").await.unwrap());
    assert!(matches!(store.remove("../a").await.unwrap_err(), StoreError::IllegalName { .. }));
}

pub async fn documents_compare_and_set(backend: &Backend) {
    let store = backend.open();
    let first = store.put("plans/p/witness", b"1", None).await.unwrap();
    let second = store.put("plans/p/witness", b"2", Some(&first)).await.unwrap();
    assert_ne!(first, second);
    for stale in [None, Some(first.as_str()), Some("made-up")] {
        let error = store.put("plans/p/witness", b"lost", stale).await.unwrap_err();
        assert!(error.is_conflict(), "{stale:?}: {error:?}");
    }
    let document = store.get("plans/p/witness").await.unwrap().unwrap();
    assert_eq!((document.bytes.as_slice(), document.tag), (&b"2"[..], second));
}

pub async fn a_document_is_created_once(backend: &Backend) {
    let puts = (0..40).map(|number: u8| {
        let store = backend.open();
        async move { store.put("once", &[number], None).await }
    });
    let answers = join_all(puts).await;
    let winners: Vec<usize> = (0..40).filter(|index| answers[*index].is_ok()).collect();
    let document = backend.open().get("once").await.unwrap().unwrap();
    assert_eq!(winners, [usize::from(document.bytes[0])]);
    assert!(answers.iter().filter_map(|answer| answer.as_ref().err()).all(StoreError::is_conflict));
    let missing = backend.open().put("never-made", b"x", Some("tag")).await.unwrap_err();
    assert!(missing.is_conflict(), "{missing:?}");
}

pub async fn racing_writers_of_a_document_lose_no_update(backend: &Backend) {
    backend.open().put("count", b"0", None).await.unwrap();
    let writers = (0..30).map(|_| {
        let store = backend.open();
        async move {
            loop {
                let document = store.get("count").await.unwrap().unwrap();
                let count: u32 = String::from_utf8(document.bytes).unwrap().parse().unwrap();
                match store.put("count", (count + 1).to_string().as_bytes(), Some(&document.tag)).await {
                    Ok(_) => return,
                    Err(error) => assert!(error.is_conflict(), "{error:?}"),
                }
            }
        }
    });
    join_all(writers).await;
    assert_eq!(backend.open().get("count").await.unwrap().unwrap().bytes, b"30");
}

pub async fn logs_and_documents_do_not_meet(backend: &Backend) {
    let store = backend.open();
    store.put("same", b"document", None).await.unwrap();
    assert_eq!(store.read("same", 0).await.unwrap(), None);
    store.create("same").await.unwrap();
    store.append("same", 0, b"log\n").await.unwrap();
    assert_eq!(store.get("same").await.unwrap().unwrap().bytes, b"document");
}

pub async fn illegal_names_are_refused_everywhere(backend: &Backend) {
    let store = backend.open();
    for name in ["", "../out", "a/../../out", "/absolute", "a//b", "a/", ".hidden", "nul\0", "back\\slash", "a b"] {
        let refusals = [
            store.create(name).await.unwrap_err(),
            store.append(name, 0, b"x\n").await.unwrap_err(),
            store.read(name, 0).await.unwrap_err(),
            store.get(name).await.unwrap_err(),
            store.put(name, b"x", None).await.unwrap_err(),
        ];
        for refusal in refusals {
            assert!(matches!(refusal, StoreError::IllegalName { .. }), "{name:?}: {refusal:?}");
        }
    }
    for prefix in ["..", "../", "a/../", "/etc/", "a//"] {
        let refusal = store.list(prefix).await.unwrap_err();
        assert!(matches!(refusal, StoreError::IllegalName { .. }), "{prefix:?}: {refusal:?}");
    }
}

pub async fn two_handles_see_one_state(backend: &Backend) {
    let (one, other) = (backend.open(), backend.open());
    one.create("a").await.unwrap();
    one.append("a", 0, b"by one\n").await.unwrap();
    assert_eq!(text(&*other, "a").await, "by one\n");
    other.append("a", 7, b"by other\n").await.unwrap();
    assert!(one.append("a", 7, b"late\n").await.unwrap_err().is_conflict());
    let tag = other.put("d", b"1", None).await.unwrap();
    assert_eq!(one.get("d").await.unwrap().unwrap().tag, tag);
}
