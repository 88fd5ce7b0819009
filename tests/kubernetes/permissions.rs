//! The permissions that are told are exactly those that the calls need.

use super::support::*;
use crate::azure_server::{Act, Seen, Server};
use crate::azure_wire::soon;
use reveille::domain::workload::{WorkloadKind, WorkloadRef};
use reveille::kubernetes::PERMISSIONS;
use std::collections::BTreeSet;

/// Verb and resource of a request, as Kubernetes's access rules see it.
fn rule(seen: &Seen) -> Option<(String, String)> {
    let path = path(&seen.target);
    let (group, rest) = match path.strip_prefix("/apis/") {
        Some(rest) => (format!(".{}", rest.split('/').next().unwrap()), rest.split('/').skip(2).collect::<Vec<_>>()),
        None => (String::new(), path.strip_prefix("/api/v1/")?.split('/').collect()),
    };
    let rest = if rest[0] == "namespaces" { &rest[2..] } else { &rest[..] };
    let verb = match (seen.method.as_str(), rest.len()) {
        ("GET", 1) => "list",
        ("GET", _) => "get",
        ("POST", _) => "create",
        ("PATCH", _) => "patch",
        ("DELETE", _) => "delete",
        other => panic!("{other:?}"),
    };
    let sub = rest.get(2).map(|sub| format!("/{sub}")).unwrap_or_default();
    Some((verb.to_owned(), format!("{}{group}{sub}", rest[0])))
}

#[tokio::test]
async fn every_call_is_in_the_list_of_permissions_and_nothing_else_is() {
    let api = Server::answering(|seen| match seen.method.as_str() {
        "GET" if !seen.target.contains("/pods/") => Act::answer(200, CLAIMS),
        _ => Act::answer(200, r#"{"metadata":{"name":"x"}}"#),
    })
    .await;
    let bench = Bench::of(&api).await;
    let cluster = &bench.cluster;
    cluster.api_ready().await.unwrap();
    cluster.nodes().await.unwrap();
    cluster.workload(&sonarqube()).await.unwrap();
    let claims = cluster.claims(&sonarqube()).await.unwrap().value;
    cluster.scale(&app(), 0, soon()).await.unwrap();
    cluster.scale(&WorkloadRef { kind: WorkloadKind::StatefulSet, ..app() }, 0, soon()).await.unwrap();
    cluster.delete_claim(&(&claims[0]).into(), soon()).await.unwrap();
    cluster.create_probe_pod(&probe_pod(), soon()).await.unwrap();
    cluster.pod("sonarqube", "x").await.unwrap();
    cluster.pod_log("sonarqube", "x").await.unwrap();
    cluster.delete_pod("sonarqube", "x", soon()).await.unwrap();
    let used: BTreeSet<_> = api.seen().iter().filter_map(rule).collect();
    let told: BTreeSet<_> = PERMISSIONS.iter().map(|(verb, what)| (verb.to_string(), what.to_string())).collect();
    assert_eq!(used, told);
}
