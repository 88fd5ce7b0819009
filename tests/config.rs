//! Configuration: what a file means, and how its mistakes are told.

mod kubernetes;
mod secrets;

use reveille::config::{self, ChannelKind, Config, Identity, StoreUrl};
use reveille::domain::drill::DrillKind;
use reveille::domain::plan::{AppKind, DatabaseAuth, FenceUnable, Promote};
use reveille::domain::secret::SecretRef;
use reveille::domain::timing::Timing;
use std::path::{Path, PathBuf};
use std::time::Duration;

const EXAMPLE: &str = include_str!("../reveille.example.toml");
const MINIMAL: &str = include_str!("fixtures/config/minimal.toml");
const TWO_PLANS: &str = include_str!("fixtures/config/two-plans.toml");

fn nothing(_: &str) -> Option<String> {
    None
}

fn parse(text: &str) -> Result<Config, config::ConfigErrors> {
    config::parse(text, "reveille.toml", &nothing)
}

/// The errors of a file, as a person sees them.
fn errors(text: &str) -> String {
    parse(text).expect_err("this file has mistakes").to_string()
}

/// The minimal file with one piece replaced; panics when the piece is not there, so that no test passes for nothing.
fn with(find: &str, put: &str) -> String {
    assert!(MINIMAL.contains(find), "{find:?} is not in the minimal file");
    MINIMAL.replacen(find, put, 1)
}

#[test]
fn the_example_file_is_valid_and_shows_the_defaults() {
    let config = parse(EXAMPLE).unwrap();
    let plan = &config.plans[0];
    assert_eq!(plan.timing, Timing::default(), "the example says that these are the defaults");
    assert_eq!(config.engine, config::EngineSettings::default());
    assert_eq!(config.cloud, parse(MINIMAL).unwrap().cloud, "public is the default cloud");
    assert_eq!(plan.apps.len(), 2);
}

/// Every key of the reference list stands in the example, if only in a comment.
#[test]
fn the_example_file_mentions_every_timing_key() {
    let timing = serde_json::to_value(Timing::default()).unwrap();
    for key in timing.as_object().unwrap().keys() {
        assert!(EXAMPLE.contains(&format!("\n{key} = ")), "{key} is missing in reveille.example.toml");
    }
}

#[test]
fn heartbeats_are_expected_only_where_a_rule_is_named() {
    assert_eq!(parse(MINIMAL).unwrap().heartbeat, None);
    let named = parse(&with("[identity]", "[heartbeat]\nrule = \"beat\"\n[identity]")).unwrap().heartbeat.unwrap();
    assert_eq!((named.rule.as_str(), named.overdue), ("beat", Duration::from_secs(35 * 60)));
    assert_eq!(parse(EXAMPLE).unwrap().heartbeat.unwrap().overdue, named.overdue, "the example says the default");
    let reserved = ["[heartbeat]\nrule = \"reveille-test-alert\"\n[identity]", "[heartbeat]\n[identity]"];
    for wrong in reserved {
        let errors = parse(&with("[identity]", wrong)).unwrap_err();
        assert_eq!(errors.0.len(), 1, "{errors}");
        assert_eq!(errors.0[0].key, "heartbeat.rule");
    }
    let listed = with("cooldown = \"1h\"", "cooldown = \"1h\"\nalert_rules = [\"Reveille-Test-Alert\"]");
    assert!(parse(&listed).unwrap_err().to_string().contains("reveille test-alert"), "{listed}");
}

#[test]
fn a_minimal_file_gets_every_default() {
    let config = parse(MINIMAL).unwrap();
    let plan = &config.plans[0];
    assert_eq!(config.store, StoreUrl::File(PathBuf::from("./state")));
    assert_eq!(config.identity, Identity::Managed { client_id: None });
    assert!(config.network.dns_servers.is_empty() && config.channels.is_empty() && plan.channels.is_empty());
    assert_eq!(plan.fence.unable, FenceUnable::Ask);
    assert_eq!(plan.database.promote, Promote::Never);
    assert_eq!(plan.database.auth, DatabaseAuth::Password(SecretRef::Env("PG_PASSWORD".to_owned())));
    assert_eq!(plan.database.writer_host, "sonar.writer.postgres.database.azure.com");
    assert_eq!(plan.database.port, 5432);
    assert_eq!(plan.preferred().name.as_str(), "eastus2");
    assert_eq!(plan.sites[1].served_by, "centralus", "the site's name unless told otherwise");
    assert!(plan.alert_rules.is_empty());
    assert_eq!(config.digest.len(), 64);
    assert_ne!(config.digest, parse(&with("30m", "31m")).unwrap().digest);
}

#[test]
fn all_mistakes_are_told_at_once_each_where_it_stands() {
    insta::assert_snapshot!(errors(include_str!("fixtures/config/mistakes.toml")));
}

#[test]
fn syntax_errors_are_told_beside_the_mistakes_that_do_not_depend_on_them() {
    insta::assert_snapshot!(errors(include_str!("fixtures/config/broken.toml")));
}

#[test]
fn mistakes_in_drills_are_told_at_once_each_where_it_stands() {
    insta::assert_snapshot!(errors(include_str!("fixtures/config/drills.toml")));
}

#[test]
fn a_single_drill_may_be_a_table_and_is_called_by_its_kind() {
    let drills = |text: &str| parse(&format!("{MINIMAL}\n{text}\n")).unwrap().plans.remove(0).drills;
    assert_eq!(drills(""), []);
    let single = drills("[plan.drill]\nkind = \"standby\"\nschedule = \"0  0 3 * * SUN\"");
    let [drill] = &single[..] else { panic!("{single:?}") };
    assert_eq!((drill.name.as_str(), drill.kind), ("standby", DrillKind::Standby));
    assert_eq!((drill.schedule.text(), drill.schedule.zone().name()), ("0 0 3 * * SUN", "UTC"));
    assert_eq!((drill.windows.len(), drill.blocked.len()), (0, 0));
    assert_eq!(drill.catch_up, Duration::from_secs(24 * 3600));
    let several = drills(
        "[[plan.drill]]\nkind = \"standby\"\nschedule = \"0 0 3 * * *\"\ncatch_up = \"0s\"\n\
         [[plan.drill]]\nname = \"night\"\nkind = \"standby\"\nschedule = \"0 0 3 * * *\"\ntime_zone = \"Europe/Berlin\"",
    );
    assert_eq!(several.iter().map(|drill| drill.name.as_str()).collect::<Vec<_>>(), ["standby", "night"]);
    assert_eq!(several[0].catch_up, Duration::ZERO);
}

#[test]
fn what_comes_in_later_versions_says_so() {
    insta::assert_snapshot!(errors(include_str!("fixtures/config/later.toml")));
}

#[test]
fn plans_that_share_resources_or_names_are_refused() {
    insta::assert_snapshot!(errors(TWO_PLANS));
}

#[test]
fn an_empty_file_names_what_is_needed() {
    insta::assert_snapshot!(errors(""), @r"
    reveille.toml:1:1: store: is missing; expected a table, written [store]

    reveille.toml:1:1: identity: is missing; expected a table, written [identity]

    reveille.toml:1:1: plan: is missing; expected an array of tables, written [[plan]]
    ");
}

#[test]
fn a_claim_must_not_die_before_the_last_call_of_its_driver_is_settled() {
    let engine = |text: &str| format!("{MINIMAL}\n[engine]\n{text}\n");
    let told = errors(&engine("claim_dead = \"20s\"\nrenew = \"1s\""));
    assert!(told.contains("engine.claim_dead: send_within must be shorter than half of claim_dead"), "{told}");
    let told = errors(&engine("send_within = \"15s\""));
    assert!(told.contains("engine.send_within: send_within must be shorter than half of claim_dead"), "{told}");
    assert!(parse(&engine("send_within = \"2s\"\nclaim_dead = \"5s\"\nrenew = \"1s\"")).is_ok());
}

#[test]
fn a_missing_key_says_what_would_be_right() {
    for (line, right) in [
        ("kind = \"managed\"", "one of managed, azure-cli"),
        ("automation = \"approve\"", "one of observe, approve, act"),
        ("workload = \"starts-with-cluster\"", "starts-with-cluster"),
        ("rto = \"30m\"", "a duration such as \"30m\""),
        ("origin = \"sonar-centralus.example.com\"", "a host name"),
    ] {
        let told = errors(&with(line, ""));
        let key = line.split(' ').next().unwrap();
        let missing = told.lines().find(|told| told.contains(&format!("{key}: is missing; expected")));
        assert!(missing.is_some_and(|missing| missing.contains(right)), "{line}: {told}");
    }
    let told = errors(&with("[plan.front_door]", "[plan.fence]"));
    assert!(told.contains("front_door: is missing; expected a table, written [plan.front_door]"), "{told}");
}

/// The file with a line `# key = value` in force.
fn in_force(line: &str) -> String {
    EXAMPLE.replacen(line, &line[2..], 1)
}

#[test]
fn every_line_of_the_example_that_is_commented_out_is_right_too() {
    let key = |line: &str| line.strip_prefix("# ")?.split_once(" = ").map(|(key, _)| key.to_owned());
    let is_key = |key: &str| key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let lines: Vec<&str> = EXAMPLE.lines().filter(|line| key(line).is_some_and(|key| is_key(&key))).collect();
    assert!(lines.len() >= 6, "{lines:?}");
    for line in &lines {
        if let Err(wrong) = parse(&in_force(line)) {
            panic!("{line}: {wrong}");
        }
    }
}

#[test]
fn every_secret_of_the_file_is_known_with_what_it_is_for() {
    let config = parse(EXAMPLE).unwrap();
    let told = config.secrets().into_iter().map(|(of, place)| format!("{place}: {of}"));
    let expected = [
        "environment variable TEAMS_URL: the URL of channel teams",
        "environment variable SIEM_URL: the URL of channel siem",
        "environment variable PG_PASSWORD: the database password of plan sonarqube",
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[test]
fn app_settings_are_put_in_where_the_file_says() {
    let text = with("\"eastus2\"", "\"%REGION%\"").replace("aks-sonar-eastus2", "aks-sonar-%REGION%");
    let env = |name: &str| (name == "REGION").then(|| "westus3".to_owned());
    let config = config::parse(&text, "reveille.toml", &env).unwrap();
    assert_eq!(config.plans[0].preferred().name.as_str(), "westus3");
    assert_eq!(config.plans[0].preferred().cluster.name(), "aks-sonar-westus3");
}

#[test]
fn the_value_of_an_app_setting_never_shows_in_an_error() {
    let text = with("\"approve\"", "\"%MODE%\"").replace("rto = \"30m\"", "rto = \"%TARGET%\"");
    let env = |name: &str| ["MODE", "TARGET"].contains(&name).then(|| "hunter2".to_owned());
    let told = config::parse(&text, "reveille.toml", &env).unwrap_err().to_string();
    assert!(told.contains("\"%MODE%\"") && told.contains("\"%TARGET%\""), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn a_password_written_into_the_file_is_refused_without_being_repeated() {
    for wrong in ["\"hunter2\"", "{ env = \"PG PASSWORD hunter-free\" }", "[\"hunter2\"]"] {
        let told = errors(&with("{ env = \"PG_PASSWORD\" }", wrong));
        assert!(told.contains("plan.sonarqube.database.password"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn an_unresolved_key_vault_reference_is_found_before_it_is_used() {
    let env = |name: &str| (name == "PG_PASSWORD").then(|| "@Microsoft.KeyVault(SecretUri=https://kv/x)".to_owned());
    let told = config::parse(MINIMAL, "reveille.toml", &env).unwrap_err().to_string();
    assert!(told.contains("reference in the app setting PG_PASSWORD was not resolved"), "{told}");
}

#[test]
fn a_file_store_is_refused_in_azure_and_relative_to_the_file_elsewhere() {
    let set = |names: &'static [&'static str]| move |name: &str| names.contains(&name).then(|| "x".to_owned());
    for azure in [
        set(&["WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID"]),
        set(&["WEBSITE_SITE_NAME", "CONTAINER_NAME"]),
        set(&["WEBSITE_SITE_NAME", "WEBSITE_POD_NAME"]),
    ] {
        let told = config::parse(MINIMAL, "reveille.toml", &azure).unwrap_err().to_string();
        assert!(told.contains("store.url: \"file:./state\" cannot be used in Azure"), "{told}");
    }
    for elsewhere in
        [set(&["WEBSITE_SITE_NAME", "WEBSITE_HOSTNAME"]), set(&["WEBSITE_INSTANCE_ID", "CONTAINER_NAME"]), set(&[])]
    {
        assert!(config::parse(MINIMAL, "reveille.toml", &elsewhere).is_ok());
    }
    let empty = |name: &str| (name == "WEBSITE_SITE_NAME").then(|| "x".to_owned()).or(Some(String::new()));
    assert!(config::parse(MINIMAL, "reveille.toml", &empty).is_ok(), "an empty variable says nothing");
    let desk = config::parse(MINIMAL, "/etc/reveille/reveille.toml", &nothing).unwrap();
    assert_eq!(desk.store, StoreUrl::File(PathBuf::from("/etc/reveille/./state")));
    let absolute = config::parse(&with("file:./state", "file:/var/state"), "/etc/reveille.toml", &nothing).unwrap();
    assert_eq!(absolute.store, StoreUrl::File(PathBuf::from("/var/state")));
}

#[test]
fn nothing_is_kept_in_memory_only() {
    let told = errors(&with("file:./state", "memory:"));
    assert!(
        told.contains(
            "\"memory:\" is not a store; expected https://ACCOUNT.blob.core.windows.net/CONTAINER or file:PATH"
        ),
        "{told}"
    );
}

#[test]
fn a_container_of_a_storage_account_is_a_store_in_azure_too() {
    let azure = |name: &str| ["WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID"].contains(&name).then(|| "x".to_owned());
    let text = with("file:./state", "https://stdr.blob.core.windows.net/reveille");
    let StoreUrl::Blob(containers) = config::parse(&text, "reveille.toml", &azure).unwrap().store else {
        panic!("it is no folder")
    };
    assert_eq!(containers.documents_url(), "https://stdr.blob.core.windows.net/reveille-documents");
}

#[test]
fn a_signature_in_the_store_s_address_is_refused_and_not_shown() {
    for secret in
        ["https://stdr.blob.core.windows.net/reveille?sig=c2VjcmV0", "https://u:c2VjcmV0@stdr.blob.core.windows.net/r"]
    {
        let told = errors(&with("file:./state", secret));
        assert!(told.contains("store.url: must be a bare address"), "{told}");
        assert!(!told.contains("c2VjcmV0"), "{told}");
    }
}

#[test]
fn a_sovereign_cloud_is_chosen_by_name_and_single_endpoints_may_differ() {
    let text = format!("{MINIMAL}\n[cloud]\nname = \"usgovernment\"\narm = \"https://localhost:8443/\"\n");
    let config = parse(&text).unwrap();
    assert_eq!(config.cloud.arm, "https://localhost:8443");
    assert_eq!(config.cloud.arm_audience, "https://management.usgovcloudapi.net");
    assert_eq!(config.cloud.postgres_audience, "https://ossrdbms-aad.database.usgovcloudapi.net");
    assert_eq!(config.plans[0].database.writer_host, "sonar.writer.postgres.database.usgovcloudapi.net");
}

#[test]
fn a_plan_reports_to_all_channels_unless_it_names_some() {
    let channels = "[[channel]]\nname = \"a\"\nkind = \"teams\"\nurl = { env = \"A\" }\n\
                    [[channel]]\nname = \"b\"\nkind = \"cloudevents\"\nurl = { env = \"B\" }\ntimeout = \"3s\"\n";
    let all = parse(&format!("{MINIMAL}\n{channels}")).unwrap();
    assert_eq!(all.plans[0].channels.len(), 2);
    assert_eq!(all.channels[1].kind, ChannelKind::CloudEvents);
    assert_eq!(all.channels[0].timeout, Duration::from_secs(10));
    let some = with("cooldown = \"1h\"", "cooldown = \"1h\"\nchannels = [\"b\"]");
    assert_eq!(parse(&format!("{some}\n{channels}")).unwrap().plans[0].channels.len(), 1);
    let none = with("cooldown = \"1h\"", "cooldown = \"1h\"\nchannels = []");
    assert!(parse(&format!("{none}\n{channels}")).unwrap().plans[0].channels.is_empty(), "an empty list means none");
}

#[test]
fn an_http_application_is_described_by_path_status_header_and_json() {
    let text = with(
        "kind = \"sonarqube\"",
        "kind = \"http\"\npath = \"/health\"\nheader = { name = \"x-app\", value = \"wiki\" }\n\
         json = { pointer = \"/ok\", equals = true }",
    );
    let config = parse(&text).unwrap();
    let expected = AppKind::Http {
        path: "/health".to_owned(),
        status: 200,
        header: Some(("x-app".to_owned(), "wiki".to_owned())),
        json: Some(("/ok".to_owned(), serde_json::Value::Bool(true))),
    };
    assert_eq!(config.plans[0].apps[0].kind, expected);
}

#[test]
fn the_file_is_looked_for_where_the_environment_says() {
    let env = |pairs: &'static [(&str, &str)]| {
        move |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    let named = env(&[("REVEILLE_CONFIG", "conf/dr.toml"), ("FUNCTIONS_APP_ROOT_PATH", "/app")]);
    assert_eq!(config::document_path(&named), Path::new("conf/dr.toml"));
    let root = env(&[("REVEILLE_CONFIG", ""), ("FUNCTIONS_APP_ROOT_PATH", "/app")]);
    assert_eq!(config::document_path(&root), Path::new("/app/reveille.toml"));
    assert_eq!(config::document_path(&nothing), Path::new("reveille.toml"));
}

#[test]
fn a_file_that_is_not_there_or_not_text_is_an_error_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reveille.toml");
    let told = config::load(&path).unwrap_err().to_string();
    assert!(told.contains("reveille.toml: cannot be read") && told.contains("REVEILLE_CONFIG"), "{told}");
    std::fs::write(&path, b"[store]\nurl = \"\xff\"\n").unwrap();
    assert!(config::load(&path).unwrap_err().to_string().contains("not UTF-8 text: byte 15"));
    std::fs::write(&path, MINIMAL).unwrap();
    assert_eq!(config::load(&path).unwrap().plans.len(), 1);
}

/// Cutting the file anywhere gives errors or a valid configuration, and never a panic.
#[test]
fn a_file_cut_short_anywhere_is_survived() {
    for cut in (0..EXAMPLE.len()).filter(|cut| EXAMPLE.is_char_boundary(*cut)).step_by(7) {
        if let Err(errors) = parse(&EXAMPLE[..cut]) {
            assert!(!errors.0.is_empty());
            assert!(!errors.to_string().contains("was not explained"), "cut at {cut}: {errors}");
        }
    }
}
