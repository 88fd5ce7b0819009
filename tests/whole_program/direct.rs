//! Break glass: the command line on the app's own store, while the function app is frozen, alive, or killed again and again.

use crate::cli::command::{Ended, reveille};
use crate::support::alerts::fired;
use crate::support::stage::{HANDLER, SERVING, Stage, calm};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reveille::sandbox::Options;
use serde_json::json;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// The function app's handler does not run, until this is dropped.
struct Frozen(i32);

impl Frozen {
    fn handler(stage: &Stage) -> Self {
        let pid = stage.sandbox.host().handler_pid().unwrap() as i32;
        signal(pid, libc::SIGSTOP);
        Self(pid)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        signal(self.0, libc::SIGCONT);
    }
}

fn signal(pid: i32, signal: i32) {
    // SAFETY: sends a signal to a process that this test started.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0, "{}", std::io::Error::last_os_error());
}

/// A call with the app's settings in its environment, as somebody has who stands in its folder.
async fn direct(stage: &Stage, command: &str, folder: &Path, az: bool) -> Ended {
    let mut call = reveille(command);
    for (name, value) in settings(stage, az) {
        call = call.set(name, value);
    }
    call.within(folder).run().await
}

/// `az`: without a managed identity, but with somebody logged in.
fn settings(stage: &Stage, az: bool) -> Vec<(&'static str, String)> {
    const TAKEN: [&str; 5] =
        ["SSL_CERT_FILE", "PG_PASSWORD", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "REVEILLE_CONFIG"];
    let env = stage.sandbox.host_options().env;
    let is_taken = |name: &&str| !(az && name.starts_with("IDENTITY"));
    let taken = TAKEN.into_iter().filter(is_taken).filter_map(|name| Some((name, env.get(name)?.to_owned())));
    taken.chain([("PATH", path(stage))]).collect()
}

/// With a stand-in for the Azure CLI before everything else, which is logged in as Ann.
fn path(stage: &Stage) -> String {
    format!("{}:{}", stage.folder().join("bin").display(), std::env::var("PATH").unwrap())
}

fn log_ann_in(stage: &Stage) {
    let token = stage.sandbox.endpoints().access_token;
    let answer = json!({ "accessToken": token, "expires_on": 4_102_444_800_u64, "tokenType": "Bearer" });
    let az = stage.folder().join("bin/az");
    std::fs::create_dir_all(az.parent().unwrap()).unwrap();
    std::fs::write(&az, format!("#!/bin/sh\necho '{answer}'\n")).unwrap();
    std::fs::set_permissions(&az, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_function_app_a_failover_goes_all_its_way_from_here() {
    let stage = Stage::open(calm()).await;
    let frozen = Frozen::handler(&stage);
    log_ann_in(&stage);
    stage.go_dark();
    let app = stage.folder().join("app");
    let shown = direct(&stage, "failover sonarqube --direct --why \"the app is gone\"", &app, true).await;
    assert_eq!(shown.code, 0, "{}", shown.everything());
    assert!(shown.stderr.contains("  reveille --direct failover sonarqube --why"), "{}", shown.everything());
    assert_eq!(stage.touched(), Vec::<String>::new());
    let done = direct(&stage, "failover sonarqube --direct --why \"the app is gone\" --execute", &app, true).await;
    assert_eq!(done.code, 0, "{}", done.everything());
    assert!(
        done.stdout.contains("application aaaaaaaa-0000-4000-8000-000000000001, directly: the app is gone"),
        "{}",
        done.everything()
    );
    assert!(done.stdout.contains("Serving from centralus"), "{}", done.everything());
    let status = direct(&stage, "status sonarqube --direct=reveille.toml", &app, true).await;
    assert!(status.stdout.contains("serves      centralus"), "{}", status.everything());
    assert_eq!(stage.touched().len(), 2, "one stop and one start: {:?}", stage.touched());
    drop(frozen);
    // What it was to do meanwhile, the app does now: nothing.
    sleep(Duration::from_secs(2)).await;
    assert_eq!(stage.aftermath().await.runs.len(), 1);
    assert_eq!(stage.touched().len(), 2, "{:?}", stage.touched());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_of_the_lost_app_asks_can_be_approved_and_carried_out_from_here() {
    let mut scenario = calm();
    scenario.plan.automation = "approve".into();
    let stage = Stage::open(scenario).await;
    stage.go_dark();
    assert_eq!(stage.alert(fired(1).to_string()).await.status, 202);
    let asking = async || stage.plan().await["active"]["needs_operator"].as_bool().filter(|asks| *asks);
    stage.until("a question", asking).await;
    let run = stage.aftermath().await.runs.into_keys().next().unwrap();
    let frozen = Frozen::handler(&stage);
    let app = stage.folder().join("app");
    let word = direct(&stage, &format!("approve {run} --direct --why \"seen from here\" --execute"), &app, false).await;
    assert_eq!(word.code, 0, "{}", word.everything());
    assert_eq!(stage.aftermath().await.runs[&run].outcome.as_ref().unwrap().word(), SERVING, "{}", word.everything());
    drop(frozen);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_logged_in_and_no_configuration_are_told_with_what_to_do() {
    let stage = Stage::open(calm()).await;
    let app = stage.folder().join("app");
    std::fs::create_dir_all(stage.folder().join("bin")).unwrap();
    let az = stage.folder().join("bin/az");
    std::fs::write(&az, "#!/bin/sh\necho \"Please run 'az login' to setup account.\" >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&az, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let nobody = direct(&stage, "status --direct", &app, true).await;
    assert_eq!(nobody.code, 1, "{}", nobody.everything());
    assert!(nobody.stderr.contains("run `az login`"), "{}", nobody.everything());
    let nothing = direct(&stage, "status --direct=nothing.toml", &app, true).await;
    assert_eq!(nothing.code, 64, "{}", nothing.everything());
    assert!(nothing.stderr.contains("nothing.toml"), "{}", nothing.everything());
    stage.close().await;
}

// --- two drivers ------------------------------------------------------------------------------------------------------

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

/// `REVEILLE_DIRECT_SEEDS` says how many, `REVEILLE_DIRECT_FROM` which is the first, `REVEILLE_DIRECT_HANDLER` may name the
/// deployed binary, `REVEILLE_DIRECT_AT_ONCE` how many are played beside each other.
#[tokio::test(flavor = "multi_thread")]
async fn killed_handlers_and_a_killed_driver_beside_them_act_once() {
    use futures::StreamExt;
    let (from, count) = (setting("REVEILLE_DIRECT_FROM", 0), setting("REVEILLE_DIRECT_SEEDS", 3));
    let at_once = setting("REVEILLE_DIRECT_AT_ONCE", 3) as usize;
    let played = futures::stream::iter(from..from + count).map(two_drivers).buffer_unordered(at_once);
    let played: Vec<Played> = played.collect().await;
    let faults: Vec<&str> = played.iter().filter_map(|it| it.fault.as_deref()).collect();
    assert!(faults.is_empty(), "{} of {count}:\n{}", faults.len(), faults.join("\n\n"));
    let driven = played.iter().filter(|it| it.driven_directly).count();
    let kills: usize = played.iter().map(|it| it.kills).sum();
    println!("{count} recoveries under {kills} kills, {driven} of them driven from outside of the app at some time");
    assert!(driven > 0, "nobody drove from outside of the app");
}

struct Played {
    fault: Option<String>,
    driven_directly: bool,
    kills: usize,
}

async fn two_drivers(seed: u64) -> Played {
    let mut random = StdRng::seed_from_u64(seed);
    let handler = std::env::var("REVEILLE_DIRECT_HANDLER").unwrap_or_else(|_| HANDLER.to_owned());
    let stage = Stage::open_with(Options::new(calm(), &handler)).await;
    stage.go_dark();
    let mut beside = Beside::start(&stage, &handler);
    let run = stage.until("a run", async || stage.aftermath().await.runs.into_keys().next()).await;
    beside.follow(&handler, run.as_str());
    assert_eq!(stage.alert(fired(1).to_string()).await.status, 202);
    let is_over = async || {
        let left = stage.aftermath().await;
        left.runs.values().all(|run| run.closed)
    };
    let mut kills = 0;
    while !is_over().await && kills < 100 {
        sleep(Duration::from_millis(random.random_range(200..3_000))).await;
        match random.random_range(0..2) {
            0 => stage.sandbox.host().kill_handler(),
            _ => beside.kill_and_start_again(&stage).await,
        }
        kills += 1;
    }
    beside.kill().await;
    let left = stage.aftermath().await;
    let outcomes: Vec<_> = left.runs.values().map(|run| run.outcome.as_ref().map(|it| it.word().to_owned())).collect();
    let touched = stage.touched();
    let fine = outcomes == [Some(SERVING.to_owned())] && touched.len() == 2;
    let driven_directly = left.drivers.values().flatten().any(|driver| driver.instance.starts_with("direct-"));
    let fault = (!fine).then(|| format!("seed {seed}: {outcomes:?}, {touched:?}\n{}", stage.story()));
    stage.close().await;
    Played { fault, driven_directly, kills }
}

/// A person's `failover --direct`, and `watch --direct` when that was killed: both drive.
struct Beside {
    command: Vec<String>,
    child: Child,
}

impl Beside {
    fn start(stage: &Stage, handler: &str) -> Self {
        let words = [handler, "failover", "sonarqube", "--direct", "--why", "the app is in trouble", "--execute"];
        let command = words.map(str::to_owned).to_vec();
        let child = Self::spawn(stage, &command);
        Self { command, child }
    }

    /// What is started again.
    fn follow(&mut self, handler: &str, run: &str) {
        self.command = [handler, "watch", run, "--direct"].map(str::to_owned).to_vec();
    }

    fn spawn(stage: &Stage, command: &[String]) -> Child {
        let mut child = Command::new(&command[0]);
        child.args(&command[1..]).env_clear().envs(settings(stage, false)).current_dir(stage.folder().join("app"));
        child.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap()
    }

    async fn kill_and_start_again(&mut self, stage: &Stage) {
        self.kill().await;
        self.child = Self::spawn(stage, &self.command);
    }

    async fn kill(&mut self) {
        let _ = self.child.kill().await;
    }
}
