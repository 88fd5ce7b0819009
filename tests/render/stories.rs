//! The ways a run can go, as journals.

use super::journals::*;
use reveille::domain::application::IndexState;
use reveille::domain::failure::FailureClass;
use reveille::domain::notice::Moment;
use reveille::domain::observation::Observation;
use reveille::domain::outcome::Outcome;
use reveille::domain::readiness::{Unread, assess};
use reveille::domain::report::advice::promote_command;
use reveille::domain::run::RunEvent;
use reveille::domain::run::next::climb;
use reveille::domain::run::{Ask, Sent, Verb};
use reveille::domain::runbook::RunKind;
use reveille::domain::runbook::StepName::*;
use reveille::domain::witness::Verdict;
use reveille::domain::writer::WriterVerdict;

/// Up to the running standby, with the fence as given.
fn started(fence: reveille::domain::observation::Observation) -> Journal {
    Journal::by_alert()
        .told("teams", Moment::Admitted, true, "202")
        .started(ConfirmOutage)
        .later(45)
        .proven(ConfirmOutage, down())
        .started(FencePrimary)
        .started(VerifyWriter)
        .called(FencePrimary, Verb::StopCluster, "eastus2", accepted("c0ffee00-0002"))
        .later(3)
        .proven(VerifyWriter, writable("pg-sonar-eastus2"))
        .later(70)
        .proven(FencePrimary, fence)
        .started(StartReplica)
        .called(StartReplica, Verb::StartCluster, "centralus", accepted("c0ffee00-0004"))
        .saw(StartReplica, cluster("centralus", "Starting", "Running"))
        .later(520)
        .proven(StartReplica, cluster("centralus", "Succeeded", "Running"))
}

pub fn served(journal: Journal, index: IndexState) -> Journal {
    let journal = journal
        .started(VerifyApp)
        .later(130)
        .proven(VerifyApp, serving(index))
        .started(VerifyRoute)
        .later(23)
        .proven(VerifyRoute, routed());
    let serving = climb(&journal.fold()).expect("every rung is proven");
    journal.with(RunEvent::RunEnded { outcome: Outcome::Recovered { serving } }).later(1).told(
        "teams",
        Moment::Ended,
        true,
        "202",
    )
}

pub fn recovered() -> Journal {
    served(started(fenced()), IndexState::NotApplicable)
}

/// A recovery in which the standby took far longer to start than ever before.
pub fn slowed() -> Journal {
    recovered().expecting(StartReplica, 200.0, 9).expecting(VerifyApp, 120.0, 9).expecting(FencePrimary, 74.0, 1)
}

pub fn serving_not_proven() -> Journal {
    served(started(fenced()), IndexState::NotVerified)
}

pub fn owing_the_fence() -> Journal {
    served(started(fence_owed()), IndexState::NotApplicable).told(
        "siem",
        Moment::Ended,
        false,
        "no answer within 10s | tried 5 times",
    )
}

pub fn no_outage() -> Journal {
    let because = "4 own probes in a row found the primary's origin healthy".to_owned();
    Journal::by_alert()
        .started(ConfirmOutage)
        .later(45)
        .saw(ConfirmOutage, outage(Verdict::PrimaryHealthy(because.clone()), true))
        .with(RunEvent::RunEnded { outcome: Outcome::NoOutage { because } })
}

pub fn no_capacity() -> Journal {
    let said = "Allocation failed: 3 x Standard_D8s_v5 <zone 1> are not to be had in centralus".to_owned();
    let rejected = Sent::Rejected {
        class: FailureClass::Capacity,
        code: "AllocationFailed".into(),
        message: said.clone(),
        request_ids: vec!["0f8d2f3e-1f64-4f0e-9d1b-6a1f6d2f7c11".into()],
    };
    let journal = Journal::by_alert()
        .started(ConfirmOutage)
        .later(45)
        .proven(ConfirmOutage, down())
        .started(FencePrimary)
        .later(90)
        .proven(FencePrimary, fenced())
        .started(StartReplica)
        .called(StartReplica, Verb::StartCluster, "centralus", rejected.clone())
        .later(600)
        .called(StartReplica, Verb::StartCluster, "centralus", rejected)
        .with(RunEvent::StepFailed { step: StartReplica, class: FailureClass::Capacity, message: said.clone() });
    let outcome = Outcome::Failed { step: StartReplica, class: FailureClass::Capacity, message: said };
    journal.with(RunEvent::RunEnded { outcome })
}

pub fn needs_a_promotion() -> Journal {
    let ask = Ask {
        what: "The writer endpoint leads to a replica in recovery.".into(),
        means: "Nothing is written until somebody promotes it; Reveille keeps looking and goes on by itself then."
            .into(),
        commands: vec![promote_command(&plan().database.servers[1])],
        approve_means: None,
    };
    Journal::by_alert()
        .started(ConfirmOutage)
        .later(45)
        .proven(ConfirmOutage, down())
        .started(VerifyWriter)
        .later(5)
        .saw(VerifyWriter, writer("pg-sonar-centralus", WriterVerdict::InRecovery))
        .asked(VerifyWriter, ask)
        .told("teams", Moment::NeedsOperator, true, "202")
        .later(300)
}

pub fn declined() -> Journal {
    let (by, why) = ("function key night-shift".to_owned(), "planned *network* work | see CHG-17".to_owned());
    Journal::by_alert()
        .started(ConfirmOutage)
        .later(45)
        .proven(ConfirmOutage, down())
        .with(RunEvent::ApprovalAsked { until: at("03:14:50") })
        .later(120)
        .with(RunEvent::Declined { by: by.clone(), said: Some("Ada".into()), why: why.clone() })
        .with(RunEvent::RunEnded { outcome: Outcome::Declined { by, why } })
}

/// A readiness drill of an estate with much wrong, in words of others that are not to be believed.
pub fn assessed() -> Journal {
    let plan = super::journals::plan();
    let mut facts = crate::support::readiness::good(at("02:14:06"), &plan);
    facts.front_door.origins.as_mut().unwrap()[1].enabled = Some(false);
    facts.may[1] = Err(Unread::denied("Microsoft.Authorization/permissions/read", "/subscriptions/s", "Forbidden"));
    facts.channels[0].reached = Err("said <script>alert(1)</script> | *no*".into());
    facts.standby.as_mut().unwrap().pools[0].reserved = false;
    let assessment = assess(&facts, &plan, plan.preferred(), "own probe from function app dr");
    let verdict = assessment.verdict.clone();
    Journal::drill(RunKind::ReadinessDrill)
        .started(AssessReadiness)
        .later(2)
        .proven(AssessReadiness, Observation::Readiness { assessment: Box::new(assessment) })
        .with(RunEvent::RunEnded { outcome: Outcome::Assessed { verdict } })
}
