//! The few commands of `kubectl` that `runCommand` is used for, against the same API.
//!
//! Known are `get --raw`, `get` (with `-n`, `-l`, `-o json` or `-o name`), `scale`, `delete` and `logs`. Output and exit
//! codes are `kubectl`'s own (kubernetes.io, kubectl reference); standard error is part of the output.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ask::Ask;
use super::fault::KubeFaultAction;
use super::kinds::{Resource, meant};
use super::probe_pod::shell;
use super::reply::{Content, Reply};
use super::{api, server};
use crate::sandbox::world::{Event, World};

/// What a command printed, and how it ended. `None`: it never ends.
pub(super) type Printed = Option<(i32, String)>;

/// Who the log says it was.
const CALLER: &str = "run-command";

/// Runs a command line on a cluster.
pub(super) fn run(world: &World, cluster: &str, line: &str, user: &str) -> Printed {
    let words = shell::split(line, &BTreeMap::new());
    let kubectl = Kubectl { world, cluster, user };
    let printed = match words.split_first() {
        Some((program, rest)) if program == "kubectl" => kubectl.command(&Arguments::of(rest)),
        _ => Err(Stopped::Unknown),
    };
    match printed {
        Ok(text) => Some((0, text)),
        Err(Stopped::Failed(text)) => Some((1, text)),
        Err(Stopped::Hangs) => None,
        Err(Stopped::Unknown) => {
            let event = Event::Unknown { method: "runCommand".into(), path: format!("{cluster} {line}") };
            world.log(event, format!("runCommand on {cluster} does not know: {line}"));
            let word = words.get(1).map_or("", String::as_str);
            Some((1, format!("error: unknown command \"{word}\" for \"kubectl\"\n")))
        }
    }
}

enum Stopped {
    Failed(String),
    Hangs,
    Unknown,
}

/// Words of a command line: options and what is none.
struct Arguments {
    options: Vec<(String, String)>,
    plain: Vec<String>,
}

impl Arguments {
    fn of(words: &[String]) -> Self {
        let (mut options, mut plain) = (Vec::new(), Vec::new());
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.strip_prefix('-').map(|it| it.trim_start_matches('-')) {
                Some(option) => {
                    let (name, value) =
                        option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
                    let takes = !matches!(name, "wait" | "ignore-not-found" | "now" | "force" | "A" | "all-namespaces");
                    let value = value.map(str::to_owned).or_else(|| takes.then(|| words.next().cloned()).flatten());
                    options.push((name.to_owned(), value.unwrap_or_else(|| "true".to_owned())));
                }
                None => plain.push(word.clone()),
            }
        }
        Self { options, plain }
    }

    fn option(&self, names: &[&str]) -> Option<&str> {
        self.options.iter().find(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value.as_str())
    }

    fn namespace(&self) -> &str {
        self.option(&["n", "namespace"]).unwrap_or("default")
    }

    /// `KIND/NAME`, or `KIND` and maybe `NAME`.
    fn object(&self) -> Result<(&'static Resource, Option<&str>), Stopped> {
        let word = self.plain.get(1).ok_or(Stopped::Unknown)?;
        let (kind, name) = match word.split_once('/') {
            Some((kind, name)) => (kind, Some(name)),
            None => (word.as_str(), self.plain.get(2).map(String::as_str)),
        };
        let unknown = || Stopped::Failed(format!("error: the server doesn't have a resource type \"{kind}\"\n"));
        Ok((meant(kind).ok_or_else(unknown)?, name))
    }

    fn path(&self, resource: &Resource, name: Option<&str>) -> String {
        let root = if resource.group.is_empty() { "/api" } else { "/apis" };
        let everywhere = self.option(&["A", "all-namespaces"]).is_some();
        let namespace = match resource.namespaced && !everywhere {
            true => format!("/namespaces/{}", self.namespace()),
            false => String::new(),
        };
        let name = name.map(|it| format!("/{it}")).unwrap_or_default();
        format!("{root}/{}{namespace}/{}{name}", resource.api_version(), resource.plural)
    }
}

struct Kubectl<'a> {
    world: &'a World,
    cluster: &'a str,
    user: &'a str,
}

impl Kubectl<'_> {
    fn command(&self, arguments: &Arguments) -> Result<String, Stopped> {
        match arguments.plain.first().map(String::as_str) {
            Some("get") => match arguments.option(&["raw"]) {
                Some(path) => self.ask(&Ask::get(path)).map(text),
                None => self.get(arguments),
            },
            Some("scale") => self.scale(arguments),
            Some("delete") => self.delete(arguments),
            Some("logs") => self.logs(arguments),
            _ => Err(Stopped::Unknown),
        }
    }

    /// One request, refused in the words of `kubectl`.
    fn ask(&self, ask: &Ask) -> Result<Content, Stopped> {
        let (world, cluster) = (self.world, self.cluster);
        let reset = || Stopped::Failed("error: read: connection reset by peer\n".into());
        let fault = world.take_kube_fault(cluster, ask);
        let reply = match fault {
            Some(KubeFaultAction::Hang) => return Err(Stopped::Hangs),
            Some(KubeFaultAction::Reset) => return Err(reset()),
            Some(KubeFaultAction::AcceptAndReset) => {
                api::answer(world, cluster, ask);
                return Err(reset());
            }
            Some(fault) => server::refusal(&fault, ask, self.user),
            None => api::answer(world, cluster, ask),
        };
        server::log(world, cluster, ask, CALLER, Some(reply.status));
        said(reply)
    }

    fn get(&self, arguments: &Arguments) -> Result<String, Stopped> {
        let (resource, name) = arguments.object()?;
        let mut ask = Ask::get(&arguments.path(resource, name));
        if let Some(labels) = arguments.option(&["l", "selector"]) {
            ask.query.push(("labelSelector".into(), labels.into()));
        }
        let Content::Json(body) = self.ask(&ask)? else { return Err(Stopped::Unknown) };
        let objects = match body["items"].as_array() {
            Some(items) => items.iter().map(|it| named(it, resource)).collect(),
            None => vec![body.clone()],
        };
        match arguments.option(&["o", "output"]) {
            Some("json") if name.is_some() => Ok(pretty(&body)),
            Some("json") => {
                let metadata = json!({"resourceVersion": ""});
                Ok(pretty(&json!({"apiVersion": "v1", "items": objects, "kind": "List", "metadata": metadata})))
            }
            Some("name") => Ok(objects.iter().map(|it| format!("{}/{}\n", singular(resource), name_of(it))).collect()),
            None => {
                Ok(std::iter::once("NAME\n".to_owned()).chain(objects.iter().map(|it| name_of(it) + "\n")).collect())
            }
            Some(_) => Err(Stopped::Unknown),
        }
    }

    fn scale(&self, arguments: &Arguments) -> Result<String, Stopped> {
        let (resource, name) = arguments.object()?;
        let name = name
            .ok_or_else(|| Stopped::Failed("error: resource(s) were provided, but no name was specified\n".into()))?;
        let replicas = arguments.option(&["replicas"]).and_then(|it| it.parse::<u32>().ok());
        let replicas = replicas.ok_or_else(|| {
            Stopped::Failed(
                "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0\n".into(),
            )
        })?;
        self.ask(&Ask {
            method: "PATCH".into(),
            path: format!("{}/scale", arguments.path(resource, Some(name))),
            content_type: "application/merge-patch+json".into(),
            body: json!({"spec": {"replicas": replicas}}).to_string().into_bytes(),
            ..Ask::default()
        })?;
        Ok(format!("{}/{name} scaled\n", singular(resource)))
    }

    fn delete(&self, arguments: &Arguments) -> Result<String, Stopped> {
        let (resource, name) = arguments.object()?;
        let name = name
            .ok_or_else(|| Stopped::Failed("error: resource(s) were provided, but no name was specified\n".into()))?;
        let path = arguments.path(resource, Some(name));
        let asked = self.ask(&Ask { method: "DELETE".into(), path, ..Ask::default() });
        match asked {
            Err(Stopped::Failed(text))
                if text.contains("(NotFound)") && arguments.option(&["ignore-not-found"]) == Some("true") =>
            {
                Ok(String::new())
            }
            asked => asked.map(|_| format!("{} \"{name}\" deleted\n", singular(resource))),
        }
    }

    fn logs(&self, arguments: &Arguments) -> Result<String, Stopped> {
        let name = arguments.plain.get(1).ok_or(Stopped::Unknown)?;
        let path = format!("/api/v1/namespaces/{}/pods/{name}/log", arguments.namespace());
        self.ask(&Ask::get(&path)).map(text)
    }
}

fn said(reply: Reply) -> Result<Content, Stopped> {
    match reply.body {
        Content::Json(status) if reply.status >= 400 => {
            let part = |name: &str| status[name].as_str().unwrap_or_default();
            Err(Stopped::Failed(format!("Error from server ({}): {}\n", part("reason"), part("message"))))
        }
        body => Ok(body),
    }
}

fn text(content: Content) -> String {
    match content {
        Content::Json(body) => body.to_string(),
        Content::Text(text) => text,
    }
}

fn pretty(body: &Value) -> String {
    serde_json::to_string_pretty(body).unwrap_or_default() + "\n"
}

/// An item of a list, with its kind again.
fn named(item: &Value, resource: &Resource) -> Value {
    let mut object = item.clone();
    object["apiVersion"] = resource.api_version().into();
    object["kind"] = resource.name.into();
    object
}

fn name_of(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

/// `deployment.apps`
fn singular(resource: &Resource) -> String {
    if resource.group.is_empty() {
        resource.singular.to_owned()
    } else {
        format!("{}.{}", resource.singular, resource.group)
    }
}
