//! infra/deploy, with an `az` in its way that writes down what it is asked.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const AZ: &str = r#"#!/bin/sh
echo "connected=${REVEILLE_CONNECTED:-no} az $*" >>"$ASKED"
case "$*" in
"functionapp list"*) printf '%s\n' $APPS ;;
*"--name premium"*WEBSITE_RUN_FROM_PACKAGE*) echo https://account.blob.test/app-package/released-package.zip ;;
esac
"#;

struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        let az = folder.path().join("bin/az");
        fs::write(&az, AZ).unwrap();
        fs::set_permissions(&az, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.path().join("reveille.zip"), "a package").unwrap();
        Self { folder }
    }

    fn deploy(&self, package: &str, apps: &str) -> Output {
        let path = format!("{}:{}", self.folder.path().join("bin").display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("infra/deploy"));
        command.env_clear().env("PATH", path).env("APPS", apps).env("ASKED", self.folder.path().join("asked"));
        command.env("REVEILLE_PACKAGE", self.folder.path().join(package));
        command.output().unwrap()
    }

    /// What was asked, without the folder's name.
    fn asked(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("asked")).unwrap_or_default();
        let folder = format!("{}/", self.folder.path().display());
        text.lines().map(|line| line.replace(&folder, "")).collect()
    }
}

#[test]
fn the_package_is_on_every_app_before_alerts_are_let_in() {
    let desk = Desk::new();
    let output = desk.deploy("reveille.zip", "flex premium");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let changes: Vec<String> = desk.asked().into_iter().filter(|line| !line.contains(" list ")).collect();
    let expected = [
        "connected=no az functionapp deployment source config-zip --resource-group rg-reveille --name flex --src reveille.zip --output none",
        "connected=no az storage blob upload --auth-mode login --blob-url https://account.blob.test/app-package/released-package.zip --file reveille.zip --overwrite --output none",
        "connected=no az functionapp restart --resource-group rg-reveille --name premium --output none",
        "connected=true az deployment sub create --name reveille-connected --location westus3 --parameters infra/main.bicepparam --output none",
    ];
    assert_eq!(changes, expected);
}

#[test]
fn without_a_package_or_an_app_nothing_is_changed() {
    for (package, apps, said) in
        [("no-such.zip", "flex", "there is no package"), ("reveille.zip", "", "provision first")]
    {
        let desk = Desk::new();
        let output = desk.deploy(package, apps);
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains(said));
        assert!(desk.asked().iter().all(|line| line.contains("functionapp list")), "{:?}", desk.asked());
    }
}
