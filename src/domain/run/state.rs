//! A run as folded from its journal.

use super::call::{Intent, Sent};
use super::claim::Claim;
use super::event::{Ask, Created, RunEvent};
use super::wait::{self, Wait};
use crate::domain::chain::Entry;
use crate::domain::failure::FailureClass;
use crate::domain::names::{ChannelName, RunId};
use crate::domain::notice::Moment;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::record::Afterwards;
use crate::domain::runbook::{self, StepName};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// Everything the journal says.
#[derive(Debug, Clone, Serialize)]
pub struct RunState {
    pub created: Created,
    pub created_at: DateTime<Utc>,
    pub steps: BTreeMap<StepName, StepState>,
    pub approval: Approval,
    /// Every time it waited for a person, oldest first.
    pub waits: Vec<Wait>,
    pub abort: Option<Word>,
    pub preempted_by: Option<RunId>,
    pub outcome: Option<Outcome>,
    pub ended_at: Option<DateTime<Utc>>,
    pub report_digest: Option<String>,
    pub settled: bool,
    pub notified: Vec<Notified>,
    pub parked: Option<String>,
    pub closed: bool,
    /// What people added once it was over.
    pub afterwards: Afterwards,
    pub claim: Claim,
    pub last_event_at: DateTime<Utc>,
}

/// One step, folded.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StepState {
    pub phase: Phase,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// When it began and was proven for the first time: a proof that is seen once more is no second stage.
    pub begun_at: Option<DateTime<Utc>>,
    pub proven_at: Option<DateTime<Utc>>,
    pub intents: Vec<Intent>,
    /// What it saw, each time it differed from the time before, oldest first.
    pub observations: Vec<Observation>,
    pub asked: Option<Asked>,
    pub proof: Option<Observation>,
    /// The slice in which the proof was written. Two slices may have drivers whose clocks differ by minutes.
    pub proven_in: Option<u64>,
    pub failure: Option<(FailureClass, String)>,
    /// A person approved while this step was asking.
    pub approved: Option<Word>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    #[default]
    Pending,
    Running,
    NeedsOperator,
    Succeeded,
    Failed,
}

#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    pub ask: Ask,
    /// Since when the step asks, whatever it asked first.
    pub since: DateTime<Utc>,
    /// When this very question was put.
    pub put_at: DateTime<Utc>,
}

/// What a named person said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Word {
    pub by: String,
    pub said: Option<String>,
    pub why: String,
    pub at: DateTime<Utc>,
}

/// Approval of the whole run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Approval {
    NotAsked,
    Asked { since: DateTime<Utc>, until: DateTime<Utc> },
    Approved(Word),
    Declined(Word),
}

/// One try to notify a channel.
#[derive(Debug, Clone, Serialize)]
pub struct Notified {
    pub channel: ChannelName,
    pub moment: Moment,
    pub about: String,
    pub delivered: bool,
    pub last: bool,
    pub detail: String,
    pub at: DateTime<Utc>,
}

/// Why a journal cannot be folded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    #[error("the journal does not begin with the creation of a run")]
    NoCreation,
    #[error("the runbook is of version {0}, this version knows {oldest} to {newest}", oldest = runbook::OLDEST, newest = runbook::VERSION)]
    UnknownRunbook(u32),
}

impl RunState {
    /// Folds a whole journal.
    pub fn fold<'a>(entries: impl IntoIterator<Item = &'a Entry<RunEvent>>) -> Result<Self, FoldError> {
        let mut entries = entries.into_iter();
        let first = entries.next().ok_or(FoldError::NoCreation)?;
        let mut state = Self::begin(first)?;
        entries.for_each(|entry| state.apply(entry));
        Ok(state)
    }

    fn begin(first: &Entry<RunEvent>) -> Result<Self, FoldError> {
        let RunEvent::RunCreated(created) = &first.event else { return Err(FoldError::NoCreation) };
        if !(runbook::OLDEST..=runbook::VERSION).contains(&created.runbook) {
            return Err(FoldError::UnknownRunbook(created.runbook));
        }
        let steps = created.lines().iter().map(|line| (line.step, StepState::default())).collect();
        Ok(Self {
            created: (**created).clone(),
            created_at: first.at,
            steps,
            approval: Approval::NotAsked,
            waits: Vec::new(),
            abort: None,
            preempted_by: None,
            outcome: None,
            ended_at: None,
            report_digest: None,
            settled: false,
            notified: Vec::new(),
            parked: None,
            closed: false,
            afterwards: Afterwards::default(),
            claim: Claim::default(),
            last_event_at: first.at,
        })
    }

    /// Takes in the next event.
    pub fn apply(&mut self, entry: &Entry<RunEvent>) {
        // What people add afterwards is no part of the run itself.
        if entry.event.is_of_people_afterwards() {
            return self.afterwards.apply(entry);
        }
        self.last_event_at = entry.at;
        self.claim.apply(&entry.event);
        wait::apply(&mut self.waits, entry);
        if let Some(step) = entry.event.step() {
            let state = self.steps.entry(step).or_default();
            state.apply(entry);
            if let RunEvent::StepSucceeded { .. } = entry.event {
                state.proven_in = Some(self.claim.slice);
            }
            return;
        }
        match &entry.event {
            RunEvent::ApprovalAsked { until } => self.approval = Approval::Asked { since: entry.at, until: *until },
            RunEvent::Approved { by, said, why } => self.approve(word(by, said, why, entry.at)),
            RunEvent::Declined { by, said, why } => self.approval = Approval::Declined(word(by, said, why, entry.at)),
            RunEvent::AbortRequested { by, said, why } => self.abort = Some(word(by, said, why, entry.at)),
            RunEvent::Preempted { by_run } => self.preempted_by = Some(by_run.clone()),
            RunEvent::RunEnded { outcome } => {
                self.outcome = Some(outcome.clone());
                self.ended_at = Some(entry.at);
            }
            RunEvent::Reported { digest } => self.report_digest = Some(digest.clone()),
            RunEvent::Settled => self.settled = true,
            RunEvent::NotifySent { channel, moment, about, delivered, last, detail } => self.notified.push(Notified {
                channel: channel.clone(),
                moment: *moment,
                about: about.clone(),
                delivered: *delivered,
                last: *last,
                detail: detail.clone(),
                at: entry.at,
            }),
            RunEvent::Parked { why } => self.parked = Some(why.clone()),
            RunEvent::Closed => self.closed = true,
            _ => {}
        }
    }

    /// An approval answers whatever was asked: a step's question first, else the run's own.
    fn approve(&mut self, word: Word) {
        let asking: Vec<StepName> = self.asking().map(|(step, _)| step).collect();
        for step in &asking {
            if let Some(state) = self.steps.get_mut(step) {
                state.approved = Some(word.clone());
            }
        }
        if asking.is_empty() || matches!(self.approval, Approval::Asked { .. }) {
            self.approval = Approval::Approved(word);
        }
    }

    /// The steps that ask for a person, with what they ask.
    pub fn asking(&self) -> impl Iterator<Item = (StepName, &Asked)> {
        self.steps.iter().filter_map(|(step, state)| state.asked.as_ref().map(|asked| (*step, asked)))
    }

    pub fn step(&self, step: StepName) -> Option<&StepState> {
        self.steps.get(&step)
    }

    /// What proved a step, once it is proven.
    pub fn proof(&self, step: StepName) -> Option<&Observation> {
        self.steps.get(&step)?.proof.as_ref()
    }

    /// Whether any mutating call of this run may have reached Azure.
    pub fn touched_anything(&self) -> bool {
        self.steps.values().flat_map(|step| &step.intents).any(|intent| {
            !matches!(intent.outcome, Some(Sent::NotSent { .. } | Sent::Rejected { .. } | Sent::Throttled { .. }))
        })
    }

    /// Whether the run went on without the fence, and still owes it.
    pub fn owes_fence(&self) -> bool {
        self.step(StepName::FencePrimary).is_some_and(StepState::owes)
    }

    /// Calls that Azure accepted (or may have): what an abort leaves running.
    pub fn accepted_calls(&self) -> Vec<&Intent> {
        self.steps.values().flat_map(|step| &step.intents).filter(|intent| intent.may_have_worked()).collect()
    }
}

fn word(by: &str, said: &Option<String>, why: &str, at: DateTime<Utc>) -> Word {
    Word { by: by.to_owned(), said: said.clone(), why: why.to_owned(), at }
}

impl StepState {
    fn apply(&mut self, entry: &Entry<RunEvent>) {
        match &entry.event {
            RunEvent::StepStarted { .. } => {
                self.phase = Phase::Running;
                self.started_at = Some(entry.at);
                self.begun_at.get_or_insert(entry.at);
                // A proof that has grown too old to end with is evidence from now on.
                self.ended_at = None;
                self.observations.extend(self.proof.take());
            }
            RunEvent::Intent { call, send_before, .. } => self.intents.push(Intent {
                call: call.clone(),
                at: entry.at,
                send_before: *send_before,
                outcome: None,
                answered_at: None,
            }),
            RunEvent::Sent { outcome, .. } => {
                if let Some(intent) = self.intents.last_mut() {
                    intent.outcome = Some(outcome.clone());
                    intent.answered_at = Some(entry.at);
                }
            }
            RunEvent::Observed { saw, .. } => self.observations.push(saw.clone()),
            RunEvent::NeedsOperator { ask, .. } => {
                let since = self.asked.as_ref().map_or(entry.at, |asked| asked.since);
                let before = self.asked.as_ref().filter(|asked| asked.ask.what == ask.what);
                let put_at = before.map_or(entry.at, |asked| asked.put_at);
                self.phase = Phase::NeedsOperator;
                self.asked = Some(Asked { ask: ask.clone(), since, put_at });
            }
            RunEvent::OperatorNotNeeded { .. } => {
                self.phase = Phase::Running;
                self.asked = None;
            }
            RunEvent::StepSucceeded { proof, .. } => {
                self.end(Phase::Succeeded, entry.at);
                self.proven_at.get_or_insert(entry.at);
                // A debt that is paid later is still told.
                self.observations.extend(self.proof.replace(proof.clone()));
            }
            RunEvent::StepFailed { class, message, .. } => {
                self.end(Phase::Failed, entry.at);
                self.failure = Some((*class, message.clone()));
            }
            _ => {}
        }
    }

    fn end(&mut self, phase: Phase, at: DateTime<Utc>) {
        self.phase = phase;
        self.ended_at = Some(at);
        self.asked = None;
    }

    /// Whether the step looks. One that went on without the fence looks on until the debt is paid.
    pub fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::NeedsOperator) || self.owes()
    }

    /// Whether the step went on and owes the fence.
    pub fn owes(&self) -> bool {
        self.phase == Phase::Succeeded && matches!(self.proof, Some(Observation::FenceOwed { .. }))
    }

    /// The newest call, if it may still be on its way: sent by nobody knows whom, and its time not over.
    pub fn in_flight(&self, now: DateTime<Utc>) -> Option<&Intent> {
        self.intents.last().filter(|intent| intent.outcome.is_none() && now < intent.send_before)
    }

    /// Whether nothing was written down yet of what came of the newest call.
    pub fn is_unanswered(&self) -> bool {
        self.intents.last().is_some_and(|intent| intent.outcome.is_none())
    }

    /// The newest call that Azure accepted.
    pub fn last_accepted(&self) -> Option<&Intent> {
        self.intents.iter().rev().find(|intent| intent.outcome.as_ref().is_some_and(Sent::is_accepted))
    }

    /// The newest call, with what came of it.
    pub fn last_intent(&self) -> Option<&Intent> {
        self.intents.last()
    }
}

impl Phase {
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Pending => "pending",
            Phase::Running => "running",
            Phase::NeedsOperator => "needs-operator",
            Phase::Succeeded => "succeeded",
            Phase::Failed => "failed",
        }
    }
}
