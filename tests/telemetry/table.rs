//! The table of metrics against the code that measures and against those who read it.

use reveille::telemetry::metrics::{Kind, TABLE};
use std::collections::BTreeSet;
use std::path::Path;

fn sources(folder: &Path, found: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            sources(&entry, found);
        } else if !entry.ends_with("telemetry/metrics.rs") {
            found.push_str(&std::fs::read_to_string(&entry).unwrap());
        }
    }
}

#[test]
fn every_metric_is_measured_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    sources(&root.join("src"), &mut code);
    let table = std::fs::read_to_string(root.join("src/telemetry/metrics.rs")).unwrap();
    for metric in TABLE {
        let line = table.lines().find(|line| line.contains(&format!("\"{}\"", metric.name))).unwrap();
        let name = line.trim().strip_prefix("pub static ").and_then(|rest| rest.split(':').next()).unwrap();
        let uses = [format!("{name}."), format!("&{name},")];
        assert!(uses.iter().any(|it| code.contains(it)), "{name} is never measured");
    }
}

#[test]
fn names_and_units_follow_one_form() {
    let names: BTreeSet<&str> = TABLE.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), TABLE.len());
    for metric in TABLE {
        assert!(metric.name.starts_with("reveille.") && metric.about.ends_with('.'), "{metric:?}");
        assert_eq!(metric.kind == Kind::Seconds, metric.unit == "s", "{metric:?}");
        assert_eq!(metric.kind == Kind::Seconds, metric.name.ends_with(".duration"), "{metric:?}");
    }
}
