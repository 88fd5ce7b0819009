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

/// Metadata that tells one writing from every other, also from one of the same bytes.
const NONCE: &str = "nonce";
const NONCE_HEADER: HeaderName = HeaderName::from_static("x-ms-meta-nonce");

pub(super) async fn get(place: &Place, document: &str) -> Result<Document, BlobError> {
    let blob = place.blob(document, DOCUMENT_SUFFIX);
    ask(place, || async {
        let answer = blob.download(None).await?;
        let tag = tag(&answer.headers)?;
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
    if expected.is_some_and(|tag| !is_tag(tag)) {
        return Err(BlobError::StrangeTag);
    }
    let blob = place.blob(document, DOCUMENT_SUFFIX);
    let nonce = Uuid::new_v4().simple().to_string();
    let body = Bytes::copy_from_slice(bytes);
    let send = || upload(&blob, body.clone(), expected, &nonce);
    let landed = || look(place, written_by(&blob, &nonce));
    write(place, send, landed).await
}

async fn upload(blob: &BlobClient, body: Bytes, expected: Option<&str>, nonce: &str) -> azure_core::Result<String> {
    let metadata = HashMap::from([(NONCE.to_owned(), nonce.to_owned())]);
    let options = BlobClientUploadOptions {
        if_match: expected.map(|tag| Etag::from(tag.to_owned())),
        if_none_match: expected.is_none().then(|| Etag::from("*")),
        metadata: Some(metadata),
        ..Default::default()
    };
    let answer = blob.upload(body.into(), Some(options)).await?;
    tag(answer.raw_response.headers())
}

/// The tag of what was written with this nonce, if it is what is there now.
async fn written_by(blob: &BlobClient, nonce: &str) -> azure_core::Result<Option<String>> {
    let answer = blob.get_properties(None).await?;
    let found = answer.headers().get_optional_str(&NONCE_HEADER);
    if found == Some(nonce) { tag(answer.headers()).map(Some) } else { Ok(None) }
}

fn tag(headers: &Headers) -> azure_core::Result<String> {
    headers.get_str(&ETAG).map(str::to_owned)
}

/// As services write them; the header would not take anything else.
fn is_tag(text: &str) -> bool {
    text.len() > 2 && text.starts_with('"') && text.ends_with('"') && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_that_no_service_writes_is_nobody_s_tag() {
        assert!(is_tag("\"0x8DCC2B6F1A2C3D4\""));
        for strange in ["made-up", "\"", "\"\"", "\"a\r\nb\"", "*", ""] {
            assert!(!is_tag(strange), "{strange:?}");
        }
    }
}
