//! First contact as a table: a mark for each thing that was looked at, and how to mend what is not in order.

use crate::domain::readiness::{Assessment, Checkup, Finding, Mark, Severity};
use crate::render::findings;
use crate::render::page::{Ink, Page, Screen};

/// Everything that was looked at, what is broken first.
pub fn check(checkup: &Checkup, screen: Screen) -> String {
    let mut page = Page::new(screen);
    let from = checkup.from.trim_start_matches("own probe from ");
    page.say("", &format!("Looked at from {from}, as {}; nothing was changed", checkup.identity), Ink::Faint);
    for plan in &checkup.plans {
        page.heading(plan.plan.as_str());
        of_plan(&mut page, &plan.assessment);
    }
    page.gap();
    let (sentence, ink) = summary(checkup);
    page.say("", &sentence, ink);
    page.finish()
}

fn of_plan(page: &mut Page, assessment: &Assessment) {
    let mut findings: Vec<&Finding> = assessment.findings.iter().collect();
    findings.sort_by_key(|finding| (rank(finding.mark()), finding.severity, finding.area));
    findings.into_iter().for_each(|finding| line(page, finding));
    let [verdict, time] = findings::answer(assessment);
    page.say("  ", &format!("{verdict}. {time}"), Ink::Plain);
}

fn rank(mark: Mark) -> u8 {
    match mark {
        Mark::Broken => 0,
        Mark::Unknown => 1,
        Mark::Fine => 2,
    }
}

fn line(page: &mut Page, finding: &Finding) {
    let mark = finding.mark();
    let ink = match mark {
        Mark::Fine => Ink::Plain,
        Mark::Broken => Ink::Bad,
        Mark::Unknown => Ink::Careful,
    };
    page.say(&format!("  {} {:<12} ", mark.sign(), finding.area), &finding.text(), ink);
    if finding.severity == Severity::Ok {
        return;
    }
    let counsel = findings::counsel(finding);
    if !counsel.is_empty() {
        page.say("                 ", &counsel, Ink::Faint);
    }
    finding.commands.iter().for_each(|command| page.command(17, command));
}

fn summary(checkup: &Checkup) -> (String, Ink) {
    let [broken, unknown, fine] = [Mark::Broken, Mark::Unknown, Mark::Fine].map(|mark| checkup.count(mark));
    let told = format!("{fine} ✔, {broken} ✘, {unknown} ?");
    match (broken, checkup.is_fine()) {
        (0, true) if unknown == 0 => (format!("{told}: everything is in order"), Ink::Good),
        (0, true) => (format!("{told}: nothing is broken; what could not be seen keeps no recovery"), Ink::Good),
        (0, false) => (format!("{told}: whether a recovery would succeed cannot be told"), Ink::Careful),
        _ => (format!("{told}: mend what is marked ✘"), Ink::Bad),
    }
}
