//! What a readiness drill found, for a terminal: what is open with its command, what is in order in one line.

use crate::domain::readiness::{Finding, Severity};
use crate::domain::report::Report;
use crate::render::findings;
use crate::render::page::{Ink, Page};

pub(super) fn section(page: &mut Page, report: &Report) {
    let Some(assessment) = &report.readiness else { return };
    page.heading("Could we recover now?");
    let [verdict, time] = findings::answer(assessment);
    page.say("  ", &verdict, Ink::Plain);
    page.say("  ", &time, Ink::Plain);
    page.say("  ", &findings::way(assessment), Ink::Faint);
    page.heading("Findings, worst first");
    findings::told(assessment).for_each(|finding| one(page, finding));
    page.say("  ", &findings::in_order(assessment), Ink::Good);
}

fn one(page: &mut Page, finding: &Finding) {
    let ink = match finding.severity {
        Severity::Blocker => Ink::Bad,
        Severity::Unknown | Severity::Warning => Ink::Careful,
        Severity::Note | Severity::Ok => Ink::Plain,
    };
    page.say(&format!("  {:<8} {:<12} ", finding.severity, finding.area), &finding.text(), ink);
    let counsel = findings::counsel(finding);
    if !counsel.is_empty() {
        page.say("           ", &counsel, Ink::Faint);
    }
    finding.commands.iter().for_each(|command| page.command(11, command));
}
