//! The world: what exists in the simulated Azure, what state it is in, and the log of what happened to it.
//!
//! A [`World`] is a cheap clone. Its state lives behind one mutex that is never held across an await point. Things that
//! take time (a cluster that starts, a promotion) are entered as due dates; every access settles what is due first, so
//! no reader ever sees a late state, and a sleeper settles at the due date for those who only listen to the log.

mod access;
mod alert;
mod cluster;
mod cluster_power;
mod endpoint;
mod estate;
mod fault;
mod front_door;
mod hidden;
mod ids;
mod knobs;
mod liveness;
mod log;
mod metric;
mod names;
mod operation;
mod promotion;
mod region;
mod server;
mod state;
mod token;
mod workload;

pub use access::{Grant, KubeRule};
pub use alert::{Alert, AlertState, Condition, Modification, Modified};
pub use cluster::{Cluster, Pool, Power, Provisioning};
pub use cluster_power::ClusterRefusal;
pub use endpoint::VirtualEndpoint;
pub use estate::{Estate, GroupSettings, KubernetesVersion, MachineSize, POOL_SIZE, Role as AccessRole, RuleSettings};
pub use fault::{ArmFault, FaultAction};
pub use front_door::{Origin, ProbeMethod, Profile};
pub use ids::{GROUP, SUBSCRIPTION, TENANT};
pub use knobs::{Knobs, Limits, SlowRestart};
pub use log::{Entry, Event};
pub use metric::Point;
pub use names::{Names, Ports, Sockets, bind_same_port};
pub use operation::{Operation, OperationError, OperationKind, OperationStatus, Outcome};
pub use promotion::{PromoteMode, PromoteOption, Promotion, ServerRefusal};
pub use region::{Darkness, Region};
pub use server::{Role, Server};
pub use token::{Claims, Identity, TokenRefusal};
pub use workload::{Site, Workload};

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use chrono::{DateTime, Utc};
use tokio::sync::broadcast;

use state::State;

/// The simulated Azure's state, shared by everything that imitates a part of it.
#[derive(Clone)]
pub struct World {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    names: Names,
    ports: Ports,
    planes: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl World {
    /// A world in which every workload runs at its first site and sleeps at its second.
    pub fn new(workloads: Vec<Workload>, names: Names, ports: Ports) -> Self {
        let inner = Inner { state: Mutex::new(State::new(workloads)), names, ports, planes: Mutex::default() };
        Self { inner: Arc::new(inner) }
    }

    /// Gives every name of the workloads (and the extra ones) a loopback address, binds one HTTPS port and one
    /// PostgreSQL port on all of them, and builds the world on these.
    pub async fn bind(workloads: Vec<Workload>, extra_names: &[&str]) -> std::io::Result<(Self, Sockets)> {
        let names = Names::of(&workloads, extra_names);
        let (ports, sockets) = names.bind().await?;
        Ok((Self::new(workloads, names, ports), sockets))
    }

    /// The world's own time: UTC that never goes backwards, because it is counted from the start by a monotonic clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.raw().clock.now()
    }

    /// The port numbers that all simulated names share.
    pub fn ports(&self) -> Ports {
        self.inner.ports
    }

    /// The names and the loopback address of each.
    pub fn names(&self) -> &Names {
        &self.inner.names
    }

    /// The workloads this world was built with.
    pub fn workloads(&self) -> Vec<Workload> {
        self.state().workloads.clone()
    }

    /// The workload of that name.
    pub fn workload(&self, name: &str) -> Option<Workload> {
        self.state().workloads.iter().find(|it| it.name == name).cloned()
    }

    /// State that a plane keeps for itself: one value per type, made on first use.
    pub fn plane<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut planes = self.inner.planes.lock().unwrap_or_else(PoisonError::into_inner);
        let plane = planes.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default()));
        Arc::clone(plane).downcast::<T>().unwrap_or_default()
    }

    /// Enters an event in the world's log, the oracle of every scenario.
    pub fn log(&self, event: Event, text: impl Into<String>) {
        self.state().log(event, text);
    }

    /// Everything logged so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.state().log.clone()
    }

    /// Everything logged after the entry with this sequence number.
    pub fn entries_after(&self, seq: u64) -> Vec<Entry> {
        self.state().log.iter().filter(|it| it.seq > seq).cloned().collect()
    }

    /// New entries as they come. A subscriber that lags reads the gap with [`World::entries_after`].
    pub fn subscribe(&self) -> broadcast::Receiver<Entry> {
        self.raw().sender.subscribe()
    }

    /// Changes the knobs: durations, limits, lags.
    pub fn tune(&self, change: impl FnOnce(&mut Knobs)) {
        change(&mut self.state().knobs);
    }

    /// The knobs as they are now.
    pub fn knobs(&self) -> Knobs {
        self.raw().knobs.clone()
    }

    fn raw(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state with everything due already settled.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.raw();
        state.settle();
        state
    }

    /// Settles at the next due date, for those who only listen to the log. Without a runtime the next access settles.
    fn wake_when_due(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let Some(wait) = self.raw().until_next_due() else {
            return;
        };
        let weak = Arc::downgrade(&self.inner);
        runtime.spawn(async move {
            tokio::time::sleep(wait).await;
            settle_if_alive(&weak);
        });
    }
}

/// What was due may have made something else due later.
fn settle_if_alive(weak: &Weak<Inner>) {
    if let Some(inner) = weak.upgrade() {
        let world = World { inner };
        drop(world.state());
        world.wake_when_due();
    }
}
