//! When something happens.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::action::Action;
use super::duration;
use super::trigger::Trigger;
use crate::sandbox::world::Entry;

/// Something that happens once, a while after something was seen.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// What has to be seen first.
    #[serde(default)]
    pub when: Trigger,
    /// Which time it is seen, from 1.
    #[serde(default = "first")]
    pub nth: usize,
    /// How long after that.
    #[serde(default, with = "duration")]
    pub after: Duration,
    /// What happens.
    #[serde(rename = "do")]
    pub action: Action,
}

fn first() -> usize {
    1
}

/// When a moment is due; `None` while its trigger was not seen.
pub(crate) fn due(moment: &Moment, begun: DateTime<Utc>, log: &[Entry]) -> Option<DateTime<Utc>> {
    let after = TimeDelta::from_std(moment.after).unwrap_or_default();
    moment.when.seen(begun, log, moment.nth).map(|seen| seen + after)
}
