//! While the fence of the old site is owed, nothing that writes is brought up beside it if it answers, or if that cannot
//! be seen.

use crate::domain::application::OriginView;
use crate::domain::fact::Fact;
use crate::domain::report::advice::aks_command;
use crate::domain::run::Ask;
use crate::engine::ports::StepView;

/// Why the standby has to wait for the old site.
pub(super) enum Held {
    NotSeen,
    /// It came back. Only a deed helps, no approval.
    Answers(Ask),
}

/// Judges the old site's origin, if its fence is owed; `verb` is what would be done at the standby.
pub(super) fn holds(view: &StepView, verb: &str, unfenced: Option<&Fact<OriginView>>) -> Option<Held> {
    match unfenced.map(Fact::value) {
        Some(None) => Some(Held::NotSeen),
        Some(Some(old)) if old.is_healthy() => Some(Held::Answers(ask(view, verb, old))),
        _ => None,
    }
}

fn ask(view: &StepView, verb: &str, old: &OriginView) -> Ask {
    let created = &view.run.created;
    let (run, primary, standby) = (&created.run, &created.primary, &created.standby);
    let stop = created.plan.site(primary).map(|site| aks_command("stop", &site.cluster));
    Ask {
        what: format!("{standby} is not {verb}: {primary}, whose fence is owed, answers again."),
        means: format!(
            "{primary} is {}. Two sites writing to one database would corrupt it. Abort to stay there, or stop its \
             cluster to go on; the run goes on by itself when it is silent again.",
            old.text()
        ),
        commands: stop.into_iter().chain([format!("reveille abort {run} --why \"…\" --execute")]).collect(),
        approve_means: None,
    }
}
