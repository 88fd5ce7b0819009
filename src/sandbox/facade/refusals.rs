//! Why drills did not begin, as the operator API tells it to anybody who asks. Reasons come and go, so each that was seen is
//! kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use super::{PERSON_KEY, Sandbox};

const PATIENCE: Duration = Duration::from_secs(2);

/// Plan name to reasons.
#[derive(Default)]
pub(super) struct Refusals(Mutex<BTreeMap<String, BTreeSet<String>>>);

impl Sandbox {
    /// Asks for the plans that the scenario expects something of. A handler that does not answer now is asked again.
    pub(super) async fn refused(&self) -> BTreeMap<String, BTreeSet<String>> {
        for plan in self.options.scenario.expect.refused.keys() {
            let status = self.plan_status(plan).await.unwrap_or_default();
            let mut known = self.refusals.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.entry(plan.clone()).or_default().extend(reasons(&status));
        }
        self.refusals.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn plan_status(&self, plan: &str) -> Option<Value> {
        let key = self.keys.named.get(PERSON_KEY)?;
        let url = format!("{}/api/v1/plans/{plan}", self.host().url());
        let request = self.planes.client().request_url(Method::GET, &url).header("x-functions-key", key);
        request.timeout(PATIENCE).send().await.ok()?.json().await.ok()
    }
}

/// Of what waits, and of an occurrence that its calendar skipped.
fn reasons(status: &Value) -> BTreeSet<String> {
    let drills = status["drills"].as_array().into_iter().flatten();
    let words = drills.flat_map(|drill| {
        let waiting = drill["reasons"].as_array().into_iter().flatten();
        waiting.chain([&drill["last"]["how"]["skipped"]]).filter_map(Value::as_str).map(str::to_owned)
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reasons_of_all_drills_are_read_and_skips_with_them() {
        let status = json!({"drills": [
            {"reasons": ["paused", "run-active"], "last": {"how": {"run": "r"}}},
            {"reasons": [], "last": {"how": {"skipped": "blocked"}}},
            {"last": null},
        ]});
        assert_eq!(reasons(&status), ["blocked", "paused", "run-active"].map(str::to_owned).into());
        assert!(reasons(&Value::Null).is_empty());
    }
}
