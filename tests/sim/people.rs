//! People: some answer what they are asked, some say things at random, some are asleep.

use super::host::{Host, cause};
use super::peek;
use super::steps::index;
use super::time::{MINUTE, Ms, SECOND, ms_of, sleep_ms};
use super::workload;
use super::world::Happening;
use reveille::domain::ledger::Request;
use reveille::domain::names::{PlanName, RunId};
use reveille::domain::parking::Scale;
use reveille::domain::run::{Approval, RunState, StartedBy};
use reveille::domain::runbook::{RunKind, StepName};
use reveille::engine::{Engine, Taken, WakeUp};
use std::sync::Arc;

const WHY: &str = "the simulation said so";

/// What somebody may say.
#[derive(Debug, Clone, Copy)]
enum Says {
    Approve,
    Decline,
    Abort,
    Pause,
    Resume,
    Acknowledge,
    FailOver { force: bool },
}

pub fn begin(host: &Arc<Host>) {
    if let Some(after) = host.world.weather.people.answers_after {
        tokio::spawn(answer(Arc::clone(host), after));
    }
    if host.world.weather.people.meddles {
        tokio::spawn(meddle(Arc::clone(host)));
    }
}

/// Answers what is asked, after some time for thought, unless the primary is seen to be back.
async fn answer(host: Arc<Host>, after: Ms) {
    loop {
        host.nap(20 * SECOND).await;
        let Some(run) = peek::active(&host).await else { continue };
        scale_by_hand(&host, &run, after);
        let Some(since) = asked_since(&run) else { continue };
        let primary = index(&run.created.primary);
        let is_back = *host.world.state().sites[primary].origin.now();
        let planned = run.created.kind == RunKind::SwitchoverDrill;
        if since + after <= host.world.now() && (planned || !is_back) {
            say(&host, Some(&run.created.run), Says::Approve).await;
        }
    }
}

/// Somebody who is asked for replicas types them, while the primary is away.
fn scale_by_hand(host: &Host, run: &RunState, after: Ms) {
    let asked = run.asking().find(|(step, _)| *step == StepName::ReleaseWorkload).map(|(_, asked)| ms_of(asked.since));
    let is_back = *host.world.state().sites[index(&run.created.primary)].origin.now();
    if asked.is_some_and(|since| since + after <= host.world.now()) && !is_back {
        let by = RunId::new("a person");
        for (object, replicas) in workload::counts() {
            host.world.scale(&by, index(&run.created.standby), &Scale { object, replicas });
        }
    }
}

/// Since when the run asks something that an approval would answer.
fn asked_since(run: &RunState) -> Option<Ms> {
    let steps = run.asking().filter(|(_, asked)| asked.ask.approve_means.is_some());
    let asked = steps.map(|(_, asked)| asked.since);
    let whole = match run.approval {
        Approval::Asked { since, .. } => Some(since),
        _ => None,
    };
    asked.chain(whole).min().map(ms_of)
}

/// Says things at random; in the end lifts a pause that it has left behind.
async fn meddle(host: Arc<Host>) {
    const WORDS: [Says; 8] = [
        Says::Approve,
        Says::Decline,
        Says::Abort,
        Says::Pause,
        Says::Resume,
        Says::Acknowledge,
        Says::FailOver { force: false },
        Says::FailOver { force: true },
    ];
    while !host.world.is_calm() {
        sleep_ms(host.world.between(20 * SECOND, 6 * MINUTE)).await;
        let word = WORDS[host.world.between(0, WORDS.len() as u64 - 1) as usize];
        let run = peek::active(&host).await.map(|run| run.created.run.clone());
        say(&host, run.as_ref(), word).await;
    }
    while peek::plan(&host).await.is_some_and(|plan| plan.paused.is_some()) {
        // Whoever died meanwhile needs a moment to come back.
        sleep_ms(SECOND).await;
        say(&host, None, Says::Resume).await;
    }
}

/// Says it in one of the processes, as a request would; sends the wake-up that follows, unless the process died.
async fn say(host: &Arc<Host>, run: Option<&RunId>, word: Says) {
    host.world.log(Happening::Person { what: format!("{word:?} {}", run.map(RunId::as_str).unwrap_or_default()) });
    let plan = host.name().clone();
    // Words about a run that there is not go to one that nobody knows.
    let run = run.cloned().unwrap_or_else(|| RunId::new("sonar.none"));
    let said = host.invoke(move |engine| async move {
        match word {
            Says::Approve => engine.approve(&run, "ann", None, WHY).await.map(Some),
            Says::Decline => engine.decline(&run, "ann", None, WHY).await.map(Some),
            Says::Abort => engine.abort(&run, "ann", None, WHY).await.map(Some),
            Says::Pause => engine.pause(&plan, "ann", None, WHY).await.map(|()| None),
            Says::Resume => engine.resume(&plan, "ann", None, WHY).await.map(|()| None),
            Says::Acknowledge => engine.acknowledge(&plan, "ann", None, WHY).await.map(|()| None),
            Says::FailOver { force } => Ok(fail_over(&engine, &plan, force).await),
        }
    });
    if let Some(Ok(Some(wake))) = said.await {
        host.send(wake);
    }
}

async fn fail_over(engine: &Engine, plan: &PlanName, force: bool) -> Option<WakeUp> {
    let by = StartedBy::Person { by: "ann".into(), said: None, why: WHY.into(), force };
    let request = Request::Failover { cause: cause(engine.clock.now(), by, None), force };
    match engine.take(plan, &request).await {
        Ok(Taken::Started { run, .. }) => Some(WakeUp { run, after: 0 }),
        _ => None,
    }
}
