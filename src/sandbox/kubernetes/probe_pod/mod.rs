//! Bare pods. The simulated kubelet has no images, and runs exactly two programs: `psql` and `pg_isready`.
//!
//! The contract, whatever the image: the first container's `command` and `args` are `psql …`, `pg_isready …`, or
//! `sh -c '… psql …'` of which only that one program is run (`$NAME` and `$(NAME)` are replaced by the container's
//! environment, of which only plain values are known). Where to connect comes from `-h`, `-p`, `-U`, `-d` and their long
//! forms, or else from `PGHOST`, `PGPORT`, `PGUSER`, `PGDATABASE`, `PGPASSWORD`, `PGCONNECT_TIMEOUT` and `PGSSLMODE`. The
//! name is looked up in the world and really connected to, with TLS; what `-c` says is really asked. Output and exit code
//! are those of the real programs (postgresql.org, psql and pg_isready): the log has both streams. Anything else fails to
//! start, and the world's log says so as of every unknown thing.

mod command;
mod connect;
pub(super) mod shell;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::cluster::Cluster;
use super::pods;
use super::store::Key;
use crate::sandbox::world::{Event, World};
use command::Command;

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    pub exit_code: i32,
    pub output: String,
    /// Why Kubernetes ended it, if it did.
    pub reason: Option<&'static str>,
}

impl Ended {
    fn with(exit_code: i32, output: impl Into<String>) -> Self {
        Self { exit_code, output: output.into(), reason: None }
    }
}

/// The container of a bare pod has started: it runs beside everything else and ends in its own time.
pub(super) fn run(world: &World, cluster: &Cluster, key: Key) {
    let Some(pod) = cluster.store.get(&key).cloned() else { return };
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    let (world, cluster) = (world.clone(), cluster.name.clone());
    runtime.spawn(async move {
        let deadline = pod["spec"]["activeDeadlineSeconds"].as_u64().map(Duration::from_secs);
        let work = perform(&world, &cluster, &pod["spec"]["containers"][0]);
        let ended = match deadline {
            None => work.await,
            Some(deadline) => tokio::time::timeout(deadline, work)
                .await
                .unwrap_or_else(|_| Ended { reason: Some("DeadlineExceeded"), ..Ended::with(137, "") }),
        };
        world.with_cluster(&cluster, |it, now, _| finish(it, &key, &pod, &ended, now));
    });
}

fn finish(cluster: &mut Cluster, key: &Key, began: &Value, ended: &Ended, now: chrono::DateTime<chrono::Utc>) {
    let same = cluster.store.get(key).is_some_and(|it| it["metadata"]["uid"] == began["metadata"]["uid"]);
    if same {
        cluster.logs.insert(key.clone(), ended.output.clone());
        cluster.store.change(key, |pod| pods::completed(pod, ended, now));
        cluster.settled = false;
    }
}

async fn perform(world: &World, cluster: &str, container: &Value) -> Ended {
    let environment = environment(container);
    let words = ["command", "args"].into_iter().flat_map(|it| container[it].as_array().into_iter().flatten());
    let words: Vec<String> = words.filter_map(Value::as_str).map(|it| shell::substituted(it, &environment)).collect();
    let command = shell::program(&words, &environment).as_deref().and_then(|it| Command::parse(it, &environment));
    match command {
        Some(command) => {
            // Nothing gets out of a region whose applications are dark.
            while is_dark(world, cluster) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let unlinked = world.kubernetes().unlinked_dns.contains(cluster);
            connect::perform(world, &command, unlinked).await
        }
        None => unknown(world, cluster, words.first().map_or("", String::as_str)),
    }
}

fn is_dark(world: &World, cluster: &str) -> bool {
    world.cluster(cluster).is_some_and(|it| world.darkness(&it.region).applications)
}

fn unknown(world: &World, cluster: &str, program: &str) -> Ended {
    let event = Event::Unknown { method: "exec".into(), path: format!("{cluster} {program}") };
    world.log(event, format!("a pod on {cluster} wants to run \"{program}\", which this kubelet cannot"));
    let output = format!("exec: \"{program}\": executable file not found in $PATH");
    Ended { reason: Some("StartError"), ..Ended::with(128, output) }
}

/// The plain values of a container's environment.
fn environment(container: &Value) -> BTreeMap<String, String> {
    let variables = container["env"].as_array().into_iter().flatten();
    let pair = |it: &Value| Some((it["name"].as_str()?.to_owned(), it["value"].as_str()?.to_owned()));
    variables.filter_map(pair).collect()
}
