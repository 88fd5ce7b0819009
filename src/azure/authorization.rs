//! What the caller itself may do with a resource.
//!
//! Source: learn.microsoft.com, authorization REST reference: permissions, list for resource. Deny assignments are not in
//! the answer.

use super::answer::Answer;
use super::api::{Api, On};
use super::arm::Arm;
use super::error::ArmError;
use super::lenient;
use crate::domain::readiness::Grant;
use crate::domain::resource::ResourceId;
use serde_json::Value;

pub(super) const PERMISSIONS: Api = Api::get(
    "list own permissions on",
    "/providers/Microsoft.Authorization/permissions",
    "2022-04-01",
    "Microsoft.Authorization/permissions/read",
);

/// Access to what is allowed.
#[derive(Clone, Copy)]
pub struct Authorization<'a> {
    pub(super) arm: &'a Arm,
}

impl Authorization<'_> {
    /// Every role of the caller that counts at a resource.
    pub async fn permissions(self, resource: &ResourceId) -> Result<Answer<Vec<Grant>>, ArmError> {
        let call = self.arm.call(PERMISSIONS, resource.as_str(), On::just(resource.as_str()));
        Ok(self.arm.list(call).await?.map(|list| list.iter().map(grant).collect()))
    }
}

fn grant(value: &Value) -> Grant {
    let texts = |key| lenient::items(value, key).filter_map(Value::as_str).map(str::to_owned).collect();
    Grant { actions: texts("/actions"), not_actions: texts("/notActions") }
}
