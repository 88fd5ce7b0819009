//! Alerts of Azure Monitor: reading what came in, and deciding whom it concerns. Both pure.

mod matching;
mod parse;
mod test_alert;

pub use matching::{Concern, concern};
pub use parse::{Alert, Condition, Criterion, Unreadable, parse};
pub use test_alert::{RULE as TEST_RULE, test_alert};
