//! Exit codes, all in one table.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | fine: done as asked; a followed run reached what it was for, found no outage, or found the plan ready; no plan is red |
//! | 1 | unexpected: the network, the server or an answer failed; ask again |
//! | 3 | not recovered, or a person is needed: a followed run ended otherwise, a readiness drill or `check` found something broken or could not tell, a test alert did not arrive, or a plan is red |
//! | 4 | refused: the server said no, with what to do instead |
//! | 64 | wrong usage or configuration (`EX_USAGE` of sysexits.h) |
//! | 130 | interrupted (Ctrl-C); the run goes on |
//!
//! `serve` ends with 1 whenever it ends: the Functions host starts a handler again unless it ended with 0.

use std::process::ExitCode;

/// How the command line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Fine = 0,
    Failed = 1,
    NotRecovered = 3,
    Refused = 4,
    Usage = 64,
    Interrupted = 130,
}

impl Exit {
    /// For a run that has ended with this state, which is its outcome's word.
    pub fn of_state(state: &str) -> Self {
        match state {
            "recovered" | "serving" | "no-outage" | "fenced" | "rested" | "rehearsed" | "switched" | "ready" => {
                Exit::Fine
            }
            _ => Exit::NotRecovered,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
