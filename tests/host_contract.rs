//! The Functions host's contract: what a real host sent is understood, and what is answered is what it takes.

mod agreement;
mod answers;
mod callers;
mod captures;
mod failures;
mod logs;
mod orphan;
mod support;
