//! Where the state lives.

use super::entry::Entry;
use super::model::{Containers, StoreUrl};
use crate::domain::resource::HostPort;
use crate::domain::retention::Retention;
use std::path::Path;

const EXPECTED: &str = "https://ACCOUNT.blob.core.windows.net/CONTAINER or file:PATH";
/// A hundred years; what is longer is a slip of the pen.
const LONGEST_DAYS: u64 = 36_500;
/// Azure allows 63 characters in a container's name; the second container's is longer by its suffix.
const LONGEST_CONTAINER: usize = 63 - Containers::DOCUMENTS_SUFFIX.len();

pub(super) fn read(entry: &Entry<'_>, path: &str) -> Option<(StoreUrl, Retention)> {
    let section = entry.section()?;
    let (url, kept) = (section.need("url"), section.get("retention"));
    section.finish();
    let retention = retention(&kept);
    Some((address(&url, path)?, retention))
}

fn address(url: &Entry<'_>, path: &str) -> Option<StoreUrl> {
    let store =
        url.parsed(EXPECTED, |text| if is_signed(text) { Ok(None) } else { store_url(text, path).map(Some) })?;
    if store.is_none() {
        // Not quoted: what stands there may be a signature.
        url.reject("must be a bare address: a signature or a key has no place in it, the identity gets in by its role");
    }
    if matches!(store, Some(StoreUrl::File(_))) && in_azure(url.reader.env) {
        url.reject_value("cannot be used in Azure: a function app's local files are lost with its instance");
        return None;
    }
    store
}

/// Days for which each kind is kept; what is not named is kept for ever.
fn retention(entry: &Entry<'_>) -> Retention {
    let Some(section) = entry.section() else { return Retention::default() };
    let (journals, day_logs) = (section.get("journal_days"), section.get("day_log_days"));
    let (records, immutable) = (section.get("record_days"), section.get("immutable_days"));
    section.finish();
    let days = |entry: &Entry<'_>| entry.whole(1..=LONGEST_DAYS).and_then(|days| u32::try_from(days).ok());
    let kept = Retention { journals: days(&journals), day_logs: days(&day_logs), records: days(&records) };
    let bound = days(&immutable).unwrap_or(0);
    for (entry, days) in [(&journals, kept.journals), (&day_logs, kept.day_logs), (&records, kept.records)] {
        if days.is_some_and(|days| days < bound) {
            entry.reject(format!("is shorter than immutable_days = {bound}: the container keeps it that long anyway"));
        }
    }
    if kept.records.is_some_and(|records| kept.journals.is_none_or(|journals| records < journals)) {
        records.reject(
            "must not be shorter than journal_days: a journal whose signed record is gone reads as if it was tampered with",
        );
    }
    kept
}

/// Whether an address holds more than host and path.
fn is_signed(text: &str) -> bool {
    text.starts_with("https:") && text.contains(['?', '#', '@'])
}

fn store_url(text: &str, path: &str) -> Result<StoreUrl, &'static str> {
    match text.split_once(':') {
        Some(("file", "")) => Err("names no folder; expected file:PATH"),
        Some(("file", folder)) => {
            let beside = Path::new(path).parent().unwrap_or(Path::new(""));
            Ok(StoreUrl::File(beside.join(folder)))
        }
        Some(("https", rest)) => containers(rest).map(StoreUrl::Blob),
        _ => Err("is not a store; expected https://ACCOUNT.blob.core.windows.net/CONTAINER or file:PATH"),
    }
}

/// What stands behind `https:`. Any host is taken: sovereign clouds and private endpoints have their own.
fn containers(rest: &str) -> Result<Containers, &'static str> {
    let wrong = "is not a container; expected https://ACCOUNT.blob.core.windows.net/CONTAINER";
    let (host, container) = rest.strip_prefix("//").and_then(|rest| rest.split_once('/')).ok_or(wrong)?;
    let account = HostPort::parse(host).map_err(|_| wrong)?.https();
    let container = container.strip_suffix('/').unwrap_or(container);
    if !is_container(container) {
        return Err("names no container: 3 to 53 lower-case letters, digits and single hyphens, such as reveille");
    }
    Ok(Containers { account, container: container.to_owned() })
}

/// learn.microsoft.com, "Naming and referencing containers, blobs, and metadata".
fn is_container(name: &str) -> bool {
    let letters = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let hyphens = name.starts_with('-') || name.ends_with('-') || name.contains("--");
    (3..=LONGEST_CONTAINER).contains(&name.len()) && letters && !hyphens
}

/// The platform names the app on every instance, and the instance by one of the others, depending on the hosting plan
/// (learn.microsoft.com, App Service environment variables; `EnvironmentSettingNames` and `EnvironmentExtensions` of
/// the Functions host). Both are asked for because tools for one's own desk set the app's name too.
fn in_azure(env: &dyn Fn(&str) -> Option<String>) -> bool {
    let set = |name: &&str| env(name).is_some_and(|value| !value.trim().is_empty());
    let instance = ["WEBSITE_INSTANCE_ID", "CONTAINER_NAME", "WEBSITE_POD_NAME"];
    set(&"WEBSITE_SITE_NAME") && instance.iter().any(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(text: &str) -> Result<(String, String), &'static str> {
        match store_url(text, "reveille.toml")? {
            StoreUrl::Blob(containers) => Ok((containers.logs_url(), containers.documents_url())),
            StoreUrl::File(path) => panic!("a folder: {}", path.display()),
        }
    }

    #[test]
    fn a_container_has_another_beside_it() {
        let urls = blob("https://stdr.blob.core.windows.net/reveille").unwrap();
        assert_eq!(urls.0, "https://stdr.blob.core.windows.net/reveille");
        assert_eq!(urls.1, "https://stdr.blob.core.windows.net/reveille-documents");
        assert_eq!(
            blob("https://stdr.blob.core.usgovcloudapi.net:8443/a-1/").unwrap().0,
            "https://stdr.blob.core.usgovcloudapi.net:8443/a-1"
        );
    }

    #[test]
    fn what_is_no_container_is_refused() {
        let long = format!("https://stdr.blob.core.windows.net/{}", "a".repeat(LONGEST_CONTAINER + 1));
        for text in [
            "https://stdr.blob.core.windows.net",
            "https://stdr.blob.core.windows.net/",
            "https://stdr.blob.core.windows.net/Reveille",
            "https://stdr.blob.core.windows.net/a--b",
            "https://stdr.blob.core.windows.net/ab",
            "https://stdr.blob.core.windows.net/reveille/folder",
            "https:stdr.blob.core.windows.net/reveille",
            "https:///reveille",
            "http://stdr.blob.core.windows.net/reveille",
            &long,
        ] {
            assert!(blob(text).is_err(), "{text}");
        }
    }
}
