//! The configuration that travels in the package, checked as far as that can be done before its app settings are known.

use super::error::PackageError;
use crate::config::{self, ConfigErrors};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// First the one that somebody made, then the one that takes everything from app settings.
const FILES: [&str; 2] = ["reveille.toml", "infra/reveille.toml"];
/// What tells a program that it runs in Azure; the package will.
const IN_AZURE: [&str; 2] = ["WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID"];

/// A configuration without mistakes, except those that only its app settings could make.
#[derive(Debug)]
pub(super) struct Configuration {
    pub path: PathBuf,
    pub text: String,
    /// App settings that it takes by `%NAME%`.
    pub settings: BTreeSet<String>,
}

/// The file that is named, else the first one that there is.
pub(super) fn path(named: Option<&Path>, root: &Path) -> PathBuf {
    let mut usual = FILES.iter().map(|file| root.join(file));
    let found = named.map(Path::to_owned).or_else(|| usual.find(|path| path.is_file()));
    found.unwrap_or_else(|| root.join(FILES[0]))
}

pub(super) fn read(path: PathBuf) -> Result<Configuration, PackageError> {
    let text = std::fs::read_to_string(&path).map_err(|source| PackageError::Read { path: path.clone(), source })?;
    let settings = check(&text, &path.display().to_string()).map_err(PackageError::Config)?;
    Ok(Configuration { path, text, settings })
}

/// Reads it as the handler will, with nothing known of its app settings; gives their names.
fn check(text: &str, path: &str) -> Result<BTreeSet<String>, ConfigErrors> {
    let asked = RefCell::new(BTreeSet::new());
    let ended = config::parse(text, path, &|name| {
        if IN_AZURE.contains(&name) {
            return Some("package".to_owned());
        }
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    // Others are asked for by rules of ours, whatever stands in the file.
    let taken = asked.into_inner().into_iter().filter(|name| text.contains(&format!("%{name}%"))).collect();
    match ended.map_err(|errors| mistakes(errors, &taken)) {
        Err(errors) if !errors.0.is_empty() => Err(errors),
        _ => Ok(taken),
    }
}

/// Without those that only say that a setting is not known here.
fn mistakes(mut errors: ConfigErrors, taken: &BTreeSet<String>) -> ConfigErrors {
    let unset = |message: &str| taken.iter().any(|name| message.contains(&format!("{name} is not set")));
    errors.0.retain(|error| !unset(&error.message));
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = include_str!("../../../infra/reveille.toml");

    #[test]
    fn the_template_passes_and_names_its_app_settings() {
        let settings = check(TEMPLATE, "infra/reveille.toml").unwrap();
        assert!(settings.contains("REVEILLE_STORE") && settings.contains("REVEILLE_PLAN"), "{settings:?}");
        assert!(settings.iter().all(|name| TEMPLATE.contains(&format!("%{name}%"))), "{settings:?}");
    }

    #[test]
    fn a_mistake_beside_unknown_settings_is_found() {
        let errors = |text: &str| check(text, "reveille.toml").unwrap_err().to_string();
        let wrong = TEMPLATE.replace("automation = \"observe\"", "automation = \"observ\"");
        assert!(errors(&wrong).contains("automation"), "{}", errors(&wrong));
        assert!(!errors(&wrong).contains("is not set"), "{}", errors(&wrong));
        let local = TEMPLATE.replace("%REVEILLE_STORE%", "file:./state");
        assert!(errors(&local).contains("cannot be used in Azure"), "{}", errors(&local));
    }

    #[test]
    fn a_file_of_ones_own_goes_before_the_template_and_a_named_one_before_both() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("infra")).unwrap();
        std::fs::write(root.path().join("infra/reveille.toml"), "").unwrap();
        assert_eq!(path(None, root.path()), root.path().join("infra/reveille.toml"));
        std::fs::write(root.path().join("reveille.toml"), "").unwrap();
        assert_eq!(path(None, root.path()), root.path().join("reveille.toml"));
        assert_eq!(path(Some(Path::new("x.toml")), root.path()), Path::new("x.toml"));
    }
}
