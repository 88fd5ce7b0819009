//! The Bicep compiler, and a copy of infra/ that it may write to.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const INSTALL: &str = "no Bicep compiler found; install it with: mkdir -p target/tools && curl -fsSLo target/tools/bicep \
    https://github.com/Azure/bicep/releases/download/v0.49.2/bicep-linux-x64 && chmod +x target/tools/bicep";

/// `$BICEP`, else the path's, else where `tests/run` puts it, else in a folder beside the project.
fn bicep() -> OsString {
    if let Some(named) = std::env::var_os("BICEP").filter(|it| !it.is_empty()) {
        return named;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("bicep"));
    let fetched = Path::new(ROOT).join("target/tools/bicep");
    let mut candidates = on_path.chain([fetched]).chain(beside());
    candidates.find(|it| it.is_file()).expect(INSTALL).into_os_string()
}

fn beside() -> impl Iterator<Item = PathBuf> {
    let siblings = fs::read_dir(Path::new(ROOT).join("..")).into_iter().flatten().flatten();
    siblings.map(|entry| entry.path().join("tools/bicep"))
}

/// infra/ in a folder of its own.
pub struct Copied(TempDir);

impl Copied {
    pub fn infra() -> Self {
        let copied = Self(TempDir::new().unwrap());
        for file in files(&Path::new(ROOT).join("infra")) {
            let to = copied.0.path().join(file.strip_prefix(Path::new(ROOT).join("infra")).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(&file, to).unwrap();
        }
        copied
    }

    pub fn text(&self, file: &str) -> String {
        fs::read_to_string(self.0.path().join(file)).unwrap()
    }

    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.0.path().join(file), text).unwrap();
    }

    /// Runs the compiler in the copy.
    pub fn bicep(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(bicep());
        command.args(arguments).current_dir(self.0.path());
        // Without libicu, which small systems have not.
        command.env("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1");
        for variable in ["AZURE_LOCATION", "SAMPLE_DNS_ZONE", "SAMPLE_DATABASE_PASSWORD", "SAMPLE_EMAIL"] {
            command.env_remove(variable);
        }
        command.env("REVEILLE_CONNECTED", "true").output().expect(INSTALL)
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// Errors and warnings, one a line; nothing when there are none.
pub fn complaints(infra: &Copied, verb: &str, file: &str) -> String {
    let stdout: &[&str] = if verb == "lint" { &[] } else { &["--stdout"] };
    let output = infra.bicep(&[&[verb, file], stdout].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() || !said.is_empty(), "bicep {verb} {file} failed without a word");
    said
}

/// The files that the formatter would change.
pub fn unformatted(infra: &Copied) -> Vec<String> {
    let sources: Vec<PathBuf> = files(infra.0.path())
        .into_iter()
        .filter(|it| it.extension().is_some_and(|it| it == "bicep" || it == "bicepparam"))
        .collect();
    assert!(sources.len() > 20, "infra/ is not where it was");
    let before: Vec<String> = sources.iter().map(|it| fs::read_to_string(it).unwrap()).collect();
    for pattern in ["**/*.bicep", "**/*.bicepparam"] {
        let output = infra.bicep(&["format", "--pattern", pattern]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let changed = sources.iter().zip(before).filter(|(file, before)| fs::read_to_string(file).unwrap() != *before);
    changed.map(|(file, _)| file.strip_prefix(infra.0.path()).unwrap().display().to_string()).collect()
}
