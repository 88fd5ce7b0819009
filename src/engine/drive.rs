//! The loop that drives a run while its slice lasts: fold → next → steps act → journal.
//!
//! One driver appends, everything slow happens beside it in tasks, so that the claim is renewed and people's words are
//! heard while Azure takes its time. What a task brings back is judged anew against the journal as it stands then.

use super::journal::{Journal, JournalError};
use super::outbox;
use super::parts::Engine;
use super::ports::StepView;
use super::send;
use crate::domain::look::Look;
use crate::domain::names::ChannelName;
use crate::domain::run::{Next, RunEvent, RunState, Sent, StepState, next};
use crate::domain::runbook::StepName;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use tracing::{Instrument, Span};

/// How often the journal is read for words of people and other drivers, while nothing else makes the driver write.
const LISTEN: Duration = Duration::from_secs(1);

/// Why a drive stopped.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    Closed,
    /// Another driver has taken the run.
    Lost,
    /// Nothing is due for a while.
    Rest,
    TimeOver,
}

/// What came back from beside.
pub(super) enum Finished {
    Looked(StepName, Box<Look>),
    Sent(StepName, Sent),
    Notified(Box<RunEvent>),
}

pub(super) struct Drive<'a> {
    pub(super) engine: &'a Engine,
    pub(super) journal: Journal,
    pub(super) slice: u64,
    until: Instant,
    /// By then every call that a driver before this one may have begun is settled, by this machine's own time.
    pub(super) settled_at: Instant,
    pub(super) tasks: FuturesUnordered<BoxFuture<'static, Finished>>,
    looking: BTreeSet<StepName>,
    pub(super) sending: BTreeSet<StepName>,
    pub(super) notifying: BTreeSet<(ChannelName, String)>,
    /// When each step looks again.
    due: BTreeMap<StepName, Instant>,
    pub(super) written: Instant,
    /// Whether the ledger knows that a planned move has come through.
    pub(super) handed_over: bool,
}

impl<'a> Drive<'a> {
    pub fn new(engine: &'a Engine, journal: Journal, slice: u64, until: Instant) -> Self {
        let settled_at = Instant::now() + engine.settings.send_within;
        Self {
            engine,
            due: send::held_back(journal.state()).map(|step| (step, settled_at)).collect(),
            journal,
            slice,
            until,
            settled_at,
            tasks: FuturesUnordered::new(),
            looking: BTreeSet::new(),
            sending: BTreeSet::new(),
            notifying: BTreeSet::new(),
            written: Instant::now(),
            handed_over: false,
        }
    }

    /// Drives until the run is closed, lost, at rest, or the slice's time is over.
    pub async fn run(mut self) -> Result<Stop, JournalError> {
        match self.turns().await {
            Ok(stop) => self.stop(stop).await,
            Err(error) => {
                // If the store lets us, the run is handed on: nobody has to wait until this claim is dead.
                drop(self.stop(Stop::TimeOver).await);
                Err(error)
            }
        }
    }

    async fn turns(&mut self) -> Result<Stop, JournalError> {
        loop {
            match self.turn().await {
                Ok(None) => {}
                Ok(Some(stop)) => return Ok(stop),
                Err(error) if error.is_moved() => {
                    self.journal.catch_up().await?;
                    if !self.holds() {
                        return Ok(Stop::Lost);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// One turn: start what is due, then wait for whatever happens first.
    async fn turn(&mut self) -> Result<Option<Stop>, JournalError> {
        if self.is_closed() {
            return Ok(Some(Stop::Closed));
        }
        if !self.holds() {
            return Ok(Some(Stop::Lost));
        }
        if Instant::now() >= self.until {
            return Ok(Some(Stop::TimeOver));
        }
        if Instant::now() >= self.settled_at {
            self.give_up_orphans().await?;
        }
        self.hand_primary_over().await?;
        let state = self.state();
        match next(&state, self.engine.clock.now()) {
            Next::Nothing => return Ok(Some(Stop::Closed)),
            Next::Steps(steps) => self.start_looks(&steps).await?,
            Next::AskApproval { until } => return self.append(RunEvent::ApprovalAsked { until }).await.map(|()| None),
            Next::WaitForApproval { .. } => {}
            // A call may still be on its way, whatever the clocks of two machines say.
            Next::End(_) if !self.orphans().is_empty() => {}
            Next::End(outcome) => return self.append(RunEvent::RunEnded { outcome }).await.map(|()| None),
            Next::Report => return self.write_report().await.map(|()| None),
            Next::Settle => return self.settle().await.map(|()| None),
            Next::Close => {
                if self.start_notices() {
                    return self.append(RunEvent::Closed).await.map(|()| None);
                }
            }
        }
        self.start_notices();
        let wake = self.wake_at();
        if self.tasks.is_empty() && wake > Instant::now() + self.engine.settings.rest {
            return Ok(Some(Stop::Rest));
        }
        self.wait(wake).await
    }

    /// Waits for a task, the next due time, a word in the journal, or the time to renew the claim.
    async fn wait(&mut self, wake: Instant) -> Result<Option<Stop>, JournalError> {
        let listen = Instant::now() + LISTEN;
        let renew = self.written + self.engine.settings.renew;
        let wake = wake.min(listen).min(renew).min(self.until);
        tokio::select! {
            biased;
            Some(finished) = self.tasks.next() => self.finish(finished).await?,
            () = sleep_until(wake) => {
                self.journal.catch_up().await?;
                if Instant::now() >= renew {
                    self.renew().await?;
                }
            }
        }
        Ok(None)
    }

    /// The next time at which something is due by itself. Only steps that the run still wants count: one that was
    /// left behind, by the run's end for example, would wake the driver without end.
    pub(super) fn wake_at(&self) -> Instant {
        let far = Instant::now() + Duration::from_secs(86_400);
        let state = self.state();
        let wanted = match next(&state, self.engine.clock.now()) {
            Next::Steps(steps) => steps,
            _ => Vec::new(),
        };
        let due = wanted.iter().filter(|step| self.may_look(**step, &state)).filter_map(|step| self.due.get(step));
        let steps = due.min().copied().unwrap_or(far);
        steps.min(self.next_notice().unwrap_or(far)).min(self.next_deadline().unwrap_or(far))
    }

    /// Whether a step could begin a look. One that is busy wakes the driver by itself; its due time, which may be over,
    /// must not: the driver would spin on it.
    fn may_look(&self, step: StepName, state: &RunState) -> bool {
        let now = self.engine.clock.now();
        let free = |it: &StepState| it.is_active() && it.in_flight(now).is_none() && !it.is_unanswered();
        !self.looking.contains(&step) && !self.sending.contains(&step) && state.step(step).is_some_and(free)
    }

    /// Deadlines that end something by themselves: approval, a call that may still be in flight.
    fn next_deadline(&self) -> Option<Instant> {
        let now = self.engine.clock.now();
        let state = self.state();
        let mut ends: Vec<_> = state.steps.values().filter_map(|step| Some(step.in_flight(now)?.send_before)).collect();
        if let Next::WaitForApproval { until } = next(&state, now) {
            ends.push(until);
        }
        let by_clock = ends.into_iter().min().map(|end| Instant::now() + (end - now).to_std().unwrap_or_default());
        let orphaned = (!self.orphans().is_empty()).then_some(self.settled_at);
        by_clock.into_iter().chain(orphaned).min()
    }

    /// Starts the steps that are open and lets those look whose time has come.
    async fn start_looks(&mut self, steps: &[StepName]) -> Result<(), JournalError> {
        for step in steps {
            // A step that puts something back has no record before it is needed.
            if self.state().step(*step).is_none_or(|state| !state.is_active()) {
                self.append(RunEvent::StepStarted { step: *step }).await?;
            }
        }
        let now = Instant::now();
        let state = self.state();
        for step in steps {
            let due = self.due.get(step).is_none_or(|at| *at <= now);
            if due && self.may_look(*step, &state) {
                self.looking.insert(*step);
                self.spawn_look(*step, state.clone());
            }
        }
        Ok(())
    }

    fn spawn_look(&mut self, step: StepName, run: Arc<RunState>) {
        let Some(wired) = self.engine.steps.get(&step).cloned() else { return };
        let view = StepView { run, ..self.view(step, Instant::now()) };
        let look = async move { Finished::Looked(step, Box::new(wired.look(&view).await)) };
        self.tasks.push(Box::pin(look.instrument(inside(step))));
    }

    pub(super) async fn finish(&mut self, finished: Finished) -> Result<(), JournalError> {
        match finished {
            Finished::Looked(step, look) => {
                self.looking.remove(&step);
                self.judge(step, *look).await
            }
            Finished::Sent(step, outcome) => {
                self.sending.remove(&step);
                self.due.insert(step, Instant::now());
                self.append_surely(RunEvent::Sent { step, outcome }).await.map(drop)
            }
            Finished::Notified(event) => {
                if let RunEvent::NotifySent { channel, moment, about, .. } = event.as_ref() {
                    self.notifying.remove(&(channel.clone(), outbox::key(*moment, about)));
                }
                self.append_surely(*event).await.map(drop)
            }
        }
    }

    /// Takes a look's result in, if the run still wants that step to look.
    async fn judge(&mut self, step: StepName, look: Look) -> Result<(), JournalError> {
        self.journal.catch_up().await?;
        let wanted =
            matches!(next(&self.state(), self.engine.clock.now()), Next::Steps(steps) if steps.contains(&step));
        if !wanted || !self.holds() {
            return Ok(());
        }
        // A look that names no time (its result may have come too late to count) is repeated, but never in a spin.
        let again_in = look.again_in().unwrap_or(LISTEN);
        let plan = self.journal.state().created.plan.name.as_str();
        let pause = jitter(again_in, plan, step, self.journal.head().seq);
        self.due.insert(step, Instant::now() + pause);
        let call = match &look {
            Look::Call { call, .. } => Some(call.clone()),
            _ => None,
        };
        for event in super::verdict::events(&self.state(), step, look) {
            self.owe_first(&event).await?;
            self.append(event).await?;
        }
        match call {
            Some(call) if self.may_act(step).await? => self.intend(step, call).await,
            _ => Ok(()),
        }
    }

    pub(super) fn view(&self, step: StepName, send_by: Instant) -> StepView {
        StepView { run: self.state(), step, now: self.engine.clock.now(), send_by }
    }

    pub(super) fn state(&self) -> Arc<RunState> {
        self.journal.state().clone()
    }

    /// Whether this driver may write. Nobody may behind the closing, not even who closed it.
    pub(super) fn holds(&self) -> bool {
        !self.is_closed() && self.journal.state().claim.is_held_by(&self.engine.driver, self.slice)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.journal.state().closed
    }

    pub(super) fn push(&mut self, task: BoxFuture<'static, Finished>) {
        self.tasks.push(task);
    }

    pub(super) async fn append(&mut self, event: RunEvent) -> Result<(), JournalError> {
        self.journal.append(self.engine.clock.as_ref(), event).await?;
        self.written = Instant::now();
        Ok(())
    }

    /// Says that the run is still driven, if it is by us.
    pub(super) async fn renew(&mut self) -> Result<(), JournalError> {
        let by = self.engine.driver.clone();
        self.append_surely(RunEvent::Claimed { by, slice: self.slice }).await.map(drop)
    }

    /// Appends what must not be lost (what came of a call), behind whatever others wrote, while the run is ours: behind
    /// another driver's claim it would speak of that driver's calls. Says whether it was written.
    pub(super) async fn append_surely(&mut self, event: RunEvent) -> Result<bool, JournalError> {
        while self.holds() {
            match self.append(event.clone()).await {
                Err(error) if error.is_moved() => self.journal.catch_up().await.map(drop)?,
                other => return other.map(|()| true),
            }
        }
        Ok(false)
    }
}

/// What a step does stands in the log with its name, and in its trace.
pub(super) fn inside(step: StepName) -> Span {
    tracing::error_span!("step", %step)
}

/// Spreads polls by up to a tenth either way, so that many runs do not call Azure in step. Drawn from the plan, the step
/// and the length of the journal instead of a random source, so that a simulation can be repeated.
fn jitter(duration: Duration, plan: &str, step: StepName, seq: u64) -> Duration {
    let mut hasher = std::hash::DefaultHasher::new();
    (plan, step, seq).hash(&mut hasher);
    let part = (hasher.finish() % 1_000) as f64 / 1_000.0;
    duration.mul_f64(0.9 + 0.2 * part)
}
