//! The process itself: how fast it answers, how much memory and disk it takes.

use super::figure::{Budget, Figure, median, millis};
use super::program::Program;
use super::wire::Connection;
use super::{Programs, Trouble, fixture};
use std::time::Duration;
use tokio::time::sleep;

const STARTS: usize = 40;
/// Time for everything that is built after the first answer.
const REST: Duration = Duration::from_secs(2);
/// A plan that no configuration has: its alert is answered and leads to nothing.
const NOBODY: usize = 999_999;

/// Both programs in turn, so that whatever else the machine does hits both.
pub async fn start(programs: &Programs) -> Result<Vec<Figure>, Trouble> {
    let config = fixture::config(1);
    let (mut ours, mut hellos) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        ours.push(millis(Program::start(&programs.handler, &config)?.first_answer));
        hellos.push(millis(Program::start(&programs.hello, &config)?.first_answer));
    }
    let fastest = ours.iter().copied().fold(f64::MAX, f64::min);
    Ok(vec![
        Figure::new("start_to_first_answer", median(&ours), "ms", Budget::Times(4.0))
            .against("hello", median(&hellos))
            .note(format!("medians of {STARTS} starts each, fastest {fastest:.1} ms")),
    ])
}

pub async fn memory(programs: &Programs) -> Result<Vec<Figure>, Trouble> {
    let ours = idle(&Program::start(&programs.handler, &fixture::config(1))?).await?;
    let hello = idle(&Program::start(&programs.hello, "")?).await?;
    let many = idle(&Program::start(&programs.handler, &fixture::config(200))?).await?;
    Ok(vec![
        Figure::new("memory_idle", ours, "MB", Budget::AtMost(20.0))
            .against("hello", hello)
            .note(format!("resident, one plan; with 200 plans {many:.1} MB")),
    ])
}

/// Megabytes after one answered call, so that nothing is left to be built.
async fn idle(program: &Program) -> Result<f64, Trouble> {
    Connection::open(program.port).await?.post("alert", &fixture::alert(NOBODY, "Fired")).await?;
    sleep(REST).await;
    Ok(program.resident()? as f64 / 1e6)
}

pub async fn size(programs: &Programs) -> Result<Vec<Figure>, Trouble> {
    let [ours, hello] = [std::fs::metadata(&programs.handler)?, std::fs::metadata(&programs.hello)?]
        .map(|file| file.len() as f64 / 1e6);
    Ok(vec![Figure::new("binary_size", ours, "MB", Budget::AtMost(15.0)).against("hello", hello)])
}
