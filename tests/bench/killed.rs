//! SIGKILL to the handler in the middle of a run, at production pace and under the host's own rules for restarts and
//! messages in hand: when does the run look at the world again?

use super::figure::{Budget, Figure};
use super::outage::{self, Outage, seconds};
use super::{Programs, Trouble};
use reveille::sandbox::world::{Entry, Event};
use std::time::Duration;
use tokio::time::sleep;

/// What the run waits for when it is killed, and how long it has waited by then.
const KILLS: [(&str, u64); 3] = [("/stop", 7), ("/start", 3), ("/start", 17)];
const WORLD: &str = "stop = \"40s\"\nstart = \"75s\"\napp_boot = \"5s\"";

pub async fn measure(programs: &Programs) -> Result<Vec<Figure>, Trouble> {
    let [first, second, third] = KILLS.map(|(action, after)| killed(programs, action, Duration::from_secs(after)));
    let (first, second, third) = tokio::try_join!(first, second, third)?;
    let all = [first, second, third];
    let worst = all.iter().copied().fold(0.0, f64::max);
    let each: Vec<String> = all.iter().map(|seconds| format!("{seconds:.1}")).collect();
    Ok(vec![
        Figure::new("killed_until_moving", worst, "s", Budget::AtMost(30.0))
            .against("message hidden after a failure", 10.0)
            .note(format!("worst of {}", each.join(", "))),
    ])
}

/// Seconds from the kill to the next look of the run at a cluster.
async fn killed(programs: &Programs, action: &str, after: Duration) -> Result<f64, Trouble> {
    let mut outage = Outage::prepare(programs, WORLD).await?;
    outage.witnesses(1).await?;
    outage.go_dark();
    outage.first(Duration::from_secs(180), |entry| outage::is_accepted(entry, action)).await?;
    sleep(after).await;
    let killed = outage.world().now();
    outage.sandbox.host().kill_handler();
    let moved = outage.first(Duration::from_secs(120), |entry| entry.at > killed && is_look(entry)).await?;
    Ok(seconds(killed, moved.at))
}

/// A cluster was read: the watch never does that while a run is live.
fn is_look(entry: &Entry) -> bool {
    matches!(&entry.event, Event::ArmRead { path, .. } if path.contains("managedClusters"))
}
