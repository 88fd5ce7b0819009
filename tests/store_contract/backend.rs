//! The backends under test, and what a test must be able to do to each of them.

use super::blob::BlobBackend;
use reveille::engine::ports::Store;
use reveille::store::{FileStore, MemoryStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::sleep;

pub enum Backend {
    Memory(MemoryStore),
    File(tempfile::TempDir),
    Blob(BlobBackend),
}

impl Backend {
    pub fn memory() -> Self {
        Self::Memory(MemoryStore::new())
    }

    pub fn file() -> Self {
        Self::File(tempfile::tempdir().unwrap())
    }

    pub async fn azurite() -> Self {
        Self::Blob(BlobBackend::start().await)
    }

    /// The same behind a proxy that loses the answer of every write that is carried out.
    pub async fn azurite_without_answers() -> Self {
        let backend = BlobBackend::start().await;
        backend.proxy.lose_every_success();
        Self::Blob(backend)
    }

    /// A new handle on the state, as another process would open it.
    pub fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store) => Arc::new(store.clone()),
            Self::File(directory) => Arc::new(FileStore::open(directory.path()).unwrap()),
            Self::Blob(backend) => Arc::new(backend.store()),
        }
    }

    /// How many race for one log in the tests of races: every call to a real server costs milliseconds.
    pub fn crowd(&self) -> usize {
        if matches!(self, Self::Blob(_)) { 100 } else { 300 }
    }

    /// How far those who lost spread, so that over a network they do not all wait for each other's answers.
    pub fn window(&self, crowd: usize) -> Duration {
        let each = if matches!(self, Self::Blob(_)) { Duration::from_millis(15) } else { Duration::ZERO };
        each * u32::try_from(crowd).unwrap()
    }

    /// Lets `time` pass since the log's last write.
    pub async fn age(&self, log: &str, time: Duration) {
        match self {
            Self::Memory(_) => {
                tokio::time::pause();
                tokio::time::advance(time).await;
                tokio::time::resume();
            }
            Self::File(directory) => {
                let file = std::fs::File::options().write(true).open(log_file(directory.path(), log)).unwrap();
                file.set_modified(SystemTime::now() - time).unwrap();
            }
            Self::Blob(backend) => backend.age(log, time).await,
        }
    }
}

/// Where the file backend keeps a log.
pub fn log_file(root: &Path, log: &str) -> PathBuf {
    root.join("logs").join(format!("{log}.log"))
}

/// The whole log as text.
pub async fn text(store: &dyn Store, log: &str) -> String {
    String::from_utf8(store.read(log, 0).await.unwrap().unwrap().bytes).unwrap()
}

/// Appends at the end, wherever it has moved to meanwhile; gives the number of conflicts on the way. After each it
/// steps back for a random part of `window`.
pub async fn append_somewhere(store: &dyn Store, log: &str, bytes: &[u8], window: Duration) -> usize {
    let (mut end, mut conflicts) = (0, 0);
    loop {
        end = store.read(log, end).await.unwrap().unwrap().end;
        // Others get their chance here, on every backend.
        tokio::task::yield_now().await;
        match store.append(log, end, bytes).await {
            Ok(_) => return conflicts,
            Err(error) if error.is_conflict() => {
                conflicts += 1;
                sleep(window.mul_f64(rand::random())).await;
            }
            Err(error) => panic!("append failed: {error:?}"),
        }
    }
}
