//! What all scenarios of one call stand on: an unpacked package, a storage server.

use super::{Args, SandboxFailure, Store};
use crate::cli::Output;
use crate::sandbox::Options;
use crate::sandbox::host::unpack;
use crate::sandbox::storage::{Line, Storage};
use std::path::{Path, PathBuf};

/// Ends and removes everything when dropped.
pub(super) struct Ground {
    package: Option<Unpacked>,
    storage: Option<Storage>,
}

/// A temporary folder.
struct Unpacked(PathBuf);

impl Drop for Unpacked {
    fn drop(&mut self) {
        // Left behind in the temporary folder at worst.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Ground {
    pub(super) async fn prepare(args: &Args) -> Result<Self, SandboxFailure> {
        // First, because no other program may be starting meanwhile.
        let package = args.package.as_deref().map(unpacked).transpose()?;
        let storage = match args.store {
            Store::Folder => None,
            Store::Azurite => Some(Storage::start(Line::Whole).await?),
            Store::AzuriteLosingAnswers => Some(Storage::start(Line::LosesAnswers).await?),
        };
        Ok(Self { package, storage })
    }

    /// Puts one scenario on it, with containers of its own.
    pub(super) async fn under(&self, mut options: Options) -> Result<Options, SandboxFailure> {
        options.package = self.package.as_ref().map(|unpacked| unpacked.0.clone());
        if let Some(storage) = &self.storage {
            options.account = Some(storage.account().await?);
        }
        Ok(options)
    }

    /// What is not seen otherwise: that answers were really lost.
    pub(super) fn told(&self, out: &Output) {
        match self.storage.as_ref().map(Storage::lost) {
            Some(lost) if lost > 0 => out.data(&format!("the answers of {lost} writes were lost on the way")),
            _ => {}
        }
    }
}

fn unpacked(package: &Path) -> Result<Unpacked, SandboxFailure> {
    let folder = std::env::temp_dir().join(format!("reveille-package-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(&folder).map_err(|source| SandboxFailure::Unpacked(folder.clone(), source))?;
    let unpacked = Unpacked(folder);
    unpack(package, &unpacked.0)?;
    Ok(unpacked)
}
