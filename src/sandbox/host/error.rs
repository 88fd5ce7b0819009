//! Why a host could not start. What goes wrong later is a log line, as in life.

use std::net::SocketAddr;
use std::path::PathBuf;

/// A host that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error("read {}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("lay out {}", path.display())]
    LayOut { path: PathBuf, source: std::io::Error },
    #[error("unpack {}", path.display())]
    Unpack { path: PathBuf, source: zip::result::ZipError },
    #[error("parse {file}")]
    Json { file: String, source: serde_json::Error },
    #[error("{file}: {problem}")]
    Setting { file: String, problem: String },
    #[error("function {function}: {problem}")]
    Function { function: String, problem: String },
    #[error("listen on {address}")]
    Listen { address: SocketAddr, source: std::io::Error },
    /// The handler was never ready, and the host has given up (third crash, or it could not be spawned).
    #[error("the host stopped: {reason}")]
    Stopped { reason: String },
}
