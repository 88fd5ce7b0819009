//! Reveille wakes a cold standby on Azure.

pub mod azure;
pub mod config;
pub mod domain;
pub mod engine;
pub mod probe;
pub mod store;
