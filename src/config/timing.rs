//! `[plan.timing]`: poll intervals, deadlines and retry budgets.

use super::entry::Entry;
use super::reader::Section;
use crate::domain::timing::Timing;

/// Reads every duration under its own name. The struct literal makes a forgotten field a compile error.
macro_rules! durations {
    ($section:ident, $default:ident, above_zero: [$($above:ident),*], or_zero: [$($zero:ident),*], $($rest:tt)*) => {
        Timing {
            $($above: $section.get(stringify!($above)).duration().unwrap_or($default.$above),)*
            $($zero: $section.get(stringify!($zero)).duration_or_zero().unwrap_or($default.$zero),)*
            $($rest)*
        }
    };
}

pub(super) fn read(entry: &Entry<'_>) -> Timing {
    let default = Timing::default();
    let Some(section) = entry.section() else { return default };
    let count = |key, default: usize| section.get(key).whole(1..=100).map_or(default, |count| count as usize);
    let timing = durations!(section, default,
        above_zero: [
            probe_interval, probe_timeout, confirm_deadline, metric_window, cluster_poll, workload_poll, writer_poll,
            app_poll, workload_deadline,
            fence_deadline, fence_scale_deadline, start_warning, start_deadline, capacity_retry, writer_deadline, app_deadline,
            route_deadline, operator_wait, approval_wait, arm_timeout
        ],
        or_zero: [confirm_hold, metric_settle, cluster_rest],
        confirm_samples: count("confirm_samples", default.confirm_samples),
        confirm_failures: count("confirm_failures", default.confirm_failures),
        metric_threshold: section.get("metric_threshold").percentage().unwrap_or(default.metric_threshold),
    );
    check_counts(&section, &timing);
    check_order(&section, &timing);
    section.finish();
    timing
}

fn check_counts(section: &Section<'_>, timing: &Timing) {
    if timing.confirm_failures > timing.confirm_samples {
        let message = format!(
            "{} failures of {} samples can never be: confirm_failures must not exceed confirm_samples",
            timing.confirm_failures, timing.confirm_samples
        );
        given(section, "confirm_failures", "confirm_samples").reject(message);
    }
    let probing = timing.probe_interval.saturating_mul(timing.confirm_failures as u32);
    if probing > timing.confirm_deadline {
        given(section, "probe_interval", "confirm_deadline")
            .reject("confirm_deadline is over before confirm_failures probes at probe_interval are");
    }
}

/// What must be shorter than what; equal is wrong too.
fn check_order(section: &Section<'_>, timing: &Timing) {
    let pairs = [
        ("confirm_hold", timing.confirm_hold, "confirm_deadline", timing.confirm_deadline),
        ("metric_settle", timing.metric_settle, "metric_window", timing.metric_window),
        ("cluster_poll", timing.cluster_poll, "fence_deadline", timing.fence_deadline),
        ("workload_poll", timing.workload_poll, "fence_scale_deadline", timing.fence_scale_deadline),
        ("cluster_poll", timing.cluster_poll, "start_deadline", timing.start_deadline),
        ("workload_poll", timing.workload_poll, "workload_deadline", timing.workload_deadline),
        ("writer_poll", timing.writer_poll, "writer_deadline", timing.writer_deadline),
        ("app_poll", timing.app_poll, "app_deadline", timing.app_deadline),
        ("app_poll", timing.app_poll, "route_deadline", timing.route_deadline),
    ];
    // Their defaults do no harm beside a short deadline, so only what is written is held against it.
    let when_written = [
        ("start_warning", timing.start_warning, "start_deadline", timing.start_deadline),
        ("capacity_retry", timing.capacity_retry, "start_deadline", timing.start_deadline),
    ];
    let written = when_written.into_iter().filter(|(short, ..)| section.has(short));
    for (short, shorter, long, longer) in pairs.into_iter().chain(written) {
        if shorter >= longer {
            given(section, short, long).reject(format!(
                "{short} ({}) must be shorter than {long} ({})",
                humantime::format_duration(shorter),
                humantime::format_duration(longer)
            ));
        }
    }
}

/// Of two keys that do not fit together, the one that stands in the file: defaults fit.
fn given<'a>(section: &Section<'a>, one: &'static str, other: &'static str) -> Entry<'a> {
    let entry = section.get(one);
    if entry.is_absent() { section.get(other) } else { entry }
}
