//! The pure decisions, as tables of cases: what is admitted, what a run does next, what each step makes of what it saw,
//! and what people may say.

mod admission;
mod confirm;
mod drill;
mod drill_due;
mod fence;
mod fence_scaling;
mod fixture;
mod history;
mod next;
mod path;
mod readiness;
mod reset_index;
mod stages;
mod start;
mod switchover;
mod told;
mod verify;
mod words;
mod workload;
