//! Facts of a readiness drill: an estate that lacks nothing, and one of which nothing can be read.

use chrono::{DateTime, TimeDelta, Utc};
use reveille::domain::cluster::ClusterView;
use reveille::domain::heartbeat::{Heartbeat, Memory};
use reveille::domain::parking::StandbyWorkload;
use reveille::domain::plan::Plan;
use reveille::domain::presence::Presence;
use reveille::domain::readiness::*;
use reveille::domain::resource::ResourceId;

pub const GROUP: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Insights/actionGroups/ag-dr";

/// Nothing can be read.
pub fn unread(now: DateTime<Utc>, plan: &Plan) -> Facts {
    let host = plan.database.writer_host.clone();
    let why = "the network is down";
    let verdict = reveille::domain::writer::WriterVerdict::Unreachable { stage: "tcp".into(), why: why.into() };
    fn no<T>() -> Read<T> {
        Err(Unread::failed("the network is down"))
    }
    Facts {
        now,
        primary: no(),
        standby: no(),
        region: RegionFacts { versions: no(), usages: no(), sizes: no() },
        database: DatabaseFacts {
            servers: plan.database.servers.iter().map(|id| (id.clone(), no())).collect(),
            endpoint: no(),
            delay: no(),
            writer: WriterSight { host, target: None, found: Err(verdict) },
        },
        front_door: FrontDoorFacts { group: no(), origins: no(), endpoints: no() },
        alerting: AlertingFacts { rules: no(), groups: Vec::new(), ourselves: ourselves() },
        may: [no(), no()],
        secrets: Vec::new(),
        channels: Vec::new(),
        certificates: Vec::new(),
        record: RecordFacts::default(),
        own: own(now, plan),
    }
}

/// All is well with Reveille itself.
fn own(now: DateTime<Utc>, plan: &Plan) -> OwnFacts {
    let mut presence = Presence::default();
    presence.note("dr", Some("southcentralus".into()), now);
    let expected = Heartbeat { rule: "reveille-heartbeat".into(), overdue: std::time::Duration::from_secs(2_100) };
    let names = [
        (&plan.front_door.hostname, NameOf::FrontDoor),
        (&plan.sites[0].origin, NameOf::PrimaryOrigin),
        (&plan.sites[1].origin, NameOf::StandbyOrigin),
    ];
    OwnFacts {
        access: Access::Open,
        names: names.map(|(host, of)| NameFacts { host: host.clone(), of, resolved: Ok(()) }).into(),
        clock: Some(TimeDelta::zero()),
        store: StoreFacts {
            place: "https://st.blob.core.windows.net/reveille".into(),
            read: Ok(()),
            written: Some(now),
        },
        presence,
        region: Some("southcentralus".into()),
        heartbeat: HeartbeatFacts { expected: Some(expected), memory: Memory { last: Some(now), ..Memory::default() } },
    }
}

fn ourselves() -> Ourselves {
    Ourselves {
        host: Some("dr.azurewebsites.net".into()),
        app: Some("dr".into()),
        region: Some("southcentralus".into()),
    }
}

pub fn cluster(power: &str) -> ClusterDetail {
    let view = ClusterView { provisioning: "Succeeded".into(), power: Some(power.into()), pools: Vec::new() };
    let pool = |name: &str, count| PoolDetail {
        name: name.into(),
        vm_size: Some("Standard_D4s_v5".into()),
        count: Some(count),
        max: None,
        reserved: true,
    };
    ClusterDetail {
        view,
        region: "centralus".into(),
        version: Some("1.33.4".into()),
        long_term_support: false,
        pools: vec![pool("system", 2), pool("sonar", 3)],
    }
}

fn region() -> RegionFacts {
    let offer = |minor: &str| VersionOffer { minor: minor.into(), preview: false, standard: true };
    let usage = |name: &str| Usage { name: name.into(), used: 10, limit: 100 };
    let size = SizeOffer {
        name: "Standard_D4s_v5".into(),
        family: Some("standardDSv5Family".into()),
        vcpus: Some(4),
        restricted: None,
    };
    RegionFacts {
        versions: Ok(["1.32", "1.33", "1.34"].map(offer).into()),
        usages: Ok(["cores", "standardDSv5Family"].map(usage).into()),
        sizes: Ok(vec![size]),
    }
}

fn database(plan: &Plan) -> DatabaseFacts {
    let ids = &plan.database.servers;
    let server = |id: &ResourceId, role, source| ServerDetail {
        name: id.name().into(),
        state: "Ready".into(),
        role,
        replication_state: None,
        source,
        region: "centralus".into(),
    };
    let primary = server(&ids[0], ServerRole::Primary, None);
    let replica = server(&ids[1], ServerRole::Replica, Some(ids[0].clone()));
    DatabaseFacts {
        servers: vec![(ids[0].clone(), Ok(primary)), (ids[1].clone(), Ok(replica))],
        endpoint: Ok(Some(ids.iter().map(|id| id.name().to_owned()).collect())),
        delay: Ok(Some(1.0)),
        writer: WriterSight {
            host: plan.database.writer_host.clone(),
            target: Some(format!("{}.postgres.database.azure.com", ids[0].name())),
            found: Ok(WriterFound { canary: true }),
        },
    }
}

fn front_door(plan: &Plan) -> FrontDoorFacts {
    let origins = plan.sites.iter().zip(1..).map(|(site, priority)| OriginFacts {
        name: site.name.to_string(),
        host: site.origin.host.clone(),
        priority: Some(priority),
        enabled: Some(true),
    });
    let probe = EdgeProbe { path: Some("/".into()), interval_seconds: Some(30) };
    FrontDoorFacts {
        group: Ok(ProbeSettings { sample_size: Some(4), successful_samples: Some(3), probe: Some(probe) }),
        origins: Ok(origins.collect()),
        endpoints: Ok(vec![(plan.front_door.hostname.host.clone(), Some(true))]),
    }
}

pub fn rule(plan: &Plan) -> AlertRule {
    let origin = plan.preferred().origin.host.clone();
    let dimension = RuleDimension { name: "Origin".into(), includes: true, values: vec![origin] };
    AlertRule {
        id: ResourceId::parse(&GROUP.replace("actionGroups/ag-dr", "metricAlerts/origin-health")).ok(),
        name: plan.alert_rules.first().cloned().unwrap_or_else(|| "origin-health".into()),
        enabled: Some(true),
        scopes: vec![plan.front_door.profile.to_string()],
        criteria: vec![RuleCriterion { metric: "OriginHealthPercentage".into(), dimensions: vec![dimension] }],
        action_groups: vec![ResourceId::parse(GROUP).unwrap()],
    }
}

pub fn group() -> ActionGroup {
    let receiver =
        Receiver::Function { name: "dr".into(), app: "dr".into(), function: "alert".into(), common_schema: Some(true) };
    ActionGroup { name: "ag-dr".into(), enabled: Some(true), receivers: vec![receiver] }
}

fn certificates(now: DateTime<Utc>, plan: &Plan) -> Vec<CertificateFacts> {
    let hosts = [
        (&plan.front_door.hostname, CertificateOf::FrontDoor),
        (&plan.sites[0].origin, CertificateOf::PrimaryOrigin),
        (&plan.sites[1].origin, CertificateOf::StandbyOrigin),
    ];
    let seen = |(host, whose): (&reveille::domain::resource::HostPort, _)| CertificateFacts {
        host: host.host.clone(),
        whose,
        expires: Ok(now + TimeDelta::days(80)),
    };
    hosts.map(seen).into()
}

/// Everything is as it should be.
pub fn good(now: DateTime<Utc>, plan: &Plan) -> Facts {
    let group_id = ResourceId::parse(GROUP).unwrap();
    let role = || Ok(vec![Grant { actions: vec!["*".into()], not_actions: Vec::new() }]);
    let since = now - TimeDelta::days(7);
    let password = reveille::domain::secret::SecretRef::Env("PG_PASSWORD".into());
    Facts {
        now,
        primary: Ok(cluster("Running")),
        standby: Ok(cluster("Stopped")),
        region: region(),
        database: database(plan),
        front_door: front_door(plan),
        alerting: AlertingFacts {
            rules: Ok(vec![rule(plan)]),
            groups: vec![(group_id, Ok(group()))],
            ourselves: ourselves(),
        },
        may: [role(), role()],
        secrets: vec![SecretFacts {
            of: "the database password".into(),
            from: password,
            resolved: Ok(None),
            vital: true,
        }],
        channels: vec![ChannelFacts {
            name: reveille::domain::names::ChannelName::new("teams"),
            reached: Ok("example.com".into()),
        }],
        certificates: certificates(now, plan),
        record: RecordFacts {
            workload: StandbyWorkload::Parked { counts: Default::default(), since },
            stopped_since: Some(since),
            rehearsed_at: Some(since),
            history: Default::default(),
            standby_certificate: None,
        },
        own: own(now, plan),
    }
}
