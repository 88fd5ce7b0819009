//! What the compiler predicts a deployment to make.

use super::compiler::Copied;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

pub const FILES: [&str; 4] = ["main", "premium", "sample", "two-regions"];
pub const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";

pub struct Predicted {
    pub resources: Vec<Value>,
}

impl Predicted {
    /// Of a parameter file; each is compiled once.
    pub fn of(file: &str) -> Arc<Self> {
        static ONCE: Mutex<BTreeMap<String, Arc<Predicted>>> = Mutex::new(BTreeMap::new());
        let mut once = ONCE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        once.entry(file.to_owned()).or_insert_with(|| Arc::new(Self::compile(file))).clone()
    }

    fn compile(file: &str) -> Self {
        let infra = Copied::infra();
        let parameters = format!("{file}.bicepparam");
        let output = infra.bicep(&[
            "snapshot",
            &parameters,
            "--mode",
            "overwrite",
            "--subscription-id",
            SUBSCRIPTION,
            "--tenant-id",
            "99999999-9999-9999-9999-999999999999",
            "--location",
            "westus3",
        ]);
        assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
        let mut predicted: Value = serde_json::from_str(&infra.text(&format!("{file}.snapshot.json"))).unwrap();
        assert_eq!(predicted["diagnostics"], serde_json::json!([]), "{file}");
        let Value::Array(resources) = predicted["predictedResources"].take() else { panic!("{file} predicts nothing") };
        Self { resources }
    }

    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.resources.iter().map(|it| it["id"].as_str().unwrap())
    }

    pub fn of_type(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.resources.iter().filter(move |it| it["type"].as_str().unwrap().eq_ignore_ascii_case(kind))
    }

    /// The values of every property of that name, wherever it stands in resources of that type.
    pub fn texts(&self, kind: &str, property: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        self.of_type(kind).for_each(|it| collect(it, property, &mut found));
        found
    }

    /// App settings, app by app.
    pub fn app_settings(&self) -> Vec<BTreeMap<String, String>> {
        let is_settings = |it: &&Value| it["id"].as_str().unwrap().ends_with("/config/appsettings");
        let configs = self.of_type("Microsoft.Web/sites/config").filter(is_settings);
        let settings: Vec<_> = configs.map(|it| serde_json::from_value(it["properties"].clone()).unwrap()).collect();
        assert_eq!(settings.len(), self.of_type("Microsoft.Web/sites").count(), "each app has settings");
        settings
    }

    /// For people: one resource after the other, with what is only known later cut short.
    pub fn page(&self) -> String {
        let resources = self.resources.iter().map(|it| {
            let mut resource = it.clone();
            cut(&mut resource);
            serde_json::to_string_pretty(&resource).unwrap()
        });
        resources.collect::<Vec<_>>().join("\n")
    }
}

fn collect(value: &Value, property: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get(property).and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|it| collect(it, property, found));
        }
        Value::Array(items) => items.iter().for_each(|it| collect(it, property, found)),
        _ => {}
    }
}

/// Expressions carry names of nested deployments, which nobody wants to read and which change with the compiler.
fn cut(value: &mut Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(cut),
        Value::Array(items) => items.iter_mut().for_each(cut),
        Value::String(text) if text.starts_with('[') => *text = format!("[when deployed: {}]", names_in(text)),
        _ => {}
    }
}

/// What an expression ends up taking: outputs, properties, keys.
fn names_in(expression: &str) -> String {
    let taken = |marker: &str| {
        let after = expression.split(marker).skip(1);
        after
            .map(|it| it.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let mut names =
        [taken(".outputs."), taken(".properties."), taken("environment()."), taken("parameters('")].concat();
    if expression.contains("listKeys") {
        names.push("listKeys".to_owned());
    }
    names.dedup();
    names.join(", ")
}
