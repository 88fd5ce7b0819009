//! What `--version` tells of this build, and by which `reveille package` knows a binary again.

/// Stands before the version, which ends with a bracket, in a binary that can be deployed.
pub const DEPLOYABLE: &str = "\nwithout the sandbox: what is deployed (";
/// Follows the version in a binary that has a simulated Azure in it.
pub const WITH_SANDBOX: &str = "\nwith the sandbox: not for deployment";

/// In one piece, so that it stands in the binary's bytes as it is printed. Literals, because `concat!` takes no constants.
pub(super) const LONG: &str = if cfg!(feature = "sandbox") {
    concat!(env!("CARGO_PKG_VERSION"), "\nwith the sandbox: not for deployment")
} else {
    concat!(env!("CARGO_PKG_VERSION"), "\nwithout the sandbox: what is deployed (", env!("CARGO_PKG_VERSION"), ")")
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_version_ends_with_what_is_looked_for() {
        let expected = if cfg!(feature = "sandbox") { WITH_SANDBOX } else { DEPLOYABLE };
        assert!(LONG.strip_prefix(env!("CARGO_PKG_VERSION")).is_some_and(|rest| rest.starts_with(expected)));
    }
}
