//! `verify-writer`: the database must take a write through the virtual writer name.
//!
//! Calls: DNS, TCP, TLS, login and one committed write. No Azure permission; with Entra, a token for PostgreSQL.

use crate::domain::duration;
use crate::domain::fact::Fact;
use crate::domain::look::Look;
use crate::domain::observation::Observation;
use crate::domain::plan::Promote;
use crate::domain::report::advice::promote_command;
use crate::domain::resource::ResourceId;
use crate::domain::run::Ask;
use crate::domain::writer::{WriterVerdict, WriterView};
use crate::engine::ports::StepView;

// --- inputs: what SQL through the writer name said ----------------------------------------------------------------

// --- precheck and act: the look itself is the write; nothing else is changed --------------------------------------

// --- verify -----------------------------------------------------------------------------------------------------

/// Decides on what was seen at the writer endpoint.
pub fn decide(view: &StepView, writer: Fact<WriterView>) -> Look {
    let again_in = view.run.created.plan.timing.writer_poll;
    let verdict = writer.value().map(|seen| seen.verdict.clone());
    let target = writer.value().and_then(|seen| seen.target.clone());
    let saw = Observation::Writer { writer };
    match verdict {
        Some(WriterVerdict::Writable { .. }) => Look::Done { proof: saw },
        Some(verdict) => match ask(view, &verdict, target.as_deref()) {
            Some(ask) => Look::Ask { ask, saw: Some(saw), again_in },
            None => Look::Pending { saw: Some(saw), again_in },
        },
        None if is_overdue(view) => Look::Ask { ask: unseen(view, &saw), saw: Some(saw), again_in },
        None => Look::Pending { saw: Some(saw), again_in },
    }
}

/// The writer endpoint could not even be asked for so long that nobody may wait for it in silence.
fn unseen(view: &StepView, saw: &Observation) -> Ask {
    let limit = duration::text(view.run.created.plan.timing.writer_deadline);
    Ask {
        what: format!("For {limit} nothing could be seen of the database writer endpoint: {}.", saw.text()),
        means: "Reveille cannot tell whether the database takes writes. It keeps looking and goes on by itself.".into(),
        commands: Vec::new(),
        approve_means: None,
    }
}

/// What only a person can change. What may pass by itself is waited for until its deadline.
fn ask(view: &StepView, verdict: &WriterVerdict, target: Option<&str>) -> Option<Ask> {
    let what = format!("The database writer endpoint {}.", verdict.text());
    // Only a server that answers as a replica is known to be one; where nothing answers, the name may lead to the lost one.
    let candidates = replicas(view, target.filter(|_| *verdict == WriterVerdict::InRecovery));
    let promotion = promotion_needed(view, &candidates);
    let promote = candidates.into_iter().map(promote_command).collect();
    let (means, commands) = match verdict {
        WriterVerdict::Writable { .. } => return None,
        WriterVerdict::InRecovery => (promotion, promote),
        WriterVerdict::Unreachable { .. } | WriterVerdict::Refused { .. } if !is_overdue(view) => return None,
        WriterVerdict::Unreachable { .. } | WriterVerdict::Refused { .. } => {
            let limit = duration::text(view.run.created.plan.timing.writer_deadline);
            (format!("It was so for {limit}. If its region is lost: {promotion}"), promote)
        }
        WriterVerdict::ReadOnly { .. } => (
            "The server is a primary and yet refuses writes: full storage, default_transaction_read_only, or a missing \
             grant on the canary table. Reveille keeps looking and goes on by itself."
                .to_owned(),
            Vec::new(),
        ),
        WriterVerdict::WrongCredentials { .. } => (
            "Reveille cannot tell whether the database takes writes. Correct the user, the password or the Entra \
             role; Reveille keeps looking and goes on by itself."
                .to_owned(),
            Vec::new(),
        ),
    };
    Some(Ask { what, means, commands, approve_means: None })
}

/// What a promotion means, and who may order it.
fn promotion_needed(view: &StepView, candidates: &[&ResourceId]) -> String {
    let mut text = "A replica is never promoted by itself: somebody has to promote it, and writes that were not \
                    replicated are lost. Reveille keeps looking and goes on by itself once the writer endpoint takes \
                    writes."
        .to_owned();
    let created = &view.run.created;
    if created.plan.database.promote == Promote::Never {
        text += " The plan says promote = \"never\": whoever owns the database has to agree first.";
    }
    if candidates.len() > 1 {
        text += &format!(
            " The names do not tell which server is the replica: of the commands run only the one for the server \
             that is not at {}.",
            created.primary
        );
    }
    text
}

/// The servers that may be the replica: the one that the writer name leads to when it says of itself that it is one;
/// else the one whose name tells that it stands outside the lost site; with a doubt, each.
fn replicas<'a>(view: &'a StepView, answers: Option<&str>) -> Vec<&'a ResourceId> {
    let created = &view.run.created;
    let servers = &created.plan.database.servers;
    let host = answers.and_then(|target| target.split('.').next());
    if let Some(answering) =
        servers.iter().find(|server| host.is_some_and(|host| server.name().eq_ignore_ascii_case(host)))
    {
        return vec![answering];
    }
    let named = |site: &str, is: bool| -> Vec<&ResourceId> {
        servers.iter().filter(|server| server.name().contains(site) == is).collect()
    };
    let guesses = [named(created.primary.as_str(), false), named(created.standby.as_str(), true)];
    guesses.into_iter().find(|guess| guess.len() == 1).unwrap_or_else(|| servers.iter().collect())
}

fn is_overdue(view: &StepView) -> bool {
    let since = view.record().started_at.unwrap_or(view.now);
    (view.now - since).to_std().is_ok_and(|spent| spent >= view.run.created.plan.timing.writer_deadline)
}
