//! The sandbox's planes over the real wire: applications, edge, databases, receiver.

mod databases;
mod edge;
mod origins;
mod probed;
mod receiver;
mod support;
