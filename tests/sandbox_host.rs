//! The simulated Functions host, held against what a real one did (`fixtures/functions`).

mod answers;
mod client;
mod handler;
mod process;
mod queues;
mod requests;
mod timers;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use reveille::sandbox::host::{FunctionsHost, HostOptions, Worker};
use serde_json::{Value, json};
use tempfile::TempDir;

/// An app folder under construction.
pub struct AppFolder {
    directory: TempDir,
}

impl AppFolder {
    /// host.json with these queue settings and time-out, no functions yet.
    pub fn new(queues: Value, function_timeout: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let host = json!({
            "version": "2.0",
            "functionTimeout": function_timeout,
            "extensionBundle": { "id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)" },
            "extensions": { "queues": queues },
            "customHandler": { "description": {
                "defaultExecutablePath": "handler",
                "arguments": ["sandbox_host::process::acts_as_a_handler", "--exact", "--ignored", "--nocapture"],
            } },
        });
        std::fs::write(directory.path().join("host.json"), host.to_string()).unwrap();
        Self { directory }
    }

    pub fn function(self, name: &str, bindings: Value) -> Self {
        let function = self.directory.path().join(name);
        std::fs::create_dir(&function).unwrap();
        std::fs::write(function.join("function.json"), json!({ "bindings": bindings }).to_string()).unwrap();
        self
    }

    pub fn http(self, name: &str, route: &str, level: &str) -> Self {
        self.function(
            name,
            json!([
                { "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": level, "route": route },
                { "type": "http", "direction": "out", "name": "res" },
                { "type": "queue", "direction": "out", "name": "out", "queueName": "out" },
            ]),
        )
    }

    pub fn queue(self, name: &str, queue: &str) -> Self {
        self.function(
            name,
            json!([
                { "type": "queueTrigger", "direction": "in", "name": "msg", "queueName": queue },
                { "type": "queue", "direction": "out", "name": "out", "queueName": "out" },
            ]),
        )
    }

    pub fn timer(self, name: &str, schedule: &str) -> Self {
        self.function(
            name,
            json!([{ "type": "timerTrigger", "direction": "in", "name": "timer", "schedule": schedule }]),
        )
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn attached(&self, handler: SocketAddr) -> HostOptions {
        HostOptions { worker: Worker::Attached(handler), ..HostOptions::new(self.path()) }
    }
}

/// Queue settings that let a failed message come back at once.
pub fn fast_queues() -> Value {
    json!({ "batchSize": 32, "newBatchThreshold": 1000, "maxPollingInterval": "00:00:00.2" })
}

pub async fn started(options: HostOptions) -> FunctionsHost {
    let host = FunctionsHost::start(options).await.unwrap();
    host.ready().await.unwrap();
    host
}

/// Waits until the condition holds; the patience is only there to end a failing test.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never: {what}");
}

pub fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/functions").join(name);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}", path.display()))).unwrap()
}
