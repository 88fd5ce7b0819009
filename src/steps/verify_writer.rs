//! `verify-writer`: the database must take a write through the virtual writer name.
//!
//! Calls: DNS, TCP, TLS, login and one committed write. No Azure permission; with Entra, a token for PostgreSQL.

use crate::domain::duration;
use crate::domain::fact::Fact;
use crate::domain::look::Look;
use crate::domain::observation::Observation;
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
    let saw = Observation::Writer { writer };
    match verdict {
        Some(WriterVerdict::Writable { .. }) => Look::Done { proof: saw },
        Some(verdict) => match ask(view, &verdict) {
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
fn ask(view: &StepView, verdict: &WriterVerdict) -> Option<Ask> {
    let what = format!("The database writer endpoint {}.", verdict.text());
    let (means, commands) = match verdict {
        WriterVerdict::Writable { .. } => return None,
        WriterVerdict::InRecovery => (promotion_needed(), promote_commands(view)),
        WriterVerdict::Unreachable { .. } | WriterVerdict::Refused { .. } if !is_overdue(view) => return None,
        WriterVerdict::Unreachable { .. } | WriterVerdict::Refused { .. } => {
            let limit = duration::text(view.run.created.plan.timing.writer_deadline);
            let means = format!("It was so for {limit}. If its region is lost: {}", promotion_needed());
            (means, promote_commands(view))
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

fn promotion_needed() -> String {
    "A replica is never promoted by itself: somebody has to promote it, and writes that were not replicated are lost. \
     Reveille keeps looking and goes on by itself once the writer endpoint takes writes."
        .to_owned()
}

/// The replica is the server outside the lost site, as far as its name tells; with a doubt, each server is named.
fn promote_commands(view: &StepView) -> Vec<String> {
    let created = &view.run.created;
    let servers = &created.plan.database.servers;
    let at_primary = |server: &&ResourceId| !server.name().contains(created.primary.as_str());
    let candidates: Vec<&ResourceId> = servers.iter().filter(at_primary).collect();
    let named = if candidates.len() == 1 { candidates } else { servers.iter().collect() };
    named.into_iter().map(promote_command).collect()
}

fn is_overdue(view: &StepView) -> bool {
    let since = view.record().started_at.unwrap_or(view.now);
    (view.now - since).to_std().is_ok_and(|spent| spent >= view.run.created.plan.timing.writer_deadline)
}
