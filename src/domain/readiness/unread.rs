//! Why something could not be read. Each way leads to a finding of its own; none of them is a pass.

use super::finding::{Area, Finding, Severity};
use crate::domain::resource::ResourceId;
use std::fmt;

/// What a read gave: the thing, or why not.
pub type Read<T> = Result<T, Unread>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// Azure says that there is no such thing.
    NotThere { why: String },
    /// The identity may not read it: the action that is missing, and where.
    Denied { action: String, scope: String, principal: Option<String> },
    /// No usable answer.
    Failed { why: String },
    /// Azure cannot be asked at all, which is told once.
    NotAsked,
}

/// What a finding saw that would repeat that Azure cannot be asked at all.
pub(super) const NOT_ASKED: &str = "was not asked for: Azure cannot be asked at all";

impl Unread {
    pub fn failed(why: impl Into<String>) -> Self {
        Self::Failed { why: why.into() }
    }

    /// A refusal with 403. Azure names action and caller in its text; what was asked for is known besides.
    pub fn denied(asked_for: &str, scope: impl fmt::Display, said: &str) -> Self {
        let action = quoted_after(said, "perform action '").unwrap_or(asked_for).to_owned();
        let principal = quoted_after(said, "object id '").map(str::to_owned);
        Self::Denied { action, scope: scope.to_string(), principal }
    }

    /// The finding for something that should be there and readable. `worst` is what it may hide.
    pub fn finding(&self, worst: Severity, area: Area, check: &str, about: impl fmt::Display) -> Finding {
        match self {
            Self::NotThere { why } => Finding::new(worst, area, check, about, format!("does not exist ({why})"))
                .means("What the plan names is not there.")
                .fix("Correct the plan in reveille.toml, or create it.", []),
            Self::Denied { action, scope, principal } => {
                let saw = format!("cannot be read: the identity lacks {action}");
                Finding::unknown(worst, area, check, about, saw)
                    .means("Whether it is ready cannot be told.")
                    .fix(format!("Grant {action} on {scope}."), [grant(action, scope, principal.as_deref())])
            }
            Self::Failed { why } => Finding::unknown(worst, area, check, about, format!("cannot be read: {why}"))
                .means("Whether it is ready cannot be told.")
                .fix("Ask again; if it stays, look at the resource and at the network of Reveille.", []),
            Self::NotAsked => Finding::unknown(worst, area, check, about, NOT_ASKED),
        }
    }

    /// Why, in a few words.
    pub fn why(&self) -> String {
        match self {
            Self::NotThere { why } => format!("it does not exist: {why}"),
            Self::Denied { action, .. } => format!("the identity lacks {action}"),
            Self::Failed { why } => why.clone(),
            Self::NotAsked => NOT_ASKED.to_owned(),
        }
    }
}

/// The command that grants an action. Every read is in the built-in role Reader; anything else needs a custom role, which
/// the first command makes for this one action (learn.microsoft.com, Azure custom roles).
pub fn grant(action: &str, scope: &str, principal: Option<&str>) -> String {
    let assignee = principal.unwrap_or("OBJECT_ID_OF_THE_IDENTITY");
    let assign = |role: &str| {
        format!(
            "az role assignment create --assignee-object-id {assignee} --assignee-principal-type ServicePrincipal \
             --role \"{role}\" --scope {scope}"
        )
    };
    if action.to_ascii_lowercase().ends_with("/read") {
        return assign("Reader");
    }
    let role = format!("Reveille: {action}");
    let definition = format!(
        "az role definition create --role-definition '{{\"Name\": \"{role}\", \"Actions\": [\"{action}\"], \
         \"AssignableScopes\": [\"{}\"]}}'",
        group_of(scope)
    );
    format!("{definition}\n{}", assign(&role))
}

/// Custom roles are assignable at groups and subscriptions, not at single resources.
fn group_of(scope: &str) -> String {
    match ResourceId::parse(scope) {
        Ok(id) => format!("/subscriptions/{}/resourceGroups/{}", id.subscription(), id.resource_group()),
        Err(_) => scope.to_owned(),
    }
}

/// The text in quotes behind a mark, as Azure words its refusals: `… to perform action 'X/read' over scope 'Y' …`.
fn quoted_after<'a>(said: &'a str, mark: &str) -> Option<&'a str> {
    let rest = &said[said.find(mark)? + mark.len()..];
    rest.split('\'').next().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "The client 'x' with object id '9f1c' does not have authorization to perform action \
                        'Microsoft.ContainerService/managedClusters/read' over scope '/subscriptions/s' or the scope is invalid.";

    #[test]
    fn a_refusal_names_the_missing_action_and_who_lacks_it() {
        let unread = Unread::denied("what/was/asked", "/subscriptions/s", SAID);
        let finding = unread.finding(Severity::Blocker, Area::Clusters, "cluster", "aks");
        assert_eq!(finding.severity, Severity::Unknown);
        assert!(finding.saw.contains("Microsoft.ContainerService/managedClusters/read"), "{finding:?}");
        assert!(finding.commands[0].contains("--assignee-object-id 9f1c"), "{finding:?}");
    }

    #[test]
    fn a_refusal_without_words_names_what_was_asked_for() {
        let unread = Unread::denied("Microsoft.Cdn/profiles/read", "/s", "Forbidden");
        assert!(
            matches!(unread, Unread::Denied { action, principal: None, .. } if action == "Microsoft.Cdn/profiles/read")
        );
    }

    #[test]
    fn only_reads_are_granted_by_the_role_reader() {
        assert!(grant("a/b/READ", "/x", None).contains("--role \"Reader\""));
        let scope = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/a";
        let start = grant("a/start/action", scope, None);
        assert!(
            start.contains("\"Actions\": [\"a/start/action\"]")
                && start.contains("[\"/subscriptions/s/resourceGroups/g\"]")
        );
    }
}
