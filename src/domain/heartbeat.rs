//! The heartbeat: an alert rule that always fires, through the action group that would tell of an outage. Its alert starts
//! nothing; its absence says that no alert arrives any more. What an alert does is never decided here: a heartbeat is only
//! noted besides, so that a rule of its name which tells of an outage is still taken for one.

use super::alert::{Alert, Condition};
use super::duration;
use super::names::ChannelName;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// Name of the document with [`Memory`].
pub const DOCUMENT: &str = "watch/heartbeat.json";

/// Whoever tells people is left alone for so long.
const AT_IT: TimeDelta = TimeDelta::minutes(2);

/// What is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// Name of the rule that always fires.
    pub rule: String,
    /// So long after the last one the way of alerts counts as broken.
    pub overdue: Duration,
}

/// What is remembered of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Since when somebody has been there to hear one, without a long break.
    pub listening_since: Option<DateTime<Utc>>,
    pub last: Option<DateTime<Utc>>,
    /// What people were last told, if anything.
    pub told: Option<Told>,
}

/// A change that people are told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub silent: bool,
    pub since: DateTime<Utc>,
    /// Channels that took it, or never will.
    pub channels: BTreeSet<ChannelName>,
    /// Who tells it, and since when: of several apps on one store one is enough.
    #[serde(default)]
    pub by: Option<(String, DateTime<Utc>)>,
}

/// How the way of alerts stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Beats {
        last: DateTime<Utc>,
    },
    /// None has come yet, and none is overdue.
    Awaited {
        since: Option<DateTime<Utc>>,
    },
    Silent {
        last: Option<DateTime<Utc>>,
        since: DateTime<Utc>,
    },
}

impl Heartbeat {
    /// Whether an alert is one. A resolved one says nothing: the rule always fires.
    pub fn is(&self, alert: &Alert) -> bool {
        let named = alert.rule.as_deref().is_some_and(|rule| rule.eq_ignore_ascii_case(&self.rule));
        named && alert.condition == Condition::Fired
    }

    fn span(&self) -> TimeDelta {
        TimeDelta::from_std(self.overdue).unwrap_or(TimeDelta::MAX)
    }

    pub fn standing(&self, memory: &Memory, now: DateTime<Utc>) -> Standing {
        let Some(heard) = memory.last.max(memory.listening_since) else { return Standing::Awaited { since: None } };
        match memory.last {
            last if now - heard > self.span() => Standing::Silent { last, since: heard },
            Some(last) => Standing::Beats { last },
            None => Standing::Awaited { since: memory.listening_since },
        }
    }

    /// Whether nobody was there to hear one for so long that what was missed proves nothing.
    fn was_away(&self, watched_before: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        watched_before.is_none_or(|before| now - before > self.span() / 2)
    }
}

impl Memory {
    /// One has come.
    pub fn beat(&mut self, at: DateTime<Utc>) {
        self.last = self.last.max(Some(at));
    }

    /// What a round of the watch makes of it; `watched_before` is when the round before was.
    pub fn look(&mut self, expected: &Heartbeat, watched_before: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        if self.listening_since.is_none() || expected.was_away(watched_before, now) {
            self.listening_since = Some(now);
        }
        let silent = matches!(expected.standing(self, now), Standing::Silent { .. });
        if silent != self.is_told_silent() {
            self.told = Some(Told { silent, since: now, channels: BTreeSet::new(), by: None });
        }
    }

    fn is_told_silent(&self) -> bool {
        self.told.as_ref().is_some_and(|told| told.silent)
    }

    /// Takes it on to tell people, unless somebody else is just at it.
    pub fn claim(&mut self, me: &str, now: DateTime<Utc>) {
        let Some(told) = &mut self.told else { return };
        let free = told.by.as_ref().is_none_or(|(by, since)| by == me || now - *since > AT_IT);
        if free {
            told.by = Some((me.to_owned(), now));
        }
    }

    /// Whether anybody still has to tell a channel of the last change.
    pub fn is_untold<'a>(&self, mut channels: impl Iterator<Item = &'a ChannelName>) -> bool {
        self.told.as_ref().is_some_and(|told| channels.any(|channel| !told.channels.contains(channel)))
    }

    /// Channels that `me` still has to tell of the last change.
    pub fn untold<'a>(&self, me: &str, channels: impl Iterator<Item = &'a ChannelName>) -> Vec<&'a ChannelName> {
        let Some(told) = &self.told else { return Vec::new() };
        let mine = told.by.as_ref().is_some_and(|(by, _)| by == me);
        channels.filter(|channel| mine && !told.channels.contains(*channel)).collect()
    }

    pub fn was_told(&mut self, channel: &ChannelName) {
        if let Some(told) = &mut self.told {
            told.channels.insert(channel.clone());
        }
    }
}

impl Standing {
    pub fn is_silent(self) -> bool {
        matches!(self, Self::Silent { .. })
    }

    /// One sentence without a full stop.
    pub fn text(self, expected: &Heartbeat, now: DateTime<Utc>) -> String {
        let ago = |at: DateTime<Utc>| {
            let span = (now - at).to_std().unwrap_or_default();
            duration::text(Duration::from_secs(span.as_secs()))
        };
        let (rule, limit) = (&expected.rule, duration::text(expected.overdue));
        match self {
            Self::Beats { last } => format!("the last heartbeat of rule {rule} came {} ago", ago(last)),
            Self::Awaited { since: None } => format!("no watch has listened for heartbeats of rule {rule} yet"),
            Self::Awaited { since: Some(since) } => {
                format!("no heartbeat of rule {rule} has come in {}, which is not long", ago(since))
            }
            Self::Silent { last: Some(last), .. } => {
                format!("no heartbeat of rule {rule} for {}, expected every {limit} at the latest", ago(last))
            }
            Self::Silent { last: None, since } => {
                format!("no heartbeat of rule {rule} has ever come, and somebody has listened for {}", ago(since))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn expected() -> Heartbeat {
        Heartbeat { rule: "reveille-heartbeat".into(), overdue: Duration::from_secs(35 * 60) }
    }

    /// Rounds of the watch, one a minute; gives what was told in which minute.
    fn played(minutes: i64, beats: impl Fn(i64) -> bool, watches: impl Fn(i64) -> bool) -> Vec<(i64, bool)> {
        let (mut memory, mut before, mut told) = (Memory::default(), None, Vec::new());
        for minute in 0..minutes {
            if beats(minute) {
                memory.beat(at(minute));
            }
            if watches(minute) {
                let was = memory.told.clone();
                memory.look(&expected(), before, at(minute));
                before = Some(at(minute));
                if memory.told != was {
                    told.push((minute, memory.told.as_ref().unwrap().silent));
                }
            }
        }
        told
    }

    #[test]
    fn a_path_that_dies_is_told_once_and_again_when_it_is_back() {
        let beats = |minute: i64| minute % 15 == 0 && !(60..200).contains(&minute);
        assert_eq!(played(400, beats, |_| true), [(81, true), (210, false)]);
    }

    #[test]
    fn one_lost_heartbeat_is_no_news_and_one_that_never_came_is() {
        assert_eq!(played(300, |minute| minute % 15 == 0 && minute != 60, |_| true), []);
        assert_eq!(played(300, |_| false, |_| true), [(36, true)]);
    }

    #[test]
    fn what_came_while_nobody_listened_is_not_missed() {
        let watches = |minute: i64| !(60..400).contains(&minute);
        let beats = |minute: i64| minute % 15 == 0 && watches(minute);
        assert_eq!(played(600, beats, watches), []);
    }

    #[test]
    fn only_an_alert_of_the_rule_that_fired_is_a_heartbeat() {
        let alert = |rule: &str, condition| Alert {
            rule: Some(rule.to_owned()),
            condition,
            key: None,
            id: None,
            targets: vec![],
            fired_at: None,
            criteria: vec![],
            test: None,
        };
        assert!(expected().is(&alert("Reveille-Heartbeat", Condition::Fired)));
        assert!(!expected().is(&alert("reveille-heartbeat", Condition::Resolved)));
        assert!(!expected().is(&alert("other", Condition::Fired)));
    }
}
