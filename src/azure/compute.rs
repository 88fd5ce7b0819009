//! What a region has room for: quotas and machine sizes.
//!
//! Source: learn.microsoft.com, compute REST reference: usage list, resource SKUs list. The list of sizes tells what counts
//! against which quota and what the subscription may not have; it is long, so it is asked for one region only.

use super::answer::Answer;
use super::api::{Api, On};
use super::arm::Arm;
use super::error::ArmError;
use super::lenient;
use crate::domain::readiness::{SizeOffer, Usage};
use serde_json::Value;

/// Below a subscription.
pub(super) const USAGES: Api = Api::get(
    "list compute usages of",
    "/providers/Microsoft.Compute/locations/{}/usages",
    "2024-07-01",
    "Microsoft.Compute/locations/usages/read",
);
/// Below a subscription.
pub(super) const SIZES: Api =
    Api::get("list machine sizes of", "/providers/Microsoft.Compute/skus", "2021-07-01", "Microsoft.Compute/skus/read");

/// Access to what compute offers.
#[derive(Clone, Copy)]
pub struct Compute<'a> {
    pub(super) arm: &'a Arm,
}

impl Compute<'_> {
    /// The quotas of a region, each with how much of it is used.
    pub async fn usages(self, subscription: &str, region: &str) -> Result<Answer<Vec<Usage>>, ArmError> {
        let scope = format!("/subscriptions/{subscription}");
        let call = self.arm.call(USAGES, region, On { names: &[region], ..On::just(&scope) });
        let answer = self.arm.list(call).await?;
        Ok(answer.map(|list| list.iter().filter_map(usage).collect()))
    }

    /// The machine sizes of a region, as the subscription may have them.
    pub async fn sizes(self, subscription: &str, region: &str) -> Result<Answer<Vec<SizeOffer>>, ArmError> {
        let (scope, filter) = (format!("/subscriptions/{subscription}"), in_region(region));
        let query = [("$filter", filter.as_str())];
        let call = self.arm.call(SIZES, region, On { query: &query, ..On::just(&scope) });
        let answer = self.arm.list(call).await?;
        Ok(answer.map(|list| list.iter().filter(|sku| is_machine(sku)).filter_map(|sku| size(sku, region)).collect()))
    }
}

/// The whole list is very long.
pub(super) fn in_region(region: &str) -> String {
    format!("location eq '{region}'")
}

fn usage(value: &Value) -> Option<Usage> {
    // Limits may be written as -1 for "none".
    let number = |pointer| Some(lenient::number(value, pointer)?).map(|it| if it < 0.0 { u64::MAX } else { it as u64 });
    Some(Usage { name: lenient::text(value, "/name/value")?, used: number("/currentValue")?, limit: number("/limit")? })
}

fn is_machine(sku: &Value) -> bool {
    lenient::text(sku, "/resourceType").is_some_and(|kind| kind.eq_ignore_ascii_case("virtualMachines"))
}

fn size(sku: &Value, region: &str) -> Option<SizeOffer> {
    let vcpus = lenient::items(sku, "/capabilities")
        .find(|it| lenient::text(it, "/name").is_some_and(|name| name.eq_ignore_ascii_case("vCPUs")))
        .and_then(|it| lenient::whole(it, "/value"));
    Some(SizeOffer {
        name: lenient::text(sku, "/name")?,
        family: lenient::text(sku, "/family"),
        vcpus,
        restricted: lenient::items(sku, "/restrictions").find_map(|it| restriction(it, region)),
    })
}

/// Restrictions of zones leave the others; only one of the whole region keeps a size away.
fn restriction(value: &Value, region: &str) -> Option<String> {
    let of_region = lenient::text(value, "/type").is_some_and(|kind| kind.eq_ignore_ascii_case("Location"));
    let mut places = lenient::items(value, "/restrictionInfo/locations").filter_map(Value::as_str).peekable();
    let here = places.peek().is_none() || places.any(|place| lenient::region(place) == region);
    let reason = || lenient::text(value, "/reasonCode").unwrap_or_else(|| "restricted".to_owned());
    (of_region && here).then(reason)
}
