//! What the identity may do, asked of Azure without doing it. Reads prove themselves; these are the calls that act.
//!
//! Source: learn.microsoft.com, permissions of a resource (Microsoft.Authorization) and Azure role definitions: an action
//! is granted by a role whose actions match it and whose notActions do not; deny assignments are not in that answer.

use super::finding::{Area::Permissions, Finding, Severity};
use super::unread::{Read, Unread, grant};
use super::views::{Facts, Grant};
use crate::domain::plan::{FenceUnable, Plan, Site, Workload};

const START: &str = "Microsoft.ContainerService/managedClusters/start/action";
const STOP: &str = "Microsoft.ContainerService/managedClusters/stop/action";
const INSIDE: &str = "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action";

/// An action that a recovery or a rehearsal needs at a cluster, and what its lack means.
struct Need {
    action: &'static str,
    worst: Severity,
    means: &'static str,
}

pub(super) fn check(facts: &Facts, plan: &Plan, primary: &Site, standby: &Site) -> Vec<Finding> {
    let [at_primary, at_standby] = &facts.may;
    let mut found = Vec::new();
    // At a cluster that is not there nobody may do anything, which is told with the cluster.
    if !is_gone(&facts.standby) {
        found.extend(at(at_standby, standby, "standby-permissions", &of_standby(plan)));
    }
    if !is_gone(&facts.primary) {
        found.extend(at(at_primary, primary, "primary-permissions", &of_primary(plan)));
    }
    found
}

fn is_gone<T>(read: &Read<T>) -> bool {
    matches!(read, Err(Unread::NotThere { .. }))
}

fn of_standby(plan: &Plan) -> Vec<Need> {
    let mut needs = vec![
        Need { action: START, worst: Severity::Blocker, means: "The standby's cluster could not be started." },
        Need { action: STOP, worst: Severity::Note, means: "Rehearsals and parking could not stop the cluster again." },
    ];
    needs.extend(inside(plan, "The standby's workload could not be released."));
    needs
}

fn of_primary(plan: &Plan) -> Vec<Need> {
    let means = match plan.fence.unable {
        FenceUnable::Ask => "The old site could not be fenced; a recovery would wait for a person to stop it.",
        FenceUnable::Continue => "The old site could not be fenced; a recovery would go on and owe the fence.",
    };
    vec![Need { action: STOP, worst: Severity::Warning, means }]
}

/// A parked workload is released through the cluster's API server.
fn inside(plan: &Plan, means: &'static str) -> Option<Need> {
    plan.kubernetes.as_ref()?;
    let worst = if plan.workload == Workload::Parked { Severity::Blocker } else { Severity::Note };
    Some(Need { action: INSIDE, worst, means })
}

fn at(grants: &Read<Vec<Grant>>, site: &Site, check: &str, needs: &[Need]) -> Vec<Finding> {
    let name = site.cluster.name();
    let worst = needs.iter().map(|need| need.worst).min().unwrap_or(Severity::Note);
    let grants = match grants {
        Ok(grants) => grants,
        Err(unread) => return vec![unread.finding(worst, Permissions, check, name)],
    };
    let lacking = needs.iter().filter(|need| !allows(grants, need.action));
    let found: Vec<Finding> = lacking
        .map(|need| {
            Finding::new(need.worst, Permissions, check, name, format!("the identity lacks {}", need.action))
                .means(need.means)
                .fix(format!("Grant {}.", need.action), [grant(need.action, site.cluster.as_str(), None)])
        })
        .collect();
    if !found.is_empty() {
        return found;
    }
    let all: Vec<&str> = needs.iter().map(|need| last_parts(need.action)).collect();
    vec![Finding::ok(Permissions, check, name, format!("the identity has {}", all.join(", ")))]
}

/// `start/action` of the whole.
fn last_parts(action: &str) -> &str {
    action.rsplit_once("managedClusters/").map_or(action, |(_, last)| last)
}

/// Whether one of the roles grants the action.
pub(super) fn allows(grants: &[Grant], action: &str) -> bool {
    let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, action));
    grants.iter().any(|grant| any(&grant.actions) && !any(&grant.not_actions))
}

/// `*` stands for any text, segments included; casing does not count.
fn matches(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == action };
    let Some(mut left) = action.strip_prefix(first) else { return false };
    let parts: Vec<&str> = rest.split('*').collect();
    let Some((last, middle)) = parts.split_last() else { return true };
    for part in middle {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(actions: &[&str], not_actions: &[&str]) -> Grant {
        let owned = |list: &[&str]| list.iter().map(|it| (*it).to_owned()).collect();
        Grant { actions: owned(actions), not_actions: owned(not_actions) }
    }

    #[test]
    fn wildcards_stand_for_any_text() {
        for (pattern, fits) in [
            ("*", true),
            ("*/action", true),
            ("Microsoft.ContainerService/*", true),
            ("microsoft.containerservice/managedclusters/START/action", true),
            ("Microsoft.ContainerService/*/start/*", true),
            ("*/read", false),
            ("Microsoft.ContainerService/managedClusters/start", false),
            ("Microsoft.Compute/*/action", false),
        ] {
            assert_eq!(matches(pattern, START), fits, "{pattern}");
        }
    }

    #[test]
    fn what_one_role_takes_out_another_may_grant() {
        let contributor_but = role(&["*"], &["Microsoft.ContainerService/managedClusters/*/action"]);
        assert!(!allows(std::slice::from_ref(&contributor_but), START));
        assert!(allows(&[contributor_but, role(&[START], &[])], START));
        assert!(!allows(&[], START));
    }
}
