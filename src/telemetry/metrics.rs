//! Every metric on one screen. What each says, to whom, and what to be woken by; `infra/` and a test share this table.
//!
//! Names are as OpenTelemetry has them; a backend may write them otherwise (Prometheus: `reveille_runs_total`).
//! Attributes are words of a fixed list or names from the configuration, so series stay few.

/// How values come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// How it stands now.
    Gauge,
    /// A histogram of seconds.
    Seconds,
}

/// One metric.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    pub unit: &'static str,
    /// What it says and what to do about it.
    pub about: &'static str,
    pub attributes: &'static [&'static str],
}

impl Metric {
    const fn new(
        kind: Kind,
        name: &'static str,
        unit: &'static str,
        attributes: &'static [&'static str],
        about: &'static str,
    ) -> Self {
        Self { name, kind, unit, about, attributes }
    }
}

use Kind::{Counter, Gauge, Seconds};

#[rustfmt::skip]
mod table {
    use super::{Counter, Gauge, Metric, Seconds};

    pub static RUNS_STARTED: Metric = Metric::new(Counter, "reveille.runs.started", "{run}", &["plan", "kind", "by"],
        "Runs that were admitted. Of kind failover: an outage is being seen to.");
    pub static RUNS: Metric = Metric::new(Counter, "reveille.runs", "{run}", &["plan", "kind", "outcome"],
        "Runs that ended. Alert on a failover with another outcome than recovered, serving, no-outage or observed.");
    pub static RUN_DURATION: Metric = Metric::new(Seconds, "reveille.run.duration", "s", &["plan", "kind", "outcome"],
        "From a run's admission to its end.");
    pub static RECOVERY: Metric = Metric::new(Seconds, "reveille.recovery.duration", "s", &["plan", "within_target"],
        "Recovery time (RTO): from the first sign of the outage until the standby was seen to serve. Alert on within_target = false.");
    pub static STEP_DURATION: Metric = Metric::new(Seconds, "reveille.step.duration", "s", &["plan", "kind", "step", "outcome"],
        "What each step of a run took, with what became of it.");
    pub static WAITS: Metric = Metric::new(Counter, "reveille.operator.waits", "{question}", &["plan", "kind", "step"],
        "Questions that a run put to people. Alert on any: it stands still until somebody answers.");
    pub static NOTICES: Metric = Metric::new(Counter, "reveille.notices", "{try}", &["channel", "delivered"],
        "Tries to tell a channel. Alert on delivered = false: nobody may have heard.");
    pub static ALERTS: Metric = Metric::new(Counter, "reveille.alerts", "{alert}", &["became"],
        "Alerts received: started, joined, deferred and looking matched a plan; ignored matched none; test starts nothing; refused and failed were not taken.");
    pub static INCIDENTS: Metric = Metric::new(Counter, "reveille.incidents.opened", "{incident}", &["plan"],
        "Incidents that were opened.");
    pub static INCIDENT_OPEN: Metric = Metric::new(Gauge, "reveille.incident.open", "{incident}", &["plan"],
        "1 while an incident is open. Alert when it stays: an outage that no run has closed.");
    pub static FENCE_OWED: Metric = Metric::new(Gauge, "reveille.fence.owed", "{site}", &["plan"],
        "Sites that a run went on without fencing. Alert on any: two sites may write.");
    pub static DRILLS_REFUSED: Metric = Metric::new(Counter, "reveille.drills.refused", "{drill}", &["plan", "drill", "reason"],
        "Occurrences of drills that could not begin, once for each reason. Alert on any: what is not rehearsed is not known to work.");
    pub static WATCH_TICKS: Metric = Metric::new(Counter, "reveille.watch.ticks", "{tick}", &[],
        "Rounds of the watch. Alert when none comes for five minutes: nobody looks after open incidents.");
    pub static STORE_RETRIES: Metric = Metric::new(Counter, "reveille.store.retries", "{try}", &["operation"],
        "Calls to the store that had to be made again.");
    pub static STORE_REMOVED: Metric = Metric::new(Counter, "reveille.store.removed", "{log}", &["kind"],
        "Logs that retention has removed.");
    pub static AZURE_CALLS: Metric = Metric::new(Seconds, "reveille.azure.call.duration", "s", &["service", "status"],
        "Calls to Azure by service and HTTP status, 0 for none.");
    pub static AZURE_THROTTLED: Metric = Metric::new(Counter, "reveille.azure.throttled", "{call}", &["service"],
        "Calls that Azure turned away (429). Alert when it grows: recoveries become slower.");
    pub static INVOCATIONS: Metric = Metric::new(Seconds, "reveille.invocation.duration", "s", &["function", "failed"],
        "Invocations of each function.");
    pub static DROPPED: Metric = Metric::new(Counter, "reveille.telemetry.dropped", "{item}", &["signal", "reason"],
        "Spans and metric deliveries that never arrived: full (the queue was), refused or unreachable (the receiver).");
}
pub use table::*;

/// All metrics, as they stand above.
pub static TABLE: [&Metric; 19] = [
    &RUNS_STARTED,
    &RUNS,
    &RUN_DURATION,
    &RECOVERY,
    &STEP_DURATION,
    &WAITS,
    &NOTICES,
    &ALERTS,
    &INCIDENTS,
    &INCIDENT_OPEN,
    &FENCE_OWED,
    &DRILLS_REFUSED,
    &WATCH_TICKS,
    &STORE_RETRIES,
    &STORE_REMOVED,
    &AZURE_CALLS,
    &AZURE_THROTTLED,
    &INVOCATIONS,
    &DROPPED,
];

impl Metric {
    /// One more. `values` are those of [`Metric::attributes`], in their order. Costs nothing while telemetry is off.
    pub fn count(&'static self, values: &[&str]) {
        self.add(1, values);
    }

    /// So many more.
    pub fn add(&'static self, more: u64, values: &[&str]) {
        if let Some(recorder) = super::recorder::here() {
            recorder.measure(self, values, more as f64);
        }
    }

    /// How it stands now.
    pub fn set(&'static self, value: u64, values: &[&str]) {
        self.add(value, values);
    }

    /// One measurement, in seconds.
    pub fn seconds(&'static self, seconds: f64, values: &[&str]) {
        if let Some(recorder) = super::recorder::here() {
            recorder.measure(self, values, seconds);
        }
    }
}
