//! Lets go of what is older than the configuration wants kept, a little at a time.
//!
//! ```text
//! watch ─► [`Retention::tick`] ─► is the day's pass over? ─► names older than their kind's days
//!                                                    ─► kept by the ledger? still open? ─► remove, at most some each tick
//! ```
//! The document `retention/state` says which day's pass is over, so that of several instances and after a restart each day
//! has one. Two at once do no harm: to remove what is gone is nothing. What the store is bound to keep (an immutability
//! policy, a legal hold) is told once and asked for again the next day.

use crate::domain::causes::with_causes;
use crate::domain::names::{PlanName, RunId};
use crate::domain::retention::{self, Retention as Days, admitted_at, end_of_day, span};
use crate::engine::book::{self, Book};
use crate::engine::close::report_name;
use crate::engine::journal::Journal;
use crate::engine::ports::{Store, StoreError};
use crate::telemetry::metrics::STORE_REMOVED;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Things looked at in one tick of the watch, whose other work is not to wait.
const EACH_TICK: usize = 20;
/// Refusals after which the store is left alone until the next day.
const REFUSALS: usize = 3;
const STATE: &str = "retention/state";

/// Lets go of old things in one store.
pub struct Retention {
    store: Arc<dyn Store>,
    days: Days,
    /// The newest day whose pass this process knows to be over.
    over: Mutex<Option<NaiveDate>>,
}

/// What a tick came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Logs that were removed, by kind.
    pub removed: BTreeMap<&'static str, usize>,
    /// What the store is bound to keep.
    pub bound: Vec<String>,
    /// Whether the day's pass is over with it.
    pub over: bool,
}

/// What is known of the pass.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    day: NaiveDate,
    over: bool,
    /// What has been looked at on that day, and stays.
    #[serde(default)]
    stays: BTreeSet<String>,
    #[serde(default)]
    refusals: usize,
}

/// A thing that is old enough by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Old {
    Journal(RunId),
    DayLog(String),
    Record { run: RunId, name: String },
}

impl Retention {
    pub fn new(store: Arc<dyn Store>, days: Days) -> Self {
        Self { store, days, over: Mutex::default() }
    }

    /// Goes on with the day's pass, if it is not over. `None` when there was nothing to do.
    ///
    /// # Errors
    /// When the store cannot be asked; the next tick goes on.
    pub async fn tick(&self, now: DateTime<Utc>) -> Result<Option<Told>, StoreError> {
        let today = now.date_naive();
        if self.days.is_for_ever() || self.is_over(today) {
            return Ok(None);
        }
        let (mut state, tag) = self.state(today).await?;
        if !state.over {
            let told = self.go_on(&mut state, now).await?;
            self.remember(&state, tag).await?;
            self.note(today, state.over);
            return Ok(Some(told));
        }
        self.note(today, true);
        Ok(None)
    }

    fn is_over(&self, today: NaiveDate) -> bool {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) == Some(today)
    }

    fn note(&self, today: NaiveDate, over: bool) {
        if over {
            *self.over.lock().unwrap_or_else(PoisonError::into_inner) = Some(today);
        }
    }

    async fn state(&self, today: NaiveDate) -> Result<(State, Option<String>), StoreError> {
        let Some(document) = self.store.get(STATE).await? else {
            return Ok((State { day: today, ..State::default() }, None));
        };
        // One that cannot be read is begun anew: at worst a day has two passes.
        let known: Option<State> = serde_json::from_slice(&document.bytes).ok();
        let state = known.filter(|state| state.day == today);
        Ok((state.unwrap_or(State { day: today, ..State::default() }), Some(document.tag)))
    }

    /// Somebody else may have been faster: then theirs stands.
    async fn remember(&self, state: &State, tag: Option<String>) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(state).unwrap_or_default();
        match self.store.put(STATE, &bytes, tag.as_deref()).await {
            Err(error) if !error.is_conflict() => Err(error),
            _ => Ok(()),
        }
    }

    async fn go_on(&self, state: &mut State, now: DateTime<Utc>) -> Result<Told, StoreError> {
        let mut old = self.old(now).await?;
        old.retain(|old| !state.stays.contains(&old.name()));
        let mut told = Told { over: old.len() <= EACH_TICK, ..Told::default() };
        let mut kept = Kept::default();
        for old in old.into_iter().take(EACH_TICK) {
            let name = old.name();
            match self.let_go(&old, now, &mut kept).await {
                Ok(true) => *told.removed.entry(old.kind()).or_default() += 1,
                Ok(false) => drop(state.stays.insert(name)),
                Err(StoreError::Bound { .. }) => {
                    state.stays.insert(name.clone());
                    state.refusals += 1;
                    told.bound.push(name);
                }
                Err(error) => return Err(error),
            }
            if state.refusals >= REFUSALS {
                told.over = true;
                break;
            }
        }
        told.removed.iter().for_each(|(kind, count)| STORE_REMOVED.add(*count as u64, &[kind]));
        state.over = told.over;
        Ok(told)
    }

    /// Everything that is old enough by its name, oldest kind first: a record goes after its journal.
    async fn old(&self, now: DateTime<Utc>) -> Result<Vec<Old>, StoreError> {
        let mut old = Vec::new();
        if let Some(days) = self.days.journals {
            let runs = self.listed("runs/").await?;
            let runs = runs.into_iter().filter(|run| admitted_at(run).is_some_and(|at| at + span(days) < now));
            old.extend(runs.map(|run| Old::Journal(RunId::new(run))));
        }
        if let Some(days) = self.days.day_logs {
            let logs = self.listed("days/").await?;
            let logs = logs.into_iter().filter(|day| end_of_day(day).is_some_and(|end| end + span(days) < now));
            old.extend(logs.map(Old::DayLog));
        }
        if let Some(days) = self.days.records {
            let records = self.listed("records/").await?.into_iter().filter_map(|name| {
                let run =
                    name.split('/').next().filter(|run| admitted_at(run).is_some_and(|at| at + span(days) < now))?;
                Some(Old::Record { run: RunId::new(run), name: name.clone() })
            });
            old.extend(records);
        }
        Ok(old)
    }

    /// Names below a prefix, without it.
    async fn listed(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let names = self.store.list(prefix).await?;
        Ok(names.into_iter().filter_map(|name| name.strip_prefix(prefix).map(str::to_owned)).collect())
    }

    /// Removes it if it is old in truth and nobody needs it; says whether it did.
    async fn let_go(&self, old: &Old, now: DateTime<Utc>, kept: &mut Kept) -> Result<bool, StoreError> {
        match old {
            Old::Journal(run) => {
                if !self.is_old_and_over(run, now).await? || self.is_kept(run, kept).await? {
                    return Ok(false);
                }
                // The journal goes last: as long as it is there, what is left is found again.
                self.store.remove_document(&report_name(run)).await?;
            }
            Old::DayLog(_) => {}
            Old::Record { run, .. } => {
                let has_journal = self.store.read(&format!("runs/{run}"), u64::MAX).await?.is_some();
                if has_journal || !self.is_quiet(&old.name(), self.days.records).await? {
                    return Ok(false);
                }
            }
        }
        self.store.remove(&old.name()).await
    }

    /// Whether nothing was written to a log for as long as its kind is kept, by the store's own clock.
    async fn is_quiet(&self, name: &str, days: Option<u32>) -> Result<bool, StoreError> {
        let Some(days) = days.and_then(|days| span(days).to_std().ok()) else { return Ok(false) };
        Ok(self.store.read(name, u64::MAX).await?.is_some_and(|read| read.quiet_for >= days))
    }

    /// Whether the run's journal says that it is over and has said nothing since for long enough. One that cannot be read
    /// waits for a person, and stays.
    async fn is_old_and_over(&self, run: &RunId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let name = format!("runs/{run}");
        let Some(days) = self.days.journals else { return Ok(false) };
        match Journal::open(&self.store, run).await {
            Ok(Some(journal)) => {
                let state = journal.state();
                let long_ago = state.last_event_at + span(days) < now;
                Ok(retention::is_over(state) && long_ago && self.is_quiet(&name, self.days.journals).await?)
            }
            Ok(None) => self.is_quiet(&name, self.days.journals).await,
            Err(error) => {
                tracing::warn!(%run, error = with_causes(&error), "retention keeps a journal that cannot be read");
                Ok(false)
            }
        }
    }

    /// Whether the plan's ledger still needs the run. A ledger that cannot be read keeps everything.
    async fn is_kept(&self, run: &RunId, kept: &mut Kept) -> Result<bool, StoreError> {
        let Some(plan) = run.plan() else { return Ok(true) };
        if !kept.0.contains_key(&plan) {
            let runs = self.needed_by(&plan).await?;
            kept.0.insert(plan.clone(), runs);
        }
        let needed = kept.0.get(&plan).and_then(Option::as_ref);
        Ok(needed.is_none_or(|runs| runs.contains(run)))
    }

    async fn needed_by(&self, plan: &PlanName) -> Result<Option<BTreeSet<RunId>>, StoreError> {
        // Opening one that is not there would begin it.
        if self.store.list(&book::prefix(plan)).await?.is_empty() {
            return Ok(Some(BTreeSet::new()));
        }
        match Book::open(&self.store, plan).await {
            Ok(book) => Ok(Some(retention::kept(book.state()))),
            Err(error) => {
                tracing::warn!(%plan, error = with_causes(&error), "retention keeps every run of this plan");
                Ok(None)
            }
        }
    }
}

/// The runs that each plan needs, as read in one tick; `None` is all of them.
#[derive(Default)]
struct Kept(BTreeMap<PlanName, Option<BTreeSet<RunId>>>);

impl Old {
    fn name(&self) -> String {
        match self {
            Old::Journal(run) => format!("runs/{run}"),
            Old::DayLog(day) => format!("days/{day}"),
            Old::Record { name, .. } => format!("records/{name}"),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Old::Journal(_) => "journal",
            Old::DayLog(_) => "day-log",
            Old::Record { .. } => "record",
        }
    }
}

impl Told {
    /// One sentence for the log; `None` when there is nothing to tell.
    pub fn text(&self) -> Option<String> {
        let removed = self.removed.iter().map(|(kind, count)| format!("{count} of kind {kind}"));
        let removed = removed.collect::<Vec<_>>().join(", ");
        let bound = self.bound.join(", ");
        let bound = format!(
            "the store is bound to keep {bound} (an immutability policy or a legal hold), and is asked again tomorrow"
        );
        match (self.removed.is_empty(), self.bound.is_empty()) {
            (true, true) => None,
            (false, true) => Some(format!("retention let go of {removed}")),
            (true, false) => Some(format!("retention let go of nothing: {bound}")),
            (false, false) => Some(format!("retention let go of {removed}; {bound}")),
        }
    }
}
