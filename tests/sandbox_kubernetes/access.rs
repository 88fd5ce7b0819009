//! Who is let in, and by which name.

use reqwest::Method;
use reveille::sandbox::planes::Unreachable;
use reveille::sandbox::world::{Darkness, Event};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_kubeconfig_leads_to_a_server_that_wants_a_token_for_it() {
    let rig = Rig::start().await;
    let kubeconfig = rig.kubeconfig(PRIMARY).await;
    let server = entry(&kubeconfig, "server").unwrap();
    assert_eq!(server, format!("https://{}:{}", rig.host(PRIMARY), rig.world.ports().https));
    assert!(kubeconfig.contains(SERVER_APPLICATION) && !kubeconfig.contains("client-key-data"), "{kubeconfig}");
    let pem = STANDARD.decode(entry(&kubeconfig, "certificate-authority-data").unwrap()).unwrap();
    let client = builder(&rig.world, &String::from_utf8(pem).unwrap()).build().unwrap();
    let url = format!("{server}/readyz");
    let ready = client.get(&url).bearer_auth(&rig.token).send().await.unwrap();
    assert_eq!((ready.status().as_u16(), ready.text().await.unwrap().as_str()), (200, "ok"));

    let anonymous = Answer::of(client.get(&url).send().await.unwrap()).await;
    assert_eq!(anonymous.refusal(), (401, "Unauthorized"));
    let for_arm = client.get(&url).bearer_auth(issue(&rig.world, "https://management.azure.com"));
    assert_eq!(Answer::of(for_arm.send().await.unwrap()).await.refusal(), (401, "Unauthorized"));
    rig.world.revoke_tokens();
    assert_eq!(rig.get("/readyz").await.refusal(), (401, "Unauthorized"));
    assert_eq!(rig.count(|it| matches!(it, Event::Unauthorized { .. })), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_without_entra_takes_the_certificate_of_its_kubeconfig_and_no_token() {
    let rig = Rig::start_with(|world| world.tune_kubernetes(|it| it.entra = false)).await;
    assert_eq!(rig.get("/readyz").await.refusal(), (401, "Unauthorized"));
    let kubeconfig = rig.kubeconfig(PRIMARY).await;
    let part = |key: &str| STANDARD.decode(entry(&kubeconfig, key).unwrap()).unwrap();
    let identity = [part("client-certificate-data"), part("client-key-data")].concat();
    let identity = reqwest::Identity::from_pem(&identity).unwrap();
    let client = builder(&rig.world, rig.authority.pem()).identity(identity).build().unwrap();
    let url = format!("{}/api/v1/nodes", entry(&kubeconfig, "server").unwrap());
    assert_eq!(client.get(url).send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_answers_only_while_its_cluster_runs_and_its_region_is_not_dark() {
    let rig = Rig::start().await;
    let refused = rig.request(STANDBY, Method::GET, "/readyz").send().await.unwrap_err();
    assert!(refused.is_connect(), "{refused:?}");
    rig.start_cluster(STANDBY).await;
    let answers = async |cluster: &str| rig.request(cluster, Method::GET, "/readyz").send().await.is_ok();
    eventually("the standby answers", async || answers(STANDBY).await).await;
    rig.world.set_darkness("centralus", Darkness::outage());
    eventually("refused", async || !answers(STANDBY).await).await;
    rig.world.configure(|it| it.unreachable = Unreachable::Hangs);
    eventually("hangs", async || {
        let request = rig.request(STANDBY, Method::GET, "/readyz").timeout(Duration::from_millis(150));
        request.send().await.is_err_and(|it| it.is_timeout())
    })
    .await;
    rig.world.set_darkness("centralus", Darkness::default());
    eventually("back", async || answers(STANDBY).await).await;
    rig.world.tune_kubernetes(|it| it.private_api = true);
    let hidden = rig.request(STANDBY, Method::GET, "/readyz").timeout(Duration::from_millis(200)).send().await;
    assert!(hidden.is_err());
}
