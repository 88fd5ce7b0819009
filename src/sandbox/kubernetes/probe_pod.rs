//! Bare pods, of which the simulated kubelet can run exactly two programs.

use super::cluster::Cluster;
use super::store::Key;
use crate::sandbox::world::World;

/// The container of a bare pod has started.
pub(super) fn run(_world: &World, _cluster: &Cluster, _key: Key) {}
