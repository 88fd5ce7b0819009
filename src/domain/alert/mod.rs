//! Alerts of Azure Monitor: reading what came in, and deciding whom it concerns. Both pure.

mod matching;
mod parse;

pub use matching::{Concern, concern};
pub use parse::{Alert, Condition, Criterion, Unreadable, parse};
