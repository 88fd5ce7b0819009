//! Tables of answers and what they must be taken for.

use super::*;
use crate::domain::names::SiteName;
use crate::domain::plan::App;
use crate::domain::resource::{HostPort, ResourceId};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap()))
        .collect();
    Answer { status, headers, body: body.as_bytes().to_vec(), cut: false }
}

fn status_body(status: &str) -> String {
    json!({"id": "20150504120436", "version": "2026.4.0", "status": status}).to_string()
}

fn kind_of(view: &AppView) -> &'static str {
    match view {
        AppView::Serving { .. } => "serving",
        AppView::Starting { .. } => "starting",
        AppView::MigrationNeeded { .. } => "migration-needed",
        AppView::MigrationRunning { .. } => "migration-running",
        AppView::Down { .. } => "down",
        AppView::Unreachable { .. } => "unreachable",
    }
}

#[test]
fn each_sonarqube_state_is_told_apart() {
    let cases = [
        ("UP", "serving"),
        ("STARTING", "starting"),
        ("RESTARTING", "starting"),
        ("DOWN", "down"),
        ("DB_MIGRATION_NEEDED", "migration-needed"),
        ("DB_MIGRATION_RUNNING", "migration-running"),
        ("SOMETHING_NEW", "starting"),
    ];
    for (status, expected) in cases {
        let view = app(&AppKind::Sonarqube, &answer(200, &[], &status_body(status)));
        assert_eq!(kind_of(&view), expected, "{status}");
        assert!(view.text().contains(status) && view.text().contains("2026.4.0"), "{}", view.text());
    }
}

#[test]
fn sonarqube_that_serves_does_not_vouch_for_its_search_index() {
    let view = app(&AppKind::Sonarqube, &answer(200, &[], &status_body("UP")));
    assert!(matches!(view, AppView::Serving { search_index: IndexState::NotVerified, .. }));
}

#[test]
fn sonarqube_tells_users_how_far_its_search_index_is() {
    let told = |status, body: &str| indexation(&answer(status, &[], body));
    let counted = r#"{"isCompleted":false,"hasFailures":false,"completedCount":22,"total":38,"statusMessage":"…"}"#;
    assert_eq!(told(200, counted), Ok(Indexation { complete: false, failures: false, percent: 57 }));
    let older = r#"{"isCompleted":false,"percentCompleted":12,"hasFailures":true}"#;
    assert_eq!(told(200, older), Ok(Indexation { complete: false, failures: true, percent: 12 }));
    let done = r#"{"isCompleted":true,"hasFailures":false,"completedCount":0,"total":0}"#;
    assert_eq!(told(200, done), Ok(Indexation { complete: true, failures: false, percent: 100 }));
    for (status, body, says) in [
        (401, "", "does not take the token"),
        (403, "{}", "does not take the token"),
        (503, "<html>", "503"),
        (200, "<html>", "does not tell the state of the index"),
        (200, r#"{"hasFailures":false}"#, "does not tell the state of the index"),
    ] {
        let why = told(status, body).unwrap_err();
        assert!(why.contains(says), "{why}");
    }
}

#[test]
fn whatever_comes_before_sonarqubes_interface_exists_is_starting() {
    let html = [("content-type", "text/html")];
    let up = status_body("UP");
    for (status, headers, body) in [
        (503, &html[..], "<html>503</html>"),
        (200, &html[..], "<html>SonarQube is starting</html>"),
        (200, &[], ""),
        (404, &[], "default backend - 404"),
        (200, &[], "{\"status\":"),
        (200, &[], "{\"status\":7}"),
        // Only 200 counts: an error page that happens to look right does not.
        (500, &[], up.as_str()),
    ] {
        let view = app(&AppKind::Sonarqube, &answer(status, headers, body));
        assert_eq!(kind_of(&view), "starting", "{status} {body}");
        assert!(view.text().contains(&status.to_string()));
        assert!(!origin(&AppKind::Sonarqube, &answer(status, headers, body)).is_healthy());
    }
}

#[test]
fn an_origin_is_healthy_only_when_its_application_serves() {
    assert!(origin(&AppKind::Sonarqube, &answer(200, &[], &status_body("UP"))).is_healthy());
    for status in ["STARTING", "DOWN", "DB_MIGRATION_NEEDED", "DB_MIGRATION_RUNNING"] {
        assert!(!origin(&AppKind::Sonarqube, &answer(200, &[], &status_body(status))).is_healthy(), "{status}");
    }
}

#[test]
fn an_origin_is_busy_only_when_the_application_itself_says_so() {
    let sonarqube = |status: u16, body: &str| origin(&AppKind::Sonarqube, &answer(status, &[], body));
    for (status, busy) in [
        ("STARTING", true),
        ("RESTARTING", true),
        ("DB_MIGRATION_RUNNING", true),
        ("DB_MIGRATION_NEEDED", false),
        ("DOWN", false),
    ] {
        let view = sonarqube(200, &status_body(status));
        assert_eq!(matches!(view, OriginView::Busy { .. }), busy, "{status}");
        assert_eq!(view.is_failed(), !busy, "{status}");
    }
    for gateway in [sonarqube(503, "<html>503</html>"), sonarqube(502, ""), sonarqube(503, &status_body("STARTING"))] {
        assert!(matches!(gateway, OriginView::Unhealthy { .. }), "{gateway:?}");
    }
}

#[test]
fn a_redirect_is_not_healthy_unless_the_plan_expects_it() {
    let redirect = answer(302, &[("location", "https://login.example.com/?secret=1")], "");
    let view = origin(&AppKind::Sonarqube, &redirect);
    assert_eq!(view, OriginView::Unhealthy { said: "302 Found to https://login.example.com/, empty body".into() });
    let expecting = AppKind::Http { path: "/".into(), status: 302, header: None, json: None };
    assert!(origin(&expecting, &redirect).is_healthy());
}

fn http(status: u16, header: Option<(&str, &str)>, pointer: Option<(&str, Value)>) -> AppKind {
    AppKind::Http {
        path: "/health".into(),
        status,
        header: header.map(|(name, value)| (name.into(), value.into())),
        json: pointer.map(|(pointer, value)| (pointer.into(), value)),
    }
}

#[test]
fn a_generic_application_is_held_to_each_of_its_conditions() {
    let good = answer(200, &[("x-ready", "yes")], r#"{"status":"UP","checks":{"db":1}}"#);
    let cases = [
        (http(200, None, None), "serving"),
        (http(204, None, None), "down"),
        (http(200, Some(("x-ready", "yes")), None), "serving"),
        (http(200, Some(("x-ready", "no")), None), "down"),
        (http(200, Some(("x-other", "yes")), None), "down"),
        (http(200, None, Some(("/status", json!("UP")))), "serving"),
        (http(200, None, Some(("/status", json!("DOWN")))), "down"),
        (http(200, None, Some(("/checks/db", json!(1)))), "serving"),
        (http(200, None, Some(("/checks/db", json!("1")))), "serving"),
        (http(200, None, Some(("/checks/db", json!(true)))), "down"),
        (http(200, None, Some(("/checks/cache", json!(1)))), "down"),
    ];
    for (kind, expected) in cases {
        assert_eq!(kind_of(&app(&kind, &good)), expected, "{kind:?}");
    }
}

#[test]
fn a_generic_application_behind_an_empty_ingress_is_starting() {
    for status in NOTHING_BEHIND_YET {
        assert_eq!(kind_of(&app(&http(200, None, None), &answer(status, &[], ""))), "starting");
    }
    assert_eq!(kind_of(&app(&http(200, None, None), &answer(500, &[], ""))), "down");
    // Where the plan expects such a status it is no sign of an empty ingress.
    assert_eq!(kind_of(&app(&http(503, None, None), &answer(503, &[], ""))), "serving");
}

#[test]
fn a_body_that_is_not_json_says_so() {
    let view = app(&http(200, None, Some(("/a", json!(1)))), &answer(200, &[], "hello"));
    assert!(view.text().contains("not JSON"), "{}", view.text());
}

fn site(name: &str) -> Site {
    let id = format!("/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/{name}");
    Site {
        name: SiteName::new(name),
        preferred: name == "east",
        cluster: ResourceId::parse(&id).unwrap(),
        origin: HostPort::parse(&format!("{name}.example.com")).unwrap(),
        served_by: format!("site-{name}"),
    }
}

/// Judges an UP answer with these headers against a plan that expects `expected`.
fn routed(header: Option<&str>, expected: Option<&str>, headers: &[(&str, &str)], status: &str) -> RouteView {
    let app = App { kind: AppKind::Sonarqube, served_by_header: header.map(str::to_owned) };
    let (front_door, sites) = (HostPort::parse("fd.example.com").unwrap(), [site("east"), site("west")]);
    let expected = expected.map(SiteName::new);
    let question = RouteQuestion { front_door: &front_door, app: &app, sites: &sites, expected: expected.as_ref() };
    route(&question, &answer(200, headers, &status_body(status)))
}

#[test]
fn the_ingress_header_proves_which_site_serves() {
    let west = [("x-dr-site", "site-west")];
    let by = |view: RouteView| match view {
        RouteView::ServedBy { site, .. } => format!("site {site}"),
        RouteView::ServedByOther { by, .. } => format!("other {by}"),
        other => other.text(),
    };
    assert_eq!(by(routed(Some("X-DR-Site"), Some("west"), &west, "UP")), "site west");
    assert_eq!(by(routed(Some("X-DR-Site"), None, &west, "UP")), "site west");
    assert_eq!(by(routed(Some("X-DR-Site"), Some("east"), &west, "UP")), "other site-west");
    assert_eq!(by(routed(Some("X-DR-Site"), None, &[("x-dr-site", "elsewhere")], "UP")), "other elsewhere");
}

#[test]
fn without_a_header_in_the_plan_the_proof_is_weaker() {
    let west = [("x-dr-site", "site-west")];
    assert!(matches!(routed(None, Some("west"), &west, "UP"), RouteView::Served { .. }));
}

#[test]
fn a_header_that_is_configured_and_does_not_come_proves_nothing() {
    let view = routed(Some("x-dr-site"), Some("west"), &[], "UP");
    assert!(matches!(&view, RouteView::Unmarked { header, .. } if header == "x-dr-site"), "{view:?}");
}

#[test]
fn an_application_that_does_not_serve_makes_the_route_fail() {
    let view = routed(Some("x-dr-site"), Some("west"), &[("x-dr-site", "site-west")], "STARTING");
    assert!(matches!(view, RouteView::Failing { .. }));
}

#[test]
fn an_answer_out_of_front_doors_cache_proves_nothing() {
    let headers = [("x-dr-site", "site-west"), ("x-cache", "TCP_HIT")];
    let view = routed(Some("x-dr-site"), Some("west"), &headers, "UP");
    assert!(matches!(&view, RouteView::Failing { said } if said.contains("TCP_HIT")), "{view:?}");
    let headers = [("x-dr-site", "site-west"), ("x-cache", "CONFIG_NOCACHE")];
    assert!(matches!(routed(Some("x-dr-site"), Some("west"), &headers, "UP"), RouteView::ServedBy { .. }));
}
