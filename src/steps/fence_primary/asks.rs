//! What `fence-primary` asks people, and what each answer would mean.

use super::{Seen, Site};
use crate::domain::look::Look;
use crate::domain::report::advice::aks_command;
use crate::domain::run::Ask;

const DEBT_MEANS: &str = "Its application may write beside the site that serves now. Stop the cluster; the debt is paid \
                          as soon as it is seen to be stopped.";
const ANSWERS_MEANS: &str = "Its application still answers, so the standby is not started: two sites writing to one \
                             database would corrupt it. Stop the cluster; the run goes on as soon as it is seen to be \
                             stopped, or asks whether to go on without the fence when the application is silent.";

const RETURN_MEANS: &str = "The standby is not started beside a primary that answers. Abort to stay there, or stop its \
                            cluster to go on.";
const RUNS_ON_MEANS: &str = "Nodes can run on after a stop, and its application may write. See the scale sets in the \
                             cluster's node resource group, and stop what runs there; the run goes on when nothing \
                             answers any more.";
const SPARED_MEANS: &str = "It may be the last site that serves, so it is not stopped. It is stopped as soon as the other \
                            site is seen to be healthy; or stop its cluster.";

impl Site<'_> {
    pub(super) fn asks(&self, why: &str, seen: Seen) -> Look {
        let what = format!("{} is not fenced: {why}.", self.name);
        let ask = match (self.is_failover(), self.answered_last(&seen)) {
            (false, _) => self.ask_for_stop(what, DEBT_MEANS),
            (true, true) => self.ask_for_stop(what, ANSWERS_MEANS),
            (true, false) => self.ask_to_go_on(what),
        };
        Look::Ask { ask, saw: Some(self.fence(seen)), again_in: self.again_in }
    }

    /// Only a deed helps, no approval.
    fn ask_for_stop(&self, what: String, means: &str) -> Ask {
        Ask { what, means: means.into(), commands: self.stop_command(), approve_means: None }
    }

    fn ask_to_go_on(&self, what: String) -> Ask {
        let mut commands = self.stop_command();
        commands.push(format!("reveille approve {} --why \"…\" --execute", self.view.run.created.run));
        Ask {
            what,
            means: "Two sites writing to one database would corrupt it, so the standby is not started before this is \
                    settled. Stop the cluster, or approve to go on and owe the fence."
                .into(),
            commands,
            approve_means: Some(format!("go on although {} is not fenced; the fence is owed", self.name)),
        }
    }

    /// No approval can help here: with the primary answering, going on would make two sites write.
    pub(super) fn asks_about_return(&self, after: &str, seen: Seen) -> Look {
        let mut commands = vec![format!("reveille abort {} --why \"…\" --execute", self.view.run.created.run)];
        commands.extend(self.stop_command());
        let what = format!("{} answers again, after {after}.", self.name);
        let ask = Ask { what, means: RETURN_MEANS.into(), commands, approve_means: None };
        Look::Ask { ask, saw: Some(self.fence(seen)), again_in: self.view.run.created.plan.timing.probe_interval }
    }

    fn stop_command(&self) -> Vec<String> {
        let site = self.view.run.created.plan.site(self.name);
        site.map(|site| aks_command("stop", &site.cluster)).into_iter().collect()
    }

    /// Nodes have been seen to run on behind a cluster that says it is stopped (github.com/Azure/AKS, issue 1871).
    pub(super) fn runs_on(&self, seen: Seen) -> Look {
        if !self.is_overdue() || self.record().owes() {
            return self.pending(seen);
        }
        let what =
            format!("{} is not fenced: its cluster says that it is stopped, and its application answers.", self.name);
        let site = self.view.run.created.plan.site(self.name);
        let commands = site.map(|site| format!("{} --query nodeResourceGroup", aks_command("show", &site.cluster)));
        let ask =
            Ask { what, means: RUNS_ON_MEANS.into(), commands: commands.into_iter().collect(), approve_means: None };
        Look::Ask { ask, saw: Some(self.fence(seen)), again_in: self.again_in }
    }

    /// The debt of a site that may be the last one to serve is not paid.
    pub(super) fn spare(&self, seen: Seen) -> Look {
        if !self.is_overdue() {
            return self.pending(seen);
        }
        let serving = &self.view.run.created.standby;
        let what = format!("{} is not fenced: {serving} is not seen to serve.", self.name);
        let ask = self.ask_for_stop(what, SPARED_MEANS);
        Look::Ask { ask, saw: Some(self.fence(seen)), again_in: self.again_in }
    }
}
