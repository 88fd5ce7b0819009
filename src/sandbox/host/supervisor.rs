//! Keeps one handler process alive: start, readiness, crash, kill. The same port at every start.

use std::io;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Child;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout};

use super::client::WorkerClient;
use super::crash::{Crashes, Verdict};
use super::log::{Level, Log};
use super::process::{LastErrors, Launch};

const PROBE_EVERY: Duration = Duration::from_millis(25);
/// How long the host waits for the process to be gone after SIGKILL.
const KILL_WAIT: Duration = Duration::from_secs(1);

/// The handler as the host sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerState {
    Starting,
    Ready,
    /// It ended with exit code 0 and is not started again.
    Down,
    /// The host itself has stopped, for this reason.
    HostStopped(String),
}

#[derive(Debug)]
enum Order {
    /// Kill and start again, unless it is another process by now.
    Restart {
        pid: Option<u32>,
    },
    /// SIGKILL from outside, which the host then sees as a crash.
    Kill,
    /// Give the living process away.
    Orphan(oneshot::Sender<Option<Child>>),
    StopHost(String),
}

/// Handle of the task that keeps the process.
#[derive(Debug, Clone)]
pub struct Supervisor {
    state: watch::Receiver<WorkerState>,
    pid: watch::Receiver<Option<u32>>,
    orders: mpsc::UnboundedSender<Order>,
    patience: Duration,
}

impl Supervisor {
    /// Without `launch` the handler is somebody else's process that already listens; it is never started or killed.
    pub fn start(
        launch: Option<Launch>,
        client: Arc<WorkerClient>,
        initialization: Duration,
        log: Log,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (state, state_seen) = watch::channel(WorkerState::Starting);
        let (pid, pid_seen) = watch::channel(None);
        let (orders, ordered) = mpsc::unbounded_channel();
        let keeper =
            Keeper { launch, client, initialization, log, state, pid, orders: ordered, crashes: Crashes::default() };
        let handle = Self { state: state_seen, pid: pid_seen, orders, patience: initialization * 4 };
        (handle, keeper.run())
    }

    pub fn state(&self) -> WorkerState {
        self.state.borrow().clone()
    }

    pub fn pid(&self) -> Option<u32> {
        *self.pid.borrow()
    }

    /// Waits until a call can be tried. A handler that is never ready takes the host down with it.
    ///
    /// # Errors
    /// Why the host has stopped.
    pub async fn available(&self) -> Result<(), String> {
        let mut state = self.state.clone();
        let seen = timeout(self.patience, state.wait_for(|state| *state != WorkerState::Starting)).await;
        match seen.map(|state| state.map(|state| state.clone())) {
            Ok(Ok(WorkerState::HostStopped(reason))) => Err(reason),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err("the host is gone".into()),
            Err(_) => {
                let reason = "the handler was not ready in time".to_owned();
                self.order(Order::StopHost(reason.clone()));
                Err(reason)
            }
        }
    }

    /// Resolves when the host has stopped.
    pub async fn stopped(&self) {
        // An error means that the keeper is gone, which is stopped too.
        let _ = self.state.clone().wait_for(|state| matches!(state, WorkerState::HostStopped(_))).await;
    }

    /// Kills that process and starts a new one: what a timed-out function does to all others.
    pub fn restart(&self, pid: Option<u32>) {
        self.order(Order::Restart { pid });
    }

    pub fn kill(&self) {
        self.order(Order::Kill);
    }

    pub fn stop_host(&self, reason: &str) {
        self.order(Order::StopHost(reason.to_owned()));
    }

    /// Takes the living process out of the host's hands.
    pub async fn orphan(&self) -> Option<Child> {
        let (give, taken) = oneshot::channel();
        self.order(Order::Orphan(give));
        taken.await.ok().flatten()
    }

    fn order(&self, order: Order) {
        // A keeper that is gone has nothing left to do.
        let _ = self.orders.send(order);
    }
}

struct Keeper {
    launch: Option<Launch>,
    client: Arc<WorkerClient>,
    initialization: Duration,
    log: Log,
    state: watch::Sender<WorkerState>,
    pid: watch::Sender<Option<u32>>,
    orders: mpsc::UnboundedReceiver<Order>,
    crashes: Crashes,
}

/// How the life of one process ended.
enum End {
    Exited(io::Result<ExitStatus>),
    NeverReady,
    Restart,
    Orphan(oneshot::Sender<Option<Child>>),
    StopHost(String),
}

impl Keeper {
    async fn run(mut self) {
        let reason = match self.launch.clone() {
            None => self.attend_attached().await,
            Some(launch) => self.keep(&launch).await,
        };
        self.log.host(Level::Warning, format!("host stopped: {reason}"));
        self.pid.send_replace(None);
        self.state.send_replace(WorkerState::HostStopped(reason));
    }

    /// Returns why the host stopped.
    async fn keep(&mut self, launch: &Launch) -> String {
        loop {
            self.state.send_replace(WorkerState::Starting);
            let (mut child, errors) = match launch.spawn(&self.log) {
                Ok(started) => started,
                Err(error) => return self.never_spawned(launch, &error).await,
            };
            self.pid.send_replace(child.id());
            match self.attend(&mut child).await {
                End::Restart => {
                    self.state.send_replace(WorkerState::Starting);
                    kill(&mut child).await;
                }
                End::Exited(status) => match self.judge(status, &errors) {
                    Verdict::Restart => {}
                    Verdict::StayDown => return self.stay_down().await,
                    Verdict::StopHost => return "Exceeded http worker restart retry count".into(),
                },
                End::NeverReady => {
                    kill(&mut child).await;
                    if self.crashes.failed(Instant::now()) == Verdict::StopHost {
                        return "Exceeded http worker restart retry count".into();
                    }
                }
                End::Orphan(give) => {
                    let _ = give.send(Some(child));
                    return "killed, its handler left behind".into();
                }
                End::StopHost(reason) => {
                    kill(&mut child).await;
                    return reason;
                }
            }
        }
    }

    async fn attend(&mut self, child: &mut Child) -> End {
        let ready = wait_ready(self.client.clone(), self.initialization);
        tokio::pin!(ready);
        let mut waiting = true;
        loop {
            tokio::select! {
                status = child.wait() => return End::Exited(status),
                is_ready = &mut ready, if waiting => {
                    waiting = false;
                    if !is_ready {
                        self.log.host(Level::Error, "the handler did not answer GET / in time");
                        return End::NeverReady;
                    }
                    self.state.send_replace(WorkerState::Ready);
                }
                order = self.orders.recv() => match self.obey(order, child) {
                    Some(end) => return end,
                    None => continue,
                },
            }
        }
    }

    fn obey(&self, order: Option<Order>, child: &mut Child) -> Option<End> {
        match order {
            Some(Order::Restart { pid }) => (pid == child.id()).then_some(End::Restart),
            Some(Order::Kill) => {
                // Already dead is just as well.
                let _ = child.start_kill();
                None
            }
            Some(Order::Orphan(give)) => Some(End::Orphan(give)),
            Some(Order::StopHost(reason)) => Some(End::StopHost(reason)),
            None => Some(End::StopHost("dropped".into())),
        }
    }

    fn judge(&mut self, status: io::Result<ExitStatus>, errors: &LastErrors) -> Verdict {
        self.state.send_replace(WorkerState::Starting);
        self.pid.send_replace(None);
        let code = status.as_ref().ok().and_then(ExitStatus::code);
        let how = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        let last = errors.lock().map(|lines| Vec::from(lines.clone()).join(" / ")).unwrap_or_default();
        self.log.host(Level::Error, format!("the handler ended ({how}) {last}"));
        self.crashes.exited(code, Instant::now())
    }

    /// A failed spawn is only logged; nothing tries again, and the first call waits in vain.
    async fn never_spawned(&mut self, launch: &Launch, error: &io::Error) -> String {
        self.log.host(Level::Error, format!("cannot start {}: {error}", launch.program.display()));
        self.until_stopped().await
    }

    async fn stay_down(&mut self) -> String {
        self.state.send_replace(WorkerState::Down);
        self.until_stopped().await
    }

    async fn attend_attached(&mut self) -> String {
        if wait_ready(self.client.clone(), self.initialization).await {
            self.state.send_replace(WorkerState::Ready);
        }
        self.until_stopped().await
    }

    async fn until_stopped(&mut self) -> String {
        loop {
            match self.orders.recv().await {
                None => return "dropped".into(),
                Some(Order::StopHost(reason)) => return reason,
                Some(Order::Orphan(give)) => {
                    let _ = give.send(None);
                    return "killed".into();
                }
                Some(Order::Restart { .. } | Order::Kill) => {}
            }
        }
    }
}

/// Asks `GET /` until anything answers. Only a refused connection means "not yet".
async fn wait_ready(client: Arc<WorkerClient>, limit: Duration) -> bool {
    let asked = async {
        while let Err(error) = client.probe().await {
            if error.kind() != io::ErrorKind::ConnectionRefused {
                return;
            }
            sleep(PROBE_EVERY).await;
        }
    };
    timeout(limit, asked).await.is_ok()
}

/// SIGKILL, then a short wait: no signal that the handler could see.
async fn kill(child: &mut Child) {
    let _ = timeout(KILL_WAIT, child.kill()).await;
}
