//! The plan of every simulation, with limits short enough that hours of waiting fit into a test.

use super::process::channel_names;
use super::weather::{Standby, Weather};
use super::workload;
use super::world::SITES;
use reveille::domain::drill::{Drill, DrillKind, Schedule};
use reveille::domain::names::{DrillName, PlanName, SiteName};
use reveille::domain::plan::{
    App, AppKind, Database, DatabaseAuth, Fence, FenceWay, FrontDoor, Kubernetes, Plan, Promote, SearchIndex, Site,
    Workload,
};
use reveille::domain::resource::{HostPort, ResourceId};
use reveille::domain::secret::SecretRef;
use reveille::domain::timing::Timing;
use reveille::domain::workload::{Counts, WorkloadSelector};
use reveille::engine::Configured;
use std::sync::Arc;
use std::time::Duration;

const GROUP: &str = "/subscriptions/s/resourceGroups/rg-dr/providers";

pub fn configured(weather: &Weather) -> Configured {
    Configured { plan: Arc::new(plan(weather)), config_digest: "simulated".into() }
}

fn plan(weather: &Weather) -> Plan {
    Plan {
        name: PlanName::new(weather.plan),
        automation: weather.automation,
        workload: match weather.standby {
            Standby::StartsWithCluster => Workload::StartsWithCluster,
            Standby::Parked | Standby::NotKnown { .. } => Workload::Parked,
        },
        rto: minutes(12),
        rpo: minutes(5),
        cooldown: minutes(4),
        front_door: FrontDoor {
            profile: id("Microsoft.Cdn/profiles/afd"),
            origin_group: "sonar".into(),
            hostname: host("sonar.azurefd.net"),
        },
        sites: vec![site(0), site(1)],
        database: database(),
        kubernetes: Some(kubernetes(weather)),
        fence: Fence { unable: weather.fence_unable, ways: ways(weather) },
        apps: vec![App { kind: AppKind::Sonarqube, served_by_header: Some("x-site".into()) }],
        alert_rules: Vec::new(),
        timing: timing(weather),
        channels: channel_names(&weather.channels),
        drills: match &weather.month {
            Some(month) => month.drills(),
            None if weather.drills => vec![drill(weather)],
            None => Vec::new(),
        },
    }
}

/// A workload that starts with its cluster has its counts in the configuration where it is scaled to zero for the reset.
fn kubernetes(weather: &Weather) -> Kubernetes {
    let starts = weather.reset_index && weather.standby == Standby::StartsWithCluster || weather.fence_scales;
    Kubernetes {
        workload: WorkloadSelector::sonarqube(),
        replicas: if starts || weather.month.is_some() { workload::counts() } else { Counts::new() },
        probe_image: Some("postgres".into()),
        search_index: weather
            .reset_index
            .then(|| SearchIndex { token: Some(SecretRef::Env("TOKEN".into())), wait: Duration::from_secs(40) }),
    }
}

fn ways(weather: &Weather) -> Vec<FenceWay> {
    let scale = weather.fence_scales.then_some(FenceWay::ScaleWorkload);
    scale.into_iter().chain([FenceWay::StopCluster]).collect()
}

/// Often enough to be under way when anything else happens.
fn drill(weather: &Weather) -> Drill {
    let moves = weather.switchovers && weather.standby == Standby::Parked;
    Drill {
        name: DrillName::new("rehearsal"),
        kind: if moves { DrillKind::Switchover } else { DrillKind::Standby },
        schedule: Schedule::parse("0 */3 * * * *", "UTC".parse().unwrap()).unwrap(),
        windows: Vec::new(),
        blocked: Vec::new(),
        catch_up: minutes(3),
    }
}

fn site(index: usize) -> Site {
    let name = SITES[index];
    Site {
        name: SiteName::new(name),
        preferred: index == 0,
        cluster: id(&format!("Microsoft.ContainerService/managedClusters/aks-{name}")),
        origin: host(&format!("{name}.example.com")),
        served_by: name.into(),
    }
}

fn database() -> Database {
    let server = |name: &str| id(&format!("Microsoft.DBforPostgreSQL/flexibleServers/pg-{name}"));
    Database {
        servers: SITES.map(server).to_vec(),
        virtual_endpoint: "sonar".into(),
        writer_host: "sonar.writer.postgres.database.azure.com".into(),
        port: 5432,
        database: "sonar".into(),
        user: "reveille".into(),
        auth: DatabaseAuth::Entra,
        promote: Promote::Never,
    }
}

fn timing(weather: &Weather) -> Timing {
    let usual = Timing::default();
    Timing {
        confirm_deadline: minutes(3),
        fence_deadline: minutes(3),
        start_deadline: minutes(10),
        capacity_retry: Duration::from_secs(30),
        cluster_rest: if weather.drills { minutes(2) } else { usual.cluster_rest },
        workload_deadline: minutes(3),
        writer_deadline: minutes(2),
        app_deadline: minutes(6),
        route_deadline: minutes(5),
        operator_wait: minutes(8),
        approval_wait: minutes(4),
        ..usual
    }
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

fn id(rest: &str) -> ResourceId {
    ResourceId::parse(&format!("{GROUP}/{rest}")).unwrap()
}

fn host(text: &str) -> HostPort {
    HostPort::parse(text).unwrap()
}
