//! Who the process is, and who may do what to it.

use super::SandboxError;
use nix::unistd::User;
use rustix::process::{DumpableBehavior, Gid, Pid, Signal, Uid};
use rustix::thread::{CapabilitySet, CapabilitySets};
use std::fmt;

/// The user that a package makes for strategies.
const PACKAGED_USER: &str = "pump-strategy";
/// The user that is always there.
const ANY_USER: &str = "nobody";

fn failed(what: &'static str) -> impl Fn(rustix::io::Errno) -> SandboxError {
    move |error| SandboxError::new(what, error)
}

/// Becomes another user where this one is root, and gives up every capability and every way
/// to more. True where it became another user.
pub(super) fn drop_all(user: Option<&str>) -> Result<bool, SandboxError> {
    let own_user = become_user(user)?;
    // A daemon that is not root may have handed its own capabilities on.
    rustix::thread::clear_ambient_capability_set().map_err(failed("ambient capabilities"))?;
    let none = CapabilitySet::empty();
    let none = CapabilitySets {
        effective: none,
        permitted: none,
        inheritable: none,
    };
    rustix::thread::set_capabilities(None, none).map_err(failed("capabilities"))?;
    rustix::thread::set_no_new_privs(true).map_err(failed("no new privileges"))?;
    // Strategies share a user: none of them may trace another, and none leaves a core.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(failed("core dumps"))?;
    Ok(own_user)
}

fn become_user(name: Option<&str>) -> Result<bool, SandboxError> {
    let part = "a user of its own";
    let refused = |cause: &dyn fmt::Display| SandboxError::new(part, cause);
    if !rustix::process::geteuid().is_root() {
        return match name {
            None => Ok(false),
            Some(name) => Err(refused(&format_args!(
                "only root can start a strategy as the user `{name}`"
            ))),
        };
    }
    let known = |name: &str| User::from_name(name).map_err(|error| refused(&error));
    let user = match name {
        Some(name) => {
            known(name)?.ok_or_else(|| refused(&format_args!("there is no user `{name}`")))?
        }
        None => match known(PACKAGED_USER)? {
            Some(user) => user,
            None => known(ANY_USER)?.ok_or_else(|| {
                refused(&format_args!(
                    "there is neither a user `{PACKAGED_USER}` nor `{ANY_USER}`"
                ))
            })?,
        },
    };
    if user.uid.is_root() || user.gid.as_raw() == 0 {
        return Err(refused(&format_args!("`{}` is root", user.name)));
    }
    let uid = Uid::from_raw(user.uid.as_raw());
    let gid = Gid::from_raw(user.gid.as_raw());
    // Groups first: the user may not change them. The process has this one thread.
    rustix::thread::set_thread_groups(&[]).map_err(failed("supplementary groups"))?;
    rustix::thread::set_thread_res_gid(gid, gid, gid).map_err(failed("its group"))?;
    rustix::thread::set_thread_res_uid(uid, uid, uid).map_err(failed(part))?;
    Ok(true)
}

/// Asks to be killed when the thread that started this process ends. To be called after a
/// change of user, which clears it.
///
/// `parent` is who should be there now: it may have died before this call.
pub(crate) fn die_with_parent(parent: Option<Pid>) -> Result<(), SandboxError> {
    let part = "death with the parent";
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).map_err(failed(part))?;
    match parent {
        Some(parent) if rustix::process::getppid() != Some(parent) => {
            Err(SandboxError::new(part, "the parent is gone already"))
        }
        _ => Ok(()),
    }
}

/// Leaves the real-time policy that a real-time thread's child inherits.
pub(crate) fn ordinary_scheduling() -> Result<(), SandboxError> {
    let ordinary = libc::sched_param { sched_priority: 0 };
    // SAFETY: this process, and a parameter that outlives the call.
    let outcome = unsafe { libc::sched_setscheduler(0, libc::SCHED_OTHER, &raw const ordinary) };
    if outcome == 0 {
        return Ok(());
    }
    let error = std::io::Error::last_os_error();
    Err(SandboxError::new("the ordinary scheduling policy", error))
}
