//! What the runs of a plan would do: every kind of run that the plan can have, step by step.

use super::planned::{Scene, calls};
use crate::domain::drill::DrillKind;
use crate::domain::history::{History, documented, estimate};
use crate::domain::outlook::{BEFORE_A_RUN, Outlook, RunOutlook, Standing, StepOutlook, Usual};
use crate::domain::parking::StandbyWorkload;
use crate::domain::plan::{Automation, Plan, Site, Workload};
use crate::domain::runbook::{self, RunKind};
use crate::observe::planned::Planned;
use chrono::DateTime;

/// A kind of run, what is known of the standby's workload when it begins, and when it begins.
type Variant = (RunKind, StandbyWorkload, &'static str);

/// The plan's runs, with `from` as the primary, and with what its runs so far took.
pub fn outlook(plan: &Plan, from: &Site, planned: &Planned, history: &History) -> Outlook {
    let to = plan.other(&from.name);
    let runs = variants(plan).into_iter().map(|variant| run(plan, (from, to), planned, history, &variant));
    Outlook {
        plan: plan.name.clone(),
        from: from.name.clone(),
        to: to.name.clone(),
        rto: plan.rto,
        before: BEFORE_A_RUN.into(),
        runs: runs.collect(),
        standing: standing(plan, (from, to), planned),
    }
}

/// The same from each site: the roles of primary and standby move.
pub fn both_ways(plan: &Plan, planned: &Planned) -> Vec<Outlook> {
    plan.sites.iter().map(|from| outlook(plan, from, planned, &History::default())).collect()
}

fn variants(plan: &Plan) -> Vec<Variant> {
    let mut variants = match plan.workload {
        Workload::StartsWithCluster => {
            vec![(RunKind::Failover, StandbyWorkload::StartsWithCluster, "the primary is lost")]
        }
        Workload::Parked => vec![
            (RunKind::Failover, parked(plan), "the primary is lost, and the standby is known to be parked"),
            (
                RunKind::Failover,
                StandbyWorkload::NotKnown,
                "the primary is lost, and the standby is not known to be parked",
            ),
        ],
    };
    let usual = variants[0].1.clone();
    variants.push((RunKind::Fence, usual.clone(), "a fence is owed, and its site can be reached again"));
    if plan.kubernetes.is_some() {
        variants.push((RunKind::Park, usual.clone(), "a person has the standby parked"));
    }
    if plan.workload == Workload::Parked {
        let when = "a standby drill is due or asked for, and nothing refuses it";
        variants.push((RunKind::StandbyDrill, usual.clone(), when));
    }
    if plan.drills.iter().any(|drill| drill.kind == DrillKind::Switchover) {
        let when =
            "a switchover drill is due or asked for, a person approves it, and nothing refuses it; then its way back";
        variants.push((RunKind::SwitchoverDrill, usual.clone(), when));
    }
    variants.push((RunKind::ReadinessDrill, usual, "a readiness drill is due or asked for"));
    variants
}

/// How many pods there were does not change what is called.
fn parked(plan: &Plan) -> StandbyWorkload {
    StandbyWorkload::Parked { counts: plan.replicas().cloned().unwrap_or_default(), since: DateTime::UNIX_EPOCH }
}

fn run(
    plan: &Plan,
    (primary, standby): (&Site, &Site),
    planned: &Planned,
    history: &History,
    variant: &Variant,
) -> RunOutlook {
    let (kind, workload, when) = variant;
    let lines = runbook::of_plan(plan, *kind, workload);
    let scene = Scene { planned, plan, kind: *kind, primary, standby, parked: workload.is_parked() };
    let step = |line: &runbook::Line| StepOutlook {
        step: line.step,
        after: line.after.to_vec(),
        mutates: line.mutates,
        usual: Usual::of(history.expected(*kind, line.step), documented(*kind, line.step)),
        calls: calls(line.step, scene),
    };
    let estimate = estimate(lines, |step| history.expected(*kind, step));
    RunOutlook { kind: *kind, when, estimate, steps: lines.iter().map(step).collect() }
}

/// What timers and alerts have called outside of any run's steps.
fn standing(plan: &Plan, (primary, standby): (&Site, &Site), planned: &Planned) -> Vec<Standing> {
    let mut standing = vec![
        Standing {
            what: "at every tick of the timer watch",
            calls: [planned.witness(plan, primary, standby), planned.writer_target(plan)].concat(),
        },
        Standing { what: "at every tick of the timer watch, while a fence is owed", calls: planned.cluster(primary) },
    ];
    if plan.automation != Automation::Observe {
        let alert = planned.azure.acknowledge_alert(plan.front_door.profile.subscription());
        standing.push(Standing { what: "when a run begins that an alert started", calls: vec![alert] });
    }
    if plan.workload == Workload::Parked {
        let what = "when a standby drill is due or asked for";
        standing.push(Standing { what, calls: planned.drill_facts(plan, primary, standby) });
    }
    standing
}
