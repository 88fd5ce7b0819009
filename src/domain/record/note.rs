//! What people add to a run after its end, each note one line of its journal: pure values and what makes them legal.

use crate::domain::names::RunId;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// Longest text of a note, in characters: a paragraph, not a file.
pub const LONGEST_TEXT: usize = 2_000;
/// Most notes in one word, and in one journal.
pub const MOST_AT_ONCE: usize = 50;
pub const MOST_IN_ALL: usize = 500;

/// One thing that only a person knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "about", deny_unknown_fields)]
pub enum Note {
    /// Who was meant to take part, and who did.
    Participant {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<String>,
        intended: bool,
        took_part: bool,
    },
    /// Somebody outside of the organisation, and their part.
    ThirdParty {
        name: String,
        part: String,
    },
    /// What was rehearsed or met, and where the business's own analysis of it stands.
    Scenario {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// Something went otherwise than planned, beyond what the machine saw itself.
    Deviation {
        what: String,
    },
    Lesson {
        what: String,
    },
    /// Something to be done, by whom and until when.
    FollowUp {
        what: String,
        owner: String,
        due: NaiveDate,
    },
    /// How a follow-up stands; `retest` is the run that showed it.
    FollowUpState {
        note: u64,
        status: FollowUpStatus,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retest: Option<RunId>,
    },
    /// A risk that is known and left as it is, by whose decision and until when.
    AcceptedRisk {
        what: String,
        owner: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<NaiveDate>,
    },
    /// An earlier note was wrong. It stays in the journal, and leaves the record's lists.
    Withdrawn {
        note: u64,
        why: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FollowUpStatus {
    Open,
    Done,
    Dropped,
}

impl FollowUpStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Dropped => "dropped",
        }
    }
}

/// A note as the journal holds it, numbered from 1 within its run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteLine {
    pub number: u64,
    pub at: DateTime<Utc>,
    /// Who called, as the host verified it, and what the caller said of themself.
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    pub note: Note,
}

/// Why a note cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadNote {
    #[error("there is nothing to be noted")]
    Nothing,
    #[error("{given} notes, and at most {most} fit")]
    TooMany { given: usize, most: usize },
    #[error("the {part} of a {about} is empty")]
    Empty { about: &'static str, part: &'static str },
    #[error("the {part} of a {about} has {length} characters, at most {LONGEST_TEXT} fit")]
    TooLong { about: &'static str, part: &'static str, length: usize },
    #[error("a participant who was neither meant to take part nor did is none: {name}")]
    NoParticipant { name: String },
    #[error("note {note} is no follow-up of this run")]
    NoFollowUp { note: u64 },
    #[error("there is no note {note} that could be withdrawn")]
    NoSuchNote { note: u64 },
}

impl Note {
    /// What it is about, as the command line calls it.
    pub fn about(&self) -> &'static str {
        match self {
            Self::Participant { .. } => "participant",
            Self::ThirdParty { .. } => "third party",
            Self::Scenario { .. } => "scenario",
            Self::Deviation { .. } => "deviation",
            Self::Lesson { .. } => "lesson",
            Self::FollowUp { .. } => "follow-up",
            Self::FollowUpState { .. } => "follow-up's state",
            Self::AcceptedRisk { .. } => "accepted risk",
            Self::Withdrawn { .. } => "withdrawal",
        }
    }

    /// One line for people.
    pub fn text(&self) -> String {
        let with = |text: &String, more: &Option<String>| match more {
            Some(more) => format!("{text} ({more})"),
            None => text.clone(),
        };
        match self {
            Self::Participant { name, role, intended, took_part } => {
                let how = match (intended, took_part) {
                    (true, true) => "",
                    (true, false) => ", who did not come",
                    (false, _) => ", besides those intended",
                };
                format!("{}{how}", with(name, role))
            }
            Self::ThirdParty { name, part } => format!("{name}: {part}"),
            Self::Scenario { text, reference } => with(text, reference),
            Self::Deviation { what } | Self::Lesson { what } => what.clone(),
            Self::FollowUp { what, owner, due } => format!("{what} ({owner}, due {due})"),
            Self::FollowUpState { note, status, retest } => {
                let retest = retest.as_ref().map(|run| format!(", shown by {run}")).unwrap_or_default();
                format!("note {note} is {}{retest}", status.as_str())
            }
            Self::AcceptedRisk { what, owner, until } => {
                let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
                format!("{what} ({owner}{until})")
            }
            Self::Withdrawn { note, why } => format!("note {note}: {why}"),
        }
    }

    /// Its texts, each with what it is.
    fn texts(&self) -> Vec<(&'static str, Option<&String>)> {
        match self {
            Self::Participant { name, role, .. } => vec![("name", Some(name)), ("role", role.as_ref())],
            Self::ThirdParty { name, part } => vec![("name", Some(name)), ("part", Some(part))],
            Self::Scenario { text, reference } => vec![("text", Some(text)), ("reference", reference.as_ref())],
            Self::Deviation { what } | Self::Lesson { what } => vec![("text", Some(what))],
            Self::FollowUp { what, owner, .. } | Self::AcceptedRisk { what, owner, .. } => {
                vec![("text", Some(what)), ("owner", Some(owner))]
            }
            Self::FollowUpState { .. } => Vec::new(),
            Self::Withdrawn { why, .. } => vec![("reason", Some(why))],
        }
    }

    fn check(&self, known: &[NoteLine]) -> Result<(), BadNote> {
        let about = self.about();
        for (part, text) in self.texts().into_iter().filter_map(|(part, text)| Some((part, text?))) {
            let length = text.chars().count();
            match (text.trim().is_empty(), length > LONGEST_TEXT) {
                (true, _) => return Err(BadNote::Empty { about, part }),
                (_, true) => return Err(BadNote::TooLong { about, part, length }),
                _ => {}
            }
        }
        match self {
            Self::Participant { name, intended: false, took_part: false, .. } => {
                Err(BadNote::NoParticipant { name: name.clone() })
            }
            Self::FollowUpState { note, .. } => {
                let is = standing(known).any(|line| line.number == *note && line.note.about() == "follow-up");
                if is { Ok(()) } else { Err(BadNote::NoFollowUp { note: *note }) }
            }
            Self::Withdrawn { note, .. } => {
                let is = standing(known).any(|line| line.number == *note);
                if is { Ok(()) } else { Err(BadNote::NoSuchNote { note: *note }) }
            }
            _ => Ok(()),
        }
    }
}

/// The notes that count: a withdrawal and what it withdrew do not.
pub fn standing(notes: &[NoteLine]) -> impl Iterator<Item = &NoteLine> {
    let withdrawn = |line: &NoteLine| notes.iter().any(|other| withdraws(&other.note, line.number));
    notes.iter().filter(move |line| !matches!(line.note, Note::Withdrawn { .. }) && !withdrawn(line))
}

fn withdraws(note: &Note, number: u64) -> bool {
    matches!(note, Note::Withdrawn { note, .. } if *note == number)
}

/// Whether these notes can be added to those.
pub fn check(notes: &[Note], known: &[NoteLine]) -> Result<(), BadNote> {
    if notes.is_empty() {
        return Err(BadNote::Nothing);
    }
    let room = MOST_AT_ONCE.min(MOST_IN_ALL.saturating_sub(known.len()));
    if notes.len() > room {
        return Err(BadNote::TooMany { given: notes.len(), most: room });
    }
    notes.iter().try_for_each(|note| note.check(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u64, note: Note) -> NoteLine {
        NoteLine { number, at: DateTime::UNIX_EPOCH, by: "key ann".into(), said: None, note }
    }

    fn follow_up() -> Note {
        Note::FollowUp { what: "reserve capacity".into(), owner: "Ada".into(), due: NaiveDate::MIN }
    }

    #[test]
    fn a_state_needs_its_follow_up() {
        let done = |note| [Note::FollowUpState { note, status: FollowUpStatus::Done, retest: None }];
        let known = [line(1, Note::Lesson { what: "x".into() }), line(2, follow_up())];
        assert_eq!(check(&done(2), &known), Ok(()));
        assert_eq!(check(&done(1), &known), Err(BadNote::NoFollowUp { note: 1 }));
        assert_eq!(check(&done(3), &known), Err(BadNote::NoFollowUp { note: 3 }));
    }

    #[test]
    fn what_was_withdrawn_no_longer_counts_and_is_withdrawn_once() {
        let withdrawn = Note::Withdrawn { note: 1, why: "typed twice".into() };
        let known = [line(1, follow_up()), line(2, withdrawn.clone()), line(3, follow_up())];
        assert_eq!(standing(&known).map(|line| line.number).collect::<Vec<_>>(), [3]);
        assert_eq!(check(&[withdrawn], &known), Err(BadNote::NoSuchNote { note: 1 }));
        assert_eq!(
            check(&[Note::Withdrawn { note: 2, why: "no".into() }], &known),
            Err(BadNote::NoSuchNote { note: 2 })
        );
    }

    #[test]
    fn empty_and_endless_texts_are_refused_by_name() {
        let lesson = |what: String| check(&[Note::Lesson { what }], &[]);
        assert_eq!(lesson(" \n".into()), Err(BadNote::Empty { about: "lesson", part: "text" }));
        assert_eq!(lesson("é".repeat(LONGEST_TEXT)), Ok(()));
        let long = BadNote::TooLong { about: "lesson", part: "text", length: LONGEST_TEXT + 1 };
        assert_eq!(lesson("é".repeat(LONGEST_TEXT + 1)), Err(long));
    }

    #[test]
    fn a_journal_takes_only_so_many() {
        let known: Vec<NoteLine> = (1..=MOST_IN_ALL as u64 - 1).map(|number| line(number, follow_up())).collect();
        assert_eq!(check(&[follow_up()], &known), Ok(()));
        assert_eq!(check(&[follow_up(), follow_up()], &known), Err(BadNote::TooMany { given: 2, most: 1 }));
        assert_eq!(check(&[], &[]), Err(BadNote::Nothing));
    }
}
