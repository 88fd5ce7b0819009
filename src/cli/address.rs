//! Where Reveille's operator interface is.

use reqwest::Url;
use std::fmt;

/// The base of the operator interface, such as `https://func.azurewebsites.net/api/v1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

/// Why a text is no such base. Never quotes more than the host: people paste addresses with a key in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    #[error("the address is not a URL; expected https://<function app>.azurewebsites.net/api")]
    NotAUrl,
    #[error("the address of {0} is not https; a key is never sent in clear, except to this machine itself")]
    NotHttps(String),
    #[error("the address of {0} has a user, a query or a fragment; the key belongs into REVEILLE_KEY")]
    NotPlain(String),
}

impl Address {
    /// Takes the function app, its `/api` or its `/api/v1`.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let mut url = Url::parse(text.trim()).map_err(|_| BadAddress::NotAUrl)?;
        let host = url.host_str().ok_or(BadAddress::NotAUrl)?.to_owned();
        let is_plain = url.username().is_empty() && url.password().is_none();
        if !is_plain || url.query().is_some() || url.fragment().is_some() {
            return Err(BadAddress::NotPlain(host));
        }
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        if !is_safe {
            return Err(BadAddress::NotHttps(host));
        }
        let path = base_path(url.path());
        url.set_path(&path);
        Ok(Self(url))
    }

    /// The URL of a path below the base; each segment is encoded.
    pub(super) fn at(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// A function beside the operator interface: `/api/alert` for `/api/v1`.
    pub(super) fn beside(&self, function: &str) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().pop().push(function);
        }
        url
    }

    /// Host and port, for messages.
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    pub(super) fn is_http(&self) -> bool {
        self.0.scheme() == "http"
    }

    pub(super) fn is_local(&self) -> bool {
        is_loopback(&self.0)
    }
}

/// Without `v1` it is added; without any path, the route prefix that function apps have by default too.
fn base_path(path: &str) -> String {
    let path = path.trim_end_matches('/');
    match path {
        "" => "/api/v1".to_owned(),
        path if path.ends_with("/v1") => path.to_owned(),
        path => format!("{path}/v1"),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || ip.is_ok_and(|ip| ip.is_loopback())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn app_api_and_version_all_name_the_same_base() {
        for text in ["https://f.example", "https://f.example/", "https://f.example/api", "https://f.example/api/v1/"] {
            assert_eq!(Address::parse(text).unwrap().to_string(), "https://f.example/api/v1", "{text}");
        }
        assert_eq!(Address::parse("https://f.example/dr").unwrap().to_string(), "https://f.example/dr/v1");
    }

    #[test]
    fn names_are_encoded_into_the_path() {
        let base = Address::parse("https://f.example/api").unwrap();
        assert_eq!(base.at(&["plans", "a/../b?c"]).as_str(), "https://f.example/api/v1/plans/a%2F..%2Fb%3Fc");
    }

    #[test]
    fn a_key_is_never_sent_in_clear_over_a_network() {
        assert!(Address::parse("http://127.0.0.1:7071/api").is_ok());
        assert!(Address::parse("http://[::1]:7071/api").is_ok());
        assert!(Address::parse("http://localhost:7071").is_ok());
        assert_eq!(Address::parse("http://f.example/api"), Err(BadAddress::NotHttps("f.example".into())));
        assert_eq!(Address::parse("ftp://localhost/api"), Err(BadAddress::NotHttps("localhost".into())));
    }

    #[test]
    fn a_pasted_key_is_refused_and_not_repeated() {
        for text in ["https://f.example/api?code=s3cr3t", "https://s3cr3t@f.example/api", "https://f.example/#s3cr3t"] {
            let error = Address::parse(text).unwrap_err();
            assert_eq!(error, BadAddress::NotPlain("f.example".into()));
            assert!(!error.to_string().contains("s3cr3t"));
        }
    }
}
