//! A plan's ledger: incidents, admissions, closings, debts, pauses; and the pure decision what to admit.

pub mod admission;
pub mod away;
pub mod event;
pub mod guard;
pub mod state;

pub use admission::{Admission, Decision, Request, admit, primary, standby_workload};
pub use away::Away;
pub use event::{Cause, LedgerEvent};
pub use guard::{Guard, GuardKind};
pub use state::{PlanState, Taken};
