//! Front Door profiles: one origin group, one endpoint and one route per workload.

use std::collections::BTreeMap;

use super::World;
use super::ids;
use super::workload::Workload;

/// A Front Door profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Resource name.
    pub name: String,
    /// The workload behind it.
    pub workload: String,
    /// Name of its origin group.
    pub origin_group: String,
    /// Name of its endpoint.
    pub endpoint: String,
    /// Host name of its endpoint.
    pub host: String,
    /// Path the edge probes.
    pub probe_path: String,
    /// How it probes it.
    pub probe_method: ProbeMethod,
    /// Last samples looked at; this many of them have to be good.
    pub sample_size: u32,
    /// How many of them.
    pub samples_required: u32,
    /// Origins, in the order they were made.
    pub origins: Vec<Origin>,
}

/// `probeRequestType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeMethod {
    /// Only the header of an answer is asked for, the default of the portal.
    Head,
    /// The body too.
    Get,
}

impl ProbeMethod {
    /// As the API writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Head => "HEAD",
            Self::Get => "GET",
        }
    }
}

/// An origin of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Resource name.
    pub name: String,
    /// Region of the site behind it.
    pub region: String,
    /// Host name that is probed and forwarded to.
    pub host: String,
    /// 1 is tried first; answers may leave it out.
    pub priority: Option<u32>,
    /// Weight among origins of the same priority.
    pub weight: Option<u32>,
    /// Disabled origins get neither probes nor traffic.
    pub enabled: bool,
}

pub(super) fn of(workloads: &[Workload]) -> BTreeMap<String, Profile> {
    workloads.iter().map(|it| (it.profile(), Profile::of(it))).collect()
}

impl Profile {
    fn of(workload: &Workload) -> Self {
        let origins = workload.sites.iter().zip(1..).map(|(site, priority)| Origin {
            name: site.region.clone(),
            region: site.region.clone(),
            host: site.origin.clone(),
            priority: Some(priority),
            weight: Some(1000),
            enabled: true,
        });
        Self {
            name: workload.profile(),
            workload: workload.name.clone(),
            origin_group: workload.origin_group().to_owned(),
            endpoint: format!("{}-abc", workload.name),
            host: workload.endpoint_host(),
            probe_path: "/".to_owned(),
            probe_method: ProbeMethod::Head,
            sample_size: 4,
            samples_required: 3,
            origins: origins.collect(),
        }
    }

    /// Its resource id as Front Door answers it, with a lower-case `resourcegroups`.
    pub fn id(&self) -> String {
        ids::front_door(&self.name)
    }
}

impl World {
    /// The profile of that name, whatever its case.
    pub fn profile(&self, name: &str) -> Option<Profile> {
        self.state().profiles.get(&name.to_ascii_lowercase()).cloned()
    }

    /// All profiles.
    pub fn profiles(&self) -> Vec<Profile> {
        self.state().profiles.values().cloned().collect()
    }

    /// Changes a profile by hand.
    pub fn change_profile(&self, name: &str, change: impl FnOnce(&mut Profile)) {
        if let Some(profile) = self.state().profiles.get_mut(name) {
            change(profile);
        }
    }

    /// Enters what an edge probe of this origin host saw.
    pub fn record_origin_probe(&self, origin: &str, healthy: bool) {
        let mut state = self.state();
        let now = state.clock.now();
        if let Some(history) = state.probes.get_mut(origin) {
            history.record(now, healthy);
        }
    }
}
