//! Noting, signing and reading records on the command line.

use super::command::reveille;
use super::server::{Answered, Server};
use crate::assert_shown;
use reveille::domain::names::RunId;
use reveille::domain::record::{Record, Verdict};
use reveille::domain::status::{Done, Problem};
use serde_json::json;

const RUN: &str = "sonarqube.20261122T030004Z.k3f9";

fn record() -> Record {
    crate::record::unsigned()
}

fn done(did: &str, sentence: &str, details: &[&str]) -> Answered {
    let details = details.iter().map(|detail| (*detail).to_owned()).collect();
    let (run, by) = (Some(RunId::new(RUN)), "key night-shift".to_owned());
    Answered::Done(Done { did: did.into(), sentence: sentence.into(), run, incident: None, details, by })
}

#[tokio::test]
async fn notes_of_every_kind_are_sent_as_one_word() {
    let server = Server::with(|world| {
        let sentence = format!("{RUN}: noted 5 notes");
        world.answers.push_back(done("noted", &sentence, &["note 1: participant", "note 2: participant"]));
    });
    let url = server.start().await;
    let ended = reveille(&format!(
        "note {RUN} --participant \"Ada; on call\" --absent Bob --scenario \"loss of eastus2; BIA-17\" \
         --follow-up \"write it down; Ada; 2027-01-31\" --done 8 --who Ada"
    ));
    assert_shown!(ended.at(&url).await.everything());
    let [(path, body)] = &server.posted()[..] else { panic!("one word") };
    assert_eq!(path, &format!("/api/v1/runs/{RUN}/notes"));
    let expected = json!({ "who": "Ada", "notes": [
        { "about": "participant", "name": "Ada", "role": "on call", "intended": true, "took_part": true },
        { "about": "participant", "name": "Bob", "intended": true, "took_part": false },
        { "about": "scenario", "text": "loss of eastus2", "reference": "BIA-17" },
        { "about": "follow-up", "what": "write it down", "owner": "Ada", "due": "2027-01-31" },
        { "about": "follow-up-state", "note": 8, "status": "done" },
    ] });
    assert_eq!(body, &expected);
}

#[tokio::test]
async fn a_note_that_says_nothing_or_nonsense_is_wrong_usage() {
    let server = Server::default();
    let url = server.start().await;
    for wrong in ["", "--follow-up \"x; Ada; tomorrow\"", "--lesson \" \"", "--done second", "--third-party Microsoft"]
    {
        let ended = reveille(&format!("note {RUN} {wrong}")).at(&url).await;
        assert_eq!(ended.code, 64, "{}", ended.everything());
    }
    assert!(server.posted().is_empty());
}

#[tokio::test]
async fn signing_first_shows_what_would_be_signed_with_its_digest() {
    let server = Server::with(|world| world.record = Some(record().json()));
    let url = server.start().await;
    let ended = reveille(&format!("attest {RUN} --failed --name \"Ada Lovelace\" --notes \"too slow\"")).at(&url).await;
    assert!(server.posted().is_empty(), "nothing is signed by looking");
    assert!(ended.stderr.contains(&format!("--record {} --execute", record().digest())), "{}", ended.everything());
    assert_shown!(ended.everything().replace(&record().digest(), "[sha-256]"));
}

#[tokio::test]
async fn the_signature_names_the_record_that_was_read() {
    let digest = "ab".repeat(32);
    let server = Server::with(|world| {
        world.record = Some(record().json());
        let sentence = format!("{RUN}: attested as success by Ada; the record is final");
        world.answers.push_back(done("attested", &sentence, &[]));
        let problem = Problem::new(409, "Not now", "it was attested by Ada", "Read it.");
        world.answers.push_back(Answered::Problem(problem));
    });
    let url = server.start().await;
    let sign = format!("attest {RUN} --success --name Ada --notes fine --execute");
    assert_eq!(reveille(&format!("{sign} --record {digest}")).at(&url).await.code, 0);
    let refused = reveille(&sign).at(&url).await;
    assert_eq!(
        (refused.code, refused.stderr.contains("it was attested by Ada")),
        (4, true),
        "{}",
        refused.everything()
    );
    let posted = server.posted();
    let verdict = Verdict::Success.as_str();
    assert_eq!(posted[0].1, json!({ "name": "Ada", "verdict": verdict, "notes": "fine", "record": digest }));
    assert_eq!(posted[1].1["record"], record().digest(), "without one, the one that was just read");
    for wrong in
        ["--success --failed --name A --notes b", "--name A --notes b", "--success --notes b", "--success --name A"]
    {
        assert_eq!(reveille(&format!("attest {RUN} {wrong}")).at(&url).await.code, 64, "{wrong}");
    }
}

#[tokio::test]
async fn a_record_is_given_out_in_every_form() {
    let server = Server::with(|world| world.record = Some(record().json()));
    let url = server.start().await;
    let json = reveille(&format!("record {RUN} --json")).at(&url).await;
    assert_eq!(serde_json::from_str::<Record>(&json.stdout).unwrap(), record());
    let markdown = reveille(&format!("record {RUN} --markdown")).at(&url).await;
    assert!(markdown.stdout.contains("## Objectives and results"), "{}", markdown.everything());
    let page = reveille(&format!("record {RUN} --html")).at(&url).await;
    assert!(page.stdout.starts_with("<!DOCTYPE html>"), "{}", page.everything());
    assert_eq!(reveille(&format!("record {RUN} --html --markdown")).at(&url).await.code, 64);
    assert_eq!(reveille(&format!("record {RUN} --from x.json")).at(&url).await.code, 64);
}
