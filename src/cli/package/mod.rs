//! `reveille package`: what is deployed, made of a clone in one step: the binary without the sandbox, the app folder around
//! it, one zip, one bill of materials.
//!
//! ```text
//! project   cargo metadata                        build     cargo zigbuild, else cargo build
//! binary    what the file says of itself (ELF)    fitness   whether hosts of Azure Functions can run it
//! settings  reveille.toml                         contents  the app folder, as the sandbox lays it out
//! bill      CycloneDX                             archive   zip
//! ```
//!
//! The command needs sources and a compiler, so it stands beside the sandbox and is not in the binary that it packs.

mod archive;
mod bill;
mod binary;
mod build;
mod contents;
mod error;
mod fitness;
mod project;
mod settings;

use super::{Exit, Output};
use archive::{mode, zipped};
use bill::Bill;
use binary::{Facts, Glibc};
use build::Way;
use contents::{File, Parts};
use error::PackageError;
use project::Project;
use serde_json::json;
use settings::Configuration;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration that goes into it; without it reveille.toml of the clone, else infra/reveille.toml, which takes
    /// everything from app settings
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Where the package goes; its bill of materials goes beside it
    #[arg(long, value_name = "PATH", default_value = "reveille.zip")]
    output: PathBuf,
    /// Pack this binary, built from this clone before, instead of building one
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// The newest glibc that the binary may need
    #[arg(long, value_name = "VERSION", default_value_t = fitness::OLDEST)]
    glibc: Glibc,
    /// The clone; without it the one around the current folder
    #[arg(long, value_name = "PATH", default_value = ".")]
    project: PathBuf,
}

/// A package that was made.
struct Packed {
    built: String,
    facts: Facts,
    size: usize,
    files: Vec<File>,
    zip: Vec<u8>,
    bill: Bill,
    config: Configuration,
}

pub(super) fn run(args: &Args, out: &Output) -> Exit {
    match make(args, out).and_then(|packed| write(args, &packed).map(|bill| told(args, &packed, &bill, out))) {
        Ok(()) => Exit::Fine,
        Err(error) => failed(&error, out),
    }
}

fn make(args: &Args, out: &Output) -> Result<Packed, PackageError> {
    let project = Project::find(&args.project)?;
    // Before the minutes that building takes.
    let config = settings::read(settings::path(args.config.as_deref(), &project.root))?;
    let (path, built) = binary_of(args, &project, out)?;
    let binary = read(&path)?;
    let facts = binary::read(&binary).map_err(|source| PackageError::NotAProgram { path: path.clone(), source })?;
    fitness::judge(&facts, args.glibc).map_err(|why| PackageError::Unfit { path, why })?;
    let lock = String::from_utf8_lossy(&read(&project.root.join("Cargo.lock"))?).into_owned();
    let bill = bill::bill(&project, &lock, &binary)?;
    let size = binary.len();
    let files = contents::files(Parts { binary, config: config.text.clone(), bill: bill.text.clone() })?;
    let zip = zipped(&files)?;
    Ok(Packed { built, facts, size, files, zip, bill, config })
}

/// The binary, and how it came to be.
fn binary_of(args: &Args, project: &Project, out: &Output) -> Result<(PathBuf, String), PackageError> {
    if let Some(path) = &args.binary {
        return Ok((path.clone(), format!("before: {}", path.display())));
    }
    let way = Way::of_this_machine(project);
    out.message(&format!("building {}", way.about()));
    Ok((way.build(project)?, way.about()))
}

fn read(path: &Path) -> Result<Vec<u8>, PackageError> {
    std::fs::read(path).map_err(|source| PackageError::Read { path: path.to_owned(), source })
}

/// Writes the package and its bill, and gives the bill's path.
fn write(args: &Args, packed: &Packed) -> Result<PathBuf, PackageError> {
    let bill = args.output.with_extension("cdx.json");
    for (path, bytes) in [(&args.output, packed.zip.as_slice()), (&bill, packed.bill.text.as_bytes())] {
        std::fs::write(path, bytes).map_err(|source| PackageError::Write { path: path.clone(), source })?;
    }
    Ok(bill)
}

fn told(args: &Args, packed: &Packed, bill: &Path, out: &Output) {
    if out.json {
        return out.data(&as_json(args, packed, bill).to_string());
    }
    let Packed { built, facts, size, zip, config, .. } = packed;
    let list: String = packed.files.iter().map(listed).collect();
    out.data(&format!(
        "built     {built}\nbinary    {size} bytes, {}\nconfig    {}\n{}package   {}, {} bytes, SHA-256 {}\n{list}bill      {}, {} crates linked, {} more to build them",
        fitness::needs(&facts.library),
        config.path.display(),
        settings_line(config),
        args.output.display(),
        zip.len(),
        sha256(zip),
        bill.display(),
        packed.bill.required,
        packed.bill.excluded,
    ));
}

fn settings_line(config: &Configuration) -> String {
    let names: Vec<&str> = config.settings.iter().map(String::as_str).collect();
    if names.is_empty() { String::new() } else { format!("          takes the app settings {}\n", names.join(", ")) }
}

fn listed(file: &File) -> String {
    let rights = if file.executable { "rwxr-xr-x" } else { "rw-r--r--" };
    format!("  -{rights} {:>9}  {}\n", file.bytes.len(), file.name)
}

fn as_json(args: &Args, packed: &Packed, bill: &Path) -> serde_json::Value {
    let files = packed.files.iter();
    let files: Vec<_> = files
        .map(|file| json!({ "name": file.name, "mode": format!("{:o}", mode(file)), "size": file.bytes.len() }))
        .collect();
    json!({
        "built": packed.built,
        "needs": fitness::needs(&packed.facts.library),
        "config": packed.config.path,
        "app_settings": packed.config.settings,
        "package": args.output,
        "size": packed.zip.len(),
        "sha256": sha256(&packed.zip),
        "files": files,
        "bill": bill,
    })
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn failed(error: &PackageError, out: &Output) -> Exit {
    out.message(&format!("error: {error}"));
    let causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    causes.for_each(|cause| out.message(&format!("  caused by: {cause}")));
    if let Some(hint) = error.hint() {
        out.hint(hint);
    }
    error.exit()
}
