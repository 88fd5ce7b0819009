//! From a request to its answer, over the objects of one cluster.

use super::ask::{Ask, Place, Target};
use super::cluster::Cluster;
use super::kinds::{Kind, Resource};
use super::reply::Reply;
use super::{discovery, pod_calls, read, scale};
use crate::sandbox::world::{Event, World};

/// Answers a request to a cluster's API server; what it does not know is logged as such.
pub(super) fn answer(world: &World, cluster: &str, ask: &Ask) -> Reply {
    let reply = match ask.target() {
        Some(target) => targeted(world, cluster, ask, target),
        None => None,
    };
    reply.unwrap_or_else(|| {
        let event = Event::Unknown { method: ask.method.clone(), path: format!("{cluster} {}", ask.path) };
        world.log(event, format!("the API server of {cluster} does not know {} {}", ask.method, ask.path));
        Reply::no_such_path()
    })
}

/// `None` when there is nothing of that name.
fn targeted(world: &World, cluster: &str, ask: &Ask, target: Target) -> Option<Reply> {
    match target {
        Target::List(..) | Target::Object(..) | Target::Sub(..) => on_objects(world, cluster, ask, target),
        _ if !ask.is_read() => Some(Reply::not_allowed()),
        Target::Version => Some(discovery::version()),
        Target::Health => Some(Reply::text("ok")),
        Target::CoreVersions => Some(discovery::core_versions()),
        Target::Groups => Some(discovery::groups()),
        Target::Group(name) => discovery::group(&name),
        Target::Resources(group, version) => discovery::resources(&group, &version),
    }
}

fn on_objects(world: &World, cluster: &str, ask: &Ask, target: Target) -> Option<Reply> {
    world.with_cluster(cluster, |cluster, now, settings| match target {
        Target::List(resource, namespace) => match (ask.method.as_str(), resource.kind) {
            ("GET", _) => read::list(ask, cluster, resource, namespace),
            ("POST", Kind::Pod) => pod_calls::create(ask, cluster, resource, namespace, now),
            _ => Reply::not_allowed(),
        },
        Target::Object(resource, place) => match (ask.method.as_str(), resource.kind) {
            ("GET", _) => read::get(cluster, resource, &place),
            ("PATCH" | "PUT", Kind::Deployment | Kind::StatefulSet) => scale::change(ask, cluster, resource, &place),
            ("DELETE", Kind::Pod) => pod_calls::delete(ask, cluster, resource, &place, (now, settings)),
            ("DELETE", Kind::Claim) => pod_calls::delete_claim(ask, cluster, resource, &place, now),
            _ => Reply::not_allowed(),
        },
        Target::Sub(resource, place, sub) => sub_resource(ask, cluster, resource, &place, &sub),
        _ => Reply::no_such_path(),
    })
}

fn sub_resource(ask: &Ask, cluster: &mut Cluster, resource: &Resource, place: &Place, sub: &str) -> Reply {
    match (sub, ask.method.as_str()) {
        ("scale", _) => scale::scale(ask, cluster, resource, place),
        ("log", "GET") => pod_calls::log(ask, cluster, resource, place),
        _ => Reply::not_allowed(),
    }
}
