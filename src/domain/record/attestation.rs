//! A person's signature under a record: final, and bound to the very record that was signed.

use super::note::LONGEST_TEXT;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What the signer finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Success,
    Failed,
}

impl Verdict {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
        }
    }
}

/// What a signer states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The signer's name, as stated.
    pub name: String,
    pub verdict: Verdict,
    pub notes: String,
}

impl Signature {
    /// What is wrong with it, if anything.
    pub fn fault(&self) -> Option<String> {
        let parts = [("name", &self.name), ("notes", &self.notes)];
        parts.into_iter().find_map(|(part, text)| match (text.trim().is_empty(), text.chars().count()) {
            (true, _) => Some(format!("the signer's {part} is missing")),
            (_, length) if length > LONGEST_TEXT => {
                Some(format!("the signer's {part} has {length} characters, at most {LONGEST_TEXT} fit"))
            }
            _ => None,
        })
    }
}

/// A signature as the journal holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attestation {
    pub at: DateTime<Utc>,
    /// Who called, as the host verified it, and what the caller said of themself.
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    #[serde(flatten)]
    pub signature: Signature,
    /// SHA-256 of the canonical JSON of the record as it was signed, this attestation left out.
    pub record: String,
}
