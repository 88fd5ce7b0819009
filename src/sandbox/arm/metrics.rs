//! Metrics: origin health of Front Door, replication delay and liveness of PostgreSQL.

use serde_json::{Value, json};

use crate::sandbox::world::{Point, Profile, World};

use super::answer::Answer;
use super::call::Call;
use super::front_door::{self, Part};
use super::metric_query::MetricQuery;
use super::postgres;
use super::route::Route;
use super::subscription;

/// A resource with metrics.
enum Subject {
    Profile(Profile),
    Server(String),
}

/// A metric of a subject: official name, unit, and one series per dimension value.
struct Metric {
    name: &'static str,
    display: &'static str,
    unit: &'static str,
    series: Vec<Series>,
}

/// Dimension values with points of one minute.
struct Series {
    dimensions: Vec<(&'static str, String)>,
    points: Vec<Point>,
}

pub(super) fn handle(call: &Call, resource: &Route) -> Answer {
    let Some(subject) = subject(&call.world, resource) else {
        return call.unknown(subscription::resource_not_found(resource.kind().unwrap_or_default(), &call.path));
    };
    let answered = MetricQuery::of(call).and_then(|query| {
        let metrics: Result<Vec<Metric>, String> =
            query.names.iter().map(|name| subject.metric(&call.world, name, &query)).collect();
        Ok(body(call, &subject, &query, &metrics?))
    });
    answered.map_or_else(|wrong| call.unknown(bad_request(&wrong)), Answer::ok)
}

fn bad_request(message: &str) -> Answer {
    // Monitor answers without the envelope.
    Answer { status: 400, headers: Vec::new(), body: Some(json!({"code": "BadRequest", "message": message})) }
}

fn subject(world: &World, resource: &Route) -> Option<Subject> {
    match resource {
        Route::FrontDoor(front_door::Target::In(name, Part::Profile)) => world.profile(name).map(Subject::Profile),
        Route::Postgres(postgres::Target::Server(name)) => world.server(name).map(|it| Subject::Server(it.name)),
        _ => None,
    }
}

impl Subject {
    fn namespace(&self) -> &'static str {
        match self {
            Self::Profile(_) => "microsoft.cdn/profiles",
            Self::Server(_) => "microsoft.dbforpostgresql/flexibleservers",
        }
    }

    fn dimensions(&self) -> &'static [&'static str] {
        match self {
            Self::Profile(_) => &["Origin", "OriginGroup"],
            Self::Server(_) => &[],
        }
    }

    fn metric(&self, world: &World, name: &str, query: &MetricQuery) -> Result<Metric, String> {
        self.check_dimensions(name, query)?;
        match (self, name.to_ascii_lowercase().as_str()) {
            (Self::Profile(profile), "originhealthpercentage") => Ok(origin_health(world, profile, query)),
            (Self::Server(server), "physical_replication_delay_in_seconds") => {
                Ok(replication_delay(world, server, query))
            }
            (Self::Server(server), "is_db_alive") => Ok(liveness(world, server, query)),
            _ => Err(format!(
                "Failed to find metric configuration for provider and resource type '{}', metric: {name}.",
                self.namespace()
            )),
        }
    }

    fn check_dimensions(&self, metric: &str, query: &MetricQuery) -> Result<(), String> {
        let known = |name: &String| self.dimensions().iter().any(|it| it.eq_ignore_ascii_case(name));
        match query.filter.iter().map(|it| &it.dimension).find(|name| !known(name)) {
            Some(name) if query.validate_dimensions => {
                Err(format!("Metric: {metric} does not support requested dimension combination: {name}."))
            }
            _ => Ok(()),
        }
    }
}

/// One series for each combination of the values of the dimensions that the filter names, averaged over the others.
fn origin_health(world: &World, profile: &Profile, query: &MetricQuery) -> Metric {
    let mut series: Vec<Series> = Vec::new();
    for origin in profile.origins.iter().filter(|it| is_wanted(query, &it.host, &profile.origin_group)) {
        let dimensions = shown(query, &origin.host, &profile.origin_group);
        let points = world.origin_points(&origin.host, query.from, query.to).unwrap_or_default();
        match series.iter_mut().find(|it| it.dimensions == dimensions) {
            Some(found) => found.add(&points),
            None => series.push(Series { dimensions, points }),
        }
    }
    if !query.filter.is_empty() {
        series.truncate(query.top);
    }
    Metric { name: "OriginHealthPercentage", display: "Origin Health Percentage", unit: "Percent", series }
}

impl Series {
    /// Takes in the samples of another series of the same minutes.
    fn add(&mut self, points: &[Point]) {
        for (own, other) in self.points.iter_mut().zip(points) {
            own.total += other.total;
            own.count += other.count;
        }
    }
}

fn is_wanted(query: &MetricQuery, origin: &str, group: &str) -> bool {
    query.filter.iter().all(|wanted| match wanted.dimension.to_ascii_lowercase().as_str() {
        "origin" => wanted.takes(origin),
        "origingroup" => wanted.takes(group),
        _ => false,
    })
}

fn shown(query: &MetricQuery, origin: &str, group: &str) -> Vec<(&'static str, String)> {
    let pairs = query.filter.iter().filter_map(|wanted| match wanted.dimension.to_ascii_lowercase().as_str() {
        "origin" => Some(("origin", origin.to_owned())),
        "origingroup" => Some(("origingroup", group.to_owned())),
        _ => None,
    });
    pairs.collect()
}

fn replication_delay(world: &World, server: &str, query: &MetricQuery) -> Metric {
    let points = world.lag_points(server, query.from, query.to).unwrap_or_default();
    let display = "Physical Replication Delay in Seconds";
    Metric {
        name: "physical_replication_delay_in_seconds",
        display,
        unit: "Seconds",
        series: vec![Series { dimensions: Vec::new(), points }],
    }
}

/// 1 while it answered, no data otherwise.
fn liveness(world: &World, server: &str, query: &MetricQuery) -> Metric {
    let points = world.liveness_points(server, query.from, query.to).unwrap_or_default();
    Metric {
        name: "is_db_alive",
        display: "Database Is Alive",
        unit: "Count",
        series: vec![Series { dimensions: Vec::new(), points }],
    }
}

fn body(call: &Call, subject: &Subject, query: &MetricQuery, metrics: &[Metric]) -> Value {
    let resource = call.path.to_ascii_lowercase();
    let resource = resource.split("/providers/microsoft.insights").next().unwrap_or_default();
    let iso = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let points = (query.to - query.from).num_minutes() / query.grain.1;
    json!({
        "cost": points,
        "timespan": format!("{}/{}", iso(query.from), iso(query.to)),
        "interval": query.grain.0,
        "value": metrics.iter().map(|it| metric(resource, query, it)).collect::<Vec<_>>(),
        "namespace": subject.namespace(),
        "resourceregion": "global",
    })
}

fn metric(resource: &str, query: &MetricQuery, metric: &Metric) -> Value {
    json!({
        "id": format!("{resource}/providers/Microsoft.Insights/metrics/{}", metric.name),
        "type": "Microsoft.Insights/metrics",
        "name": {"value": metric.name, "localizedValue": metric.display},
        "displayDescription": metric.display,
        "unit": metric.unit,
        "timeseries": metric.series.iter().map(|it| series(query, it)).collect::<Vec<_>>(),
        "errorCode": "Success",
    })
}

fn series(query: &MetricQuery, series: &Series) -> Value {
    let values = series
        .dimensions
        .iter()
        .map(|(name, value)| json!({"name": {"value": name, "localizedValue": name}, "value": value}));
    let grain = usize::try_from(query.grain.1).unwrap_or(1);
    json!({
        "metadatavalues": values.collect::<Vec<_>>(),
        "data": series.points.chunks(grain).map(|it| data(query, it)).collect::<Vec<_>>(),
    })
}

/// One point. Without data there is only its time.
fn data(query: &MetricQuery, points: &[Point]) -> Value {
    let mut body = json!({"timeStamp": points[0].at.format("%Y-%m-%dT%H:%M:%SZ").to_string()});
    for aggregation in &query.aggregations {
        if let Some(value) = aggregated(aggregation, points) {
            body[aggregation.as_str()] = value.into();
        }
    }
    body
}

fn aggregated(aggregation: &str, points: &[Point]) -> Option<f64> {
    let (total, count) =
        points.iter().fold((0.0, 0.0), |(total, count), it| (total + it.total, count + f64::from(it.count)));
    let averages = points.iter().filter_map(Point::average);
    match aggregation {
        "minimum" => averages.reduce(f64::min),
        "maximum" => averages.reduce(f64::max),
        _ if count == 0.0 => None,
        "average" => Some(total / count),
        "total" => Some(total),
        "count" => Some(count),
        _ => None,
    }
}
