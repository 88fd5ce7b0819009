//! `[plan.fence]`: how the old site is fenced, and what to do when it cannot be. The ways alone may stand there as a list.

use super::entry::Entry;
use crate::domain::plan::{Fence, FenceUnable, FenceWay, Kubernetes};
use toml::de::DeValue;

const UNABLE: [(&str, FenceUnable); 2] = [("ask", FenceUnable::Ask), ("continue", FenceUnable::Continue)];
const WAYS: [(&str, FenceWay); 2] =
    [("scale-workload", FenceWay::ScaleWorkload), ("stop-cluster", FenceWay::StopCluster)];

pub(super) fn read(entry: &Entry<'_>, kubernetes: Option<&Kubernetes>) -> Option<Fence> {
    match entry.value {
        None => Some(Fence { unable: FenceUnable::Ask, ways: Fence::stop_only() }),
        Some(DeValue::Array(_)) => Some(Fence { unable: FenceUnable::Ask, ways: ways(entry, kubernetes)? }),
        Some(_) => {
            let section = entry.section()?;
            let unable = section.get("unable").choice(&UNABLE).unwrap_or(FenceUnable::Ask);
            let ways = ways(&section.get("ways"), kubernetes);
            section.finish();
            Some(Fence { unable, ways: ways? })
        }
    }
}

/// Cheapest first. Scaling needs the cluster's API server, which a region that is lost does not have, so stopping is always
/// the last resort.
fn ways(entry: &Entry<'_>, kubernetes: Option<&Kubernetes>) -> Option<Vec<FenceWay>> {
    if entry.is_absent() {
        return Some(Fence::stop_only());
    }
    let list = entry.list()?;
    let ways: Option<Vec<FenceWay>> = list.iter().map(|way| way.choice(&WAYS)).collect();
    let ways = ways?;
    if ways != Fence::stop_only() && ways != [FenceWay::ScaleWorkload, FenceWay::StopCluster] {
        entry.reject("is neither [\"stop-cluster\"] nor [\"scale-workload\", \"stop-cluster\"]");
        return None;
    }
    let scales = ways.contains(&FenceWay::ScaleWorkload);
    if scales && kubernetes.is_none_or(|it| it.replicas.is_empty()) {
        entry.reject(
            "scale-workload needs [plan.kubernetes] with replicas: what is scaled to zero must be brought back one day, \
             whatever became of the run that did it",
        );
    }
    Some(ways)
}
