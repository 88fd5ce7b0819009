//! Resource ids, as Azure writes them.

/// The one subscription.
pub const SUBSCRIPTION: &str = "11111111-2222-3333-4444-555555555555";
/// The one resource group.
pub const GROUP: &str = "rg-dr";
/// The tenant named in tokens and challenges.
pub const TENANT: &str = "99999999-8888-7777-6666-555555555555";

/// `/subscriptions/…/resourceGroups/rg-dr/providers/{provider and type}/{name}`
pub(super) fn resource(kind: &str, name: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/{kind}/{name}")
}

/// Ids below Front Door come back with a lower-case `resourcegroups` (Cdn 2025-06-01 examples of azure-rest-api-specs).
pub(super) fn front_door(path: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourcegroups/{GROUP}/providers/Microsoft.Cdn/profiles/{path}")
}

pub(super) fn alert(id: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/{id}")
}
