//! A readiness drill's judgement: an estate that lacks nothing, and then one thing at a time broken.

use super::fixture::{at, plan_parked as usual_plan};
use crate::support::readiness::{cluster, good, group, rule, unread};
use chrono::TimeDelta;
use reveille::domain::cluster::ClusterView;
use reveille::domain::history::Measured;
use reveille::domain::parking::StandbyWorkload;
use reveille::domain::plan::{Plan, Workload};
use reveille::domain::readiness::*;
use reveille::domain::resource::ResourceId;
use reveille::domain::runbook::{self, RunKind, StepName};
use reveille::domain::secret::{SecretError, WhyNot};
use reveille::domain::writer::WriterVerdict;
use std::time::Duration;

const NOW: i64 = 1_000_000_000;

/// With a target that documented times keep.
fn plan_parked() -> Plan {
    Plan { rto: Duration::from_secs(7_200), ..usual_plan() }
}

fn judged(facts: &Facts, plan: &Plan) -> Assessment {
    assess(facts, plan, plan.preferred(), "a test")
}

/// Everything but what is ok, as `check severity`.
fn open(facts: &Facts, plan: &Plan) -> Vec<String> {
    let findings = judged(facts, plan).findings;
    let open = findings.iter().filter(|it| it.severity != Severity::Ok);
    open.map(|it| format!("{} {}", it.check, it.severity)).collect()
}

fn denied(action: &str) -> Unread {
    Unread::Denied { action: action.into(), scope: "/subscriptions/s".into(), principal: None }
}

type Break = fn(&mut Facts, &Plan);

fn check(table: &[(&str, &str, Break)]) {
    let plan = plan_parked();
    for (expected, word, break_it) in table {
        let mut facts = good(at(NOW), &plan);
        break_it(&mut facts, &plan);
        assert_eq!(open(&facts, &plan), [*expected], "{:?}", judged(&facts, &plan).findings[0]);
        assert_eq!(judged(&facts, &plan).verdict.word(), *word, "{expected}");
    }
}

fn standby(facts: &mut Facts) -> &mut ClusterDetail {
    facts.standby.as_mut().unwrap()
}

fn state(provisioning: &str, power: Option<&str>) -> ClusterView {
    ClusterView { provisioning: provisioning.into(), power: power.map(Into::into), pools: Vec::new() }
}

#[test]
fn an_estate_that_lacks_nothing_is_ready_and_every_area_was_looked_at() {
    let plan = plan_parked();
    let assessment = judged(&good(at(NOW), &plan), &plan);
    assert_eq!(assessment.verdict, Verdict::Yes, "{:?}", assessment.findings);
    assert_eq!(open(&good(at(NOW), &plan), &plan), Vec::<String>::new());
    let areas: std::collections::BTreeSet<Area> = assessment.findings.iter().map(|it| it.area).collect();
    assert_eq!(areas.len(), 16, "{areas:?}");
}

#[test]
fn what_is_wrong_with_the_clusters_is_found() {
    check(&[
        ("standby-cluster warning", "ready", |it, _| standby(it).view = state("Failed", Some("Running"))),
        ("standby-cluster warning", "ready", |it, _| standby(it).view = state("Updating", Some("Stopped"))),
        ("standby-cluster note", "ready", |it, _| standby(it).view = state("Succeeded", Some("Running"))),
        ("standby-cluster unknown", "not-known", |it, _| standby(it).view = state("Succeeded", None)),
        ("primary-cluster warning", "ready", |it, _| it.primary = Ok(cluster("Stopped"))),
        ("primary-cluster unknown", "ready", |it, _| it.primary = Err(Unread::failed("timed out"))),
        ("same-kubernetes-version warning", "ready", |it, _| standby(it).version = Some("1.34.0".into())),
        ("kubernetes-support warning", "ready", |it, _| {
            it.region.versions.as_mut().unwrap().retain(|it| it.minor != "1.33");
        }),
        ("kubernetes-support warning", "ready", |it, _| it.region.versions.as_mut().unwrap()[1].standard = false),
        ("kubernetes-support note", "ready", |it, _| drop(it.region.versions.as_mut().unwrap().remove(0))),
        ("kubernetes-support unknown", "ready", |it, _| it.region.versions = Err(denied("x/read"))),
        ("node-pools warning", "ready", |it, _| drop(standby(it).pools.pop())),
        ("node-pools warning", "ready", |it, _| standby(it).pools[1].count = Some(2)),
        ("standby-cluster blocker", "not-ready", |it, _| {
            it.standby = Err(Unread::NotThere { why: "HTTP 404".into() });
        }),
    ]);
}

#[test]
fn room_that_is_missing_is_found() {
    check(&[
        ("quota blocker", "not-ready", |it, _| it.region.usages.as_mut().unwrap()[1].used = 81),
        ("quota blocker", "not-ready", |it, _| it.region.usages.as_mut().unwrap()[0].limit = 29),
        ("quota unknown", "not-known", |it, _| drop(it.region.usages.as_mut().unwrap().pop())),
        ("quota unknown", "not-known", |it, _| {
            it.region.usages = Err(denied("Microsoft.Compute/locations/usages/read"))
        }),
        ("machine-sizes blocker", "not-ready", |it, _| {
            it.region.sizes.as_mut().unwrap()[0].restricted = Some("NotAvailableForSubscription".into());
        }),
        ("machine-sizes unknown", "not-known", |it, _| it.region.sizes = Err(Unread::failed("timed out"))),
        ("capacity-reserved note", "ready", |it, _| standby(it).pools[0].reserved = false),
    ]);
    let mut exact = good(at(NOW), &plan_parked());
    exact.region.usages.as_mut().unwrap()[1].used = 80;
    assert!(open(&exact, &plan_parked()).is_empty(), "five machines of four vCPUs fit into twenty");
}

#[test]
fn what_is_wrong_with_the_database_is_found() {
    check(&[
        ("database-server blocker", "not-ready", |it, _| {
            it.database.servers[1].1.as_mut().unwrap().state = "Stopped".into()
        }),
        ("replication-state blocker", "not-ready", |it, _| {
            it.database.servers[1].1.as_mut().unwrap().replication_state = Some("Broken".into());
        }),
        ("replication-state warning", "ready", |it, _| {
            it.database.servers[1].1.as_mut().unwrap().replication_state = Some("Catchup".into());
        }),
        ("database-replica blocker", "not-ready", |it, _| {
            let other = ResourceId::parse("/subscriptions/s/resourceGroups/g/providers/a/b/other").unwrap();
            it.database.servers[1].1.as_mut().unwrap().source = Some(other);
        }),
        ("replication-delay warning", "ready", |it, _| it.database.delay = Ok(Some(301.0))),
        ("replication-delay unknown", "ready", |it, _| it.database.delay = Ok(None)),
        ("virtual-endpoint blocker", "not-ready", |it, _| it.database.endpoint = Ok(None)),
        ("virtual-endpoint blocker", "not-ready", |it, _| {
            drop(it.database.endpoint.as_mut().unwrap().as_mut().unwrap().pop())
        }),
        ("writer-target blocker", "not-ready", |it, plan| {
            let replica = plan.database.servers[1].name();
            it.database.writer.target = Some(format!("{replica}.postgres.database.azure.com"));
        }),
        ("writer-target blocker", "not-ready", |it, _| it.database.writer.target = Some("strange.example.com".into())),
        ("writer-target unknown", "ready", |it, _| it.database.writer.target = None),
        ("writer-resolves blocker", "not-ready", |it, _| {
            it.database.writer.found = Err(WriterVerdict::Unreachable { stage: "dns".into(), why: "NXDOMAIN".into() });
        }),
        ("writer-connects blocker", "not-ready", |it, _| {
            it.database.writer.found = Err(WriterVerdict::WrongCredentials { why: "28P01".into() });
        }),
        ("writer-writable blocker", "not-ready", |it, _| it.database.writer.found = Err(WriterVerdict::InRecovery)),
        ("writer-writable note", "ready", |it, _| it.database.writer.found = Ok(WriterFound { canary: false })),
    ]);
}

#[test]
fn what_is_wrong_with_front_door_is_found() {
    check(&[
        ("standby-origin blocker", "not-ready", |it, _| {
            it.front_door.origins.as_mut().unwrap()[1].enabled = Some(false)
        }),
        ("standby-origin blocker", "not-ready", |it, _| drop(it.front_door.origins.as_mut().unwrap().pop())),
        ("standby-origin unknown", "not-known", |it, _| it.front_door.origins.as_mut().unwrap()[1].enabled = None),
        ("primary-origin warning", "ready", |it, _| it.front_door.origins.as_mut().unwrap()[0].enabled = Some(false)),
        ("origin-priorities warning", "ready", |it, _| it.front_door.origins.as_mut().unwrap()[1].priority = Some(1)),
        ("origin-priorities unknown", "ready", |it, _| it.front_door.origins.as_mut().unwrap()[0].priority = None),
        ("health-probe blocker", "not-ready", |it, _| it.front_door.group.as_mut().unwrap().probe = None),
        ("front-door-endpoint blocker", "not-ready", |it, _| {
            it.front_door.endpoints.as_mut().unwrap()[0].1 = Some(false)
        }),
        ("front-door-endpoint blocker", "not-ready", |it, _| it.front_door.endpoints.as_mut().unwrap().clear()),
    ]);
}

#[test]
fn an_alert_that_would_not_arrive_is_found_and_blocks_nothing() {
    fn rules(facts: &mut Facts) -> &mut Vec<AlertRule> {
        facts.alerting.rules.as_mut().unwrap()
    }
    fn called(facts: &mut Facts) -> &mut ActionGroup {
        facts.alerting.groups[0].1.as_mut().unwrap()
    }
    check(&[
        ("alert-rule warning", "ready", |it, _| rules(it).clear()),
        ("alert-rule warning", "ready", |it, _| rules(it)[0].enabled = Some(false)),
        ("alert-rule warning", "ready", |it, _| rules(it)[0].scopes = vec!["/subscriptions/s/other".into()]),
        ("alert-rule warning", "ready", |it, _| rules(it)[0].criteria[0].metric = "RequestCount".into()),
        ("alert-rule-origin warning", "ready", |it, _| rules(it)[0].criteria[0].dimensions.clear()),
        ("alert-rule-origin warning", "ready", |it, plan| {
            rules(it)[0].criteria[0].dimensions[0].values = vec![plan.sites[1].origin.host.clone()];
        }),
        ("alert-rule-origin warning", "ready", |it, _| rules(it)[0].criteria[0].dimensions[0].includes = false),
        ("action-group warning", "ready", |it, _| rules(it)[0].action_groups.clear()),
        ("action-group warning", "ready", |it, _| called(it).enabled = Some(false)),
        ("action-group warning", "ready", |it, _| called(it).receivers.clear()),
        ("action-group warning", "ready", |it, _| it.alerting.ourselves.app = Some("another".into())),
        ("action-group unknown", "ready", |it, _| {
            it.alerting.groups[0].1 = Err(denied("Microsoft.Insights/actionGroups/read"))
        }),
        ("action-group unknown", "ready", |it, _| {
            it.alerting.ourselves = Ourselves { host: None, app: None, region: None }
        }),
    ]);
}

#[test]
fn a_rule_on_every_origin_and_one_of_several_groups_are_enough() {
    let plan = plan_parked();
    let mut facts = good(at(NOW), &plan);
    let mut all = rule(&plan);
    all.criteria[0].dimensions[0].values = vec!["*".into()];
    let deaf = ActionGroup { enabled: Some(false), ..group() };
    let other = ResourceId::parse("/subscriptions/s/resourceGroups/rg/providers/a/b/deaf").unwrap();
    all.action_groups.insert(0, other.clone());
    let unfiltered =
        AlertRule { criteria: vec![RuleCriterion { dimensions: vec![], ..all.criteria[0].clone() }], ..all.clone() };
    facts.alerting.rules = Ok(vec![unfiltered, all]);
    facts.alerting.groups.insert(0, (other, Ok(deaf)));
    assert_eq!(open(&facts, &plan), Vec::<String>::new());
}

#[test]
fn missing_permissions_secrets_channels_and_certificates_are_found() {
    fn unset(facts: &Facts) -> SecretError {
        SecretError { place: facts.secrets[0].from.clone(), why: WhyNot::Unset }
    }
    fn only(action: &str) -> Read<Vec<Grant>> {
        Ok(vec![Grant { actions: vec!["*".into()], not_actions: vec![action.into()] }])
    }
    check(&[
        ("standby-permissions blocker", "not-ready", |it, _| it.may[1] = only("*/start/action")),
        ("standby-permissions note", "ready", |it, _| it.may[1] = only("*/stop/action")),
        ("standby-permissions blocker", "not-ready", |it, _| it.may[1] = only("*/listClusterUserCredential/action")),
        ("standby-permissions unknown", "not-known", |it, _| {
            it.may[1] = Err(denied("Microsoft.Authorization/permissions/read"))
        }),
        ("primary-permissions warning", "ready", |it, _| it.may[0] = only("*/stop/*")),
        ("secret blocker", "not-ready", |it, _| it.secrets[0].resolved = Err(unset(it))),
        ("secret warning", "ready", |it, _| {
            it.secrets[0].vital = false;
            it.secrets[0].resolved = Err(unset(it));
        }),
        ("secret warning", "ready", |it, _| it.secrets[0].resolved = Ok(Some(it.now + TimeDelta::days(20)))),
        ("secret warning", "ready", |it, _| it.secrets[0].resolved = Ok(Some(it.now - TimeDelta::days(1)))),
        ("channel warning", "ready", |it, _| it.channels[0].reached = Err("refused".into())),
        ("channel warning", "ready", |it, _| it.channels.clear()),
        ("certificate-front-door blocker", "not-ready", |it, _| it.certificates[0].expires = Ok(it.now)),
        ("certificate-primary warning", "ready", |it, _| it.certificates[1].expires = Ok(it.now)),
        ("certificate-standby warning", "ready", |it, _| it.certificates[2].expires = Ok(it.now + TimeDelta::days(20))),
        ("certificate-client blocker", "not-ready", |it, _| {
            it.certificates[2] =
                CertificateFacts { host: "aks".into(), whose: CertificateOf::Client, expires: Ok(it.now) };
        }),
        ("certificate-standby unknown", "ready", |it, _| it.certificates[2].expires = Err(silent())),
    ]);
}

fn silent() -> NoCertificate {
    NoCertificate::NotSeen("connection refused".into())
}

#[test]
fn what_is_wrong_with_reveille_itself_is_found() {
    let unbelieved = || Err(NoCertificate::NotBelieved("certificate expired".into()));
    check(&[
        ("clock warning", "ready", |it, _| it.own.clock = Some(TimeDelta::seconds(-90))),
        ("clock warning", "ready", |it, _| it.own.clock = Some(TimeDelta::minutes(9))),
        ("store blocker", "not-ready", |it, _| it.own.store.read = Err("no role".into())),
        ("store unknown", "not-known", |it, _| it.own.store.written = None),
        ("store warning", "ready", |it, _| it.own.store.written = Some(it.now - TimeDelta::hours(1))),
        ("heartbeat warning", "ready", |it, _| it.own.heartbeat.memory.last = Some(it.now - TimeDelta::hours(1))),
        ("heartbeat note", "ready", |it, _| it.own.heartbeat.expected = None),
        ("app-region warning", "ready", |it, _| {
            it.own.presence = Default::default();
            it.own.region = it.primary.as_ref().ok().map(|cluster| cluster.region.clone());
        }),
        ("name-standby blocker", "not-ready", |it, _| {
            it.own.names[2].resolved = Err("NXDOMAIN".into());
            it.certificates[2].expires = Err(silent());
        }),
    ]);
    let plan = plan_parked();
    for (nth, found) in ["certificate-front-door blocker", "certificate-primary warning", "certificate-standby blocker"]
        .into_iter()
        .enumerate()
    {
        let mut facts = good(at(NOW), &plan);
        facts.certificates[nth].expires = unbelieved();
        assert_eq!(open(&facts, &plan), [found]);
    }
}

#[test]
fn an_app_elsewhere_takes_over_the_watch_of_a_region_that_falls() {
    let plan = plan_parked();
    let mut facts = good(at(NOW), &plan);
    let region = facts.primary.as_ref().unwrap().region.clone();
    facts.own.region = Some(region.clone());
    assert_eq!(open(&facts, &plan), Vec::<String>::new(), "another one watches from elsewhere");
    facts.own.presence.note("dr", Some(region), at(NOW));
    assert_eq!(open(&facts, &plan), ["app-region warning"]);
}

#[test]
fn that_azure_cannot_be_asked_is_told_once() {
    let plan = plan_parked();
    let mut facts = good(at(NOW), &plan);
    facts.own.access = Access::NoToken { why: "no login".into() };
    facts.own.clock = None;
    facts.primary = Err(Unread::NotAsked);
    facts.standby = Err(Unread::NotAsked);
    facts.may = [Err(Unread::NotAsked), Err(Unread::NotAsked)];
    facts.alerting.rules = Err(Unread::NotAsked);
    assert_eq!(open(&facts, &plan), ["identity blocker"]);
}

#[test]
fn several_reads_that_lack_one_grant_are_one_finding() {
    let plan = plan_parked();
    let mut facts = good(at(NOW), &plan);
    facts.database.endpoint = Err(denied("x/read"));
    facts.database.servers[0].1 = Err(denied("x/read"));
    assert_eq!(open(&facts, &plan), ["database-server unknown"]);
}

#[test]
fn what_time_has_done_is_found() {
    check(&[
        ("stopped-for blocker", "not-ready", |it, _| it.record.stopped_since = Some(it.now - TimeDelta::days(361))),
        ("stopped-for warning", "ready", |it, _| it.record.stopped_since = Some(it.now - TimeDelta::days(301))),
        ("stopped-for unknown", "ready", |it, _| it.record.stopped_since = None),
        ("last-rehearsal warning", "ready", |it, _| it.record.rehearsed_at = Some(it.now - TimeDelta::days(93))),
        ("last-rehearsal note", "ready", |it, _| it.record.rehearsed_at = None),
        ("standby-parked warning", "ready", |it, _| it.record.workload = StandbyWorkload::NotKnown),
    ]);
}

#[test]
fn nothing_that_could_be_read_is_no_pass() {
    let plan = plan_parked();
    let facts = Facts { database: good(at(NOW), &plan).database, ..unread(at(NOW), &plan) };
    let assessment = judged(&facts, &plan);
    let Verdict::CannotBeTold { because } = &assessment.verdict else { panic!("{:?}", assessment.verdict) };
    assert!(because.len() >= 4, "{because:?}");
    let told = assessment.findings.iter().filter(|it| it.saw.contains("the network is down"));
    assert!(told.clone().count() >= 7 && told.clone().all(|it| it.severity == Severity::Unknown));
    assert!(!assessment.findings.iter().any(|it| it.severity == Severity::Ok && it.area == Area::Clusters));
}

#[test]
fn a_blocker_outweighs_what_cannot_be_told_and_comes_first() {
    let plan = plan_parked();
    let mut facts = good(at(NOW), &plan);
    facts.front_door.origins.as_mut().unwrap()[1].enabled = Some(false);
    facts.may[1] = Err(denied("Microsoft.Authorization/permissions/read"));
    facts.primary = Err(Unread::failed("timed out"));
    let assessment = judged(&facts, &plan);
    assert_eq!(assessment.verdict.word(), "not-ready");
    let order: Vec<&str> = assessment.findings.iter().map(|it| it.check.as_str()).collect();
    assert_eq!(order[..3], ["standby-origin", "standby-permissions", "primary-cluster"]);
    assert!(assessment.findings[0].commands[0].contains("--enabled-state Enabled"));
    assert!(assessment.findings[1].saw.contains("Microsoft.Authorization/permissions/read"));
}

#[test]
fn the_estimate_follows_the_longest_way_by_what_the_plans_own_runs_took() {
    let plan = Plan { rto: Duration::from_secs(3600), ..plan_parked() };
    let seconds = |step: StepName| match step {
        StepName::ConfirmOutage => 10.0,
        StepName::FencePrimary => 100.0,
        StepName::StartReplica => 200.0,
        StepName::VerifyWriter => 5.0,
        StepName::ReleaseWorkload => 20.0,
        StepName::VerifyApp => 60.0,
        _ => 30.0,
    };
    let mut facts = good(at(NOW), &plan);
    let documented = judged(&facts, &plan).estimate;
    assert!(documented.text().contains("by documented times, not measured ones"), "{}", documented.text());
    let lines = runbook::lines(RunKind::Failover, &facts.record.workload);
    let stages: Vec<Measured> =
        lines.iter().map(|line| Measured { step: line.step, acted: true, seconds: seconds(line.step) }).collect();
    for acted in [true, false] {
        let stages: Vec<Measured> = stages.iter().map(|it| Measured { acted, ..*it }).collect();
        facts.record.history.take_in(&stages, at(NOW));
    }
    let time = judged(&facts, &plan).estimate;
    assert!(time.is_measured() && time.text().contains("by measured times"), "{}", time.text());
    assert_eq!(time.takes.as_secs(), 10 + 200 + 20 + 60 + 30, "the start hides the fence");
    facts.record.workload = StandbyWorkload::StartsWithCluster;
    assert_eq!(
        judged(&facts, &plan).estimate.takes.as_secs(),
        10 + 100 + 200 + 60 + 30,
        "the start waits for the fence"
    );
}

#[test]
fn a_recovery_that_would_take_too_long_is_a_warning() {
    let plan = Plan { rto: Duration::from_secs(60), ..plan_parked() };
    assert_eq!(open(&good(at(NOW), &plan), &plan), ["recovery-time warning"]);
}

#[test]
fn a_standby_that_runs_with_its_workload_is_a_second_writer() {
    let plan = Plan { workload: Workload::StartsWithCluster, ..plan_parked() };
    let mut facts = good(at(NOW), &plan);
    (facts.record.workload, facts.standby) = (StandbyWorkload::StartsWithCluster, Ok(cluster("Running")));
    facts.record.rehearsed_at = None;
    assert_eq!(open(&facts, &plan), ["standby-cluster warning", "standby-parked note"]);
}

#[test]
fn a_sleeping_standbys_certificate_is_judged_by_what_a_rehearsal_saw_of_it() {
    let plan = plan_parked();
    let asleep = |days: Option<i64>| {
        let mut facts = good(at(NOW), &plan);
        let standby = facts.certificates.iter_mut().find(|it| it.whose == CertificateOf::StandbyOrigin).unwrap();
        standby.expires = Err(silent());
        let seen =
            |days| CertificateSeen { expires: at(NOW) + TimeDelta::days(days), at: at(NOW) - TimeDelta::days(7) };
        facts.record.standby_certificate = days.map(seen);
        facts
    };
    let finding = |days| {
        let findings = judged(&asleep(days), &plan).findings;
        findings.into_iter().find(|it| it.check == "certificate-standby").unwrap()
    };
    assert_eq!(finding(None).severity.as_str(), "unknown", "nobody ever saw it");
    let good_for_long = finding(Some(60));
    assert_eq!(good_for_long.severity, Severity::Ok);
    assert!(good_for_long.saw.ends_with("in 60 days"), "{good_for_long:?}");
    assert_eq!(finding(Some(20)).severity, Severity::Warning);
    let over = finding(Some(-1));
    assert!(over.severity == Severity::Warning && over.saw.contains("ended on"), "{over:?}");
    assert_eq!(judged(&asleep(Some(-1)), &plan).verdict.word(), "ready", "its renewal may only be asleep");
}
