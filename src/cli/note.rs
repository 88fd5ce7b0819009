//! `reveille note`: what only people know of a run, added to its record. Nothing is started by it, so it needs no
//! `--execute`; a note that was wrong is withdrawn.

use super::{CliError, Desk, Exit, connect};
use crate::domain::names::RunId;
use crate::domain::record::{FollowUpStatus, Note, NoteWords};
use chrono::NaiveDate;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run, as `reveille status` names it
    run: String,
    /// Somebody who was to take part and did
    #[arg(long, value_name = "NAME[; ROLE]", value_parser = came)]
    participant: Vec<Note>,
    /// Somebody who was to take part and did not
    #[arg(long, value_name = "NAME[; ROLE]", value_parser = stayed_away)]
    absent: Vec<Note>,
    /// Somebody who took part and was not meant to
    #[arg(long, value_name = "NAME[; ROLE]", value_parser = came_besides)]
    extra: Vec<Note>,
    /// Somebody outside of the organisation
    #[arg(long, value_name = "NAME; PART", value_parser = third_party)]
    third_party: Vec<Note>,
    /// What was rehearsed, and the business-impact analysis or risk that it comes from
    #[arg(long, value_name = "WHAT[; REFERENCE]", value_parser = scenario)]
    scenario: Vec<Note>,
    /// Something that went otherwise than planned
    #[arg(long, value_name = "WHAT", value_parser = deviation)]
    deviation: Vec<Note>,
    /// Something that was learned
    #[arg(long, value_name = "WHAT", value_parser = lesson)]
    lesson: Vec<Note>,
    /// Something to be done
    #[arg(long, value_name = "WHAT; OWNER; YYYY-MM-DD", value_parser = follow_up)]
    follow_up: Vec<Note>,
    /// A follow-up, by the number of its note, is done; the run that showed it
    #[arg(long, value_name = "NOTE[; RUN]", value_parser = done)]
    done: Vec<Note>,
    /// A follow-up, by the number of its note, is not done any more
    #[arg(long, value_name = "NOTE", value_parser = dropped)]
    dropped: Vec<Note>,
    /// A risk that is left as it is, by whose decision, until when
    #[arg(long, value_name = "WHAT; OWNER[; YYYY-MM-DD]", value_parser = accepted_risk)]
    accepted_risk: Vec<Note>,
    /// A note was wrong; it leaves the record's lists and stays in the journal
    #[arg(long, value_name = "NOTE; WHY", value_parser = withdrawn)]
    withdraw: Vec<Note>,
    /// Who you are, beside the name of the key you call with
    #[arg(long, value_name = "NAME", env = connect::WHO_VARIABLE, hide_env_values = true)]
    who: Option<String>,
}

impl Args {
    fn notes(&self) -> Vec<Note> {
        let people = [&self.participant, &self.absent, &self.extra, &self.third_party];
        let found = [&self.scenario, &self.deviation, &self.lesson];
        let to_do = [&self.follow_up, &self.done, &self.dropped, &self.accepted_risk, &self.withdraw];
        people.into_iter().chain(found).chain(to_do).flatten().cloned().collect()
    }
}

pub(super) async fn run(desk: &Desk, args: &Args) -> Result<Exit, CliError> {
    let (run, notes) = (RunId::new(&args.run), args.notes());
    if notes.is_empty() {
        return Err(CliError::Usage("there is nothing to be noted; `reveille note --help` lists what can be".into()));
    }
    let words = NoteWords { who: args.who.clone(), notes };
    let told = desk.client.note(&run, &words).await;
    let answer = told.map_err(|error| super::unanswered(error, format!("reveille record {run}")))?;
    desk.say_done(&answer);
    desk.out.suggest("see the record with", &format!("reveille record {run}"));
    Ok(Exit::Fine)
}

fn person(text: &str, intended: bool, took_part: bool) -> Result<Note, String> {
    let (name, role) = match text.split_once(';') {
        Some((name, role)) => (name, Some(words(role, "role")?)),
        None => (text, None),
    };
    Ok(Note::Participant { name: words(name, "name")?, role, intended, took_part })
}

fn came(text: &str) -> Result<Note, String> {
    person(text, true, true)
}

fn stayed_away(text: &str) -> Result<Note, String> {
    person(text, true, false)
}

fn came_besides(text: &str) -> Result<Note, String> {
    person(text, false, true)
}

fn third_party(text: &str) -> Result<Note, String> {
    let (name, part) = text.split_once(';').ok_or("expected \"NAME; PART\"")?;
    Ok(Note::ThirdParty { name: words(name, "name")?, part: words(part, "part")? })
}

fn scenario(text: &str) -> Result<Note, String> {
    let (text, reference) = match text.rsplit_once(';') {
        Some((text, reference)) => (text, Some(words(reference, "reference")?)),
        None => (text, None),
    };
    Ok(Note::Scenario { text: words(text, "text")?, reference })
}

fn deviation(text: &str) -> Result<Note, String> {
    Ok(Note::Deviation { what: words(text, "text")? })
}

fn lesson(text: &str) -> Result<Note, String> {
    Ok(Note::Lesson { what: words(text, "text")? })
}

/// The text comes first and may hold semicolons itself.
fn follow_up(text: &str) -> Result<Note, String> {
    let expected = "expected \"WHAT; OWNER; YYYY-MM-DD\"";
    let (rest, due) = text.rsplit_once(';').ok_or(expected)?;
    let (what, owner) = rest.rsplit_once(';').ok_or(expected)?;
    Ok(Note::FollowUp { what: words(what, "text")?, owner: words(owner, "owner")?, due: date(due)? })
}

fn done(text: &str) -> Result<Note, String> {
    let (note, retest) = match text.split_once(';') {
        Some((note, run)) => (note, Some(RunId::new(words(run, "run")?))),
        None => (text, None),
    };
    Ok(Note::FollowUpState { note: number(note)?, status: FollowUpStatus::Done, retest })
}

fn dropped(text: &str) -> Result<Note, String> {
    Ok(Note::FollowUpState { note: number(text)?, status: FollowUpStatus::Dropped, retest: None })
}

fn accepted_risk(text: &str) -> Result<Note, String> {
    let expected = "expected \"WHAT; OWNER\" or \"WHAT; OWNER; YYYY-MM-DD\"";
    let (rest, last) = text.rsplit_once(';').ok_or(expected)?;
    let (what, owner, until) = match (date(last), rest.rsplit_once(';')) {
        (Ok(until), Some((what, owner))) => (what, owner, Some(until)),
        (Ok(_), None) => return Err(expected.to_owned()),
        (Err(_), _) => (rest, last, None),
    };
    Ok(Note::AcceptedRisk { what: words(what, "text")?, owner: words(owner, "owner")?, until })
}

fn withdrawn(text: &str) -> Result<Note, String> {
    let (note, why) = text.split_once(';').ok_or("expected \"NOTE; WHY\"")?;
    Ok(Note::Withdrawn { note: number(note)?, why: words(why, "reason")? })
}

fn words(text: &str, part: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err(format!("the {part} is empty")) } else { Ok(text.to_owned()) }
}

fn number(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| format!("{text:?} is no number of a note; `reveille record` shows them"))
}

fn date(text: &str) -> Result<NaiveDate, String> {
    text.trim().parse().map_err(|_| format!("{:?} is no date such as 2027-01-31", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follow_up_ends_with_owner_and_date_whatever_its_text_holds() {
        let due = NaiveDate::from_ymd_opt(2027, 1, 31).unwrap();
        let expected = Note::FollowUp { what: "raise the quota; tell finance".into(), owner: "Ada".into(), due };
        assert_eq!(follow_up("raise the quota; tell finance; Ada ;2027-01-31"), Ok(expected));
        for wrong in ["raise the quota", "x; Ada; tomorrow", "x; ;2027-01-31", ";Ada;2027-01-31", "x; Ada; 2027-02-30"]
        {
            assert!(follow_up(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_end_of_a_risk_may_be_left_open() {
        let until = |note: Note| match note {
            Note::AcceptedRisk { what, owner, until } => (what, owner, until.map(|it| it.to_string())),
            other => panic!("{other:?}"),
        };
        assert_eq!(until(accepted_risk("one region; Bob").unwrap()), ("one region".into(), "Bob".into(), None));
        let ends = until(accepted_risk("a; b; Bob; 2027-01-31").unwrap());
        assert_eq!(ends, ("a; b".into(), "Bob".into(), Some("2027-01-31".into())));
        assert!(accepted_risk("one region").is_err() && accepted_risk("x; 2027-01-31").is_err());
    }

    #[test]
    fn who_was_meant_to_come_and_who_came_are_told_apart() {
        let ways = |note: Result<Note, String>| match note.unwrap() {
            Note::Participant { name, role, intended, took_part } => (name, role, intended, took_part),
            other => panic!("{other:?}"),
        };
        assert_eq!(ways(came("Ada; on call")), ("Ada".into(), Some("on call".into()), true, true));
        assert_eq!(ways(stayed_away("Bob")), ("Bob".into(), None, true, false));
        assert_eq!(ways(came_besides("Eve")), ("Eve".into(), None, false, true));
        assert!(came(" ; on call").is_err() && came("Ada;").is_err());
    }
}
