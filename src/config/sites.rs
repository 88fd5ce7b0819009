//! `[[plan.site]]`: the two places a workload can run at.

use super::channels::legal_name;
use super::entry::Entry;
use super::plan::Claims;
use super::reader::{Basis, Section};
use crate::domain::names::SiteName;
use crate::domain::plan::{FrontDoor, Site};
use crate::domain::resource::{HostPort, ResourceId};

const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";
const HTTPS: u16 = 443;

/// A site as far as it could be read, with the entries to complain at.
struct Draft<'a> {
    name: (Entry<'a>, Option<String>),
    preferred: Option<bool>,
    cluster: (Entry<'a>, Option<ResourceId>),
    origin: (Entry<'a>, Option<HostPort>),
    served_by: (Entry<'a>, Option<String>),
}

/// Exactly two sites, one of them preferred, that share nothing.
pub(super) fn read(
    plan: &Section<'_>,
    number: usize,
    front_door: Option<&FrontDoor>,
    claims: &mut Claims,
) -> Option<Vec<Site>> {
    let entry = plan.need("site");
    let drafts: Vec<Draft<'_>> = entry.sections().into_iter().map(draft).collect();
    for (index, draft) in drafts.iter().enumerate() {
        drafts[..index].iter().for_each(|other| tell_apart(draft, other));
        past_front_door(draft, front_door);
        if let (cluster, Some(id)) = &draft.cluster {
            claims.take(number, cluster, id);
        }
    }
    if let Some(message) = miscounted(&drafts).filter(|_| !entry.is_absent()) {
        let place = drafts.get(2).map_or(entry.at, |third| third.name.0.at);
        plan.reader.reject(Basis::Whole, place, &entry.path, message);
    }
    let sites: Vec<Site> = drafts.into_iter().filter_map(site).collect();
    (sites.len() == 2).then_some(sites)
}

fn draft(section: Section<'_>) -> Draft<'_> {
    let (name, cluster, origin, served_by, preferred) = (
        section.need("name"),
        section.need("cluster"),
        section.need("origin"),
        section.get("served_by"),
        section.get("preferred"),
    );
    let called = legal_name(&name);
    let id = cluster.resource(CLUSTER);
    let host = origin.host();
    // The header's value is the site's name unless the file says otherwise.
    let said = if served_by.is_absent() { called.clone() } else { served_by.text() };
    let is_preferred = if preferred.is_absent() { Some(false) } else { preferred.flag() };
    // Last, when every key has said what it should be.
    section.finish();
    Draft {
        preferred: is_preferred,
        name: (name, called),
        cluster: (cluster, id),
        origin: (origin, host),
        served_by: (served_by, said),
    }
}

/// What is wrong with the number of sites. Who is preferred is judged only when both say so in a legal way.
fn miscounted(drafts: &[Draft<'_>]) -> Option<String> {
    let [one, other] = drafts else {
        return Some(format!("{} given; a plan has exactly two [[plan.site]], one of them preferred", drafts.len()));
    };
    let wrong = match (one.preferred?, other.preferred?) {
        (false, false) => "no site is preferred; give the one that serves in normal times preferred = true",
        (true, true) => "both sites are preferred; only the one that serves in normal times is",
        _ => return None,
    };
    Some(wrong.to_owned())
}

/// Rejects what two sites must not have in common. The cluster is looked after by [`Claims`].
fn tell_apart(draft: &Draft<'_>, other: &Draft<'_>) {
    let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
    if same(&draft.name.1, &other.name.1) {
        draft.name.0.reject_value("names two sites; names must differ");
    } else if same(&draft.served_by.1, &other.served_by.1) {
        draft.served_by.0.reject("both sites would answer with the same value; served_by must differ");
    }
    if let (Some(one), Some(two)) = (&draft.origin.1, &other.origin.1)
        && same_address(one, two)
    {
        draft.origin.0.reject_value("is the origin of two sites; they must differ");
    }
}

/// Probing an origin by the Front Door name would tell nothing of the origin.
fn past_front_door(draft: &Draft<'_>, front_door: Option<&FrontDoor>) {
    if let (Some(origin), Some(front_door)) = (&draft.origin.1, front_door)
        && same_address(origin, &front_door.hostname)
    {
        draft.origin.0.reject_value("is the Front Door host name; expected the site's own name, past Front Door");
    }
}

fn same_address(one: &HostPort, other: &HostPort) -> bool {
    one.host == other.host && one.port.unwrap_or(HTTPS) == other.port.unwrap_or(HTTPS)
}

fn site(draft: Draft<'_>) -> Option<Site> {
    Some(Site {
        name: SiteName::new(draft.name.1?),
        preferred: draft.preferred?,
        cluster: draft.cluster.1?,
        origin: draft.origin.1?,
        served_by: draft.served_by.1?,
    })
}
