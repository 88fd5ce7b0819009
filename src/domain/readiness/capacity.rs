//! Room for the standby: quota of its region, sizes that the subscription may have there, and what nobody keeps free.
//!
//! Source: learn.microsoft.com, compute usages and resource SKUs REST references; AKS start/stop ("stopping frees the
//! capacity; in constrained regions it may not start again").

use super::finding::{Area::Capacity, Finding, Severity};
use super::views::{ClusterDetail, Facts, SizeOffer, Usage};
use crate::domain::plan::Site;
use std::collections::BTreeMap;

/// The quota of all machines of a region together.
const ALL: &str = "cores";

pub(super) fn check(facts: &Facts, standby: &Site) -> Vec<Finding> {
    // What is known of the cluster itself is told with the clusters.
    let Ok(cluster) = &facts.standby else { return Vec::new() };
    let sizes = match &facts.region.sizes {
        Ok(sizes) => sizes,
        Err(unread) => {
            return vec![unread.finding(Severity::Blocker, Capacity, "machine-sizes", &cluster.region)];
        }
    };
    let mut found = offered(cluster, sizes);
    found.push(match &facts.region.usages {
        Ok(usages) => quota(cluster, sizes, usages),
        Err(unread) => unread.finding(Severity::Blocker, Capacity, "quota", &cluster.region),
    });
    found.push(reserved(cluster, standby));
    found
}

/// Whether the region has the sizes of the cluster's pools for this subscription.
fn offered(cluster: &ClusterDetail, sizes: &[SizeOffer]) -> Vec<Finding> {
    const CHECK: &str = "machine-sizes";
    let wanted: Vec<&String> = cluster.pools.iter().filter_map(|pool| pool.vm_size.as_ref()).collect();
    let mut found: Vec<Finding> = wanted.iter().filter_map(|size| not_offered(cluster, size, sizes)).collect();
    found.dedup();
    if wanted.is_empty() {
        let saw = "Azure does not tell the machine sizes of the standby's pools";
        return vec![Finding::unknown(Severity::Blocker, Capacity, CHECK, &cluster.region, saw)];
    }
    if found.is_empty() {
        found.push(Finding::ok(Capacity, CHECK, &cluster.region, "the region offers the standby's machine sizes"));
    }
    found
}

fn not_offered(cluster: &ClusterDetail, size: &str, sizes: &[SizeOffer]) -> Option<Finding> {
    let saw = match offer(size, sizes) {
        Some(SizeOffer { restricted: Some(why), .. }) => format!("{size} cannot be had by the subscription: {why}"),
        Some(_) => return None,
        None => format!("{size} is not offered"),
    };
    let list = format!("az vm list-skus --location {} --size {size} --all --output table", cluster.region);
    let finding = Finding::blocker(Capacity, "machine-sizes", &cluster.region, saw)
        .means("The standby's cluster would not start.")
        .fix("Ask Azure support for access to the size, or give the pool another one.", [list]);
    Some(finding)
}

fn offer<'a>(size: &str, sizes: &'a [SizeOffer]) -> Option<&'a SizeOffer> {
    sizes.iter().find(|offer| offer.name.eq_ignore_ascii_case(size))
}

/// Machines of a stopped cluster are given back, so all of them have to fit into what is left of each quota.
fn quota(cluster: &ClusterDetail, sizes: &[SizeOffer], usages: &[Usage]) -> Finding {
    const CHECK: &str = "quota";
    let region = &cluster.region;
    if cluster.view.is_up() {
        return Finding::ok(Capacity, CHECK, region, "the standby runs, so its machines are counted already");
    }
    let needed = match needed(cluster, sizes) {
        Ok(needed) => needed,
        Err(why) => return Finding::unknown(Severity::Blocker, Capacity, CHECK, region, why),
    };
    let (mut short, mut fits, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    for (family, vcpus) in &needed {
        let Some(usage) = usages.iter().find(|usage| usage.name.eq_ignore_ascii_case(family)) else {
            missing.push(family.clone());
            continue;
        };
        let left = usage.limit.saturating_sub(usage.used);
        let told = format!("{family}: {vcpus} vCPUs needed, {left} of {} left", usage.limit);
        if left < *vcpus { short.push(told) } else { fits.push(told) }
    }
    if !short.is_empty() {
        return too_small(region, &short);
    }
    if !missing.is_empty() {
        let saw = format!("the region's quotas do not name {}", missing.join(", "));
        return Finding::unknown(Severity::Blocker, Capacity, CHECK, region, saw);
    }
    Finding::ok(Capacity, CHECK, region, fits.join("; "))
}

fn too_small(region: &str, short: &[String]) -> Finding {
    let list = format!("az vm list-usage --location {region} --output table");
    Finding::blocker(Capacity, "quota", region, short.join("; "))
        .means("The standby's cluster would not start: Azure refuses what passes a quota.")
        .fix("Have the quotas raised (portal: Quotas, Compute), or free machines of the same family.", [list])
}

/// vCPUs by quota, and of all quotas together.
fn needed(cluster: &ClusterDetail, sizes: &[SizeOffer]) -> Result<BTreeMap<String, u64>, String> {
    let mut needed: BTreeMap<String, u64> = BTreeMap::new();
    for pool in &cluster.pools {
        let size = pool.vm_size.as_deref().unwrap_or_default();
        let offer = offer(size, sizes);
        let Some((family, each)) = offer.and_then(|offer| Some((offer.family.clone()?, offer.vcpus?))) else {
            return Err(format!("how many vCPUs {size:?} has is not told"));
        };
        let Some(nodes) = pool.count else { return Err(format!("how many nodes pool {} has is not told", pool.name)) };
        let vcpus = u64::from(nodes) * u64::from(each);
        *needed.entry(family).or_default() += vcpus;
        *needed.entry(ALL.to_owned()).or_default() += vcpus;
    }
    if needed.is_empty() { Err("the cluster has no node pools that could be counted".to_owned()) } else { Ok(needed) }
}

/// Quota is leave to ask, not a promise of machines.
fn reserved(cluster: &ClusterDetail, standby: &Site) -> Finding {
    const CHECK: &str = "capacity-reserved";
    let name = standby.cluster.name();
    if !cluster.pools.is_empty() && cluster.pools.iter().all(|pool| pool.reserved) {
        return Finding::ok(Capacity, CHECK, name, "every pool has a capacity reservation");
    }
    Finding::note(Capacity, CHECK, name, "no capacity is reserved for its machines")
        .means("In a region that is short of machines it may not start, whatever its quota; only a rehearsal shows.")
        .fix("Consider a capacity reservation group for its pools, and rehearse often.", [])
}
