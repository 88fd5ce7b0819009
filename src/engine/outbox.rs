//! The outbox: which notices are due, folded from the journal, so that a crash forgets none and doubles few.

use super::parts::Settings;
use super::ports::{Channel, Delivered, Receipt};
use crate::domain::chain::{Head, digest};
use crate::domain::duration;
use crate::domain::names::ChannelName;
use crate::domain::notice::{Moment, Notice};
use crate::domain::report::{NextStep, Report, StageLine, advice};
use crate::domain::run::state::Asked;
use crate::domain::run::{Approval, RunEvent, RunState};
use crate::domain::runbook::StepName;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// One notice that has to go to one channel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    pub channel: ChannelName,
    pub moment: Moment,
    pub about: String,
    /// Not before; later tries wait longer.
    pub not_before: DateTime<Utc>,
}

/// Everything that is still to be sent.
pub fn due(run: &RunState, configured: &BTreeSet<ChannelName>, settings: &Settings) -> Vec<Due> {
    let channels = run.created.plan.channels.iter().filter(|name| configured.contains(name));
    let moments = moments(run);
    channels
        .flat_map(|channel| moments.iter().filter_map(|(moment, about)| one(run, channel, *moment, about, settings)))
        .collect()
}

/// What people have to be told about this run now. A question that is no longer asked is not sent any more.
fn moments(run: &RunState) -> Vec<(Moment, String)> {
    let mut moments = vec![(Moment::Admitted, String::new())];
    if run.outcome.is_some() {
        moments.push((Moment::Ended, String::new()));
        return moments;
    }
    if let Approval::Asked { .. } = run.approval {
        moments.push((Moment::NeedsOperator, "approval".to_owned()));
    }
    moments.extend(run.asking().map(|(step, asked)| (Moment::NeedsOperator, about(step, asked))));
    moments
}

/// Tells the questions of a run apart. The same kind of question of the same step is asked once.
fn about(step: StepName, asked: &Asked) -> String {
    format!("{step}:{}", &digest(asked.ask.kind().as_bytes())[..8])
}

/// What a notice asks people for: its own question, or all that is left to do when the run has ended.
fn questions(run: &RunState, report: &Report, due: &Due) -> Vec<NextStep> {
    match due.moment {
        // Moments that are none of a run are asked of nobody here.
        Moment::Admitted | Moment::Silent | Moment::Back => Vec::new(),
        Moment::Ended => report.next_steps.clone(),
        Moment::NeedsOperator => match asking(run, due) {
            Some((step, asked)) => vec![advice::question(step, asked)],
            None => vec![advice::approval(run)],
        },
    }
}

/// The step whose question a notice is about; none when it is about the approval of the run.
fn asking<'a>(run: &'a RunState, due: &Due) -> Option<(StepName, &'a Asked)> {
    run.asking().find(|(step, asked)| about(*step, asked) == due.about)
}

fn headline(run: &RunState, report: &Report, due: &Due) -> String {
    match due.moment {
        Moment::Admitted => format!("{} of {} admitted: {}", report.kind, report.plan, report.first_sign),
        Moment::Ended | Moment::Silent | Moment::Back => report.headline.clone(),
        Moment::NeedsOperator => match (asking(run, due), &run.approval) {
            (Some((step, asked)), _) => format!("Needs a person: {step}: {}", asked.ask.what),
            (None, Approval::Asked { until, .. }) => format!("Needs approval until {}", until.format("%H:%M:%S UTC")),
            (None, _) => report.headline.clone(),
        },
    }
}

fn one(run: &RunState, channel: &ChannelName, moment: Moment, about: &str, settings: &Settings) -> Option<Due> {
    let tries: Vec<_> = run
        .notified
        .iter()
        .filter(|sent| &sent.channel == channel && sent.moment == moment && sent.about == about)
        .collect();
    let given_up =
        tries.iter().any(|sent| sent.delivered || sent.last) || tries.len() >= settings.notify_tries as usize;
    if given_up {
        return None;
    }
    let not_before = match tries.last() {
        None => DateTime::<Utc>::MIN_UTC,
        Some(last) => {
            let pause = settings.notify_pause * 2u32.saturating_pow(tries.len() as u32 - 1);
            last.at + TimeDelta::from_std(pause).unwrap_or_default()
        }
    };
    Some(Due { channel: channel.clone(), moment, about: about.to_owned(), not_before })
}

/// Renders what goes out.
pub fn notice(run: &RunState, head: &Head, due: &Due, now: DateTime<Utc>) -> Notice {
    let report = Report::of(run, head);
    let steps = report.steps.iter().map(|line| {
        let seconds = line.seconds.map(|seconds| format!(" in {seconds:.0} s")).unwrap_or_default();
        format!("{}: {}{seconds}", line.step, line.state)
    });
    let mut summary_lines =
        vec![format!("Started by {}", report.started_by), format!("From {} to {}", report.primary, report.standby)];
    summary_lines.extend(steps);
    summary_lines.extend(recovery_line(&report));
    summary_lines.extend(report.stages.iter().filter_map(StageLine::warning).map(|what| format!("Slower: {what}")));
    summary_lines.extend(report.not_proven.iter().map(|open| format!("Not proven: {open}")));
    summary_lines.extend(report.owed.iter().map(|owed| format!("Owed: {owed}")));
    let ended = due.moment == Moment::Ended;
    let questions = questions(run, &report, due);
    let asks: Vec<&str> = questions.iter().map(|step| step.what.as_str()).collect();
    Notice {
        id: format!("{}/{}/{}", report.run, due.moment.as_str(), due.about),
        plan: Some(report.plan.clone()),
        run: Some(report.run.clone()),
        incident: Some(report.incident.clone()),
        moment: due.moment,
        outcome: run.outcome.as_ref().map(|outcome| outcome.word().to_owned()),
        headline: headline(run, &report, due),
        ask: (!asks.is_empty()).then(|| asks.join(" | ")),
        commands: questions.iter().flat_map(|step| step.commands.clone()).collect(),
        summary_lines,
        report: ended.then(|| serde_json::to_value(&report).unwrap_or_default()),
        journal_head: head.hash.clone(),
        at: now,
    }
}

fn recovery_line(report: &Report) -> Option<String> {
    let seconds = report.recovery_time.seconds?;
    let verdict = if report.recovery_time.within_target? { "within" } else { "over" };
    Some(format!("Recovery time {seconds:.0} s, {verdict} the target of {} s", report.recovery_time.target_seconds))
}

/// Sends one notice once; what came of it becomes an event of the journal. A channel that hangs counts as one that
/// failed: it must not keep its run from being closed.
pub async fn deliver(channel: Arc<dyn Channel>, due: Due, notice: Notice, within: Duration) -> RunEvent {
    let (delivered, last, detail) = match timeout(within, channel.deliver(&notice)).await {
        Ok(Ok(done)) => (true, true, receipt(&done)),
        Ok(Err(error)) => (false, !error.is_retryable(), error.to_string()),
        Err(_) => (false, false, format!("no answer within {}", duration::text(within))),
    };
    RunEvent::NotifySent { channel: due.channel, moment: due.moment, about: due.about, delivered, last, detail }
}

/// Tells notices of one channel apart.
pub fn key(moment: Moment, about: &str) -> String {
    format!("{}/{about}", moment.as_str())
}

/// A 2xx of a queue on the way says less than one of the receiver itself; the report says which it was.
fn receipt(done: &Delivered) -> String {
    let how_far = match done.receipt {
        Receipt::Queued => "queued on the way",
        Receipt::Accepted => "accepted",
    };
    let reference = done.reference.as_ref().map(|reference| format!(", reference {reference}")).unwrap_or_default();
    format!("{how_far} (status {}){reference}", done.status)
}
