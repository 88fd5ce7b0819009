//! First contact: what `check` finds, what a test alert shows, and what heartbeats tell.

mod broken;
mod heartbeat;
mod laptop;
mod mark;
mod trying;
