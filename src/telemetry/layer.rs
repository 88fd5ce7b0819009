//! Spans of `tracing` that become spans of a trace: invocations and slices, and steps as what calls to Azure lie in.

use super::metrics::INVOCATIONS;
use super::recorder::{self, Recorder};
use super::span::{Context, Role, Said, Span};
use crate::domain::names::RunId;
use crate::domain::runbook::StepName;
use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context as Around, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

/// Follows the spans of this crate. It does nothing while telemetry is off.
pub fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let ours = |metadata: &Metadata<'_>| metadata.is_span() && metadata.target().starts_with("reveille");
    Follower.with_filter(filter_fn(ours))
}

struct Follower;

/// What is kept with a span of `tracing`.
struct Open {
    context: Context,
    parent: Option<[u8; 8]>,
    links: Vec<Context>,
    start: SystemTime,
    fields: BTreeMap<&'static str, String>,
}

/// Where in which trace the caller is.
pub(super) fn here() -> Option<Context> {
    let found = tracing::Span::current().with_subscriber(|(id, dispatch)| {
        let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
        nearest(&span, |open| open.context)
    });
    found.flatten()
}

/// What the nearest span that is followed says, this one included.
fn nearest<'a, S: LookupSpan<'a>, T>(span: &SpanRef<'a, S>, of: impl Fn(&Open) -> T) -> Option<T> {
    span.scope().find_map(|span| span.extensions().get::<Open>().map(&of))
}

impl<S> Layer<S> for Follower
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, around: Around<'_, S>) {
        let Some(span) = around.span(id).filter(|_| recorder::here().is_some()) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let outer = span.parent().and_then(|parent| nearest(&parent, |open| (open.context, open.fields.clone())));
        if let Some(open) = opened(attributes.metadata().name(), fields.0, outer) {
            span.extensions_mut().insert(open);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, around: Around<'_, S>) {
        let Some(span) = around.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            let mut fields = Fields::default();
            values.record(&mut fields);
            open.fields.extend(fields.0);
        }
    }

    fn on_close(&self, id: Id, around: Around<'_, S>) {
        let (Some(span), Some(recorder)) = (around.span(&id), recorder::here()) else { return };
        let open = span.extensions_mut().remove::<Open>();
        if let Some(open) = open {
            closed(span.name(), open, SystemTime::now(), recorder);
        }
    }
}

type Outer = Option<(Context, BTreeMap<&'static str, String>)>;

/// The place of a new span in a trace; `None` for one that only says something to the log.
fn opened(name: &str, mut fields: BTreeMap<&'static str, String>, outer: Outer) -> Option<Open> {
    let start = SystemTime::now();
    match name {
        "invocation" => {
            let parent = fields.remove("trace_parent").and_then(|text| Context::of_parent(&text));
            let context = parent.map_or_else(Context::root, |parent| parent.child());
            Some(Open { context, parent: parent.map(|parent| parent.span), links: Vec::new(), start, fields })
        }
        "slice" => {
            let run = Context::of_run(&RunId::new(fields.get("run")?));
            let links = outer.into_iter().map(|(context, _)| context).collect();
            Some(Open { context: run.child(), parent: Some(run.span), links, start, fields })
        }
        "step" => {
            let (_, outer) = outer?;
            let run = RunId::new(outer.get("run")?);
            let step: StepName = serde_json::from_value(fields.get("step")?.as_str().into()).ok()?;
            let context = Context::of_step(&run, step, None);
            Some(Open { context, parent: None, links: Vec::new(), start, fields })
        }
        _ => None,
    }
}

/// Sends what is over. A step's own span is sent when the journal holds its end.
fn closed(name: &str, open: Open, end: SystemTime, recorder: &Recorder) {
    let Open { context, parent, links, start, fields } = open;
    let said = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let (title, role) = match name {
        "invocation" => (said("function").to_owned(), Role::Server),
        "slice" => ("slice".to_owned(), Role::Consumer),
        _ => return,
    };
    let failed = said("failed") == "true";
    if name == "invocation" {
        let seconds = end.duration_since(start).unwrap_or_default().as_secs_f64();
        recorder.measure(&INVOCATIONS, &[said("function"), if failed { "true" } else { "false" }], seconds);
    }
    let names = [
        ("faas.name", "function"),
        ("faas.invocation_id", "invocation_id"),
        ("reveille.run", "run"),
        ("reveille.plan", "plan"),
    ];
    let attributes =
        names.iter().filter_map(|(name, field)| Some((*name, Said::from(fields.get(field)?.as_str())))).collect();
    let error = failed.then(|| "the invocation failed; its log says why".to_owned());
    recorder.push(Span { context, parent, name: title, role, start, end, attributes, links, error });
}

/// Fields as texts.
#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name(), value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn fields(pairs: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    #[test]
    fn an_invocation_joins_its_callers_trace_or_begins_one() {
        let parent = Context::of_parent(PARENT).unwrap();
        let joined = opened("invocation", fields(&[("trace_parent", PARENT)]), None).unwrap();
        assert_eq!((joined.context.trace, joined.parent), (parent.trace, Some(parent.span)));
        let alone = opened("invocation", fields(&[]), None).unwrap();
        assert!(alone.parent.is_none() && alone.context.trace != parent.trace);
    }

    #[test]
    fn a_slice_lies_in_its_run_and_links_to_its_invocation() {
        let invocation = Context::root();
        let outer = Some((invocation, fields(&[])));
        let slice = opened("slice", fields(&[("run", "sonarqube.1")]), outer).unwrap();
        let run = Context::of_run(&RunId::new("sonarqube.1"));
        assert_eq!((slice.context.trace, slice.parent), (run.trace, Some(run.span)));
        assert_eq!(slice.links, [invocation]);
        let step = opened("step", fields(&[("step", "fence-primary")]), Some((slice.context, slice.fields))).unwrap();
        assert_eq!(step.context, Context::of_step(&RunId::new("sonarqube.1"), StepName::FencePrimary, None));
    }

    #[test]
    fn other_spans_are_for_the_log_only() {
        assert!(opened("plan", fields(&[("plan", "sonarqube")]), None).is_none());
    }
}
