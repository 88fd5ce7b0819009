//! `[[channel]]`: where reports are sent.

use super::entry::Entry;
use super::model::{ChannelConfig, ChannelKind};
use super::reader::Section;
use crate::domain::names::{ChannelName, PlanName};
use std::time::Duration;

const KINDS: [(&str, ChannelKind); 2] = [("teams", ChannelKind::Teams), ("cloudevents", ChannelKind::CloudEvents)];
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The channels of a file.
#[derive(Default)]
pub(super) struct Channels {
    pub(super) valid: Vec<ChannelConfig>,
    /// All names, those of channels with mistakes too, so that one mistake is not told twice.
    pub(super) names: Vec<ChannelName>,
}

pub(super) fn read(entry: &Entry<'_>) -> Channels {
    let mut channels = Channels::default();
    for section in entry.sections() {
        let name = section.need("name");
        let legal = legal_name(&name).map(ChannelName::new);
        if legal.as_ref().is_some_and(|legal| channels.names.contains(legal)) {
            name.reject_value("names two channels; names must differ");
        }
        channels.names.extend(legal.clone());
        channels.valid.extend(channel(section, legal));
    }
    channels
}

fn channel(section: Section<'_>, name: Option<ChannelName>) -> Option<ChannelConfig> {
    let kind = section.need("kind").choice(&KINDS);
    let url = section.need("url").secret();
    let timeout = section.get("timeout").duration().unwrap_or(DEFAULT_TIMEOUT);
    section.finish();
    Some(ChannelConfig { name: name?, kind: kind?, url: url?, timeout })
}

/// Plans, sites and channels are named alike: their names stand in paths, URLs and file names.
pub(super) fn legal_name(entry: &Entry<'_>) -> Option<String> {
    entry.parsed("a name", |text| {
        let legal = PlanName::is_legal(text).then(|| text.to_owned());
        legal.ok_or("is not a name: 1 to 40 lower-case letters, digits and dashes, beginning with a letter")
    })
}
