//! Whether the faults of a scenario did what they are there for, and whether the handler heeded them.

use chrono::TimeDelta;

use super::action::{Action, Fault};
use super::check::Check;
use super::moment::Moment;
use crate::sandbox::world::{Entry, Event, FaultAction, World};

pub(super) fn checks(at: &[Moment], world: &World, log: &[Entry]) -> Vec<Check> {
    let unspent: Vec<String> = world.unspent_faults().iter().map(|fault| format!("{fault:?}")).collect();
    let hasty: Vec<&str> = at.iter().filter_map(pause).flat_map(|(fault, pause)| hasty(fault, pause, log)).collect();
    vec![
        Check::none("faults that were met less often than they should", &unspent),
        Check::none("mutating calls before the end of their Retry-After", &hasty),
    ]
}

/// A fault that throttles a mutating call and says for how long. Reads are left out: functions that know nothing of each
/// other read the same things.
fn pause(moment: &Moment) -> Option<(&Fault, TimeDelta)> {
    let Action::Fault(fault) = &moment.action else { return None };
    let FaultAction::Answer { status: 429, retry_after: Some(seconds), .. } = &fault.then else { return None };
    Some((fault, TimeDelta::seconds(seconds.parse().ok()?)))
}

fn hasty<'a>(fault: &Fault, pause: TimeDelta, log: &'a [Entry]) -> Vec<&'a str> {
    let calls: Vec<(&Entry, Option<u16>)> = log.iter().filter_map(|entry| call(fault, entry)).collect();
    let too_soon = calls.windows(2).filter(|pair| pair[0].1 == Some(429) && pair[1].0.at - pair[0].0.at < pause);
    too_soon.map(|pair| pair[1].0.text.as_str()).collect()
}

/// A mutating call that the fault is about, with its status.
fn call<'a>(fault: &Fault, entry: &'a Entry) -> Option<(&'a Entry, Option<u16>)> {
    let Event::ArmCall { method, path, status, .. } = &entry.event else { return None };
    let right_method = fault.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
    let right_path = path.to_ascii_lowercase().contains(&fault.path.to_ascii_lowercase());
    (right_method && right_path).then_some((entry, *status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::scenario::Scenario;
    use crate::sandbox::world::Workload;
    use chrono::DateTime;
    use serde_json::Value;

    const THROTTLED: &str = r#"
        name = "x"
        about = "x."
        exit = 0
        settle = "1s"
        [[at]]
        do = { fault = { method = "POST", path = "aks/start", times = 1, then = { fault = "answer", status = 429, retry_after = "2" } } }
    "#;

    fn start(milliseconds: i64, status: u16) -> Entry {
        let (method, path, caller) = ("POST".to_owned(), "/x/AKS/start".to_owned(), String::new());
        let event = Event::ArmCall {
            method,
            path,
            version: None,
            caller,
            body: Value::Null,
            status: Some(status),
            client_request_id: None,
        };
        let at = DateTime::from_timestamp_millis(1_700_000_000_000 + milliseconds).unwrap();
        Entry { seq: 1, at, event, text: format!("start after {milliseconds} ms") }
    }

    async fn wrong(world: &World, log: &[Entry]) -> Vec<String> {
        let scenario = Scenario::parse("x", THROTTLED).unwrap();
        let checks = checks(&scenario.at, world, log);
        checks.into_iter().filter(|check| !check.ok).map(|check| check.saw).collect()
    }

    async fn world() -> World {
        World::bind(vec![Workload::named("sonar")], &[]).await.unwrap().0
    }

    #[tokio::test]
    async fn a_call_before_the_end_of_its_pause_is_wrong() {
        let world = world().await;
        assert!(wrong(&world, &[start(0, 429), start(2_000, 202)]).await.is_empty());
        assert_eq!(wrong(&world, &[start(0, 429), start(1_900, 202)]).await, ["[\"start after 1900 ms\"]"]);
        assert!(wrong(&world, &[start(0, 202), start(10, 409)]).await.is_empty());
    }

    #[tokio::test]
    async fn a_fault_that_nothing_met_is_wrong_until_it_is_met_as_often_as_it_says() {
        let world = world().await;
        let Action::Fault(fault) = &Scenario::parse("x", THROTTLED).unwrap().at[0].action else { panic!() };
        world.add_fault(crate::sandbox::world::ArmFault { times: Some(2), ..fault.clone().into() });
        world.take_fault("POST", "/x/aks/start").unwrap();
        assert_eq!(wrong(&world, &[]).await.len(), 1);
        world.take_fault("POST", "/x/aks/start").unwrap();
        assert!(wrong(&world, &[]).await.is_empty());
    }

    #[tokio::test]
    async fn a_fault_without_a_count_need_not_be_met() {
        let world = world().await;
        world.add_fault(crate::sandbox::world::ArmFault::on("GET", "/x", FaultAction::Reset));
        assert!(wrong(&world, &[]).await.is_empty());
    }
}
