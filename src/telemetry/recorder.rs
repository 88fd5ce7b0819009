//! What waits to be sent: bounded, and never waited for.

use super::metrics::{DROPPED, Metric};
use super::series::{Collected, Series};
use super::settings::{Settings, Temporality};
use super::span::Span;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;
use tokio::sync::watch;

/// Spans that may wait: some minutes of a busy run.
const LONGEST: usize = 4_096;

static HERE: OnceLock<Recorder> = OnceLock::new();

/// The one of this process, once telemetry is on.
pub(super) fn here() -> Option<&'static Recorder> {
    HERE.get()
}

/// Switches telemetry on for this process: from now on everything is recorded, and sent as soon as [`super::send`] is
/// told how. Later calls change nothing.
pub fn begin(settings: Settings) {
    HERE.get_or_init(|| Recorder::new(settings));
}

/// What is recorded, and what is to become of it.
pub(super) struct Recorder {
    pub settings: Settings,
    /// Whether somebody sends already.
    pub sending: AtomicBool,
    spans: Mutex<VecDeque<Span>>,
    series: Mutex<Series>,
    /// Which flush was asked for last, and which is done.
    asked: watch::Sender<u64>,
    done: watch::Sender<u64>,
    /// Whether the receiver took what it was sent last.
    well: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is a single push or sum; a panic elsewhere leaves nothing half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            sending: AtomicBool::new(false),
            spans: Mutex::default(),
            series: Mutex::new(Series::new(SystemTime::now())),
            asked: watch::Sender::new(0),
            done: watch::Sender::new(0),
            well: AtomicBool::new(true),
        }
    }

    /// Takes a span in, unless it is not to be sent or there is no room.
    pub(super) fn push(&self, span: Span) {
        if !span.context.sampled {
            return;
        }
        let mut spans = lock(&self.spans);
        let full = spans.len() >= LONGEST;
        if !full {
            return spans.push_back(span);
        }
        drop(spans);
        self.dropped("traces", "full", 1);
    }

    pub(super) fn measure(&self, metric: &'static Metric, values: &[&str], value: f64) {
        let room = lock(&self.series).measure(metric, values, value);
        if !room && metric.name != DROPPED.name {
            self.dropped("metrics", "full", 1);
        }
    }

    pub(super) fn dropped(&self, signal: &str, reason: &str, items: usize) {
        lock(&self.series).measure(&DROPPED, &[signal, reason], items as f64);
    }

    /// The oldest spans, at most `limit`.
    pub(super) fn take(&self, limit: usize) -> Vec<Span> {
        let mut spans = lock(&self.spans);
        let count = spans.len().min(limit);
        spans.drain(..count).collect()
    }

    pub(super) fn collect(&self, temporality: Temporality, now: SystemTime) -> (SystemTime, Vec<Collected>) {
        lock(&self.series).collect(temporality, now)
    }

    /// Asks for everything to be sent now; gives what [`Recorder::done`] reaches then.
    pub(super) fn ask(&self) -> u64 {
        self.asked.send_modify(|asked| *asked += 1);
        *self.asked.borrow()
    }

    pub(super) fn asked(&self) -> watch::Receiver<u64> {
        self.asked.subscribe()
    }

    pub(super) fn done(&self) -> watch::Receiver<u64> {
        self.done.subscribe()
    }

    pub(super) fn is_done(&self, asked: u64) {
        self.done.send_replace(asked);
    }

    pub(super) fn is_well(&self) -> bool {
        self.well.load(Ordering::Relaxed)
    }

    /// Remembers how the receiver is; says whether that is news.
    pub(super) fn fares(&self, well: bool) -> bool {
        self.well.swap(well, Ordering::Relaxed) != well
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::span::{Context, Role};

    fn recorder() -> Recorder {
        let endpoint =
            |name: &str| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| "https://otlp.example.com".to_owned());
        Recorder::new(Settings::read(&endpoint, "test").unwrap().unwrap())
    }

    fn span(name: usize, sampled: bool) -> Span {
        let (start, context) = (SystemTime::now(), Context { sampled, ..Context::root() });
        let (attributes, links) = (Vec::new(), Vec::new());
        let (role, name) = (Role::Internal, name.to_string());
        Span { context, parent: None, name, role, start, end: start, attributes, links, error: None }
    }

    #[test]
    fn a_full_queue_keeps_what_it_has_and_counts_the_rest() {
        let recorder = recorder();
        (0..LONGEST + 7).for_each(|name| recorder.push(span(name, true)));
        let (_, collected) = recorder.collect(Temporality::Cumulative, SystemTime::now());
        assert_eq!((collected[0].metric.name, collected[0].points[0].sum), (DROPPED.name, 7.0));
        assert_eq!(collected[0].points[0].values, ["traces", "full"]);
        assert_eq!(recorder.take(2).iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["0", "1"]);
        assert_eq!(recorder.take(usize::MAX).len(), LONGEST - 2);
    }

    #[test]
    fn what_its_beginner_did_not_sample_is_not_sent() {
        let recorder = recorder();
        recorder.push(span(1, false));
        assert_eq!(recorder.take(9).len(), 0);
    }
}
