//! `[[plan]]`: one protected workload.

use super::channels::legal_name;
use super::entry::Entry;
use super::model::Cloud;
use super::reader::Section;
use super::{apps, database, drill, fence, heartbeat, kubernetes, sites, timing};
use crate::domain::names::{ChannelName, PlanName};
use crate::domain::plan::{Automation, FrontDoor, Plan, Workload};
use crate::domain::resource::ResourceId;
use std::collections::HashMap;

const PROFILE: &str = "Microsoft.Cdn/profiles";
const AUTOMATION: [(&str, Automation); 3] =
    [("observe", Automation::Observe), ("approve", Automation::Approve), ("act", Automation::Act)];
const WORKLOAD: [(&str, Workload); 2] =
    [("starts-with-cluster", Workload::StartsWithCluster), ("parked", Workload::Parked)];

/// Clusters and database servers that a plan has claimed, and where. One run per plan would not mean one run per
/// resource if two plans shared one.
#[derive(Default)]
pub(super) struct Claims(HashMap<ResourceId, (usize, String)>);

impl Claims {
    /// Claims a resource for the plan with this number.
    pub(super) fn take(&mut self, plan: usize, entry: &Entry<'_>, id: &ResourceId) {
        match self.0.get(id) {
            None => {
                self.0.insert(id.clone(), (plan, format!("{} (line {})", entry.path, entry.reader.line(entry.at))));
            }
            Some((owner, place)) if *owner == plan => {
                entry.reject(format!("is the same resource as {place}; they must differ"));
            }
            Some((_, place)) => entry.reject(format!(
                "also belongs to {place}; workloads that share a resource are one plan with several [[plan.app]]"
            )),
        }
    }
}

pub(super) fn read(entry: &Entry<'_>, cloud: &Cloud, channels: &[ChannelName]) -> Vec<Plan> {
    let mut claims = Claims::default();
    let mut names: Vec<String> = Vec::new();
    let sections = entry.sections();
    if sections.is_empty() && matches!(entry.value, Some(toml::de::DeValue::Array(_))) {
        entry.reject("is empty; at least one [[plan]] is needed");
    }
    let read_one = |(number, section): (usize, Section<'_>)| {
        let name = section.need("name");
        let text = legal_name(&name);
        if let Some(text) = &text {
            if names.contains(text) {
                name.reject_value("names two plans; names must differ");
            }
            names.push(text.clone());
        }
        plan(number, text, section, cloud, channels, &mut claims)
    };
    sections.into_iter().enumerate().filter_map(read_one).collect()
}

fn plan(
    number: usize,
    name: Option<String>,
    section: Section<'_>,
    cloud: &Cloud,
    channels: &[ChannelName],
    claims: &mut Claims,
) -> Option<Plan> {
    let automation = section.need("automation").choice(&AUTOMATION);
    let workload = workload(&section.need("workload"), &section.get("kubernetes"));
    let kubernetes = kubernetes::read(&section.get("kubernetes"), workload);
    let rto = section.need("rto").duration();
    let rpo = section.need("rpo").duration_or_zero();
    let cooldown = section.need("cooldown").duration();
    let front_door = front_door(&section.need("front_door"));
    let sites = sites::read(&section, number, front_door.as_ref(), claims);
    let database = database::read(&section.need("database"), number, cloud, claims);
    let fence = fence::read(&section.get("fence"), kubernetes.as_ref());
    let apps = apps::read(&section.need("app"));
    let alert_rules = alert_rules(&section.get("alert_rules"));
    let timing = timing::read(&section.get("timing"));
    let channels = plan_channels(&section.get("channels"), channels);
    let drills = drill::read(&section.get("drill"), workload);
    section.finish();
    Some(Plan {
        name: PlanName::new(name?),
        automation: automation?,
        workload: workload?,
        rto: rto?,
        rpo: rpo?,
        cooldown: cooldown?,
        front_door: front_door?,
        sites: sites?,
        database: database?,
        kubernetes,
        fence: fence?,
        apps,
        alert_rules,
        timing,
        channels,
        drills,
    })
}

/// Parking is work inside the clusters, so it needs to be told where.
fn workload(entry: &Entry<'_>, kubernetes: &Entry<'_>) -> Option<Workload> {
    let workload = entry.choice(&WORKLOAD)?;
    if workload == Workload::Parked && kubernetes.is_absent() {
        entry.reject("needs [plan.kubernetes], which says what is to be scaled to zero and released");
    }
    Some(workload)
}

fn front_door(entry: &Entry<'_>) -> Option<FrontDoor> {
    let section = entry.section()?;
    let profile = section.need("profile").resource(PROFILE);
    let origin_group = section.need("origin_group").parsed("the name of an origin group", |text| {
        let name = (!text.contains('/')).then(|| text.to_owned());
        name.ok_or("is not a name; expected the origin group's name only, not its resource id")
    });
    let hostname = section.need("hostname").host();
    section.finish();
    Some(FrontDoor { profile: profile?, origin_group: origin_group?, hostname: hostname? })
}

fn alert_rules(entry: &Entry<'_>) -> Vec<String> {
    let list = entry.list();
    if list.as_ref().is_some_and(Vec::is_empty) {
        entry.reject("is empty; leave the key out to let any rule whose target, metric and origin match start a run");
    }
    let name = |entry: &Entry<'_>| {
        let name = entry.text()?;
        if heartbeat::is_reserved(&name) {
            entry.reject_value("is the name of the alerts that `reveille test-alert` sends");
        }
        Some(name)
    };
    list.unwrap_or_default().iter().filter_map(name).collect()
}

/// The channels a plan reports to: those it names, or all.
fn plan_channels(entry: &Entry<'_>, channels: &[ChannelName]) -> Vec<ChannelName> {
    let Some(list) = entry.list() else { return channels.to_vec() };
    let known = |text: &str| {
        let found = channels.iter().find(|name| name.as_str() == text);
        found.cloned().ok_or("is not the name of a [[channel]]")
    };
    let mut named: Vec<ChannelName> = Vec::new();
    for entry in &list {
        let Some(name) = entry.parsed("the name of a channel", known) else { continue };
        if named.contains(&name) {
            entry.reject_value("stands here twice");
        } else {
            named.push(name);
        }
    }
    named
}
