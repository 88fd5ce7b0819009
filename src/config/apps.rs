//! `[[plan.app]]`: how to tell that an application serves.

use super::entry::Entry;
use super::reader::Section;
use crate::domain::plan::{App, AppKind};
use serde_json::Value;
use toml::de::DeValue;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sonarqube,
    Http,
}

const KINDS: [(&str, Kind); 2] = [("sonarqube", Kind::Sonarqube), ("http", Kind::Http)];
const OK: u16 = 200;

pub(super) fn read(entry: &Entry<'_>) -> Vec<App> {
    let sections = entry.sections();
    if sections.is_empty() && matches!(entry.value, Some(DeValue::Array(_))) {
        entry.reject("is empty; at least one [[plan.app]] is needed");
    }
    sections.into_iter().filter_map(app).collect()
}

fn app(section: Section<'_>) -> Option<App> {
    let kind = section.need("kind").choice(&KINDS);
    let served_by_header = header_name(&section.get("served_by_header"));
    // Without a kind nothing can be said about the other keys, except that they exist.
    let described = match kind {
        Some(Kind::Sonarqube) => Some(sonarqube(&section)),
        Some(Kind::Http) | None => http(&section, kind.is_some()),
    };
    section.finish();
    Some(App { kind: described.filter(|_| kind.is_some())?, served_by_header })
}

fn sonarqube(section: &Section<'_>) -> AppKind {
    for key in ["path", "status", "header", "json"] {
        section.refuse(key, "belongs to kind = \"http\"; for SonarQube its own status interface is asked");
    }
    AppKind::Sonarqube
}

fn http(section: &Section<'_>, path_needed: bool) -> Option<AppKind> {
    let path = if path_needed { section.need("path") } else { section.get("path") };
    let path = path.parsed("a path", |text| {
        let absolute = text.starts_with('/') && !text.contains(char::is_whitespace);
        absolute.then(|| text.to_owned()).ok_or("is not a path; expected one such as /health")
    });
    let status = section.get("status").whole(100..=599).and_then(|status| u16::try_from(status).ok());
    let header = header(&section.get("header"));
    let json = json(&section.get("json"));
    Some(AppKind::Http { path: path?, status: status.unwrap_or(OK), header, json })
}

fn header(entry: &Entry<'_>) -> Option<(String, String)> {
    let section = entry.section()?;
    let name = header_name(&section.need("name"));
    let value = section.need("value").text();
    section.finish();
    name.zip(value)
}

fn header_name(entry: &Entry<'_>) -> Option<String> {
    entry.parsed("the name of a header", |text| {
        let legal = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        legal.then(|| text.to_owned()).ok_or("is not the name of a header")
    })
}

fn json(entry: &Entry<'_>) -> Option<(String, Value)> {
    let section = entry.section()?;
    let pointer = section.need("pointer").parsed("a JSON pointer", |text| {
        text.starts_with('/').then(|| text.to_owned()).ok_or("is not a JSON pointer; expected one such as /status")
    });
    let equals = scalar(&section.need("equals"));
    section.finish();
    pointer.zip(equals)
}

fn scalar(entry: &Entry<'_>) -> Option<Value> {
    let value = match entry.value? {
        DeValue::String(_) => return entry.text().map(Value::String),
        DeValue::Boolean(flag) => Some(Value::Bool(*flag)),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::from),
        DeValue::Float(number) => number.as_str().parse::<f64>().ok().filter(|n| n.is_finite()).map(Value::from),
        _ => None,
    };
    if value.is_none() {
        entry.reject("is not a text, a number, true or false");
    }
    value
}
