//! Where telemetry goes, as OpenTelemetry's own variables say it (opentelemetry.io, "OTLP Exporter Configuration",
//! "Environment Variable Specification").
//!
//! | variable | what it says |
//! |---|---|
//! | `OTEL_EXPORTER_OTLP_ENDPOINT` | base address; `/v1/traces` and `/v1/metrics` are put behind it |
//! | `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, `…_METRICS_ENDPOINT` | the whole address of one signal |
//! | `OTEL_EXPORTER_OTLP_HEADERS` | `name=value,name=value`, values percent-encoded; usually a key, so never shown |
//! | `OTEL_EXPORTER_OTLP_PROTOCOL` | `http/protobuf` (the default) or `http/json`; gRPC is not spoken |
//! | `OTEL_EXPORTER_OTLP_TIMEOUT` | the longest that one delivery may take, in milliseconds; 10000 |
//! | `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE` | `cumulative` (the default) or `delta` |
//! | `OTEL_METRIC_EXPORT_INTERVAL` | milliseconds between two deliveries of metrics; 60000 |
//! | `OTEL_TRACES_EXPORTER`, `OTEL_METRICS_EXPORTER` | `none` switches that signal off |
//! | `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` | who sends it: `reveille`, and `name=value` pairs beside it |
//! | `OTEL_SDK_DISABLED` | `true` switches everything off |

use crate::domain::secret::Secret;
use reqwest::Url;
use std::collections::BTreeMap;
use std::time::Duration;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const TIMEOUT: &str = "OTEL_EXPORTER_OTLP_TIMEOUT";
const TEMPORALITY: &str = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
const INTERVAL: &str = "OTEL_METRIC_EXPORT_INTERVAL";

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Protobuf,
    Json,
}

/// Whether a sum goes on for as long as the process lives, or begins anew with each delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Temporality {
    Cumulative,
    Delta,
}

/// Everything that the environment says.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where traces go; `None` when they are not wanted.
    pub traces: Option<Url>,
    pub metrics: Option<Url>,
    pub headers: Vec<(String, Secret)>,
    pub protocol: Protocol,
    pub temporality: Temporality,
    pub timeout: Duration,
    pub interval: Duration,
    /// Attributes of the sender.
    pub resource: BTreeMap<String, String>,
}

/// A setting that cannot be used. Telemetry then stays off, and nothing else does.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingsError {
    #[error("{variable} is not an address: expected https://HOST[:PORT][/PATH]")]
    NotAnAddress { variable: &'static str },
    #[error("{PROTOCOL} is {0:?}; only http/protobuf and http/json are spoken")]
    Protocol(String),
    #[error("{variable} is not a list of name=value pairs")]
    Pairs { variable: &'static str },
    #[error("{variable} is {text:?}, not a number of milliseconds")]
    Milliseconds { variable: &'static str, text: String },
    /// Headers hold keys.
    #[error("{HEADERS} would go over the network in the clear; use https, or a receiver on this machine")]
    HeadersInTheClear,
}

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Settings {
    /// What the environment says; `None` when it wants no telemetry. `instance` tells processes apart.
    pub fn read(env: Env<'_>, instance: &str) -> Result<Option<Self>, SettingsError> {
        let env = |name: &str| env(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if env("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let traces = signal(&env, "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "v1/traces")?;
        let metrics = signal(&env, "OTEL_METRICS_EXPORTER", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "v1/metrics")?;
        if traces.is_none() && metrics.is_none() {
            return Ok(None);
        }
        let headers = pairs(env(HEADERS), HEADERS)?.into_iter().map(|(name, value)| (name, Secret::new(value)));
        let settings = Self {
            headers: headers.collect(),
            protocol: protocol(env(PROTOCOL))?,
            temporality: temporality(env(TEMPORALITY)),
            timeout: milliseconds(env(TIMEOUT), TIMEOUT, 10_000)?,
            interval: milliseconds(env(INTERVAL), INTERVAL, 60_000)?,
            resource: resource(&env, instance)?,
            traces,
            metrics,
        };
        let safe = settings.traces.iter().chain(&settings.metrics).all(is_safe);
        if safe || settings.headers.is_empty() { Ok(Some(settings)) } else { Err(SettingsError::HeadersInTheClear) }
    }
}

fn signal(env: Env<'_>, exporter: &str, own: &'static str, path: &str) -> Result<Option<Url>, SettingsError> {
    if env(exporter).is_some_and(|text| text.eq_ignore_ascii_case("none")) {
        return Ok(None);
    }
    let (text, variable) = match (env(own), env(ENDPOINT)) {
        (Some(whole), _) => (whole, own),
        (None, Some(base)) => (format!("{}/{path}", base.trim_end_matches('/')), ENDPOINT),
        (None, None) => return Ok(None),
    };
    let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.map(Some).ok_or(SettingsError::NotAnAddress { variable })
}

/// Whether nobody on the way can read what is sent there.
fn is_safe(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "https" || matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

fn protocol(text: Option<String>) -> Result<Protocol, SettingsError> {
    match text.as_deref() {
        None | Some("http/protobuf") => Ok(Protocol::Protobuf),
        Some("http/json") => Ok(Protocol::Json),
        Some(other) => Err(SettingsError::Protocol(other.to_owned())),
    }
}

fn temporality(text: Option<String>) -> Temporality {
    let delta = |text: &String| text.eq_ignore_ascii_case("delta") || text.eq_ignore_ascii_case("lowmemory");
    if text.as_ref().is_some_and(delta) { Temporality::Delta } else { Temporality::Cumulative }
}

fn milliseconds(text: Option<String>, variable: &'static str, default: u64) -> Result<Duration, SettingsError> {
    let Some(text) = text else { return Ok(Duration::from_millis(default)) };
    let number = text.parse().ok().filter(|number| *number > 0);
    number.map(Duration::from_millis).ok_or(SettingsError::Milliseconds { variable, text })
}

/// The app and its region are what the platform tells (learn.microsoft.com, App Service environment variables).
fn resource(env: Env<'_>, instance: &str) -> Result<BTreeMap<String, String>, SettingsError> {
    const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
    let mut resource = BTreeMap::from([
        ("service.name".to_owned(), "reveille".to_owned()),
        ("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("service.instance.id".to_owned(), instance.to_owned()),
    ]);
    let platform = [("faas.name", "WEBSITE_SITE_NAME"), ("cloud.region", "REGION_NAME")];
    let told = platform.into_iter().filter_map(|(name, variable)| Some((name.to_owned(), env(variable)?)));
    resource.extend(told);
    resource.extend(pairs(env(ATTRIBUTES), ATTRIBUTES)?);
    resource.extend(env("OTEL_SERVICE_NAME").map(|name| ("service.name".to_owned(), name)));
    Ok(resource)
}

/// `name=value,name=value`, values percent-encoded (W3C Baggage, as the specification asks).
fn pairs(text: Option<String>, variable: &'static str) -> Result<Vec<(String, String)>, SettingsError> {
    let text = text.unwrap_or_default();
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').filter(|(name, _)| !name.trim().is_empty())?;
        Some((name.trim().to_owned(), decoded(value.trim())?))
    };
    parts.map(|part| pair(part).ok_or(SettingsError::Pairs { variable })).collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| behind.get(..2)).flatten();
        let escaped = escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Option<Settings>, SettingsError> {
        let find = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Settings::read(&find, "worker-1")
    }

    #[test]
    fn nothing_is_sent_unless_somebody_says_where() {
        assert!(read(&[("OTEL_SERVICE_NAME", "x")]).unwrap().is_none());
        assert!(read(&[(ENDPOINT, "  ")]).unwrap().is_none());
        assert!(read(&[(ENDPOINT, "https://o"), ("OTEL_SDK_DISABLED", "TRUE")]).unwrap().is_none());
        let nothing = [(ENDPOINT, "https://o"), ("OTEL_TRACES_EXPORTER", "none"), ("OTEL_METRICS_EXPORTER", "none")];
        assert!(read(&nothing).unwrap().is_none());
    }

    #[test]
    fn a_base_address_gets_a_path_and_the_address_of_one_signal_is_taken_as_it_is() {
        let own = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "https://m.example.com/in");
        let settings = read(&[(ENDPOINT, "https://o.example.com:4318/otlp/"), own]).unwrap().unwrap();
        assert_eq!(settings.traces.unwrap().as_str(), "https://o.example.com:4318/otlp/v1/traces");
        assert_eq!(settings.metrics.unwrap().as_str(), "https://m.example.com/in");
        assert_eq!((settings.protocol, settings.temporality), (Protocol::Protobuf, Temporality::Cumulative));
    }

    #[test]
    fn headers_are_decoded_and_never_shown() {
        let settings = read(&[(ENDPOINT, "https://o"), (HEADERS, "api-key=a%20b%3D, x-team=dr")]).unwrap().unwrap();
        let told: Vec<_> = settings.headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(told, [("api-key", "a b="), ("x-team", "dr")]);
        assert!(!format!("{settings:?}").contains("a b="));
    }

    #[test]
    fn keys_do_not_leave_the_machine_in_the_clear() {
        let key = (HEADERS, "api-key=a");
        assert_eq!(read(&[(ENDPOINT, "http://collector:4318"), key]).unwrap_err(), SettingsError::HeadersInTheClear);
        assert!(read(&[(ENDPOINT, "http://127.0.0.1:4318"), key]).unwrap().is_some());
        assert!(read(&[(ENDPOINT, "http://collector:4318")]).unwrap().is_some());
    }

    #[test]
    fn the_sender_is_named_and_may_be_named_otherwise() {
        let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=prod,service.name=one");
        let site = ("WEBSITE_SITE_NAME", "func-dr");
        let settings = read(&[(ENDPOINT, "https://o"), attributes, site, ("OTEL_SERVICE_NAME", "two")]);
        let resource = settings.unwrap().unwrap().resource;
        assert_eq!(resource["service.name"], "two");
        assert_eq!(resource["deployment.environment.name"], "prod");
        assert_eq!((resource["faas.name"].as_str(), resource["service.instance.id"].as_str()), ("func-dr", "worker-1"));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let wrong =
            |name: &'static str, value| read(&[(ENDPOINT, "https://o"), (name, value)]).unwrap_err().to_string();
        assert!(wrong(PROTOCOL, "grpc").contains("http/protobuf"));
        assert!(wrong(TIMEOUT, "soon").contains(TIMEOUT));
        assert!(wrong(INTERVAL, "0").contains(INTERVAL));
        assert!(!wrong(HEADERS, "sesame").contains("sesame"));
        assert!(read(&[(ENDPOINT, "collector:4318")]).is_err());
    }
}
