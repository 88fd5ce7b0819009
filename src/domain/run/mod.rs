//! A run: its events, the state folded from them, and what is next.

pub mod call;
pub mod claim;
pub mod event;
pub mod next;
pub mod parking;
mod put_back;
pub mod state;
mod text;
pub mod wait;

pub use call::{Call, ClaimRef, Intent, Sent, Verb};
pub use event::{Ask, Created, Driver, RunEvent, StartedBy};
pub use next::{Next, next};
pub use state::{Approval, Phase, RunState, StepState};
