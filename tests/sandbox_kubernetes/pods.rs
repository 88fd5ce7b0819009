//! Bare pods, their logs, and the volumes that pods use.

use reqwest::Method;
use reveille::sandbox::scenario::Part;
use reveille::sandbox::world::{Darkness, Event};

use super::*;

const NAME: &str = "reveille-probe";

impl Rig {
    async fn create(&self, pod: &Value) -> Answer {
        Answer::of(self.request(PRIMARY, Method::POST, PODS).json(pod).send().await.unwrap()).await
    }

    /// A pod that ended: phase, exit code and log.
    async fn ended(&self, name: &str) -> (String, i64, String) {
        let path = format!("{PODS}/{name}");
        let mut pod = Value::Null;
        eventually("the pod ends", async || {
            pod = self.get(&path).await.body;
            matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
        })
        .await;
        let code = pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"].as_i64();
        let log = self.get(&format!("{path}/log")).await.body;
        let phase = pod["status"]["phase"].as_str().unwrap().to_owned();
        (phase, code.unwrap(), log.as_str().unwrap().to_owned())
    }

    fn probe(&self, command: &[&str]) -> Value {
        let variables = [
            ("PGHOST", self.workload.writer_host()),
            ("PGPORT", self.world.ports().postgres.to_string()),
            ("PGUSER", "reveille".to_owned()),
            ("PGPASSWORD", self.world.settings().password),
            ("PGDATABASE", "sonarqube".to_owned()),
            ("PGCONNECT_TIMEOUT", "20".to_owned()),
        ];
        let environment = variables.map(|(name, value)| json!({"name": name, "value": value}));
        let container = json!({"name": "probe", "image": "postgres:17", "command": command, "env": environment});
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": NAME},
            "spec": {"restartPolicy": "Never", "containers": [container]},
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_reads_from_the_writer_and_says_how_it_went() {
    let rig = Rig::start().await;
    let psql = rig.probe(&["psql", "--no-psqlrc", "--tuples-only", "--no-align", "-c", "select pg_is_in_recovery()"]);
    let created = rig.create(&psql).await;
    assert_eq!((created.status.as_u16(), &created.body["status"]["phase"]), (201, &json!("Pending")));
    assert_eq!(rig.create(&psql).await.refusal(), (409, "AlreadyExists"));
    assert_eq!(rig.ended(NAME).await, ("Succeeded".into(), 0, "f\n".into()));
    assert_eq!(rig.delete(&format!("{PODS}/{NAME}?gracePeriodSeconds=0")).await.status, 200);
    assert_eq!(rig.get(&format!("{PODS}/{NAME}")).await.refusal(), (404, "NotFound"));
    assert_eq!(rig.count(|it| matches!(it, Event::PodStopped { pod, .. } if pod == NAME)), 1);

    let ready = rig.probe(&["sh", "-c", "pg_isready -h \"$PGHOST\" -p $PGPORT"]);
    rig.create(&ready).await;
    let at = format!("{}:{}", rig.workload.writer_host(), rig.world.ports().postgres);
    assert_eq!(rig.ended(NAME).await, ("Succeeded".into(), 0, format!("{at} - accepting connections\n")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_that_reaches_nothing_fails_as_the_real_programs_do() {
    let rig = Rig::start().await;
    let probe = async |name: &str, mut pod: Value, change: (&str, &str)| {
        pod["metadata"]["name"] = name.into();
        for variable in pod["spec"]["containers"][0]["env"].as_array_mut().unwrap() {
            if variable["name"] == change.0 {
                variable["value"] = change.1.into();
            }
        }
        assert_eq!(rig.create(&pod).await.status, 201);
        rig.ended(name).await
    };
    let psql = || rig.probe(&["psql", "-tAc", "select 1"]);
    let (phase, code, log) = probe("nowhere", psql(), ("PGHOST", "nowhere.example.com")).await;
    assert_eq!((phase.as_str(), code), ("Failed", 2));
    assert!(log.contains("could not translate host name \"nowhere.example.com\" to address"), "{log}");
    let (_, code, log) = probe("stranger", psql(), ("PGPASSWORD", "wrong")).await;
    assert!(code == 2 && log.contains("FATAL:") && log.contains("authentication failed"), "{log}");
    let (_, code, log) = probe("wrong-port", psql(), ("PGPORT", "1")).await;
    assert!(code == 2 && log.contains("Connection refused"), "{log}");
    let (_, code, log) = probe("sql", rig.probe(&["psql", "-c", "select * from missing"]), ("", "")).await;
    assert!(code == 1 && log.contains("ERROR:  relation \"missing\" does not exist"), "{log}");
    rig.world.set_darkness("eastus2", Darkness { database: true, ..Darkness::default() });
    // The server's socket closes a moment later; whoever comes before finds it.
    let server = rig.world.name_target(&rig.workload.writer_host()).unwrap();
    let address = rig.world.names().address(&server).unwrap();
    let port = rig.world.ports().postgres;
    eventually("the server is gone", async || tokio::net::TcpStream::connect((address, port)).await.is_err()).await;
    let (_, code, log) = probe("dark", rig.probe(&["pg_isready"]), ("", "")).await;
    assert!(code == 2 && log.ends_with(" - no response\n"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pods_that_cannot_start_say_why() {
    let rig = Rig::start().await;
    let psql = rig.probe(&["psql", "-c", "select 1"]);
    rig.world.tune_kubernetes(|it| drop(it.image_pull_fails.replace(PRIMARY.into())));
    rig.create(&psql).await;
    let path = format!("{PODS}/{NAME}");
    let pod = rig.get(&path).await.body;
    assert_eq!(pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"], "ImagePullBackOff");
    let log = rig.get(&format!("{path}/log")).await;
    assert_eq!(log.refusal(), (400, "BadRequest"));
    assert!(log.message().ends_with("is waiting to start: ImagePullBackOff"), "{log:?}");
    rig.delete(&path).await;
    eventually("gone", async || rig.get(&path).await.status == 404).await;

    rig.world.tune_kubernetes(|it| drop(it.unschedulable.replace(PRIMARY.into())));
    rig.create(&psql).await;
    let pod = rig.get(&path).await.body;
    assert_eq!(
        (&pod["status"]["phase"], &pod["status"]["conditions"][0]["reason"]),
        (&json!("Pending"), &json!("Unschedulable"))
    );
    rig.world.tune_kubernetes(|it| (it.unschedulable, it.image_pull_fails) = Default::default());
    assert_eq!(rig.ended(NAME).await.1, 0, "it is placed once there is room");
    let unknown = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "other-"},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "x", "image": "x", "command": ["curl", "x"]}]},
    });
    let other = rig.create(&unknown).await.body["metadata"]["name"].as_str().unwrap().to_owned();
    assert_eq!(rig.ended(&other).await.1, 128);
    assert_eq!(rig.count(|it| matches!(it, Event::Unknown { method, .. } if method == "exec")), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_that_is_none_is_refused() {
    let rig = Rig::start().await;
    let mut pod = rig.probe(&["psql"]);
    pod["spec"]["containers"] = json!([]);
    assert_eq!(rig.create(&pod).await.refusal(), (422, "Invalid"));
    assert_eq!(rig.create(&json!({"kind": "Secret", "apiVersion": "v1"})).await.refusal(), (400, "BadRequest"));
    pod = rig.probe(&["psql"]);
    pod["metadata"]["name"] = "Not_A_Name".into();
    assert_eq!(rig.create(&pod).await.refusal(), (422, "Invalid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_pod_of_a_controller_comes_back() {
    let rig = Rig::start().await;
    let app = rig.names(&format!("{PODS}?labelSelector=app%3Dsonarqube-dce-app")).await.remove(0);
    assert_eq!(rig.delete(&format!("{PODS}/{app}")).await.status, 200);
    eventually("two others", async || {
        let names = rig.names(&format!("{PODS}?labelSelector=app%3Dsonarqube-dce-app")).await;
        names.len() == 2 && !names.contains(&app)
    })
    .await;
    assert!(rig.writes("eastus2"), "the other one went on");
}

#[tokio::test(flavor = "multi_thread")]
async fn pods_that_never_end_keep_the_application_writing() {
    let rig = Rig::start().await;
    rig.world.tune_kubernetes(|it| drop(it.stuck_pods.replace(PRIMARY.into())));
    assert_eq!(rig.scale(APP, 0).await.status, 200);
    // A pod that is deleted afterwards on the other cluster ends, so time has passed.
    rig.start_cluster(STANDBY).await;
    eventually("pods", async || rig.world.pods(STANDBY).len() == 5).await;
    rig.world.scale(STANDBY, Part::App, 0);
    eventually("gone", async || rig.world.pods(STANDBY).len() == 3).await;
    assert_eq!(rig.names(&format!("{PODS}?labelSelector=app%3Dsonarqube-dce-app")).await.len(), 2);
    assert!(rig.writes("eastus2"));
    rig.world.tune_kubernetes(|it| it.stuck_pods.clear());
    eventually("gone", async || !rig.writes("eastus2")).await;
}
