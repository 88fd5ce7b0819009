//! Channels: how a [`Notice`](crate::domain::notice::Notice) reaches people ([`teams`]) and machines ([`cloudevents`]).
//!
//! A channel tries once and says exactly what it knows afterwards; retrying is the outbox's. Addresses carry
//! signatures, so they are read when needed and appear in no error and no log.

pub mod address;
pub mod card;
pub mod cloudevents;
pub mod post;
pub mod teams;

pub use address::Address;
pub use cloudevents::CloudEvents;
pub use post::Post;
pub use teams::Teams;
