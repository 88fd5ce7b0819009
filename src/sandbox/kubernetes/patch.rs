//! Patches: merge (RFC 7386), strategic merge as far as maps and scalars go, and JSON patch (RFC 6902).

use serde_json::Value;

/// Why a patch does not apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PatchError {
    /// Its type is none that the API server takes.
    Unsupported,
    /// It cannot be read.
    Unreadable(String),
    /// It does not fit the object.
    DoesNotApply(String),
}

/// The object with the patch applied.
///
/// # Errors
/// When the patch is none, or does not fit.
pub(super) fn patched(object: &Value, content_type: &str, patch: &[u8]) -> Result<Value, PatchError> {
    let read = || serde_json::from_slice::<Value>(patch).map_err(|it| PatchError::Unreadable(it.to_string()));
    let mut result = object.clone();
    match content_type {
        "application/merge-patch+json" | "application/strategic-merge-patch+json" => merge(&mut result, &read()?),
        "application/json-patch+json" => json_patch(&mut result, &read()?)?,
        _ => return Err(PatchError::Unsupported),
    }
    Ok(result)
}

fn merge(target: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    for (name, value) in fields {
        match (value, target.as_object_mut()) {
            (Value::Null, Some(object)) => drop(object.remove(name)),
            (value, _) => merge(&mut target[name], value),
        }
    }
}

fn json_patch(target: &mut Value, patch: &Value) -> Result<(), PatchError> {
    let operations = patch.as_array().ok_or_else(|| PatchError::Unreadable("not a list of operations".into()))?;
    operations.iter().try_for_each(|operation| apply(target, operation))
}

fn apply(target: &mut Value, operation: &Value) -> Result<(), PatchError> {
    let path = operation["path"].as_str().unwrap_or_default();
    let misses = || {
        PatchError::DoesNotApply(format!("{} operation does not apply: doc is missing path: {path}", operation["op"]))
    };
    match operation["op"].as_str() {
        Some("test") => {
            let holds = target.pointer(path).unwrap_or(&Value::Null) == &operation["value"];
            let message = format!("testing value {path} failed: test failed");
            holds.then_some(()).ok_or(PatchError::DoesNotApply(message))
        }
        Some("replace") => {
            *target.pointer_mut(path).ok_or_else(misses)? = operation["value"].clone();
            Ok(())
        }
        Some(op @ ("add" | "remove")) => {
            let (parent, name) = path.rsplit_once('/').ok_or_else(misses)?;
            let name = name.replace("~1", "/").replace("~0", "~");
            let parent = target.pointer_mut(parent).and_then(Value::as_object_mut).ok_or_else(misses)?;
            match op {
                "add" => drop(parent.insert(name, operation["value"].clone())),
                _ => drop(parent.remove(&name).ok_or_else(misses)?),
            }
            Ok(())
        }
        _ => Err(PatchError::Unreadable(format!("unexpected operation {}", operation["op"]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn apply_to(kind: &str, patch: Value) -> Result<Value, PatchError> {
        let object = json!({"metadata": {"resourceVersion": "7"}, "spec": {"replicas": 3}});
        patched(&object, &format!("application/{kind}+json"), patch.to_string().as_bytes())
    }

    #[test]
    fn each_type_of_patch_sets_replicas() {
        for kind in ["merge-patch", "strategic-merge-patch"] {
            assert_eq!(apply_to(kind, json!({"spec": {"replicas": 0}})).unwrap()["spec"]["replicas"], 0);
        }
        let patch = json!([
            {"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
            {"op": "replace", "path": "/spec/replicas", "value": 0},
        ]);
        assert_eq!(apply_to("json-patch", patch).unwrap()["spec"]["replicas"], 0);
    }

    #[test]
    fn null_takes_a_field_away() {
        assert_eq!(apply_to("merge-patch", json!({"spec": {"replicas": null}})).unwrap()["spec"], json!({}));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let failed = json!([{"op": "test", "path": "/metadata/resourceVersion", "value": "8"}]);
        assert!(matches!(apply_to("json-patch", failed), Err(PatchError::DoesNotApply(_))));
        let nowhere = json!([{"op": "replace", "path": "/spec/other", "value": 1}]);
        assert!(matches!(apply_to("json-patch", nowhere), Err(PatchError::DoesNotApply(_))));
        assert_eq!(apply_to("apply-patch", json!({})), Err(PatchError::Unsupported));
    }
}
