//! A real browser, driven over its debugging pipe (Chrome DevTools Protocol: messages of JSON, each ended by a zero).

use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write, pipe};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const INSTALL: &str = "chromium is not installed; tests/run installs it (Debian: apt-get install chromium)";
/// Nothing here may hang a build: a browser that takes longer is killed, and reading from it ends.
const PATIENCE: Duration = Duration::from_secs(120);
const FLAGS: [&str; 9] = [
    "--headless=new",
    // It shows nothing but pages of these tests, and in containers it runs as root, where its sandbox does not work.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
];

pub struct Chromium {
    child: Child,
    commands: PipeWriter,
    answers: BufReader<PipeReader>,
    session: Option<String>,
    sent: u64,
    events: Vec<Value>,
    _alive: mpsc::Sender<()>,
    _home: tempfile::TempDir,
}

/// How a page is looked at.
#[derive(Debug, Clone, Copy)]
pub struct View {
    pub width: u32,
    pub dark: bool,
}

impl Chromium {
    pub fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let ((its_commands, commands), (answers, its_answers)) = (pipe().unwrap(), pipe().unwrap());
        let mut command = Command::new(program());
        command.args(FLAGS).arg(format!("--user-data-dir={}", home.path().display())).arg("about:blank");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(home.path().join("log")).unwrap());
        command.process_group(0);
        let ends = (its_commands.as_raw_fd(), its_answers.as_raw_fd());
        // SAFETY: only fcntl and dup2, which are async-signal-safe, on descriptors that stay open until the child runs.
        unsafe { command.pre_exec(move || hand_over(ends.0, ends.1)) };
        let child = command.spawn().expect(INSTALL);
        drop((its_commands, its_answers));
        let alive = watch(child.id());
        let answers = BufReader::new(answers);
        let (session, events) = (None, Vec::new());
        let mut browser = Self { child, commands, answers, session, sent: 0, events, _alive: alive, _home: home };
        browser.attach();
        browser
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        self.session = self.call("Target.attachToTarget", target)["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Network", "Runtime", "Log"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Opens a file and waits until it is loaded; what happens from here on can be asked for.
    pub fn open(&mut self, page: &Path, view: View) {
        let size = json!({ "width": view.width, "height": 900, "deviceScaleFactor": 1, "mobile": view.width < 500 });
        self.call("Emulation.setDeviceMetricsOverride", size);
        let scheme = if view.dark { "dark" } else { "light" };
        self.media("", scheme);
        self.events.clear();
        self.call("Page.navigate", json!({ "url": format!("file://{}", page.display()) }));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let message = self.read();
            self.events.push(message);
        }
    }

    /// `print` or, as usual, nothing; and what the user prefers.
    pub fn media(&mut self, media: &str, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "media": media, "features": features }));
    }

    /// The value of an expression in the page, or what a promise comes to.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let answer = self
            .call("Runtime.evaluate", json!({ "expression": expression, "returnByValue": true, "awaitPromise": true }));
        assert!(answer.get("exceptionDetails").is_none(), "{answer}");
        answer["result"]["value"].clone()
    }

    /// Everything that the page asked for, from anywhere.
    pub fn requests(&self) -> Vec<String> {
        let sent = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        sent.map(|event| event["params"]["request"]["url"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Everything that the browser or the page complained about.
    pub fn complaints(&self) -> Vec<&Value> {
        let methods = ["Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"];
        self.events.iter().filter(|event| methods.iter().any(|method| event["method"] == *method)).collect()
    }

    /// The page as PNG, down to where a picture cannot be longer.
    pub fn picture(&mut self) -> Vec<u8> {
        let size = self.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollHeight]");
        let height = size[1].as_u64().unwrap().min(15_000);
        let clip = json!({ "x": 0, "y": 0, "width": size[0], "height": height, "scale": 1 });
        let options = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        decoded(&self.call("Page.captureScreenshot", options))
    }

    /// The page as PDF, on paper of that size in inches.
    pub fn print(&mut self, width: f64, height: f64) -> Vec<u8> {
        let options = json!({ "paperWidth": width, "paperHeight": height, "preferCSSPageSize": false });
        decoded(&self.call("Page.printToPDF", options))
    }

    /// The page's tree as assistive technology gets it: role and name of every node that it is told of.
    pub fn told(&mut self) -> Vec<(String, String)> {
        let tree = self.call("Accessibility.getFullAXTree", json!({}));
        let nodes = tree["nodes"].as_array().cloned().unwrap_or_default();
        let text = |node: &Value, what: &str| node[what]["value"].as_str().unwrap_or_default().to_owned();
        nodes
            .iter()
            .filter(|node| node["ignored"] == false)
            .map(|node| (text(node, "role"), text(node, "name")))
            .collect()
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let mut message = json!({ "id": self.sent, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.commands.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let answer = self.read();
            if answer["id"] == self.sent {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
            self.events.push(answer);
        }
    }

    fn read(&mut self) -> Value {
        let mut message = Vec::new();
        self.answers.read_until(0, &mut message).unwrap();
        assert_eq!(message.pop(), Some(0), "the browser is gone: it ended, or took longer than {PATIENCE:?}");
        serde_json::from_slice(&message).unwrap()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        kill(self.child.id());
        let _ = self.child.wait();
    }
}

fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut programs = names.iter().flat_map(|name| places.iter().map(move |place| place.join(name)));
    programs.find(|program| program.is_file()).expect(INSTALL)
}

/// The browser reads commands from descriptor 3 and answers on 4.
fn hand_over(commands: i32, answers: i32) -> std::io::Result<()> {
    // Away from 3 and 4 first: either may be the other's number already.
    let high = |descriptor: i32| unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 10) };
    let (commands, answers) = (high(commands), high(answers));
    let done = unsafe { libc::dup2(commands, 3) >= 0 && libc::dup2(answers, 4) >= 0 };
    if done { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// Kills the browser when it takes too long; stops when the sender is dropped.
fn watch(child: u32) -> mpsc::Sender<()> {
    let (alive, watched) = mpsc::channel();
    std::thread::spawn(move || {
        if watched.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            kill(child);
        }
    });
    alive
}

fn kill(child: u32) {
    let group = -i32::try_from(child).unwrap();
    // SAFETY: the group was made for this child of ours.
    unsafe { libc::kill(group, libc::SIGKILL) };
}

fn decoded(answer: &Value) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(answer["data"].as_str().unwrap()).unwrap()
}
