//! Real PostgreSQL servers for tests: a primary, and standbys that stream from it and can be promoted.
//!
//! They live in temporary directories, listen on a random loopback port with TLS and SCRAM, and end with the value that
//! stands for them; when the test process dies, the kernel ends them. Administration goes through a Unix socket that only
//! the server's own account and root can reach.

use super::ca::{Ca, Leaf};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const USER: &str = "reveille";
pub const PASSWORD: &str = "correct horse battery staple";

const INSTALL: &str = "no PostgreSQL server programs found; install them with: apt-get install -y postgresql";
const PATIENCE: Duration = Duration::from_secs(60);

/// The login role that is asked for its password in clear text inside TLS, as Azure asks for an Entra token.
pub const TOKEN_USER: &str = "entra";

const HBA: &str = "\
local all all trust
local replication all trust
hostssl all entra 127.0.0.1/32 password
hostssl all all 127.0.0.1/32 scram-sha-256
";

/// Every setting, so that a standby made from a copy of the primary's files is independent of them. A commit waits for
/// a synchronous standby that never comes, but only where a test switches `synchronous_commit` on.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "ssl=on",
    "password_encryption=scram-sha-256",
    "fsync=off",
    "shared_buffers=16MB",
    "max_connections=40",
    "wal_level=replica",
    "max_wal_senders=4",
    "synchronous_standby_names=ghost",
    "synchronous_commit=local",
    "autovacuum=off",
];

/// One running server.
pub struct Server {
    home: TempDir,
    pub port: u16,
    keeper: Option<Keeper>,
}

/// A primary many tests share, each with databases of its own.
pub struct Shared {
    pub server: Server,
    pub ca: Ca,
}

/// The shared primary, valid for these names: started by the first test that needs it, ended by the last.
pub fn shared(names: &[&str]) -> Arc<Shared> {
    static SHARED: Mutex<Weak<Shared>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(running) = shared.upgrade() {
        return running;
    }
    let ca = Ca::new();
    let started = Arc::new(Shared { server: Server::primary(&ca.leaf(names)), ca });
    *shared = Arc::downgrade(&started);
    started
}

impl Server {
    /// A new, empty primary with the login role [`USER`].
    pub fn primary(leaf: &Leaf) -> Self {
        let home = home(leaf);
        let data = home.path().join("data");
        let initdb =
            program("initdb").args(["-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync", "-D"]).run(&data);
        assert!(initdb.status.success(), "initdb failed: {}", String::from_utf8_lossy(&initdb.stderr));
        fs::write(data.join("pg_hba.conf"), HBA).unwrap();
        let server = Self::launch(home, &[], "0");
        server.sql("postgres", &format!("CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'"));
        server
    }

    /// A hot standby that streams from this server.
    pub fn standby(&self, leaf: &Leaf) -> Self {
        let home = home(leaf);
        let data = home.path().join("data");
        let mut backup = program("pg_basebackup");
        backup.args(["-U", "postgres", "-R", "-X", "stream", "-c", "fast", "--no-sync", "-h"]).arg(self.home.path());
        let backup = backup.args(["-p", &self.port.to_string(), "-D"]).run(&data);
        assert!(backup.status.success(), "pg_basebackup failed: {}", String::from_utf8_lossy(&backup.stderr));
        Self::launch(home, &[], "0")
    }

    /// Starts on a free port. Another process may take that port first, so it is tried thrice.
    /// `ready` is what `pg_isready` must exit with: 0 accepting, 1 rejecting connections.
    fn launch(home: TempDir, extra: &[&str], ready: &str) -> Self {
        let mut last = String::new();
        for _ in 0..3 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let keeper = Keeper::start(&home, port, extra);
            match wait_ready(&home, port, &keeper, ready) {
                Ok(()) => return Self { home, port, keeper: Some(keeper) },
                Err(problem) => last = problem,
            }
        }
        panic!("PostgreSQL did not start: {last}");
    }

    /// Runs SQL as the superuser and gives what it printed.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = program("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-c", sql]);
        let output = psql.args(["-p", &self.port.to_string(), "-h"]).run(self.home.path());
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A database nobody else uses.
    pub fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("app_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// Makes a standby a primary, and waits until it is one.
    pub fn promote(&self) {
        assert_eq!(self.sql("postgres", "SELECT pg_promote(true, 50)"), "t", "the standby was not promoted");
    }

    /// Stops it in order, as an administrator would.
    pub fn stop(&mut self) {
        if let Some(keeper) = self.keeper.take() {
            keeper.end(libc::SIGINT);
        }
    }

    /// Starts a stopped server again in a way that it answers but takes no connections (a standby that is not hot).
    pub fn restart_refusing(self) -> Self {
        let Self { home, keeper, .. } = self;
        if let Some(keeper) = keeper {
            keeper.end(libc::SIGINT);
        }
        Self::launch(home, &["hot_standby=off"], "1")
    }

    /// Starts it again as it was, on a new port.
    pub fn restart(self) -> Self {
        let Self { home, keeper, .. } = self;
        if let Some(keeper) = keeper {
            keeper.end(libc::SIGINT);
        }
        Self::launch(home, &[], "0")
    }
}

/// The thread that owns the server process. The kernel signals the process when this thread ends.
struct Keeper {
    end: mpsc::Sender<i32>,
    thread: Option<JoinHandle<()>>,
    exited: Arc<AtomicBool>,
}

impl Keeper {
    fn start(home: &TempDir, port: u16, extra: &[&str]) -> Self {
        let mut command = server_command(home.path(), port, extra);
        let (end, ended) = mpsc::channel();
        let exited = Arc::new(AtomicBool::new(false));
        let flag = exited.clone();
        let thread = thread::spawn(move || {
            let mut child = command.spawn().expect("starting postgres");
            let signal = loop {
                if child.try_wait().expect("waiting for postgres").is_some() {
                    return flag.store(true, Ordering::Release);
                }
                match ended.recv_timeout(Duration::from_millis(50)) {
                    Err(mpsc::RecvTimeoutError::Timeout) => {}
                    signal => break signal.unwrap_or(libc::SIGQUIT),
                }
            };
            // SAFETY: the child has not been waited for, so its id is still its own.
            unsafe { libc::kill(child.id() as i32, signal) };
            let until = Instant::now() + PATIENCE;
            while child.try_wait().expect("waiting for postgres").is_none() {
                if Instant::now() > until {
                    let _ = child.kill();
                }
                thread::sleep(Duration::from_millis(20));
            }
        });
        Self { end, thread: Some(thread), exited }
    }

    fn end(mut self, signal: i32) {
        self.finish(signal);
    }

    fn finish(&mut self, signal: i32) {
        let _ = self.end.send(signal);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.finish(libc::SIGQUIT);
    }
}

fn server_command(home: &Path, port: u16, extra: &[&str]) -> Command {
    let log = fs::File::create(home.join("log")).unwrap();
    let mut command = program("postgres").0;
    command.current_dir(home).args(["-D", "data", "-p", &port.to_string(), "-k"]).arg(home);
    for setting in SETTINGS.iter().chain(extra) {
        command.args(["-c", setting]);
    }
    for (setting, file) in [("ssl_cert_file", "server.crt"), ("ssl_key_file", "server.key")] {
        command.arg("-c").arg(format!("{setting}={}", home.join(file).display()));
    }
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    // SAFETY: prctl is async-signal-safe and touches only the new process.
    #[cfg(target_os = "linux")]
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGQUIT);
            Ok(())
        });
    }
    command
}

fn wait_ready(home: &TempDir, port: u16, keeper: &Keeper, ready: &str) -> Result<(), String> {
    let until = Instant::now() + PATIENCE;
    while !keeper.exited.load(Ordering::Acquire) && Instant::now() < until {
        let asked = program("pg_isready").args(["-q", "-p", &port.to_string(), "-h"]).run(home.path());
        if asked.status.code().map(|code| code.to_string()).as_deref() == Some(ready) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err(fs::read_to_string(home.path().join("log")).unwrap_or_default())
}

/// A directory that belongs to the server's account, with its certificate.
fn home(leaf: &Leaf) -> TempDir {
    let home = TempDir::new().unwrap();
    for (file, text) in [("server.crt", &leaf.certificate), ("server.key", &leaf.key)] {
        let path = home.path().join(file);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    if let Some((user, group)) = account() {
        for path in [home.path().to_owned(), home.path().join("server.crt"), home.path().join("server.key")] {
            chown(path, Some(user), Some(group)).unwrap();
        }
    }
    home
}

/// PostgreSQL refuses to run as root: then it is the account `postgres`, or `nobody`.
fn account() -> Option<(u32, u32)> {
    // SAFETY: plain calls; getpwnam's answer is read before anybody could call it again, under the lock.
    static LOCK: Mutex<()> = Mutex::new(());
    let _guard = LOCK.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    unsafe {
        if libc::geteuid() != 0 {
            return None;
        }
        let entry = [c"postgres", c"nobody"].iter().map(|name| libc::getpwnam(name.as_ptr())).find(|e| !e.is_null());
        let entry = entry.expect("root needs an account postgres or nobody to run PostgreSQL as");
        Some(((*entry).pw_uid, (*entry).pw_gid))
    }
}

/// A PostgreSQL program under the right account.
struct Program(Command);

fn program(name: &str) -> Program {
    let mut command = Command::new(bin().join(name));
    if let Some((user, group)) = account() {
        command.uid(user).gid(group);
    }
    // Nothing of the caller's own PostgreSQL settings may reach a test.
    for variable in ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGOPTIONS", "PGSERVICE", "PGSSLMODE"] {
        command.env_remove(variable);
    }
    command.current_dir("/");
    Program(command)
}

impl Program {
    fn args<S: AsRef<std::ffi::OsStr>>(&mut self, args: impl IntoIterator<Item = S>) -> &mut Self {
        self.0.args(args);
        self
    }

    fn arg(&mut self, arg: impl AsRef<std::ffi::OsStr>) -> &mut Self {
        self.0.arg(arg);
        self
    }

    /// Runs it with this last argument.
    fn run(&mut self, last: &Path) -> std::process::Output {
        self.0.arg(last).stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{:?}: {error}", self.0))
    }
}

/// Where the server programs are: Debian keeps them out of the PATH.
fn bin() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|dir| dir.path().join("bin"));
    let mut debian: Vec<PathBuf> = debian.collect();
    debian.sort();
    let places = debian.into_iter().rev().chain(std::env::split_paths(&path));
    places.into_iter().find(|dir| dir.join("initdb").is_file() && dir.join("postgres").is_file()).expect(INSTALL)
}
