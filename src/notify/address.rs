//! Where a channel sends to. The address is a secret: whoever has it can post.

use crate::domain::secret::{Secret, SecretError, SecretRef};
use crate::engine::ports::Secrets;
use reqwest::Url;
use std::sync::Arc;

/// A channel's URL, or where it is kept.
#[derive(Clone)]
pub enum Address {
    Known(Secret),
    /// Read when something is to be sent, so that a rotated one is taken up.
    Kept {
        place: SecretRef,
        secrets: Arc<dyn Secrets>,
    },
}

/// An address that cannot be used. Says where it should be, never what it is.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum AddressError {
    #[error(transparent)]
    Unread(SecretError),
    #[error("{0} is not an http or https URL")]
    NotUrl(Place),
}

/// Words for where an address came from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place(String);

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl AddressError {
    /// Whether it may be there in a while without anybody changing anything.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Unread(error) if error.is_passing())
    }
}

impl Address {
    pub(super) async fn read(&self) -> Result<Url, AddressError> {
        match self {
            Self::Known(secret) => parse(secret, "the configured address"),
            Self::Kept { place, secrets } => {
                let secret = secrets.secret(place).await.map_err(AddressError::Unread)?;
                parse(&secret, &place.to_string())
            }
        }
    }

    /// The address as it is kept now, if it is another than the one that was refused.
    pub(super) async fn instead_of(&self, refused: &Url) -> Option<Url> {
        let Self::Kept { place, secrets } = self else { return None };
        let newer = secrets.instead_of(&Secret::new(refused.as_str()), place).await?;
        parse(&newer, &place.to_string()).ok().filter(|url| url != refused)
    }
}

/// Only the scheme is looked at: Microsoft has moved Workflows to other hosts before.
fn parse(secret: &Secret, place: &str) -> Result<Url, AddressError> {
    let url = Url::parse(secret.expose().trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| AddressError::NotUrl(Place(place.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(text: &str) -> Result<Url, AddressError> {
        Address::Known(Secret::new(text)).read().await
    }

    #[tokio::test]
    async fn an_address_may_have_blanks_around_it() {
        let url = read(" https://flows.example.net:443/x?sig=s3cret\n").await.unwrap();
        assert_eq!(url.as_str(), "https://flows.example.net/x?sig=s3cret");
    }

    #[tokio::test]
    async fn what_is_no_web_address_is_refused_without_being_shown() {
        for text in ["", "s3cret", "ftp://host/s3cret", "file:///s3cret", "https://"] {
            let error = read(text).await.unwrap_err();
            assert_eq!(error.to_string(), "the configured address is not an http or https URL");
            assert!(!format!("{error:?}").contains("s3cret"));
        }
    }
}
