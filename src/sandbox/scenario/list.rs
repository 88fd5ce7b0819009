//! The scenarios that come with the program.

use std::sync::LazyLock;

use super::Scenario;

macro_rules! scenarios {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../scenarios/", $name, ".toml")))),+]
    };
}

/// The first is the default.
const TEXTS: &[(&str, &str)] = scenarios![
    "primary-outage",
    "duplicate-alerts",
    "false-alarm",
    "lost-webhook",
    "start-fails-capacity",
    "arm-throttles",
    "handler-killed",
    "database-in-recovery",
    "operator-promotes",
    "app-never-up",
    "primary-cannot-be-fenced",
    "primary-returns",
    "approval",
    "two-plans",
    "parked-standby",
    "drill",
    "alert-during-drill",
    "drill-path-broken",
    "switchover-and-back",
    "switchover-way-back-fails",
    "unparked-standby",
    "drill-refused-primary-unhealthy",
    "drill-refused-primary-unknown",
    "drill-refused-run-active",
    "drill-refused-incident-open",
    "drill-refused-paused",
    "drill-refused-fence-owed",
    "drill-refused-standby-unparked",
    "drill-refused-parking-unknown",
    "drill-refused-standby-running",
    "drill-refused-cluster-busy",
    "drill-refused-cluster-unknown",
    "drill-refused-stopped-recently",
    "drill-refused-outside-window",
    "drill-refused-blocked-date",
    "drill-refused-observe-only",
    "drill-refused-starts-with-cluster",
    "drill-refused-switched-over",
    "drill-stop-fails",
    "timer-refired",
    "missed-schedule",
    "slow-stage",
    "reindex",
    "fence-by-scaling",
    "drill-readiness",
    "alert-path-dead",
];

static ALL: LazyLock<Vec<Scenario>> =
    LazyLock::new(|| TEXTS.iter().filter_map(|(name, text)| Scenario::parse(name, text).ok()).collect());

/// All scenarios; the first is the default.
pub fn all() -> &'static [Scenario] {
    &ALL
}

/// The scenario of that name.
pub fn named(name: &str) -> Option<&'static Scenario> {
    all().iter().find(|scenario| scenario.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_scenario_of_its_name() {
        for (name, text) in TEXTS {
            let scenario = Scenario::parse(name, text).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_eq!(scenario.name, *name);
            assert!(scenario.about.ends_with('.') && !scenario.about.contains('\n'), "{name}: one sentence");
            assert!(matches!(scenario.exit, 0 | 3), "{name}");
            assert!(scenario.settle.as_secs() <= 75, "{name}");
            let happens = !scenario.at.is_empty() || !scenario.plan.drill.is_empty();
            assert!(happens, "{name}: nothing happens");
        }
    }

    #[test]
    fn every_file_in_the_folder_is_listed() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox/scenarios");
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let mut names: Vec<String> =
            files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
        let mut listed: Vec<String> = TEXTS.iter().map(|(name, _)| (*name).to_owned()).collect();
        names.sort();
        listed.sort();
        assert_eq!(names, listed);
    }

    #[test]
    fn names_in_expectations_exist_in_the_scenarios_world() {
        for scenario in all() {
            let workloads = scenario.world.workloads();
            let clusters: Vec<&String> = workloads.iter().flat_map(|it| &it.sites).map(|site| &site.cluster).collect();
            let expect = &scenario.expect;
            for name in expect.clusters.keys().chain(expect.starts.keys()).chain(expect.stops.keys()) {
                assert!(clusters.contains(&name), "{}: {name}", scenario.name);
            }
            let plans: Vec<&String> = workloads.iter().map(|it| &it.product).collect();
            for name in expect.runs.keys().chain(expect.outcomes.keys()) {
                assert!(plans.contains(&name), "{}: {name}", scenario.name);
            }
            for name in expect.serves.keys().chain(expect.writes.keys()) {
                assert!(workloads.iter().any(|it| it.name == *name), "{}: {name}", scenario.name);
            }
        }
    }

    #[test]
    fn unknown_keys_are_mistakes() {
        let text = TEXTS[0].1.replace("[expect]", "[expect]\nsplit = 1");
        assert!(Scenario::parse("x", &text).is_err());
    }
}
