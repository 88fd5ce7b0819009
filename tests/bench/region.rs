//! Many plans of one region failing over at once, under Azure's documented token buckets.

use super::figure::{Budget, Figure};
use super::outage::{self, Outage, seconds};
use super::{Programs, Trouble};
use reveille::domain::timing::Timing;
use reveille::sandbox::world::{Event, Limits};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// AKS: "everything else", starts and stops among them: so many at once, and so many a second after that
/// (learn.microsoft.com, quotas-skus-regions).
const BURST: f64 = 60.0;
const PER_SECOND: f64 = 1.0;
/// Stops take longer than the last of them has to wait, as in life; starts come after that.
const WORLD: &str = "stop = \"300s\"\nstart = \"300s\"\nprobe_interval = \"2s\"";
const LIMIT: Duration = Duration::from_secs(600);

pub async fn measure(programs: &Programs) -> Result<Vec<Figure>, Trouble> {
    let plans = programs.plans;
    let mut outage = Outage::prepare(programs, &world(plans)).await?;
    outage.world().tune(|knobs| {
        knobs.limits = Limits::DOCUMENTED;
        knobs.metric_window = Duration::from_secs(6);
    });
    outage.witnesses(plans).await?;
    let idle = outage.resident()?;
    outage.go_dark();
    let alert = outage.first(Duration::from_secs(60), outage::is_alert_taken).await?;
    let crowd = all_called(&mut outage, plans).await?;
    let last = crowd.first_calls.values().copied().fold(alert.at, Ord::max);
    let first = crowd.first_calls.values().copied().min().unwrap_or(alert.at);
    let hold = Timing::default().confirm_hold.as_secs_f64();
    let queue = (plans as f64 - BURST).max(0.0) / PER_SECOND;
    let throttled = outage.log.iter().filter(|entry| matches!(entry.event, Event::Throttled { .. })).count();
    let per_run = crowd.most_resident.saturating_sub(idle) as f64 / plans as f64 / 1_000.0;
    Ok(vec![
        Figure::new("region_last_first_call", seconds(alert.at, last), "s", Budget::Times(1.1))
            .against("ideal", hold + queue)
            .note(format!(
                "{plans} plans, from the first alert; {:.0} s from the first call, {throttled} calls throttled",
                seconds(first, last)
            )),
        Figure::new("memory_per_active_run", per_run, "kB", Budget::AtMost(100.0)).note(format!(
            "{plans} runs: {:.1} MB before, {:.1} MB at most",
            idle as f64 / 1e6,
            crowd.most_resident as f64 / 1e6
        )),
    ])
}

fn world(plans: usize) -> String {
    let names: Vec<String> = (0..plans).map(|number| format!("\"w{number}\"")).collect();
    format!("workloads = [{}]\n{WORLD}", names.join(", "))
}

struct Crowd {
    /// When each primary cluster's stop was accepted.
    first_calls: BTreeMap<String, chrono::DateTime<chrono::Utc>>,
    /// Bytes.
    most_resident: u64,
}

/// Waits until every plan's first mutating call was accepted.
async fn all_called(outage: &mut Outage, plans: usize) -> Result<Crowd, Trouble> {
    let deadline = Instant::now() + LIMIT;
    let mut crowd = Crowd { first_calls: BTreeMap::new(), most_resident: 0 };
    while crowd.first_calls.len() < plans {
        if Instant::now() > deadline {
            return Err(format!("only {} of {plans} plans called", crowd.first_calls.len()).into());
        }
        sleep(Duration::from_millis(500)).await;
        outage.catch_up();
        crowd.most_resident = crowd.most_resident.max(outage.resident()?);
        for entry in outage.log.iter().filter(|entry| outage::is_accepted(entry, "/stop")) {
            if let Event::ArmCall { path, .. } = &entry.event {
                crowd.first_calls.entry(path.clone()).or_insert(entry.at);
            }
        }
    }
    Ok(crowd)
}
