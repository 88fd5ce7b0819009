//! Reports at the edges: very short, very long, never ended, with few and many steps, with texts nobody would choose.

use super::journals::*;
use super::stories;
use chrono::TimeDelta;
use reveille::domain::application::IndexState;
use reveille::domain::failure::FailureClass;
use reveille::domain::outcome::Outcome;
use reveille::domain::report::Report;
use reveille::domain::run::{Ask, Sent, Verb};
use reveille::domain::run::{Driver, RunEvent};
use reveille::domain::runbook::StepName::*;
use reveille::domain::writer::WriterVerdict;

/// Twenty seconds from the first sign to the end, as in the sandbox.
pub fn quick() -> Report {
    let journal = Journal::by_alert()
        .started(ConfirmOutage)
        .later(3)
        .proven(ConfirmOutage, down())
        .started(FencePrimary)
        .started(VerifyWriter)
        .called(FencePrimary, Verb::StopCluster, "eastus2", accepted("c0ffee00-0002"))
        .proven(VerifyWriter, writable("pg-sonar-eastus2"))
        .later(2)
        .proven(FencePrimary, fenced())
        .started(StartReplica)
        .called(StartReplica, Verb::StartCluster, "centralus", accepted("c0ffee00-0004"))
        .later(6)
        .proven(StartReplica, cluster("centralus", "Succeeded", "Running"));
    let mut report = stories::served(journal, IndexState::NotApplicable).report();
    // Its last two steps are as slow as everywhere; here they are not.
    let ended = report.steps[3].ended_at.unwrap();
    let at = |seconds| Some(ended + TimeDelta::seconds(seconds));
    for (step, (from, to)) in report.steps[4..].iter_mut().zip([(0, 2), (2, 4)]) {
        (step.started_at, step.ended_at, step.seconds) = (at(from), at(to), Some(2.0));
    }
    (report.ended_at, report.as_of) = (at(4), at(4));
    report.outage_since = report.admitted_at - TimeDelta::seconds(3);
    report.recovery_time.from.at = report.outage_since;
    report.recovery_time.to.as_mut().unwrap().at = ended + TimeDelta::seconds(4);
    report.recovery_time.seconds = Some(20.0);
    report
}

/// Five hours: approval after half an hour, a start that fails for lack of capacity again and again, a promotion.
pub fn slow() -> Report {
    let said = Sent::Rejected {
        class: FailureClass::Capacity,
        code: "AllocationFailed".into(),
        message: "Allocation failed".into(),
        request_ids: vec!["0f8d2f3e-1f64-4f0e-9d1b-6a1f6d2f7c11".into()],
    };
    let mut journal = Journal::by_alert()
        .started(ConfirmOutage)
        .later(45)
        .proven(ConfirmOutage, down())
        .with(RunEvent::ApprovalAsked { until: at("03:14:50") })
        .later(1_800)
        .with(approved("Azure confirms"))
        .started(FencePrimary)
        .started(VerifyWriter)
        .called(FencePrimary, Verb::StopCluster, "eastus2", accepted("c0ffee00-0002"))
        .later(120)
        .saw(VerifyWriter, writer("pg-sonar-centralus", WriterVerdict::InRecovery))
        .asked(VerifyWriter, promote())
        .proven(FencePrimary, fenced())
        .started(StartReplica);
    for _ in 0..12 {
        journal = journal.called(StartReplica, Verb::StartCluster, "centralus", said.clone()).later(480);
    }
    journal = journal
        .called(StartReplica, Verb::StartCluster, "centralus", accepted("c0ffee00-0004"))
        .later(500)
        .proven(StartReplica, cluster("centralus", "Succeeded", "Running"))
        .later(8_000)
        .with(RunEvent::OperatorNotNeeded { step: VerifyWriter })
        .proven(VerifyWriter, writable("pg-sonar-centralus"));
    stories::served(journal, IndexState::NotVerified).report()
}

/// Five hours in which nothing happened but at both ends.
pub fn waiting() -> Report {
    let journal = Journal::by_alert()
        .started(ConfirmOutage)
        .later(45)
        .proven(ConfirmOutage, down())
        .started(VerifyWriter)
        .later(5)
        .asked(VerifyWriter, promote())
        .later(18_000)
        .proven(VerifyWriter, writable("pg-sonar-centralus"))
        .started(FencePrimary)
        .later(60)
        .proven(FencePrimary, fenced())
        .started(StartReplica)
        .called(StartReplica, Verb::StartCluster, "centralus", accepted("c0ffee00-0004"))
        .later(300)
        .proven(StartReplica, cluster("centralus", "Succeeded", "Running"));
    stories::served(journal, IndexState::NotApplicable).report()
}

/// A run that nobody answered and nobody ended, two days later.
pub fn never_ended() -> Report {
    let by = Driver { instance: "i".into(), worker: "w".into() };
    stories::needs_a_promotion().later(170_000).with(RunEvent::Claimed { by, slice: 900 }).report()
}

/// One step: a fence debt that is paid.
pub fn one_step() -> Report {
    let outcome = Outcome::Fenced { site: reveille::domain::names::SiteName::new("eastus2") };
    Journal::for_a_debt()
        .started(FencePrimary)
        .called(FencePrimary, Verb::StopCluster, "eastus2", accepted("c0ffee00-0002"))
        .later(95)
        .proven(FencePrimary, fenced())
        .with(RunEvent::RunEnded { outcome })
        .report()
}

/// Twelve steps: there, and as many back.
pub fn twelve_steps() -> Report {
    let mut report = stories::recovered().report();
    let later = |at: &mut chrono::DateTime<chrono::Utc>| *at += TimeDelta::minutes(15);
    let mut back = report.steps.clone();
    for step in &mut back {
        step.started_at.iter_mut().chain(&mut step.ended_at).for_each(later);
        step.calls.iter_mut().for_each(|call| later(&mut call.at));
    }
    report.steps.extend(back);
    report.ended_at.iter_mut().chain(&mut report.as_of).for_each(later);
    let to = report.recovery_time.to.as_mut().unwrap();
    later(&mut to.at);
    (report.recovery_time.seconds, report.recovery_time.within_target) = (Some(1_938.0), Some(false));
    report
}

/// A step that saw thirty things before its proof.
pub fn chatty() -> Report {
    let journal = Journal::by_alert().started(ConfirmOutage).proven(ConfirmOutage, down()).started(StartReplica);
    let look = |journal: Journal, n: u32| {
        journal.later(20).saw(StartReplica, cluster("centralus", &format!("Starting ({n})"), "Running"))
    };
    let journal = (1..=30).fold(journal, look).later(20);
    journal.proven(StartReplica, cluster("centralus", "Succeeded", "Running")).report()
}

/// Whatever somebody may have written, in every place that quotes somebody.
pub fn quoting(anything: &str) -> Report {
    let mut report = stories::no_capacity().report();
    let text = || anything.to_owned();
    (report.headline, report.started_by, report.first_sign) = (text(), text(), text());
    report.recovery_time.from.what = text();
    report.data_loss.statement = text();
    (report.not_proven, report.owed) = (vec![text()], vec![text()]);
    for next in &mut report.next_steps {
        (next.what, next.commands) = (text(), vec![text()]);
    }
    for step in &mut report.steps {
        step.failure = step.failure.as_ref().map(|_| text());
        for line in &mut step.evidence {
            (line.saw, line.seen_from, line.request_ids) = (text(), text(), vec![text()]);
        }
        for call in &mut step.calls {
            (call.call, call.target, call.result, call.request_ids) = (text(), text(), text(), vec![text()]);
        }
    }
    let declined = stories::declined().report();
    report.people = declined.people;
    for line in &mut report.people {
        (line.by, line.said, line.did, line.why) = (text(), Some(text()), text(), text());
    }
    report.notifications = stories::recovered().report().notifications;
    for line in &mut report.notifications {
        (line.channel, line.moment, line.detail) = (text(), text(), text());
    }
    (report.integrity.journal_head, report.integrity.config_digest) = (text(), text());
    report
}

fn approved(why: &str) -> RunEvent {
    RunEvent::Approved { by: "function key night-shift".into(), said: Some("Ada".into()), why: why.into() }
}

fn promote() -> Ask {
    Ask {
        what: "The writer endpoint leads to a replica in recovery.".into(),
        means: "Nothing is written until somebody promotes it.".into(),
        commands: vec!["az postgres flexible-server replica promote --name pg-sonar-centralus".into()],
        approve_means: None,
    }
}
