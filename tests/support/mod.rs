//! What several test modules need: a certificate authority, a DNS server, a PostgreSQL pair, an Azurite
//! with a proxy that does harm, a small HTTPS server; and
//! for the whole program, a stage to play on and what a handler said and left behind.

pub mod again;
pub mod azurite;
pub mod ca;
pub mod dns;
pub mod https;
pub mod postgres;
pub mod readiness;
pub mod storage_proxy;

#[cfg(feature = "sandbox")]
pub mod aftermath;
#[cfg(feature = "sandbox")]
pub mod alerts;
#[cfg(feature = "sandbox")]
pub mod secrets;
#[cfg(feature = "sandbox")]
pub mod stage;
#[cfg(feature = "sandbox")]
pub mod transcript;
