//! Changing an origin of Front Door.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, FRONT_DOOR_VERSION, Rig, profile_path};

async fn patch(rig: &Rig, origin: &str, properties: Value) -> Answer {
    let path = profile_path(&format!("/originGroups/sonarqube/origins/{origin}"));
    let url = rig.url(&format!("{path}?api-version={FRONT_DOOR_VERSION}"));
    rig.send(Method::PATCH, &url, Some(json!({"properties": properties}))).await
}

#[tokio::test]
async fn state_priority_and_weight_of_an_origin_can_be_changed_alone_or_together() {
    let rig = Rig::start().await;
    let disabled = patch(&rig, "EastUS2", json!({"enabledState": "Disabled"})).await;
    assert_eq!((disabled.status.as_u16(), &disabled.body["name"]), (200, &"eastus2".into()));
    assert_eq!(disabled.body["type"], "Microsoft.Cdn/profiles/origingroups/origins");
    let both = patch(&rig, "eastus2", json!({"priority": 3, "weight": 50})).await;
    let properties = &both.body["properties"];
    assert_eq!((&properties["priority"], &properties["weight"]), (&3.into(), &50.into()));
    assert_eq!(
        (&properties["enabledState"], &properties["provisioningState"]),
        (&"Disabled".into(), &"Succeeded".into())
    );
    let path = profile_path("/originGroups/sonarqube/origins/eastus2");
    let read = rig.get(&format!("{path}?api-version={FRONT_DOOR_VERSION}")).await;
    assert_eq!(read.body, both.body);
    assert_eq!(rig.world.profile("afd-sonarqube").unwrap().origins[1].priority, Some(2), "the other one is as it was");
    assert_eq!(rig.unknown_calls(), 0);
}

#[tokio::test]
async fn the_published_example_repeats_what_is_and_that_is_taken() {
    let rig = Rig::start().await;
    let host = "sonar-eastus2.example.com";
    let same = json!({"enabledState": "Enabled", "hostName": host, "httpPort": 80, "httpsPort": 443});
    assert_eq!(patch(&rig, "eastus2", same).await.status, 200);
    assert_eq!(rig.unknown_calls(), 0);
}

#[tokio::test]
async fn values_out_of_range_and_properties_nobody_knows_change_nothing() {
    let rig = Rig::start().await;
    let before = rig.world.profile("afd-sonarqube");
    let wrong = [
        json!({"priority": 6}),
        json!({"priority": 0}),
        json!({"weight": 0}),
        json!({"weight": 1001}),
        json!({"enabledState": "Off"}),
        json!({"enabledState": "Disabled", "colour": "red"}),
        json!({"enabledState": "Disabled", "hostName": "other.example.com"}),
        json!("Disabled"),
    ];
    for (index, properties) in wrong.iter().enumerate() {
        let refused = patch(&rig, "eastus2", properties.clone()).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (400, "BadRequest"), "{properties}");
        assert_eq!(rig.unknown_calls(), index + 1);
    }
    assert_eq!(patch(&rig, "nothing", json!({"enabledState": "Disabled"})).await.status, 404);
    assert_eq!(rig.world.profile("afd-sonarqube"), before);
}
