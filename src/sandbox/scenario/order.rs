//! In which order things happened. The world settles what is due before it accepts anything, so its log is in order.

use super::alert_path::KILLED;
use super::check::Check;
use super::expect::{Count, Expect, Told};
use super::watch::Notice;
use crate::sandbox::world::{Entry, Event, Workload};

pub(super) fn checks(expect: &Expect, workloads: &[Workload], log: &[Entry]) -> Vec<Check> {
    let mut checks = Vec::new();
    if !expect.unfenced_start {
        let early: Vec<&str> = workloads.iter().flat_map(|workload| unfenced_starts(workload, log)).collect();
        checks.push(Check::none("starts before the other site was stopped", &early));
    }
    if expect.side_by_side {
        checks.push(Check::none("plans that waited for another one", &waited(workloads, log)));
    }
    checks.extend(expect.told.iter().map(|told| told_in_time(told, log)));
    checks
}

/// Accepted starts of a site while a stop of the other one had not yet ended in success. The first site ran before
/// anything happened.
fn unfenced_starts<'a>(workload: &Workload, log: &'a [Entry]) -> Vec<&'a str> {
    let (mut may_run, mut early) = ([true, false], Vec::new());
    let site_of = |target: &str| workload.sites.iter().position(|site| site.cluster == target);
    for entry in log {
        match &entry.event {
            Event::OperationStarted { what, target, .. } if what == "Starting" => {
                let Some(site) = site_of(target) else { continue };
                early.extend(may_run[1 - site].then_some(entry.text.as_str()));
                may_run[site] = true;
            }
            Event::OperationEnded { what, target, status, .. } if what == "Stopping" && status == "Succeeded" => {
                site_of(target).into_iter().for_each(|site| may_run[site] = false);
            }
            _ => {}
        }
    }
    early
}

/// Plans whose first start was accepted only when a run of another plan had ended already, or never. Whose handler was
/// killed before has waited for the next one, and for no other plan.
fn waited<'a>(workloads: &'a [Workload], log: &[Entry]) -> Vec<&'a str> {
    let waits = |own: &&Workload| {
        let others = workloads.iter().filter(|other| other.name != own.name);
        let first_end = others.filter_map(|other| first_end(other, log)).min();
        match (own.sites.iter().filter_map(|site| nth_start(&site.cluster, 1, log)).min(), first_end) {
            (Some(start), Some(end)) => start > end && !log[..start].iter().any(|entry| entry.text == KILLED),
            (None, _) => true,
            (Some(_), None) => false,
        }
    };
    workloads.iter().filter(waits).map(|workload| workload.product.as_str()).collect()
}

fn first_end(workload: &Workload, log: &[Entry]) -> Option<usize> {
    log.iter().position(|entry| {
        Notice::of(&entry.event).is_some_and(|notice| notice.plan == workload.product && notice.moment == "ended")
    })
}

/// Where in the log a start of the cluster was accepted, counted from 1.
fn nth_start(cluster: &str, nth: Count, log: &[Entry]) -> Option<usize> {
    let is_start = |entry: &Entry| match &entry.event {
        Event::OperationStarted { what, target, .. } => what == "Starting" && target == cluster,
        _ => false,
    };
    let mut starts = log.iter().enumerate().filter(|(_, entry)| is_start(entry)).map(|(place, _)| place);
    starts.nth(nth.saturating_sub(1))
}

fn told_in_time(told: &Told, log: &[Entry]) -> Check {
    let says = |entry: &Entry| match &entry.event {
        Event::Notification { body, .. } => body.to_string().contains(&told.says),
        _ => false,
    };
    let start = nth_start(&told.cluster, told.before_start, log);
    let in_time = log.iter().position(says).is_some_and(|place| start.is_none_or(|start| place < start));
    let what = format!("{} was told before start {} of {}", told.says, told.before_start, told.cluster);
    Check::new(what, &true, &in_time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;
    use serde_json::json;

    fn log(events: Vec<Event>) -> Vec<Entry> {
        let entry = |(place, event)| Entry { seq: place as u64 + 1, at: Utc::now(), text: format!("{event:?}"), event };
        events.into_iter().enumerate().map(entry).collect()
    }

    fn accepted(what: &str, target: &str) -> Event {
        Event::OperationStarted { operation: "o".into(), what: what.into(), target: target.into() }
    }

    fn stopped(target: &str, status: &str) -> Event {
        let (operation, what, target) = ("o".into(), "Stopping".into(), target.into());
        Event::OperationEnded { operation, what, target, status: status.into(), code: None }
    }

    fn notice(plan: &str, moment: &str, text: &str) -> Event {
        let body = json!({"type": format!("reveille.run.{moment}"), "data": {"plan": plan, "run": "r", "ask": text}});
        Event::Notification { channel: "hook".into(), body }
    }

    fn wrong(expect: &Expect, events: Vec<Event>) -> usize {
        let workloads = [Workload::named("sonar"), Workload::named("wiki")];
        checks(expect, &workloads, &log(events)).iter().filter(|check| !check.ok).count()
    }

    #[test]
    fn a_start_before_the_end_of_the_stop_is_wrong() {
        let (old, new) = ("aks-sonar-eastus2", "aks-sonar-centralus");
        let fenced = vec![accepted("Stopping", old), stopped(old, "Succeeded"), accepted("Starting", new)];
        assert_eq!(wrong(&Expect::default(), fenced.clone()), 0);
        let hasty = vec![accepted("Stopping", old), accepted("Starting", new), stopped(old, "Succeeded")];
        assert_eq!(wrong(&Expect::default(), hasty.clone()), 1);
        assert_eq!(wrong(&Expect { unfenced_start: true, ..Expect::default() }, hasty), 0);
        let failed = vec![accepted("Stopping", old), stopped(old, "Failed"), accepted("Starting", new)];
        assert_eq!(wrong(&Expect::default(), failed), 1, "a stop that failed fences nothing");
        let back = [fenced, vec![accepted("Starting", old)]].concat();
        assert_eq!(wrong(&Expect::default(), back), 1, "now the new site runs");
    }

    #[test]
    fn a_plan_that_waits_for_another_one_is_not_side_by_side() {
        let expect = Expect { side_by_side: true, unfenced_start: true, ..Expect::default() };
        let (sonar, wiki) = (accepted("Starting", "aks-sonar-centralus"), accepted("Starting", "aks-wiki-centralus"));
        let (sonar_ends, wiki_ends) = (notice("sonarqube", "ended", ""), notice("wiki", "ended", ""));
        let both = vec![sonar.clone(), wiki.clone(), sonar_ends.clone(), wiki_ends.clone()];
        assert_eq!(wrong(&expect, both), 0);
        assert_eq!(wrong(&expect, vec![sonar.clone(), sonar_ends, wiki, wiki_ends]), 1);
        assert_eq!(wrong(&expect, vec![sonar]), 1, "wiki never started");
    }

    #[test]
    fn what_is_told_after_the_start_was_told_too_late() {
        let cluster = "aks-sonar-centralus";
        let told = Told { says: "HeavyUsage".into(), cluster: cluster.into(), before_start: 2 };
        let expect = Expect { told: vec![told], unfenced_start: true, ..Expect::default() };
        let (start, says) = (accepted("Starting", cluster), notice("sonarqube", "needs-operator", "AksHeavyUsage"));
        assert_eq!(wrong(&expect, vec![start.clone(), says.clone(), start.clone()]), 0);
        assert_eq!(wrong(&expect, vec![start.clone(), start.clone(), says]), 1);
        assert_eq!(wrong(&expect, vec![start.clone(), start]), 1, "nothing was told");
    }
}
