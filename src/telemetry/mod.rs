//! Traces and metrics over OTLP, for whoever watches Reveille from outside. Off unless `OTEL_EXPORTER_OTLP_ENDPOINT` (or
//! one of its kin, see [`settings`]) is set.
//!
//! ```text
//! layer    spans of `tracing` ─┐
//! journal  events of a run ────┼─► recorder: a bounded queue, sums ─► exporter ─► POST {endpoint}/v1/traces, /v1/metrics
//! calls    answers of Azure ───┘      full: dropped, and counted         │
//! ledger   what is open and owed                     otlp: what a message holds ─► wire: protobuf or JSON
//! ```
//!
//! What is sent is as large as the queue at most, and nobody waits for it: a receiver that is slow, wrong or gone costs
//! what it should have received, which [`metrics::DROPPED`] counts and one line of the log tells. Only at the end of an
//! invocation that nobody waits for and that nothing follows is it flushed ([`flush`]), for [`FLUSH_LIMIT`] at most and
//! not at all while the receiver is in trouble: the host may freeze an instance that has nothing to do.
//!
//! # Traces
//!
//! An `invocation` belongs to the trace that the host or its caller names (`traceparent`, W3C Trace Context), else to one
//! of its own. A `run` is one trace, from its admission to its end, whichever invocations, processes and machines drove
//! it: trace and span ids are taken from the SHA-256 of the run's id, so all of them agree. In it lie its steps, the
//! slices that drove it (each with a link to its invocation), and below the steps each call to Azure with
//! `x-ms-client-request-id`, `x-ms-correlation-request-id` and `x-ms-request-id`. Run and step are sent when the journal
//! holds their end, by whoever wrote it there, hence once.
//!
//! # Metrics
//!
//! [`metrics`] is the table: names, units, attributes, and what each is good for.
//!
//! Attributes are names, ids, words and numbers. Types keep secrets out of them, and each text passes the same redaction
//! as the log.
//!
//! The official crates were weighed and left out: they add more to the binary than this whole module, and bring a second
//! queue, clock and thread of their own. The tests decode what is sent with the official message types.

mod calls;
mod export;
mod journal;
mod layer;
mod ledger;
pub mod metrics;
mod otlp;
mod recorder;
mod series;
pub mod settings;
mod span;
mod wire;

pub use calls::{Call, Service, call};
pub use export::{FLUSH_LIMIT, flush, send};
pub use journal::{begun, journaled};
pub use layer::layer;
pub use ledger::{known, noted};
pub use recorder::begin;
pub use settings::Settings;
