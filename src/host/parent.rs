//! The process that started this one. When a Functions host is killed its handler lives on as an orphan, still able
//! to act while the next host starts another one; so it watches its parent and ends by itself.

use std::sync::OnceLock;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

static PARENT: OnceLock<u32> = OnceLock::new();

/// How often the parent is looked at.
const INTERVAL: Duration = Duration::from_millis(250);
/// How long the last log line may take: standard output may be a pipe that nobody empties any more.
const LAST_WORDS: Duration = Duration::from_millis(400);

/// Remembers the parent's process id. To be called first thing in `main`; later calls change nothing.
pub fn remember() -> u32 {
    *PARENT.get_or_init(std::os::unix::process::parent_id)
}

/// Ends this process with status 1, within a second, once its parent is another than the remembered one.
///
/// The new parent need not be process 1, and the host itself may be process 1, so only the change counts. A thread of
/// its own does this, because the runtime may be busy just then.
pub fn end_with_parent() -> std::io::Result<()> {
    let first = remember();
    let watch = move || {
        while std::os::unix::process::parent_id() == first {
            thread::sleep(INTERVAL);
        }
        say_why(first, std::os::unix::process::parent_id());
        std::process::exit(1);
    };
    thread::Builder::new().name("parent-watch".to_owned()).spawn(watch).map(drop)
}

fn say_why(first: u32, now: u32) {
    let (said, heard) = mpsc::channel();
    let say = move || {
        tracing::error!(
            parent = first,
            new_parent = now,
            "the Functions host is gone; ending, since nobody waits for answers"
        );
        // The receiver only vanishes with the process.
        let _ = said.send(());
    };
    if thread::Builder::new().spawn(say).is_ok() {
        let _ = heard.recv_timeout(LAST_WORDS);
    }
}

/// Names the instance that this process belongs to: the same for all handlers of one host process, another for every
/// other host. From the machine's boot, the host's process id and its start time; random where those cannot be read.
pub fn instance() -> String {
    let parent = remember();
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
    let stat = std::fs::read_to_string(format!("/proc/{parent}/stat")).ok();
    let started = stat.as_deref().and_then(start_time);
    match (boot, started) {
        (Some(boot), Some(started)) => format!("{}-{parent}-{started}", boot.trim()),
        _ => uuid::Uuid::new_v4().to_string(),
    }
}

/// Field 22 of `/proc/{pid}/stat`, in clock ticks since boot (proc_pid_stat(5)). The second field, the command's
/// name, may hold spaces and parentheses itself.
fn start_time(stat: &str) -> Option<&str> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(22 - 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_is_found_behind_an_awkward_name() {
        let stat = "42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 987654 1000 10";
        assert_eq!(start_time(stat), Some("987654"));
        assert_eq!(start_time("no such thing"), None);
    }

    #[test]
    fn the_instance_is_the_same_each_time() {
        assert_eq!(instance(), instance());
    }
}
