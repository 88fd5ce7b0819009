//! Bodies of the calls by which people add to a record and sign it. Server and command line share them.

use super::{Note, Verdict};
use serde::{Deserialize, Serialize};

/// Body of `POST /api/v1/runs/{id}/notes`. `who` is the caller's own statement; who called is what the host verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteWords {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// All are taken, or none.
    pub notes: Vec<Note>,
}

/// Body of `POST /api/v1/runs/{id}/attestation`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestWords {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// The signer.
    pub name: String,
    pub verdict: Verdict,
    /// What was found, in words.
    pub notes: String,
    /// SHA-256 of the record that the signer has read; any other is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}
