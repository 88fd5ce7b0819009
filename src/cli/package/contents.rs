//! What lies in an app folder: the same files that the sandbox lays out, the binary and its configuration.

use super::error::PackageError;
use crate::sandbox::host::app_files;
use serde_json::Value;

/// Where the handler looks for its configuration (see `config::document_path`).
const CONFIG: &str = "reveille.toml";
const BILL: &str = "reveille.cdx.json";

/// One file of the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// With slashes, from the top of the app folder.
    pub name: String,
    pub bytes: Vec<u8>,
    pub executable: bool,
}

/// What comes from outside of the sources' own files.
pub(super) struct Parts {
    pub binary: Vec<u8>,
    pub config: String,
    pub bill: String,
}

/// Every file, sorted by name.
pub(super) fn files(parts: Parts) -> Result<Vec<File>, PackageError> {
    let plain = |name: String, bytes: Vec<u8>| File { name, bytes, executable: false };
    let mut files: Vec<File> = app_files().map(|(name, text)| plain(name, text.as_bytes().to_vec())).collect();
    let name = handler_name(&files).ok_or(PackageError::NoHandlerName)?;
    files.push(File { name, bytes: parts.binary, executable: true });
    files.push(plain(CONFIG.to_owned(), parts.config.into_bytes()));
    files.push(plain(BILL.to_owned(), parts.bill.into_bytes()));
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

/// The host looks beside host.json for what that names (functions host, `HttpWorkerDescription`).
fn handler_name(files: &[File]) -> Option<String> {
    let host: Value = serde_json::from_slice(&files.iter().find(|file| file.name == "host.json")?.bytes).ok()?;
    let name = host.pointer("/customHandler/description/defaultExecutablePath")?.as_str()?;
    let is_beside = !name.is_empty() && !name.contains('/');
    is_beside.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_file_that_host_json_names_can_be_executed() {
        let parts = Parts { binary: b"binary".to_vec(), config: "# config".into(), bill: "{}".into() };
        let files = files(parts).unwrap();
        let executable: Vec<_> = files.iter().filter(|file| file.executable).collect();
        assert_eq!(executable.len(), 1);
        assert_eq!((executable[0].name.as_str(), executable[0].bytes.as_slice()), ("reveille", &b"binary"[..]));
        let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
        assert!(
            names.is_sorted() && names.contains(&"host.json") && names.contains(&"watch/function.json"),
            "{names:?}"
        );
    }

    #[test]
    fn a_host_json_that_names_nothing_beside_it_is_noticed() {
        let named = |text: &str| {
            let json = format!(r#"{{"customHandler": {{"description": {{"defaultExecutablePath": "{text}"}}}}}}"#);
            handler_name(&[File { name: "host.json".into(), bytes: json.into_bytes(), executable: false }])
        };
        assert_eq!(named("other").as_deref(), Some("other"));
        assert_eq!((named("bin/reveille"), named("")), (None, None));
        assert_eq!(handler_name(&[]), None);
    }
}
