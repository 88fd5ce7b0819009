//! The binary that is deployed, called over HTTPS through a simulated Functions host in a simulated Azure.

mod bad_input;
mod bodies;
mod channels;
mod direct;
mod drill;
mod fence;
mod golden;
mod guards;
mod logs;
mod messages;
mod operator;
mod operator_errors;
mod orphan;
mod readiness;
mod record;
mod storage_account;
mod store_down;
mod storm;
mod two_hosts;
mod wrong_config;
