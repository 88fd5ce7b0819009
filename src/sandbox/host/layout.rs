//! Lays out an app folder as it is deployed: host.json, each function beside it, and the handler.

use std::path::Path;

use super::error::HostError;

const HOST_JSON: &str = include_str!("../../../host.json");
const FUNCTIONS: &[(&str, &str)] = &[
    ("alert", include_str!("../../../functions/alert/function.json")),
    ("drill", include_str!("../../../functions/drill/function.json")),
    ("operator", include_str!("../../../functions/operator/function.json")),
    ("run", include_str!("../../../functions/run/function.json")),
    ("watch", include_str!("../../../functions/watch/function.json")),
];
/// Name of the handler in host.json.
const EXECUTABLE: &str = "reveille";

/// Every file of the folder but the handler: its name there, and its text.
pub fn app_files() -> impl Iterator<Item = (String, &'static str)> {
    let functions = FUNCTIONS.iter().map(|(name, json)| (format!("{name}/function.json"), *json));
    std::iter::once(("host.json".to_owned(), HOST_JSON)).chain(functions)
}

/// Writes the folder's files; the handler becomes a symbolic link to `handler`, whatever that is called.
///
/// # Errors
/// A file that cannot be written, or a handler that does not exist.
pub fn lay_out(app: &Path, handler: &Path) -> Result<(), HostError> {
    for (name, text) in app_files() {
        write(&app.join(name), text)?;
    }
    let link = app.join(EXECUTABLE);
    let failed = |source| HostError::LayOut { path: link.clone(), source };
    let target = handler.canonicalize().map_err(failed)?;
    if link.symlink_metadata().is_ok() {
        std::fs::remove_file(&link).map_err(failed)?;
    }
    std::os::unix::fs::symlink(target, &link).map_err(failed)
}

fn write(path: &Path, text: &str) -> Result<(), HostError> {
    let failed = |source| HostError::LayOut { path: path.to_owned(), source };
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::super::app::App;
    use super::super::function::Trigger;
    use super::*;

    #[test]
    fn the_laid_out_folder_is_one_the_host_loads() {
        let app = tempfile::tempdir().unwrap();
        let handler = app.path().join("some-binary");
        std::fs::write(&handler, "").unwrap();
        lay_out(app.path(), &handler).unwrap();
        lay_out(app.path(), &handler).unwrap();
        let loaded = App::load(app.path(), &Default::default()).unwrap();
        let names: Vec<_> = loaded.functions.iter().map(|function| function.name.as_str()).collect();
        assert_eq!(names, ["drill", "run", "watch", "alert", "operator"]);
        assert_eq!(loaded.settings.handler.executable, EXECUTABLE);
        assert!(app.path().join(&loaded.settings.handler.executable).is_file());
        let timers = loaded.functions.iter().filter(|f| matches!(f.trigger, Trigger::Timer { monitor: false, .. }));
        assert_eq!(timers.count(), 2);
    }

    #[test]
    fn every_function_of_the_project_is_laid_out() {
        let functions = Path::new(env!("CARGO_MANIFEST_DIR")).join("functions");
        let mut found: Vec<_> = std::fs::read_dir(functions)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        found.sort();
        assert_eq!(found, FUNCTIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }
}
