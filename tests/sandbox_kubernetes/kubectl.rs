//! The real `kubectl` drives the simulated clusters: what it asks for by itself (discovery, tables, watches) is answered as
//! it expects.

use std::path::PathBuf;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::*;

const INSTALL: &str =
    "no kubectl found; install it with: apt-get install -y kubernetes-client (Debian), or from kubernetes.io";
/// It gives up after this time on whatever it waits for.
const WAITS: &str = "--timeout=30s";

/// `kubectl` with the kubeconfig of a world, and caches of its own.
struct Kubectl {
    home: TempDir,
    config: PathBuf,
}

/// How a command ended.
#[derive(Debug)]
struct Ended {
    ok: bool,
    out: String,
    err: String,
}

impl Kubectl {
    fn of(rig: &Rig) -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("kubeconfig");
        std::fs::write(&config, rig.world.kubeconfig_for_people().unwrap()).unwrap();
        Self { home, config }
    }

    /// Runs a command line in the workload's namespace.
    async fn run(&self, line: &str) -> Ended {
        self.fed(line, "").await
    }

    async fn fed(&self, line: &str, input: &str) -> Ended {
        let mut command = Command::new("kubectl");
        command.args(["--namespace", "sonarqube"]).args(line.split(' '));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.home.path()).env("KUBECONFIG", &self.config);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{INSTALL}: {error}"));
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
        let output = output.unwrap_or_else(|_| panic!("kubectl {line} never ends")).unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended { ok: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs a line as it is printed for people, by a shell.
    async fn typed(&self, line: &str) {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", line]).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.home.path()).env("KUBECONFIG", &self.config).kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// What it prints when all goes well.
    async fn says(&self, line: &str) -> String {
        let ended = self.run(line).await;
        assert!(ended.ok, "kubectl {line}: {ended:?}");
        ended.out
    }

    async fn names(&self, line: &str) -> Vec<String> {
        self.says(&format!("{line} -o name")).await.lines().map(str::to_owned).collect()
    }
}

fn unknown_paths(rig: &Rig) -> Vec<String> {
    let unknown = |it: &Event| match it {
        Event::Unknown { path, .. } => Some(path.clone()),
        _ => None,
    };
    rig.world.entries().iter().filter_map(|it| unknown(&it.event)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_kubectl_sees_what_runs() {
    let rig = Rig::start().await;
    let kubectl = Kubectl::of(&rig);
    assert_eq!(kubectl.says("get --raw /readyz").await, "ok");
    assert!(kubectl.says("version -o json").await.contains("\"serverVersion\""));
    let nodes = kubectl.says("get nodes").await;
    assert!(nodes.starts_with("NAME") && nodes.matches(" Ready ").count() == 5, "{nodes}");
    let all = kubectl.names("get deployments,statefulsets,persistentvolumeclaims").await;
    assert_eq!(all.len(), 5, "{all:?}");
    assert_eq!(
        all[..2],
        ["deployment.apps/sonarqube-sonarqube-dce-app", "statefulset.apps/sonarqube-sonarqube-dce-search"]
    );
    let search = kubectl.names("get pods -l sonarqube.datacenter/type=search").await;
    assert_eq!(
        search,
        [
            "pod/sonarqube-sonarqube-dce-search-0",
            "pod/sonarqube-sonarqube-dce-search-1",
            "pod/sonarqube-sonarqube-dce-search-2"
        ]
    );
    let described = kubectl.says("describe statefulset sonarqube-sonarqube-dce-search").await;
    assert!(described.contains("3 desired | 3 total"), "{described}");
    let missing = kubectl.run("get deployment nothing").await;
    assert!(!missing.ok && missing.err.contains("(NotFound)"), "{missing:?}");
    assert_eq!(unknown_paths(&rig), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_kubectl_parks_a_workload_clears_its_volumes_and_brings_it_back() {
    let rig = Rig::start().await;
    let kubectl = Kubectl::of(&rig);
    assert!(rig.writes("eastus2"));
    kubectl.says("scale deployment/sonarqube-sonarqube-dce-app --current-replicas=2 --replicas=0").await;
    kubectl.says(&format!("wait --for=delete pod -l sonarqube.datacenter/type=app {WAITS}")).await;
    assert!(!rig.writes("eastus2"), "nothing of it runs any more");
    kubectl.says("scale statefulset/sonarqube-sonarqube-dce-search --replicas=0").await;
    kubectl.says(&format!("wait --for=delete pod -l sonarqube.datacenter/type=search {WAITS}")).await;
    kubectl.says("delete persistentvolumeclaims -l release=sonarqube").await;
    assert_eq!(kubectl.names("get pods,persistentvolumeclaims").await, [""; 0]);
    let late = kubectl.run("scale deployment/sonarqube-sonarqube-dce-app --current-replicas=2 --replicas=3").await;
    assert!(!late.ok && late.err.contains("replicas to be 2, was 0"), "{late:?}");

    kubectl.says("scale statefulset/sonarqube-sonarqube-dce-search --replicas=3").await;
    kubectl.says(&format!("rollout status statefulset/sonarqube-sonarqube-dce-search {WAITS}")).await;
    kubectl.says("patch deployment sonarqube-sonarqube-dce-app --patch {\"spec\":{\"replicas\":2}}").await;
    kubectl.says(&format!("wait --for=condition=available deployment/sonarqube-sonarqube-dce-app {WAITS}")).await;
    assert_eq!(kubectl.names("get pods,persistentvolumeclaims").await.len(), 8);
    eventually("it writes again", async || rig.writes("eastus2")).await;
    assert_eq!(unknown_paths(&rig), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_cluster_refuses_a_real_kubectl_and_one_without_entra_takes_a_certificate() {
    let rig = Rig::start_with(|world| world.tune_kubernetes(|it| it.entra = false)).await;
    let kubectl = Kubectl::of(&rig);
    let stopped = kubectl.run(&format!("--context {STANDBY} get nodes")).await;
    assert!(!stopped.ok && stopped.err.contains("refused"), "{stopped:?}");
    rig.start_cluster(STANDBY).await;
    assert_eq!(kubectl.names(&format!("--context {STANDBY} get nodes")).await.len(), 5);
}

/// The kubeconfig's context is the primary's, where both are tried: away and back.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_runbook_on_paper_has_people_type_parks_a_workload_and_brings_it_back() {
    let rig = Rig::start().await;
    let kubectl = Kubectl::of(&rig);
    let lines = crate::cli::by_hand::commands("kubectl", "--lost eastus2").await;
    let (to_zero, rest): (Vec<&String>, Vec<&String>) = lines.iter().partition(|line| line.ends_with("--replicas 0"));
    assert_eq!(to_zero.len(), 1, "{lines:?}");
    kubectl.typed(to_zero[0]).await;
    eventually("it writes no more", async || !rig.writes("eastus2")).await;
    let typed = |line: &&&String| !line.contains("NAMES OF");
    for line in rest.iter().filter(typed) {
        kubectl.typed(line).await;
    }
    assert!(rest.iter().filter(|line| line.starts_with("kubectl scale ")).count() == 2, "{rest:?}");
    kubectl.says(&format!("rollout status statefulset/sonarqube-sonarqube-dce-search {WAITS}")).await;
    eventually("it writes again", async || rig.writes("eastus2")).await;
    assert_eq!(unknown_paths(&rig), [""; 0]);
}
