//! The handler's process: command line, environment, streams.
//!
//! Rules: github.com/Azure/azure-functions-host, HttpWorkerDescription, DefaultWorkerProcessFactory, WorkerProcess.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use super::log::{Level, Log};
use super::settings::{Env, HandlerDescription};

/// What the simulator's own environment hands down. Everything else the handler sees is an app setting, so that a developer's variables
/// decide nothing.
const INHERITED: &[&str] = &["PATH", "HOME", "TMPDIR", "LANG", "RUST_BACKTRACE", "LLVM_PROFILE_FILE"];

const CONSOLE: &str = "Host.Function.Console";
/// A line that begins so is the platform's, not the user's.
const SYSTEM_PREFIX: &str = "LanguageWorkerConsoleLog";
const KEPT_ERRORS: usize = 3;

/// How a handler is started; the same at every restart.
#[derive(Clone)]
pub struct Launch {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub directory: PathBuf,
    env: Env,
    stderr_is_error: bool,
}

/// The last lines of stderr, which the host puts into its crash report.
pub type LastErrors = Arc<Mutex<VecDeque<String>>>;

impl Launch {
    pub fn new(root: &Path, handler: &HandlerDescription, settings: &Env, port: u16) -> Self {
        let env = environment(root, settings, port);
        let worker_directory = under(root, handler.worker_directory.as_deref());
        let given = expand(&handler.executable, &env, Unset::Stays);
        let joined = worker_directory.join(&given);
        Self {
            program: if joined.is_file() { joined } else { given.into() },
            arguments: arguments(handler, &worker_directory, &env),
            directory: under(root, handler.working_directory.as_deref()),
            env,
            stderr_is_error: handler.stderr_is_error,
        }
    }

    /// Starts the process and the readers of its streams.
    ///
    /// # Errors
    /// What the system says: no such file, not executable, wrong architecture.
    pub fn spawn(&self, log: &Log) -> std::io::Result<(Child, LastErrors)> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.directory).env_clear().envs(&self.env);
        // The host gives its handler no input: the end of it tells nothing.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn()?;
        let last = LastErrors::default();
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(forward(stdout, log.clone(), |_| Level::Information, None));
        }
        if let Some(stderr) = child.stderr.take() {
            let level = if self.stderr_is_error { error_or_warning } else { by_words };
            tokio::spawn(forward(stderr, log.clone(), level, Some(last.clone())));
        }
        Ok((child, last))
    }
}

fn under(root: &Path, path: Option<&str>) -> PathBuf {
    path.filter(|path| !path.is_empty()).map_or_else(|| root.to_owned(), |path| root.join(path))
}

fn environment(root: &Path, settings: &Env, port: u16) -> Env {
    let inherited = INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
    let mut env: Env = inherited.chain([("FUNCTIONS_WORKER_RUNTIME".into(), "custom".into())]).collect();
    env.extend(settings.clone());
    let worker = uuid::Uuid::new_v4().to_string();
    for (names, value) in [
        (["FUNCTIONS_CUSTOMHANDLER_PORT", "FUNCTIONS_HTTPWORKER_PORT"], port.to_string()),
        (["FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "FUNCTIONS_HTTPWORKER_ID"], worker),
    ] {
        env.extend(names.map(|name| (name.to_owned(), value.clone())));
    }
    env.insert("FUNCTIONS_APP_ROOT_PATH".into(), root.display().to_string());
    env
}

/// Arguments are joined by single spaces and split again by the system: one with a space in it comes apart.
fn arguments(handler: &HandlerDescription, worker_directory: &Path, env: &Env) -> Vec<String> {
    let worker = handler.worker_path.as_ref().filter(|path| !path.is_empty()).map(|path| {
        let path = expand(path, env, Unset::Stays);
        let joined = worker_directory.join(&path);
        format!("\"{}\"", if joined.is_file() { joined.display().to_string() } else { path })
    });
    let parts = handler.arguments.iter().cloned().chain(worker).chain(handler.worker_arguments.iter().cloned());
    split(&expand(&parts.collect::<Vec<_>>().join(" "), env, Unset::Disappears))
}

/// Splits a command line at white space outside double quotes.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut started) = (Vec::new(), String::new(), false, false);
    for character in line.chars() {
        match character {
            '"' => (quoted, started) = (!quoted, true),
            c if c.is_whitespace() && !quoted => {
                if std::mem::take(&mut started) {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => {
                word.push(c);
                started = true;
            }
        }
    }
    words.extend(started.then_some(word));
    words
}

#[derive(Clone, Copy)]
enum Unset {
    Stays,
    Disappears,
}

/// Replaces `%NAME%` by the variable of that name.
fn expand(text: &str, env: &Env, unset: Unset) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, name, after)) = next_token(rest) {
        out.push_str(before);
        match (env.get(name), unset) {
            (Some(value), _) => out.push_str(value),
            (None, Unset::Disappears) => {}
            (None, Unset::Stays) => out.push_str(&format!("%{name}%")),
        }
        rest = after;
    }
    out + rest
}

fn next_token(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('%')?;
    let (name, after) = rest.split_once('%')?;
    Some((before, name, after))
}

fn error_or_warning(line: &str) -> Level {
    if line.to_ascii_lowercase().contains("warn") { Level::Warning } else { Level::Error }
}

fn by_words(line: &str) -> Level {
    let line = line.to_ascii_lowercase();
    let bad = ["error", "fail", "severe", "unhandled exception"].iter().any(|word| line.contains(word));
    if bad { error_or_warning(&line) } else { Level::Information }
}

async fn forward(stream: impl AsyncRead + Unpin, log: Log, level: impl Fn(&str) -> Level, last: Option<LastErrors>) {
    let mut lines = BufReader::new(stream).split(b'\n');
    while let Ok(Some(bytes)) = lines.next_segment().await {
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end_matches('\r');
        let level = level(text);
        match text.strip_prefix(SYSTEM_PREFIX) {
            Some(rest) => log.line(level, "System", rest),
            None => log.line(level, CONSOLE, text),
        }
        if let Some(last) = last.as_ref().filter(|_| level == Level::Error) {
            keep(last, text);
        }
    }
}

fn keep(last: &LastErrors, text: &str) {
    if let Ok(mut lines) = last.lock() {
        lines.push_back(text.to_owned());
        while lines.len() > KEPT_ERRORS {
            lines.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handler(executable: &str, arguments: &[&str]) -> HandlerDescription {
        HandlerDescription {
            executable: executable.into(),
            worker_path: None,
            arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
            worker_arguments: Vec::new(),
            working_directory: None,
            worker_directory: None,
            stderr_is_error: true,
        }
    }

    #[test]
    fn an_argument_with_a_space_comes_apart_and_an_unset_variable_disappears() {
        let env = Env::from([("MODE".into(), "fast".into())]);
        let launch = Launch::new(Path::new("/app"), &handler("no-such", &["a b", "%MODE%", "%NONE%", "c"]), &env, 7);
        assert_eq!(launch.arguments, ["a", "b", "fast", "c"]);
    }

    #[test]
    fn a_worker_path_is_quoted_and_stands_before_its_arguments() {
        let description = HandlerDescription {
            worker_path: Some("my app.js".into()),
            worker_arguments: vec!["x".into()],
            ..handler("node", &["--flag"])
        };
        let launch = Launch::new(Path::new("/app"), &description, &Env::new(), 7);
        assert_eq!(launch.arguments, ["--flag", "my app.js", "x"]);
    }

    #[test]
    fn the_executable_is_the_one_in_the_folder_or_one_the_system_finds() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("reveille"), "").unwrap();
        let program = |name: &str| Launch::new(folder.path(), &handler(name, &[]), &Env::new(), 7).program;
        assert_eq!(program("reveille"), folder.path().join("reveille"));
        assert_eq!(program("node"), PathBuf::from("node"));
        assert_eq!(program("%NONE%/node"), PathBuf::from("%NONE%/node"));
    }

    #[test]
    fn the_environment_is_the_settings_and_what_the_host_adds() {
        let env = environment(Path::new("/app"), &Env::from([("PG_PASSWORD".into(), "x".into())]), 7071);
        assert_eq!(env["FUNCTIONS_CUSTOMHANDLER_PORT"], "7071");
        assert_eq!(env["FUNCTIONS_HTTPWORKER_PORT"], "7071");
        assert_eq!(env["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"], env["FUNCTIONS_HTTPWORKER_ID"]);
        assert_eq!(env["FUNCTIONS_APP_ROOT_PATH"], "/app");
        assert_eq!(env["FUNCTIONS_WORKER_RUNTIME"], "custom");
        assert_eq!(env["PG_PASSWORD"], "x");
        assert!(!env.contains_key("CARGO_MANIFEST_DIR"));
    }

    #[test]
    fn stderr_is_an_error_unless_it_warns() {
        assert_eq!(error_or_warning("a WARNing"), Level::Warning);
        assert_eq!(error_or_warning("boom"), Level::Error);
        assert_eq!(by_words("all fine"), Level::Information);
        assert_eq!(by_words("it failed"), Level::Error);
    }
}
