//! Plays every scenario, several at a time, and says which gave what it must.

use super::ground::Ground;
use super::play::{self, Audience};
use super::{Args, SandboxFailure};
use crate::cli::{Exit, Output};
use crate::sandbox::scenario::{self, Scenario, Verdict};
use crate::sandbox::{Options, Sandbox};
use futures::StreamExt;
use std::time::{Duration, Instant};

/// They mostly wait, so two processors carry several.
const AT_ONCE: usize = 4;

struct Played {
    scenario: Scenario,
    seed: u64,
    took: Duration,
    ended: Result<Ended, SandboxFailure>,
}

/// What the world saw, and what the runs came to.
struct Ended {
    verdict: Verdict,
    exit: Exit,
}

pub(super) async fn run(args: &Args, ground: &Ground, out: &Output) -> Result<Exit, SandboxFailure> {
    let mut options = Vec::new();
    for scenario in scenario::all() {
        let folder = args.folder.as_ref().map(|folder| folder.join(&scenario.name));
        options.push(ground.under(args.options(scenario, folder)?).await?);
    }
    let mut playing =
        futures::stream::iter(options.into_iter().map(|options| play(options, out))).buffer_unordered(AT_ONCE);
    let mut failed = 0;
    while let Some(played) = playing.next().await {
        failed += usize::from(!told(out, &played));
    }
    ground.told(out);
    Ok(if failed == 0 { Exit::Fine } else { Exit::Failed })
}

async fn play(options: Options, out: &Output) -> Played {
    let (scenario, seed, begun) = (options.scenario.clone(), options.seed, Instant::now());
    let ended = see(options, out).await;
    Played { scenario, seed, took: begun.elapsed(), ended }
}

async fn see(options: Options, out: &Output) -> Result<Ended, SandboxFailure> {
    let sandbox = Sandbox::start(options).await?;
    let audience = Audience::new(&sandbox, out)?;
    let verdict = sandbox.play().await;
    let exit = play::outcome(&audience.ended_runs().await);
    sandbox.stop().await;
    Ok(Ended { verdict, exit })
}

fn told(out: &Output, played: &Played) -> bool {
    let faults = match &played.ended {
        Ok(ended) => faults(&played.scenario, ended),
        Err(failure) => vec![causes(failure)],
    };
    let mark = if faults.is_empty() { "✔" } else { "✘" };
    let (name, seconds) = (&played.scenario.name, played.took.as_secs_f64());
    out.data(&format!("{mark} {name:34} {seconds:5.1} s"));
    if !faults.is_empty() {
        out.data(&format!("    seed {}", played.seed));
    }
    faults.iter().for_each(|fault| out.data(&format!("    {fault}")));
    faults.is_empty()
}

fn faults(scenario: &Scenario, ended: &Ended) -> Vec<String> {
    let checks = ended.verdict.checks.iter().filter(|check| !check.ok);
    let mut faults: Vec<_> =
        checks.map(|check| format!("{}: expected {}, saw {}", check.what, check.expected, check.saw)).collect();
    if ended.exit as u8 != scenario.exit {
        faults.push(format!("exit code: expected {}, the runs came to {}", scenario.exit, ended.exit as u8));
    }
    faults
}

fn causes(failure: &SandboxFailure) -> String {
    let causes = std::iter::successors(std::error::Error::source(failure), |error| error.source());
    causes.fold(failure.to_string(), |text, cause| format!("{text}: {cause}"))
}
