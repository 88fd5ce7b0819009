//! The record of a run on the deployed binary: a drill by schedule, notes, a signature, and the check of both offline.

use crate::support::alerts::fired;
use crate::support::secrets::Secrets;
use crate::support::stage::{SERVING, Stage, calm};
use reveille::domain::record::{Record, canonical};
use reveille::sandbox::scenario::named;
use serde_json::{Value, json};
use std::path::Path;
use tokio::process::Command;

fn lesson(what: &str) -> Value {
    json!({ "who": "Alice", "notes": [{ "about": "lesson", "what": what }] })
}

fn signature(record: &str) -> Value {
    json!({ "who": "Alice", "name": "Alice Liddell", "verdict": "success", "notes": "as planned", "record": record })
}

async fn record(stage: &Stage, run: &str) -> Value {
    let reply = stage.get(&format!("v1/runs/{run}/record")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

/// `reveille verify` on files, by nobody's server.
async fn verify(files: &[&Path]) -> (i32, String) {
    let output =
        Command::new(crate::support::stage::HANDLER).arg("verify").args(files).env_clear().output().await.unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_is_noted_attested_and_verified() {
    let stage = Stage::open(named("drill").unwrap().clone()).await;
    let parked = json!({ "kind": "park", "why": "deployed with no pods", "who": "Alice" });
    assert_eq!(stage.post("v1/plans/sonarqube/runs", &parked).await.status, 202);
    let park = stage.closed(0).await.created.run;
    let drill = stage.closed(1).await.created.run.to_string();
    let before = record(&stage, &drill).await;
    assert_eq!((&before["mode"]["rehearsal"], &before["return_to_normal"]["proven"]), (&json!(true), &json!(true)));
    assert_eq!(before["previous"], json!([]), "{park} is of another kind");
    assert!(before["cost"]["node_seconds"].as_u64().is_some_and(|it| it > 0), "{}", before["cost"]);
    assert!(before["next_due"]["at"].is_string() && before["next_due"]["drill"] == "standby", "{}", before["next_due"]);
    let noted = stage.post(&format!("v1/runs/{drill}/notes"), &lesson("the phone list is old")).await;
    assert_eq!((noted.status, &noted.json()["details"]), (200, &json!(["note 1: lesson"])));
    let stale = stage.post(&format!("v1/runs/{drill}/attestation"), &signature(&canonical::digest(&before))).await;
    assert!(stale.problem(409)["detail"].as_str().unwrap().contains("no longer the one"), "{stale:?}");
    let digest = canonical::digest(&record(&stage, &drill).await);
    let (path, sign) = (format!("v1/runs/{drill}/attestation"), signature(&digest));
    let (one, two) = tokio::join!(stage.post(&path, &sign), stage.post(&path, &sign));
    let mut codes = [one.status, two.status];
    codes.sort_unstable();
    assert_eq!(codes, [200, 409], "{one:?} {two:?}");
    let late = stage.post(&format!("v1/runs/{drill}/notes"), &lesson("late")).await;
    assert!(late.problem(409)["detail"].as_str().unwrap().contains("its record is final"), "{late:?}");
    assert_eq!(stage.say(&format!("runs/{drill}/abort")).await.status, 409);
    // The handler comes and goes; what was signed stays.
    stage.sandbox.host().kill_handler();
    let signed = stage.until("the record", async || {
        let reply = stage.get(&format!("v1/runs/{drill}/record")).await;
        (reply.status == 200).then(|| reply.json())
    });
    let signed = signed.await;
    assert_eq!(signed["attestation"]["record"], canonical::digest(&signed));
    assert_eq!((&signed["attestation"]["by"], &signed["attestation"]["said"]), (&json!("key alice"), &json!("Alice")));
    offline(&stage, &drill, &signed).await;
    stage.close().await;
}

/// An auditor has the record and the journal, and nothing else.
async fn offline(stage: &Stage, run: &str, signed: &Value) {
    let kept = stage.folder().join("record.json");
    std::fs::write(&kept, signed.to_string()).unwrap();
    let journal = stage.state().join(format!("logs/runs/{run}.log"));
    let (code, said) = verify(&[&kept, &journal]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("the journal holds this very signature, and ends with it"), "{said}");
    assert!(said.contains("what the machine knows was made again from the journal"), "{said}");
    std::fs::write(&kept, signed.to_string().replace("as planned", "as hoped")).unwrap();
    let (code, said) = verify(&[&kept, &journal]).await;
    assert!(code == 4 && said.contains("another signature"), "{said}");
}

/// An auditor accepts a real failover as a test, so it has a record as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_failover_has_a_record_in_every_form_and_no_secret_in_it() {
    let stage = Stage::open(calm()).await;
    stage.go_dark();
    let reply = stage.alert(fired(1).to_string()).await;
    let run = reply.json()["outcomes"][0]["run"].as_str().unwrap().to_owned();
    let early = stage.post(&format!("v1/runs/{run}/notes"), &lesson("too early")).await;
    assert!(early.problem(409)["detail"].as_str().unwrap().contains("not over yet"), "{early:?}");
    assert_eq!(stage.closed(0).await.outcome.unwrap().word(), SERVING);
    let json = record(&stage, &run).await;
    let read: Record = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(read.objectives[1].met, Some(true), "{:#?}", read.objectives);
    assert!(read.exclusions.iter().any(|it| it.contains("search index")), "{:?}", read.exclusions);
    let secrets = Secrets::of(&stage.sandbox);
    for accept in ["application/json", "text/markdown", "text/html"] {
        let request = stage.http.get(stage.url(&format!("v1/runs/{run}/record"))).header("accept", accept);
        let reply = stage.send(request).await;
        assert_eq!((reply.status, reply.kind.as_str()), (200, accept));
        assert!(reply.text.contains(&run), "{}", reply.text);
        assert_eq!(secrets.found_in("the record", &reply.text), Vec::<String>::new());
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_is_refused_with_what_to_do() {
    let stage = Stage::open(calm()).await;
    let nowhere = "v1/runs/sonarqube.20261122T030004Z.k3f9";
    for path in ["record", "record/"] {
        stage.get(&format!("{nowhere}/{path}")).await.problem(404);
    }
    stage.post(&format!("{nowhere}/notes"), &lesson("x")).await.problem(404);
    stage.post(&format!("{nowhere}/attestation"), &signature("ab")).await.problem(404);
    let unknown = json!({ "notes": [{ "about": "rumour", "what": "x" }] });
    stage.post(&format!("{nowhere}/notes"), &unknown).await.problem(400);
    let misspelt = json!({ "note": [] });
    let problem = stage.post(&format!("{nowhere}/notes"), &misspelt).await.problem(400);
    assert!(problem["next"].as_str().unwrap().contains("lesson"), "{problem}");
    stage
        .post(&format!("{nowhere}/attestation"), &json!({ "name": "A", "verdict": "perhaps", "notes": "b" }))
        .await
        .problem(400);
    stage.close().await;
}
