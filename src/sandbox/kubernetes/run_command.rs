//! Commands that Azure runs inside a cluster (learn.microsoft.com, access-private-cluster): in a pod that needs room and an
//! image, with output cut at 512 kB.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::kubectl;
use crate::sandbox::world::World;

/// Output ends here.
const OUTPUT: usize = 512 * 1024;

/// A command that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) struct Commanded {
    pub started: DateTime<Utc>,
    /// When its result is there; never when missing.
    pub ends: Option<DateTime<Utc>>,
    /// Exit code and output, or why it could not run.
    pub result: Result<(i32, String), &'static str>,
}

#[derive(Default)]
struct Commands(Mutex<BTreeMap<String, Commanded>>);

impl World {
    /// Runs a command on a cluster; returns its id. `user` is whom its token belongs to.
    pub(in crate::sandbox) fn run_command(&self, cluster: &str, line: &str, user: &str) -> String {
        let settings = self.kubernetes();
        let started = self.now();
        let dark = self.cluster(cluster).is_none_or(|it| self.darkness(&it.region).cluster_api);
        let printed = match () {
            () if settings.unschedulable.contains(cluster) => Some(Err("Unschedulable")),
            () if settings.image_pull_fails.contains(cluster) => Some(Err("ImagePullBackoff")),
            () if dark => Some(Err("KubernetesAPICallFailed")),
            () => kubectl::run(self, cluster, line, user).map(|(code, output)| Ok((code, cut(output)))),
        };
        let ends = started + TimeDelta::from_std(settings.command_takes).unwrap_or_default();
        let ends = printed.is_some().then_some(ends);
        let commanded = Commanded { started, ends, result: printed.unwrap_or(Err("")) };
        let id = uuid::Uuid::new_v4().simple().to_string();
        let commands = self.plane::<Commands>();
        commands.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), commanded);
        id
    }

    /// The command with that id.
    pub(in crate::sandbox) fn commanded(&self, id: &str) -> Option<Commanded> {
        self.plane::<Commands>().0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}

fn cut(mut output: String) -> String {
    let end = (0..=OUTPUT.min(output.len())).rev().find(|it| output.is_char_boundary(*it));
    output.truncate(end.unwrap_or_default());
    output
}
