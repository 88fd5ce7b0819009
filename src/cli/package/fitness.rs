//! Whether a binary can be deployed, and which hosts can run it.

use super::binary::{Build, Facts, Glibc, Library};

/// What is demanded without another word. Microsoft promises no version of glibc for the hosts of Azure Functions, so it is
/// an old one: that of Debian 10 and of RHEL 8, the oldest which anybody still runs .NET on.
pub(super) const OLDEST: Glibc = Glibc { major: 2, minor: 28 };

/// Systems that have a version of glibc, oldest first (distrowatch.com, package glibc).
const SYSTEMS: [(Glibc, &str); 8] = [
    (of(17), "RHEL 7"),
    (of(28), "Debian 10 and RHEL 8"),
    (of(31), "Debian 11 and Ubuntu 20.04"),
    (of(34), "RHEL 9"),
    (of(35), "Ubuntu 22.04"),
    (of(36), "Debian 12"),
    (of(39), "Ubuntu 24.04"),
    (of(41), "Debian 13"),
];

const fn of(minor: u32) -> Glibc {
    Glibc { major: 2, minor }
}

/// Why a binary is not packed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("it is not a program for x86-64, the only machine on which Azure Functions runs custom handlers")]
    Machine,
    #[error("it is not Reveille")]
    NotReveille,
    #[error("the sandbox is in it, a simulated Azure that has no place in the real one")]
    Sandbox,
    #[error("it is version {found}, and the rest of the package is of version {wanted}")]
    Version { found: String, wanted: &'static str },
    #[error("it needs glibc {needs}, newer than {allowed}; it runs on {}", systems(.needs))]
    TooNew { needs: Glibc, allowed: Glibc },
    #[error("it needs the loader {0}, which hosts of Azure Functions do not have")]
    Loader(String),
}

impl Unfit {
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::TooNew { .. } => {
                "`pip install ziglang cargo-zigbuild` has `reveille package` build for glibc 2.28; \
                 --glibc VERSION takes a newer one, if you know that your hosts have it"
            }
            Self::Loader(_) => "link it statically: musl's Rust target does without being asked",
            _ => "without --binary `reveille package` builds the right one",
        }
    }
}

/// Looks at everything that would only show after the deployment.
pub(super) fn judge(facts: &Facts, allowed: Glibc) -> Result<(), Unfit> {
    if !facts.is_x86_64 {
        return Err(Unfit::Machine);
    }
    match &facts.build {
        Build::NotReveille => return Err(Unfit::NotReveille),
        Build::WithSandbox => return Err(Unfit::Sandbox),
        Build::Deployable { version } if version != env!("CARGO_PKG_VERSION") => {
            return Err(Unfit::Version { found: version.clone(), wanted: env!("CARGO_PKG_VERSION") });
        }
        Build::Deployable { .. } => {}
    }
    match &facts.library {
        Library::Other(loader) => Err(Unfit::Loader(loader.clone())),
        Library::Glibc(needs) if *needs > allowed => Err(Unfit::TooNew { needs: *needs, allowed }),
        Library::Glibc(_) | Library::None => Ok(()),
    }
}

/// What it needs and where it runs, for people.
pub(super) fn needs(library: &Library) -> String {
    match library {
        Library::None => "needs no C library: runs on any Linux".to_owned(),
        Library::Glibc(version) => format!("needs GLIBC_{version}: runs on {}", systems(version)),
        Library::Other(loader) => format!("needs {loader}"),
    }
}

fn systems(needs: &Glibc) -> String {
    match SYSTEMS.iter().find(|(has, _)| has >= needs) {
        Some((_, first)) => format!("{first}, and newer"),
        None => format!("systems with glibc {needs} and newer"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(library: Library) -> Facts {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Facts { is_x86_64: true, library, build: Build::Deployable { version } }
    }

    #[test]
    fn old_libraries_and_none_are_fit_and_newer_ones_only_when_they_are_allowed() {
        assert_eq!(judge(&facts(Library::None), OLDEST), Ok(()));
        assert_eq!(judge(&facts(Library::Glibc(of(28))), OLDEST), Ok(()));
        let newer = facts(Library::Glibc(of(34)));
        let unfit = judge(&newer, OLDEST).unwrap_err();
        assert_eq!(unfit.to_string(), "it needs glibc 2.34, newer than 2.28; it runs on RHEL 9, and newer");
        assert_eq!(judge(&newer, of(36)), Ok(()));
        let musl = Library::Other("/lib/ld-musl-x86_64.so.1".to_owned());
        assert!(matches!(judge(&facts(musl), of(99)), Err(Unfit::Loader(_))));
    }

    #[test]
    fn what_is_not_this_reveille_without_its_sandbox_is_refused() {
        let with = |build| judge(&Facts { build, ..facts(Library::None) }, OLDEST).unwrap_err();
        assert_eq!(with(Build::WithSandbox), Unfit::Sandbox);
        assert_eq!(with(Build::NotReveille), Unfit::NotReveille);
        assert!(matches!(with(Build::Deployable { version: "0.0.9".into() }), Unfit::Version { .. }));
        let arm = Facts { is_x86_64: false, ..facts(Library::None) };
        assert_eq!(judge(&arm, OLDEST), Err(Unfit::Machine));
    }

    #[test]
    fn systems_are_named_for_people() {
        assert_eq!(needs(&Library::Glibc(of(25))), "needs GLIBC_2.25: runs on Debian 10 and RHEL 8, and newer");
        assert_eq!(needs(&Library::Glibc(of(50))), "needs GLIBC_2.50: runs on systems with glibc 2.50 and newer");
    }
}
