//! `reveille package` on programs that were really compiled and linked, with their real symbol versions.

use reveille::cli::version::DEPLOYABLE;
use reveille::sandbox::host::{app_files, unpack};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Compiles a program that says of itself that it is this version of Reveille, or another text.
fn compiled(folder: &Path, says: &str, flags: &[&str]) -> PathBuf {
    let (source, program) = (folder.join("program.c"), folder.join("program"));
    let text = says.replace('\n', "\\n");
    let entry =
        if flags.contains(&"-nostdlib") { "void _start(void) { for (;;); }" } else { "int main(void) { return 0; }" };
    fs::write(&source, format!("__attribute__((used)) const char says[] = \"{text}\";\n{entry}\n")).unwrap();
    let done = Command::new("cc").args(flags).arg("-o").arg(&program).arg(&source).status().unwrap();
    assert!(done.success());
    program
}

fn deployable() -> String {
    format!("{0}{DEPLOYABLE}{0})", env!("CARGO_PKG_VERSION"))
}

fn package(folder: &Path, binary: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reveille"));
    command.args(["package", "--json", "--project", env!("CARGO_MANIFEST_DIR"), "--config"]);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("infra/reveille.toml"));
    command.arg("--binary").arg(binary).arg("--output").arg(folder.join("out.zip")).args(arguments);
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn an_unpacked_package_is_the_sandboxes_app_folder_with_one_program_in_it() {
    let folder = TempDir::new().unwrap();
    let binary = compiled(folder.path(), &deployable(), &["-nostdlib", "-static"]);
    let output = package(folder.path(), &binary, &[]);
    assert!(output.status.success(), "{}", said(&output));
    let unpacked = folder.path().join("unpacked");
    unpack(&folder.path().join("out.zip"), &unpacked).unwrap();
    for (name, text) in app_files() {
        assert_eq!(fs::read_to_string(unpacked.join(&name)).unwrap(), text, "{name}");
    }
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let files = told["files"].as_array().unwrap();
    let programs: Vec<_> = files.iter().filter(|file| executable(&unpacked, file)).collect();
    assert_eq!(programs.len(), 1);
    assert_eq!((programs[0]["name"].as_str(), programs[0]["mode"].as_str()), (Some("reveille"), Some("755")));
    assert_eq!(fs::read(unpacked.join("reveille")).unwrap(), fs::read(&binary).unwrap());
    assert!(told["needs"].as_str().unwrap().contains("any Linux"), "{told}");
}

fn executable(unpacked: &Path, file: &Value) -> bool {
    let path = unpacked.join(file["name"].as_str().unwrap());
    path.metadata().unwrap().permissions().mode() & 0o111 != 0
}

#[test]
fn the_bill_names_what_is_linked_and_is_the_same_each_time() {
    let folder = TempDir::new().unwrap();
    let binary = compiled(folder.path(), &deployable(), &["-nostdlib", "-static"]);
    let made = || {
        assert!(package(folder.path(), &binary, &[]).status.success());
        (fs::read(folder.path().join("out.zip")).unwrap(), fs::read(folder.path().join("out.cdx.json")).unwrap())
    };
    let (first, second) = (made(), made());
    assert!(first == second, "the same sources gave other bytes");
    let bill: Value = serde_json::from_slice(&first.1).unwrap();
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
    let scope = |name: &str| {
        let components = bill["components"].as_array().unwrap();
        components.iter().find(|it| it["name"] == name).map(|it| it["scope"].as_str().unwrap().to_owned())
    };
    assert_eq!(scope("reqwest").as_deref(), Some("required"));
    assert_eq!(scope("serde_derive").as_deref(), Some("excluded"), "a macro runs in the compiler");
    assert_eq!((scope("pgwire"), scope("proptest")), (None, None), "the sandbox and the tests are not in it");
}

#[test]
fn programs_that_could_not_serve_are_refused_and_nothing_is_written() {
    let folder = TempDir::new().unwrap();
    let own = package(folder.path(), Path::new(env!("CARGO_BIN_EXE_reveille")), &[]);
    assert_eq!(own.status.code(), Some(4));
    assert!(said(&own).contains("the sandbox is in it"), "{}", said(&own));
    let other = package(folder.path(), &compiled(folder.path(), "hello", &["-nostdlib", "-static"]), &[]);
    assert!(said(&other).contains("not Reveille"), "{}", said(&other));
    let text = folder.path().join("text");
    fs::write(&text, "#!/bin/sh\n").unwrap();
    assert_eq!(package(folder.path(), &text, &[]).status.code(), Some(64));
    assert!(!folder.path().join("out.zip").exists());
}

#[test]
fn the_glibc_that_a_program_was_linked_with_is_read_from_it() {
    let folder = TempDir::new().unwrap();
    let binary = compiled(folder.path(), &deployable(), &[]);
    let refused = package(folder.path(), &binary, &["--glibc", "2.1"]);
    assert_eq!(refused.status.code(), Some(4));
    assert!(said(&refused).contains("newer than 2.1; it runs on"), "{}", said(&refused));
    let taken = package(folder.path(), &binary, &["--glibc", "2.99"]);
    assert!(taken.status.success(), "{}", said(&taken));
    assert!(String::from_utf8_lossy(&taken.stdout).contains("needs GLIBC_2."));
}
