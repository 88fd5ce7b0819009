//! The path from inside a cluster to the database: a pod there connects through the writer name, reads, and ends.
//!
//! From outside nobody can tell whether network policies, private DNS or firewalls let the standby's pods reach the
//! database. The pod only reads: a drill writes nothing.

use super::workload::{PodPhase, PodView};
use serde::{Deserialize, Serialize};

/// How much of what the pod printed is kept.
const SAID_LIMIT: usize = 300;

/// A probe pod, by name. It can be made twice without harm: the second time it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeRef {
    pub namespace: String,
    pub name: String,
    pub image: String,
}

impl ProbeRef {
    /// The probe pod of a run, in the workload's own namespace: other namespaces may have other network policies.
    pub fn of_run(run: &str, namespace: &str, image: &str) -> Self {
        let legal = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let run: String = run.chars().map(legal).collect();
        // RFC 1123: at most 63 characters; the end of a run's id is what differs.
        let tail = &run[run.len().saturating_sub(40)..];
        let name = format!("reveille-probe-{}", tail.trim_matches('-'));
        Self { namespace: namespace.to_owned(), name, image: image.to_owned() }
    }

    pub fn text(&self) -> String {
        format!("pod {}/{}", self.namespace, self.name)
    }
}

/// What became of a probe pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum PathView {
    NoPod,
    /// It has not ended: image pull, scheduling, or still connecting.
    Waiting {
        said: String,
    },
    /// It was connected through the writer name to a server that is not in recovery.
    Reached,
    /// It was connected, to a server that is in recovery: the path works, the name points elsewhere.
    ReachedReplica,
    Failed {
        said: String,
    },
    /// The plan does not ask for it.
    NotLookedFor,
}

impl PathView {
    /// Judges a pod that runs `select pg_is_in_recovery()` by what it printed, once it has ended.
    pub fn of(pod: Option<&PodView>, printed: Option<&str>) -> Self {
        let Some(pod) = pod else { return Self::NoPod };
        let printed = printed.unwrap_or_default().trim();
        match pod.phase {
            PodPhase::Succeeded if printed == "f" => Self::Reached,
            PodPhase::Succeeded if printed == "t" => Self::ReachedReplica,
            PodPhase::Succeeded => Self::Failed { said: format!("it ended well and printed {:?}", short(printed)) },
            PodPhase::Failed => Self::Failed { said: failed(pod, printed) },
            PodPhase::Pending | PodPhase::Running | PodPhase::Unknown => Self::Waiting { said: pod.text() },
        }
    }

    /// Whether the pod has told what it was asked for.
    pub fn is_told(&self) -> bool {
        matches!(self, Self::Reached | Self::ReachedReplica | Self::Failed { .. })
    }

    pub fn text(&self) -> String {
        match self {
            Self::NoPod => "no probe pod yet".into(),
            Self::Waiting { said } => format!("the probe waits: {said}"),
            Self::Reached => "a pod connected through the writer name and read; that server is not in recovery".into(),
            Self::ReachedReplica => {
                "a pod connected through the writer name, but to a server that is in recovery".into()
            }
            Self::Failed { said } => format!("a pod could not read through the writer name: {said}"),
            Self::NotLookedFor => "not looked for (prove_path = false)".into(),
        }
    }
}

fn failed(pod: &PodView, printed: &str) -> String {
    let code = pod.exit_code.map(|code| format!("exit code {code}"));
    let why = pod.waiting.clone();
    let printed = Some(short(printed)).filter(|text| !text.is_empty());
    let parts: Vec<String> = [printed, code, why].into_iter().flatten().collect();
    parts.join("; ")
}

fn short(text: &str) -> String {
    let line = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    line.chars().take(SAID_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(phase: PodPhase, exit_code: Option<i32>) -> PodView {
        PodView { name: "p".into(), phase, ready: false, ending: false, waiting: None, exit_code }
    }

    #[test]
    fn only_a_server_that_is_not_in_recovery_proves_the_path_to_the_writer() {
        let done = pod(PodPhase::Succeeded, Some(0));
        assert_eq!(PathView::of(Some(&done), Some("f\n")), PathView::Reached);
        assert_eq!(PathView::of(Some(&done), Some("t\n")), PathView::ReachedReplica);
        assert!(matches!(PathView::of(Some(&done), Some("")), PathView::Failed { .. }));
        assert!(matches!(PathView::of(Some(&done), None), PathView::Failed { .. }));
        let failed = PathView::of(Some(&pod(PodPhase::Failed, Some(2))), Some("psql: error: timeout\n"));
        assert_eq!(failed, PathView::Failed { said: "psql: error: timeout; exit code 2".into() });
        assert!(!PathView::of(Some(&pod(PodPhase::Running, None)), Some("f")).is_told());
        assert_eq!(PathView::of(None, None), PathView::NoPod);
    }

    proptest::proptest! {
        #[test]
        fn every_run_gives_a_name_that_kubernetes_takes(run in "[ -~]{0,80}") {
            let name = ProbeRef::of_run(&run, "sonarqube", "postgres").name;
            proptest::prop_assert!(name.len() <= 63);
            proptest::prop_assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
            proptest::prop_assert!(!name.ends_with('-') || name == "reveille-probe-");
        }
    }
}
