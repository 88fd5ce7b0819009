//! Keeps the calls of this process within Azure's token buckets, so that many plans that act at once do not turn each
//! other away: whoever calls before the wait that a 429 names only makes it longer, for everybody.
//!
//! Pure arithmetic on instants; [`arm`](super::arm) does the waiting.

use super::lane::{Lane, Rate};
use reqwest::{Method, Url};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// All lanes, made when first used. A lane stands for one bucket of Azure's.
#[derive(Debug, Default)]
pub(super) struct Pace {
    lanes: Mutex<HashMap<String, Lane>>,
}

/// The buckets that one call draws from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draws {
    /// Of the subscription, whatever is called.
    subscription: String,
    /// Of the service, and what its documents say about it.
    service: String,
    kind: Kind,
    /// Who calls again keeps the place it was given.
    caller: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    ClusterAction,
    OperationStatus,
    Read,
    Write,
}

/// learn.microsoft.com, request-limits-and-throttling: per subscription and principal.
const READS: Rate = Rate { burst: 250, per_second: 25.0 };
const WRITES: Rate = Rate { burst: 200, per_second: 10.0 };
/// learn.microsoft.com, AKS quotas-skus-regions: per subscription; starts and stops are among "everything else".
const CLUSTER_ACTIONS: Rate = Rate { burst: 60, per_second: 1.0 };
const OPERATION_STATUS: Rate = Rate { burst: 200, per_second: 2.0 };
/// Of buckets that no document describes, once a 429 has told that there is one.
const UNDOCUMENTED: Rate = Rate { burst: 1, per_second: 1.0 };

impl Pace {
    /// How long this call is to wait for its turn; zero when it may go, which takes the turn. A caller that is told to
    /// wait keeps its place for when it asks again.
    pub fn turn(&self, draws: &Draws, now: Instant) -> Duration {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, rate) in draws.lanes() {
            if let Some(rate) = rate.filter(|_| !lanes.contains_key(name)) {
                lanes.insert(name.to_owned(), Lane::new(rate, now));
            }
        }
        let places = draws.names().map(|name| lanes.get_mut(name).map(|lane| lane.place(&draws.caller, now)));
        let wait = places.into_iter().flatten().max().unwrap_or_default();
        if wait.is_zero() {
            draws.change(&mut lanes, |lane| lane.take(&draws.caller));
        }
        wait
    }

    /// Azure turned a call away: nothing goes to that bucket before the wait is over. ARM's own refusals name the
    /// subscription or the tenant; any other comes from the service behind it.
    pub fn refused(&self, draws: &Draws, code: &str, wait: Duration, now: Instant) {
        let of_arm = ["Subscription", "Tenant", "TooManyRequests"].iter().any(|word| code.starts_with(word));
        let name = if of_arm { &draws.subscription } else { &draws.service };
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.entry(name.clone()).or_insert_with(|| Lane::new(UNDOCUMENTED, now)).close(wait, now);
    }

    /// Azure let a call in.
    pub fn let_in(&self, draws: &Draws) {
        draws.change(&mut self.lanes.lock().unwrap_or_else(PoisonError::into_inner), Lane::reopen);
    }
}

impl Draws {
    pub fn of(method: &Method, url: &Url) -> Self {
        let path = url.path().to_ascii_lowercase();
        let subscription = path.strip_prefix("/subscriptions/").and_then(|rest| rest.split('/').next());
        let subscription = subscription.unwrap_or_default();
        let kind = kind(method, &path);
        let way = if *method == Method::GET { "reads" } else { "writes" };
        let service = match kind {
            Kind::ClusterAction => format!("cluster actions in {subscription}"),
            Kind::OperationStatus => format!("operation status in {subscription}"),
            Kind::Read | Kind::Write => format!("{way} of {path}"),
        };
        Self { subscription: format!("{way} in {subscription}"), service, kind, caller: path }
    }

    fn change(&self, lanes: &mut HashMap<String, Lane>, mut change: impl FnMut(&mut Lane)) {
        for name in self.names() {
            if let Some(lane) = lanes.get_mut(name) {
                change(lane);
            }
        }
    }

    fn names(&self) -> [&str; 2] {
        [&self.subscription, &self.service]
    }

    /// The lanes, with their rates as far as they are documented.
    fn lanes(&self) -> [(&str, Option<Rate>); 2] {
        let (of_arm, of_service) = match self.kind {
            Kind::ClusterAction => (WRITES, Some(CLUSTER_ACTIONS)),
            Kind::OperationStatus => (READS, Some(OPERATION_STATUS)),
            Kind::Read => (READS, None),
            Kind::Write => (WRITES, None),
        };
        [(&self.subscription, Some(of_arm)), (&self.service, of_service)]
    }
}

fn kind(method: &Method, path: &str) -> Kind {
    let aks = path.contains("/microsoft.containerservice/");
    match *method {
        Method::GET if aks && path.contains("/locations/") => Kind::OperationStatus,
        Method::GET => Kind::Read,
        _ if aks => Kind::ClusterAction,
        _ => Kind::Write,
    }
}

#[cfg(test)]
mod tests {
    use super::{Draws, Pace};
    use reqwest::{Method, Url};
    use std::time::Duration;
    use tokio::time::Instant;

    const AKS: &str =
        "https://management.azure.com/subscriptions/S/resourceGroups/g/providers/Microsoft.ContainerService";

    fn draws(method: Method, rest: &str) -> Draws {
        Draws::of(&method, &Url::parse(&format!("{AKS}{rest}")).unwrap())
    }

    fn waits(pace: &Pace, method: &Method, now: Instant, calls: std::ops::Range<u32>) -> Vec<u64> {
        let call = |number| draws(method.clone(), &format!("/managedClusters/c{number}/stop"));
        calls.map(|number| pace.turn(&call(number), now).as_secs()).collect()
    }

    #[test]
    fn sixty_stops_go_at_once_and_then_one_a_second() {
        let (pace, now) = (Pace::default(), Instant::now());
        assert_eq!(waits(&pace, &Method::POST, now, 0..60), [0; 60]);
        assert_eq!(waits(&pace, &Method::POST, now, 60..64), [1, 2, 3, 4]);
        assert_eq!(waits(&pace, &Method::GET, now, 0..200), [0; 200], "reads have a bucket of their own");
    }

    #[test]
    fn a_refusal_by_the_service_holds_its_calls_back_and_no_others() {
        let (pace, now) = (Pace::default(), Instant::now());
        let stop = draws(Method::POST, "/managedClusters/a/stop");
        assert_eq!(pace.turn(&stop, now), Duration::ZERO);
        pace.refused(&stop, "Throttled", Duration::from_secs(17), now);
        assert_eq!(waits(&pace, &Method::POST, now, 1..3), [17, 18]);
        assert_eq!(waits(&pace, &Method::GET, now, 1..3), [0, 0]);
    }

    #[test]
    fn a_refusal_by_arm_holds_back_all_reads_of_the_subscription() {
        let (pace, now) = (Pace::default(), Instant::now());
        let read = draws(Method::GET, "/managedClusters/a");
        pace.turn(&read, now);
        pace.refused(&read, "SubscriptionRequestsThrottled", Duration::from_secs(5), now);
        let other = draws(Method::GET, "/locations/eastus/operations/o");
        assert_eq!(pace.turn(&other, now), Duration::from_secs(5));
        assert_eq!(waits(&pace, &Method::POST, now, 0..2), [0, 0]);
    }

    #[test]
    fn an_undocumented_bucket_is_learned_from_its_first_refusal() {
        let (pace, now) = (Pace::default(), Instant::now());
        let read = draws(Method::GET, "/managedClusters/a");
        assert_eq!((0..5).map(|_| pace.turn(&read, now).as_secs()).collect::<Vec<_>>(), [0; 5]);
        pace.refused(&read, "Throttled", Duration::from_secs(3), now);
        assert_eq!(pace.turn(&read, now), Duration::from_secs(3));
        assert_eq!(pace.turn(&read, now + Duration::from_secs(3)), Duration::ZERO);
        assert_eq!(pace.turn(&draws(Method::GET, "/managedClusters/b"), now), Duration::ZERO);
    }
}
