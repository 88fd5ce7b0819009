//! What a handler left behind in its state folder: every chain is verified, every closed run has its report.

use super::secrets::Secrets;
use reveille::domain::chain::{self, Entry, Head};
use reveille::domain::ledger::{LedgerEvent, PlanState};
use reveille::domain::names::{PlanName, RunId};
use reveille::domain::report::Report;
use reveille::domain::run::{Driver, RunEvent, RunState};
use reveille::engine::close::report_name;
use reveille::engine::ports::Store;
use reveille::store::{StoreTarget, open};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The state folder as it was read.
pub struct Aftermath {
    store: Arc<dyn Store>,
    pub plans: BTreeMap<PlanName, PlanState>,
    pub ledger_lines: usize,
    /// By id, which sorts by plan and time.
    pub runs: BTreeMap<RunId, RunState>,
    /// Who took each run, in order, renewals left out.
    pub drivers: BTreeMap<RunId, Vec<Driver>>,
}

impl Aftermath {
    /// Reads everything; an error says which log does not hold.
    pub async fn read(folder: &Path) -> Result<Self, String> {
        Self::of(open(&StoreTarget::Directory(folder.to_owned())).map_err(|error| error.to_string())?).await
    }

    /// The same of a state that is elsewhere.
    pub async fn of(store: Arc<dyn Store>) -> Result<Self, String> {
        let mut aftermath =
            Self { store, plans: BTreeMap::new(), ledger_lines: 0, runs: BTreeMap::new(), drivers: BTreeMap::new() };
        aftermath.read_ledgers().await?;
        aftermath.read_journals().await?;
        Ok(aftermath)
    }

    async fn read_ledgers(&mut self) -> Result<(), String> {
        for name in names(&self.store, "ledger/").await? {
            let plan = name.split('/').nth(1).ok_or_else(|| format!("{name} names no plan"))?;
            let entries: Vec<Entry<LedgerEvent>> = entries(&self.store, &name).await?;
            self.ledger_lines += entries.len();
            let state = self.plans.entry(PlanName::new(plan)).or_default();
            entries.iter().for_each(|entry| state.apply(&entry.event, entry.at));
        }
        Ok(())
    }

    async fn read_journals(&mut self) -> Result<(), String> {
        for name in names(&self.store, "runs/").await? {
            let entries: Vec<Entry<RunEvent>> = entries(&self.store, &name).await?;
            if entries.is_empty() {
                continue;
            }
            let state = RunState::fold(&entries).map_err(|error| format!("{name}: {error}"))?;
            self.drivers.insert(state.created.run.clone(), drivers(&entries));
            self.runs.insert(state.created.run.clone(), state);
        }
        Ok(())
    }

    /// Runs that the ledgers admitted and whose journals do not say `Closed`.
    pub fn open_runs(&self) -> Vec<RunId> {
        let admitted = self.plans.values().flat_map(|plan| plan.runs.iter().map(|line| line.run.clone()));
        admitted.filter(|run| !self.runs.get(run).is_some_and(|state| state.closed)).collect()
    }

    /// The one run there is.
    pub fn only_run(&self) -> &RunState {
        assert_eq!(self.runs.len(), 1, "{:?}", self.runs.keys());
        self.runs.values().next().unwrap()
    }

    pub fn plan(&self, name: &str) -> &PlanState {
        &self.plans[&PlanName::new(name)]
    }

    /// What is wrong with the reports of closed runs.
    pub async fn report_faults(&self, secrets: &Secrets) -> Vec<String> {
        let mut faults = Vec::new();
        for (id, run) in self.runs.iter().filter(|(_, run)| run.closed) {
            match self.report(id).await {
                Err(fault) => faults.push(format!("{id}: {fault}")),
                Ok((_, digest)) if Some(&digest) != run.report_digest.as_ref() => {
                    faults.push(format!("{id}: the stored report is not the one that the journal names"));
                }
                Ok((text, _)) => faults.extend(secrets.found_in(&format!("the report of {id}"), &text)),
            }
        }
        faults
    }

    async fn report(&self, run: &RunId) -> Result<(String, String), String> {
        let stored = self.store.get(&report_name(run)).await.map_err(|error| error.to_string())?;
        let bytes = stored.ok_or("no report is stored")?.bytes;
        let report: Report = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        if &report.run != run {
            return Err(format!("the stored report is about {}", report.run));
        }
        Ok((String::from_utf8_lossy(&bytes).into_owned(), chain::digest(&bytes)))
    }
}

fn drivers(entries: &[Entry<RunEvent>]) -> Vec<Driver> {
    let claims = entries.iter().filter_map(|entry| match &entry.event {
        RunEvent::Claimed { by, .. } => Some(by.clone()),
        _ => None,
    });
    let mut drivers: Vec<Driver> = claims.collect();
    drivers.dedup();
    drivers
}

/// The lines of the day log.
pub async fn deliveries(folder: &Path) -> Result<Vec<Value>, String> {
    let store = open(&StoreTarget::Directory(folder.to_owned())).map_err(|error| error.to_string())?;
    let mut lines = Vec::new();
    for name in names(&store, "days/").await? {
        let read = store.read(&name, 0).await.map_err(|error| error.to_string())?;
        let bytes = read.map(|read| read.bytes).unwrap_or_default();
        let parsed: Result<Vec<Value>, _> = chain::lines(&bytes).map(serde_json::from_slice).collect();
        lines.extend(parsed.map_err(|error| format!("{name}: {error}"))?);
    }
    Ok(lines)
}

async fn names(store: &Arc<dyn Store>, prefix: &str) -> Result<Vec<String>, String> {
    store.list(prefix).await.map_err(|error| error.to_string())
}

/// All lines of a log, each checked against the one before.
async fn entries<E: DeserializeOwned>(store: &Arc<dyn Store>, name: &str) -> Result<Vec<Entry<E>>, String> {
    let read = store.read(name, 0).await.map_err(|error| error.to_string())?;
    let bytes = read.map(|read| read.bytes).unwrap_or_default();
    let mut head = Head::default();
    let mut entries = Vec::new();
    for line in chain::lines(&bytes) {
        let (entry, next) = head.follow(line).map_err(|error| format!("{name}: {error}"))?;
        entries.push(entry);
        head = next;
    }
    Ok(entries)
}
