//! What the caller may do with a resource (permissions, 2022-04-01): each of its roles is one entry.

use serde_json::json;

use crate::sandbox::world::AccessRole;

use super::answer::Answer;
use super::call::Call;

pub(super) fn list(call: &Call) -> Answer {
    let role = |role: AccessRole| json!({"actions": role.actions, "notActions": role.not_actions, "dataActions": [], "notDataActions": []});
    Answer::list(call.world.estate().roles.into_iter().map(role).collect())
}
