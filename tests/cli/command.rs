//! Runs the built command as a person or a script would, and shows all that came of it.

use super::server::KEY;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

/// Nothing here may hang a build.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Call {
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
    folder: PathBuf,
}

pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    called: String,
}

/// A call with the given arguments, separated by spaces; what stands in double quotes stays together.
pub fn reveille(arguments: &str) -> Call {
    let parts = arguments.split('"').enumerate();
    let words = parts.flat_map(|(index, part)| match index % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    Call { arguments: words.collect(), variables: Vec::new(), folder: env!("CARGO_MANIFEST_DIR").into() }
}

impl Call {
    pub fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// From this folder.
    pub fn within(self, folder: &Path) -> Self {
        Self { folder: folder.to_owned(), ..self }
    }

    /// Against this server, with the right key.
    pub async fn at(self, url: &str) -> Ended {
        self.set("REVEILLE_URL", url).set("REVEILLE_KEY", KEY).run().await
    }

    fn command(&self) -> Command {
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        let mut command = Command::new(env!("CARGO_BIN_EXE_reveille"));
        command.args(&self.arguments).env_clear().envs(variables).current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    pub async fn run(self) -> Ended {
        let child = self.command().spawn().unwrap();
        self.end(child, "").await
    }

    /// Like Ctrl-C, as soon as it has said something.
    pub async fn interrupted_after_a_line(self, url: &str) -> Ended {
        let call = self.set("REVEILLE_URL", url).set("REVEILLE_KEY", KEY);
        let mut child = call.command().spawn().unwrap();
        let mut line = [0; 1];
        child.stdout.as_mut().unwrap().read_exact(&mut line).await.unwrap();
        let id = i32::try_from(child.id().unwrap()).unwrap();
        // SAFETY: a signal to a child of this process that was not waited for yet.
        assert_eq!(unsafe { libc::kill(id, libc::SIGINT) }, 0);
        call.end(child, std::str::from_utf8(&line).unwrap()).await
    }

    /// The key shows nowhere, whatever happens. `before` is what was read already.
    async fn end(self, child: Child, before: &str) -> Ended {
        let ended = tokio::time::timeout(PATIENCE, child.wait_with_output());
        let ended = ended.await.expect("it ends by itself").unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        let ended = Ended {
            code: ended.status.code().expect("no signal ended it"),
            stdout: before.to_owned() + &text(ended.stdout),
            stderr: text(ended.stderr),
            called: self.arguments.join(" "),
        };
        assert!(!ended.everything().contains(KEY), "the key shows:\n{}", ended.everything());
        ended
    }
}

impl Ended {
    pub fn everything(&self) -> String {
        let Self { code, stdout, stderr, called } = self;
        format!("$ reveille {called}\n[exit code {code}]\n---- stdout\n{stdout}---- stderr\n{stderr}")
    }
}

/// A snapshot of what was shown, without what differs from run to run.
#[macro_export]
macro_rules! assert_shown {
    ($shown:expr) => {{
        let shown: String = $shown;
        insta::with_settings!({ snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"), filters => vec![
            (r"127\.0\.0\.1:\d+", "[host]"),
            (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[random key]"),
            (r"after \d[\w. ]*s\b", "after [time]"),
            (r"\d[\ddayshms ]* +needs operator", "[time]  needs operator"),
        ] }, { insta::assert_snapshot!(shown) })
    }};
}
