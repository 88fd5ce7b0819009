//! A package as it is deployed: taken apart as the platform takes it apart, and linked into an app folder.

use std::fs::File;
use std::path::Path;

use zip::ZipArchive;

use super::error::HostError;

/// The scenario brings its own.
const CONFIG: &str = "reveille.toml";

/// Unpacks it with the permissions that stand in it. Do this before anything else is started: a file that is being written
/// while another thread starts a program cannot itself be started.
///
/// # Errors
/// What is no zip, or names files outside of its folder.
pub fn unpack(package: &Path, into: &Path) -> Result<(), HostError> {
    let unread = |source| HostError::Read { path: package.to_owned(), source };
    let file = File::open(package).map_err(unread)?;
    let unpacked = ZipArchive::new(file).and_then(|mut archive| archive.extract(into));
    unpacked.map_err(|source| HostError::Unpack { path: package.to_owned(), source })
}

/// Lays out an app folder whose files are those of an unpacked package, all but its configuration.
///
/// # Errors
/// A file that cannot be linked.
pub fn lay_out_package(app: &Path, unpacked: &Path) -> Result<(), HostError> {
    link_all(app, unpacked).map_err(|source| HostError::LayOut { path: app.to_owned(), source })
}

fn link_all(to: &Path, from: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from.canonicalize()?)? {
        let entry = entry?;
        let here = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            link_all(&here, &entry.path())?;
        } else if entry.file_name() != CONFIG {
            std::os::unix::fs::symlink(entry.path(), here)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::app::App;
    use super::super::layout::app_files;
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn package(files: &[(String, &str, u32)]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = ZipWriter::new(file.reopen().unwrap());
        for (name, text, mode) in files {
            writer.start_file(name, SimpleFileOptions::default().unix_permissions(*mode)).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap();
        file
    }

    #[test]
    fn a_package_becomes_an_app_folder_that_the_host_loads() {
        let mut files: Vec<_> = app_files().map(|(name, text)| (name, text, 0o644)).collect();
        files.push(("reveille".to_owned(), "binary", 0o755));
        files.push(("reveille.toml".to_owned(), "# of the package", 0o644));
        let (unpacked, app) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        unpack(package(&files).path(), unpacked.path()).unwrap();
        lay_out_package(app.path(), unpacked.path()).unwrap();
        assert_eq!(App::load(app.path(), &Default::default()).unwrap().functions.len(), 5);
        let mode = |name: &str| app.path().join(name).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("reveille"), mode("host.json")), (0o755, 0o644));
        assert!(!app.path().join("reveille.toml").exists(), "the scenario brings its own");
    }

    #[test]
    fn what_is_no_package_or_leads_out_of_the_folder_is_refused() {
        let into = tempfile::tempdir().unwrap();
        let folder = into.path().join("folder");
        let no_zip = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(unpack(no_zip.path(), &folder), Err(HostError::Unpack { .. })));
        assert!(matches!(unpack(&into.path().join("nothing"), &folder), Err(HostError::Read { .. })));
        let out = package(&[("../out".to_owned(), "x", 0o644)]);
        assert!(unpack(out.path(), &folder).is_err());
        assert!(!into.path().join("out").exists());
    }
}
