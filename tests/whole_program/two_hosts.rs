//! Two Functions hosts, each with a handler of its own, on one state and one queue: as when the app is scaled out.

use crate::support::alerts::fired;
use crate::support::stage::{HANDLER, SERVING, Stage, calm, reply};
use reveille::sandbox::Options;
use reveille::sandbox::host::{FunctionsHost, Outcome, Storage, StorageTimes, Worker};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// The second host, and its handler below a process of its own: an instance is told by its handler's parent.
struct Second {
    host: FunctionsHost,
    shell: Child,
    handler: u32,
}

async fn open() -> (Stage, Second) {
    let mut scenario = calm();
    // Long enough for everything that happens meanwhile.
    scenario.world.start = Duration::from_secs(4);
    let mut options = Options::new(scenario, HANDLER);
    // What an instance had in hand is another's soon, where a real storage account takes minutes.
    let second = Duration::from_secs(1);
    options.storage = Storage::new(StorageTimes { hiding: second * 5, lock_lease: second * 2, lock_poll: second });
    let stage = Stage::open_with(options).await;
    let other = Second::start(&stage).await;
    (stage, other)
}

impl Second {
    async fn start(stage: &Stage) -> Self {
        let mut options = stage.sandbox.host_options();
        let address = free_port();
        let pid_file = stage.folder().join("second");
        let script = format!("'{HANDLER}' serve & echo $! > '{0}.new' && mv '{0}.new' '{0}'; wait", pid_file.display());
        let shell = Command::new("/bin/sh")
            .args(["-c", &script])
            .current_dir(&options.app_dir)
            .envs(&options.env)
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", address.port().to_string())
            .env("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "second")
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        options.worker = Worker::Attached(address);
        let host = FunctionsHost::start(options).await.unwrap();
        host.ready().await.unwrap();
        let pid = async || std::fs::read_to_string(&pid_file).ok()?.trim().parse().ok();
        let handler = stage.until("the second handler", pid).await;
        Self { host, shell, handler }
    }

    /// The whole instance is gone at once.
    async fn kill(mut self) {
        signal(self.handler, libc::SIGKILL);
        drop(self.host);
        self.shell.wait().await.unwrap();
    }
}

fn free_port() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

fn signal(pid: u32, signal: i32) {
    // SAFETY: sends a signal to a process that this test started.
    assert_eq!(unsafe { libc::kill(pid as i32, signal) }, 0, "{}", std::io::Error::last_os_error());
}

async fn post(stage: &Stage, host: &FunctionsHost) -> String {
    let url = format!("{}/api/alert", host.url());
    let request = stage.http.post(url).header("x-functions-key", stage.key()).body(fired(1).to_string());
    let reply = reply(request).await;
    assert_eq!(reply.status, 202, "{reply:?}");
    reply.json()["outcomes"][0]["run"].as_str().unwrap().to_owned()
}

fn wake(stage: &Stage, run: &str) {
    stage.sandbox.host().storage().send("reveille-runs", &format!(r#"{{"run":"{run}"}}"#)).unwrap();
}

fn answered(host: &FunctionsHost, function: &str) -> usize {
    let calls = host.invocations();
    calls.iter().filter(|call| call.function == function && call.outcome == Some(Outcome::Succeeded)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_make_one_run_and_act_once() {
    let (stage, second) = open().await;
    let first = stage.sandbox.host();
    stage.go_dark();
    let posts = (0..40).map(|number| post(&stage, if number % 2 == 0 { &first } else { &second.host }));
    let runs: BTreeSet<String> = futures::future::join_all(posts).await.into_iter().collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    // Wake-ups for both, again and again.
    let run = runs.into_iter().next().unwrap();
    for _ in 0..10 {
        wake(&stage, &run);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(stage.closed(0).await.outcome.unwrap().word(), SERVING, "{}", stage.story());
    assert_eq!(stage.touched().len(), 2, "one stop and one start: {:?}", stage.touched());
    assert!(answered(&first, "run") > 0 && answered(&second.host, "run") > 0, "both were woken");
    assert_eq!(stage.aftermath().await.runs.len(), 1);
    assert!(stage.sandbox.host().poison().is_empty(), "{:?}", stage.sandbox.host().poison());
    second.kill().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_host_that_drives_is_gone_the_other_goes_on() {
    let (stage, second) = open().await;
    let first = stage.sandbox.host();
    // The first instance is held, so that the second one takes the run.
    let held = first.handler_pid().unwrap();
    signal(held, libc::SIGSTOP);
    stage.go_dark();
    let run = post(&stage, &second.host).await;
    let drives = async || {
        wake(&stage, &run);
        let left = stage.aftermath().await;
        left.drivers.values().flatten().any(|driver| driver.worker == "second").then_some(())
    };
    stage.until("the second instance", drives).await;
    stage.until("the accepted start", async || (stage.touched().len() == 2).then_some(())).await;
    signal(held, libc::SIGCONT);
    second.kill().await;
    let ended = stage.closed(0).await;
    assert_eq!(ended.outcome.as_ref().unwrap().word(), SERVING, "{}", stage.story());
    assert_eq!(stage.touched().len(), 2, "one stop and one start: {:?}", stage.touched());
    let drivers = &stage.aftermath().await.drivers[&ended.created.run];
    let instances: BTreeSet<&str> = drivers.iter().map(|driver| driver.instance.as_str()).collect();
    assert_eq!(instances.len(), 2, "{drivers:?}");
    stage.close().await;
}
