//! Where the drivers live, and how they die.

use super::time::Ms;

#[derive(Debug, Clone, Copy)]
pub struct Hosting {
    pub drivers: Drivers,
    /// Mean time between two kills of a process.
    pub kill_every: Option<Ms>,
    /// Each process reads a clock of its own, which is minutes fast or slow.
    pub wrong_clocks: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drivers {
    One,
    TwoInstances,
    /// The orphan of a dead host beside the new process.
    TwoOfOneInstance,
}

/// The driver dies at a mutating call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crash {
    /// Its number, from 0, in the order of sending.
    pub call: usize,
    pub point: Point,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    BeforeSending,
    SentWithoutAnswer,
    AnsweredBeforeAppend,
}

impl Point {
    pub const ALL: [Self; 3] = [Self::BeforeSending, Self::SentWithoutAnswer, Self::AnsweredBeforeAppend];
}
