//! A real storage server for the app's state: one Azurite, Microsoft's emulator of Azure storage, for any number of
//! sandboxes, each with containers of its own. On the way to it answers can be lost.

mod azurite;
mod containers;
mod losing;

use std::io;
use std::path::PathBuf;

use super::ca::{Authority, CaError};
use super::facade::Account;
use azurite::Azurite;
use containers::Containers;
use losing::LosingLine;

/// The account's blob endpoint, as in Azure; only the port is another.
pub const HOST: &str = "stdr.blob.core.windows.net";

/// What the way to the server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Hands on everything.
    Whole,
    /// Loses the answer to every write that was carried out: the connection breaks in its place.
    LosesAnswers,
}

/// Why there is no storage.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error(
        "Azurite is missing; install it with: npm install --prefix target/tools azurite@3.35.0 (or set AZURITE to its azurite-blob)"
    )]
    Missing,
    #[error("starting {}", program.display())]
    Start { program: PathBuf, source: io::Error },
    #[error("Azurite did not come up: {said}")]
    NotUp { said: String },
    #[error("making the storage account's certificate")]
    Certificate(#[from] CaError),
    #[error("the line to Azurite")]
    Line(#[source] io::Error),
    #[error("making the storage account's client")]
    Client(#[source] reqwest::Error),
    #[error("making container {name}")]
    Container { name: String, source: reqwest::Error },
}

/// A running server. It ends when dropped, and when this process dies.
pub struct Storage {
    authority: Authority,
    azurite: Azurite,
    containers: Containers,
    losing: Option<LosingLine>,
}

impl Storage {
    /// Starts an Azurite over HTTPS that takes Entra tokens, and whatever stands in front of it.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub async fn start(line: Line) -> Result<Self, StorageError> {
        let authority = Authority::new()?;
        let azurite = Azurite::start(&authority).await?;
        let containers = Containers::of(azurite.address, authority.pem())?;
        let losing = match line {
            Line::Whole => None,
            Line::LosesAnswers => Some(LosingLine::start(azurite.address, &authority).await?),
        };
        Ok(Self { authority, azurite, containers, losing })
    }

    /// An account for one sandbox, with its two containers.
    ///
    /// # Errors
    /// When the server does not make them.
    pub async fn account(&self) -> Result<Account, StorageError> {
        let container = self.containers.make_pair().await?;
        let behind = self.losing.as_ref().map_or(self.azurite.address, |line| line.address);
        Ok(Account { host: HOST.to_owned(), container, behind, ca_pem: self.authority.pem().to_owned() })
    }

    /// Answers lost so far.
    pub fn lost(&self) -> usize {
        self.losing.as_ref().map_or(0, LosingLine::lost)
    }
}
