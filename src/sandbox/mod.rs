//! A simulated Azure, a simulated Functions host and the scenarios that drive them. Loopback only; imports nothing of the crate.
//!
//! ```text
//! world ◄── arm, identity, dns, monitor        what Azure's control plane shows
//!       ◄── kubernetes                         API servers of the clusters, pods, volumes
//!       ◄── vault                              a Key Vault
//!       ◄── planes                             applications, Front Door edge, databases, receiver
//!       ◄── facade ── scenario                 what goes wrong, and what the world must show at the end
//!              ├───── app, host                the real handler in a Functions host
//!              └───── storage                  a real Azurite for its state
//! ```

pub mod app;
pub mod arm;
pub mod ca;
pub mod dns;
pub mod facade;
pub mod host;
pub mod identity;
pub mod kubernetes;
pub mod monitor;
pub mod planes;
pub mod scenario;
mod spoilt;
pub mod storage;
pub mod tls;
pub mod vault;
pub mod world;

pub use facade::{Account, Disturbance, Endpoints, Options, Sandbox, SandboxError};
