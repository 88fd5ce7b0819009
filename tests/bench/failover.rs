//! One failover at production pace: what it costs on top of the world's own time, and how often it calls ARM.

use super::figure::{Budget, Figure};
use super::outage::{self, Outage, seconds};
use super::{Programs, Trouble};
use chrono::{DateTime, Utc};
use reveille::domain::timing::Timing;
use reveille::sandbox::world::{Entry, Event};
use std::time::Duration;

const STOP: u64 = 45;
const START: u64 = 90;
const APP_BOOT: u64 = 45;

pub async fn measure(programs: &Programs) -> Result<Vec<Figure>, Trouble> {
    let world = format!("stop = \"{STOP}s\"\nstart = \"{START}s\"\napp_boot = \"{APP_BOOT}s\"\nweb_boot = \"10s\"");
    let mut outage = Outage::prepare(programs, &world).await?;
    outage.witnesses(1).await?;
    outage.go_dark();
    let alert = outage.first(Duration::from_secs(60), outage::is_alert_taken).await?;
    let end = outage.first(Duration::from_secs(900), |entry| outage::ended(entry).is_some()).await?;
    // Without a person's look at the search index it is "serving" at best.
    if !matches!(outage::ended(&end), Some("recovered" | "serving")) {
        return Err(format!("the run ended {:?}", outage::ended(&end)).into());
    }
    let run = Run { log: &outage.log, from: alert.at, to: end.at };
    Ok(vec![run.over_critical_path()?, run.calls(), run.calls_while_waiting()?])
}

/// The part of the world's log in which the run went on.
struct Run<'a> {
    log: &'a [Entry],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Run<'_> {
    /// The witnesses' hold time, the stop, the start and the application's boot, one after the other.
    fn over_critical_path(&self) -> Result<Figure, Trouble> {
        let timing = Timing::default();
        let (stop, start) = (self.operation("stop")?, self.operation("start")?);
        let critical = timing.confirm_hold.as_secs_f64() + stop + start + APP_BOOT as f64;
        let took = seconds(self.from, self.to);
        let polls = [timing.probe_interval, timing.cluster_poll, timing.cluster_poll, timing.app_poll, timing.app_poll];
        let allowed = critical * 0.02 + polls.iter().sum::<Duration>().as_secs_f64();
        let budget = Budget::AtMost(critical + allowed);
        Ok(Figure::new("run_duration", took, "s", budget).against("critical path", critical).note(format!(
            "{:.1} s over it; hold {} s, stop {stop:.0} s, start {start:.0} s, boot {APP_BOOT} s",
            took - critical,
            timing.confirm_hold.as_secs(),
        )))
    }

    /// How long the first operation with that word in its name took.
    fn operation(&self, word: &str) -> Result<f64, Trouble> {
        let (operation, begun) = self.begun(word)?;
        let end = self.log.iter().find(
            |entry| matches!(&entry.event, Event::OperationEnded { operation: ended, .. } if *ended == operation),
        );
        Ok(seconds(begun, end.ok_or("an operation did not end")?.at))
    }

    fn begun(&self, word: &str) -> Result<(String, DateTime<Utc>), Trouble> {
        let named = self.log.iter().find_map(|entry| match &entry.event {
            Event::OperationStarted { operation, what, .. } if what.to_ascii_lowercase().contains(word) => {
                Some((operation.clone(), entry.at))
            }
            _ => None,
        });
        named.ok_or_else(|| format!("no {word} was seen").into())
    }

    /// The worst minute of the run.
    fn calls(&self) -> Figure {
        let calls = self.calls_between(self.from, self.to);
        let minute = chrono::TimeDelta::minutes(1);
        let within = |from: &DateTime<Utc>| calls.iter().filter(|at| *from <= **at && **at < *from + minute).count();
        let worst = calls.iter().map(within).max().unwrap_or_default();
        let minutes = seconds(self.from, self.to) / 60.0;
        Figure::new("arm_calls_worst_minute", worst as f64, "calls/min", Budget::AtMost(12.0))
            .note(format!("{} calls in {minutes:.1} min, watch included", calls.len()))
    }

    /// While the standby's cluster starts and nothing else can be done.
    fn calls_while_waiting(&self) -> Result<Figure, Trouble> {
        let (_, begun) = self.begun("start")?;
        let end = begun + chrono::TimeDelta::seconds(START as i64);
        let calls = self.calls_between(begun, end).len() as f64 * 60.0 / START as f64;
        Ok(Figure::new("arm_calls_while_waiting", calls, "calls/min", Budget::AtMost(12.0)))
    }

    fn calls_between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let within = self.log.iter().filter(|entry| from <= entry.at && entry.at < to);
        let calls = within.filter(|entry| matches!(entry.event, Event::ArmCall { .. } | Event::ArmRead { .. }));
        calls.map(|entry| entry.at).collect()
    }
}
