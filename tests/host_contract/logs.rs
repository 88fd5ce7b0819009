//! Logs: JSON lines that tell whose they are, and tell no secret.

use super::support::{Capture, Served};
use reveille::domain::secret::{Secret, SignedUrl};
use reveille::host::routes::{ALERT, Route};
use reveille::host::{Answer, Functions, HttpAnswer, logging};
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// Collects the lines that are written while `work` runs on this thread.
async fn lines_of(level: Option<&str>, work: impl Future<Output = ()>) -> Vec<Value> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    let subscriber = logging::subscriber(level, Arc::new(move |line: &str| sink.lock().unwrap().push(line.to_owned())));
    let guard = tracing::subscriber::set_default(subscriber);
    work.await;
    drop(guard);
    let lines = lines.lock().unwrap();
    lines.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"))).collect()
}

/// Logs everything a careless handler could.
fn careless() -> Functions {
    Functions::new().with(Route { name: "secured", ..ALERT }, |invocation| async move {
        let request = invocation.http("req")?;
        let _run = tracing::info_span!("run", plan = "sonarqube", run = "sonarqube.r1").entered();
        tracing::info!(?invocation, ?request, url = request.url, "called");
        tracing::info!("as the client wrote it: /api/secured?code=KEY with x-functions-key: KEY\nand a second line");
        let signed = SignedUrl::new("https://management.azure.com/operations/1?s=KEY");
        tracing::warn!(?signed, password = %Secret::new("KEY"), raw = signed.expose(), "signed");
        Ok(Answer::http(HttpAnswer::text(200, "text/plain", "ok")).log("https://x.example/?sig=KEY"))
    })
}

#[tokio::test]
async fn every_line_tells_whose_it_is_and_no_line_tells_a_secret() {
    let lines = lines_of(None, async {
        let served = Served::start(careless()).await;
        for name in ["http-function-key", "http-key-header"] {
            let answer = served.raw(&Capture::named(name).wire()).await;
            assert!(!answer.body.contains("KEY"), "{answer:?}");
        }
    })
    .await;
    let called: Vec<&Value> = lines.iter().filter(|line| line["message"] == "called").collect();
    assert_eq!(called.len(), 2);
    let by_header = called[1];
    assert_eq!(by_header["function"], "secured");
    assert_eq!(by_header["invocation_id"], "a2c352be-e74d-473f-873a-96c683d59aaa");
    assert_eq!(by_header["trace_parent"], "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    assert_eq!((&by_header["plan"], &by_header["run"]), (&"sonarqube".into(), &"sonarqube.r1".into()));
    assert_eq!(by_header["level"], "info");
    for line in &lines {
        assert!(!line.to_string().contains("KEY"), "{line}");
    }
    assert!(lines.iter().any(|line| line["message"] == "the function answered" && line["status"] == 200));
}

#[tokio::test]
async fn the_level_comes_from_the_environment_and_is_info_by_default() {
    let work = || async {
        tracing::debug!("detail");
        tracing::info!("news");
    };
    let count = |lines: Vec<Value>| lines.len();
    assert_eq!(count(lines_of(None, work()).await), 1);
    assert_eq!(count(lines_of(Some(""), work()).await), 1);
    assert_eq!(count(lines_of(Some("debug"), work()).await), 2);
    assert_eq!(count(lines_of(Some("error"), work()).await), 0);
    assert_eq!(count(lines_of(Some("hyper=debug"), work()).await), 1, "the default is added to, not replaced");
    assert_eq!(count(lines_of(Some("all=of=it"), work()).await), 1, "nonsense means the default");
}

#[tokio::test]
async fn an_error_is_logged_with_its_whole_chain() {
    let lines = lines_of(Some("error"), async {
        let functions = Functions::new().with(ALERT, |_| async {
            let source = std::io::Error::other("see https://st.blob.core.windows.net/x?sig=KEY");
            Err(reveille::host::FunctionError::failed("writing the ledger", source))
        });
        Served::start(functions).await.post("alert", "{\"Data\":{}}").await;
    })
    .await;
    let told = lines.iter().find(|line| line["level"] == "error").unwrap();
    assert_eq!(told["error"], "writing the ledger failed: see https://st.blob.core.windows.net/x?sig=redacted");
    assert_eq!(told["function"], "alert");
}
