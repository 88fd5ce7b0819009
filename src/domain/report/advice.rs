//! What to do next, with the exact commands.

use super::{NextStep, StageLine, left_probe, left_running, stages};
use crate::domain::cluster::ClusterView;
use crate::domain::failure::{FailureClass, Retry};
use crate::domain::names::SiteName;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::readiness::{Finding, Severity};
use crate::domain::resource::ResourceId;
use crate::domain::run::state::Asked;
use crate::domain::run::{Approval, Created, Phase, RunState};
use crate::domain::runbook::{RunKind, StepName};
use crate::domain::writer::{CANARY_SQL, canary_grant};

/// `az aks start|stop|show` for a cluster.
pub fn aks_command(verb: &str, cluster: &ResourceId) -> String {
    format!(
        "az aks {verb} --subscription {} --resource-group {} --name {}",
        cluster.subscription(),
        cluster.resource_group(),
        cluster.name()
    )
}

/// Promotes a replica by force, as it is possible while the primary's region is down.
///
/// Source: learn.microsoft.com, Azure Database for PostgreSQL, promote read replicas. Only a *switchover* moves the
/// writer endpoint; a stand-alone promotion would leave it on the lost server.
pub fn promote_command(server: &ResourceId) -> String {
    format!(
        "az postgres flexible-server replica promote --subscription {} --resource-group {} --name {} \
         --promote-mode switchover --promote-option forced",
        server.subscription(),
        server.resource_group(),
        server.name()
    )
}

pub(super) fn next_steps(run: &RunState) -> Vec<NextStep> {
    let mut steps = open_questions(run);
    if let Some(outcome) = &run.outcome {
        steps.extend(after(run, outcome));
    }
    steps.extend(run.owed().map(|(site, _)| pay_debt(run, site)));
    steps.extend(left_running::standby(run));
    steps.extend(left_probe::pod(run));
    steps.extend(slower(run));
    steps
}

/// What the run asks people while it goes on, and what was still open when it ended.
fn open_questions(run: &RunState) -> Vec<NextStep> {
    let mut steps: Vec<NextStep> = run.asking().map(|(step, asked)| question(step, asked)).collect();
    if run.outcome.is_none()
        && let Approval::Asked { .. } = run.approval
    {
        steps.push(approval(run));
    }
    steps
}

/// The question of a step.
pub fn question(step: StepName, asked: &Asked) -> NextStep {
    NextStep { what: format!("{step}: {} {}", asked.ask.what, asked.ask.means), commands: asked.ask.commands.clone() }
}

/// What waits for approval, and what approving it does.
pub fn to_be_approved(created: &Created) -> (String, String) {
    let (primary, standby) = (&created.primary, &created.standby);
    match created.kind {
        RunKind::SwitchoverDrill => (
            format!(
                "{primary} serves and {standby} rests; the switchover drill to {standby} and back waits for approval"
            ),
            format!(
                "start the cluster of {standby} and prove it ready; then scale the workload at {primary} to zero and \
                 release the one at {standby}: nothing serves in between, there and once more on the way back"
            ),
        ),
        _ => (
            format!("The outage of {primary} is confirmed; the failover to {standby} waits for approval"),
            format!("stop the cluster of {primary}, start the one of {standby}"),
        ),
    }
}

/// The question of the run itself.
pub fn approval(run: &RunState) -> NextStep {
    let id = &run.created.run;
    NextStep {
        what: match run.created.kind {
            RunKind::SwitchoverDrill => "Approve or decline the switchover drill, there and back".into(),
            _ => "Approve or decline the failover".into(),
        },
        commands: vec![
            format!("reveille approve {id} --why \"…\" --execute"),
            format!("reveille decline {id} --why \"…\" --execute"),
        ],
    }
}

fn after(run: &RunState, outcome: &Outcome) -> Vec<NextStep> {
    match outcome {
        Outcome::Recovered { serving } | Outcome::Switched { serving, .. } => {
            let open = serving.not_proven().iter().filter_map(|open| prove(run, open));
            open.chain(runs_empty(run)).collect()
        }
        Outcome::NoOutage { .. } | Outcome::Fenced { .. } | Outcome::GaveWay { .. } => Vec::new(),
        Outcome::Rested { .. } | Outcome::Rehearsed { .. } => Vec::new(),
        Outcome::Assessed { .. } => mend(run),
        Outcome::Observed { .. } => vec![NextStep {
            what: "Nothing was touched. To let Reveille act, set automation to approve or act".into(),
            commands: Vec::new(),
        }],
        Outcome::Declined { .. } | Outcome::Aborted { .. } => left_as_it_is(run),
        Outcome::Failed { step, class, .. } => {
            let why = found(*step, run).or_else(|| why_it_failed(*step, *class));
            why.into_iter().chain(again(run)).chain(left_as_it_is(run)).collect()
        }
        _ => again(run).into_iter().chain(left_as_it_is(run)).collect(),
    }
}

/// What keeps a recovery from succeeding, or hides whether it would; lesser findings stand in the report.
fn mend(run: &RunState) -> Vec<NextStep> {
    let Some(Observation::Readiness { assessment }) = run.proof(StepName::AssessReadiness) else { return Vec::new() };
    let grave = assessment.findings.iter().filter(|it| it.severity == Severity::Blocker || it.may_block());
    let step = |it: &Finding| NextStep { what: format!("{}. {}", it.text(), it.fix), commands: it.commands.clone() };
    grave.map(step).collect()
}

/// How what was not reached is tried again.
fn again(run: &RunState) -> Option<NextStep> {
    let plan = &run.created.plan.name;
    let (what, command) = match run.created.kind {
        RunKind::Failover => (
            "The incident stays open and is asked again after the cool-down; start at once when the cause is gone",
            "failover",
        ),
        RunKind::Park => ("The standby is not known to be parked; park it again when the cause is gone", "park"),
        // The debt stays, and is tried again at first contact; a drill has its schedule.
        RunKind::Fence | RunKind::StandbyDrill | RunKind::ReadinessDrill | RunKind::SwitchoverDrill => return None,
    };
    let commands = vec![format!("reveille {command} {plan} --why \"…\" --execute")];
    Some(NextStep { what: what.into(), commands })
}

/// What the class of a failure means and how it is lifted. What passes by itself needs no advice once the run is over.
fn why_it_failed(step: StepName, class: FailureClass) -> Option<NextStep> {
    let advice = match class {
        FailureClass::Capacity => "Open a support case, free machines of the same size, or use a capacity reservation.",
        class if class.retry() == Retry::Never => class.advice(),
        _ => return None,
    };
    Some(NextStep { what: format!("{step}: {} {advice}", class.meaning()), commands: Vec::new() })
}

/// What a drill has found that would hold up a recovery.
fn found(step: StepName, run: &RunState) -> Option<NextStep> {
    let site = &run.created.standby;
    let what = match step {
        StepName::VerifyPath => format!(
            "A failover would find no database either: from inside the cluster of {site}, see the link of the private DNS \
             zone, network policies and firewalls; then rehearse again"
        ),
        StepName::VerifyIngress => format!(
            "A failover would not be reached either: see DNS name, load balancer, certificate and ingress controller of \
             {site}; then rehearse again"
        ),
        _ => return None,
    };
    Some(NextStep { what, commands: Vec::new() })
}

/// Whether the step that puts things back has done so.
fn is_put_back(run: &RunState) -> bool {
    let mut backs = run.created.kind.puts_back().iter().filter_map(|(back, _)| run.step(*back)).peekable();
    backs.peek().is_some() && backs.all(|back| back.phase == Phase::Succeeded)
}

/// What Azure accepted and nobody takes back: whoever reads an unfinished run has to know it.
fn left_as_it_is(run: &RunState) -> Vec<NextStep> {
    if is_put_back(run) {
        let what = format!("Nothing is left running: the cluster of {} is stopped as before", run.created.standby);
        return vec![NextStep { what, commands: Vec::new() }];
    }
    let calls: Vec<String> = run.accepted_calls().iter().map(|intent| intent.call.text()).collect();
    if calls.is_empty() {
        return Vec::new();
    }
    vec![NextStep { what: format!("Nothing was undone; left as it is: {}", calls.join("; ")), commands: Vec::new() }]
}

/// A stage that got slower is looked into before it is needed.
fn slower(run: &RunState) -> Option<NextStep> {
    run.outcome.as_ref()?;
    let warnings: Vec<String> = stages::of(run).iter().filter_map(StageLine::warning).collect();
    let what = format!("Find out what became slower before a recovery waits for it: {}", warnings.join("; "));
    (!warnings.is_empty()).then_some(NextStep { what, commands: Vec::new() })
}

/// A site that was fenced by scaling keeps a cluster that costs money and rests only when it is stopped.
fn runs_empty(run: &RunState) -> Option<NextStep> {
    let Some(Observation::Fence { site, workload: Some(_), cluster, .. }) = run.proof(StepName::FencePrimary) else {
        return None;
    };
    let site = cluster.value().is_some_and(ClusterView::is_on).then(|| run.created.plan.site(site))??;
    let what = format!(
        "The cluster of {} runs with nothing of the workload in it. It is the standby now: stop it when nobody needs it \
         to find the cause",
        site.name
    );
    Some(NextStep { what, commands: vec![aks_command("stop", &site.cluster)] })
}

/// How what was left open can be proven, or will be next time.
fn prove(run: &RunState, open: &str) -> Option<NextStep> {
    if open.contains("search index") && was_reset(run) {
        let what = "See how far the new search index is (SonarQube, Administration > Projects > Background Tasks); until it \
                    is complete, pages and searches are partial";
        return Some(NextStep { what: what.into(), commands: Vec::new() });
    }
    if open.contains("search index") {
        let what = "Check the search index: after a failover SonarQube needs a reindex unless search persistence is \
                    off (docs.sonarsource.com, disaster recovery)";
        return Some(NextStep { what: what.into(), commands: Vec::new() });
    }
    if open.contains("canary table") {
        let database = &run.created.plan.database;
        let what = format!(
            "Have the canary table created in database {}, so that the next run can prove ordinary writes (SQL)",
            database.database
        );
        return Some(NextStep { what, commands: vec![format!("{CANARY_SQL}{}", canary_grant(&database.user))] });
    }
    open.contains("response header").then(|| NextStep {
        what: "Set a response header at each site's ingress and name it in the plan as served_by_header, so that the \
               next run can prove which site serves"
            .into(),
        commands: Vec::new(),
    })
}

/// Whether the run left no old search index behind.
fn was_reset(run: &RunState) -> bool {
    matches!(run.proof(StepName::ResetSearchIndex), Some(Observation::SearchIndex { .. }))
}

fn pay_debt(run: &RunState, site: &SiteName) -> NextStep {
    let commands = run.created.plan.site(site).map(|site| aks_command("stop", &site.cluster)).into_iter().collect();
    NextStep {
        what: format!("The fence of {site} is owed; Reveille stops its cluster at first contact, or do it by hand"),
        commands,
    }
}
