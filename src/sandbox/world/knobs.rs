//! What a scenario may turn: how long things take and how much is allowed.

use std::time::Duration;

/// Durations, lags and limits of the simulated Azure. In life starts take minutes; here the default is under a second.
#[derive(Debug, Clone, PartialEq)]
pub struct Knobs {
    /// From an accepted start to running nodes.
    pub start: Duration,
    /// From an accepted stop to no running nodes.
    pub stop: Duration,
    /// A promotion that waits for the replica to catch up.
    pub promote_planned: Duration,
    /// A promotion that does not.
    pub promote_forced: Duration,
    /// A promotion is refused without `sourceServerResourceId`, a regression of July 2026 (azure-cli#33776).
    pub promote_needs_source: bool,
    /// Start, stop and restart of a PostgreSQL server.
    pub server_power: Duration,
    /// From the end of a promotion to the move of the writer and reader names.
    pub names_move: Duration,
    /// AKS asks for 15 to 30 minutes between stop and start of one cluster; here a hasty start just takes long.
    pub slow_restart: Option<SlowRestart>,
    /// A busy cluster is refused in the words and the envelope of before 2026.
    pub busy_in_old_words: bool,
    /// Starts show an `error` beside `InProgress` and `Succeeded`, as recorded traffic of AKS does.
    pub error_beside_start: bool,
    /// Time to live of DNS records, in seconds.
    pub dns_ttl: u32,
    /// Edge probes of this long back make up the newest metric points.
    pub metric_window: Duration,
    /// How many of the newest one-minute points show those probes.
    pub metric_recent_minutes: i64,
    /// How long ARM waits for the resource provider of a region whose control plane is dark.
    pub gateway_timeout: Duration,
    /// How far Azure's clock, as its answers are dated, is ahead of this machine's, in seconds.
    pub clock_ahead: i64,
    /// How long a token is valid.
    pub token_lifetime: Duration,
    /// Throttling.
    pub limits: Limits,
}

/// A start that comes too soon after a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowRestart {
    /// Too soon is less than this after the end of the stop.
    pub within: Duration,
    /// How long the start takes then.
    pub takes: Duration,
}

/// Token buckets of AKS (learn.microsoft.com, quotas-skus-regions) and of ARM (request-limits-and-throttling): `burst`
/// requests at once, refilled by `per_second`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Multiplies every burst and every refill; 1 is what the documents say.
    pub factor: f64,
}

impl Limits {
    /// The documented limits.
    pub const DOCUMENTED: Self = Self { factor: 1.0 };
    /// Limits no fast-forwarded scenario runs into.
    pub const GENEROUS: Self = Self { factor: 1000.0 };
}

impl Default for Knobs {
    fn default() -> Self {
        let short = Duration::from_millis(400);
        Self {
            start: short,
            stop: short,
            promote_planned: short,
            promote_forced: short,
            promote_needs_source: false,
            server_power: short,
            names_move: Duration::ZERO,
            slow_restart: None,
            busy_in_old_words: false,
            error_beside_start: true,
            dns_ttl: 1,
            metric_window: Duration::from_secs(3),
            metric_recent_minutes: 2,
            gateway_timeout: Duration::from_secs(1),
            clock_ahead: 0,
            token_lifetime: Duration::from_secs(24 * 3600),
            limits: Limits::GENEROUS,
        }
    }
}
