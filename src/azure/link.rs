//! Links that Azure hands out: followed byte for byte, and only back to where the token belongs.
//!
//! Status URLs of long-running operations carry a signature over themselves (about 4 KB of query) and sometimes an
//! encoded space in the path. Decoding and encoding them again breaks the signature; following one to a foreign host
//! would give our token away.

use reqwest::Url;

/// Why a link is not followed. Never shows the link itself, which may be signed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadLink {
    #[error("it is not a URL")]
    NotAUrl,
    #[error("it leads to {0}, which is not the configured Azure Resource Manager")]
    Foreign(String),
    #[error("it cannot be sent byte for byte as it was given")]
    WouldChange,
}

/// The URL of a link, if it leads to the host of `arm` and can be sent exactly as it is written.
pub(super) fn follow(arm: &Url, link: &str) -> Result<Url, BadLink> {
    let url = Url::parse(link).map_err(|_| BadLink::NotAUrl)?;
    if !same_origin(arm, &url) {
        return Err(BadLink::Foreign(format!("{}://{}", url.scheme(), authority(&url))));
    }
    let unchanged = url.fragment().is_none() && tail(link) == tail(url.as_str());
    if unchanged { Ok(url) } else { Err(BadLink::WouldChange) }
}

/// Path and query: what goes on the wire as the request target.
fn tail(url: &str) -> Option<&str> {
    let (_, after_scheme) = url.split_once("://")?;
    let start = after_scheme.find(['/', '?', '#'])?;
    Some(&after_scheme[start..])
}

fn same_origin(arm: &Url, url: &Url) -> bool {
    let plain = url.username().is_empty() && url.password().is_none();
    plain
        && url.scheme() == arm.scheme()
        && url.host_str() == arm.host_str()
        && url.port_or_known_default() == arm.port_or_known_default()
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm() -> Url {
        Url::parse("https://management.azure.com").unwrap()
    }

    #[test]
    fn a_signed_link_stays_as_it_is() {
        let link = "https://management.azure.com/subscriptions/s/providers/Microsoft.DBforPostgreSQL/locations/Canada%20Central/azureAsyncOperation/1?api-version=2025-08-01&t=638&c=MII%2bx_-~.==&s=a%3D&h=q'";
        let signed = link.trim_end_matches('\'');
        assert_eq!(follow(&arm(), signed).unwrap().as_str(), signed);
    }

    #[test]
    fn what_a_client_would_rewrite_is_not_followed() {
        for tail in ["/a b", "/a?q='x'", "/a/../b", "/a#part", "/%2e%2e/b", "/a?\u{e9}"] {
            let link = format!("https://management.azure.com{tail}");
            assert_eq!(follow(&arm(), &link), Err(BadLink::WouldChange), "{tail}");
        }
    }

    #[test]
    fn no_other_origin_sees_the_token() {
        for link in [
            "https://management.azure.com.evil.example/a",
            "https://evil.example/a?x=management.azure.com",
            "http://management.azure.com/a",
            "https://management.azure.com:8443/a",
            "https://user@management.azure.com/a",
            "https://management.azure.com@evil.example/a",
        ] {
            assert!(matches!(follow(&arm(), link), Err(BadLink::Foreign(_))), "{link}");
        }
        assert_eq!(follow(&arm(), "/relative/path"), Err(BadLink::NotAUrl));
        assert!(follow(&arm(), "HTTPS://Management.Azure.com:443/a").is_ok());
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_followed_goes_out_as_it_was_written(tail in "[/?#&=%.:@'\"<> a-z0-9\\\\\u{e4}]{0,40}") {
            let link = format!("https://management.azure.com/{tail}");
            if let Ok(url) = follow(&arm(), &link) {
                proptest::prop_assert_eq!(url.as_str(), link);
            }
        }
    }

    #[test]
    fn a_port_of_the_configured_host_counts() {
        let local = Url::parse("https://localhost:8443").unwrap();
        assert!(follow(&local, "https://localhost:8443/a").is_ok());
        assert!(follow(&local, "https://localhost:8444/a").is_err());
    }
}
