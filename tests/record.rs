//! Records of runs: what they tell, that they are final once signed, and that a changed one shows.

mod finality;
mod forms;
mod pages;
pub mod support;
mod told;
mod verifying;

/// The record of a rehearsal that nobody has signed, for other tests that need a real one.
pub fn unsigned() -> reveille::domain::record::Record {
    forms::bare()
}
