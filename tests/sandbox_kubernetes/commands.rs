//! `runCommand`: `kubectl` inside a cluster, over ARM.

use reqwest::Method;
use reveille::sandbox::kubernetes::{KubeFault, KubeFaultAction};
use reveille::sandbox::world::Event;

use super::*;

impl Rig {
    async fn post_command(&self, cluster: &str, command: &str, token: &str) -> Answer {
        let body = json!({"command": command, "context": "", "clusterToken": token});
        let request = self.arm(Method::POST, cluster, "/runCommand").json(&body);
        Answer::of(request.send().await.unwrap()).await
    }

    /// The properties of a command's result.
    async fn run(&self, command: &str) -> Value {
        let taken = self.post_command(PRIMARY, command, &self.token).await;
        assert_eq!(taken.status, 202, "{taken:?}");
        let url = taken.headers["location"].to_str().unwrap().to_owned();
        let mut result = Value::Null;
        eventually("a result", async || {
            let request = self.client.get(&url).bearer_auth(issue(&self.world, "https://management.azure.com"));
            let answer = Answer::of(request.send().await.unwrap()).await;
            result = answer.body["properties"].clone();
            answer.status == 200
        })
        .await;
        result
    }

    async fn prints(&self, command: &str) -> (i64, String) {
        let result = self.run(command).await;
        assert_eq!(result["provisioningState"], "succeeded", "{result}");
        (result["exitCode"].as_i64().unwrap(), result["logs"].as_str().unwrap().to_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kubectl_reads_and_changes_what_the_api_server_shows() {
    let rig = Rig::start_with(|world| world.tune_kubernetes(|it| it.private_api = true)).await;
    assert_eq!(rig.prints("kubectl get --raw '/readyz'").await, (0, "ok".into()));
    let (code, list) =
        rig.prints(&format!("kubectl get --raw '{PODS}?labelSelector=app%3Dsonarqube-dce-app&limit=1'")).await;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!((code, &list["kind"], &list["metadata"]["remainingItemCount"]), (0, &json!("PodList"), &json!(1)));
    let (_, json) = rig.prints("kubectl get sts -n sonarqube -l 'sonarqube.datacenter/type in (search)' -o json").await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["kind"], &json["items"][0]["kind"]), (&json!("List"), &json!("StatefulSet")));
    let app = "deployment/sonarqube-sonarqube-dce-app";
    assert_eq!(
        rig.prints(&format!("kubectl scale {app} --replicas=0 -n sonarqube")).await,
        (0, "deployment.apps/sonarqube-sonarqube-dce-app scaled\n".into())
    );
    eventually("nobody writes", async || !rig.writes("eastus2")).await;
    let (code, printed) =
        rig.prints("kubectl delete pod sonarqube-sonarqube-dce-search-0 -n sonarqube --wait=false").await;
    assert_eq!((code, printed.as_str()), (0, "pod \"sonarqube-sonarqube-dce-search-0\" deleted\n"));
    let calls = |it: &Event| matches!(it, Event::KubeCall { caller, .. } if caller == "run-command");
    assert_eq!(rig.count(calls), 2);

    let (code, printed) = rig.prints("kubectl delete pvc nothing -n sonarqube").await;
    assert_eq!(
        (code, printed.as_str()),
        (1, "Error from server (NotFound): persistentvolumeclaims \"nothing\" not found\n")
    );
    rig.world.add_kube_fault(KubeFault::on("patch", "deployments/scale", KubeFaultAction::Forbidden).times(1));
    let (code, printed) = rig.prints(&format!("kubectl scale {app} --replicas=2 -n sonarqube")).await;
    assert!(code == 1 && printed.starts_with("Error from server (Forbidden): deployments.apps"), "{printed}");
    assert_eq!(rig.count(|it| matches!(it, Event::Unknown { .. })), 0);
    assert_eq!(rig.prints("kubectl apply -f x").await.0, 1);
    assert_eq!(rig.count(|it| matches!(it, Event::Unknown { .. })), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_have_their_limits() {
    let rig = Rig::start().await;
    let stopped = rig.post_command(STANDBY, "kubectl get nodes", &rig.token).await;
    assert_eq!((stopped.status.as_u16(), &stopped.body["error"]["code"]), (409, &json!("OperationNotAllowed")));
    let stranger = rig.post_command(PRIMARY, "kubectl get nodes", "").await;
    assert_eq!(stranger.status, 400);
    rig.world.tune_kubernetes(|it| it.image_pull_fails = [PRIMARY.to_owned()].into());
    let failed = rig.run("kubectl get nodes").await;
    assert_eq!((&failed["provisioningState"], &failed["reason"]), (&json!("failed"), &json!("ImagePullBackoff")));
    rig.world.tune_kubernetes(|it| it.run_command = false);
    let disabled = rig.post_command(PRIMARY, "kubectl get nodes", &rig.token).await;
    assert_eq!((disabled.status.as_u16(), &disabled.body["error"]["code"]), (400, &json!("BadRequest")));
    let cluster = Answer::of(rig.arm(Method::GET, PRIMARY, "").send().await.unwrap()).await.body;
    assert_eq!(cluster["properties"]["apiServerAccessProfile"]["disableRunCommand"], true);
}
