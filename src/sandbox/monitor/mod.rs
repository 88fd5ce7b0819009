//! Azure Monitor: evaluates each workload's metric rule and tells its action group, statefully as in life: one `Fired`,
//! then silence, one `Resolved` after enough good evaluations.

mod delivery;
mod heartbeat;
mod payload;
mod rule;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

pub use heartbeat::RULE as HEARTBEAT_RULE;
pub use payload::common_alert;

use super::world::{Alert, World};
use delivery::Courier;
use rule::{Rule, Verdict};

/// How the monitor watches and tells. In life a rule is evaluated each minute.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Time between two evaluations.
    pub period: Duration,
    /// A rule fires when the average is less than this, in percent.
    pub threshold: f64,
    /// So many bad evaluations in a row fire.
    pub bad_evaluations: u32,
    /// So many good evaluations in a row resolve.
    pub good_evaluations: u32,
    /// Off: every bad evaluation fires again, with a new alert (`autoMitigate: false`).
    pub stateful: bool,
    /// Where the action groups post to. The same address twice is called twice.
    pub webhooks: Vec<String>,
    /// So many calls at once for each webhook; 0 loses them all.
    pub copies: u32,
    /// Multiplies the delays between retries (5, 20, 5, 40, 5 s) and the pause after giving up (15 min).
    pub delay_scale: f64,
    /// A webhook that does not answer in this time counts as a network error.
    pub answer_within: Duration,
    /// Time between two alerts of the rule that always fires; without it there is no such rule.
    pub heartbeat: Option<Duration>,
    /// Its alerts reach nobody.
    pub heartbeats_lost: bool,
    /// CA certificate as PEM that https webhooks are trusted by, beside the system's.
    pub ca_pem: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            period: Duration::from_millis(500),
            threshold: 99.0,
            bad_evaluations: 2,
            good_evaluations: 3,
            stateful: true,
            webhooks: Vec::new(),
            copies: 1,
            delay_scale: 0.02,
            answer_within: Duration::from_secs(10),
            heartbeat: None,
            heartbeats_lost: false,
            ca_pem: None,
        }
    }
}

/// The running monitor; it ends when dropped.
pub struct Monitor {
    settings: Arc<Mutex<Settings>>,
    courier: Courier,
    evaluating: JoinHandle<()>,
    beating: JoinHandle<()>,
}

type Shared = Arc<Mutex<Settings>>;

impl Monitor {
    /// Starts to evaluate the rules of every workload.
    ///
    /// # Errors
    /// When no HTTP client can be built, for a CA certificate that is none.
    pub fn start(world: World, settings: Settings) -> Result<Self, reqwest::Error> {
        let courier = Courier::new(world.clone(), settings.ca_pem.as_deref())?;
        // Whoever reads the action group sees whom it calls.
        world.change_estate(|estate| estate.group.webhooks = settings.webhooks.clone());
        let settings = Arc::new(Mutex::new(settings));
        let beating = tokio::spawn(heartbeat::beat_forever(world.clone(), Arc::clone(&settings), courier.clone()));
        let evaluating = tokio::spawn(evaluate_forever(world, Arc::clone(&settings), courier.clone()));
        Ok(Self { settings, courier, evaluating, beating })
    }

    /// Changes the settings while it runs.
    pub fn tune(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Tells the action group about an alert, whatever its rule says.
    pub fn post(&self, alert: &Alert) {
        self.courier.tell(&current(&self.settings), alert);
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.evaluating.abort();
        self.beating.abort();
    }
}

fn current(settings: &Mutex<Settings>) -> Settings {
    settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

async fn evaluate_forever(world: World, settings: Arc<Mutex<Settings>>, courier: Courier) {
    let mut rules: Vec<Rule> = world.workloads().into_iter().map(Rule::new).collect();
    loop {
        let now = current(&settings);
        tokio::time::sleep(now.period).await;
        for rule in &mut rules {
            evaluate(&world, &now, &courier, rule);
        }
    }
}

fn evaluate(world: &World, settings: &Settings, courier: &Courier, rule: &mut Rule) {
    let value = world.origin_health(&rule.workload.sites[0].origin);
    let changed = match rule.judge(value, settings) {
        Verdict::Nothing => None,
        Verdict::Fire(value) => {
            let alert = world.fire_alert(&rule.workload.name, value);
            rule.open = alert.as_ref().map(|it| it.id.clone());
            alert
        }
        Verdict::Resolve(value) => rule.open.take().and_then(|it| world.resolve_alert(&it, value)),
    };
    if let Some(alert) = changed {
        courier.tell(settings, &alert);
    }
}
