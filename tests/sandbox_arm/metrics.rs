//! Metrics queries: filters, series, time spans, aggregations.

use reveille::sandbox::world::Darkness;
use serde_json::{Value, json};

use super::{Answer, Rig, profile_path, server_path};

const PRIMARY: &str = "sonar-eastus2.example.com";
const STANDBY: &str = "sonar-centralus.example.com";

/// Ten minutes before the world began: then the primary's origin was at 100 and the standby's at 0.
async fn past(rig: &Rig, more: &str) -> Answer {
    let to = rig.world.now() - chrono::TimeDelta::hours(1);
    let from = to - chrono::TimeDelta::minutes(10);
    let iso = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    query(rig, &format!("&timespan={}/{}{more}", iso(from), iso(to))).await
}

async fn query(rig: &Rig, more: &str) -> Answer {
    let path = profile_path("/providers/Microsoft.Insights/metrics");
    rig.get(&format!("{path}?api-version=2024-02-01&metricnames=OriginHealthPercentage{more}")).await
}

/// Of each series: the values of its dimensions, and its first average.
fn series(answer: &Answer) -> Vec<(Vec<String>, Option<f64>)> {
    let text = |it: &Value| it["value"].as_str().unwrap().to_owned();
    let all = answer.body["value"][0]["timeseries"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
    let one = |it: &Value| {
        let values = it["metadatavalues"].as_array().unwrap().iter().map(text).collect();
        (values, it["data"][0].get("average").and_then(Value::as_f64))
    };
    all.iter().map(one).collect()
}

fn minutes(answer: &Answer) -> i64 {
    let (from, to) = answer.body["timespan"].as_str().unwrap_or_else(|| panic!("{answer:?}")).split_once('/').unwrap();
    let at = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap();
    (at(to) - at(from)).num_minutes()
}

#[tokio::test]
async fn values_of_one_dimension_are_alternatives() {
    let rig = Rig::start().await;
    let both = past(&rig, &format!("&$filter=Origin eq '{PRIMARY}' or Origin eq '{STANDBY}'")).await;
    assert_eq!(series(&both), [(vec![PRIMARY.into()], Some(100.0)), (vec![STANDBY.into()], Some(0.0))]);
    let one = past(&rig, &format!("&$filter=Origin eq '{PRIMARY}' or Origin eq 'other.example.com'")).await;
    assert_eq!(series(&one), [(vec![PRIMARY.into()], Some(100.0))]);
}

#[tokio::test]
async fn different_dimensions_have_to_hold_together() {
    let rig = Rig::start().await;
    let filter = format!("OriginGroup eq 'sonarqube' and (Origin eq '{PRIMARY}' or Origin eq '{STANDBY}')");
    assert_eq!(series(&past(&rig, &format!("&$filter={filter}")).await).len(), 2);
    let elsewhere = filter.replace("'sonarqube'", "'elsewhere'");
    assert_eq!(series(&past(&rig, &format!("&$filter={elsewhere}")).await), []);
    let mixed = past(&rig, &format!("&$filter=OriginGroup eq 'sonarqube' or Origin eq '{PRIMARY}'")).await;
    assert_eq!((mixed.status.as_u16(), mixed.code()), (400, "BadRequest"));
}

#[tokio::test]
async fn the_group_alone_is_one_series_of_the_average_of_its_origins() {
    let rig = Rig::start().await;
    let group = past(&rig, "&$filter=OriginGroup eq '*'").await;
    assert_eq!(series(&group), [(vec!["sonarqube".into()], Some(50.0))]);
    assert_eq!(series(&past(&rig, "").await), [(vec![], Some(50.0))]);
}

#[tokio::test]
async fn a_time_span_may_be_a_duration_with_or_without_a_start() {
    let rig = Rig::start().await;
    assert_eq!(minutes(&query(&rig, "&timespan=PT1H").await), 60);
    assert_eq!(minutes(&query(&rig, "&timespan=P1D").await), 1440);
    let from_start = query(&rig, "&timespan=2026-07-01T09:00:00Z/PT30M").await;
    assert_eq!(from_start.body["timespan"], "2026-07-01T09:00:00Z/2026-07-01T09:30:00Z");
    let to_end = query(&rig, "&timespan=PT30M/2026-07-01T09:30:00Z").await;
    assert_eq!(to_end.body["timespan"], from_start.body["timespan"]);
    for wrong in ["P", "PT", "1H", "PT1H/PT1H", "PT0S"] {
        assert_eq!(query(&rig, &format!("&timespan={wrong}")).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn every_aggregation_has_a_value_and_others_are_refused() {
    let rig = Rig::start().await;
    let answer = past(&rig, "&interval=PT5M&aggregation=average,minimum,maximum,count,total").await;
    let point = &answer.body["value"][0]["timeseries"][0]["data"][0];
    let count = point["count"].as_f64().unwrap();
    assert!(count > 0.0, "{point}");
    assert_eq!(point["total"], json!(count * point["average"].as_f64().unwrap()), "{point}");
    let wrong = past(&rig, "&aggregation=median").await;
    assert_eq!((wrong.status.as_u16(), wrong.code()), (400, "BadRequest"));
}

#[tokio::test]
async fn top_bounds_the_series_of_a_filter_only() {
    let rig = Rig::start().await;
    assert_eq!(series(&past(&rig, "&$filter=Origin eq '*'&top=1").await).len(), 1);
    assert_eq!(series(&past(&rig, "&$filter=Origin eq '*'").await).len(), 2);
    assert_eq!(series(&past(&rig, "&top=1").await).len(), 1);
    assert_eq!(past(&rig, "&$filter=Origin eq '*'&top=all").await.status, 400);
}

#[tokio::test]
async fn a_database_that_is_down_now_was_alive_before() {
    let rig = Rig::start().await;
    rig.world.set_darkness("eastus2", Darkness::with_database());
    let path = server_path("pg-sonar-eastus2", "/providers/Microsoft.Insights/metrics");
    let path = path.split('?').next().unwrap();
    let query = "api-version=2024-02-01&metricnames=is_db_alive&aggregation=maximum&timespan=PT1H";
    let answer = rig.get(&format!("{path}?{query}")).await;
    let data = answer.body["value"][0]["timeseries"][0]["data"].as_array().unwrap();
    assert_eq!(data[0]["maximum"], 1.0);
    assert_eq!(data.last().unwrap().get("maximum"), None);
}
