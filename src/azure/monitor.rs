//! Azure Monitor metrics (learn.microsoft.com, Azure Monitor metrics REST reference).
//!
//! A minute without data stays a minute without data: neither 0 nor 100. Ingestion lags one to three minutes, so the
//! newest points are the caller's to distrust.

use super::answer::Answer;
use super::api::{Api, On};
use super::arm::{Arm, unreadable};
use super::error::ArmError;
use super::lenient;
use crate::domain::resource::ResourceId;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) const SERIES: Api = Api::get(
    "read metric of",
    "/providers/Microsoft.Insights/metrics",
    "2024-02-01",
    "Microsoft.Insights/metrics/read",
);

/// A metric of a resource type, averaged per minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    pub namespace: &'static str,
    pub name: &'static str,
}

impl Metric {
    /// Percentage of good probes of an origin, from all edges of Front Door; dimension `Origin`.
    pub const ORIGIN_HEALTH: Self = Self { namespace: "Microsoft.Cdn/profiles", name: "OriginHealthPercentage" };
    /// Seconds since the last replayed transaction of a replica; an idle primary inflates it.
    pub const REPLICATION_DELAY_SECONDS: Self =
        Self { namespace: "Microsoft.DBforPostgreSQL/flexibleServers", name: "physical_replication_delay_in_seconds" };
}

/// The part of a metric that has one value of one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dimension<'a> {
    pub name: &'a str,
    pub value: &'a str,
}

/// One minute of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The minute's beginning.
    pub at: DateTime<Utc>,
    /// `None` when Azure has no data for it.
    pub average: Option<f64>,
}

/// Access to metrics.
#[derive(Clone, Copy)]
pub struct Monitor<'a> {
    pub(super) arm: &'a Arm,
}

impl Monitor<'_> {
    /// Front Door's own view of the health of one origin, in percent per minute. Always filtered by origin: a stopped
    /// standby is a constant 0 in the unfiltered average.
    pub async fn origin_health(
        self,
        profile: &ResourceId,
        origin_host: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Answer<Vec<Point>>, ArmError> {
        self.series(profile, Metric::ORIGIN_HEALTH, Some(Dimension::origin(origin_host)), from, to).await
    }

    /// A metric of a resource per minute, oldest first. Nothing at all when Azure knows no such dimension value.
    pub async fn series(
        self,
        resource: &ResourceId,
        metric: Metric,
        dimension: Option<Dimension<'_>>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Answer<Vec<Point>>, ArmError> {
        let (timespan, filter) = (timespan(from, to), dimension.map(|dimension| dimension.filter()));
        let query = query(metric, &timespan, filter.as_deref());
        let on = On { resource: resource.as_str(), names: &[], query: &query };
        let call = self.arm.call(SERIES, resource.as_str(), on);
        let answer = self.arm.get_json(&call).await?;
        let ids = answer.request_ids.clone();
        answer.try_map(|body| points(&body, metric, dimension).map_err(|why| unreadable(&call.name, why, ids)))
    }
}

/// What is asked of a metric.
pub(super) fn query<'a>(metric: Metric, timespan: &'a str, filter: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let mut query = vec![
        ("metricnames", metric.name),
        ("metricnamespace", metric.namespace),
        ("interval", "PT1M"),
        ("aggregation", "average"),
        ("timespan", timespan),
        ("AutoAdjustTimegrain", "false"),
    ];
    query.extend(filter.map(|filter| ("$filter", filter)));
    query
}

fn timespan(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("{}/{}", text(from), text(to))
}

impl<'a> Dimension<'a> {
    /// Of Front Door's metrics.
    pub(super) fn origin(host: &'a str) -> Self {
        Self { name: "Origin", value: host }
    }

    /// OData: a quote inside a text is written twice.
    pub(super) fn filter(&self) -> String {
        format!("{} eq '{}'", self.name, self.value.replace('\'', "''"))
    }

    /// Whether a time series has this value. One that names no dimension is what was asked for; casing differs.
    fn is_of(&self, series: &Value) -> bool {
        let mut named = lenient::items(series, "/metadatavalues").filter(|metadata| {
            lenient::text(metadata, "/name/value").is_some_and(|name| name.eq_ignore_ascii_case(self.name))
        });
        named.all(|metadata| {
            lenient::text(metadata, "/value").is_some_and(|value| value.eq_ignore_ascii_case(self.value))
        })
    }
}

fn points(body: &Value, metric: Metric, dimension: Option<Dimension<'_>>) -> Result<Vec<Point>, String> {
    let named =
        |entry: &&Value| lenient::text(entry, "/name/value").is_some_and(|name| name.eq_ignore_ascii_case(metric.name));
    let entry = lenient::items(body, "/value").find(named).ok_or_else(|| format!("{} is not in it", metric.name))?;
    if let Some(code) = lenient::text(entry, "/errorCode").filter(|code| !code.eq_ignore_ascii_case("Success")) {
        return Err(format!("{} came with {code}", metric.name));
    }
    let wanted = lenient::items(entry, "/timeseries").filter(|series| dimension.is_none_or(|d| d.is_of(series)));
    let mut points: Vec<Point> = wanted.flat_map(|series| lenient::items(series, "/data")).filter_map(point).collect();
    points.sort_by_key(|point| point.at);
    Ok(points)
}

fn point(data: &Value) -> Option<Point> {
    Some(Point { at: lenient::time(data, "/timeStamp")?, average: lenient::number(data, "/average") })
}
