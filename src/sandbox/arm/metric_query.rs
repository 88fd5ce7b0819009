//! The parameters of a metrics query (learn.microsoft.com, rest/api/monitor/metrics, 2024-02-01).

use chrono::{DateTime, TimeDelta, Utc};

use super::call::Call;

/// Grains of the metrics we serve, in minutes.
const GRAINS: [(&str, i64); 8] = [
    ("PT1M", 1),
    ("PT5M", 5),
    ("PT15M", 15),
    ("PT30M", 30),
    ("PT1H", 60),
    ("PT6H", 360),
    ("PT12H", 720),
    ("P1D", 1440),
];

/// A query, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MetricQuery {
    pub names: Vec<String>,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// As ISO 8601 and in minutes.
    pub grain: (&'static str, i64),
    pub aggregations: Vec<String>,
    /// Dimension and value of each `eq`, joined by `and` or `or`.
    pub filter: Vec<(String, String)>,
    pub validate_dimensions: bool,
}

/// What is wrong with a query, as text of a 400.
pub(super) type Wrong = String;

impl MetricQuery {
    /// # Errors
    /// What is wrong with it.
    pub fn of(call: &Call) -> Result<Self, Wrong> {
        let (from, to) = timespan(call.param("timespan"), call.world.now())?;
        let adjust = call.param("AutoAdjustTimegrain").is_some_and(|it| it.eq_ignore_ascii_case("true"));
        Ok(Self {
            names: words(call.param("metricnames").unwrap_or_default()),
            from,
            to,
            grain: grain(call.param("interval").unwrap_or("PT1M"), adjust)?,
            aggregations: aggregations(call.param("aggregation")),
            filter: filter(call.param("$filter").unwrap_or_default())?,
            validate_dimensions: !call.param("ValidateDimensions").is_some_and(|it| it.eq_ignore_ascii_case("false")),
        })
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

fn aggregations(given: Option<&str>) -> Vec<String> {
    words(given.unwrap_or("average")).iter().map(|it| it.to_ascii_lowercase()).collect()
}

/// `start/end`; the last hour when missing.
fn timespan(given: Option<&str>, now: DateTime<Utc>) -> Result<(DateTime<Utc>, DateTime<Utc>), Wrong> {
    let Some(given) = given else {
        return Ok((now - TimeDelta::hours(1), now));
    };
    let given = decoded_again(given);
    let parsed = given.split_once('/').and_then(|(from, to)| Some((instant(from)?, instant(to)?)));
    match parsed {
        Some((from, to)) if from < to => Ok((from, to)),
        _ => Err(format!("Invalid time interval input: {given}")),
    }
}

/// Azure CLI encodes the time span twice (seen with azure-cli 2.x), and Azure takes it.
fn decoded_again(text: &str) -> String {
    [("%3A", ":"), ("%2F", "/"), ("%2B", "+")]
        .iter()
        .fold(text.to_owned(), |text, (code, plain)| text.replace(code, plain))
}

/// Azure takes times without a zone as UTC.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|it| it.to_utc()).ok();
    zoned.or_else(|| text.parse::<chrono::NaiveDateTime>().ok().map(|it| it.and_utc()))
}

fn grain(given: &str, adjust: bool) -> Result<(&'static str, i64), Wrong> {
    let found = GRAINS.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(given));
    let allowed = GRAINS.map(|it| it.0).join(",");
    found
        .or(adjust.then_some(GRAINS[0]))
        .ok_or_else(|| format!("Detected invalid time grain input: {given}. Valid time grains: {allowed}"))
}

/// `Origin eq 'host' and OriginGroup eq '*'`.
fn filter(text: &str) -> Result<Vec<(String, String)>, Wrong> {
    let clauses = text.split(" and ").flat_map(|it| it.split(" or ")).map(str::trim).filter(|it| !it.is_empty());
    clauses.map(|it| clause(it).ok_or_else(|| format!("Invalid filter: {it}"))).collect()
}

fn clause(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once(" eq ")?;
    let value = value.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    Some((name.trim().to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{filter, grain, timespan};

    #[test]
    fn a_filter_is_pairs_of_dimension_and_quoted_value() {
        let pairs = filter("Origin eq 'a.example.com' and OriginGroup eq '*'").unwrap();
        assert_eq!(pairs, [("Origin".into(), "a.example.com".into()), ("OriginGroup".into(), "*".into())]);
        assert!(filter("Origin eq a.example.com").is_err());
        assert!(filter("Origin = 'a'").is_err());
    }

    #[test]
    fn an_odd_grain_is_only_taken_when_it_may_be_adjusted() {
        assert_eq!(grain("pt5m", false).unwrap(), ("PT5M", 5));
        assert!(grain("PT7M", false).is_err());
        assert_eq!(grain("PT7M", true).unwrap(), ("PT1M", 1));
    }

    #[test]
    fn a_time_span_has_to_go_forward() {
        let now = "2026-07-01T10:00:00Z".parse().unwrap();
        assert!(timespan(Some("2026-07-01T09:00:00Z/2026-07-01T10:00:00Z"), now).is_ok());
        assert!(timespan(Some("2026-07-01T09%3A00%3A00%2F2026-07-01T10%3A00%3A00"), now).is_ok());
        assert!(timespan(Some("2026-07-01T10:00:00Z/2026-07-01T09:00:00Z"), now).is_err());
        assert!(timespan(Some("2026-07-01T09:00:00 00:00/2026-07-01T10:00:00 00:00"), now).is_err());
    }
}
