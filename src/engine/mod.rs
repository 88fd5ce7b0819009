//! Carries runs out: slices, claims, intents, the outbox. The only traits of the crate live in [`ports`].

mod amend;
pub mod book;
pub mod close;
mod drill;
mod drive;
pub mod evidence;
mod hand_over;
pub mod intake;
pub mod journal;
pub mod log;
pub mod outbox;
mod parts;
mod point_of_no_return;
pub mod ports;
pub mod record;
mod send;
mod shelf;
mod slice;
mod story;
pub mod tend;
mod verdict;
pub mod verify;
pub mod words;

pub use drill::WayBack;
pub use intake::{IntakeError, Taken};
pub use parts::{Configured, Engine, Settings};
pub use record::{Filed, RecordError};
pub use shelf::Shelf;
pub use slice::{Advance, WakeUp};
pub use tend::{TendError, Tended};
pub use verify::{Finding, Verified};
pub use words::WordError;
