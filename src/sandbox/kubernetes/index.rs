//! The search index on the volumes of the search nodes.
//!
//! SonarQube keeps on its search nodes a copy of what is in the database. Volumes that sleep with a standby keep the copy
//! of the day on which it fell asleep, and nothing in the product notices (docs.sonarsource.com, disaster recovery, test
//! of the failover). The copy is replicated between the nodes: one volume that still has it brings it back to all.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::store::Key;

/// What is on each claim's volume.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Claim to the time up to which its volume has the database's writes.
    volumes: BTreeMap<Key, DateTime<Utc>>,
    /// When the rebuild in progress ends.
    pub rebuilt_at: Option<DateTime<Utc>>,
    /// The application opened it although the database had gone on without it. What it missed never comes by itself.
    pub stale: bool,
}

/// What an application finds when it comes up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing: it is rebuilt.
    Empty,
    /// What the database had at that time.
    AsOf(DateTime<Utc>),
}

impl Index {
    /// The volumes have everything up to then.
    pub fn write(&mut self, claims: Vec<Key>, at: DateTime<Utc>) {
        self.volumes = claims.into_iter().map(|claim| (claim, at)).collect();
    }

    /// The application keeps what is there up to date, and the nodes spread it over all volumes.
    pub fn follow(&mut self, claims: Vec<Key>, at: DateTime<Utc>) {
        if !self.volumes.is_empty() && !self.stale {
            self.write(claims, at);
        }
    }

    /// A volume is gone with its claim.
    pub fn forget(&mut self, claim: &Key) {
        self.volumes.remove(claim);
    }

    /// It was built from the database as it is.
    pub fn rebuilt(&mut self, claims: Vec<Key>, at: DateTime<Utc>) {
        self.write(claims, at);
        (self.rebuilt_at, self.stale) = (None, false);
    }

    pub fn found(&self) -> Found {
        self.volumes.values().max().map_or(Found::Empty, |at| Found::AsOf(*at))
    }
}

#[cfg(test)]
mod tests {
    use super::super::kinds::Kind;
    use super::*;

    #[test]
    fn one_volume_that_is_left_brings_the_old_index_back() {
        let claim = |name: &str| Key::new(Kind::Claim, "ns", name);
        let mut index = Index::default();
        index.write(vec![claim("a"), claim("b")], DateTime::UNIX_EPOCH);
        index.forget(&claim("a"));
        assert_eq!(index.found(), Found::AsOf(DateTime::UNIX_EPOCH));
        index.forget(&claim("b"));
        assert_eq!(index.found(), Found::Empty);
    }
}
