//! Every function of the app on one screen. A test holds this table, `functions/` and `host.json` together.

use std::time::Duration;

/// What a function's `function.json` says, and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The name of the function's folder, and the path the host posts to.
    pub name: &'static str,
    pub trigger: Trigger,
    /// Name of the trigger's binding: where `Data` holds what came in.
    pub input: &'static str,
    /// Name of the http output binding; with one, a caller waits for the answer.
    pub http_output: Option<&'static str>,
    /// Name of the queue output binding, for wake-ups.
    pub queue_output: Option<&'static str>,
    /// An invocation that takes longer is ended and answered with a failure. It has to be shorter than
    /// `functionTimeout` in `host.json`, at which the host kills the handler with everything in flight.
    pub deadline: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    Http,
    Queue,
    Timer,
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[rustfmt::skip]
mod table {
    use super::{Route, Trigger, seconds};

    /// An alert's webhook. Its own work is bounded to three seconds; the deadline is the last resort.
    pub const ALERT: Route = Route { name: "alert", trigger: Trigger::Http, input: "req",
        http_output: Some("res"), queue_output: Some("wakeup"), deadline: seconds(10) };
    /// One slice of a run, at most as long as `[engine] slice` allows.
    pub const RUN: Route = Route { name: "run", trigger: Trigger::Queue, input: "message",
        http_output: None, queue_output: Some("wakeup"), deadline: seconds(9 * 60) };
    /// The timer that forgets nothing.
    pub const WATCH: Route = Route { name: "watch", trigger: Trigger::Timer, input: "timer",
        http_output: None, queue_output: Some("wakeup"), deadline: seconds(4 * 60) };
    /// The timer of rehearsals: which are due, and what keeps them from beginning.
    pub const DRILL: Route = Route { name: "drill", trigger: Trigger::Timer, input: "timer",
        http_output: None, queue_output: Some("wakeup"), deadline: seconds(4 * 60) };
    /// People, by HTTP and from the command line. Long polls take up to 25 s.
    pub const OPERATOR: Route = Route { name: "operator", trigger: Trigger::Http, input: "req",
        http_output: Some("res"), queue_output: Some("wakeup"), deadline: seconds(60) };
}
pub use table::{ALERT, DRILL, OPERATOR, RUN, WATCH};

/// All functions.
pub const ROUTES: [Route; 5] = [ALERT, RUN, WATCH, DRILL, OPERATOR];
