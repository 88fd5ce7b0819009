//! All checks together.

use super::estimate::{Estimate, estimate};
use super::finding::{Area, Finding, Severity};
use super::unread::NOT_ASKED;
use super::verdict::Verdict;
use super::views::Facts;
use super::{alerting, around, capacity, clusters, database, front_door, ourselves, permissions, rehearsal, writer};
use crate::domain::duration;
use crate::domain::names::SiteName;
use crate::domain::plan::{Plan, Site};
use crate::domain::runbook::{self, RunKind};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a readiness drill came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    pub at: DateTime<Utc>,
    pub from: String,
    /// The site that would be recovered to.
    pub standby: SiteName,
    pub verdict: Verdict,
    pub estimate: Estimate,
    /// Worst first.
    pub findings: Vec<Finding>,
}

/// Judges everything.
pub fn assess(facts: &Facts, plan: &Plan, primary: &Site, from: &str) -> Assessment {
    let standby = plan.other(&primary.name);
    let estimate = expected(facts, plan);
    let mut findings = checks(facts, plan, primary, standby);
    // What took how long stands in the ledger.
    if facts.own.store.read.is_ok() {
        findings.push(in_time(&estimate, plan));
    }
    findings.retain(|finding| finding.saw != NOT_ASKED);
    findings.sort_by_key(|finding| (finding.severity, !finding.may_block(), finding.area));
    each_refusal_once(&mut findings);
    let verdict = Verdict::of(&findings);
    let (at, from, standby) = (facts.now, from.to_owned(), standby.name.clone());
    Assessment { at, from, standby, verdict, estimate, findings }
}

fn checks(facts: &Facts, plan: &Plan, primary: &Site, standby: &Site) -> Vec<Finding> {
    let mut found = clusters::check(facts, plan, primary, standby);
    found.extend(capacity::check(facts, standby));
    found.extend(database::check(&facts.database, plan));
    found.extend(writer::check(facts, plan));
    found.extend(front_door::check(&facts.front_door, plan, primary, standby));
    found.extend(alerting::check(&facts.alerting, plan, primary));
    found.extend(ourselves::check(facts, plan, primary));
    found.extend(permissions::check(facts, plan, primary, standby));
    found.extend(around::check(facts));
    if facts.own.store.read.is_ok() {
        found.extend(rehearsal::check(facts, plan, standby));
    }
    found
}

/// Several things may be unreadable for the lack of one and the same grant; the worst of them tells it.
fn each_refusal_once(findings: &mut Vec<Finding>) {
    let mut told: Vec<Vec<String>> = Vec::new();
    findings.retain(|finding| {
        let is_refusal = finding.severity == Severity::Unknown && !finding.commands.is_empty();
        if is_refusal && told.contains(&finding.commands) {
            return false;
        }
        if is_refusal {
            told.push(finding.commands.clone());
        }
        true
    });
}

/// By what the plan's own runs took, where any did.
fn expected(facts: &Facts, plan: &Plan) -> Estimate {
    let lines = runbook::lines(RunKind::Failover, &facts.record.workload);
    estimate(lines, plan.rto, |step| facts.record.history.expected(RunKind::Failover, step))
}

fn in_time(estimate: &Estimate, plan: &Plan) -> Finding {
    const CHECK: &str = "recovery-time";
    let saw = format!("a recovery would take {}", estimate.text());
    if estimate.is_within_target() {
        return Finding::ok(Area::Time, CHECK, &plan.name, saw);
    }
    let longest = estimate.critical.iter().max_by_key(|it| it.takes);
    let longest = longest.map(|it| format!(" Most of it is {}: {}.", it.step, duration::text(it.takes)));
    Finding::warning(Area::Time, CHECK, &plan.name, saw)
        .means(format!("The target would be missed.{}", longest.unwrap_or_default()))
        .fix("Make the longest step shorter, or the target longer.", [])
}

impl Assessment {
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// The verdict with what it rests on, in one line.
    pub fn text(&self) -> String {
        let open = Severity::ALL.into_iter().filter(|severity| *severity != Severity::Ok);
        let counts: Vec<String> =
            open.map(|it| (it, self.count(it))).filter(|(_, n)| *n > 0).map(|(it, n)| it.count(n)).collect();
        let counts = if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") };
        format!("{}; it would take {}; {counts}", self.verdict.text(), self.estimate.text())
    }
}
