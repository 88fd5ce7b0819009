//! Why Azure refused or failed to do something, as classes that decide what happens next.
//!
//! Source of the retry rules: learn.microsoft.com, AKS troubleshooting pages and start/stop; Azure Resource Manager
//! request limits. Which error code belongs to which class is read in `azure::failure`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of failure it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureClass {
    /// The region has no machines to give now.
    Capacity,
    /// The subscription's quota is used up.
    Quota,
    /// The machine size or zone is not offered to this subscription.
    Sku,
    /// Subnet full, outbound traffic blocked, DNS broken.
    Network,
    /// The identity itself is wrong: expired secret, no token.
    Identity,
    /// The identity may not do this.
    Permission,
    /// The resource does not exist, at least not there.
    NotFound,
    /// Another operation took this one's place.
    Preempted,
    /// Another operation is going on.
    Busy,
    /// Too many requests.
    Throttled,
    /// A resource lock forbids it.
    Locked,
    /// A passing fault of the service or of the way to it.
    Transient,
    /// Nothing that is known.
    Other,
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retry {
    /// Again with growing pauses, as long as the recovery-time budget lasts.
    WithinBudget,
    /// Again after a short pause.
    Soon,
    /// Look at the resource first; its state decides whether anything is left to do.
    LookAgain,
    /// Again, but not before the time Azure gave.
    WhenTold,
    /// Once more, then it is a person's turn.
    Once,
    /// Trying again changes nothing.
    Never,
}

impl FailureClass {
    pub const ALL: [Self; 13] = [
        Self::Capacity,
        Self::Quota,
        Self::Sku,
        Self::Network,
        Self::Identity,
        Self::Permission,
        Self::NotFound,
        Self::Preempted,
        Self::Busy,
        Self::Throttled,
        Self::Locked,
        Self::Transient,
        Self::Other,
    ];

    pub fn retry(self) -> Retry {
        match self {
            Self::Capacity => Retry::WithinBudget,
            Self::Transient => Retry::Soon,
            Self::Preempted | Self::Busy => Retry::LookAgain,
            Self::Throttled => Retry::WhenTold,
            Self::Other => Retry::Once,
            Self::Quota | Self::Sku | Self::Network | Self::Identity => Retry::Never,
            Self::Permission | Self::NotFound | Self::Locked => Retry::Never,
        }
    }

    /// Whether a person should hear of it at once, even where it is tried again.
    pub fn needs_person(self) -> bool {
        !matches!(self, Self::Preempted | Self::Busy | Self::Throttled | Self::Transient)
    }

    /// What it means, in one sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Capacity => "The region has no capacity for these machines now.",
            Self::Quota => "The subscription's quota in this region is used up.",
            Self::Sku => "The machine size or zone is not offered to this subscription here.",
            Self::Network => "The cluster's network keeps its nodes from coming up.",
            Self::Identity => "The identity that should do this is not accepted.",
            Self::Permission => "The identity is not allowed to do this.",
            Self::NotFound => "Azure does not know the resource.",
            Self::Preempted => "Another operation on the resource took this one's place.",
            Self::Busy => "Another operation on the resource is still going on.",
            Self::Throttled => "Azure accepts no more requests from this identity for a while.",
            Self::Locked => "A resource lock forbids the change.",
            Self::Transient => "The service failed for a moment.",
            Self::Other => "Azure gave a reason that has no class.",
        }
    }

    /// What to do next, in one sentence.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Capacity => {
                "It is tried again while the recovery-time budget lasts; meanwhile open a support case, free machines of the same size, or use a capacity reservation."
            }
            Self::Quota => "Raise the quota (aka.ms/cpu-quota) or free some of it, then start again.",
            Self::Sku => "Change the node pool's machine size or zones, or ask for them in a support case.",
            Self::Network => "Check the subnet's free addresses, outbound rules and DNS, then start again.",
            Self::Identity => "Renew the secret or assign the identity that the message names, then start again.",
            Self::Permission => {
                "Grant the action that the message names; a new role assignment may take some minutes to be seen."
            }
            Self::NotFound => "Compare the resource id in the configuration with the resource.",
            Self::Preempted => {
                "Find out who started the other operation; the resource's state decides what is left to do."
            }
            Self::Busy => "It waits for the other operation to end and then looks again.",
            Self::Throttled => "It waits as long as Azure asks.",
            Self::Locked => "Remove the lock that the message names, or do the change by hand.",
            Self::Transient => "It is tried again.",
            Self::Other => "Read the message; it is tried once more.",
        }
    }

    /// The class's name, as in journals and reports.
    pub fn text(self) -> &'static str {
        match self {
            Self::Capacity => "capacity",
            Self::Quota => "quota",
            Self::Sku => "sku",
            Self::Network => "network",
            Self::Identity => "identity",
            Self::Permission => "permission",
            Self::NotFound => "not-found",
            Self::Preempted => "preempted",
            Self::Busy => "busy",
            Self::Throttled => "throttled",
            Self::Locked => "locked",
            Self::Transient => "transient",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for FailureClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_heal_by_itself_is_never_retried_and_always_told() {
        for class in FailureClass::ALL {
            if class.retry() == Retry::Never {
                assert!(class.needs_person(), "{class}");
            }
        }
        assert!(FailureClass::Capacity.needs_person(), "capacity is retried, and a person hears of it at once");
    }

    #[test]
    fn a_class_is_written_to_journals_by_its_name() {
        for class in FailureClass::ALL {
            assert_eq!(serde_json::to_value(class).unwrap(), class.text());
        }
    }
}
