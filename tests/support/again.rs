//! This test binary again, in another process: the only way to see how processes end.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const PART: &str = "REVEILLE_TEST_PART";
/// Far longer than anything here takes; only a broken test waits so long.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// This test binary again, running one test (its whole path) in one part.
pub fn again(test: &str, part: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]).env(PART, part);
    command.stdin(Stdio::null());
    command
}

/// The part that this process plays, unless it is the test itself.
pub fn part() -> Option<String> {
    std::env::var(PART).ok()
}

pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Orphans come to this process instead of process 1, so that a test can see how they end: and the new parent of an
/// orphan need not be process 1 anyway.
pub fn adopt_orphans() {
    // SAFETY: prctl with this option only sets a flag of this process.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }, 0);
}

/// The exit status of an adopted child, once it has ended.
pub fn reap(pid: i32) -> Option<ExitStatus> {
    let mut status = 0;
    // SAFETY: the status is a valid place to write to, and only this one process is waited for.
    let ended = unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG) };
    assert!(ended >= 0, "waitpid: {}", std::io::Error::last_os_error());
    (ended == pid).then(|| ExitStatus::from_raw(status))
}
