//! `[heartbeat]`: the rule that always fires, and how long its alert may stay away.

use super::entry::Entry;
use crate::domain::alert::TEST_RULE;
use crate::domain::heartbeat::Heartbeat;
use std::time::Duration;

/// The rule of `infra/` fires every 15 minutes: one may be lost, and the next may be late.
const OVERDUE: Duration = Duration::from_secs(35 * 60);

pub(super) fn read(entry: &Entry<'_>) -> Option<Heartbeat> {
    let section = entry.section()?;
    let named = section.need("rule");
    let rule = named.text();
    let overdue = section.get("overdue").duration().unwrap_or(OVERDUE);
    section.finish();
    if rule.as_deref().is_some_and(is_reserved) {
        named.reject_value("is the name of the alerts that `reveille test-alert` sends");
        return None;
    }
    Some(Heartbeat { rule: rule?, overdue })
}

/// A rule of this name could be taken for a test, or hide behind one.
pub(super) fn is_reserved(rule: &str) -> bool {
    rule.eq_ignore_ascii_case(TEST_RULE)
}
