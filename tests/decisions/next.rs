//! What a run does next, from its journal and the time alone.

use super::fixture::{
    Story, accepted, alert, app_serves, at, confirmed, default_plan, fence, fence_owed, person, served_by_standby,
    started_cluster, unanswered, writable, writer,
};
use reveille::domain::names::RunId;
use reveille::domain::outcome::Outcome;
use reveille::domain::plan::{Automation, Plan};
use reveille::domain::run::{Ask, Next, RunEvent, StartedBy, next};
use reveille::domain::runbook::{RunKind, StepName};
use reveille::domain::writer::WriterVerdict;
use std::time::Duration;

use StepName::{ConfirmOutage, FencePrimary, StartReplica, VerifyApp, VerifyRoute, VerifyWriter};

fn plan(automation: Automation) -> Plan {
    Plan { automation, ..default_plan() }
}

fn confirmed_run(automation: Automation, by: StartedBy) -> Story {
    Story::of(RunKind::Failover, plan(automation), by).proven(60, ConfirmOutage, confirmed())
}

fn next_of(story: &Story, second: i64) -> Next {
    next(&story.state(), at(second))
}

fn said(by: &str) -> (String, Option<String>, String) {
    (by.to_owned(), None, "test".to_owned())
}

fn approved() -> RunEvent {
    let (by, said, why) = said("ann");
    RunEvent::Approved { by, said, why }
}

fn declined() -> RunEvent {
    let (by, said, why) = said("ann");
    RunEvent::Declined { by, said, why }
}

fn aborted() -> RunEvent {
    let (by, said, why) = said("ann");
    RunEvent::AbortRequested { by, said, why }
}

fn ended_as(next: &Next) -> &str {
    match next {
        Next::End(outcome) => outcome.word(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn steps_open_when_what_they_wait_for_is_proven() {
    let story = Story::failover();
    assert_eq!(next_of(&story, 0), Next::Steps(vec![ConfirmOutage]));
    let story = story.proven(60, ConfirmOutage, confirmed());
    assert_eq!(next_of(&story, 61), Next::Steps(vec![FencePrimary, VerifyWriter]));
    let running = story.started(61, FencePrimary).sent(62, FencePrimary, Some(accepted()));
    assert_eq!(next_of(&running, 64), Next::Steps(vec![FencePrimary, VerifyWriter]), "an accepted stop is no fence");
    let with = |proof| running.clone().then(90, RunEvent::StepSucceeded { step: FencePrimary, proof });
    let stopped = fence(90, "Succeeded/Stopped", None);
    assert_eq!(next_of(&with(stopped.clone()), 91), Next::Steps(vec![VerifyWriter, StartReplica]));
    let owing = with(fence_owed());
    let looks_on = Next::Steps(vec![FencePrimary, VerifyWriter, StartReplica]);
    assert_eq!(next_of(&owing, 91), looks_on, "a debt is looked after while the run lives");
    let paid = owing.then(200, RunEvent::StepSucceeded { step: FencePrimary, proof: stopped });
    assert_eq!(next_of(&paid, 201), Next::Steps(vec![VerifyWriter, StartReplica]));
    assert!(paid.state().steps[&FencePrimary].observations.contains(&fence_owed()), "the debt is still told");
}

#[test]
fn the_application_is_looked_at_only_with_cluster_and_writer_proven() {
    let story = Story::failover().proven(60, ConfirmOutage, confirmed()).proven(90, FencePrimary, fence_owed()).proven(
        200,
        StartReplica,
        started_cluster(200),
    );
    assert_eq!(next_of(&story, 201), Next::Steps(vec![FencePrimary, VerifyWriter]));
}

#[test]
fn nothing_is_touched_before_the_automation_of_the_plan_allows_it() {
    let asks = Next::AskApproval { until: at(61) + default_plan().timing.approval_wait };
    let both = Next::Steps(vec![FencePrimary, VerifyWriter]);
    let cases = [
        (Automation::Act, alert(), both.clone()),
        (Automation::Approve, alert(), asks),
        (Automation::Approve, person(false), both.clone()),
        (Automation::Observe, person(false), both),
    ];
    for (automation, by, expected) in cases {
        assert_eq!(next_of(&confirmed_run(automation, by.clone()), 61), expected, "{automation:?} {by:?}");
    }
    let observed = next_of(&confirmed_run(Automation::Observe, alert()), 61);
    let Next::End(Outcome::Observed { would }) = observed else { panic!("{observed:?}") };
    assert!(would[0].contains("stopped the cluster of eastus2"), "{would:?}");
}

#[test]
fn an_approval_is_waited_for_until_its_time_is_over() {
    let asked = confirmed_run(Automation::Approve, alert()).then(61, RunEvent::ApprovalAsked { until: at(300) });
    assert_eq!(next_of(&asked, 299), Next::WaitForApproval { until: at(300) });
    assert_eq!(ended_as(&next_of(&asked, 300)), "approval-timed-out");
    let go = asked.clone().then(70, approved());
    assert_eq!(next_of(&go, 400), Next::Steps(vec![FencePrimary, VerifyWriter]));
    assert_eq!(ended_as(&next_of(&asked.then(70, declined()), 71)), "declined");
}

#[test]
fn a_call_that_may_be_on_its_way_is_waited_for_before_anything_ends() {
    let sending = Story::failover().proven(60, ConfirmOutage, confirmed()).started(61, FencePrimary);
    let sending = sending.sent(62, FencePrimary, None).then(63, aborted());
    assert!(matches!(next_of(&sending, 71), Next::Steps(_)), "the call counts as on its way until second 72");
    let Next::End(Outcome::Aborted { left_running, .. }) = next_of(&sending, 72) else { panic!() };
    assert_eq!(left_running, ["stop cluster the cluster"], "what may have arrived is named");
}

#[test]
fn an_abort_names_what_was_accepted_and_may_have_been() {
    let base = Story::failover().proven(60, ConfirmOutage, confirmed()).started(61, FencePrimary);
    let refused =
        reveille::domain::run::Sent::Throttled { retry_after: std::time::Duration::from_secs(5), held_back: false };
    for (outcome, left) in [(accepted(), 1), (unanswered(), 1), (refused, 0)] {
        let story = base.clone().sent(62, FencePrimary, Some(outcome.clone())).then(64, aborted());
        let Next::End(Outcome::Aborted { left_running, .. }) = next_of(&story, 65) else { panic!() };
        assert_eq!(left_running.len(), left, "{outcome:?}");
    }
}

#[test]
fn who_gives_way_or_is_parked_ends_whatever_else_is_asked() {
    let asked = confirmed_run(Automation::Approve, alert()).then(61, RunEvent::ApprovalAsked { until: at(300) });
    let gave_way = asked.clone().then(62, RunEvent::Preempted { by_run: RunId::new("r2") });
    assert_eq!(ended_as(&next_of(&gave_way, 63)), "gave-way");
    let parked = asked.then(62, RunEvent::Parked { why: "test".into() });
    assert_eq!(ended_as(&next_of(&parked, 63)), "parked");
}

#[test]
fn a_question_without_an_answer_ends_the_run_not_the_incident() {
    let wait = Duration::from_secs(600);
    let mut plan = default_plan();
    plan.timing.operator_wait = wait;
    let ask = Ask { what: "a question".into(), means: String::new(), commands: Vec::new(), approve_means: None };
    let asked = Story::of(RunKind::Failover, plan, alert())
        .started(0, ConfirmOutage)
        .then(100, RunEvent::NeedsOperator { step: ConfirmOutage, ask: ask.clone() })
        .then(400, RunEvent::NeedsOperator { step: ConfirmOutage, ask: Ask { what: "otherwise".into(), ..ask } });
    assert_eq!(next_of(&asked, 699), Next::Steps(vec![ConfirmOutage]), "it keeps looking");
    let over = next_of(&asked, 700);
    let Next::End(outcome) = &over else { panic!("{over:?}") };
    assert_eq!((outcome.word(), outcome.closes_incident()), ("operator-wait-over", false));
}

/// All proven; the writer right after the outage was confirmed, the route at second 600.
fn all_proven() -> Story {
    Story::failover()
        .proven(60, ConfirmOutage, confirmed())
        .proven(65, VerifyWriter, writable(65))
        .proven(200, FencePrimary, fence(200, "Succeeded/Stopped", None))
        .proven(500, StartReplica, started_cluster(500))
        .proven(560, VerifyApp, app_serves(560))
        .proven(600, VerifyRoute, served_by_standby(600))
}

#[test]
fn a_success_needs_the_writer_proven_again_at_the_end() {
    let story = all_proven();
    assert_eq!(next_of(&story, 601), Next::Steps(vec![VerifyWriter]), "its proof is nine minutes old");
    let looking = story.started(601, VerifyWriter);
    assert!(looking.state().proof(VerifyWriter).is_none(), "the old proof counts no more");
    assert_eq!(next_of(&looking, 602), Next::Steps(vec![VerifyWriter]));
    let again = looking.then(602, RunEvent::StepSucceeded { step: VerifyWriter, proof: writable(602) });
    assert_eq!(ended_as(&next_of(&again, 603)), "recovered");
}

#[test]
fn a_writer_lost_meanwhile_is_waited_for_and_then_the_route_is_seen_anew() {
    let ask = Ask { what: "promote".into(), means: String::new(), commands: Vec::new(), approve_means: None };
    let lost = all_proven()
        .started(601, VerifyWriter)
        .saw(602, VerifyWriter, writer(602, WriterVerdict::InRecovery))
        .then(602, RunEvent::NeedsOperator { step: VerifyWriter, ask });
    assert_eq!(next_of(&lost, 900), Next::Steps(vec![VerifyWriter]));
    let back = lost.clone().then(1000, RunEvent::StepSucceeded { step: VerifyWriter, proof: writable(1000) });
    assert_eq!(next_of(&back, 1001), Next::Steps(vec![VerifyRoute]));
    let seen = back.proven(1002, VerifyRoute, served_by_standby(1002));
    assert_eq!(ended_as(&next_of(&seen, 1003)), "recovered");
    assert_eq!(ended_as(&next_of(&lost, 602 + 8 * 60)), "operator-wait-over");
}

#[test]
fn proofs_that_grew_old_while_nobody_drove_end_nothing() {
    let fresh = all_proven().proven(601, VerifyWriter, writable(601));
    assert_eq!(ended_as(&next_of(&fresh, 610)), "recovered");
    assert_eq!(next_of(&fresh, 3600), Next::Steps(vec![VerifyWriter, VerifyRoute]));
}

#[test]
fn a_fence_run_is_fenced_only_by_a_cluster_seen_stopped() {
    let story = Story::of(RunKind::Fence, default_plan(), alert());
    let stopped = story.clone().proven(10, FencePrimary, fence(10, "Succeeded/Stopped", Some(false)));
    assert_eq!(ended_as(&next_of(&stopped, 11)), "fenced");
    assert_eq!(ended_as(&next_of(&story.proven(10, FencePrimary, fence_owed()), 11)), "failed");
}

#[test]
fn the_end_goes_report_ledger_notices_closed() {
    let outcome = Outcome::NoOutage { because: "test".into() };
    let ended = Story::failover().then(10, RunEvent::RunEnded { outcome });
    let reported = ended.clone().then(11, RunEvent::Reported { digest: "d".into() });
    let settled = reported.clone().then(12, RunEvent::Settled);
    let closed = settled.clone().then(13, RunEvent::Closed);
    let order = [(ended, Next::Report), (reported, Next::Settle), (settled, Next::Close), (closed, Next::Nothing)];
    for (story, expected) in order {
        assert_eq!(next_of(&story, 20), expected);
    }
}

#[test]
fn a_driver_that_renewed_its_claim_did_not_die_of_the_run() {
    let by = reveille::domain::run::Driver { instance: "i".into(), worker: "w".into() };
    let claimed = |slice| RunEvent::Claimed { by: by.clone(), slice };
    let at_once = Story::failover().then(1, claimed(1)).then(40, claimed(2)).then(80, claimed(3));
    assert_eq!(at_once.state().claim.deaths_if_dead(), 3);
    let at_work = Story::failover().then(1, claimed(1)).then(11, claimed(1)).then(50, claimed(2)).then(60, claimed(2));
    assert_eq!(at_work.state().claim.deaths_if_dead(), 0);
    let in_order = at_once.then(90, RunEvent::Released { slice: 3, next: None }).then(95, claimed(4));
    assert_eq!(in_order.state().claim.deaths_if_dead(), 1);
}
