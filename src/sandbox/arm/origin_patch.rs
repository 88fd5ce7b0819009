//! PATCH of an origin (Azure-rest-api-specs, `AFDOrigins_Update`): its state, priority and weight. The edge sees the
//! change at once; in life it takes up to 20 minutes to get everywhere (learn.microsoft.com, Front Door FAQ).

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::sandbox::world::{Origin, Profile};

use super::answer::Answer;
use super::call::Call;
use super::front_door;

/// What can be changed.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    enabled_state: Option<State>,
    priority: Option<u32>,
    weight: Option<u32>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
enum State {
    Enabled,
    Disabled,
}

/// The documented answer of a change that is through at once: 200 with the origin.
pub(super) fn patch(call: &Call, profile: &str, group: &str, origin: &str) -> Answer {
    let Some(found) = call.world.profile(profile) else { return front_door::not_found(call) };
    let is_there = found.origins.iter().find(|it| it.name == origin).filter(|_| found.origin_group == group);
    let Some(old) = is_there else { return front_door::not_found(call) };
    match change(&call.body_json(), &front_door::origin(&found, old)) {
        Ok(change) => changed(call, &found, &change.applied_to(old)),
        Err(wrong) => call.unknown(Answer::error(400, "BadRequest", wrong)),
    }
}

fn changed(call: &Call, profile: &Profile, new: &Origin) -> Answer {
    call.world.change_profile(&profile.name, |it| {
        it.origins.iter_mut().filter(|it| it.name == new.name).for_each(|it| *it = new.clone());
    });
    Answer::ok(front_door::origin(profile, new))
}

impl Change {
    fn applied_to(&self, old: &Origin) -> Origin {
        Origin {
            enabled: self.enabled_state.map_or(old.enabled, |it| it == State::Enabled),
            priority: self.priority.or(old.priority),
            weight: self.weight.or(old.weight),
            ..old.clone()
        }
    }
}

/// A PATCH may repeat what is. Anything else that differs is beyond this Azure.
fn change(body: &Value, old: &Value) -> Result<Change, String> {
    let properties = body.get("properties").and_then(Value::as_object).ok_or("The request body has no properties.")?;
    let new: Map<String, Value> = properties
        .iter()
        .filter(|(name, value)| old["properties"].get(name.as_str()) != Some(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let change: Change = serde_json::from_value(Value::Object(new)).map_err(|wrong| wrong.to_string())?;
    check(change.priority, "priority", 5)?;
    check(change.weight, "weight", 1000)?;
    Ok(change)
}

fn check(given: Option<u32>, name: &str, most: u32) -> Result<(), String> {
    match given {
        Some(value) if !(1..=most).contains(&value) => Err(format!("The {name} has to be from 1 to {most}.")),
        _ => Ok(()),
    }
}
