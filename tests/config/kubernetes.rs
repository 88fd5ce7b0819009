//! What happens inside the clusters: the reset of the search index, and the fence by scaling.

use super::{errors, parse, with};
use reveille::domain::plan::{Fence, FenceUnable, FenceWay, SearchIndex};
use reveille::domain::secret::SecretRef;
use std::time::Duration;

const REPLICAS: &str = "replicas = [\"deployment/app=2\", \"statefulset/search=3\"]";

/// The minimal file with these lines before its applications.
fn file(lines: &str) -> String {
    with("[[plan.app]]", &format!("{lines}\n[[plan.app]]"))
}

fn kubernetes(keys: &str) -> String {
    file(&format!("[plan.kubernetes]\n{keys}"))
}

#[test]
fn a_reset_of_the_search_index_is_opt_in_with_a_token_and_a_time_to_wait() {
    let plan = |text: &str| parse(text).unwrap().plans.remove(0);
    assert_eq!(plan(&kubernetes(REPLICAS)).search_index(), None);
    assert_eq!(plan(&kubernetes("reset_search_index = false")).search_index(), None);
    let bare = plan(&kubernetes(&format!("{REPLICAS}\nreset_search_index = true")));
    assert_eq!(bare.search_index(), Some(&SearchIndex { token: None, wait: Duration::ZERO }));
    let keys = "reset_search_index = true\nsearch_index_token = { env = \"T\" }\nsearch_index_wait = \"5m\"";
    let full = plan(&kubernetes(&format!("{REPLICAS}\n{keys}")));
    let token = Some(SecretRef::Env("T".into()));
    let secrets = parse(&kubernetes(&format!("{REPLICAS}\n{keys}"))).unwrap().secrets().len();
    assert_eq!(secrets, 2, "the database's password and the token");
    assert_eq!(full.search_index(), Some(&SearchIndex { token, wait: Duration::from_secs(300) }));
}

#[test]
fn what_is_scaled_to_zero_for_the_reset_has_its_counts_in_the_file() {
    let told = errors(&kubernetes("reset_search_index = true"));
    assert!(told.contains("reset_search_index: needs replicas beside workload = \"starts-with-cluster\""), "{told}");
    let parked = kubernetes("reset_search_index = true").replace("\"starts-with-cluster\"", "\"parked\"");
    assert!(parse(&parked).is_ok());
    let alone = errors(&kubernetes("search_index_wait = \"5m\""));
    assert!(alone.contains("search_index_wait: belongs to reset_search_index = true"), "{alone}");
}

#[test]
fn the_ways_of_the_fence_are_a_list_or_part_of_its_table() {
    let fence = |text: &str| parse(text).unwrap().plans.remove(0).fence;
    let (scale, stop) = (FenceWay::ScaleWorkload, FenceWay::StopCluster);
    assert_eq!(fence(&file("")), Fence { unable: FenceUnable::Ask, ways: vec![stop] });
    let inside = format!("[plan.kubernetes]\n{REPLICAS}");
    let both = "[\"scale-workload\", \"stop-cluster\"]";
    let table = file(&format!("{inside}\n[plan.fence]\nunable = \"continue\"\nways = {both}"));
    assert_eq!(fence(&table), Fence { unable: FenceUnable::Continue, ways: vec![scale, stop] });
    let list = file(&inside).replace("cooldown = ", &format!("fence = {both}\ncooldown = "));
    assert_eq!(fence(&list), Fence { unable: FenceUnable::Ask, ways: vec![scale, stop] });
}

#[test]
fn a_fence_always_ends_with_the_stop_and_scales_only_what_can_be_brought_back() {
    for ways in ["[]", "[\"scale-workload\"]", "[\"stop-cluster\", \"scale-workload\"]"] {
        let told = errors(&file(&format!("[plan.kubernetes]\n{REPLICAS}\n[plan.fence]\nways = {ways}")));
        assert!(told.contains("is neither [\"stop-cluster\"] nor [\"scale-workload\", \"stop-cluster\"]"), "{told}");
    }
    let ways = "[plan.fence]\nways = [\"scale-workload\", \"stop-cluster\"]";
    for without in [file(ways), file(&format!("[plan.kubernetes]\n{ways}"))] {
        let told = errors(&without);
        assert!(told.contains("scale-workload needs [plan.kubernetes] with replicas"), "{told}");
    }
}
