//! The Azure Functions host's contract with a custom handler, in payload mode.
//!
//! ```text
//! host ─► POST /{function} {Data, Metadata} ─► envelope ─► handler(Invocation) ─► Answer ─► {Outputs, Logs} ─► host
//! ```
//! [`routes`] lists the functions on one screen. [`server`] speaks HTTP with the host, [`envelope`] decodes what it
//! sends, [`caller`] tells who called, [`answer`] builds what it accepts. [`parent`] notices that the host is gone,
//! [`logging`] writes JSON lines without secrets in them.
//!
//! Only payload mode is spoken: forwarded requests carry no verified identity of the caller. Facts are from the
//! sources of the Functions host v4 (github.com/Azure/azure-functions-host) and from requests captured on a running
//! one, which the tests hold this module to.

pub mod answer;
pub mod caller;
pub mod envelope;
mod functions;
pub mod logging;
pub mod parent;
pub mod redact;
pub mod request;
pub mod routes;
pub mod server;

pub use answer::{Answer, HttpAnswer};
pub use caller::Caller;
pub use envelope::{EnvelopeError, Invocation, Message, Timer};
pub use functions::{FunctionError, Functions};
pub use request::{Body, HttpRequestData};
