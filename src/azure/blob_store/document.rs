//! Small documents: block blobs that are overwritten when their ETag is the expected one.

use super::attempts::{ask, look, write};
use super::error::BlobError;
use super::place::Place;
use crate::engine::ports::Document;
use crate::store::name::DOCUMENT_SUFFIX;
use azure_core::Bytes;
use azure_core::http::Etag;
use azure_core::http::headers::{ETAG, HeaderName, Headers};
use azure_storage_blob::BlobClient;
use azure_storage_blob::models::BlobClientUploadOptions;
use std::collections::HashMap;
use uuid::Uuid;

/// Metadata with the nonces of the last writings, newest first: they tell one writing from every other, also from one of
/// the same bytes.
const NONCES: &str = "nonces";
const NONCES_HEADER: HeaderName = HeaderName::from_static("x-ms-meta-nonces");
/// A writer whose answer was lost finds itself even when this many others, less one, have written since.
const REMEMBERED: usize = 16;

/// Which writing of a document is meant: the ETag that the storage compares, and the nonces up to it. To callers it is one
/// opaque text, `"0x8DC…"1f2e…,77ab…`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tag {
    etag: String,
    nonces: Vec<String>,
}

impl Tag {
    /// `None` for what no storage gives; the header would not take it.
    fn parse(text: &str) -> Option<Self> {
        let end = text.rfind('"')? + 1;
        let (etag, nonces) = text.split_at(end);
        let sound = etag.len() > 2 && etag.starts_with('"') && etag.bytes().all(|byte| byte.is_ascii_graphic());
        sound.then(|| Self { etag: etag.to_owned(), nonces: split(nonces) })
    }

    fn read(headers: &Headers) -> azure_core::Result<Self> {
        let nonces = headers.get_optional_str(&NONCES_HEADER).unwrap_or_default();
        Ok(Self { etag: headers.get_str(&ETAG)?.to_owned(), nonces: split(nonces) })
    }

    fn text(&self) -> String {
        format!("{}{}", self.etag, self.nonces.join(","))
    }

    /// The nonces of a writing that follows this one.
    fn followed_by(before: Option<&Self>, nonce: &str) -> Vec<String> {
        let before = before.map(|tag| tag.nonces.as_slice()).unwrap_or_default();
        std::iter::once(nonce.to_owned()).chain(before.iter().cloned()).take(REMEMBERED).collect()
    }

    /// The tag of the writing with this nonce, which the storage shows to have taken place. When others have written since,
    /// its ETag is no longer known; what stands for it matches nothing, as an outdated tag should.
    fn of(self, nonce: &str) -> Option<String> {
        let place = self.nonces.iter().position(|known| known == nonce)?;
        let etag = if place == 0 { self.etag } else { format!("\"overtaken-{nonce}\"") };
        Some(Self { etag, nonces: self.nonces[place..].to_vec() }.text())
    }
}

fn split(nonces: &str) -> Vec<String> {
    nonces.split(',').filter(|nonce| !nonce.is_empty()).map(str::to_owned).collect()
}

pub(super) async fn get(place: &Place, document: &str) -> Result<Document, BlobError> {
    let blob = place.blob(document, DOCUMENT_SUFFIX);
    ask(place, || async {
        let answer = blob.download(None).await?;
        let tag = Tag::read(&answer.headers)?.text();
        Ok(Document { bytes: answer.body.collect().await?.to_vec(), tag })
    })
    .await
}

/// Writes the document if its tag still is `expected`; gives the new tag.
pub(super) async fn put(
    place: &Place,
    document: &str,
    bytes: &[u8],
    expected: Option<&str>,
) -> Result<String, BlobError> {
    let before = match expected.map(Tag::parse) {
        Some(None) => return Err(BlobError::StrangeTag),
        known => known.flatten(),
    };
    let blob = place.blob(document, DOCUMENT_SUFFIX);
    let nonce = format!("{:016x}", Uuid::new_v4().as_u64_pair().1);
    let nonces = Tag::followed_by(before.as_ref(), &nonce);
    let body = Bytes::copy_from_slice(bytes);
    let send = || upload(&blob, body.clone(), before.as_ref(), &nonces);
    let landed = || look(place, written_by(&blob, &nonce));
    write(place, send, landed).await
}

async fn upload(blob: &BlobClient, body: Bytes, before: Option<&Tag>, nonces: &[String]) -> azure_core::Result<String> {
    let options = BlobClientUploadOptions {
        if_match: before.map(|tag| Etag::from(tag.etag.clone())),
        if_none_match: before.is_none().then(|| Etag::from("*")),
        metadata: Some(HashMap::from([(NONCES.to_owned(), nonces.join(","))])),
        ..Default::default()
    };
    let answer = blob.upload(body.into(), Some(options)).await?;
    let etag = answer.raw_response.headers().get_str(&ETAG)?.to_owned();
    Ok(Tag { etag, nonces: nonces.to_vec() }.text())
}

/// The tag of what was written with this nonce, if it was written.
async fn written_by(blob: &BlobClient, nonce: &str) -> azure_core::Result<Option<String>> {
    let answer = blob.get_properties(None).await?;
    Ok(Tag::read(answer.headers())?.of(nonce))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_comes_back_as_it_was() {
        for text in ["\"0x8DCC2B6F1A2C3D4\"", "\"0x8DCC2B6F1A2C3D4\"1f,2e,3d"] {
            assert_eq!(Tag::parse(text).unwrap().text(), text);
        }
    }

    #[test]
    fn a_tag_that_no_storage_gives_is_nobody_s_tag() {
        for strange in ["made-up", "\"", "\"\"", "\"a\r\nb\"", "*", ""] {
            assert_eq!(Tag::parse(strange), None, "{strange:?}");
        }
    }

    #[test]
    fn a_writer_that_was_overtaken_finds_that_it_has_written() {
        let now = |nonces: &str| Tag { etag: "\"e\"".into(), nonces: split(nonces) };
        assert_eq!(now("mine,old").of("mine").unwrap(), "\"e\"mine,old");
        assert_eq!(now("newer,mine,old").of("mine").unwrap(), "\"overtaken-mine\"mine,old");
        assert_eq!(now("newer,old").of("mine"), None);
    }

    #[test]
    fn only_so_many_writings_are_remembered() {
        let before = Tag { etag: "\"e\"".into(), nonces: (0..REMEMBERED).map(|n| n.to_string()).collect() };
        let nonces = Tag::followed_by(Some(&before), "new");
        assert_eq!((nonces.len(), nonces[0].as_str(), nonces[1].as_str()), (REMEMBERED, "new", "0"));
    }
}
