//! Watching: changes of a kind of object as a stream of lines.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use futures::stream;
use serde_json::{Value, json};

use super::ask::{Ask, Target};
use super::read::Filter;
use super::reply::Reply;
use crate::sandbox::world::World;

/// Time between two looks at the objects.
const LOOK: Duration = Duration::from_millis(40);
/// How long a watch goes on when the caller does not say.
const PATIENCE: Duration = Duration::from_secs(300);

/// Objects by uid.
type Seen = BTreeMap<String, Value>;

struct Watch {
    world: World,
    cluster: String,
    filter: Filter,
    seen: Seen,
    until: tokio::time::Instant,
}

/// The stream of a watch: from the caller's version on, or from the present objects when it names none.
///
/// # Errors
/// The 400 or 404 of what cannot be watched.
pub(super) fn start(world: &World, cluster: &str, ask: &Ask) -> Result<Body, Reply> {
    let Some(Target::List(resource, namespace)) = ask.target() else { return Err(Reply::no_such_path()) };
    let filter = Filter::of(ask, resource, namespace)?;
    let from = ask.param("resourceVersion").and_then(|it| it.parse::<u64>().ok()).unwrap_or_default();
    let mut seen = now(world, cluster, &filter);
    // What changed after the caller's list is told first. What went since then is not known any more.
    seen.retain(|_, object| from > 0 && version(object) <= from);
    let seconds = ask.param("timeoutSeconds").and_then(|it| it.parse().ok()).map(Duration::from_secs);
    let until = tokio::time::Instant::now() + seconds.unwrap_or(PATIENCE);
    let watch = Watch { world: world.clone(), cluster: cluster.to_owned(), filter, seen, until };
    Ok(Body::from_stream(stream::unfold(watch, Watch::next)))
}

fn version(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().and_then(|it| it.parse().ok()).unwrap_or_default()
}

fn now(world: &World, cluster: &str, filter: &Filter) -> Seen {
    let uid = |object: &Value| object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    let objects = world.with_cluster(cluster, |it, _, _| -> Seen {
        filter.objects(&it.store).map(|object| (uid(object), object.clone())).collect()
    });
    objects.unwrap_or_default()
}

impl Watch {
    async fn next(mut self) -> Option<(Result<String, Infallible>, Self)> {
        while tokio::time::Instant::now() < self.until {
            let now = now(&self.world, &self.cluster, &self.filter);
            let lines = changes(&self.seen, &now);
            self.seen = now;
            if !lines.is_empty() {
                return Some((Ok(lines), self));
            }
            tokio::time::sleep(LOOK).await;
        }
        None
    }
}

fn changes(before: &Seen, now: &Seen) -> String {
    let mut events = Vec::new();
    for (uid, object) in now {
        match before.get(uid) {
            None => events.push(("ADDED", object)),
            Some(old) if old != object => events.push(("MODIFIED", object)),
            Some(_) => {}
        }
    }
    events.extend(before.iter().filter(|(uid, _)| !now.contains_key(*uid)).map(|(_, object)| ("DELETED", object)));
    events.into_iter().map(|(kind, object)| format!("{}\n", json!({"type": kind, "object": object}))).collect()
}
