//! The readiness drill: could we recover now, and how long would it take? It only reads.
//!
//! ```text
//! views (facts, each read or not) ─► clusters · capacity · database · writer · front_door · alerting
//!                                    permissions · around · rehearsal         one pure check each
//!                                    ourselves
//!                                 ─► findings, worst first ─► verdict          a blocker: no; unknown: cannot be told
//! runbook + expected times        ─► estimate                                  measured times go before documented ones
//! ```
//! Something that cannot be read is a finding of its own and never a pass; a refusal names the Azure action that is
//! missing.

mod alerting;
mod around;
mod assess;
mod capacity;
mod checkup;
mod clusters;
mod database;
mod estimate;
mod finding;
mod front_door;
mod ourselves;
mod own;
mod permissions;
mod rehearsal;
mod unread;
mod verdict;
mod views;
mod writer;

pub use alerting::alert_address;
pub use assess::{Assessment, assess};
pub use checkup::{Checkup, Mark, PlanCheck};
pub use estimate::{CriticalStep, Estimate, estimate};
pub use finding::{Area, Finding, Severity};
pub use own::*;
pub use unread::{Read, Unread};
pub use verdict::Verdict;
pub use views::*;
