//! How long a cluster may take.

use std::time::Duration;

/// Budgets of the Kubernetes client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Longest time to connect to an API server, name resolution and TLS included.
    pub connect_timeout: Duration,
    /// Longest time of one call, from connecting to the last byte of the answer.
    pub call_timeout: Duration,
    /// A kubeconfig is read again after this time, and whenever the server does not accept what it says.
    pub kubeconfig_kept: Duration,
    /// An API server that nothing could connect to is not tried again for this time, where commands are a way around.
    pub detour: Duration,
    /// Whether commands are a way around at all.
    pub run_command: bool,
    /// Longest time for a command that only looks, from asking for it to its result.
    pub command_timeout: Duration,
    /// Pause between two looks at a command's result, unless Azure names one.
    pub command_poll: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            call_timeout: Duration::from_secs(10),
            kubeconfig_kept: Duration::from_secs(600),
            detour: Duration::from_secs(120),
            run_command: true,
            command_timeout: Duration::from_secs(90),
            command_poll: Duration::from_secs(2),
        }
    }
}
