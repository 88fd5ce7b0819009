//! What a binary says of itself: its machine, the C library it needs, and which Reveille it is.

use crate::cli::version::{DEPLOYABLE, WITH_SANDBOX};
use object::elf::{EM_X86_64, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, FileKind};
use std::fmt;

type Header = FileHeader64<Endianness>;

/// No version is longer; whatever else may stand there.
const LONGEST_VERSION: usize = 40;

/// A version of the GNU C library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Glibc {
    pub major: u32,
    pub minor: u32,
}

/// What a binary needs at run time besides the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Library {
    /// Nothing: it is linked statically.
    None,
    /// The GNU C library, at least of this version: the highest that a symbol of it is bound to.
    Glibc(Glibc),
    /// Another loader, whose path this is.
    Other(String),
}

/// Which build of Reveille it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Build {
    Deployable { version: String },
    WithSandbox,
    NotReveille,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub is_x86_64: bool,
    pub library: Library,
    pub build: Build,
}

impl fmt::Display for Glibc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl std::str::FromStr for Glibc {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Of a third number nothing depends: symbols are added in minor versions.
        let mut numbers = text.split('.').map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Ok(Self { major, minor }),
            _ => Err("expected a version of glibc such as 2.28"),
        }
    }
}

/// Reads them from the file's bytes.
///
/// # Errors
/// When it is no ELF file of 64 bits, or a broken one.
pub(super) fn read(bytes: &[u8]) -> Result<Facts, object::Error> {
    let kind = FileKind::parse(bytes)?;
    let header = Header::parse(bytes)?;
    let endian = header.endian()?;
    let is_x86_64 = kind == FileKind::Elf64 && header.e_machine.get(endian) == EM_X86_64;
    Ok(Facts { is_x86_64, library: library(header, endian, bytes)?, build: build(bytes) })
}

fn library(header: &Header, endian: Endianness, bytes: &[u8]) -> Result<Library, object::Error> {
    let Some(loader) = loader(header, endian, bytes)? else { return Ok(Library::None) };
    let glibc = symbol_versions(header, endian, bytes)?.iter().filter_map(|name| glibc(name)).max();
    Ok(glibc.map_or(Library::Other(loader), Library::Glibc))
}

/// The program that the kernel loads first; a static binary names none.
fn loader(header: &Header, endian: Endianness, bytes: &[u8]) -> Result<Option<String>, object::Error> {
    for part in header.program_headers(endian, bytes)? {
        if let Some(path) = part.interpreter(endian, bytes)? {
            return Ok(Some(String::from_utf8_lossy(path).into_owned()));
        }
    }
    Ok(None)
}

/// Names of the symbol versions that it wants of its libraries (`.gnu.version_r`).
fn symbol_versions(header: &Header, endian: Endianness, bytes: &[u8]) -> Result<Vec<String>, object::Error> {
    let sections = header.sections(endian, bytes)?;
    let Some((mut files, link)) = sections.gnu_verneed(endian, bytes)? else { return Ok(Vec::new()) };
    let strings = sections.strings(endian, bytes, link)?;
    let mut names = Vec::new();
    while let Some((_, mut wanted)) = files.next()? {
        while let Some(version) = wanted.next()? {
            names.push(String::from_utf8_lossy(version.name(endian, strings)?).into_owned());
        }
    }
    Ok(names)
}

/// The version of glibc that brought a symbol version.
fn glibc(name: &str) -> Option<Glibc> {
    match name {
        // Says that relocations are packed, which its loader reads since then.
        "GLIBC_ABI_DT_RELR" => Some(Glibc { major: 2, minor: 36 }),
        _ => name.strip_prefix("GLIBC_")?.parse().ok(),
    }
}

fn build(bytes: &[u8]) -> Build {
    if find(bytes, WITH_SANDBOX).is_some() {
        return Build::WithSandbox;
    }
    match find(bytes, DEPLOYABLE) {
        Some(at) => Build::Deployable { version: version_at(&bytes[at + DEPLOYABLE.len()..]) },
        None => Build::NotReveille,
    }
}

fn find(bytes: &[u8], text: &str) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text.as_bytes())
}

fn version_at(bytes: &[u8]) -> String {
    let version: Vec<u8> = bytes.iter().copied().take_while(|byte| *byte != b')').take(LONGEST_VERSION).collect();
    String::from_utf8_lossy(&version).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbol_versions_become_versions_of_glibc() {
        assert_eq!(glibc("GLIBC_2.2.5").unwrap().to_string(), "2.2");
        assert!(glibc("GLIBC_2.28") < glibc("GLIBC_2.29") && glibc("GLIBC_2.9") < glibc("GLIBC_2.10"));
        assert_eq!(glibc("GLIBC_ABI_DT_RELR").unwrap().to_string(), "2.36");
        assert_eq!((glibc("GCC_3.0"), glibc("GLIBC_PRIVATE")), (None, None));
    }

    #[test]
    fn the_build_is_known_by_what_its_version_says() {
        let of = |text: String| build(text.as_bytes());
        let version = "0.1.0".to_owned();
        assert_eq!(of(format!("…0.1.0{version}{DEPLOYABLE}{version})…")), Build::Deployable { version });
        assert_eq!(of(format!("0.1.0{WITH_SANDBOX}, 0.1.0{DEPLOYABLE}0.1.0)")), Build::WithSandbox);
        assert_eq!(of("0.1.0\n".to_owned()), Build::NotReveille);
    }

    #[test]
    fn this_test_is_a_binary_for_the_library_of_this_machine() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let facts = read(&own).unwrap();
        assert!(matches!(facts.library, Library::Glibc(version) if version.major == 2), "{facts:?}");
        assert_eq!(facts.build, Build::WithSandbox, "it holds both texts");
        assert!(read(b"#!/bin/sh\n").is_err() && read(&own[..100]).is_err());
    }
}
