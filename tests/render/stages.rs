//! What is usual, as people read it beside a run that goes on and beside a plan.

use super::journals::{Journal, down};
use super::stories;
use chrono::{DateTime, Utc};
use reveille::domain::runbook::StepName::{ConfirmOutage, FencePrimary, StartReplica, VerifyWriter};
use reveille::domain::status::{PlanStatus, RunView};
use reveille::render::{Screen, html, markdown, terminal};
use serde_json::json;

fn at(time: &str) -> DateTime<Utc> {
    format!("2026-11-04T{time}Z").parse().unwrap()
}

fn measured(low: f64, high: f64) -> serde_json::Value {
    json!({ "seconds": (low + high) / 2.0, "low": low, "high": high, "basis": "history", "n": 7 })
}

fn view(state: &str, expected: &serde_json::Value) -> RunView {
    let view = json!({
        "run": "sonarqube.20261104T021405Z.k3f9", "plan": "sonarqube", "kind": "failover",
        "headline": "failover under way: start-replica", "state": "running", "closed": false, "seq": 9,
        "steps": [{ "step": "start-replica", "state": state, "started_at": "2026-11-04T02:16:00Z", "ended_at": null,
                    "note": null, "expected": expected }],
        "eta": { "usual": "2026-11-04T02:24:10Z", "late": "2026-11-04T02:40:10Z" },
        "asks": [], "events": [],
    });
    serde_json::from_value(view).unwrap()
}

#[test]
fn a_live_step_says_what_is_usual_and_the_run_when_it_is_through() {
    let shown = terminal::run(&view("running", &measured(180.0, 240.0)), Screen::plain(100), at("02:18:10"));
    assert!(shown.contains("start-replica      2m 10s so far, usually 3m to 4m"), "{shown}");
    assert!(shown.contains("about 6m left, 22m if all of it is slow"), "{shown}");
}

#[test]
fn a_step_that_does_not_run_and_one_never_measured_say_nothing_of_what_is_usual() {
    let documented = json!({ "seconds": 360.0, "low": 300.0, "high": 600.0, "basis": "documented" });
    for view in [view("succeeded", &measured(180.0, 240.0)), view("running", &documented)] {
        let shown = terminal::run(&view, Screen::plain(100), at("02:18:10"));
        assert!(!shown.contains("usually") && !shown.contains("so far"), "{shown}");
    }
}

#[test]
fn every_form_of_a_report_warns_of_a_stage_that_became_slower() {
    let report = stories::slowed().report();
    let warning = "start-replica took 8m 41s, 2.6 times its usual 3m 20s: slower than its own history";
    let forms = [html::report(&report), markdown::report(&report), terminal::report(&report, Screen::plain(300))];
    for form in forms {
        assert!(form.contains(warning), "{form}");
    }
    let table = markdown::report(&report);
    assert!(table.contains("| start-replica | 8m 41s | 3m to 4m | 9 measurements | 29 % |"), "{table}");
    assert!(table.contains("| verify-route | 23s | 30s to 2m | documented or assumed, not measured here | 1 % |"));
    let shown = terminal::report(&report, Screen::plain(300));
    assert!(shown.contains("8m 41s, usually 3m to 4m, slower than its history"), "{shown}");
    assert!(shown.contains("2m 10s, usually 1m 48s to 2m 24s\n"), "{shown}");
}

#[test]
fn a_report_of_a_run_that_goes_on_says_when_it_is_expected_to_be_through() {
    let journal = Journal::by_alert().expecting(StartReplica, 200.0, 9).started(ConfirmOutage).later(45);
    let report = journal.proven(ConfirmOutage, down()).started(FencePrimary).later(10).started(VerifyWriter).report();
    // Fence, start, application and route are left: 600, 200, 300 and 60 s, and 900, 240, 900 and 120 s when slow.
    let through =
        "xpected to be through at 2026-11-04 02:34:10 UTC, at 2026-11-04 02:50:50 UTC if all that is left is slow";
    for form in [html::report(&report), markdown::report(&report)] {
        assert!(form.contains(through), "{form}");
    }
}

fn plan(seconds: f64) -> PlanStatus {
    let plan = json!({
        "plan": "sonarqube", "light": "green", "sentence": "eastus2 is primary, nothing is open", "automation": "act",
        "primary": "eastus2", "standby": "centralus", "incident": null, "active": null, "paused": null, "debts": [],
        "last_run": null, "ledger_head": "",
        "recovery": {
            "target_seconds": 1800, "low": 600.0, "seconds": seconds, "high": 2400.0,
            "path": ["confirm-outage", "start-replica"], "measured": 1,
            "stages": [
                { "step": "confirm-outage", "expected": measured(60.0, 90.0), "trend": "steady" },
                { "step": "start-replica", "expected": measured(180.0, 600.0), "trend": "slower" },
            ],
        },
    });
    serde_json::from_value(plan).unwrap()
}

#[test]
fn a_plan_says_how_long_a_failover_takes_and_which_stage_is_not_what_it_was() {
    let shown = terminal::plan(&plan(900.0), Screen::plain(200));
    let estimate =
        "a failover takes about 15m (10m to 40m) from its admission, target 30m; 1 of 2 stages on its way were";
    assert!(shown.contains(estimate), "{shown}");
    assert!(shown.contains("start-replica: usually 3m to 10m, slower than it used to be"), "{shown}");
    assert!(!shown.contains("confirm-outage"), "{shown}");
}
