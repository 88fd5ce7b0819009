//! The software bill of materials: every crate that the binary is made of, as CycloneDX 1.5 (cyclonedx.org).
//!
//! What is linked is `required`; what only runs while it is built (build scripts, macros and what those need) is `excluded`,
//! which is CycloneDX's word for "not reached at run time". Nothing in it depends on when or where it was made.

use super::error::PackageError;
use super::project::{Node, Package, Project};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What a dependency is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Run,
    Build,
}

#[derive(Debug, Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    version: String,
    /// SHA-256 of the crate as the registry has it.
    checksum: Option<String>,
}

/// A bill of materials, and how many components it has.
#[derive(Debug)]
pub(super) struct Bill {
    pub text: String,
    pub required: usize,
    pub excluded: usize,
}

/// Makes the bill for a binary of this project. `lock` is the text of its Cargo.lock.
pub(super) fn bill(project: &Project, lock: &str, binary: &[u8]) -> Result<Bill, PackageError> {
    let own = project.own().ok_or(PackageError::NoProject)?;
    let checksums = checksums(lock)?;
    let needs = needs(project, &own.id);
    let packages = project.by_id();
    let mut components: Vec<Value> = Vec::new();
    for (id, need) in needs.iter().filter(|(id, _)| **id != own.id) {
        components.extend(packages.get(id).map(|package| component(package, *need, &checksums)));
    }
    components.sort_by_key(|component| component["bom-ref"].to_string());
    let required = components.iter().filter(|component| component["scope"] == "required").count();
    let excluded = components.len() - required;
    let document = document(own, binary, components, links(project, &needs, &packages));
    let text = serde_json::to_string_pretty(&document).map_err(PackageError::Metadata)?;
    Ok(Bill { text, required, excluded })
}

fn checksums(lock: &str) -> Result<BTreeMap<(String, String), String>, PackageError> {
    let lock: Lock = toml::from_str(lock).map_err(PackageError::Lock)?;
    let known = lock.package.into_iter().filter_map(|it| Some(((it.name, it.version), it.checksum?)));
    Ok(known.collect())
}

/// Everything that is reached from the root without passing a dependency for tests, with the strongest reason for it.
fn needs<'a>(project: &'a Project, root: &'a str) -> BTreeMap<&'a str, Need> {
    let nodes: BTreeMap<&str, &Node> = project.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let packages = project.by_id();
    let mut found = BTreeMap::new();
    let mut open = vec![(root, Need::Run)];
    while let Some((id, need)) = open.pop() {
        let known = found.get(id).copied();
        if known == Some(Need::Run) || known == Some(need) {
            continue;
        }
        // A macro runs in the compiler, and so does whatever it needs.
        let need = if packages.get(id).is_some_and(|package| package.is_macro()) { Need::Build } else { need };
        found.insert(id, need);
        open.extend(nodes.get(id).into_iter().flat_map(|node| next(node, need)));
    }
    found
}

fn next(node: &Node, need: Need) -> impl Iterator<Item = (&str, Need)> {
    node.deps.iter().filter_map(move |edge| {
        let has = |kind: Option<&str>| edge.dep_kinds.iter().any(|it| it.kind.as_deref() == kind);
        match (has(None), has(Some("build"))) {
            (true, _) => Some((edge.pkg.as_str(), need)),
            (false, true) => Some((edge.pkg.as_str(), Need::Build)),
            (false, false) => None,
        }
    })
}

impl Package {
    fn is_macro(&self) -> bool {
        self.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "proc-macro"))
    }

    /// Its address among all packages of the world (github.com/package-url/purl-spec).
    fn address(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version)
    }

    /// Crates from before SPDX expressions write a slash for "or".
    fn licenses(&self) -> Value {
        match &self.license {
            Some(expression) => json!([{ "expression": expression.replace(" / ", " OR ").replace('/', " OR ") }]),
            None => json!([]),
        }
    }
}

fn component(package: &Package, need: Need, checksums: &BTreeMap<(String, String), String>) -> Value {
    let checksum = checksums.get(&(package.name.clone(), package.version.clone()));
    let hashes: Vec<Value> = checksum.iter().map(|it| json!({ "alg": "SHA-256", "content": it })).collect();
    json!({
        "type": "library",
        "bom-ref": package.address(),
        "name": package.name,
        "version": package.version,
        "scope": if need == Need::Run { "required" } else { "excluded" },
        "hashes": hashes,
        "licenses": package.licenses(),
        "purl": package.address(),
    })
}

/// Who needs whom, of what is in the bill.
fn links(project: &Project, needs: &BTreeMap<&str, Need>, packages: &BTreeMap<&str, &Package>) -> Vec<Value> {
    let address = |id: &str| packages.get(id).map(|package| package.address());
    let mut links: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in &project.resolve.nodes {
        let Some((need, own)) = needs.get(node.id.as_str()).zip(address(&node.id)) else { continue };
        links.entry(own).or_default().extend(next(node, *need).filter_map(|(id, _)| address(id)));
    }
    links.into_iter().map(|(own, on)| json!({ "ref": own, "dependsOn": on })).collect()
}

fn document(own: &Package, binary: &[u8], components: Vec<Value>, links: Vec<Value>) -> Value {
    let digest = super::sha256(binary);
    let mut document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "tools": { "components": [{ "type": "application", "name": "reveille package", "version": own.version }] },
            "component": {
                "type": "application",
                "bom-ref": own.address(),
                "name": own.name,
                "version": own.version,
                "description": own.description,
                "hashes": [{ "alg": "SHA-256", "content": digest }],
                "licenses": own.licenses(),
                "purl": own.address(),
            },
        },
        "components": components,
        "dependencies": links,
    });
    document["serialNumber"] = serial(&document).into();
    document
}

/// The bill's own number, made of what it says: the same bill has the same number everywhere.
fn serial(document: &Value) -> String {
    let digest = Sha256::digest(document.to_string().as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().urn().to_string()
}
