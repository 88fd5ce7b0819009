//! Who may import whom.

use super::paths;
use super::source::{Finding, Source};

/// The layers, each with those that it may import. A layer always may import itself.
const MAY_IMPORT: [(&str, &[&str]); 17] = [
    ("domain", &[]),
    ("telemetry", &["domain"]),
    ("engine", &["telemetry", "domain"]),
    ("store", &["telemetry", "engine", "domain"]),
    ("config", &["domain"]),
    ("azure", &["store", "domain", "config", "engine", "telemetry"]),
    ("probe", &["domain", "config", "engine"]),
    ("kubernetes", &["azure", "probe", "config", "domain", "engine", "telemetry"]),
    ("observe", &["kubernetes", "azure", "probe", "config", "domain", "engine"]),
    ("steps", &["observe", "kubernetes", "azure", "probe", "engine", "config", "domain"]),
    ("render", &["domain"]),
    ("notify", &["render", "engine", "config", "domain"]),
    ("host", &["telemetry", "domain"]),
    (
        "triggers",
        &[
            "host",
            "notify",
            "render",
            "steps",
            "observe",
            "kubernetes",
            "azure",
            "probe",
            "store",
            "telemetry",
            "engine",
            "config",
            "domain",
        ],
    ),
    (
        "cli",
        &[
            "sandbox",
            "triggers",
            "host",
            "notify",
            "render",
            "steps",
            "observe",
            "kubernetes",
            "azure",
            "probe",
            "store",
            "telemetry",
            "engine",
            "config",
            "domain",
        ],
    ),
    // Types shared with the program would let one misreading of Azure cancel out on both sides.
    ("sandbox", &[]),
    ("main", &["cli"]),
];

/// Every import of `source` that its layer may not make.
pub fn broken(source: &Source) -> Vec<Finding> {
    let layer = match source.layer() {
        Some(layer) => layer,
        None if source.path == "src/main.rs" => "main".to_owned(),
        None => return Vec::new(),
    };
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == layer) else {
        return vec![source.finding(1, format!("the import rules do not know the layer {layer}"))];
    };
    let named = paths::of(source);
    let found = named.iter().filter_map(|path| Some((path.line, refusal(&layer, allowed, &path.names)?)));
    let mut findings: Vec<Finding> = found.map(|(line, rule)| source.finding(line, rule)).collect();
    findings.sort_by_key(|finding| finding.line);
    findings.dedup();
    findings
}

fn refusal(layer: &str, allowed: &[&str], path: &[String]) -> Option<String> {
    let Some(target) = path.first() else {
        return Some(format!("{layer} names the root of the crate, behind which every layer hides"));
    };
    if target == layer || allowed.contains(&target.as_str()) {
        return None;
    }
    let may = if allowed.is_empty() { "nothing of the crate".to_owned() } else { allowed.join(", ") };
    Some(format!("{layer} imports {target}; it may import {may}"))
}

/// The layers that the rules know and that are folders of `src/`.
pub fn layers() -> impl Iterator<Item = &'static str> {
    MAY_IMPORT.iter().map(|(layer, _)| *layer).filter(|layer| *layer != "main")
}
