//! Several processes on one directory, one of them killed in the middle of its work. The children are this test
//! binary, told by the environment to append.

use super::backend::{append_somewhere, text};
use reveille::engine::ports::Store;
use reveille::store::FileStore;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const DIRECTORY: &str = "STORE_CONTRACT_DIRECTORY";
const WRITER: &str = "STORE_CONTRACT_WRITER";
const APPENDS: &str = "STORE_CONTRACT_APPENDS";

/// Two lines of one append; together they span several pages, so that a kill can fall between two of them.
fn pair(writer: &str, number: usize) -> String {
    let filler = "x".repeat(6000);
    format!("{writer} {number} first {filler}\n{writer} {number} second {filler}\n")
}

/// Not a test of its own: what the child processes run.
#[tokio::test]
#[ignore = "run by the tests of this file, as a child process"]
async fn child_appender() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let writer = std::env::var(WRITER).unwrap();
    let appends: usize = std::env::var(APPENDS).unwrap().parse().unwrap();
    let store = FileStore::open(Path::new(&directory)).unwrap();
    for number in 0..appends {
        append_somewhere(&store, "shared", pair(&writer, number).as_bytes(), Duration::ZERO).await;
        eprintln!("acknowledged {number}");
    }
}

/// A child that does not outlive its test.
struct Appender(Child);

impl Appender {
    fn start(directory: &Path, writer: &str, appends: usize) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store_contract::processes::child_appender", "--ignored", "--nocapture"])
            .env(DIRECTORY, directory)
            .env(WRITER, writer)
            .env(APPENDS, appends.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// The acknowledgements as they come, until the child is gone.
    fn acknowledgements(&mut self) -> impl Iterator<Item = usize> + use<> {
        let lines = BufReader::new(self.0.stderr.take().unwrap()).lines();
        lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok())
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How many appends of each writer are there; panics when one is torn, doubled, missing or out of order.
fn appends_by_writer(log: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    for lines in lines.chunks(2) {
        let writer = lines[0].split(' ').next().unwrap().to_owned();
        let count = counts.entry(writer.clone()).or_insert(0);
        assert_eq!(lines.concat(), pair(&writer, *count));
        *count += 1;
    }
    counts
}

#[tokio::test]
async fn processes_on_one_directory_lose_and_duplicate_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    store.create("shared").await.unwrap();
    let writers = ["one", "two", "three"];
    let mut children: Vec<Appender> =
        writers.iter().map(|writer| Appender::start(directory.path(), writer, 40)).collect();
    for number in 0..40 {
        append_somewhere(&store, "shared", pair("parent", number).as_bytes(), Duration::ZERO).await;
    }
    for child in &mut children {
        assert_eq!(child.acknowledgements().count(), 40);
        assert!(child.0.wait().unwrap().success());
    }
    let counts = appends_by_writer(&text(&store, "shared").await);
    let expected = [("one", 40), ("parent", 40), ("three", 40), ("two", 40)];
    assert_eq!(counts, expected.map(|(writer, count)| (writer.to_owned(), count)).into());
}

#[tokio::test]
async fn what_a_killed_process_was_told_is_there_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    store.create("shared").await.unwrap();
    for round in 0..6 {
        let writer = format!("victim-{round}");
        let mut child = Appender::start(directory.path(), &writer, usize::MAX);
        let mut acknowledgements = child.acknowledgements();
        acknowledgements.by_ref().nth(5 + 3 * round).unwrap();
        child.0.kill().unwrap();
        let acknowledged = acknowledgements.last().map_or(6 + 3 * round, |last| last + 1);

        let there = appends_by_writer(&text(&store, "shared").await)[&writer];
        assert!(there == acknowledged || there == acknowledged + 1, "{there} there, {acknowledged} acknowledged");
        append_somewhere(&store, "shared", pair("survivor", round).as_bytes(), Duration::ZERO).await;
    }
    assert_eq!(appends_by_writer(&text(&store, "shared").await)["survivor"], 6);
}
