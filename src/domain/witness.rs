//! The gate before anything is touched: is the primary really down?
//!
//! Two witnesses must agree: our own probes of the primary's origin (N of the newest M, spanning a hold time) and
//! Front Door's origin health. A witness that never saw the primary healthy is blind, and a blind or missing witness
//! leaves the question open for a person; it never counts as an alarm.

use super::application::OriginView;
use super::fact::Fact;
use super::names::{PlanName, SiteName};
use super::timing::Timing;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One sample of everything that can testify.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Witness {
    pub at: DateTime<Utc>,
    /// Own probe of the primary's origin, past Front Door.
    pub primary: Fact<OriginView>,
    /// Own probe of the standby's origin. Cold is normal; a healthy one is worth knowing.
    pub standby: Fact<OriginView>,
    /// Front Door's own view of the primary's origin: newest settled origin health, in percent.
    pub origin_health: Fact<f64>,
    /// Whether Front Door takes a connection from us. Asking for a page would say less: with every origin ill Front
    /// Door waits for them. If neither it nor the primary answers, the one that is cut off may be us.
    pub front_door_answers: bool,
}

/// When each witness last saw the primary healthy. Written by `watch`, read by `confirm-outage`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastSeen {
    pub probe_healthy: Option<DateTime<Utc>>,
    pub metric_healthy: Option<DateTime<Utc>>,
    /// Where the database writer name pointed when it was last looked up in good times.
    pub writer_target: Option<String>,
}

/// Name of the small document with [`LastSeen`] for a site of a plan.
pub fn last_seen_name(plan: &PlanName, site: &SiteName) -> String {
    format!("witness/{plan}/{site}.json")
}

/// The answer, with its reason in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "verdict", content = "because")]
pub enum Verdict {
    PrimaryDown(String),
    PrimaryHealthy(String),
    Inconclusive(String),
}

/// Decides over the samples taken so far, oldest first.
pub fn verdict(samples: &[Witness], seen: &LastSeen, timing: &Timing) -> Verdict {
    let Some(newest) = window(samples, timing) else {
        let taken = if samples.len() == 1 { "1 sample".into() } else { format!("{} samples", samples.len()) };
        return Verdict::Inconclusive(format!("{taken} taken, not enough yet"));
    };
    let last = &newest[newest.len() - 1];
    let failed = newest.iter().filter(|sample| failed(sample)).count();
    let healthy = newest.iter().rev().take_while(|sample| healthy(sample)).count();
    // N of M, in a window that may have to be longer than M to span the hold time.
    let enough = (newest.len() * timing.confirm_failures).div_ceil(timing.confirm_samples.max(1));
    if healthy >= enough {
        return healthy_verdict(last, healthy, timing);
    }
    if failed >= enough && self::failed(last) {
        return down_verdict(last, failed, newest.len(), seen, timing);
    }
    Verdict::Inconclusive(format!("own probes disagree: {failed} of the newest {} failed", newest.len()))
}

/// The newest samples: at least M, spanning at least the hold time. `None` while there are no such.
fn window<'a>(samples: &'a [Witness], timing: &Timing) -> Option<&'a [Witness]> {
    let most = samples.len().checked_sub(timing.confirm_samples.max(1))?;
    (0..=most).rev().map(|start| &samples[start..]).find(|newest| spans(newest, timing))
}

fn failed(sample: &Witness) -> bool {
    sample.primary.value().is_some_and(OriginView::is_failed)
}

fn healthy(sample: &Witness) -> bool {
    sample.primary.value().is_some_and(OriginView::is_healthy)
}

fn spans(samples: &[Witness], timing: &Timing) -> bool {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return false };
    (last.at - first.at).to_std().is_ok_and(|span| span >= timing.confirm_hold)
}

fn healthy_verdict(last: &Witness, count: usize, timing: &Timing) -> Verdict {
    match last.origin_health.value() {
        Some(health) if *health < timing.metric_threshold => Verdict::Inconclusive(format!(
            "{count} own probes in a row found the primary healthy, but Front Door reports {health:.0} % origin health"
        )),
        _ => Verdict::PrimaryHealthy(format!("{count} own probes in a row found the primary's origin healthy")),
    }
}

fn down_verdict(last: &Witness, failed: usize, of: usize, seen: &LastSeen, timing: &Timing) -> Verdict {
    if seen.probe_healthy.is_none() {
        return Verdict::Inconclusive(
            "own probes never saw the primary healthy, so their failing proves nothing".into(),
        );
    }
    if !last.front_door_answers {
        return Verdict::Inconclusive(
            "neither the primary nor Front Door answers us: we may be the one cut off".into(),
        );
    }
    match last.origin_health.value() {
        Some(health) if *health < timing.metric_threshold && seen.metric_healthy.is_none() => Verdict::Inconclusive(
            format!("Front Door reports {health:.0} % origin health, but was never seen to report a healthy primary"),
        ),
        Some(health) if *health < timing.metric_threshold => Verdict::PrimaryDown(format!(
            "{failed} of the newest {of} own probes failed, and Front Door reports {health:.0} % origin health"
        )),
        Some(health) => Verdict::Inconclusive(format!(
            "{failed} of the newest {of} own probes failed, but Front Door still reports {health:.0} % origin health"
        )),
        None => Verdict::Inconclusive(format!(
            "{failed} of the newest {of} own probes failed, and there is no second witness: {}",
            last.origin_health.unknown_reason().unwrap_or("no origin health")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use std::time::Duration;

    fn timing() -> Timing {
        Timing { confirm_samples: 5, confirm_failures: 4, confirm_hold: Duration::from_secs(40), ..Timing::default() }
    }

    fn sample(second: i64, up: bool, health: Option<f64>) -> Witness {
        let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(second);
        let view = if up {
            OriginView::Healthy { said: "UP".into() }
        } else {
            OriginView::Unreachable { why: "refused".into() }
        };
        let origin_health = match health {
            Some(percent) => Fact::known(percent, at, "metric"),
            None => Fact::unknown("no data", at, "metric"),
        };
        let standby = Fact::known(OriginView::Unreachable { why: "cold".into() }, at, "probe");
        Witness { at, primary: Fact::known(view, at, "probe"), standby, origin_health, front_door_answers: true }
    }

    fn samples(ups: &[bool], health: Option<f64>) -> Vec<Witness> {
        ups.iter().enumerate().map(|(i, up)| sample(i as i64 * 10, *up, health)).collect()
    }

    fn seen() -> LastSeen {
        let long_ago = Some(DateTime::UNIX_EPOCH);
        LastSeen { probe_healthy: long_ago, metric_healthy: long_ago, writer_target: None }
    }

    #[test]
    fn two_witnesses_over_the_hold_time_make_an_outage() {
        let down = verdict(&samples(&[false; 5], Some(0.0)), &seen(), &timing());
        assert!(matches!(down, Verdict::PrimaryDown(_)), "{down:?}");
    }

    #[test]
    fn too_few_or_too_quick_samples_decide_nothing() {
        assert!(matches!(verdict(&samples(&[false; 3], Some(0.0)), &seen(), &timing()), Verdict::Inconclusive(_)));
        let mut quick = samples(&[false; 5], Some(0.0));
        for (i, sample) in quick.iter_mut().enumerate() {
            sample.at = DateTime::UNIX_EPOCH + TimeDelta::seconds(i as i64);
        }
        assert!(matches!(verdict(&quick, &seen(), &timing()), Verdict::Inconclusive(_)));
    }

    #[test]
    fn no_data_is_neither_zero_nor_a_hundred() {
        let open = verdict(&samples(&[false; 5], None), &seen(), &timing());
        assert!(matches!(open, Verdict::Inconclusive(_)), "{open:?}");
        let healthy = verdict(&samples(&[true; 5], None), &seen(), &timing());
        assert!(matches!(healthy, Verdict::PrimaryHealthy(_)), "{healthy:?}");
    }

    #[test]
    fn a_witness_that_never_saw_it_healthy_is_blind() {
        let blind_probe = LastSeen { probe_healthy: None, ..seen() };
        let blind_metric = LastSeen { metric_healthy: None, ..seen() };
        for blind in [blind_probe, blind_metric] {
            let open = verdict(&samples(&[false; 5], Some(0.0)), &blind, &timing());
            assert!(matches!(open, Verdict::Inconclusive(_)), "{open:?}");
        }
    }

    #[test]
    fn disagreeing_witnesses_leave_it_open() {
        let own_down = verdict(&samples(&[false; 5], Some(100.0)), &seen(), &timing());
        let own_up = verdict(&samples(&[true; 5], Some(0.0)), &seen(), &timing());
        for open in [own_down, own_up] {
            assert!(matches!(open, Verdict::Inconclusive(_)), "{open:?}");
        }
    }

    #[test]
    fn a_primary_that_just_came_back_is_not_down() {
        let open = verdict(&samples(&[false, false, false, false, true], Some(0.0)), &seen(), &timing());
        assert!(matches!(open, Verdict::Inconclusive(_)), "{open:?}");
    }

    #[test]
    fn a_busy_primary_is_neither_up_nor_down() {
        for said in ["RESTARTING", "DB_MIGRATION_RUNNING"] {
            let mut busy = samples(&[false; 5], Some(0.0));
            for sample in &mut busy {
                sample.primary = Fact::known(OriginView::Busy { said: said.into() }, sample.at, "probe");
            }
            assert!(matches!(verdict(&busy, &seen(), &timing()), Verdict::Inconclusive(_)), "{said}");
            let mut ill = samples(&[false; 5], Some(0.0));
            for sample in &mut ill {
                sample.primary = Fact::known(OriginView::Unhealthy { said: "503".into() }, sample.at, "probe");
            }
            assert!(matches!(verdict(&ill, &seen(), &timing()), Verdict::PrimaryDown(_)));
        }
    }

    #[test]
    fn nobody_answering_us_may_mean_that_we_are_cut_off() {
        let mut cut = samples(&[false; 5], Some(0.0));
        cut.iter_mut().for_each(|sample| sample.front_door_answers = false);
        assert!(matches!(verdict(&cut, &seen(), &timing()), Verdict::Inconclusive(_)));
    }
}
