//! A region that goes dark, in the sandbox, with the handler at production pace: its own defaults for polls, claims and
//! deadlines, timers as `function.json` says.

use super::{Programs, Trouble};
use chrono::{DateTime, Utc};
use reveille::sandbox::scenario::Scenario;
use reveille::sandbox::world::{Darkness, Entry, Event, World};
use reveille::sandbox::{Options, Sandbox};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// The timer of `watch`; the simulated host would follow the schedule too, but not from the first second on.
pub const WATCH: Duration = Duration::from_secs(30);
const REGION: &str = "eastus2";
const LOOK: Duration = Duration::from_millis(50);

pub struct Outage {
    pub sandbox: Sandbox,
    folder: tempfile::TempDir,
    /// The world's log as far as it was looked at.
    pub log: Vec<Entry>,
}

impl Outage {
    /// Starts world and handler; nothing is dark yet. `world` is the table of that name in a scenario.
    pub async fn prepare(programs: &Programs, world: &str) -> Result<Self, Trouble> {
        let folder = tempfile::tempdir()?;
        let mut options = Options::new(scenario(world)?, &programs.handler);
        options.folder = Some(folder.path().to_owned());
        let sandbox = Sandbox::start(options).await?;
        Ok(Self { sandbox, folder, log: Vec::new() })
    }

    pub fn world(&self) -> &World {
        self.sandbox.world()
    }

    /// Waits until both witnesses of that many plans were seen healthy; before, they would count as blind.
    pub async fn witnesses(&self, plans: usize) -> Result<(), Trouble> {
        let deadline = Instant::now() + WATCH * 4;
        while self.seeing() < plans {
            if Instant::now() > deadline {
                return Err(format!("only {} of {plans} primaries were seen healthy", self.seeing()).into());
            }
            sleep(Duration::from_millis(500)).await;
        }
        Ok(())
    }

    fn seeing(&self) -> usize {
        let documents = super::program::files(&self.folder.path().join("app/state"));
        documents.iter().filter(|file| has_seen(file)).count()
    }

    /// The primary region's compute goes dark; its database lives on, as in `primary-outage`.
    pub fn go_dark(&self) {
        let dark = Darkness { origins: true, cluster_api: true, applications: true, ..Darkness::default() };
        self.world().set_darkness(REGION, dark);
    }

    /// The first entry that is wanted, from the beginning of the log on.
    pub async fn first(&mut self, limit: Duration, wanted: impl Fn(&Entry) -> bool) -> Result<Entry, Trouble> {
        let deadline = Instant::now() + limit;
        loop {
            self.catch_up();
            if let Some(entry) = self.log.iter().find(|entry| wanted(entry)) {
                return Ok(entry.clone());
            }
            if Instant::now() > deadline {
                return Err(format!("what was waited for did not happen within {} s", limit.as_secs()).into());
            }
            sleep(LOOK).await;
        }
    }

    pub fn catch_up(&mut self) {
        let seq = self.log.last().map_or(0, |entry| entry.seq);
        self.log.extend(self.world().entries_after(seq));
    }

    /// Resident memory of the handler in bytes.
    pub fn resident(&self) -> Result<u64, Trouble> {
        let pid = self.sandbox.host().handler_pid().ok_or("the handler does not run")?;
        Ok(super::program::resident(pid)?)
    }
}

fn scenario(world: &str) -> Result<Scenario, Trouble> {
    let text = format!(
        "name = \"bench\"\nabout = \"A benchmark.\"\nexit = 0\nsettle = \"1s\"\n\
         [world]\ntimer = \"{}s\"\n{world}\n\
         [plan]\npace = \"production\"\ntiming = {{ metric_settle = \"0s\" }}\n",
        WATCH.as_secs()
    );
    Ok(Scenario::parse("bench", &text)?)
}

/// The memory of a plan's witnesses, with a time for each.
fn has_seen(file: &PathBuf) -> bool {
    let Ok(bytes) = std::fs::read(file) else { return false };
    let Ok(seen) = serde_json::from_slice::<serde_json::Value>(&bytes) else { return false };
    seen["probe_healthy"].is_string() && seen["metric_healthy"].is_string()
}

/// An alert reached the handler and was taken.
pub fn is_alert_taken(entry: &Entry) -> bool {
    matches!(&entry.event, Event::AlertPosted { status: Some(202), .. })
}

/// A start or stop was accepted: `/start` or `/stop`, or either with `/`.
pub fn is_accepted(entry: &Entry, action: &str) -> bool {
    matches!(&entry.event, Event::ArmCall { path, status: Some(202), .. }
        if path.contains("managedClusters") && path.split('?').next().is_some_and(|path| path.ends_with(action)))
}

/// The outcome of the run that a notification says has ended.
pub fn ended(entry: &Entry) -> Option<&str> {
    let Event::Notification { channel, body } = &entry.event else { return None };
    let over = channel == "hook" && body["type"].as_str().is_some_and(|kind| kind.ends_with(".run.ended"));
    over.then(|| body["data"]["outcome"].as_str()).flatten()
}

pub fn seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    (to - from).as_seconds_f64()
}
