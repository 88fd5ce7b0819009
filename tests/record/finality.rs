//! A signature is the last word, whoever else wants to write.

use super::support::*;
use reveille::domain::outcome::Outcome;
use reveille::domain::record::{Final, Note, Refusal, Verdict};
use reveille::domain::run::{Driver, RunEvent};
use reveille::engine::journal::{Journal, JournalError};
use reveille::engine::ports::Store;
use reveille::engine::{Advance, RecordError, WakeUp};
use reveille::store::MemoryStore;
use std::sync::Arc;

fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

fn lesson(what: &str) -> Vec<Note> {
    vec![Note::Lesson { what: what.into() }]
}

fn is_final(error: &RecordError) -> bool {
    matches!(error, RecordError::Refused(Refusal::Final(Final::Attested { .. })))
}

#[tokio::test]
async fn a_signed_record_takes_no_note_and_no_second_signature() {
    let store = store();
    let run = Rehearsal::ended(22, 320).closed().stored(&store).await;
    let engine = engine(&store);
    assert_eq!(engine.note(&run, ADA, &notes()).await.unwrap(), 1);
    let before = engine.record(&run).await.unwrap();
    let signed = engine.attest(&run, ADA, &signature("Ada", Verdict::Success), None).await.unwrap();
    assert_eq!(signed.record.attestation.as_ref().unwrap().record, before.record.digest());
    let note = engine.note(&run, ADA, &lesson("late")).await.unwrap_err();
    let again = engine.attest(&run, ADA, &signature("Bob", Verdict::Failed), None).await.unwrap_err();
    assert!(is_final(&note) && is_final(&again), "{note:?} {again:?}");
    assert_eq!(engine.record(&run).await.unwrap().json, signed.json, "and it stays as it was signed");
}

#[tokio::test]
async fn of_many_signers_at_once_one_wins() {
    for round in 0..20_u32 {
        let store = store();
        let run = Rehearsal::ended(22, 320).closed().stored(&store).await;
        let sign = |n: u32| {
            let (store, run) = (store.clone(), run.clone());
            tokio::spawn(async move {
                let verdict = if n.is_multiple_of(2) { Verdict::Success } else { Verdict::Failed };
                engine(&store).attest(&run, ADA, &signature(&format!("signer {n}"), verdict), None).await
            })
        };
        let note = {
            let (store, run) = (store.clone(), run.clone());
            tokio::spawn(async move { engine(&store).note(&run, ADA, &lesson("in between")).await })
        };
        let signed = futures::future::join_all((0..4).map(sign)).await;
        let noted = note.await.unwrap();
        let won: Vec<_> = signed.iter().filter_map(|it| it.as_ref().unwrap().as_ref().ok()).collect();
        assert_eq!(won.len(), 1, "round {round}");
        assert!(signed.iter().filter_map(|it| it.as_ref().unwrap().as_ref().err()).all(is_final));
        let record = engine(&store).record(&run).await.unwrap().record;
        assert_eq!(record.attestation, won[0].record.attestation);
        // A note was there before the signature, and is in what was signed, or it was refused.
        assert_eq!(record.notes.len(), usize::from(noted.is_ok()));
        assert!(noted.is_ok() || is_final(&noted.unwrap_err()));
        let journal = Journal::open(&store, &run).await.unwrap().unwrap();
        assert!(journal.state().afterwards.attestation.is_some());
    }
}

#[tokio::test]
async fn an_old_driver_writes_nothing_behind_the_end() {
    let store = store();
    let run = Rehearsal::ended(22, 320).closed().stored(&store).await;
    let engine = engine(&store);
    // It read the journal when nobody had signed yet.
    let mut stale = Journal::open(&store, &run).await.unwrap().unwrap();
    engine.attest(&run, ADA, &signature("Ada", Verdict::Success), None).await.unwrap();
    let by = Driver { instance: "i".into(), worker: "w".into() };
    let renewal = || RunEvent::Claimed { by: by.clone(), slice: 1 };
    let clock = FixedClock(at("11:00:00"));
    let closed = stale.append(&clock, renewal()).await.unwrap_err();
    assert!(matches!(closed, JournalError::Final(Final::Closed { .. })), "{closed:?}");
    let noted = RunEvent::Noted { by: "x".into(), said: None, notes: lesson("late") };
    assert!(stale.append(&clock, noted.clone()).await.unwrap_err().is_moved(), "it is behind");
    stale.catch_up().await.unwrap();
    for event in [renewal(), noted, RunEvent::RunEnded { outcome: Outcome::ApprovalTimedOut }] {
        let refused = stale.append(&clock, event).await.unwrap_err();
        assert!(matches!(refused, JournalError::Final(Final::Attested { .. })), "{refused:?}");
    }
    let end = stale.head().clone();
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(5);
    let woken = engine.advance(&WakeUp { run: run.clone(), after: 0 }, deadline).await.unwrap();
    assert_eq!(woken, Advance::Closed);
    assert_eq!(open_log(&store, &run).await.head(), &end);
}

#[tokio::test]
async fn a_run_that_goes_on_takes_no_note_and_one_that_is_not_closed_no_signature() {
    let store = store();
    let run = Rehearsal::on(20).checked().stored(&store).await;
    let ended = Rehearsal::ended(21, 320).stored(&store).await;
    let engine = engine(&store);
    let refusal = |error: RecordError| match error {
        RecordError::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    };
    let early = refusal(engine.note(&run, ADA, &lesson("early")).await.unwrap_err());
    assert_eq!(early, Refusal::NotOver { run: run.clone() });
    let sign = signature("Ada", Verdict::Success);
    assert_eq!(
        refusal(engine.attest(&run, ADA, &sign, None).await.unwrap_err()),
        Refusal::NotOver { run: run.clone() }
    );
    assert_eq!(engine.note(&ended, ADA, &lesson("in time")).await.unwrap(), 1);
    let open = refusal(engine.attest(&ended, ADA, &sign, None).await.unwrap_err());
    assert_eq!(open, Refusal::NotClosed { run: ended });
    assert!(open.advice().contains("reveille watch"));
    assert!(matches!(engine.record(&run_id(1)).await, Err(RecordError::NoSuchRun { .. })));
}

#[tokio::test]
async fn only_the_record_that_was_looked_at_is_signed() {
    let store = store();
    let run = Rehearsal::ended(22, 320).closed().stored(&store).await;
    let engine = engine(&store);
    let seen = engine.record(&run).await.unwrap().record.digest();
    engine.note(&run, ADA, &lesson("somebody else was faster")).await.unwrap();
    let sign = signature("Ada", Verdict::Success);
    let refused = engine.attest(&run, ADA, &sign, Some(&seen)).await.unwrap_err();
    let now = engine.record(&run).await.unwrap().record.digest();
    match refused {
        RecordError::Refused(Refusal::OtherRecord { expected, is, .. }) => {
            assert_eq!((expected, is), (seen, now.clone()))
        }
        other => panic!("{other:?}"),
    }
    assert!(engine.attest(&run, ADA, &sign, Some(&now)).await.is_ok());
    let empty = reveille::domain::record::Signature { name: " ".into(), ..sign };
    assert!(empty.fault().unwrap().contains("name is missing"));
}
