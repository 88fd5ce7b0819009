//! The pure core: values and decisions. No async, no I/O, no clock; time comes in as an argument.

pub mod alert;
pub mod application;
pub mod causes;
pub mod chain;
pub mod cluster;
pub mod duration;
pub mod fact;
pub mod failure;
pub mod ladder;
pub mod ledger;
pub mod look;
pub mod names;
pub mod notice;
pub mod observation;
pub mod outcome;
pub mod plan;
pub mod report;
pub mod resource;
pub mod run;
pub mod runbook;
pub mod secret;
pub mod status;
pub mod timing;
pub mod witness;
pub mod word;
pub mod writer;
