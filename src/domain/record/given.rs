//! What people gave, sorted into the record's fields, and what nobody gave yet.

use super::note::{FollowUpStatus, Note, standing};
use super::{AcceptedRisk, FollowUp, Lesson, NotGiven, NoteLine, Participant, Scenario, ThirdParty};
use crate::domain::run::RunState;

/// People's parts of a record.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub scenario: Vec<Scenario>,
    pub participants: Vec<Participant>,
    pub third_parties: Vec<ThirdParty>,
    pub lessons: Vec<Lesson>,
    pub follow_ups: Vec<FollowUp>,
    pub accepted_risks: Vec<AcceptedRisk>,
}

pub(super) fn of(run: &RunState) -> Given {
    let mut given = Given::default();
    standing(&run.afterwards.notes).for_each(|line| given.take(line));
    given
}

impl Given {
    fn take(&mut self, line: &NoteLine) {
        let number = line.number;
        match line.note.clone() {
            Note::Participant { name, role, intended, took_part } => {
                self.participants.push(Participant { note: number, name, role, intended, took_part });
            }
            Note::ThirdParty { name, part } => self.third_parties.push(ThirdParty { note: number, name, part }),
            Note::Scenario { text, reference } => self.scenario.push(Scenario { note: number, text, reference }),
            Note::Lesson { what } => self.lessons.push(Lesson { note: number, what }),
            Note::FollowUp { what, owner, due } => {
                let (status, retest) = (FollowUpStatus::Open, None);
                self.follow_ups.push(FollowUp { note: number, what, owner, due, status, retest });
            }
            Note::FollowUpState { note, status, retest } => {
                for follow_up in self.follow_ups.iter_mut().filter(|it| it.note == note) {
                    follow_up.status = status;
                    follow_up.retest = retest.clone().or(follow_up.retest.take());
                }
            }
            Note::AcceptedRisk { what, owner, until } => {
                self.accepted_risks.push(AcceptedRisk { note: number, what, owner, until });
            }
            // Deviations stand among what the journal noticed itself.
            Note::Deviation { .. } | Note::Withdrawn { .. } => {}
        }
    }
}

/// The fields that only a person can fill, as far as they are empty.
pub(super) fn missing(run: &RunState, given: &Given) -> Vec<NotGiven> {
    let deviations = standing(&run.afterwards.notes).any(|line| matches!(line.note, Note::Deviation { .. }));
    let fields = [
        ("scenario and its business reference", given.scenario.is_empty(), "--scenario \"WHAT; REFERENCE\""),
        ("participants, intended and actual", given.participants.is_empty(), "--participant \"NAME; ROLE\""),
        ("third parties", given.third_parties.is_empty(), "--third-party \"NAME; PART\""),
        ("deviations that people noticed", !deviations, "--deviation \"WHAT\""),
        ("lessons", given.lessons.is_empty(), "--lesson \"WHAT\""),
        ("follow-ups", given.follow_ups.is_empty(), "--follow-up \"WHAT; OWNER; YYYY-MM-DD\""),
        ("accepted risks", given.accepted_risks.is_empty(), "--accepted-risk \"WHAT; OWNER\""),
    ];
    let id = &run.created.run;
    let notes = fields.into_iter().filter(|(_, missing, _)| *missing);
    let notes = notes.map(|(field, _, option)| (field, format!("reveille note {id} {option}")));
    let attest = run.afterwards.attestation.is_none().then(|| {
        ("attestation", format!("reveille attest {id} --success --name \"NAME\" --notes \"WHAT WAS FOUND\" --execute"))
    });
    notes.chain(attest).map(|(field, command)| NotGiven { field: field.to_owned(), command }).collect()
}
