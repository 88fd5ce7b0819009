//! Faults of ARM, matched by method and path.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::World;
use super::log::Event;

/// A fault that ARM shows to matching requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmFault {
    /// Only this method; any when missing.
    #[serde(default)]
    pub method: Option<String>,
    /// Only paths that contain this, whatever the case; the query is not looked at.
    pub path: String,
    /// How many requests it hits; until cleared when missing.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens to them.
    #[serde(flatten)]
    pub action: FaultAction,
}

/// What happens to a request that meets a fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FaultAction {
    /// It is answered this; nothing else happens.
    Answer {
        /// HTTP status.
        status: u16,
        /// Body.
        #[serde(default)]
        body: Value,
        /// `Retry-After`, seconds or an HTTP date.
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// The connection is reset; nothing else happens.
    Reset,
    /// It is carried out, then the connection is reset instead of an answer.
    AcceptAndReset,
    /// It is carried out late.
    Slow {
        /// Milliseconds before it is looked at.
        delay_ms: u64,
    },
    /// It is carried out at once and answered late.
    SlowAnswer {
        /// Milliseconds before the answer.
        delay_ms: u64,
    },
    /// The operation it begins ends `Failed` with this.
    OperationFails {
        /// Error code.
        code: String,
        /// Error text.
        message: String,
    },
    /// The operation it begins never ends.
    OperationHangs,
    /// The operation it begins shows a meaningless `error` beside its status.
    ErrorBeside,
}

impl ArmFault {
    /// A fault for a method and every path that contains a text.
    pub fn on(method: &str, path: &str, action: FaultAction) -> Self {
        Self { method: Some(method.to_owned()), path: path.to_owned(), times: None, action }
    }

    /// The same, for so many requests only.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        let method_matches = self.method.as_ref().is_none_or(|it| it.eq_ignore_ascii_case(method));
        method_matches && path.to_ascii_lowercase().contains(&self.path.to_ascii_lowercase())
    }
}

impl FaultAction {
    /// An answer with ARM's error envelope.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::Answer { status, body: json!({"error": {"code": code, "message": message}}), retry_after: None }
    }

    /// 429, with or without `Retry-After` in seconds.
    pub fn throttled(retry_after: Option<u64>) -> Self {
        let body = json!({"error": {"code": "Throttled", "message": "The request was throttled."}});
        Self::Answer { status: 429, body, retry_after: retry_after.map(|it| it.to_string()) }
    }

    /// The operation it begins fails for want of capacity.
    pub fn no_capacity() -> Self {
        Self::OperationFails {
            code: "AksCapacityHeavyUsage".into(),
            message: "The region is under heavy usage and cannot create or start clusters at this time.".into(),
        }
    }
}

impl World {
    /// Sets a fault. Faults are looked at in the order they were set; the first that matches acts.
    pub fn add_fault(&self, fault: ArmFault) {
        let text = format!("fault on {} {}: {:?}", fault.method.as_deref().unwrap_or("any"), fault.path, fault.action);
        let mut state = self.state();
        state.faults.push(fault);
        state.log(Event::Fault { what: text.clone() }, text);
    }

    /// Clears all faults.
    pub fn clear_faults(&self) {
        let mut state = self.state();
        state.faults.clear();
        state.log(Event::Fault { what: "cleared".into() }, "all faults cleared");
    }

    /// Clears the faults whose path is this.
    pub fn clear_faults_on(&self, path: &str) {
        let mut state = self.state();
        state.faults.retain(|it| it.path != path);
        state.log(Event::Fault { what: format!("cleared on {path}") }, format!("faults on {path} cleared"));
    }

    /// Faults that have not yet hit as many requests as they should; how many are left is in `times`.
    pub fn unspent_faults(&self) -> Vec<ArmFault> {
        self.state().faults.iter().filter(|it| it.times.is_some()).cloned().collect()
    }

    /// The fault that this request meets; it is used up by one.
    pub fn take_fault(&self, method: &str, path: &str) -> Option<FaultAction> {
        let mut state = self.state();
        let index = state.faults.iter().position(|it| it.matches(method, path))?;
        let fault = &mut state.faults[index];
        let action = fault.action.clone();
        match &mut fault.times {
            Some(left) if *left <= 1 => drop(state.faults.remove(index)),
            Some(left) => *left -= 1,
            None => {}
        }
        Some(action)
    }
}
