//! The folder of a sandbox.

use std::path::{Path, PathBuf};

use super::SandboxError;
use crate::sandbox::world::World;

/// Name of the file that leads `kubectl` to the simulated clusters.
const KUBECONFIG: &str = "kubeconfig";

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

    /// Writes the way to the clusters for `kubectl`; gives the file.
    pub(super) fn write_kubeconfig(&self, world: &World) -> Result<PathBuf, SandboxError> {
        let path = self.path.join(KUBECONFIG);
        match std::fs::write(&path, world.kubeconfig_for_people().unwrap_or_default()) {
            Ok(()) => Ok(path),
            Err(source) => Err(SandboxError::Folder { path, source }),
        }
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
