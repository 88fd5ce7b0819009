//! Removing what retention lets go of.

use super::attempts::{look, write};
use super::error::BlobError;
use super::place::Place;
use super::refusal::Meaning;

/// Removes a blob; `false` when there is none. After a lost answer, that it is gone is success.
pub(super) async fn remove(place: &Place, name: &str, suffix: &str) -> Result<bool, BlobError> {
    let blob = place.blob(name, suffix);
    let send = || async { blob.delete(None).await.map(|_| true) };
    let landed = || async {
        let gone = look(place, blob.get_properties(None)).await;
        Ok(gone.is_err_and(|error| error.means(Meaning::NoBlob)).then_some(true))
    };
    match write(place, send, landed).await {
        Err(error) if error.means(Meaning::NoBlob) => Ok(false),
        other => other,
    }
}
