//! Token buckets of ARM and of the AKS resource provider.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::Method;

use crate::sandbox::world::{Event, SUBSCRIPTION};

use super::aks;
use super::answer::Answer;
use super::call::Call;
use super::route::Route;

/// All buckets, made when first used.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    buckets: Mutex<HashMap<String, Bucket>>,
}

/// So many at once, so many more a second.
#[derive(Debug, Clone, Copy)]
struct Rate {
    burst: f64,
    per_second: f64,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled: Instant,
    penalty: Option<Penalty>,
}

/// What a caller was told to wait. Calling again before is answered the same, and the wait begins anew.
#[derive(Debug, Clone, Copy)]
struct Penalty {
    until: Instant,
    seconds: f64,
}

const fn rate(burst: f64, per_second: f64) -> Rate {
    Rate { burst, per_second }
}

/// learn.microsoft.com, request-limits-and-throttling: per subscription and principal.
const ARM_READS: Rate = rate(250.0, 25.0);
const ARM_WRITES: Rate = rate(200.0, 10.0);

impl Throttle {
    /// 429 when a bucket of this call is empty.
    pub fn refuse(&self, call: &Call, route: &Route) -> Option<Answer> {
        let (name, rate) = arm_bucket(call);
        if let Err(wait) = self.take(call, &name, rate) {
            return Some(refused(call, &name, wait, "SubscriptionRequestsThrottled"));
        }
        let Route::Aks(target) = route else { return None };
        let (name, rate) = aks_bucket(call, target);
        let wait = self.take(call, &name, rate).err()?;
        Some(refused(call, &name, wait, "Throttled"))
    }

    /// Takes a token, or says how many seconds to wait.
    fn take(&self, call: &Call, name: &str, documented: Rate) -> Result<(), f64> {
        let rate = documented.times(call.world.knobs().limits.factor);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        buckets.entry(name.to_owned()).or_insert_with(|| Bucket::full(rate, now)).take(rate, now)
    }

    /// The informational headers. The numbers are the real ones, of which the documents say little.
    pub fn remaining(&self, call: &Call) -> Vec<(&'static str, String)> {
        let (name, rate) = arm_bucket(call);
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let left = buckets.get(&name).map_or(rate.burst, |it| it.tokens.min(rate.burst));
        let (own, global) = match call.method {
            Method::GET => {
                ("x-ms-ratelimit-remaining-subscription-reads", "x-ms-ratelimit-remaining-subscription-global-reads")
            }
            _ => {
                ("x-ms-ratelimit-remaining-subscription-writes", "x-ms-ratelimit-remaining-subscription-global-writes")
            }
        };
        vec![(own, format!("{left:.0}")), (global, format!("{:.0}", left * 15.0))]
    }
}

impl Rate {
    fn times(self, factor: f64) -> Self {
        Self { burst: self.burst * factor, per_second: self.per_second * factor }
    }
}

impl Bucket {
    fn full(rate: Rate, now: Instant) -> Self {
        Self { tokens: rate.burst, filled: now, penalty: None }
    }

    fn take(&mut self, rate: Rate, now: Instant) -> Result<(), f64> {
        self.fill(rate, now);
        let early = self.penalty.filter(|it| now < it.until).map(|it| it.seconds);
        let empty = (self.tokens < 1.0).then(|| ((1.0 - self.tokens) / rate.per_second).ceil().max(1.0));
        if let Some(seconds) = early.or(empty) {
            self.penalty = Some(Penalty { until: now + Duration::from_secs_f64(seconds), seconds });
            return Err(seconds);
        }
        self.tokens -= 1.0;
        Ok(())
    }

    fn fill(&mut self, rate: Rate, now: Instant) {
        let gained = now.duration_since(self.filled).as_secs_f64() * rate.per_second;
        self.tokens = (self.tokens + gained).min(rate.burst);
        self.filled = now;
    }
}

fn arm_bucket(call: &Call) -> (String, Rate) {
    let caller = call.caller_name();
    match call.method {
        Method::GET => (format!("arm reads of {caller}"), ARM_READS),
        _ => (format!("arm writes of {caller}"), ARM_WRITES),
    }
}

/// learn.microsoft.com, AKS quotas-skus-regions.
fn aks_bucket(call: &Call, target: &aks::Target) -> (String, Rate) {
    use aks::Target;
    match target {
        Target::Clusters if call.path.to_ascii_lowercase().contains("/resourcegroups/") => {
            ("aks list of a group".into(), rate(60.0, 1.0))
        }
        Target::Clusters => ("aks list".into(), rate(500.0, 1.0)),
        Target::Cluster(name) if call.method == Method::GET => (format!("aks get {name}"), rate(60.0, 1.0)),
        Target::Status(_) | Target::Result(_) => ("aks operation status".into(), rate(200.0, 2.0)),
        _ => ("aks others".into(), rate(60.0, 1.0)),
    }
}

fn refused(call: &Call, bucket: &str, seconds: f64, code: &str) -> Answer {
    let event = Event::Throttled { path: call.path.clone(), bucket: bucket.to_owned() };
    call.world.log(event, format!("{} {} throttled by bucket {bucket}", call.method, call.path));
    let message = format!(
        "Number of requests for subscription '{SUBSCRIPTION}' exceeded the limit. \
         Please try again after '{seconds:.0}' seconds."
    );
    Answer::error(429, code, message).with("retry-after", format!("{seconds:.0}"))
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Duration, Instant, rate};

    #[test]
    fn calling_before_the_wait_is_over_begins_it_anew() {
        let (slow, start) = (rate(1.0, 0.5), Instant::now());
        let after = |seconds| start + Duration::from_secs_f64(seconds);
        let mut bucket = Bucket::full(slow, start);
        assert_eq!(bucket.take(slow, start), Ok(()));
        assert_eq!(bucket.take(slow, start), Err(2.0));
        assert_eq!(bucket.take(slow, after(1.5)), Err(2.0));
        // There is a token by now, but the last call came early.
        assert_eq!(bucket.take(slow, after(2.5)), Err(2.0));
        assert_eq!(bucket.take(slow, after(4.5)), Ok(()));
    }

    #[test]
    fn who_waits_as_long_as_told_is_let_in() {
        let (slow, start) = (rate(1.0, 0.3), Instant::now());
        let mut bucket = Bucket::full(slow, start);
        assert_eq!(bucket.take(slow, start), Ok(()));
        assert_eq!(bucket.take(slow, start), Err(4.0));
        assert_eq!(bucket.take(slow, start + Duration::from_secs(4)), Ok(()));
    }
}
