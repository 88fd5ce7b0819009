//! Reveille wakes a cold standby on Azure.

pub mod azure;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod host;
pub mod notify;
pub mod observe;
pub mod probe;
pub mod render;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod steps;
pub mod store;
pub mod triggers;
