//! The file system, closed.

use super::SandboxError;
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _,
    RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

/// The newest version of Landlock whose rights are named here. On an older kernel those it
/// knows are taken; the filter of system calls stands behind the others.
const ABI_KNOWN: ABI = ABI::V6;

/// Where the dynamic loader finds what a plugin was linked with. Those that are not there
/// are passed over.
const LIBRARIES: [&str; 6] = [
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
];
const LOADER_CACHE: [&str; 1] = ["/etc/ld.so.cache"];

/// Takes every right on every file away but to read libraries, and all of the network and of
/// abstract sockets. False where this kernel has no Landlock.
pub(super) fn close() -> Result<bool, SandboxError> {
    let told = |error: RulesetError| SandboxError::new("landlock", error);
    let status = rules()
        .and_then(|rules| rules.restrict_self())
        .map_err(told)?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

fn rules() -> Result<landlock::RulesetCreated, RulesetError> {
    Ruleset::default()
        .handle_access(AccessFs::from_all(ABI_KNOWN))?
        .handle_access(AccessNet::from_all(ABI_KNOWN))?
        .scope(Scope::from_all(ABI_KNOWN))?
        .create()?
        .add_rules(path_beneath_rules(
            LIBRARIES,
            AccessFs::ReadFile | AccessFs::Execute,
        ))?
        .add_rules(path_beneath_rules(LOADER_CACHE, AccessFs::ReadFile))
}
