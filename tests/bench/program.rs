//! A program under measurement: started as the Functions host starts it, and asked over its port.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A program that has not answered by then never will.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two tries to connect; also what a start is measured to at best.
const RETRY: Duration = Duration::from_micros(50);

pub struct Program {
    child: Child,
    pub port: u16,
    /// From before the start of the process to the first byte of an answer to `GET /`.
    pub first_answer: Duration,
    /// Where its configuration and store are; removed with it.
    folder: tempfile::TempDir,
}

impl Program {
    /// Starts `path serve` with this configuration and waits for its first answer.
    pub fn start(path: &Path, config: &str) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("reveille.toml");
        std::fs::write(&file, config)?;
        let port = free_port()?;
        // It gets another working directory.
        let mut command = Command::new(path.canonicalize()?);
        command.arg("serve").current_dir(folder.path()).env("REVEILLE_CONFIG", &file);
        command.env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string());
        command.env("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "bench");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let begun = Instant::now();
        let child = command.spawn()?;
        let mut program = Self { child, port, first_answer: Duration::ZERO, folder };
        program.first_answer = first_answer(port, begun)?;
        Ok(program)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> io::Result<u64> {
        resident(self.child.id())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Gone already is just as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn first_answer(port: u16, begun: Instant) -> io::Result<Duration> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut byte = [0];
    loop {
        match TcpStream::connect(address) {
            Ok(mut stream) => {
                stream.write_all(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
                stream.read_exact(&mut byte)?;
                return Ok(begun.elapsed());
            }
            Err(error) if begun.elapsed() > PATIENCE => return Err(error),
            Err(_) => std::thread::sleep(RETRY),
        }
    }
}

/// Resident memory of a process in bytes, as Linux tells it.
pub fn resident(pid: u32) -> io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kibibytes.map(|count| count * 1024).ok_or_else(|| io::Error::other("no VmRSS"))
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
