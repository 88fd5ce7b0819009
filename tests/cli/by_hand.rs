//! The failover on paper: what is printed is a command line as its program takes it.

use super::command::reveille;
use crate::assert_shown;

/// The example, with what changes what is typed.
const PARKED: [(&str, &str); 4] = [
    ("workload = \"starts-with-cluster\"", "workload = \"parked\""),
    ("ways = [\"stop-cluster\"]", "ways = [\"scale-workload\", \"stop-cluster\"]"),
    ("# reset_search_index = true", "reset_search_index = true"),
    ("password = { env = \"PG_PASSWORD\" }", "auth = \"entra\""),
];

fn example() -> String {
    let text = include_str!("../../reveille.example.toml").to_owned();
    PARKED.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    })
}

async fn printed(options: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("reveille.toml"), example()).unwrap();
    let ended = reveille(&format!("runbook {options}")).within(folder.path()).run().await;
    assert_eq!(ended.code, 0, "{}", ended.everything());
    ended.stdout
}

/// Every line that begins with a program's name.
pub async fn commands(program: &str, options: &str) -> Vec<String> {
    let page = printed(options).await;
    let lines = page.lines().map(str::trim).filter(|line| line.starts_with(&format!("{program} ")));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_failover_by_hand_is_a_page_to_be_printed() {
    let page = printed("sonarqube --lost eastus2").await;
    let digest = page.split_once("configuration ").unwrap().1.split_once('.').unwrap().0.to_owned();
    assert_shown!(page.replace(&digest, "[digest]"));
}

#[tokio::test]
async fn there_is_a_chapter_for_the_loss_of_each_site() {
    let page = printed("").await;
    let chapters: Vec<&str> = page.lines().filter(|line| line.starts_with("## ")).collect();
    assert_eq!(chapters, ["## eastus2 is lost: bring up centralus", "## centralus is lost: bring up eastus2"]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("reveille.toml"), example()).unwrap();
    let nowhere = reveille("runbook sonarqube --lost mars").within(folder.path()).run().await;
    assert_eq!(nowhere.code, 64, "{}", nowhere.everything());
}

/// Nobody answers at that address, so whatever comes back but "wrong usage" was understood.
#[tokio::test]
async fn its_own_commands_are_understood() {
    let own = commands("reveille", "--lost eastus2").await;
    assert_eq!(own.len(), 3, "{own:?}");
    for line in own {
        let call = reveille(line.strip_prefix("reveille ").unwrap());
        let ended = call.set("REVEILLE_URL", "http://127.0.0.1:9/api").set("REVEILLE_KEY", "k").run().await;
        assert_eq!(ended.code, 1, "{}", ended.everything());
    }
}
