//! The folder of a sandbox.

use std::path::{Path, PathBuf};

use super::SandboxError;

/// A folder that exists; one made by us is removed in the end.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    ours: bool,
}

impl Folder {
    pub(super) fn make(wanted: Option<PathBuf>) -> Result<Self, SandboxError> {
        let ours = wanted.is_none();
        let path = wanted.unwrap_or_else(|| {
            std::env::temp_dir().join(format!("reveille-sandbox-{}", uuid::Uuid::new_v4().simple()))
        });
        let failed = |source| SandboxError::Folder { path: path.clone(), source };
        std::fs::create_dir_all(&path).map_err(failed)?;
        // The handler's configuration names it, and the handler has another working directory.
        let path = path.canonicalize().map_err(failed)?;
        Ok(Self { path, ours })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.ours {
            // Left behind in the temporary folder at worst.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
