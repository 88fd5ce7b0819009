//! The table of functions: which handler answers for which route.

use super::answer::Answer;
use super::envelope::{EnvelopeError, Invocation};
use super::routes::Route;
use futures::future::{BoxFuture, FutureExt};
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

/// Why a function failed. The host learns only that it did; the whole chain is logged.
#[derive(Debug, thiserror::Error)]
pub enum FunctionError {
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    #[error("{operation} failed")]
    Failed {
        operation: &'static str,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl FunctionError {
    pub fn failed(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed { operation, source: source.into() }
    }
}

pub(super) type Outcome = Result<Answer, FunctionError>;
type Handler = Arc<dyn Fn(Invocation) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// One function: its route and who answers for it.
#[derive(Clone)]
pub(super) struct Function {
    pub(super) route: Route,
    pub(super) handler: Handler,
}

/// The functions this process answers for.
#[derive(Clone, Default)]
pub struct Functions(BTreeMap<&'static str, Function>);

impl Functions {
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers the handler of a route; a second one for the same route takes its place.
    pub fn with<H, F>(mut self, route: Route, handler: H) -> Self
    where
        H: Fn(Invocation) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Answer, FunctionError>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |invocation| handler(invocation).boxed());
        self.0.insert(route.name, Function { route, handler });
        self
    }

    /// The routes that have a handler, by name.
    pub fn routes(&self) -> impl Iterator<Item = &Route> {
        self.0.values().map(|function| &function.route)
    }

    pub(super) fn find(&self, name: &str) -> Option<&Function> {
        self.0.get(name)
    }
}
