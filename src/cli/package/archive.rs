//! Zips files so that the same files give the same bytes: sorted names, one time, one compression.

use super::contents::File;
use super::error::PackageError;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

const READ: u32 = 0o644;
const EXECUTE: u32 = 0o755;

/// Permissions of a file, as `ls -l` counts them.
pub(super) fn mode(file: &File) -> u32 {
    if file.executable { EXECUTE } else { READ }
}

pub(super) fn zipped(files: &[File]) -> Result<Vec<u8>, PackageError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        let failed = |source| PackageError::Zip { name: file.name.clone(), source };
        writer.start_file(&file.name, options(file)).map_err(failed)?;
        writer.write_all(&file.bytes).map_err(|source| failed(source.into()))?;
    }
    let end = writer.finish();
    Ok(end.map_err(|source| PackageError::Zip { name: "its directory".to_owned(), source })?.into_inner())
}

/// The time is the first that the format knows, 1980-01-01: whoever wants to know when looks at the version.
fn options(file: &File) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(mode(file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use zip::ZipArchive;

    fn files() -> Vec<File> {
        let file = |name: &str, text: &str, executable| File {
            name: name.to_owned(),
            bytes: text.repeat(1000).into_bytes(),
            executable,
        };
        vec![file("a/function.json", "function", false), file("reveille", "binary", true)]
    }

    #[test]
    fn what_was_zipped_comes_out_again_with_its_modes() {
        let mut archive = ZipArchive::new(Cursor::new(zipped(&files()).unwrap())).unwrap();
        for (index, file) in files().iter().enumerate() {
            let mut entry = archive.by_index(index).unwrap();
            assert_eq!(entry.name().unwrap(), file.name);
            assert_eq!(entry.unix_mode().unwrap(), 0o100000 | mode(file), "a plain file with these permissions");
            assert!(entry.compressed_size() < entry.size());
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, file.bytes);
        }
    }

    #[test]
    fn the_same_files_give_the_same_bytes() {
        let first = zipped(&files()).unwrap();
        // Times in this format are two seconds apart.
        std::thread::sleep(std::time::Duration::from_millis(2_100));
        assert!(first == zipped(&files()).unwrap(), "the time of day got in");
    }
}
