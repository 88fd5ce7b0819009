//! Reading objects: one, or a list with selectors and pages.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::ask::{Ask, Place};
use super::cluster::Cluster;
use super::kinds::Resource;
use super::reply::Reply;
use super::selector::{Selector, fields, fields_match};
use super::store::{Key, Store};

/// Which objects of a kind are meant.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub resource: &'static Resource,
    pub namespace: Option<String>,
    labels: Selector,
    fields: Vec<(String, String, bool)>,
}

impl Filter {
    /// # Errors
    /// The 400 for a selector that is none.
    pub fn of(ask: &Ask, resource: &'static Resource, namespace: Option<String>) -> Result<Self, Reply> {
        let labels = Selector::parse(ask.param("labelSelector").unwrap_or_default()).map_err(Reply::bad_request)?;
        let fields = fields(ask.param("fieldSelector").unwrap_or_default()).map_err(Reply::bad_request)?;
        Ok(Self { resource, namespace, labels, fields })
    }

    pub fn objects<'a>(&'a self, store: &'a Store) -> impl Iterator<Item = &'a Value> {
        let all = store.list(self.resource.kind, self.namespace.as_deref()).map(|(_, object)| object);
        all.filter(|it| self.labels.matches(it) && fields_match(&self.fields, it))
    }
}

pub(super) fn list(ask: &Ask, cluster: &Cluster, resource: &'static Resource, namespace: Option<String>) -> Reply {
    let filter = match Filter::of(ask, resource, namespace) {
        Ok(filter) => filter,
        Err(refused) => return refused,
    };
    let items: Vec<Value> = filter.objects(&cluster.store).map(bare).collect();
    let limit = ask.param("limit").and_then(|it| it.parse().ok()).filter(|it| *it > 0).unwrap_or(usize::MAX);
    let first = match ask.param("continue").map(place_of) {
        Some(None) => return Reply::bad_request("continue key is not valid"),
        Some(Some(place)) => place,
        None => 0,
    };
    let page: Vec<Value> = items.iter().skip(first).take(limit).cloned().collect();
    let mut metadata = json!({"resourceVersion": cluster.store.version()});
    let rest = items.len().saturating_sub(first + page.len());
    if rest > 0 {
        metadata["continue"] = URL_SAFE_NO_PAD.encode((first + page.len()).to_string()).into();
        metadata["remainingItemCount"] = rest.into();
    }
    let kind = format!("{}List", resource.name);
    Reply::ok(json!({"kind": kind, "apiVersion": resource.api_version(), "metadata": metadata, "items": page}))
}

fn place_of(token: &str) -> Option<usize> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?.parse().ok()
}

/// An item of a list does not repeat its kind.
fn bare(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    object
}

pub(super) fn get(cluster: &Cluster, resource: &Resource, place: &Place) -> Reply {
    let found = cluster.store.get(&Key::new(resource.kind, &place.namespace, &place.name));
    found.map_or_else(|| Reply::not_found(resource, &place.name), |object| Reply::ok(object.clone()))
}
