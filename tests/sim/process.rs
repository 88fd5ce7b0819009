//! One process of the handler: an engine with its own way to the store, and a life that may end at any instant.

use super::host::Tenant;
use super::steps;
use super::time::{Ms, SECOND, SimClock, WRONG_CLOCKS};
use super::weather::Channel as ChannelWeather;
use super::world::{Happening, World};
use async_trait::async_trait;
use reveille::domain::names::ChannelName;
use reveille::domain::notice::Notice;
use reveille::domain::run::Driver;
use reveille::engine::ports::{Channel, Delivered, DeliveryError, Receipt};
use reveille::engine::{Engine, Settings, Shelf};
use reveille::store::{Call, Fault, Harm, MemoryStore};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// The life of a process. It ends when the host hears of its death and drops everything that it does.
pub struct Life {
    pub id: u32,
    /// What its machine says the time is.
    pub clock: SimClock,
    doomed: AtomicBool,
    deaths: UnboundedSender<u32>,
    world: Arc<World>,
}

impl Life {
    pub fn new(id: u32, world: &Arc<World>, deaths: &UnboundedSender<u32>) -> Arc<Self> {
        let wrong = world.weather.hosting.wrong_clocks;
        let code = if wrong { world.between(0, WRONG_CLOCKS.into()) as u16 } else { 0 };
        let (clock, doomed) = (world.clock.wrong(code), AtomicBool::new(false));
        Arc::new(Self { id, clock, doomed, deaths: deaths.clone(), world: Arc::clone(world) })
    }

    /// Dies here and now.
    pub async fn die(&self, point: &str) {
        self.announce(point);
        std::future::pending().await
    }

    fn announce(&self, point: &str) {
        self.world.log(Happening::Process { what: format!("process {} dies: {point}", self.id) });
        self.deaths.send(self.id).unwrap();
    }

    /// Will die as soon as it wants to write down what came of its call.
    pub fn doom(&self) {
        self.doomed.store(true, Ordering::Relaxed);
    }

    /// What the weather, and its own fate, do to a call to the store.
    fn fault(&self, call: &Call<'_>) -> Fault {
        if self.doomed.load(Ordering::Relaxed) && call.operation.writes() && holds(call.bytes, b"\"event\":\"sent\"") {
            self.doomed.store(false, Ordering::Relaxed);
            self.announce("answered, before the append");
            return Fault { before: Duration::from_secs(3_600), ..Fault::default() };
        }
        let noise = self.world.weather.noise;
        let chance = |probability| self.world.chance(self.world.noise(probability));
        let slow = |longest: Ms| Duration::from_millis(self.world.between(1, longest));
        let mut fault = Fault::default();
        if call.operation.writes() {
            fault = Fault { before: slow(20), harm: Harm::None, after: slow(20) };
        }
        if chance(noise.store_slow) {
            fault.before = slow(2 * SECOND);
            fault.after = slow(4 * SECOND);
        }
        if chance(noise.store_fails) {
            fault.harm = Harm::FailBefore;
        } else if chance(noise.store_loses_answer) {
            fault.harm = Harm::LoseAnswer;
        } else if chance(noise.store_lands_late) {
            fault.harm = Harm::LandLate(slow(8 * SECOND));
        }
        fault
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The engine of a process.
pub fn engine(tenants: &[Tenant], store: &MemoryStore, life: &Arc<Life>, driver: Driver) -> Engine {
    let fate = Arc::clone(life);
    let store = store.with_faults(move |call| fate.fault(call));
    Engine {
        store: Arc::new(store),
        clock: Arc::new(life.clock),
        steps: Arc::new(steps::wired(tenants, life)),
        channels: Arc::new(channels(&life.world.weather.channels)),
        plans: Arc::new(tenants.iter().map(|tenant| (tenant.plan.plan.name.clone(), tenant.plan.clone())).collect()),
        settings: Settings::default(),
        driver,
        shelf: Shelf::default(),
    }
}

pub fn channel_names(channels: &[ChannelWeather]) -> Vec<ChannelName> {
    (0..channels.len()).map(|index| ChannelName::new(format!("channel-{index}"))).collect()
}

fn channels(weather: &[ChannelWeather]) -> BTreeMap<ChannelName, Arc<dyn Channel>> {
    let channel = |(name, how): (ChannelName, &ChannelWeather)| {
        let channel = SimChannel { name: name.clone(), how: *how };
        (name, Arc::new(channel) as Arc<dyn Channel>)
    };
    channel_names(weather).into_iter().zip(weather).map(channel).collect()
}

struct SimChannel {
    name: ChannelName,
    how: ChannelWeather,
}

#[async_trait]
impl Channel for SimChannel {
    fn name(&self) -> &ChannelName {
        &self.name
    }

    async fn deliver(&self, _notice: &Notice) -> Result<Delivered, DeliveryError> {
        match self.how {
            ChannelWeather::Works => Ok(Delivered { receipt: Receipt::Accepted, status: 200, reference: None }),
            ChannelWeather::Hangs => std::future::pending().await,
            ChannelWeather::Fails => {
                Err(DeliveryError::Failed { channel: self.name.clone(), status: 500, retry_after: None })
            }
        }
    }
}
