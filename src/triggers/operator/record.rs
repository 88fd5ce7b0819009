//! Records of runs: read by every caller, added to and signed by known ones.

use super::super::app::App;
use super::super::json;
use super::act::{done, known};
use super::read::{page, preferred};
use super::{Answered, body, is_possible, no_such_run, store_failed};
use crate::domain::names::RunId;
use crate::domain::record::{AttestWords, Note, NoteWords, Record, Signature};
use crate::domain::status::Problem;
use crate::engine::RecordError;
use crate::engine::record::By;
use crate::host::{Answer, HttpAnswer, HttpRequestData};
use crate::render::{html, markdown};

use super::form::Form;

/// JSON, or the form that the caller prefers.
pub(super) async fn read(app: &App, run: &RunId, request: &HttpRequestData) -> Answered {
    possible(run)?;
    let filed = app.engine.record(run).await.map_err(|error| refused(&error))?;
    Ok(match preferred(request) {
        Form::Json => json(200, &filed.json),
        Form::Markdown => {
            let text = markdown::record(&filed.record);
            Answer::http(HttpAnswer::text(200, "text/markdown; charset=utf-8", text))
        }
        Form::Html => Answer::http(page(html::record(&filed.record))),
    })
}

/// Takes notes; each is answered with its number.
pub(super) async fn note(app: &App, run: &RunId, request: &HttpRequestData) -> Answered {
    known(request)?;
    possible(run)?;
    let words: NoteWords = body(request, "{\"notes\": [{\"about\": \"lesson\", \"what\": \"…\"}]}")?;
    let caller = request.caller.to_string();
    let by = By { by: &caller, said: words.who.as_deref() };
    let first = app.engine.note(run, by, &words.notes).await.map_err(|error| refused(&error))?;
    tracing::info!("{run}: {} notes by {caller}", words.notes.len());
    let mut answer = done("noted", format!("{run}: noted {}", count(words.notes.len())), &caller);
    answer.run = Some(run.clone());
    answer.details = numbered(first, &words.notes);
    Ok(json(200, &answer))
}

fn count(notes: usize) -> String {
    if notes == 1 { "1 note".to_owned() } else { format!("{notes} notes") }
}

fn numbered(first: u64, notes: &[Note]) -> Vec<String> {
    (first..).zip(notes).map(|(number, note)| format!("note {number}: {}", note.about())).collect()
}

/// Signs the record, for good.
pub(super) async fn attest(app: &App, run: &RunId, request: &HttpRequestData) -> Answered {
    known(request)?;
    possible(run)?;
    let example = "{\"name\": \"…\", \"verdict\": \"success\", \"notes\": \"…\", \"record\": \"SHA-256\"}";
    let words: AttestWords = body(request, example)?;
    let caller = request.caller.to_string();
    let by = By { by: &caller, said: words.who.as_deref() };
    let signature = Signature { name: words.name, verdict: words.verdict, notes: words.notes };
    let signed = app.engine.attest(run, by, &signature, words.record.as_deref()).await;
    let record = signed.map_err(|error| refused(&error))?.record;
    tracing::info!("{run}: attested as {} by {caller}", signature.verdict.as_str());
    let mut answer = done("attested", sentence(&record, &signature), &caller);
    answer.run = Some(run.clone());
    answer.details = record.attestation.iter().map(|signed| format!("record SHA-256 {}", signed.record)).collect();
    Ok(json(200, &answer))
}

fn sentence(record: &Record, signature: &Signature) -> String {
    format!("{}: attested as {} by {}; the record is final", record.run, signature.verdict.as_str(), signature.name)
}

fn possible(run: &RunId) -> Result<(), Problem> {
    if is_possible(run) { Ok(()) } else { Err(no_such_run(run)) }
}

fn refused(error: &RecordError) -> Problem {
    match error {
        RecordError::NoSuchRun { run } => no_such_run(run),
        RecordError::Refused(refusal) => Problem::new(409, "Not now", refusal.to_string(), refusal.advice()),
        RecordError::Journal { source, .. } if source.is_unreadable() => super::read::unreadable(source),
        RecordError::Lost { run, .. } => {
            let next =
                format!("Check the store with `reveille verify {run} --state FOLDER`, and find out who changed it.");
            Problem::new(409, "The signed record is gone", error.to_string(), next)
        }
        other => store_failed(other),
    }
}
