//! The least that has to be allowed, made of the calls themselves: an action that no call needs is in no role.
//!
//! Source: learn.microsoft.com, Azure custom roles (their file for `az role definition create`, assignable scopes are
//! subscriptions and resource groups; assigned they are to a single resource) and "Use Azure RBAC for Kubernetes
//! authorization" (data actions, which know no sub-resources); kubernetes.io, RBAC.

use super::Outlook;
use super::call::{AROUND, PlannedCall, Wire};
use crate::domain::names::PlanName;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A custom role, as `az role definition create` takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Role {
    pub name: String,
    pub is_custom: bool,
    pub description: String,
    pub actions: BTreeSet<String>,
    pub not_actions: BTreeSet<String>,
    pub data_actions: BTreeSet<String>,
    pub not_data_actions: BTreeSet<String>,
    pub assignable_scopes: BTreeSet<String>,
    /// Where it is to be assigned; no part of the definition.
    #[serde(skip)]
    pub assignments: BTreeSet<Assignment>,
}

/// A resource, or subscription, at which a role is needed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assignment(pub String);

/// The roles of one plan. Apart, so that none holds more than its scope needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// On the plan's own resources.
    pub resources: Role,
    /// On subscriptions: operations and alerts lie beside the resources that they are about.
    pub subscriptions: Role,
    /// On clusters whose API server may be out of reach. Apart, because a command may do anything there.
    pub commands: Role,
    /// Inside clusters that ask Azure who may do what (Azure RBAC for Kubernetes).
    pub inside: Role,
    /// The same for clusters with access rules of their own.
    pub kubernetes: KubernetesRules,
}

/// Verbs on one resource of Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// API group; empty for the core.
    pub group: String,
    /// `deployments`, or with its sub-resource `deployments/scale`.
    pub resource: String,
    pub verbs: BTreeSet<String>,
}

/// What has to be allowed inside the clusters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KubernetesRules {
    /// Of the whole cluster.
    pub cluster: Vec<Rule>,
    /// By namespace.
    pub namespaces: BTreeMap<String, Vec<Rule>>,
}

/// The roles that all these outlooks of one plan need: of both directions, since the roles of sites move.
pub fn roles(plan: &PlanName, outlooks: &[Outlook]) -> Roles {
    let calls: Vec<&PlannedCall> = outlooks.iter().flat_map(Outlook::calls).collect();
    let needs = azure(calls.iter().filter(|call| call.when != Some(AROUND)));
    let with_commands = azure(calls.iter());
    let (resources, subscriptions) = needs.iter().cloned().partition(|(_, scope)| scope.contains("/providers/"));
    let commands = with_commands.difference(&needs).cloned().collect();
    Roles {
        resources: role(plan, "", "Reads, starts and stops what the plan names.", resources),
        subscriptions: role(
            plan,
            " (subscription)",
            "Operations and alerts, beside the plan's resources.",
            subscriptions,
        ),
        commands: role(plan, " (commands)", "Commands inside clusters whose API server cannot be reached.", commands),
        inside: inside(plan, &calls),
        kubernetes: rules(&calls),
    }
}

/// Actions with the scopes at which they are needed.
type Needs = BTreeSet<(String, String)>;

fn azure<'a>(calls: impl Iterator<Item = &'a &'a PlannedCall>) -> Needs {
    let needs = calls.filter_map(|call| match &call.wire {
        Wire::Azure { action, scope, .. } => Some((action.clone(), scope.clone())),
        _ => None,
    });
    needs.collect()
}

fn role(plan: &PlanName, suffix: &str, description: &str, needs: Needs) -> Role {
    let (actions, scopes): (BTreeSet<String>, BTreeSet<String>) = needs.into_iter().unzip();
    Role {
        name: format!("Reveille {plan}{suffix}"),
        is_custom: true,
        description: description.to_owned(),
        actions,
        not_actions: BTreeSet::new(),
        data_actions: BTreeSet::new(),
        not_data_actions: BTreeSet::new(),
        assignable_scopes: scopes.iter().map(|scope| assignable(scope)).collect(),
        assignments: scopes.into_iter().map(Assignment).collect(),
    }
}

/// The resource group of a resource, or the subscription itself.
fn assignable(scope: &str) -> String {
    scope.split("/providers/").next().unwrap_or(scope).to_owned()
}

/// Data actions are looked for at the cluster.
fn inside(plan: &PlanName, calls: &[&PlannedCall]) -> Role {
    let asked = calls.iter().filter_map(|call| match &call.wire {
        Wire::Kubernetes { verb, resource, .. } => data_action(verb, resource),
        _ => None,
    });
    let data_actions: BTreeSet<String> = asked.collect();
    let clusters = calls.iter().filter_map(|call| match &call.wire {
        Wire::Azure { action, scope, .. } if action.ends_with("/listClusterUserCredential/action") => Some(scope),
        _ => None,
    });
    let needs: Needs = clusters.map(|cluster| (String::new(), cluster.clone())).collect();
    let description = "Inside the plan's clusters, where Azure decides who may do what there.";
    Role { actions: BTreeSet::new(), data_actions, ..role(plan, " (inside clusters)", description, needs) }
}

/// Sub-resources are not told apart, nor is `list` from `get`. What has no resource is open to whoever is known.
fn data_action(verb: &str, resource: &str) -> Option<String> {
    let plain = resource.split('/').next().filter(|it| *it != "readyz")?;
    let (name, group) = plain.split_once('.').unwrap_or((plain, ""));
    let word = match verb {
        "get" | "list" | "watch" => "read",
        "delete" => "delete",
        _ => "write",
    };
    let place = if group.is_empty() { name.to_owned() } else { format!("{group}/{name}") };
    Some(format!("Microsoft.ContainerService/managedClusters/{place}/{word}"))
}

fn rules(calls: &[&PlannedCall]) -> KubernetesRules {
    let mut verbs: BTreeMap<(Option<String>, String), BTreeSet<String>> = BTreeMap::new();
    for call in calls {
        if let Wire::Kubernetes { verb, resource, namespace, .. } = &call.wire
            && resource != "readyz"
        {
            verbs.entry((namespace.clone(), resource.clone())).or_default().insert(verb.clone());
        }
    }
    let mut rules = KubernetesRules::default();
    for ((namespace, resource), verbs) in verbs {
        let rule = rule(&resource, verbs);
        match namespace {
            None => rules.cluster.push(rule),
            Some(namespace) => rules.namespaces.entry(namespace).or_default().push(rule),
        }
    }
    rules
}

/// `deployments.apps/scale` as group `apps` and resource `deployments/scale`.
fn rule(resource: &str, verbs: BTreeSet<String>) -> Rule {
    let (plain, sub) = resource.split_once('/').map_or((resource, None), |(plain, sub)| (plain, Some(sub)));
    let (name, group) = plain.split_once('.').unwrap_or((plain, ""));
    let resource = sub.map_or_else(|| name.to_owned(), |sub| format!("{name}/{sub}"));
    Rule { group: group.to_owned(), resource, verbs }
}

impl Role {
    /// Whether there is anything to allow.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.data_actions.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_actions_know_no_sub_resources() {
        let action = |verb, resource| data_action(verb, resource).unwrap();
        let below = |rest: &str| format!("Microsoft.ContainerService/managedClusters/{rest}");
        assert_eq!(action("list", "nodes"), below("nodes/read"));
        assert_eq!(action("patch", "deployments.apps/scale"), below("apps/deployments/write"));
        assert_eq!(action("delete", "persistentvolumeclaims"), below("persistentvolumeclaims/delete"));
        assert_eq!(data_action("get", "readyz"), None);
    }

    #[test]
    fn a_rule_names_the_group_apart_and_the_sub_resource_with_its_resource() {
        let rule = rule("statefulsets.apps/scale", BTreeSet::from(["patch".to_owned()]));
        assert_eq!((rule.group.as_str(), rule.resource.as_str()), ("apps", "statefulsets/scale"));
    }

    #[test]
    fn roles_are_for_groups_and_assigned_to_resources() {
        let cluster = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/a";
        let needs = Needs::from([("x/read".to_owned(), cluster.to_owned())]);
        let role = role(&PlanName::new("sonarqube"), "", "", needs);
        assert_eq!(role.assignable_scopes, BTreeSet::from(["/subscriptions/s/resourceGroups/g".to_owned()]));
        assert_eq!(role.assignments, BTreeSet::from([Assignment(cluster.to_owned())]));
        let file: serde_json::Value = serde_json::to_value(&role).unwrap();
        let keys: Vec<&String> = file.as_object().unwrap().keys().collect();
        let expected = [
            "Actions",
            "AssignableScopes",
            "DataActions",
            "Description",
            "IsCustom",
            "Name",
            "NotActions",
            "NotDataActions",
        ];
        assert_eq!(keys, expected);
    }
}
