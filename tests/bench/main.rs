//! The benchmarks: every budget of the design, measured on the binary that is deployed. Started by `tests/bench/run`.
//!
//! ```text
//! process     start to first answer, idle memory, size      against an axum that says hello
//! alert       64 connections, file store                     the same
//! failover    one run at production pace                     against the simulated world's own log
//! killed      SIGKILL until the run moves again              under the host's rules
//! region      200 plans at once                              against the documented token buckets
//! ```
//!
//! Nothing here fails for being slow: a figure over its budget says so, and a person reads it.

mod alert;
mod failover;
mod figure;
mod fixture;
mod killed;
mod outage;
mod process;
mod program;
mod region;
mod wire;

use clap::Parser;
use figure::Figure;
use std::path::PathBuf;
use std::process::ExitCode;

/// Why a benchmark could not measure.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

const NAMES: [&str; 7] = ["start", "memory", "size", "alert", "region", "failover", "killed"];

/// Measures, and prints one line per figure.
#[derive(Parser)]
pub struct Programs {
    /// The deployable binary.
    #[arg(long)]
    handler: PathBuf,
    /// The reference.
    #[arg(long)]
    hello: PathBuf,
    /// Plans of the region that goes dark.
    #[arg(long, default_value_t = 200)]
    plans: usize,
    /// Only these; all without any.
    #[arg(value_parser = NAMES)]
    only: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let programs = Programs::parse();
    let measured = [
        programs.run("start", process::start(&programs)).await,
        programs.run("memory", process::memory(&programs)).await,
        programs.run("size", process::size(&programs)).await,
        programs.run("alert", alert::measure(&programs)).await,
        programs.run("region", region::measure(&programs)).await,
        programs.slow().await,
    ];
    if measured.iter().all(|measured| *measured) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Programs {
    /// Minutes of waiting and next to no work, so side by side.
    async fn slow(&self) -> bool {
        let (failover, killed) =
            tokio::join!(self.run("failover", failover::measure(self)), self.run("killed", killed::measure(self)),);
        failover && killed
    }

    /// Runs a benchmark that is wanted; false when it could not measure.
    async fn run(&self, name: &str, measuring: impl Future<Output = Result<Vec<Figure>, Trouble>>) -> bool {
        if !self.only.is_empty() && !self.only.iter().any(|only| only == name) {
            return true;
        }
        match measuring.await {
            Ok(figures) => {
                figures.iter().for_each(|figure| println!("{figure}"));
                true
            }
            Err(trouble) => {
                eprintln!("{name} could not be measured: {trouble}");
                false
            }
        }
    }
}
