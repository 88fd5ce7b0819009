//! The workbook's queries against what the program really tells.

use super::predicted::{FILES, Predicted};
use reveille::telemetry::metrics::TABLE;
use serde_json::Value;
use std::collections::BTreeSet;

/// Attributes of spans that queries may read.
const OF_SPANS: [&str; 4] =
    ["az.service", "az.client_request_id", "az.correlation_request_id", "az.service_request_id"];

fn queries(file: &str) -> Vec<String> {
    let predicted = Predicted::of(file);
    let workbook = predicted.of_type("Microsoft.Insights/workbooks").next().expect("a workbook");
    let data: Value = serde_json::from_str(workbook["properties"]["serializedData"].as_str().unwrap()).unwrap();
    let items = data["items"].as_array().unwrap();
    items.iter().map(|item| item["content"]["query"].as_str().unwrap().to_owned()).collect()
}

/// Everything in quotes.
fn quoted(query: &str) -> impl Iterator<Item = &str> {
    query.split('"').skip(1).step_by(2)
}

#[test]
fn each_query_names_metrics_and_attributes_that_there_are() {
    let queries = queries("main");
    assert!(queries.len() > 5);
    let mut read = BTreeSet::new();
    for query in &queries {
        let metrics: Vec<_> = TABLE.iter().filter(|it| quoted(query).any(|name| name == it.name)).collect();
        for name in quoted(query).filter(|name| name.starts_with("reveille.")) {
            assert!(metrics.iter().any(|it| it.name == name), "{name} is told by nobody: {query}");
        }
        for part in query.split("customDimensions[\"").skip(1) {
            let name = part.split('"').next().unwrap();
            let known = metrics.iter().any(|it| it.attributes.contains(&name)) || OF_SPANS.contains(&name);
            assert!(known, "{name} is an attribute of nothing here: {query}");
        }
        read.extend(metrics.iter().map(|it| it.name));
    }
    for needed in ["reveille.runs", "reveille.recovery.duration", "reveille.fence.owed", "reveille.watch.ticks"] {
        assert!(read.contains(needed), "{needed} is on no page");
    }
}

#[test]
fn every_deployment_has_the_page() {
    for file in FILES {
        assert_eq!(queries(file), queries("main"), "{file}");
    }
}
