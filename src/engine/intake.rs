//! Takes requests in: reads the ledger, lets the pure admission decide, appends what it said at the version it read.

use super::amend::TRIES;
use super::book::Book;
use super::journal::{self, Journal, JournalError};
use super::log::LogError;
use super::parts::{Configured, Engine};
use crate::domain::drill;
use crate::domain::ledger::{self, Admission, Decision, Guard, LedgerEvent, PlanState, Request};
use crate::domain::names::{IncidentId, PlanName, RunId};
use crate::domain::run::{Created, RunEvent, StartedBy};
use crate::domain::runbook;
use crate::domain::witness::{LastSeen, last_seen_name};
use chrono::{DateTime, Utc};

/// What became of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// A run was started.
    Started { run: RunId, incident: IncidentId },
    /// A run that is under way already, or that an earlier delivery started.
    Joined { run: RunId },
    /// The outage is recorded; a guard holds it.
    Deferred { incident: Option<IncidentId>, guard: Guard },
    /// A person's drill does not begin, and why.
    Refused { refusal: drill::Refusal },
    /// There was nothing to do.
    Nothing { why: String },
}

/// Why a request could not be taken. Nothing is lost by trying again.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error("plan {plan}: there is no such plan in the configuration")]
    NoSuchPlan { plan: PlanName },
    #[error("plan {plan}: its ledger could not be read or written")]
    Ledger {
        plan: PlanName,
        #[source]
        source: LogError,
    },
    #[error("plan {plan}: the journal of its run could not be written")]
    Journal {
        plan: PlanName,
        #[source]
        source: JournalError,
    },
    #[error("plan {plan}: the ledger is too busy")]
    Busy { plan: PlanName },
}

impl Engine {
    /// Takes one request in. Safe to repeat, from any number of instances at once.
    pub async fn take(&self, plan: &PlanName, request: &Request) -> Result<Taken, IntakeError> {
        let configured = self.plan(plan).cloned().ok_or_else(|| IntakeError::NoSuchPlan { plan: plan.clone() })?;
        let ledger_error = |source| IntakeError::Ledger { plan: plan.clone(), source };
        let mut book = self.shelf.take_book(&self.store, plan).await.map_err(ledger_error)?;
        for _ in 0..TRIES {
            let now = self.clock.now();
            if let Some(wreck) = self.wreck_in_the_way(&book, request).await {
                match book.append(self.clock.as_ref(), parked(wreck)).await {
                    Ok(()) => {}
                    Err(error) if error.is_moved() => book.catch_up().await.map_err(ledger_error)?,
                    Err(error) => return Err(ledger_error(error)),
                }
                continue;
            }
            let decision = ledger::admit(book.state(), &configured.plan, request, now);
            match self.write(&mut book, &configured, decision, now).await {
                Ok(taken) => {
                    self.heal(&book, &configured).await?;
                    self.shelf.put_book(book);
                    return Ok(taken);
                }
                Err(error) if error.is_moved() => book.catch_up().await.map_err(ledger_error)?,
                Err(error) => return Err(ledger_error(error)),
            }
        }
        Err(IntakeError::Busy { plan: plan.clone() })
    }

    /// Writes a decision to the ledger.
    async fn write(
        &self,
        book: &mut Book,
        configured: &Configured,
        decision: Decision,
        now: DateTime<Utc>,
    ) -> Result<Taken, LogError> {
        match decision {
            Decision::Join { run } => Ok(Taken::Joined { run }),
            Decision::Refuse { refusal } => Ok(Taken::Refused { refusal }),
            Decision::Nothing { why } => Ok(Taken::Nothing { why }),
            Decision::Defer { open, incident, guard, known } => {
                let opened = open.map(|cause| opened(book, configured, cause, now));
                let incident = opened.as_ref().map(|(incident, _)| incident.clone()).or(incident);
                let (kind, until) = (guard.kind, guard.until);
                let held = incident.clone().filter(|_| !known);
                let held = held.map(|incident| LedgerEvent::Deferred { incident, guard: kind, until });
                let events: Vec<LedgerEvent> = opened.map(|(_, event)| event).into_iter().chain(held).collect();
                if !events.is_empty() {
                    book.append_all(self.clock.as_ref(), events).await?;
                }
                Ok(Taken::Deferred { incident, guard })
            }
            Decision::Admit(admission) => self.admit(book, configured, admission, now).await,
        }
    }

    async fn admit(
        &self,
        book: &mut Book,
        configured: &Configured,
        admission: Admission,
        now: DateTime<Utc>,
    ) -> Result<Taken, LogError> {
        let opened = admission.open.map(|cause| opened(book, configured, cause, now));
        let incident = match (&opened, &book.state().incident) {
            (Some((incident, _)), _) => incident.clone(),
            (None, Some(incident)) => incident.id.clone(),
            (None, None) => IncidentId::new(mint(&configured.plan.name, "d", now)),
        };
        if let Some(lesser) = &admission.preempts {
            // Without a journal it would never be closed: once this run is admitted, nobody knows how that one began.
            let begun = self.heal(book, configured).await;
            begun.map_err(|_| LogError::Moved { name: journal::log_name(lesser) })?;
        }
        let run = RunId::new(mint(&configured.plan.name, "", now));
        let taken = match &admission.by {
            StartedBy::Schedule { due } => Some(LedgerEvent::DrillTaken { due: due.clone(), run: run.clone() }),
            _ => None,
        };
        let admitted = LedgerEvent::RunAdmitted {
            run: run.clone(),
            incident: incident.clone(),
            kind: admission.kind,
            leave: admission.leave,
            by: admission.by,
            key: admission.key,
            config_digest: configured.config_digest.clone(),
        };
        let events = opened.map(|(_, event)| event).into_iter().chain([admitted]).chain(taken).collect();
        book.append_all(self.clock.as_ref(), events).await?;
        Ok(Taken::Started { run, incident })
    }

    /// An admitted run whose journal was never begun (the process died in between) gets it from the ledger. Before that,
    /// and only then, those that it takes precedence over are told to give way: to a run that the ledger knows.
    async fn heal(&self, book: &Book, configured: &Configured) -> Result<(), IntakeError> {
        let Some(mut created) = created(book.state(), configured) else { return Ok(()) };
        let plan = &configured.plan.name;
        let run = created.run.clone();
        let journal_error = |source| IntakeError::Journal { plan: plan.clone(), source };
        if self.shelf.is_begun(&run) {
            return Ok(());
        }
        let journal = match self.shelf.take(&self.store, &run).await {
            Ok(Some(journal)) => journal,
            // Begun by a version that this one does not know: it waits for a person, the plan goes on being tended.
            Err(error) if error.is_unreadable() => return Ok(()),
            Err(error) => return Err(journal_error(error)),
            Ok(None) => {
                for lesser in unclosed(book.state(), &run) {
                    self.preempt(&lesser, &run).await.map_err(journal_error)?;
                }
                created.writer_target = self.writer_before(&created).await;
                let event = RunEvent::RunCreated(Box::new(created));
                Journal::begin(&self.store, self.clock.as_ref(), &run, event).await.map_err(journal_error)?
            }
        };
        self.shelf.put(journal);
        Ok(())
    }

    /// Tells a lesser run to give way. It reads its journal right before each call, so it begins none any more; what is
    /// in flight is waited out by the failover, which knows of it by [`Created::preempts`].
    async fn preempt(&self, lesser: &RunId, by_run: &RunId) -> Result<(), JournalError> {
        let mut journal = match Journal::open(&self.store, lesser).await {
            Ok(Some(journal)) => journal,
            // What nobody here can read nobody here drives either; an outage is not turned away for it.
            Ok(None) => return Ok(()),
            Err(error) if error.is_unreadable() => return Ok(()),
            Err(error) => return Err(error),
        };
        while journal.state().outcome.is_none() && journal.state().preempted_by.is_none() {
            match journal.append(self.clock.as_ref(), RunEvent::Preempted { by_run: by_run.clone() }).await {
                Err(error) if error.is_moved() => drop(journal.catch_up().await?),
                told => return told,
            }
        }
        Ok(())
    }
}

impl Engine {
    /// The active run, when nobody here can read its journal, nobody anywhere has written to it for as long as a live
    /// driver would, and a person forces a failover past it. Without that it stays parked for a person.
    async fn wreck_in_the_way(&self, book: &Book, request: &Request) -> Option<RunId> {
        let run = match (request, &book.state().active) {
            (Request::Failover { force: true, .. }, Some(active)) => active.run.clone(),
            _ => return None,
        };
        let error = Journal::open(&self.store, &run).await.err()?;
        let log = self.store.read(&journal::log_name(&run), 0).await.ok()??;
        (error.is_unreadable() && log.quiet_for >= self.settings.claim_dead).then_some(run)
    }

    /// Where the writer endpoint pointed in good times. Not knowing it costs the report a figure, never the run.
    async fn writer_before(&self, created: &Created) -> Option<String> {
        let name = last_seen_name(&created.plan.name, &created.primary);
        let document = self.store.get(&name).await.ok()??;
        serde_json::from_slice::<LastSeen>(&document.bytes).ok()?.writer_target
    }
}

/// The ledger's word for a run that a person leaves behind: its incident stays open, for the run that is forced.
fn parked(run: RunId) -> LedgerEvent {
    LedgerEvent::RunClosed { run, outcome: "parked".into(), closes: false, serves: None }
}

/// An incident that begins now.
fn opened(book: &Book, configured: &Configured, cause: ledger::Cause, now: DateTime<Utc>) -> (IncidentId, LedgerEvent) {
    let incident = IncidentId::new(mint(&configured.plan.name, "i", now));
    let primary = ledger::primary(book.state(), &configured.plan);
    (incident.clone(), LedgerEvent::IncidentOpened { incident, primary, cause })
}

/// How the active run of a ledger begins.
fn created(state: &PlanState, configured: &Configured) -> Option<Created> {
    let active = state.active.as_ref()?;
    let plan = &configured.plan;
    let incident = state.incident.as_ref().filter(|incident| incident.id == active.incident);
    let (since, sign) = match incident {
        Some(incident) => (incident.cause.since, incident.cause.sign.clone()),
        None => (active.admitted_at, active.by.text()),
    };
    let standby = plan.other(&active.leave).name.clone();
    let standby_workload = ledger::standby_workload(state, plan, &standby);
    let lines = runbook::of_plan(plan, active.kind, &standby_workload);
    Some(Created {
        run: active.run.clone(),
        incident: active.incident.clone(),
        kind: active.kind,
        runbook: runbook::VERSION,
        started_by: active.by.clone(),
        plan: (**plan).clone(),
        config_digest: configured.config_digest.clone(),
        primary: active.leave.clone(),
        remembered: state.parking(&standby).map(|known| known.remembered.clone()).unwrap_or_default(),
        standby,
        standby_workload,
        expected: state.history.expectations(active.kind, lines),
        outage_since: since,
        first_sign: sign,
        writer_target: None,
        preempts: unclosed(state, &active.run).last(),
    })
}

/// Runs of which the ledger does not know the end, beside the active one: it takes precedence over them.
fn unclosed(state: &PlanState, active: &RunId) -> impl DoubleEndedIterator<Item = RunId> {
    let open = state.runs.iter().filter(|line| line.closed_at.is_none() && &line.run != active);
    open.map(|line| line.run.clone()).collect::<Vec<_>>().into_iter()
}

/// `{plan}.{mark}{UTC time}.{random}`: sorts by time and tells its plan.
fn mint(plan: &PlanName, mark: &str, now: DateTime<Utc>) -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("{plan}.{mark}{}.{}", now.format("%Y%m%dT%H%M%S"), &random[..6])
}
