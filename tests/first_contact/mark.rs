//! The mark of a test alert: a real alert is never taken for one.

use chrono::DateTime;
use reveille::domain::alert::{Concern, concern, parse, test_alert};
use reveille::domain::plan::Plan;
use serde_json::{Value, json};

fn plan() -> Plan {
    let text = include_str!("../fixtures/config/minimal.toml");
    reveille::config::parse(text, "reveille.toml", &|_| None).unwrap().plans.remove(0)
}

const MEMBER: &str = "reveilleTestAlert";

fn body() -> Value {
    let plan = plan();
    test_alert(&plan, plan.preferred(), "7", DateTime::UNIX_EPOCH)
}

#[test]
fn a_test_alert_is_read_as_one_and_concerns_the_plan_like_a_real_one() {
    let (plan, alert) = (Plan { alert_rules: Vec::new(), ..plan() }, parse(&body().to_string()).unwrap());
    assert_eq!(alert.test.as_deref(), Some("7"));
    let concern = concern(&alert, &plan, &plan.preferred().name, DateTime::UNIX_EPOCH);
    assert!(matches!(concern, Concern::Outage(_)), "{concern:?}");
}

#[test]
fn an_alert_that_lacks_any_part_of_the_mark_is_a_real_one() {
    let real = "/subscriptions/s/providers/Microsoft.AlertsManagement/alerts/7";
    let breaks: [(&str, Value); 5] = [
        ("/reveilleTestAlert", Value::Null),
        ("/reveilleTestAlert/number", "8".into()),
        ("/data/essentials/alertRule", "afd-primary-origin-health".into()),
        ("/data/essentials/monitoringService", "Platform".into()),
        ("/data/essentials/alertId", real.into()),
    ];
    for (path, value) in breaks {
        let mut body = body();
        *body.pointer_mut(path).unwrap() = value;
        assert_eq!(parse(&body.to_string()).unwrap().test, None, "{path}");
    }
}

#[test]
fn words_of_people_in_a_real_alert_do_not_make_it_a_test() {
    let mut body = body();
    let mark = body[MEMBER].take();
    body.as_object_mut().unwrap().remove(MEMBER);
    body["data"]["customProperties"] = json!({ MEMBER: mark });
    body["data"]["essentials"]["description"] = MEMBER.into();
    assert_eq!(parse(&body.to_string()).unwrap().test, None);
}
