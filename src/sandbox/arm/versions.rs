//! Which api-versions each resource type takes.

use super::answer::Answer;

/// `type: version version …` a line.
const PUBLISHED: &str = include_str!("api-versions.txt");
/// Metrics have no body and so no entry in the type index (learn.microsoft.com, rest/api/monitor/metrics).
const METRICS: &str =
    "Microsoft.Insights/metrics: 2016-09-01 2017-05-01-preview 2018-01-01 2019-07-01 2021-05-01 2023-10-01 2024-02-01";

/// The api-version of a call, when the type takes it. A version newer than every published one is taken too: Azure may
/// have published it since.
///
/// # Errors
/// The 400 that ARM answers.
pub(super) fn check(kind: Option<&str>, version: Option<&str>) -> Result<(), Answer> {
    let Some(version) = version.filter(|it| !it.is_empty()) else {
        return Err(Answer::error(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ));
    };
    // ARM's own types are not in the list: a well-formed version is enough.
    let published = kind.map(of).unwrap_or_default();
    match is_date(version) {
        false => Err(invalid(version, &published)),
        true if published.is_empty() || published.contains(&version) || is_newer(version, &published) => Ok(()),
        true => Err(unregistered(kind.unwrap_or_default(), version, &published)),
    }
}

/// Whether the list knows the type.
pub(super) fn knows(kind: &str) -> bool {
    !of(kind).is_empty()
}

fn of(kind: &str) -> Vec<&'static str> {
    let lines = PUBLISHED.lines().chain([METRICS]).filter_map(|it| it.split_once(": "));
    lines
        .filter(|(name, _)| name.eq_ignore_ascii_case(kind))
        .flat_map(|(_, versions)| versions.split_whitespace())
        .collect()
}

/// `2025-10-01` or `2025-10-01-preview`.
fn is_date(version: &str) -> bool {
    let (date, suffix) = version.split_at_checked(10).unwrap_or((version, ""));
    let tagged = suffix.is_empty()
        || suffix.strip_prefix('-').is_some_and(|it| !it.is_empty() && it.chars().all(|c| c.is_ascii_alphanumeric()));
    tagged && chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").is_ok()
}

fn is_newer(version: &str, published: &[&str]) -> bool {
    let newest = published.iter().filter_map(|it| it.get(..10)).max();
    version.get(..10) > newest
}

fn invalid(version: &str, published: &[&str]) -> Answer {
    let message =
        format!("The api-version '{version}' is invalid. The supported versions are '{}'.", published.join(","));
    Answer::error(400, "InvalidApiVersionParameter", message)
}

fn unregistered(kind: &str, version: &str, published: &[&str]) -> Answer {
    let short = kind.split_once('/').map_or(kind, |(_, it)| it);
    let supported = published.join(", ");
    let message = format!(
        "No registered resource provider found for location 'eastus2' and API version '{version}' for type '{short}'. \
         The supported api-versions are '{supported}'. The supported locations are 'eastus2, centralus'."
    );
    Answer::error(400, "NoRegisteredProviderFound", message)
}

#[cfg(test)]
mod tests {
    use super::check;

    const CLUSTERS: Option<&str> = Some("microsoft.containerservice/MANAGEDCLUSTERS");

    fn code(kind: Option<&str>, version: Option<&str>) -> String {
        let answer = check(kind, version).unwrap_err();
        answer.body.unwrap()["error"]["code"].as_str().unwrap().to_owned()
    }

    #[test]
    fn published_and_newer_versions_are_taken() {
        assert!(check(CLUSTERS, Some("2025-10-01")).is_ok());
        assert!(check(CLUSTERS, Some("2099-01-01-preview")).is_ok());
        assert!(check(None, Some("2021-04-01")).is_ok());
    }

    #[test]
    fn other_versions_are_refused_as_arm_does() {
        assert_eq!(code(CLUSTERS, Some("2025-10-03")), "NoRegisteredProviderFound");
        assert_eq!(code(CLUSTERS, Some("latest")), "InvalidApiVersionParameter");
        assert_eq!(code(CLUSTERS, None), "MissingApiVersionParameter");
        assert_eq!(code(None, Some("2021-13-01")), "InvalidApiVersionParameter");
    }
}
