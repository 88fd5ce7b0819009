//! Where a channel sends to. The address is a secret: whoever has it can post.

use crate::domain::secret::{Secret, SecretRef};
use reqwest::Url;

/// A channel's URL, or where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    Known(Secret),
    /// Read anew for every delivery, so that a rotated one is taken up.
    Kept(SecretRef),
}

/// An address that cannot be used. Says where it should be, never what it is.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum AddressError {
    #[error("{0} is not set")]
    Missing(SecretRef),
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

impl Address {
    pub(super) fn read(&self) -> Result<Url, AddressError> {
        match self {
            Self::Known(secret) => parse(secret.expose(), "the configured address"),
            Self::Kept(place) => parse(read(place)?.expose(), &place.to_string()),
        }
    }
}

fn read(place: &SecretRef) -> Result<Secret, AddressError> {
    let SecretRef::Env(name) = place;
    match std::env::var(name) {
        Ok(text) if !text.trim().is_empty() => Ok(Secret::new(text)),
        _ => Err(AddressError::Missing(place.clone())),
    }
}

/// Only the scheme is looked at: Microsoft has moved Workflows to other hosts before.
fn parse(text: &str, place: &str) -> Result<Url, AddressError> {
    let url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| AddressError::NotUrl(Place(place.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_blanks_around_it() {
        let address = Address::Known(Secret::new(" https://flows.example.net:443/x?sig=s3cret\n"));
        assert_eq!(address.read().unwrap().as_str(), "https://flows.example.net/x?sig=s3cret");
    }

    #[test]
    fn what_is_no_web_address_is_refused_without_being_shown() {
        for text in ["", "s3cret", "ftp://host/s3cret", "file:///s3cret", "https://"] {
            let error = Address::Known(Secret::new(text)).read().unwrap_err();
            assert_eq!(error.to_string(), "the configured address is not an http or https URL");
            assert!(!format!("{error:?}").contains("s3cret"));
        }
    }

    #[test]
    fn a_missing_variable_is_named() {
        let address = Address::Kept(SecretRef::Env("REVEILLE_NO_SUCH_VARIABLE".to_owned()));
        let error = address.read().unwrap_err();
        assert_eq!(error.to_string(), "environment variable REVEILLE_NO_SUCH_VARIABLE is not set");
    }

    #[test]
    fn a_variable_that_holds_something_else_is_named() {
        let error = Address::Kept(SecretRef::Env("PATH".to_owned())).read().unwrap_err();
        assert_eq!(error.to_string(), "environment variable PATH is not an http or https URL");
    }
}
