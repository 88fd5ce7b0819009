//! Logs: append blobs.

use super::attempts::{ask, look, write};
use super::error::BlobError;
use super::place::Place;
use super::refusal::Meaning;
use crate::engine::ports::LogRead;
use crate::store::name::{self, LOG_SUFFIX};
use azure_core::Bytes;
use azure_core::http::Etag;
use azure_core::http::headers::{CONTENT_LENGTH, HeaderName, Headers};
use azure_storage_blob::models::{
    AppendBlobClientAppendBlockOptions, AppendBlobClientCreateOptions, BlobClientDownloadOptions,
    BlobContainerClientListBlobsOptions, ListBlobsResponse,
};
use azure_storage_blob::{AppendBlobClient, BlobClient};
use chrono::DateTime;
use futures::TryStreamExt;
use std::num::NonZero;
use std::time::Duration;

/// Everything in one answer: the parts that a larger one is fetched in would not fit together while the log grows.
const ONE_PART: NonZero<usize> = NonZero::new(1 << 30).unwrap();
/// Far behind the end of any blob, and a number that every service can read.
const FARTHEST: u64 = 1 << 50;

fn append_blob(place: &Place, log: &str) -> AppendBlobClient {
    place.blob(log, LOG_SUFFIX).append_blob_client()
}

/// Makes an empty log, or finds that there is one.
pub(super) async fn create(place: &Place, log: &str) -> Result<(), BlobError> {
    let made = ask(place, || async move {
        let options = AppendBlobClientCreateOptions { if_none_match: Some(Etag::from("*")), ..Default::default() };
        append_blob(place, log).create(Some(options)).await.map(drop)
    });
    match made.await {
        Err(error) if error.means(Meaning::Exists) || error.means(Meaning::Moved) => Ok(()),
        // Which of the two a service names first for a blob that is there, its policy or the condition, is nowhere said.
        Err(error) if error.means(Meaning::Immutable) => exists(place, log).await.map_err(|_| error),
        made => made,
    }
}

async fn exists(place: &Place, log: &str) -> Result<(), BlobError> {
    let blob = place.blob(log, LOG_SUFFIX);
    ask(place, || async { blob.get_properties(None).await.map(drop) }).await
}

/// Appends at `at` or not at all; gives the new length.
pub(super) async fn append(place: &Place, log: &str, at: u64, bytes: &[u8]) -> Result<u64, BlobError> {
    let length = bytes.len() as u64;
    // A position that the service cannot read is one at which no log ends.
    let position = i64::try_from(at.min(FARTHEST)).unwrap_or(i64::MAX);
    let body = Bytes::copy_from_slice(bytes);
    let send = || {
        let body = body.clone();
        async move {
            let options = AppendBlobClientAppendBlockOptions { append_position: Some(position), ..Default::default() };
            append_blob(place, log).append_block(body.into(), length, Some(options)).await.map(|_| at + length)
        }
    };
    // The bytes hold nonces, so nobody else writes the same.
    let landed = || async {
        let blob = place.blob(log, LOG_SUFFIX);
        let part = look(place, fetch(&blob, at)).await?;
        Ok(part.bytes.starts_with(bytes).then_some(at + length))
    };
    write(place, send, landed).await
}

/// Reads from byte `from` to the end.
pub(super) async fn read(place: &Place, log: &str, from: u64) -> Result<LogRead, BlobError> {
    let blob = place.blob(log, LOG_SUFFIX);
    // One byte more: a range that begins at the end has no answer but a refusal that tells nothing of the age.
    let start = from.saturating_sub(1).min(FARTHEST);
    let fetched = || ask(place, || fetch(&blob, start));
    match fetched().await {
        Err(error) if error.means(Meaning::BehindEnd) => {}
        part => return part.map(|part| part.read(from)),
    }
    let end = ask(place, || end_of(&blob)).await?;
    if end.end < from {
        return Ok(end);
    }
    // It has grown between the two questions.
    fetched().await.map(|part| part.read(from))
}

/// A part of a log, up to the end that it had.
struct Part {
    start: u64,
    bytes: Bytes,
    quiet_for: Duration,
}

impl Part {
    fn read(&self, from: u64) -> LogRead {
        let before = usize::try_from(from.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let bytes = self.bytes.get(before..).unwrap_or_default().to_vec();
        LogRead { bytes, end: self.start + self.bytes.len() as u64, quiet_for: self.quiet_for }
    }
}

async fn fetch(blob: &BlobClient, start: u64) -> azure_core::Result<Part> {
    let options = BlobClientDownloadOptions {
        range: Some((start..).into()),
        parallel: Some(NonZero::<usize>::MIN),
        partition_size: Some(ONE_PART),
        ..Default::default()
    };
    let answer = blob.download(Some(options)).await?;
    let quiet_for = quiet_for(&answer.headers);
    Ok(Part { start, bytes: answer.body.collect().await?, quiet_for })
}

/// How long a log is and since when, without a byte of it.
async fn end_of(blob: &BlobClient) -> azure_core::Result<LogRead> {
    let answer = blob.get_properties(None).await?;
    let end = answer.headers().get_as::<u64, std::num::ParseIntError>(&CONTENT_LENGTH)?;
    Ok(LogRead { bytes: Vec::new(), end, quiet_for: quiet_for(answer.headers()) })
}

/// The age of the last write by the storage's clock. Both times are cut to seconds, so what they show may be a second
/// more than it was: that second is taken off, because a claim must never look older than it is.
fn quiet_for(headers: &Headers) -> Duration {
    let time = |name: &'static str| {
        let text = headers.get_optional_string(&HeaderName::from_static(name))?;
        DateTime::parse_from_rfc2822(&text).ok()
    };
    let (Some(now), Some(written)) = (time("date"), time("last-modified")) else { return Duration::ZERO };
    (now - written).to_std().unwrap_or_default().saturating_sub(Duration::from_secs(1))
}

/// Names of logs that begin with `prefix`, sorted.
pub(super) async fn list(place: &Place, prefix: &str) -> Result<Vec<String>, BlobError> {
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let page = ask(place, || page(place, prefix, marker.clone())).await?;
        let blobs = page.blob_items.into_iter().filter_map(|blob| blob.name);
        names.extend(blobs.filter_map(|blob| log_name(&blob)));
        marker = page.next_marker.filter(|marker| !marker.is_empty());
        if marker.is_none() {
            break;
        }
    }
    // The service sorts with the suffixes.
    names.sort_unstable();
    Ok(names)
}

async fn page(place: &Place, prefix: &str, marker: Option<String>) -> azure_core::Result<ListBlobsResponse> {
    let options = BlobContainerClientListBlobsOptions { prefix: Some(prefix.to_owned()), marker, ..Default::default() };
    let mut pages = place.container().list_blobs(Some(options))?.into_pages();
    match pages.try_next().await? {
        Some(page) => page.into_model(),
        None => Ok(ListBlobsResponse::default()),
    }
}

/// The log that a blob holds; other people's blobs are none.
fn log_name(blob: &str) -> Option<String> {
    blob.strip_suffix(LOG_SUFFIX).filter(|log| name::is_legal(log)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(date: &str, modified: &str) -> Headers {
        [("date", date), ("last-modified", modified)]
            .into_iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.to_owned().into()))
            .collect::<std::collections::HashMap<_, _>>()
            .into()
    }

    #[test]
    fn the_age_is_the_storage_s_own_and_never_too_old() {
        let age = |date, modified| quiet_for(&headers(date, modified)).as_secs();
        assert_eq!(age("Mon, 23 Nov 2026 12:00:31 GMT", "Mon, 23 Nov 2026 12:00:00 GMT"), 30);
        assert_eq!(age("Mon, 23 Nov 2026 12:00:00 GMT", "Mon, 23 Nov 2026 12:00:00 GMT"), 0);
        assert_eq!(age("Mon, 23 Nov 2026 12:00:00 GMT", "Mon, 23 Nov 2026 12:00:09 GMT"), 0);
        assert_eq!(age("soon", "Mon, 23 Nov 2026 12:00:00 GMT"), 0);
    }

    #[test]
    fn only_logs_are_listed() {
        assert_eq!(log_name("plans/a/ledger.log").as_deref(), Some("plans/a/ledger"));
        for foreign in ["notes.txt", ".log", "a b.log", "a.log~", "a//b.log"] {
            assert_eq!(log_name(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_part_that_began_a_byte_early_shows_only_what_was_asked_for() {
        let part = Part { start: 3, bytes: Bytes::from_static(b"\nnext\n"), quiet_for: Duration::ZERO };
        let read = part.read(4);
        assert_eq!((read.bytes.as_slice(), read.end), (&b"next\n"[..], 9));
        assert_eq!(part.read(9).bytes, b"");
    }
}
