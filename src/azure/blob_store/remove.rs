//! Removing what retention lets go of.

use super::attempts::write;
use super::error::BlobError;
use super::place::Place;
use super::refusal::Meaning;

/// Removes a blob; `false` when there is none. After a lost answer that it is gone is success.
pub(super) async fn remove(place: &Place, name: &str, suffix: &str) -> Result<bool, BlobError> {
    let blob = place.blob(name, suffix);
    let send = || async { blob.delete(None).await.map(|_| true) };
    match write(place, send, || async { Ok(None) }).await {
        Err(error) if error.means(Meaning::NoBlob) => Ok(false),
        other => other,
    }
}
