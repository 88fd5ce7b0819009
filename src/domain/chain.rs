//! Hash-chained event logs: one JSON object per line, each carrying the SHA-256 of the line before.
//!
//! The head of a chain goes out with every notification, so a log that was rewritten afterwards shows.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Version of the line format. A line of another version is not folded but parks its run for a person.
pub const FORMAT: u32 = 1;

/// SHA-256 of nothing yet: what the first line of a log carries.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry<E> {
    pub format: u32,
    /// Position in the log, from 1.
    pub seq: u64,
    /// When the writer appended it (UTC, the writer's clock).
    pub at: DateTime<Utc>,
    /// Recognises the writer's own bytes after a lost answer.
    pub nonce: String,
    /// SHA-256 of the line before, in hex.
    pub prev: String,
    #[serde(flatten)]
    pub event: E,
}

/// Where a chain ends: what the next line must follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub seq: u64,
    pub hash: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { seq: 0, hash: GENESIS.to_owned() }
    }
}

/// Why a log cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error("line {seq} is of format {found}, this version knows format {FORMAT}")]
    UnknownFormat { seq: u64, found: u64 },
    #[error("line {seq} cannot be read: {why}")]
    Unreadable { seq: u64, why: String },
    #[error("line {seq} says it is number {found}")]
    OutOfOrder { seq: u64, found: u64 },
    #[error("line {seq} does not follow from the line before it: the log was changed")]
    Broken { seq: u64 },
    #[error("the log ends before line {seq}, which was read earlier: it was cut or replaced")]
    Shorter { seq: u64 },
}

/// SHA-256 in hex.
pub fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

impl Head {
    /// Writes the line that follows this head, and the head after it. The line ends with a newline.
    pub fn extend<E: Serialize>(
        &self,
        event: &E,
        at: DateTime<Utc>,
        nonce: &str,
    ) -> Result<(Vec<u8>, Head), serde_json::Error> {
        let entry =
            Entry { format: FORMAT, seq: self.seq + 1, at, nonce: nonce.to_owned(), prev: self.hash.clone(), event };
        let mut line = serde_json::to_vec(&entry)?;
        let head = Head { seq: entry.seq, hash: digest(&line) };
        line.push(b'\n');
        Ok((line, head))
    }

    /// Reads the line that should follow this head; checks number, format and hash.
    pub fn follow<E: DeserializeOwned>(&self, line: &[u8]) -> Result<(Entry<E>, Head), ChainError> {
        let seq = self.seq + 1;
        let entry: Entry<E> = serde_json::from_slice(line).map_err(|error| not_read(line, seq, &error))?;
        if entry.format != FORMAT {
            return Err(ChainError::UnknownFormat { seq, found: u64::from(entry.format) });
        }
        if entry.seq != seq {
            return Err(ChainError::OutOfOrder { seq, found: entry.seq });
        }
        if entry.prev != self.hash {
            return Err(ChainError::Broken { seq });
        }
        Ok((entry, Head { seq, hash: digest(line) }))
    }
}

/// A line of a later format, with an event that nobody here knows, is named as what it is.
fn not_read(line: &[u8], seq: u64, error: &serde_json::Error) -> ChainError {
    #[derive(Deserialize)]
    struct Format {
        format: u64,
    }
    match serde_json::from_slice(line) {
        Ok(Format { format }) if format != u64::from(FORMAT) => ChainError::UnknownFormat { seq, found: format },
        _ => ChainError::Unreadable { seq, why: error.to_string() },
    }
}

/// The complete lines of a log.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "event")]
    enum Told {
        Said { what: String },
    }

    fn log(words: &[&str]) -> Vec<u8> {
        let at = DateTime::UNIX_EPOCH;
        let mut head = Head::default();
        let mut bytes = Vec::new();
        for word in words {
            let (line, next) = head.extend(&Told::Said { what: (*word).into() }, at, "n").unwrap();
            bytes.extend(line);
            head = next;
        }
        bytes
    }

    fn follow_all(bytes: &[u8]) -> Result<Vec<Told>, ChainError> {
        let mut head = Head::default();
        lines(bytes)
            .map(|line| {
                let (entry, next) = head.follow(line)?;
                head = next;
                Ok(entry.event)
            })
            .collect()
    }

    #[test]
    fn a_chain_reads_back_what_was_written() {
        assert_eq!(follow_all(&log(&["a", "b", "c"])).unwrap().len(), 3);
    }

    #[test]
    fn a_changed_word_breaks_the_chain_at_the_next_line() {
        let text = String::from_utf8(log(&["a", "b", "c"])).unwrap().replace("\"b\"", "\"x\"");
        assert_eq!(follow_all(text.as_bytes()), Err(ChainError::Broken { seq: 3 }));
    }

    #[test]
    fn a_removed_line_shows() {
        let bytes = log(&["a", "b", "c"]);
        let first = lines(&bytes).next().unwrap().len() + 1;
        assert_eq!(follow_all(&bytes[first..]), Err(ChainError::OutOfOrder { seq: 1, found: 2 }));
    }

    #[test]
    fn a_line_of_a_later_format_is_named_as_such() {
        let text = String::from_utf8(log(&["a"])).unwrap().replace("\"format\":1", "\"format\":9");
        assert_eq!(follow_all(text.as_bytes()), Err(ChainError::UnknownFormat { seq: 1, found: 9 }));
    }
}
