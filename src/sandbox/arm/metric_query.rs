//! The parameters of a metrics query (learn.microsoft.com, rest/api/monitor/metrics, 2024-02-01).

use chrono::{DateTime, TimeDelta, Utc};

use super::call::Call;
use super::iso_duration;
use super::metric_filter::{self, Wanted};

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

const AGGREGATIONS: [&str; 5] = ["average", "minimum", "maximum", "total", "count"];
/// Without `top` a filter brings as many series.
const TOP: usize = 10;

/// A query, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MetricQuery {
    pub names: Vec<String>,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// As ISO 8601 and in minutes.
    pub grain: (&'static str, i64),
    pub aggregations: Vec<String>,
    /// All of them have to hold.
    pub filter: Vec<Wanted>,
    /// The most series that a filter may bring.
    pub top: usize,
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
            aggregations: aggregations(call.param("aggregation"))?,
            filter: metric_filter::parse(call.param("$filter").unwrap_or_default())?,
            top: top(call.param("top"))?,
            validate_dimensions: !call.param("ValidateDimensions").is_some_and(|it| it.eq_ignore_ascii_case("false")),
        })
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

fn aggregations(given: Option<&str>) -> Result<Vec<String>, Wrong> {
    let given: Vec<String> = words(given.unwrap_or("average")).iter().map(|it| it.to_ascii_lowercase()).collect();
    match given.iter().find(|it| !AGGREGATIONS.contains(&it.as_str())) {
        Some(wrong) => Err(format!("Detected invalid aggregation type input: {wrong}.")),
        None => Ok(given),
    }
}

fn top(given: Option<&str>) -> Result<usize, Wrong> {
    let Some(given) = given else { return Ok(TOP) };
    given.parse().ok().filter(|it| *it > 0).ok_or_else(|| format!("Detected invalid top input: {given}."))
}

/// `start/end`, in which one of them may be a duration, or a duration that ends now; the last hour when missing.
fn timespan(given: Option<&str>, now: DateTime<Utc>) -> Result<(DateTime<Utc>, DateTime<Utc>), Wrong> {
    let Some(given) = given else {
        return Ok((now - TimeDelta::hours(1), now));
    };
    let given = decoded_again(given);
    let parsed = match given.split_once('/') {
        Some((from, to)) => between(from, to),
        None => iso_duration::parse(&given).and_then(|it| Some((now.checked_sub_signed(it)?, now))),
    };
    match parsed {
        Some((from, to)) if from < to => Ok((from, to)),
        _ => Err(format!("Invalid time interval input: {given}")),
    }
}

fn between(from: &str, to: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    match (instant(from), instant(to)) {
        (Some(from), Some(to)) => Some((from, to)),
        (Some(from), None) => Some((from, from.checked_add_signed(iso_duration::parse(to)?)?)),
        (None, Some(to)) => Some((to.checked_sub_signed(iso_duration::parse(from)?)?, to)),
        (None, None) => None,
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

#[cfg(test)]
mod tests {
    use super::{grain, timespan};

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
