//! Clusters from inside, on the wire: a small API server and a small Azure Resource Manager say what the real ones say.

mod access;
mod acts;
mod around;
mod certificate;
mod facts;
mod permissions;
mod questions;
mod support;
