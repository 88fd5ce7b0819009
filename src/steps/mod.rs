//! The steps of the runbooks, one file each, in four bands: inputs, precheck, act, verify.
//!
//! Each file's `decide` is pure: what was seen goes in, a [`Look`](crate::domain::look::Look) comes out. The wiring to
//! the world is thin and lives in [`wired`].

pub mod assess_readiness;
pub mod check_standby;
pub mod confirm_outage;
pub mod fence_primary;
pub mod interruption;
pub mod outlook;
pub mod park_primary;
pub mod park_workload;
mod planned;
pub mod release_workload;
pub mod reset_search_index;
pub mod restore_primary;
mod sent;
pub mod start_replica;
pub mod stop_replica;
mod unfenced;
pub mod verify_app;
pub mod verify_index;
pub mod verify_ingress;
pub mod verify_path;
pub mod verify_route;
pub mod verify_writer;
pub mod wired;
mod workload;
