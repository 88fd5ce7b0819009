//! A run: its events, the state folded from them, and what is next.

pub mod claim;
pub mod event;
pub mod next;
pub mod parking;
pub mod state;
mod text;
pub mod wait;

pub use event::{Ask, Call, Created, Driver, RunEvent, Sent, StartedBy, Verb};
pub use next::{Next, next};
pub use state::{Approval, Phase, RunState, StepState};
