//! Starting and stopping clusters, as AKS does it (learn.microsoft.com, start-stop-cluster).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::World;
use super::cluster::{Cluster, Power, Provisioning};
use super::operation::{Operation, OperationError, OperationKind, OperationStatus, Outcome};
use super::state::State;

/// Why a start or stop was refused.
#[derive(Debug, Clone, PartialEq)]
pub enum ClusterRefusal {
    /// There is no such cluster.
    NotFound,
    /// Start of a cluster that runs or is starting or stopping.
    CannotStart {
        /// Its state.
        provisioning: Provisioning,
        /// Its desired power.
        power: Power,
        /// When its last operation began.
        since: DateTime<Utc>,
        /// How long ago that is.
        elapsed: TimeDelta,
    },
    /// Stop of a cluster that is stopped or stopping.
    NotRunning {
        /// When its last operation began.
        since: DateTime<Utc>,
    },
    /// Another operation is in progress.
    Busy {
        /// That operation.
        operation: Box<Operation>,
    },
}

impl World {
    /// Starts a cluster, as AKS would.
    ///
    /// # Errors
    /// When AKS would answer 404 or 409.
    pub fn start_cluster(&self, name: &str, outcome: Outcome) -> Result<Operation, ClusterRefusal> {
        let begun = self.state().start_cluster(&name.to_ascii_lowercase(), outcome);
        self.wake_when_due();
        begun
    }

    /// Stops a cluster, as AKS would. A start in flight is pre-empted.
    ///
    /// # Errors
    /// When AKS would answer 404 or 409.
    pub fn stop_cluster(&self, name: &str, outcome: Outcome) -> Result<Operation, ClusterRefusal> {
        let begun = self.state().stop_cluster(&name.to_ascii_lowercase(), outcome);
        self.wake_when_due();
        begun
    }

    /// Makes a cluster busy with some other operation, of the cluster or of an agent pool.
    ///
    /// # Errors
    /// When there is no such cluster, or it is busy already.
    pub fn update_cluster(&self, name: &str, pool: bool, takes: Duration) -> Result<Operation, ClusterRefusal> {
        let begun = self.state().update_cluster(name, pool, takes);
        self.wake_when_due();
        begun
    }
}

type Begun = Result<Operation, ClusterRefusal>;

impl State {
    fn start_cluster(&mut self, name: &str, mut outcome: Outcome) -> Begun {
        let cluster = self.clusters.get(name).ok_or(ClusterRefusal::NotFound)?.clone();
        self.refuse_busy(&cluster)?;
        let startable = cluster.power == Power::Stopped
            || matches!(cluster.provisioning, Provisioning::Failed | Provisioning::Canceled);
        if cluster.operation.is_some() || !startable {
            return Err(self.cannot_start(&cluster));
        }
        outcome.error_beside |= self.knobs.error_beside_start;
        let takes = self.start_takes(&cluster);
        Ok(self.begin_cluster(&cluster, OperationKind::ClusterStart, takes, outcome))
    }

    fn stop_cluster(&mut self, name: &str, outcome: Outcome) -> Begun {
        let cluster = self.clusters.get(name).ok_or(ClusterRefusal::NotFound)?.clone();
        self.refuse_busy(&cluster)?;
        let failed_stop = cluster.operation.is_none() && cluster.provisioning == Provisioning::Failed;
        if cluster.power == Power::Stopped && !failed_stop {
            return Err(ClusterRefusal::NotRunning { since: cluster.last_operation });
        }
        self.preempt(&cluster);
        Ok(self.begin_cluster(&cluster, OperationKind::ClusterStop, self.knobs.stop, outcome))
    }

    fn update_cluster(&mut self, name: &str, pool: bool, takes: Duration) -> Begun {
        let cluster = self.clusters.get(name).ok_or(ClusterRefusal::NotFound)?.clone();
        if let Some(operation) = self.operation_of(&cluster) {
            return Err(ClusterRefusal::Busy { operation: Box::new(operation) });
        }
        Ok(self.begin_cluster(&cluster, OperationKind::ClusterUpdate { pool }, takes, Outcome::default()))
    }

    /// The states change as soon as the operation is accepted; the nodes do not.
    fn begin_cluster(
        &mut self,
        cluster: &Cluster,
        kind: OperationKind,
        takes: Duration,
        outcome: Outcome,
    ) -> Operation {
        let begun = self.begin(kind, &cluster.name, &cluster.region, takes, outcome);
        let (power, provisioning) = match kind {
            OperationKind::ClusterStart => (Power::Running, Provisioning::Starting),
            OperationKind::ClusterStop => (Power::Stopped, Provisioning::Stopping),
            _ => (cluster.power, Provisioning::Updating),
        };
        if let Some(found) = self.clusters.get_mut(&cluster.name) {
            found.set(power, provisioning);
            found.operation = Some(begun.id.clone());
            found.last_operation = begun.started;
        }
        self.log_power(&cluster.name, begun.started);
        begun
    }

    fn operation_of(&self, cluster: &Cluster) -> Option<Operation> {
        cluster.operation.as_ref().and_then(|id| self.operations.get(id)).cloned()
    }

    fn refuse_busy(&self, cluster: &Cluster) -> Result<(), ClusterRefusal> {
        match self.operation_of(cluster) {
            Some(operation) if matches!(operation.kind, OperationKind::ClusterUpdate { .. }) => {
                Err(ClusterRefusal::Busy { operation: Box::new(operation) })
            }
            _ => Ok(()),
        }
    }

    fn cannot_start(&self, cluster: &Cluster) -> ClusterRefusal {
        ClusterRefusal::CannotStart {
            provisioning: cluster.provisioning,
            power: cluster.power,
            since: cluster.last_operation,
            elapsed: self.clock.now() - cluster.last_operation,
        }
    }

    fn start_takes(&self, cluster: &Cluster) -> Duration {
        let since_stop = cluster.stopped_at.map(|at| (self.clock.now() - at).to_std().unwrap_or_default());
        match (self.knobs.slow_restart, since_stop) {
            (Some(slow), Some(rest)) if rest < slow.within => slow.takes,
            _ => self.knobs.start,
        }
    }

    fn preempt(&mut self, cluster: &Cluster) {
        let Some(operation) = self.operation_of(cluster) else { return };
        let error = OperationError::new(
            "AKSOperationPreempted",
            "The operation has been preempted by a new operation on the managed cluster. Please try again later.",
        );
        let now = self.clock.now();
        self.close_operation(&operation.id, now, OperationStatus::Failed, Some(error));
    }

    /// Applies the end of a start, stop or update. A failed start leaves the power at `Running` with state `Failed`.
    pub fn end_cluster_operation(&mut self, operation: &Operation, at: DateTime<Utc>) {
        let Some(cluster) = self.clusters.get_mut(&operation.target) else { return };
        let succeeded = operation.status == OperationStatus::Succeeded;
        cluster.operation = None;
        cluster.set(cluster.power, if succeeded { Provisioning::Succeeded } else { Provisioning::Failed });
        match operation.kind {
            OperationKind::ClusterStart if succeeded => cluster.nodes_running = true,
            OperationKind::ClusterStop if succeeded => {
                cluster.nodes_running = false;
                cluster.stopped_at = Some(at);
            }
            _ => {}
        }
        self.log_power(&operation.target, at);
    }
}
