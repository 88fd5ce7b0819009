//! function.json: which functions an app folder holds and how they are bound.
//!
//! Rules of names and bindings: github.com/Azure/azure-functions-host, HostFunctionMetadataProvider and FunctionDescriptorProvider.

use std::path::Path;

use serde_json::Value;

use super::error::HostError;
use super::route::Route;
use super::schedule::Schedule;
use super::settings::{Env, HostSettings, resolve_tokens};

/// One function of the app.
#[derive(Debug, Clone)]
pub struct Function {
    /// The directory's name; the path of the worker request.
    pub name: String,
    /// Name of the trigger's binding: the key in `Data`.
    pub trigger_name: String,
    pub trigger: Trigger,
    pub outputs: Vec<Output>,
    pub disabled: bool,
}

/// What calls a function.
#[derive(Debug, Clone)]
pub enum Trigger {
    Http { route: Route, methods: Option<Vec<String>>, level: AuthLevel },
    Queue { queue: String, binary: bool },
    Timer { schedule: Schedule, monitor: bool },
}

/// An output binding; the name `$return` stands for the answer's ReturnValue.
#[derive(Debug, Clone)]
pub struct Output {
    pub name: String,
    pub target: Target,
}

/// Where an output goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    Http,
    Queue {
        queue: String,
        /// Text that is valid base64 is decoded first; `"dataType": "binary"` turns that off.
        sniff: bool,
    },
}

/// The key an HTTP function asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuthLevel {
    Anonymous,
    Function,
    Admin,
}

impl Function {
    /// Reads `directory/function.json`; `None` when the directory has none.
    ///
    /// # Errors
    /// A name, binding or file that the host, or this simulator, does not take.
    pub fn read(directory: &Path, settings: &HostSettings, env: &Env) -> Result<Option<Self>, HostError> {
        let path = directory.join("function.json");
        let name = directory.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(HostError::Read { path, source }),
        };
        let json: Value = serde_json::from_str(&text)
            .map_err(|source| HostError::Json { file: format!("{name}/function.json"), source })?;
        let built = check_script_file(directory, &json).and_then(|()| Self::build(&name, &json, settings, env));
        built.map(Some).map_err(|problem| HostError::Function { function: name, problem })
    }

    fn build(name: &str, json: &Value, settings: &HostSettings, env: &Env) -> Result<Self, String> {
        check_name(name)?;
        if json.get("retry").is_some() {
            return Err("retry policies are not imitated here".into());
        }
        let bindings = json.get("bindings").and_then(Value::as_array).ok_or("no bindings")?;
        let reader = Reader { function: name, settings, env };
        let (mut triggers, mut outputs, mut names) = (Vec::new(), Vec::new(), Vec::<String>::new());
        for binding in bindings {
            let name = binding_name(binding, &names)?;
            match reader.binding(binding)? {
                Bound::Trigger(trigger) => triggers.push((name.clone(), trigger)),
                Bound::Output(target) => outputs.push(Output { name: name.clone(), target }),
            }
            names.push(name);
        }
        let [(trigger_name, trigger)] =
            <[_; 1]>::try_from(triggers).map_err(|found| format!("{} triggers, must be one", found.len()))?;
        let disabled = is_disabled(name, json, env);
        Ok(Self { name: name.to_owned(), trigger_name, trigger, outputs, disabled })
    }
}

enum Bound {
    Trigger(Trigger),
    Output(Target),
}

struct Reader<'a> {
    function: &'a str,
    settings: &'a HostSettings,
    env: &'a Env,
}

impl Reader<'_> {
    fn binding(&self, json: &Value) -> Result<Bound, String> {
        let kind = field(json, "type").ok_or("a binding without a type")?;
        match (kind, field(json, "direction").unwrap_or("in")) {
            ("httpTrigger", "in") => self.http(json).map(Bound::Trigger),
            ("queueTrigger", "in") => self.queue_trigger(json).map(Bound::Trigger),
            ("timerTrigger", "in") => self.timer(json).map(Bound::Trigger),
            ("http", "out") => Ok(Bound::Output(Target::Http)),
            ("queue", "out") => self.queue_output(json).map(Bound::Output),
            (kind, direction) => Err(format!("binding {kind} ({direction}) is not imitated here")),
        }
    }

    fn http(&self, json: &Value) -> Result<Trigger, String> {
        let template = field(json, "route").unwrap_or(self.function);
        if ["admin", "runtime"].iter().any(|reserved| template.split('/').next() == Some(reserved)) {
            return Err(format!("route {template} is reserved"));
        }
        let methods = json.get("methods").and_then(Value::as_array);
        let methods = methods.map(|list| list.iter().filter_map(Value::as_str).map(str::to_ascii_uppercase).collect());
        let level = match field(json, "authLevel").map(str::to_ascii_lowercase).as_deref() {
            Some("anonymous") => AuthLevel::Anonymous,
            None | Some("function") => AuthLevel::Function,
            Some("admin") => AuthLevel::Admin,
            Some(other) => return Err(format!("authLevel {other} does not exist")),
        };
        Ok(Trigger::Http { route: Route::parse(&self.settings.route_prefix, template)?, methods, level })
    }

    fn queue_trigger(&self, json: &Value) -> Result<Trigger, String> {
        Ok(Trigger::Queue { queue: self.queue_name(json)?, binary: is_binary(json) })
    }

    fn queue_output(&self, json: &Value) -> Result<Target, String> {
        Ok(Target::Queue { queue: self.queue_name(json)?, sniff: !is_binary(json) })
    }

    fn timer(&self, json: &Value) -> Result<Trigger, String> {
        if json.get("runOnStartup") == Some(&Value::Bool(true)) {
            return Err("runOnStartup is not imitated here: it fires at every start and scale-out".into());
        }
        let schedule = Schedule::parse(&self.resolve(field(json, "schedule").ok_or("no schedule")?)?)?;
        let asked = json.get("useMonitor").and_then(Value::as_bool).unwrap_or(true);
        let monitor = asked && !schedule.is_under_a_minute();
        Ok(Trigger::Timer { schedule, monitor })
    }

    fn queue_name(&self, json: &Value) -> Result<String, String> {
        if !self.settings.has_bundle {
            return Err("queue bindings need an extensionBundle in host.json".into());
        }
        let name = self.resolve(field(json, "queueName").ok_or("no queueName")?)?;
        let legal = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        let edges = !name.starts_with('-') && !name.ends_with('-') && !name.contains("--");
        if legal && edges && (3..=63).contains(&name.len()) {
            Ok(name)
        } else {
            Err(format!("{name} is no queue name"))
        }
    }

    fn resolve(&self, text: &str) -> Result<String, String> {
        resolve_tokens(text, self.env).map_err(|name| format!("%{name}% has no app setting"))
    }
}

fn field<'a>(json: &'a Value, key: &str) -> Option<&'a str> {
    json.get(key).and_then(Value::as_str)
}

fn is_binary(json: &Value) -> bool {
    field(json, "dataType").is_some_and(|kind| kind.eq_ignore_ascii_case("binary"))
}

fn check_script_file(directory: &Path, json: &Value) -> Result<(), String> {
    match field(json, "scriptFile") {
        Some(file) if !directory.join(file).exists() => Err(format!("scriptFile {file} does not exist")),
        _ => Ok(()),
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let good = letters && starts && name.len() <= 128 && !name.eq_ignore_ascii_case("host");
    if good { Ok(()) } else { Err("the name is not legal".into()) }
}

fn binding_name(binding: &Value, taken: &[String]) -> Result<String, String> {
    let name = field(binding, "name").ok_or("a binding without a name")?;
    let legal = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
        && name.len() <= 128;
    if !legal && name != "$return" {
        return Err(format!("binding name {name} is not legal"));
    }
    if taken.iter().any(|other| other.eq_ignore_ascii_case(name)) {
        return Err(format!("binding name {name} is used twice"));
    }
    Ok(name.to_owned())
}

fn is_disabled(name: &str, json: &Value, env: &Env) -> bool {
    let keys = [format!("AzureWebJobs.{name}.Disabled"), format!("AzureWebJobs__{name}__Disabled")];
    let set = keys.iter().find_map(|key| env.get(key));
    let truthy = |text: &String| text.eq_ignore_ascii_case("true") || text == "1";
    set.map_or_else(|| json.get("disabled") == Some(&Value::Bool(true)), truthy)
}
