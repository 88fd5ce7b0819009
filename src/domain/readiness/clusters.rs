//! The two clusters: there, at rest or up as they should be, alike, and of a version that Azure still supports.
//!
//! Source: learn.microsoft.com, AKS start/stop (only start and delete work on a stopped cluster, so its version ages) and
//! AKS supported Kubernetes versions.

use super::finding::{Area::Clusters, Finding, Severity};
use super::unread::Read;
use super::views::{ClusterDetail, Facts, VersionOffer};
use crate::domain::cluster::ClusterPhase;
use crate::domain::plan::{Plan, Site, Workload};
use crate::domain::report::advice::aks_command;

pub(super) fn check(facts: &Facts, plan: &Plan, primary: &Site, standby: &Site) -> Vec<Finding> {
    let mut found = vec![standby_state(&facts.standby, plan, standby), primary_state(&facts.primary, primary)];
    if let (Ok(of_primary), Ok(of_standby)) = (&facts.primary, &facts.standby) {
        found.push(same_version(of_primary, of_standby, standby));
        found.extend(pools(of_primary, of_standby, standby));
    }
    if let Ok(cluster) = &facts.standby {
        found.push(supported(cluster, &facts.region.versions, standby));
    }
    found
}

fn standby_state(cluster: &Read<ClusterDetail>, plan: &Plan, site: &Site) -> Finding {
    const CHECK: &str = "standby-cluster";
    let (name, show) = (site.cluster.name(), aks_command("show", &site.cluster));
    let detail = match cluster {
        Ok(detail) => detail,
        Err(unread) => return unread.finding(Severity::Blocker, Clusters, CHECK, name),
    };
    let saw = detail.view.text();
    match detail.view.phase() {
        ClusterPhase::Down => Finding::ok(Clusters, CHECK, name, saw),
        ClusterPhase::Up => running_standby(plan, site, saw),
        ClusterPhase::BrokenStart => Finding::warning(Clusters, CHECK, name, saw)
            .means("Its last start failed, and the next may fail for the same reason.")
            .fix(
                "Find out why it failed, then stop it and rehearse the start.",
                [show, aks_command("stop", &site.cluster)],
            ),
        ClusterPhase::Unclear(why) => {
            Finding::unknown(Severity::Blocker, Clusters, CHECK, name, format!("{saw}: {why}"))
                .means("Whether it can be started cannot be told.")
                .fix("Look at it.", [show])
        }
        _ => Finding::warning(Clusters, CHECK, name, saw)
            .means("Another operation holds it; a start would be refused until that has ended.")
            .fix("Wait until the operation ends, and ask again.", [show]),
    }
}

/// A standby that runs costs money; one whose workload starts with it is a second writer.
fn running_standby(plan: &Plan, site: &Site, saw: String) -> Finding {
    let (check, name, stop) = ("standby-cluster", site.cluster.name(), aks_command("stop", &site.cluster));
    match plan.workload {
        Workload::StartsWithCluster => Finding::warning(Clusters, check, name, saw)
            .means("It runs, and its workload starts with it: two applications may write to one database.")
            .fix("Stop it.", [stop]),
        Workload::Parked => Finding::note(Clusters, check, name, saw)
            .means(
                "It runs already, so a recovery need not start it; until it is stopped it costs as the primary does.",
            )
            .fix("Stop it when nobody works on it.", [stop]),
    }
}

fn primary_state(cluster: &Read<ClusterDetail>, site: &Site) -> Finding {
    const CHECK: &str = "primary-cluster";
    let name = site.cluster.name();
    match cluster {
        Err(unread) => unread.finding(Severity::Warning, Clusters, CHECK, name),
        Ok(detail) if detail.view.is_up() => Finding::ok(Clusters, CHECK, name, detail.view.text()),
        Ok(detail) => Finding::warning(Clusters, CHECK, name, detail.view.text())
            .means("The primary's cluster is not up; it can be fenced only once what holds it has ended.")
            .fix("Look at it.", [aks_command("show", &site.cluster)]),
    }
}

fn same_version(primary: &ClusterDetail, standby: &ClusterDetail, site: &Site) -> Finding {
    const CHECK: &str = "same-kubernetes-version";
    let name = site.cluster.name();
    let (Some(there), Some(here)) = (&primary.version, &standby.version) else {
        return Finding::unknown(Severity::Warning, Clusters, CHECK, name, "Azure does not tell both versions");
    };
    let saw = format!("Kubernetes {here}, the primary has {there}");
    if minor(there) == minor(here) {
        return Finding::ok(Clusters, CHECK, name, saw);
    }
    Finding::warning(Clusters, CHECK, name, saw)
        .means("The application was never run on the standby's version.")
        .fix("Upgrade it; a stopped cluster has to be started first.", upgrade(site, there))
}

fn supported(cluster: &ClusterDetail, offers: &Read<Vec<VersionOffer>>, site: &Site) -> Finding {
    const CHECK: &str = "kubernetes-support";
    let name = site.cluster.name();
    let offers = match offers {
        Ok(offers) => offers,
        Err(unread) => return unread.finding(Severity::Warning, Clusters, CHECK, name),
    };
    let Some(version) = &cluster.version else {
        return Finding::unknown(Severity::Warning, Clusters, CHECK, name, "Azure does not tell its version");
    };
    let standard: Vec<&VersionOffer> = offers.iter().filter(|offer| offer.standard && !offer.preview).collect();
    let listed = offers.iter().find(|offer| offer.minor == minor(version));
    let oldest = standard.iter().min_by_key(|offer| number(&offer.minor)).map(|offer| offer.minor.as_str());
    let newest = standard.iter().max_by_key(|offer| number(&offer.minor)).map_or("", |offer| offer.minor.as_str());
    let runs_out = |saw: String| {
        Finding::warning(Clusters, CHECK, name, saw)
            .means("Azure does not help with it, and a stopped cluster cannot be upgraded: start, upgrade, stop.")
            .fix("Upgrade it.", upgrade(site, newest))
    };
    match listed {
        None => runs_out(format!("Kubernetes {version} is out of support in {}", cluster.region)),
        Some(offer) if !offer.standard && !cluster.long_term_support => {
            runs_out(format!("Kubernetes {version} is only in long-term support, which the cluster is not on"))
        }
        Some(offer) if oldest == Some(offer.minor.as_str()) && standard.len() > 1 => {
            Finding::note(Clusters, CHECK, name, format!("Kubernetes {version} is the oldest that is supported"))
                .means("It is the next to leave support; Azure's interface does not tell the day.")
                .fix("Plan its upgrade.", upgrade(site, newest))
        }
        Some(_) => Finding::ok(Clusters, CHECK, name, format!("Kubernetes {version} is supported")),
    }
}

/// Each pool of the primary needs its like. Names may differ between clusters, then nothing can be compared by name.
fn pools(primary: &ClusterDetail, standby: &ClusterDetail, site: &Site) -> Vec<Finding> {
    const CHECK: &str = "node-pools";
    let name = site.cluster.name();
    if standby.pools.is_empty() {
        let worst = Severity::Blocker;
        return vec![Finding::unknown(worst, Clusters, CHECK, name, "Azure names no node pool of it")];
    }
    let mut found: Vec<Finding> = Vec::new();
    for pool in &primary.pools {
        let Some(like) = standby.pools.iter().find(|other| other.name.eq_ignore_ascii_case(&pool.name)) else {
            let saw = format!("has no node pool {}, which the primary has", pool.name);
            found.push(smaller(name, saw, "What runs on that pool at the primary may find no place.", site));
            continue;
        };
        if let (Some(there), Some(here)) = (pool.most(), like.most())
            && here < there
        {
            let saw = format!("pool {} has at most {here} nodes, the primary's {there}", pool.name);
            found.push(smaller(name, saw, "It may not carry what the primary carries.", site));
        }
        if let (Some(there), Some(here)) = (&pool.vm_size, &like.vm_size)
            && !there.eq_ignore_ascii_case(here)
        {
            let saw = format!("pool {} is of size {here}, the primary's of {there}", pool.name);
            found.push(
                Finding::note(Clusters, CHECK, name, saw).means("Recovery times and load differ from the primary's."),
            );
        }
    }
    if found.is_empty() {
        found.push(Finding::ok(
            Clusters,
            CHECK,
            name,
            format!("{} node pools, like the primary's", standby.pools.len()),
        ));
    }
    found
}

fn smaller(name: &str, saw: String, means: &str, site: &Site) -> Finding {
    let list =
        format!("{} --output table", aks_command("nodepool list", &site.cluster).replace("--name", "--cluster-name"));
    Finding::warning(Clusters, "node-pools", name, saw).means(means).fix("Make the pools alike.", [list])
}

fn upgrade(site: &Site, to: &str) -> Vec<String> {
    let upgrade = format!("{} --kubernetes-version {to}", aks_command("upgrade", &site.cluster));
    vec![aks_command("start", &site.cluster), upgrade, aks_command("stop", &site.cluster)]
}

/// `1.33` of `1.33.4`.
fn minor(version: &str) -> &str {
    version.match_indices('.').nth(1).map_or(version, |(end, _)| &version[..end])
}

/// Versions in order: 1.9 is older than 1.10.
fn number(minor: &str) -> Vec<u32> {
    minor.split('.').map(|part| part.parse().unwrap_or_default()).collect()
}
