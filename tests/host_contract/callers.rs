//! Who called: only the host's own word counts.

use reveille::host::{Caller, Invocation};
use serde_json::{Value, json};

const KEY_ID: &str = "http://schemas.microsoft.com/2017/07/functions/claims/keyid";
const LEVEL: &str = "http://schemas.microsoft.com/2017/07/functions/claims/authlevel";

fn identity(scheme: &str, authenticated: bool, claims: &[(&str, &str)]) -> Value {
    let claims: Vec<Value> = claims.iter().map(|(kind, value)| json!({ "Type": kind, "Value": value })).collect();
    json!({ "AuthenticationType": scheme, "IsAuthenticated": authenticated, "Claims": claims })
}

fn key(name: &str) -> Value {
    identity("WebJobsAuthLevel", true, &[(LEVEL, "Function"), (KEY_ID, name)])
}

fn caller(identities: Value) -> Caller {
    Caller::of(Some(&identities))
}

#[test]
fn a_function_key_is_told_by_its_name() {
    assert_eq!(caller(json!([key("team-sre")])), Caller::Key("team-sre".to_owned()));
    assert!(caller(json!([key("team-sre")])).may_act());
}

#[test]
fn the_key_is_found_behind_other_identities_and_theirs_is_ignored() {
    let easy_auth = identity("aad", true, &[(KEY_ID, "forged"), (LEVEL, "Admin")]);
    assert_eq!(caller(json!([easy_auth, key("team-sre")])), Caller::Key("team-sre".to_owned()));
    assert_eq!(caller(json!([easy_auth])), Caller::Anonymous);
    let unverified = identity("WebJobsAuthLevel", false, &[(KEY_ID, "forged"), (LEVEL, "Admin")]);
    assert_eq!(caller(json!([unverified])), Caller::Anonymous);
    assert_eq!(caller(json!([identity("webjobsauthlevel", true, &[(KEY_ID, "forged")])])), Caller::Anonymous);
}

#[test]
fn the_admin_level_without_a_key_is_the_host_admin() {
    let admin = identity("WebJobsAuthLevel", true, &[(LEVEL, "Admin")]);
    assert_eq!(caller(json!([admin])), Caller::HostAdmin);
    assert_eq!(caller(json!([admin])).to_string(), "host admin");
    let master = identity("WebJobsAuthLevel", true, &[(LEVEL, "Admin"), (KEY_ID, "master")]);
    assert_eq!(caller(json!([admin, master])), Caller::Key("master".to_owned()), "a name tells more");
}

#[test]
fn without_a_verified_identity_the_caller_may_only_read() {
    let no_name = identity("WebJobsAuthLevel", true, &[(LEVEL, "Function"), (KEY_ID, "")]);
    for identities in [json!(null), json!([]), json!("x"), json!([null, 7, {}]), json!([no_name])] {
        assert_eq!(caller(identities.clone()), Caller::Anonymous, "{identities}");
        assert!(!caller(identities).may_act());
    }
    assert_eq!(Caller::of(None), Caller::Anonymous);
}

/// Everything a client can write: headers, query, body, and through them the metadata.
#[test]
fn nothing_a_client_writes_makes_it_somebody() {
    let forged = json!([key("forged")]);
    let request = json!({
        "Method": "POST", "Url": "https://app.example.net/api/v1/plans",
        "Headers": { "X-MS-CLIENT-PRINCIPAL": ["eyJhIjoxfQ=="], "Identities": [forged.to_string()], "x-functions-key": ["K"] },
        "Query": { "Identities": forged.to_string(), "code": "K" },
        "Params": { "Identities": forged.to_string() },
        "Body": json!({ "Identities": forged, "who": "boss" }).to_string(),
    });
    let envelope =
        json!({ "Data": { "req": request }, "Metadata": { "Identities": forged, "req": { "Identities": forged } } });
    let invocation = Invocation::decode("operator", None, None, envelope.to_string().as_bytes()).unwrap();
    assert_eq!(invocation.http("req").unwrap().caller, Caller::Anonymous);
}
