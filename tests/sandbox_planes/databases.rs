use std::time::SystemTime;

use reveille::sandbox::world::{Darkness, Outcome, PromoteMode, PromoteOption, Promotion};
use tokio_postgres::types::PgLsn;
use tokio_postgres::{Client, Error, SimpleQueryMessage};

use super::support::{Stage, eventually};

fn code(error: &Error) -> String {
    error.code().map(|code| code.code().to_owned()).unwrap_or_default()
}

async fn simple_value(client: &Client, sql: &str) -> Option<String> {
    let messages = client.simple_query(sql).await.unwrap();
    messages.into_iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_proves_itself_writable_in_the_extended_protocol() {
    let stage = Stage::set().await;
    let mut client = stage.database(0).await;
    let row = client.query_one("SELECT pg_is_in_recovery(), version(), now(), current_database()", &[]).await.unwrap();
    assert!(!row.get::<_, bool>(0));
    assert!(row.get::<_, &str>(1).starts_with("PostgreSQL 16"));
    let _: SystemTime = row.get(2);
    assert_eq!(row.get::<_, &str>(3), "sonarqube");

    let transaction = client.transaction().await.unwrap();
    let row = transaction.query_one("show transaction_read_only", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), "off");
    let sql = "update reveille_canary set counter = counter + 1, written_at = now(), written_by = $1 where id = $2 \
               returning written_at, counter";
    let row = transaction.query_one(sql, &[&"run-1", &1_i32]).await.unwrap();
    let _: SystemTime = row.get(0);
    assert_eq!(row.get::<_, i64>(1), 1);
    let before: PgLsn = transaction.query_one("select pg_current_wal_lsn()", &[]).await.unwrap().get(0);
    let id: i64 = transaction.query_one("select txid_current()", &[]).await.unwrap().get(0);
    transaction.commit().await.unwrap();
    let sql = "select pg_logical_emit_message(true, 'reveille', $1)";
    let after: PgLsn = client.query_one(sql, &[&"canary"]).await.unwrap().get(0);
    assert!(after > before && id > 0);
    let by: String = client.query_one("select written_by from reveille_canary", &[]).await.unwrap().get(0);
    assert_eq!(by, "run-1");
    assert!(stage.unknown().is_empty(), "{:?}", stage.unknown());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simple_protocol_says_the_same() {
    let stage = Stage::set().await;
    let client = stage.database(0).await;
    assert_eq!(simple_value(&client, "select pg_is_in_recovery()").await.as_deref(), Some("f"));
    assert_eq!(simple_value(&client, "select current_setting('transaction_read_only')").await.as_deref(), Some("off"));
    client.batch_execute("begin; update reveille_canary set written_by = 'x'; rollback").await.unwrap();
    assert_eq!(simple_value(&client, "select written_by from reveille_canary").await, None);
    client.batch_execute("begin; update reveille_canary set written_by = 'y'; commit").await.unwrap();
    assert_eq!(simple_value(&client, "select written_by from reveille_canary").await.as_deref(), Some("y"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_in_recovery_and_takes_no_writes() {
    let stage = Stage::set().await;
    let client = stage.database(1).await;
    let row = client.query_one("select pg_is_in_recovery(), current_setting('transaction_read_only')", &[]).await;
    let row = row.unwrap();
    assert!(row.get::<_, bool>(0));
    assert_eq!(row.get::<_, &str>(1), "on");
    for (sql, wanted) in [
        ("update reveille_canary set written_at = now()", "25006"),
        ("create table if not exists reveille_canary (id int)", "25006"),
        ("select txid_current()", "25006"),
        ("select pg_current_wal_lsn()", "55000"),
        ("select pg_logical_emit_message(true, 'reveille', 'x')", "XX000"),
        ("begin read write", "0A000"),
    ] {
        let error = client.batch_execute(sql).await.unwrap_err();
        assert_eq!(code(&error), wanted, "{sql}: {error:?}");
    }
    let error = client.query("update reveille_canary set written_at = now()", &[]).await.unwrap_err();
    let message = error.as_db_error().unwrap().message();
    assert_eq!(message, "cannot execute UPDATE in a read-only transaction");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_server_refuses_the_update_but_takes_the_logical_message() {
    let stage = Stage::set().await;
    stage.world.change_server("pg-sonar-eastus2", |server| server.read_only = true);
    let mut client = stage.database(0).await;
    let transaction = client.transaction().await.unwrap();
    let sql = "select pg_is_in_recovery(), current_setting('transaction_read_only')";
    let row = transaction.query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get::<_, bool>(0), row.get::<_, &str>(1)), (false, "on"));
    transaction.query_one("select pg_logical_emit_message(true, 'reveille', 'x')", &[]).await.unwrap();
    let error = transaction.execute("update reveille_canary set written_at = now()", &[]).await.unwrap_err();
    assert_eq!(code(&error), "25006");
    let error = transaction.query("select 1", &[]).await.unwrap_err();
    assert_eq!(code(&error), "25P02", "the block is spoilt");
    transaction.rollback().await.unwrap();
    client.query_one("select 1", &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_canary_table_the_update_says_so() {
    let stage = Stage::set_with(|world| world.configure(|settings| settings.canary = false)).await;
    let client = stage.database(0).await;
    let error = client.execute("update reveille_canary set written_at = now()", &[]).await.unwrap_err();
    assert_eq!(code(&error), "42P01");
    assert!(stage.unknown().is_empty(), "a missing table is a case of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_told_apart() {
    let stage = Stage::set().await;
    let error = stage.login(0, "reveille", "wrong").await.err().unwrap();
    assert_eq!(code(&error), "28P01", "{error:?}");
    let error = stage.login(0, "dr-identity", "no token").await.err().unwrap();
    assert_eq!(code(&error), "28P01", "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entra_token_for_the_database_is_a_password_and_one_for_arm_is_not() {
    let stage = Stage::set().await;
    let identity = stage.world.system_identity().unwrap();
    let (token, _) = stage.world.issue_token(&identity, "https://ossrdbms-aad.database.windows.net");
    let client = stage.login(0, "dr-identity", &token).await.unwrap();
    let user: String = client.query_one("select current_user", &[]).await.unwrap().get(0);
    assert_eq!(user, "dr-identity");
    let (token, _) = stage.world.issue_token(&identity, "https://management.azure.com");
    assert!(stage.login(0, "dr-identity", &token).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dark_database_is_out_of_reach_and_drops_who_is_connected() {
    let stage = Stage::set().await;
    let client = stage.database(0).await;
    stage.world.set_darkness("eastus2", Darkness::with_database());
    eventually("connections end", async || client.query("select 1", &[]).await.is_err() && client.is_closed()).await;
    eventually("refused", async || stage.login(0, "reveille", "sandbox-password").await.is_err()).await;
    stage.world.set_darkness("eastus2", Darkness::outage());
    eventually("back", async || stage.login(0, "reveille", "sandbox-password").await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_server_takes_writes_on_the_next_statement() {
    let stage = Stage::set().await;
    let client = stage.database(1).await;
    let promotion = Promotion { mode: PromoteMode::Switchover, option: PromoteOption::Forced };
    stage.world.promote("pg-sonar-centralus", promotion, Outcome::default()).unwrap();
    let sql = "update reveille_canary set written_at = now()";
    eventually("writable", async || client.execute(sql, &[]).await.is_ok()).await;
    let old = stage.database(0).await;
    let recovers: bool = old.query_one("select pg_is_in_recovery()", &[]).await.unwrap().get(0);
    assert!(recovers);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_does_not_know_it_refuses_and_reports() {
    let stage = Stage::set().await;
    let client = stage.database(0).await;
    for (sql, wanted) in [
        ("selct 1", "42601"),
        ("drop table reveille_canary", "42601"),
        ("select pg_sleep(1)", "42883"),
        ("select 1 + now()", "42883"),
        ("show work_memory", "42704"),
    ] {
        let error = client.query(sql, &[]).await.unwrap_err();
        assert_eq!(code(&error), wanted, "{sql}");
    }
    let error = client.query("select nothing from reveille_canary", &[]).await.unwrap_err();
    assert_eq!(code(&error), "42703");
    assert_eq!(stage.unknown().len(), 5, "{:?}", stage.unknown());
}
