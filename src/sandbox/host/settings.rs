//! host.json, with the app settings that override it. Values the host does not know are ignored, as it ignores them.
//!
//! Keys and defaults: learn.microsoft.com, host.json reference for Azure Functions 2.x and later.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::error::HostError;

/// App settings: what the platform gives the host as environment.
pub type Env = BTreeMap<String, String>;

const OVERRIDE: &str = "AzureFunctionsJobHost__";

/// What the simulator uses of host.json.
#[derive(Debug, Clone)]
pub struct HostSettings {
    pub handler: HandlerDescription,
    /// How long the handler may take until it answers `GET /`.
    pub initialization_timeout: Duration,
    /// `None`: unlimited.
    pub function_timeout: Option<Duration>,
    pub queues: QueueSettings,
    pub route_prefix: String,
    /// Names of the functions to load; `None` loads all.
    pub allow: Option<Vec<String>>,
    /// Queue bindings come from the extension bundle; without one they do not exist.
    pub has_bundle: bool,
}

/// `customHandler.description`.
#[derive(Debug, Clone)]
pub struct HandlerDescription {
    pub executable: String,
    pub worker_path: Option<String>,
    pub arguments: Vec<String>,
    pub worker_arguments: Vec<String>,
    pub working_directory: Option<String>,
    pub worker_directory: Option<String>,
    pub stderr_is_error: bool,
}

/// `extensions.queues`.
#[derive(Debug, Clone)]
pub struct QueueSettings {
    pub batch_size: usize,
    pub new_batch_threshold: usize,
    pub max_polling_interval: Duration,
    /// The wait before a failed message is seen again.
    pub visibility_timeout: Duration,
    pub max_dequeue_count: u32,
    pub base64: bool,
}

impl HostSettings {
    /// Reads host.json as the host would, app settings first.
    ///
    /// # Errors
    /// JSON that does not parse, a value out of its range, or a mode this simulator does not imitate (forwarding, proxying).
    pub fn read(text: &str, env: &Env) -> Result<Self, HostError> {
        let mut root: Value =
            serde_json::from_str(text).map_err(|source| HostError::Json { file: "host.json".into(), source })?;
        for (key, value) in env.iter().filter(|(key, _)| key.starts_with(OVERRIDE)) {
            override_value(&mut root, &key[OVERRIDE.len()..], value);
        }
        let json = Section { root: &root };
        json.check_version()?;
        json.check_mode()?;
        Ok(Self {
            handler: json.handler()?,
            initialization_timeout: json
                .time("customHandler.initializationTimeout")?
                .unwrap_or(Duration::from_secs(30)),
            function_timeout: json.function_timeout()?,
            queues: json.queues()?,
            route_prefix: json.text("extensions.http.routePrefix").unwrap_or_else(|| "api".into()),
            allow: json.find("functions").map(texts),
            has_bundle: json.text("extensionBundle.id").is_some(),
        })
    }
}

/// Typed reads out of the tree; paths are dotted and match ignoring case, as .NET configuration does.
struct Section<'a> {
    root: &'a Value,
}

impl Section<'_> {
    fn find(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(self.root, |value, key| {
            value.as_object()?.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
        })
    }

    fn text(&self, path: &str) -> Option<String> {
        match self.find(path)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    fn number(&self, path: &str, range: std::ops::RangeInclusive<u32>) -> Result<Option<u32>, HostError> {
        let Some(text) = self.text(path) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| invalid(path, &text))
    }

    fn time(&self, path: &str) -> Result<Option<Duration>, HostError> {
        let Some(text) = self.text(path) else { return Ok(None) };
        parse_time_span(&text).map(Some).ok_or_else(|| invalid(path, &text))
    }

    fn flag(&self, path: &str) -> Option<bool> {
        self.text(path).map(|text| text.eq_ignore_ascii_case("true"))
    }

    fn check_version(&self) -> Result<(), HostError> {
        match self.text("version").as_deref() {
            Some("2.0") => Ok(()),
            other => Err(invalid("version", other.unwrap_or("nothing"))),
        }
    }

    fn check_mode(&self) -> Result<(), HostError> {
        let other_modes = ["customHandler.enableForwardingHttpRequest", "customHandler.enableProxyingHttpRequest"];
        match other_modes.into_iter().find(|path| self.flag(path) == Some(true)) {
            Some(path) => Err(setting(format!("{path} is not imitated here, only payload mode is"))),
            None => Ok(()),
        }
    }

    fn handler(&self) -> Result<HandlerDescription, HostError> {
        let at = |key: &str| format!("customHandler.description.{key}");
        let executable = self.text(&at("defaultExecutablePath")).filter(|path| !path.is_empty());
        Ok(HandlerDescription {
            executable: executable.ok_or_else(|| invalid(&at("defaultExecutablePath"), "nothing"))?,
            worker_path: self.text(&at("defaultWorkerPath")),
            arguments: self.find(&at("arguments")).map(texts).unwrap_or_default(),
            worker_arguments: self.find(&at("workerArguments")).map(texts).unwrap_or_default(),
            working_directory: self.text(&at("workingDirectory")),
            worker_directory: self.text(&at("workerDirectory")),
            stderr_is_error: self.flag(&at("useStdErrorStreamForErrorsOnly")).unwrap_or(true),
        })
    }

    fn function_timeout(&self) -> Result<Option<Duration>, HostError> {
        match self.text("functionTimeout").as_deref() {
            Some("-1") => Ok(None),
            None => Ok(Some(Duration::from_secs(30 * 60))),
            Some(text) => match parse_time_span(text).filter(|time| *time >= Duration::from_secs(1)) {
                Some(time) => Ok(Some(time)),
                None => Err(invalid("functionTimeout", text)),
            },
        }
    }

    fn queues(&self) -> Result<QueueSettings, HostError> {
        let at = |key: &str| format!("extensions.queues.{key}");
        let batch_size = self.number(&at("batchSize"), 1..=32)?.unwrap_or(16);
        let polling = self.time(&at("maxPollingInterval"))?.unwrap_or(Duration::from_secs(60));
        if polling < Duration::from_millis(100) {
            return Err(invalid(&at("maxPollingInterval"), "less than 100 ms"));
        }
        let threshold = self.number(&at("newBatchThreshold"), 0..=100_000)?.unwrap_or(batch_size / 2);
        Ok(QueueSettings {
            batch_size: batch_size as usize,
            new_batch_threshold: threshold as usize,
            max_polling_interval: polling,
            visibility_timeout: self.time(&at("visibilityTimeout"))?.unwrap_or_default(),
            max_dequeue_count: self.number(&at("maxDequeueCount"), 1..=10_000)?.unwrap_or(5),
            base64: !self.text(&at("messageEncoding")).is_some_and(|text| text.eq_ignore_ascii_case("none")),
        })
    }
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
}

fn setting(problem: String) -> HostError {
    HostError::Setting { file: "host.json".into(), problem }
}

fn invalid(path: &str, value: &str) -> HostError {
    setting(format!("{path} cannot be {value}"))
}

/// Puts one `a__b__c = value` setting into the tree; a JSON array may be given as text.
fn override_value(root: &mut Value, path: &str, text: &str) {
    let mut place = root;
    for key in path.split("__") {
        if !place.is_object() {
            *place = Value::Object(serde_json::Map::new());
        }
        let Some(map) = place.as_object_mut() else { return };
        let known = map.keys().find(|name| name.eq_ignore_ascii_case(key)).cloned();
        place = map.entry(known.unwrap_or_else(|| key.to_owned())).or_insert(Value::Null);
    }
    let array = serde_json::from_str(text).ok().filter(Value::is_array);
    *place = array.unwrap_or_else(|| Value::String(text.to_owned()));
}

/// A .NET TimeSpan: `[d.]hh:mm:ss[.fraction]`.
pub fn parse_time_span(text: &str) -> Option<Duration> {
    let (head, seconds) = text.rsplit_once(':')?;
    let (head, minutes) = head.rsplit_once(':')?;
    let (days, hours) = head.split_once('.').unwrap_or(("0", head));
    let whole = |text: &str, limit: u64| text.parse::<u64>().ok().filter(|value| *value < limit);
    let minutes = (whole(days, 10_000)? * 24 + whole(hours, 24)?) * 60 + whole(minutes, 60)?;
    let seconds: f64 = seconds.parse().ok().filter(|value| (0.0..60.0).contains(value))?;
    Some(Duration::from_secs(minutes * 60) + Duration::from_secs_f64(seconds))
}

/// Replaces `%NAME%` by the app setting of that name.
///
/// # Errors
/// The name that has no setting.
pub fn resolve_tokens(text: &str, env: &Env) -> Result<String, String> {
    let mut out = String::new();
    for (index, part) in text.split('%').enumerate() {
        match (index % 2, env.get(part)) {
            (0, _) => out.push_str(part),
            (_, Some(value)) => out.push_str(value),
            (_, None) => return Err(part.to_owned()),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINIMAL: &str = r#"{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"app"}}}"#;

    #[test]
    fn absent_values_have_the_hosts_defaults() {
        let settings = HostSettings::read(MINIMAL, &Env::new()).unwrap();
        assert_eq!(settings.queues.batch_size, 16);
        assert_eq!(settings.queues.new_batch_threshold, 8);
        assert_eq!(settings.queues.max_dequeue_count, 5);
        assert_eq!(settings.function_timeout, Some(Duration::from_secs(1800)));
        assert_eq!(settings.route_prefix, "api");
        assert!(!settings.has_bundle);
    }

    #[test]
    fn an_app_setting_overrides_a_value_and_an_array() {
        let env = Env::from([
            ("AzureFunctionsJobHost__functionTimeout".into(), "00:00:05".into()),
            ("AzureFunctionsJobHost__customHandler__description__arguments".into(), r#"["a","b"]"#.into()),
        ]);
        let settings = HostSettings::read(MINIMAL, &env).unwrap();
        assert_eq!(settings.function_timeout, Some(Duration::from_secs(5)));
        assert_eq!(settings.handler.arguments, ["a", "b"]);
    }

    #[test]
    fn values_out_of_range_and_other_modes_are_refused() {
        for (key, value) in [
            ("extensions__queues__batchSize", "33"),
            ("extensions__queues__maxPollingInterval", "00:00:00.05"),
            ("functionTimeout", "00:00:00.5"),
            ("version", "1.0"),
            ("customHandler__enableForwardingHttpRequest", "true"),
            ("customHandler__description__defaultExecutablePath", ""),
        ] {
            let env = Env::from([(format!("{OVERRIDE}{key}"), value.to_owned())]);
            assert!(HostSettings::read(MINIMAL, &env).is_err(), "{key} = {value}");
        }
    }

    #[test]
    fn time_spans_have_days_and_fractions() {
        assert_eq!(parse_time_span("00:10:00"), Some(Duration::from_secs(600)));
        assert_eq!(parse_time_span("1.02:00:00.5"), Some(Duration::from_millis(93_600_500)));
        assert_eq!(parse_time_span("10"), None);
        assert_eq!(parse_time_span("00:60:00"), None);
    }

    #[test]
    fn a_token_without_a_setting_is_named() {
        let env = Env::from([("Q".into(), "jobs".into())]);
        assert_eq!(resolve_tokens("a-%Q%-b", &env), Ok("a-jobs-b".into()));
        assert_eq!(resolve_tokens("%NONE%", &env), Err("NONE".into()));
    }
}
