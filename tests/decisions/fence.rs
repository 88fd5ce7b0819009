//! `fence-primary`: stop the old site, wait for what goes on, never start beside a primary that answers.

use super::fixture::{
    Story, accepted, alert, cluster, confirmed, default_plan, fact, fence, fence_owed, origin, person, started_cluster,
    unanswered,
};
use reveille::domain::application::OriginView;
use reveille::domain::cluster::{ClusterView, PoolView};
use reveille::domain::failure::FailureClass;
use reveille::domain::ladder;
use reveille::domain::look::Look;
use reveille::domain::names::SiteName;
use reveille::domain::observation::Observation;
use reveille::domain::plan::{Fence, FenceUnable, Plan};
use reveille::domain::run::{Ask, RunEvent, Sent};
use reveille::domain::runbook::{RunKind, StepName};
use reveille::steps::fence_primary::{Seen, decide};

const STEP: StepName = StepName::FencePrimary;
/// The step's deadline in these tables, three minutes after its start.
const OVERDUE: i64 = 200;
const SILENT: Option<bool> = Some(false);
const ANSWERS: Option<bool> = Some(true);

fn story(kind: RunKind, unable: FenceUnable) -> Story {
    let plan = Plan { fence: Fence { unable, ways: Fence::stop_only() }, ..default_plan() };
    Story::of(kind, plan, alert()).started(0, STEP)
}

fn asking() -> Story {
    story(RunKind::Failover, FenceUnable::Ask)
}

fn going_on() -> Story {
    story(RunKind::Failover, FenceUnable::Continue)
}

fn forbidden() -> Sent {
    let (code, message) = ("AuthorizationFailed".into(), "no".into());
    Sent::Rejected { class: FailureClass::Permission, code, message, request_ids: Vec::new() }
}

fn approved() -> RunEvent {
    RunEvent::Approved { by: "ann".into(), said: None, why: "go".into() }
}

/// What the step makes of it, in a word.
fn look(story: &Story, second: i64, states: &str, answers: Option<bool>) -> &'static str {
    let other = Some(origin(second, ANSWERS));
    word(
        story,
        second,
        Seen { cluster: cluster(second, states), origin: origin(second, answers), other, workload: None },
    )
}

/// The same of a site whose gateway or application answers, but not as a healthy one.
fn look_at_ill(story: &Story, second: i64, states: &str, ill: OriginView) -> &'static str {
    word(
        story,
        second,
        Seen { cluster: cluster(second, states), origin: fact(second, Some(ill)), other: None, workload: None },
    )
}

fn word(story: &Story, second: i64, seen: Seen) -> &'static str {
    match decide(&story.view(STEP, second), seen) {
        Look::Done { proof: Observation::Fence { .. } } => "fenced",
        Look::Done { proof: Observation::FenceOwed { by: Some(_), .. } } => "owed by a person",
        Look::Done { proof: Observation::FenceOwed { by: None, .. } } => "owed by policy",
        Look::Call { .. } => "stop",
        Look::Pending { .. } => "wait",
        Look::Ask { ask, .. } if ask.approve_means.is_some() => "ask",
        Look::Ask { .. } => "ask for deeds",
        Look::NoOutage { .. } => "no outage",
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_state_of_the_cluster_decides_first() {
    for (states, expected) in [
        ("Succeeded/Stopped", "fenced"),
        ("Succeeded/Running", "stop"),
        ("Failed/Running", "stop"),
        ("Stopping/Stopped", "wait"),
        ("Updating/Running", "wait"),
        ("?", "wait"),
    ] {
        assert_eq!(look(&asking(), 10, states, SILENT), expected, "{states}");
    }
}

#[test]
fn a_stop_is_sent_again_only_when_the_newest_one_cannot_work_any_more() {
    let up = "Succeeded/Running";
    let cases = [
        (Some(accepted()), 30, "wait"),
        (Some(accepted()), 60, "stop"),
        (Some(unanswered()), 20, "wait"),
        (Some(unanswered()), 40, "stop"),
        (Some(Sent::Throttled { retry_after: std::time::Duration::from_secs(50), held_back: false }), 45, "wait"),
        (Some(Sent::Throttled { retry_after: std::time::Duration::from_secs(50), held_back: false }), 65, "stop"),
        (Some(Sent::NotSent { reason: "late".into() }), 20, "wait"),
        (Some(Sent::NotSent { reason: "late".into() }), 40, "stop"),
        (Some(forbidden()), 13, "ask"),
        (None, 35, "stop"),
    ];
    for (outcome, second, expected) in cases {
        let story = asking().sent(10, STEP, outcome.clone());
        assert_eq!(look(&story, second, up, SILENT), expected, "{outcome:?} at {second}");
    }
}

#[test]
fn a_stop_that_was_held_back_is_sent_when_its_turn_comes() {
    let held = Sent::Throttled { retry_after: std::time::Duration::from_secs(33), held_back: true };
    let story = asking().sent(10, STEP, Some(held));
    let again = |second| {
        let seen = Seen {
            cluster: cluster(second, "Succeeded/Running"),
            origin: origin(second, SILENT),
            other: None,
            workload: None,
        };
        decide(&story.view(STEP, second), seen).again_in().map(|wait| wait.as_secs())
    };
    assert_eq!((again(15), again(40), again(50)), (Some(20), Some(4), None));
}

#[test]
fn past_the_deadline_the_policy_or_a_person_decides() {
    for (story, states, answers, expected) in [
        (asking(), "?", SILENT, "ask"),
        (going_on(), "?", SILENT, "owed by policy"),
        (going_on(), "?", None, "ask"),
        (going_on().sent(10, STEP, Some(forbidden())), "Succeeded/Running", SILENT, "owed by policy"),
        (going_on().sent(190, STEP, Some(unanswered())), "Succeeded/Running", SILENT, "owed by policy"),
        (going_on().sent(100, STEP, Some(accepted())), "Succeeded/Running", SILENT, "owed by policy"),
    ] {
        assert_eq!(look(&story, OVERDUE, states, answers), expected, "{states} {answers:?}");
    }
}

#[test]
fn a_stop_that_goes_on_is_never_unable() {
    let begun = going_on().sent(10, STEP, Some(accepted()));
    assert_eq!(look(&begun, OVERDUE, "Stopping/Stopped", SILENT), "ask");
    assert_eq!(look(&begun, OVERDUE, "?", SILENT), "ask");
    let seen_to = going_on().sent(10, STEP, Some(unanswered())).saw(20, STEP, fence(20, "Stopping/Stopped", SILENT));
    assert_eq!(look(&seen_to, OVERDUE, "?", SILENT), "ask", "it was stopping when it was last seen");
    let lost = seen_to.saw(30, STEP, fence(30, "?", SILENT));
    assert_eq!(look(&lost, OVERDUE, "?", SILENT), "ask", "an unknown sight does not take that back");
}

#[test]
fn a_person_is_asked_and_the_stop_is_still_tried_less_often() {
    let tried = asking().sent(100, STEP, Some(unanswered()));
    assert_eq!(look(&tried, OVERDUE, "Succeeded/Running", SILENT), "ask");
    assert_eq!(look(&tried, OVERDUE + 30, "Succeeded/Running", SILENT), "stop");
}

#[test]
fn a_primary_that_answers_again_is_left_alone() {
    let up = "Succeeded/Running";
    assert_eq!(look(&asking(), 10, up, ANSWERS), "wait", "one answer may be a flicker");
    let back = asking().saw(10, STEP, fence(10, up, ANSWERS));
    assert_eq!(look(&back, 49, up, ANSWERS), "wait");
    assert_eq!(look(&back, 50, up, ANSWERS), "no outage");
    for unable in [FenceUnable::Ask, FenceUnable::Continue] {
        let refused = story(RunKind::Failover, unable).sent(5, STEP, Some(forbidden()));
        let back = refused.saw(10, STEP, fence(10, up, ANSWERS));
        assert_eq!(look(&back, OVERDUE, up, ANSWERS), "no outage", "{unable:?}: nothing was touched");
    }
}

#[test]
fn a_primary_that_answers_after_a_stop_was_sent_is_a_persons_matter() {
    let up = "Succeeded/Running";
    let sent = going_on().sent(5, STEP, Some(unanswered())).saw(20, STEP, fence(20, up, ANSWERS));
    assert_eq!(look(&sent, 100, up, ANSWERS), "wait");
    assert_eq!(look(&sent, OVERDUE, up, ANSWERS), "ask for deeds");
    assert_eq!(look(&sent, OVERDUE, "Stopping/Stopped", ANSWERS), "ask for deeds", "the stop is waited for");
}

#[test]
fn an_approval_counts_only_while_the_primary_is_silent() {
    let ask = |story: Story| {
        let Look::Ask { ask, .. } = decide(
            &story.view(STEP, OVERDUE),
            Seen { cluster: cluster(OVERDUE, "?"), origin: origin(OVERDUE, SILENT), other: None, workload: None },
        ) else {
            panic!()
        };
        story.then(OVERDUE, RunEvent::NeedsOperator { step: STEP, ask }).then(OVERDUE + 5, approved())
    };
    let decided = ask(asking());
    assert_eq!(look(&decided, OVERDUE + 10, "?", SILENT), "owed by a person");
    assert_eq!(look(&decided, OVERDUE + 10, "Succeeded/Running", ANSWERS), "wait");
    assert_eq!(look(&decided, OVERDUE + 10, "Succeeded/Stopped", SILENT), "fenced", "a proof is better than a debt");
    assert_eq!(look(&decided, OVERDUE + 10, "?", None), "owed by a person", "silent when it was last seen");
    let answered = decided.saw(OVERDUE + 6, STEP, fence(OVERDUE + 6, "?", ANSWERS));
    assert_eq!(look(&answered, OVERDUE + 10, "?", None), "ask for deeds", "a probe that was not made is no silence");
    assert_eq!(look(&answered, OVERDUE + 10, "?", SILENT), "owed by a person");
}

#[test]
fn a_fence_run_stops_a_site_that_answers_and_takes_no_approval() {
    let paying = story(RunKind::Fence, FenceUnable::Continue);
    assert_eq!(look(&paying, 10, "Succeeded/Running", ANSWERS), "stop");
    let refused = paying.sent(10, STEP, Some(forbidden()));
    assert_eq!(look(&refused, OVERDUE, "Succeeded/Running", SILENT), "ask for deeds");
    assert_eq!(look(&refused.then(201, approved()), 210, "Succeeded/Running", SILENT), "ask for deeds");
}

fn paying() -> Story {
    story(RunKind::Fence, FenceUnable::Continue)
}

#[test]
fn a_fence_run_stops_only_while_the_other_site_is_seen_to_serve() {
    let at_other = |second, other| {
        let (cluster, origin) = (cluster(second, "Succeeded/Running"), origin(second, ANSWERS));
        word(&paying(), second, Seen { cluster, origin, other, workload: None })
    };
    assert_eq!(at_other(10, Some(origin(10, ANSWERS))), "stop");
    for other in [None, Some(origin(10, None)), Some(origin(10, SILENT))] {
        assert_eq!(at_other(10, other.clone()), "wait", "{other:?}");
        assert_eq!(at_other(OVERDUE, other.clone()), "ask for deeds", "{other:?}");
    }
}

#[test]
fn an_application_that_answers_ill_is_not_silent() {
    let said = || "503".to_owned();
    for ill in [OriginView::Unhealthy { said: said() }, OriginView::Busy { said: said() }] {
        assert_eq!(look_at_ill(&going_on(), OVERDUE, "?", ill.clone()), "ask for deeds", "{ill:?}");
        let ask = Ask { what: "go on?".into(), means: String::new(), commands: Vec::new(), approve_means: None };
        let approved = asking().then(50, RunEvent::NeedsOperator { step: STEP, ask }).then(60, approved());
        assert_eq!(look_at_ill(&approved, OVERDUE, "?", ill.clone()), "ask for deeds", "{ill:?}");
        assert_eq!(look(&approved, OVERDUE, "?", SILENT), "owed by a person");
    }
}

#[test]
fn a_stopped_cluster_whose_application_answers_is_not_fenced() {
    for story in [asking(), paying()] {
        assert_eq!(look(&story, 10, "Succeeded/Stopped", ANSWERS), "wait");
        assert_eq!(look(&story, OVERDUE, "Succeeded/Stopped", ANSWERS), "ask for deeds");
        assert_eq!(look(&story, OVERDUE, "Succeeded/Stopped", None), "fenced");
    }
    let runs_on = fence(10, "Succeeded/Stopped", ANSWERS);
    assert!(ladder::proves(STEP, &runs_on, &SiteName::new("centralus")).is_err());
}

#[test]
fn a_primary_that_an_accepted_stop_did_not_stop_is_a_persons_matter() {
    let stopped = asking().sent(10, STEP, Some(accepted()));
    assert_eq!(look(&stopped, 30, "Succeeded/Running", ANSWERS), "wait", "it may not show yet");
    assert_eq!(look(&stopped, 60, "Succeeded/Running", ANSWERS), "ask for deeds");
    assert_eq!(look(&stopped, 60, "Failed/Running", ANSWERS), "stop", "a stop that failed is tried again");
    let over = Observation::Override { by: "ann".into(), why: "test".into() };
    let plan = default_plan();
    let forced = Story::of(RunKind::Failover, plan, person(true)).proven(0, StepName::ConfirmOutage, over);
    let forced = forced.started(0, STEP).sent(10, STEP, Some(accepted()));
    assert_eq!(look(&forced, 60, "Succeeded/Running", ANSWERS), "stop", "it is left although it answers");
}

#[test]
fn a_pool_that_is_busy_does_not_keep_a_running_cluster_from_being_stopped() {
    let pool = PoolView { name: "np".into(), provisioning: Some("Updating".into()), power: None, count: None };
    let view = |provisioning: &str| ClusterView {
        provisioning: provisioning.into(),
        power: Some("Running".into()),
        pools: vec![pool.clone()],
    };
    let seen = |view| Seen { cluster: fact(10, Some(view)), origin: origin(10, SILENT), other: None, workload: None };
    assert_eq!(word(&asking(), 10, seen(view("Succeeded"))), "stop");
    assert_eq!(word(&asking(), 10, seen(view("Updating"))), "wait");
}

/// The fence is owed since second 100.
fn owing() -> Story {
    let story = Story::failover().proven(0, StepName::ConfirmOutage, confirmed()).started(0, STEP);
    story.then(100, RunEvent::StepSucceeded { step: STEP, proof: fence_owed() })
}

#[test]
fn a_debt_is_paid_at_first_contact_while_the_run_lives_and_asks_nobody() {
    let debt = owing();
    for second in [110, 500] {
        assert_eq!(look(&debt, second, "?", SILENT), "wait");
        assert_eq!(look(&debt, second, "Stopping/Stopped", SILENT), "wait");
        assert_eq!(look(&debt, second, "Succeeded/Running", SILENT), "stop");
        assert_eq!(look(&debt, second, "Succeeded/Stopped", SILENT), "fenced");
    }
    let refused = debt.clone().sent(110, STEP, Some(forbidden()));
    assert_eq!(look(&refused, 500, "Succeeded/Running", SILENT), "wait", "it stays owed");
    let tried = debt.sent(110, STEP, Some(unanswered()));
    assert_eq!(look(&tried, 120, "Succeeded/Running", SILENT), "wait");
    assert_eq!(look(&tried, 300, "Succeeded/Running", SILENT), "stop");
}

#[test]
fn a_debtor_that_comes_back_is_stopped_only_once_the_standby_is_released() {
    let up = "Succeeded/Running";
    assert_eq!(look(&owing(), 110, up, ANSWERS), "wait", "the start is held meanwhile");
    let back = owing().saw(110, STEP, fence(110, up, ANSWERS));
    assert_eq!(look(&back, 150, up, ANSWERS), "no outage", "nothing was touched");
    let start = StepName::StartReplica;
    let told = back.started(112, start).sent(112, start, Some(accepted()));
    assert_eq!(look(&told, 120, up, ANSWERS), "stop", "the standby may be starting");
    let broke =
        Observation::Cluster { site: SiteName::new("centralus"), cluster: cluster(300, "Failed/Running"), nodes: None };
    assert_eq!(look(&told.clone().saw(300, start, broke), 320, up, ANSWERS), "wait", "nothing serves in its place");
    assert_eq!(look(&told.saw(300, start, started_cluster(300)), 320, up, ANSWERS), "stop");
}
