//! A span, and the ids that tie spans together.

use crate::domain::names::RunId;
use crate::domain::runbook::StepName;
use sha2::{Digest, Sha256};
use std::time::SystemTime;
use uuid::Uuid;

/// Where in which trace a span lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Context {
    pub trace: [u8; 16],
    pub span: [u8; 8],
    /// Whether it is to be sent at all; whoever began the trace has decided that.
    pub sampled: bool,
}

/// Who calls whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Internal,
    Server,
    Client,
    Consumer,
}

/// What an attribute says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    Text(String),
    Number(i64),
}

impl From<&str> for Said {
    fn from(text: &str) -> Self {
        Said::Text(text.to_owned())
    }
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Said::Text(text)
    }
}

/// A span that is over.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Span {
    pub context: Context,
    pub parent: Option<[u8; 8]>,
    pub name: String,
    pub role: Role,
    pub start: SystemTime,
    pub end: SystemTime,
    pub attributes: Vec<(&'static str, Said)>,
    pub links: Vec<Context>,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

impl Context {
    /// A trace of its own.
    pub(super) fn root() -> Self {
        Self { trace: Uuid::new_v4().into_bytes(), span: fresh(), sampled: true }
    }

    /// What a `traceparent` names: `version-traceid-parentid-flags` (W3C Trace Context). All zeros are no id.
    pub(super) fn of_parent(text: &str) -> Option<Self> {
        let mut parts = text.split('-').skip(1);
        let (trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?);
        let (trace, span) = (unhex::<16>(trace)?, unhex::<8>(span)?);
        let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        (trace != [0; 16] && span != [0; 8]).then_some(Self { trace, span, sampled })
    }

    /// A new span below this one.
    pub(super) fn child(&self) -> Self {
        Self { span: fresh(), ..*self }
    }

    /// The span of a run, the same for everybody.
    pub(super) fn of_run(run: &RunId) -> Self {
        let digest = Sha256::digest(format!("reveille run {run}"));
        let (mut trace, mut span) = ([0; 16], [0; 8]);
        trace.copy_from_slice(&digest[..16]);
        span.copy_from_slice(&digest[16..24]);
        Self { trace, span, sampled: true }
    }

    /// The span of a step of a run. One that is done once more is told apart by when that began.
    pub(super) fn of_step(run: &RunId, step: StepName, again: Option<SystemTime>) -> Self {
        let digest = Sha256::digest(format!("reveille step {step} of {run}, {:?}", again.map(nanos)));
        let mut span = [0; 8];
        span.copy_from_slice(&digest[..8]);
        Self { span, ..Self::of_run(run) }
    }
}

fn fresh() -> [u8; 8] {
    Uuid::new_v4().as_u64_pair().0.to_be_bytes()
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let pairs = text.as_bytes().chunks(2);
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Nanoseconds since 1970; what lies before is that moment.
pub(super) fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_parent_is_read_and_what_is_none_is_not() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context = Context::of_parent(text).unwrap();
        assert_eq!(crate::telemetry::wire::hex(&context.trace), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(crate::telemetry::wire::hex(&context.span), "b7ad6b7169203331");
        assert!(context.sampled && !Context::of_parent(&text.replace("-01", "-00")).unwrap().sampled);
        let zeros = format!("00-{}-b7ad6b7169203331-01", "0".repeat(32));
        for wrong in [zeros.as_str(), "", "00", "00-xyz-b7ad6b7169203331-01", "00-0af7-b7ad6b7169203331-01"] {
            assert_eq!(Context::of_parent(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn everybody_gives_a_run_and_its_steps_the_same_ids() {
        let (run, other) = (RunId::new("sonarqube.1"), RunId::new("sonarqube.2"));
        assert_eq!(Context::of_run(&run), Context::of_run(&run.clone()));
        assert_ne!(Context::of_run(&run).trace, Context::of_run(&other).trace);
        let step = |again| Context::of_step(&run, StepName::VerifyWriter, again);
        assert_eq!(step(None).trace, Context::of_run(&run).trace);
        assert_ne!(step(None).span, step(Some(SystemTime::UNIX_EPOCH)).span);
    }
}
