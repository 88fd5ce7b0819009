//! `reveille serve`: the Functions host's custom handler.

use crate::config;
use crate::domain::run::Driver;
use crate::host::{logging, parent, server};
use crate::telemetry;
use crate::triggers;
use std::process::ExitCode;

/// Threads for the file store, when many runs write at once. A thread costs memory, and no disk syncs faster for more.
const FILE_THREADS: usize = 64;

/// Listens first, builds everything behind the listener, and never ends with 0 while the host lives.
pub fn run() -> ExitCode {
    logging::start(&config::process_env);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = match runtime.enable_all().max_blocking_threads(FILE_THREADS).build() {
        Ok(runtime) => runtime,
        Err(error) => return ended("the runtime could not be started", &error),
    };
    runtime.block_on(serve())
}

async fn serve() -> ExitCode {
    let listener = match server::bind(&config::process_env) {
        Ok(listener) => listener,
        Err(error) => return ended("the handler cannot listen", &error),
    };
    if let Err(error) = parent::end_with_parent() {
        return ended("the watch over the host's process could not be started", &error);
    }
    let driver = driver();
    begin_telemetry(&driver);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        config = %config::document_path(&config::process_env).display(),
        instance = %driver.instance,
        worker = %driver.worker,
        "reveille serves"
    );
    match server::serve(listener, triggers::functions(triggers::pending(driver))).await {
        Ok(()) => ended("the server ended", &"nobody asked it to"),
        Err(error) => ended("the server ended", &error),
    }
}

/// Which process of which instance this is: how a run's claim tells a dead neighbour from a live one.
fn driver() -> Driver {
    let worker = config::process_env(server::WORKER_ID_VARIABLE);
    let worker = worker.unwrap_or_else(|| format!("pid-{}", std::process::id()));
    Driver { instance: parent::instance(), worker }
}

/// Telemetry that is set up wrongly is said to be, and is no reason not to recover.
fn begin_telemetry(driver: &Driver) {
    match telemetry::Settings::read(&config::process_env, &driver.worker) {
        Ok(settings) => settings.into_iter().for_each(telemetry::begin),
        Err(error) => tracing::error!(error = %error, "telemetry stays off"),
    }
}

fn ended(what: &str, why: &dyn std::fmt::Display) -> ExitCode {
    tracing::error!(why = %why, "{what}");
    ExitCode::FAILURE
}
