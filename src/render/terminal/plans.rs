//! Plans at a glance.

use crate::domain::drill::How;
use crate::domain::history::Trend;
use crate::domain::plan::Automation;
use crate::domain::status::{DrillLine, Light, PlanStatus, RecoveryEstimate};
use crate::render::page::{Ink, Page, Screen};
use crate::render::stages;
use crate::render::words::moment;

/// All plans, the ones that need somebody first.
pub fn plans(plans: &[PlanStatus], screen: Screen) -> String {
    let mut page = Page::new(screen);
    if plans.is_empty() {
        page.say("", "No plans are configured", Ink::Plain);
    }
    let mut sorted: Vec<&PlanStatus> = plans.iter().collect();
    sorted.sort_by_key(|plan| urgency(plan.light));
    for plan in sorted {
        page.gap();
        write(&mut page, plan);
    }
    page.finish()
}

/// One plan.
pub fn plan(plan: &PlanStatus, screen: Screen) -> String {
    let mut page = Page::new(screen);
    write(&mut page, plan);
    page.finish()
}

fn urgency(light: Light) -> u8 {
    match light {
        Light::Red => 0,
        Light::Yellow => 1,
        Light::Green => 2,
    }
}

fn write(page: &mut Page, plan: &PlanStatus) {
    let (word, ink) = match plan.light {
        Light::Green => ("green", Ink::Good),
        Light::Yellow => ("yellow", Ink::Careful),
        Light::Red => ("red", Ink::Bad),
    };
    page.row(&[(plan.plan.as_str(), Ink::Bold), ("  ", Ink::Plain), (word, ink)]);
    page.say("  ", &plan.sentence, Ink::Plain);
    page.say("  serves      ", &format!("{}, standby is {}", plan.primary, plan.standby), Ink::Plain);
    page.say("  automation  ", automation(plan.automation), Ink::Plain);
    open_matters(page, plan);
    plan.alerts.iter().for_each(|text| page.say("  alerts      ", text, Ink::Plain));
    for caution in plan.cautions.iter().filter(|caution| **caution != plan.sentence) {
        page.say("  caution     ", caution, Ink::Careful);
    }
    plan.drills.iter().for_each(|line| drill(page, line));
    plan.recovery.iter().for_each(|outlook| recovery(page, outlook));
    if let Some(last) = &plan.last_run {
        let outcome = last.outcome.as_deref().unwrap_or("not closed yet");
        let at = moment(last.closed_at.unwrap_or(last.admitted_at));
        page.say("  last run    ", last.run.as_str(), Ink::Plain);
        page.say("              ", &format!("{} of {at}: {outcome}", last.kind), Ink::Plain);
    }
}

/// How long a failover would take, and the stages that are not what they used to be.
fn recovery(page: &mut Page, outlook: &RecoveryEstimate) {
    let estimate = &outlook.estimate;
    let is_late = estimate.seconds > outlook.target_seconds as f64;
    page.say("  recovery    ", &stages::recovery(outlook), if is_late { Ink::Careful } else { Ink::Plain });
    for stage in outlook.stages.iter().filter(|stage| matches!(stage.trend, Trend::Slower | Trend::Faster)) {
        let ink = if stage.trend == Trend::Slower { Ink::Careful } else { Ink::Plain };
        let said = format!("{}: {}, {}", stage.step, stages::usually(&stage.expected), stage.trend.as_str());
        page.say("              ", &said, ink);
    }
}

fn open_matters(page: &mut Page, plan: &PlanStatus) {
    if let Some(active) = &plan.active {
        let ink = if active.needs_operator { Ink::Careful } else { Ink::Bold };
        page.say("  run         ", active.run.as_str(), ink);
        if !plan.sentence.contains(&active.headline) {
            page.say("              ", &active.headline, ink);
        }
        if let Some(eta) = &active.eta {
            page.say("              ", &stages::through(eta), Ink::Plain);
        }
    }
    if let Some(incident) = &plan.incident {
        let since = moment(incident.cause.since);
        page.say("  incident    ", incident.id.as_str(), Ink::Careful);
        page.say("              ", &format!("open since {since}: {}", incident.cause.sign), Ink::Plain);
    }
    if let Some(paused) = &plan.paused {
        let when = moment(paused.at);
        page.say("  paused      ", &format!("by {} on {when}: {}", paused.by, paused.why), Ink::Careful);
    }
    for debt in &plan.debts {
        let since = moment(debt.since);
        page.say("  owed        ", &format!("the fence of {} since {since}: {}", debt.site, debt.why), Ink::Careful);
    }
}

fn drill(page: &mut Page, drill: &DrillLine) {
    let next = drill.next.map_or("never".to_owned(), moment);
    page.say("  drill       ", &format!("{}: next {next}", drill.drill), Ink::Plain);
    for refusal in &drill.refused {
        page.say("              ", &format!("does not begin: {refusal}"), Ink::Careful);
    }
    if let Some(last) = &drill.last {
        let how = match &last.how {
            How::Run(run) => format!("began as {run}"),
            How::Skipped(why) => format!("did not begin: {}", why.text()),
        };
        page.say("              ", &format!("that of {} {how}", moment(last.occurrence)), Ink::Plain);
    }
}

fn automation(automation: Automation) -> &'static str {
    match automation {
        Automation::Observe => "observe: looks and says what it would do",
        Automation::Approve => "approve: asks a person before the first change",
        Automation::Act => "act: recovers on its own",
    }
}
