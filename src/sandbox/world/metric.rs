//! The history of edge probes and the metric points made of it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::World;
use super::state::State;
use super::workload::Workload;

/// How many probes are kept for the newest points.
const RECENT: usize = 4096;

/// One point of a metric with a grain of one minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Start of the minute.
    pub at: DateTime<Utc>,
    /// Sum of the samples.
    pub total: f64,
    /// How many samples there are.
    pub count: u32,
}

impl Point {
    /// Average of the samples; no data is neither 0 nor 100.
    pub fn average(&self) -> Option<f64> {
        (self.count > 0).then(|| self.total / f64::from(self.count))
    }
}

/// What edge probes saw of one origin.
#[derive(Debug, Clone)]
pub(super) struct ProbeHistory {
    /// What it was before the world began.
    before: f64,
    recent: VecDeque<(DateTime<Utc>, bool)>,
    /// Healthy and all probes by minute.
    minutes: BTreeMap<i64, (u32, u32)>,
}

pub(super) fn of(workloads: &[Workload]) -> BTreeMap<String, ProbeHistory> {
    let sites = workloads.iter().flat_map(|it| it.sites.iter().zip([100.0, 0.0]));
    sites.map(|(site, before)| (site.origin.clone(), ProbeHistory::new(before))).collect()
}

impl ProbeHistory {
    fn new(before: f64) -> Self {
        Self { before, recent: VecDeque::new(), minutes: BTreeMap::new() }
    }

    pub fn record(&mut self, at: DateTime<Utc>, healthy: bool) {
        self.recent.push_back((at, healthy));
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        let (good, all) = self.minutes.entry(minute(at)).or_default();
        *good += u32::from(healthy);
        *all += 1;
    }

    /// Average health in percent of the probes of the last `window`.
    pub fn recent(&self, now: DateTime<Utc>, window: Duration) -> Option<f64> {
        percent(self.newest(now, window))
    }

    /// Healthy and all probes of the last `window`.
    fn newest(&self, now: DateTime<Utc>, window: Duration) -> (u32, u32) {
        let since = now - TimeDelta::from_std(window).unwrap_or_default();
        let probes = self.recent.iter().filter(|(at, _)| *at >= since);
        probes.fold((0, 0), |(good, all), (_, healthy)| (good + u32::from(*healthy), all + 1))
    }

    fn minute(&self, minute: i64) -> (u32, u32) {
        self.minutes.get(&minute).copied().unwrap_or_default()
    }
}

impl World {
    /// Average origin health in percent over the newest edge probes; `None` without any.
    pub fn origin_health(&self, origin: &str) -> Option<f64> {
        let state = self.state();
        let window = state.knobs.metric_window;
        state.probes.get(origin)?.recent(state.clock.now(), window)
    }

    /// One-minute points of origin health from `from` to before `to`. The newest ones show the newest probes at once,
    /// so that an outage of seconds is seen as in life one of minutes is. `None` for an unknown origin.
    pub fn origin_points(&self, origin: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Vec<Point>> {
        let state = self.state();
        let history = state.probes.get(&origin.to_ascii_lowercase())?;
        let now = state.clock.now();
        let newest = minute(state.newest_minutes());
        let recent = history.newest(now, state.knobs.metric_window);
        let samples = |at: i64| match at {
            _ if at > minute(now) => (0.0, 0),
            _ if at >= newest => sum(recent),
            _ if at < minute(state.clock.started()) => (history.before, 1),
            _ => sum(history.minute(at)),
        };
        let point = |at| {
            let (total, count) = samples(minute(at));
            Point { at, total, count }
        };
        Some(points(from, to).map(point).collect())
    }

    /// One-minute points of a replica's lag in seconds; no data for a server that is not a replica.
    pub fn lag_points(&self, server: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Vec<Point>> {
        let now = self.now();
        let found = self.server(server)?;
        let answers = self.server_answers(&found.name);
        let known = |at| answers && found.source.is_some() && at <= now;
        let point = |at| if known(at) { (found.lag, 1) } else { (0.0, 0) };
        Some(
            points(from, to).map(|at| (at, point(at))).map(|(at, (total, count))| Point { at, total, count }).collect(),
        )
    }
}

impl State {
    /// From here on a minute shows the present instead of its own samples.
    pub fn newest_minutes(&self) -> DateTime<Utc> {
        let now = minute(self.clock.now());
        start_of(now - self.knobs.metric_recent_minutes.max(1) + 1)
    }
}

/// Sum and number of samples in percent.
fn sum((good, all): (u32, u32)) -> (f64, u32) {
    (f64::from(good) * 100.0, all)
}

fn percent((good, all): (u32, u32)) -> Option<f64> {
    (all > 0).then(|| f64::from(good) * 100.0 / f64::from(all))
}

fn minute(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(60)
}

fn start_of(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(minute * 60, 0).unwrap_or_default()
}

/// The minutes that begin in a time span: its start is rounded down, its end is left out.
pub(super) fn points(from: DateTime<Utc>, to: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
    let last = to.timestamp().saturating_sub(1).div_euclid(60);
    (minute(from)..=last).map(start_of)
}
