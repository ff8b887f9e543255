//! The system calls that are left.
//!
//! Whatever is not listed kills the process with SIGSYS (the kernel's log says which call it
//! was: `audit: … comm="strategy-host" … syscall=…`). The list is by name, so that it means
//! the same on every machine: the C library `libseccomp` knows each one's numbers.

use super::SandboxError;
use crate::rehearsal::Allowed;
use libseccomp::{ScmpAction, ScmpArgCompare, ScmpCompareOp, ScmpFilterContext, ScmpSyscall};
use rustix::fs::OFlags;
use std::os::fd::RawFd;

/// What the process may still do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Calls {
    /// Open a library and write the answer of a probe.
    Probe,
    /// Open a library, and whatever [`Calls::Run`] may.
    Load,
    /// Receive and send on standard input, read what the plugin printed, compute, and end.
    Run {
        /// The reading end of the pipe behind standard output and standard error.
        printed: RawFd,
    },
    /// As [`Calls::Load`], but what is not listed is told by SIGSYS to a handler.
    LoadToRehearse,
    /// As [`Calls::Run`], or less, and told by SIGSYS too.
    Rehearse(Allowed),
}

/// What to do where this kernel has no filters of system calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownHere {
    /// Go on without one.
    Accept,
    /// Fail.
    Refuse,
}

/// Memory (none of it executable), the reading of clocks, ending, and what a crash of Rust or
/// C code needs to end as the crash it is.
///
/// Clocks are here although a strategy reads none: where the machine lets them be read
/// without a system call nothing can be done about it, and a plugin should not run on one
/// machine and die on another.
const PLAIN: [&str; 15] = [
    "close",
    "munmap",
    "madvise",
    "futex",
    "futex_time64",
    "getpid",
    "gettid",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigreturn",
    "sigaltstack",
    "exit",
    "exit_group",
    "cacheflush",
];

/// Getting more memory, beside `mmap`.
const MORE_MEMORY: [&str; 2] = ["brk", "mremap"];

/// What gives another answer each time.
const CLOCKS_AND_CHANCE: [&str; 5] = [
    "getrandom",
    "clock_gettime",
    "clock_gettime64",
    "gettimeofday",
    "time",
];

/// What the dynamic loader needs beside memory. Files are opened to be read only.
const LOADER: [&str; 9] = [
    "read",
    "pread64",
    "fstat",
    "fstat64",
    "newfstatat",
    "fstatat64",
    "statx",
    "lseek",
    "_llseek",
];

const FCNTL: [&str; 2] = ["fcntl", "fcntl64"];

/// Talking on the socket, without passing descriptors.
const TALK: [&str; 4] = ["recv", "recvfrom", "send", "sendto"];

impl Calls {
    /// Enforces it, for good. A second, tighter one may follow [`Calls::Load`].
    pub(crate) fn enforce(self, unknown: UnknownHere) -> Result<(), SandboxError> {
        let told = |error| SandboxError::new("the filter of system calls", error);
        let filter = self.filter().map_err(told)?;
        match filter.load() {
            Err(_) if unknown == UnknownHere::Accept => Ok(()),
            outcome => outcome.map_err(told),
        }
    }

    fn filter(self) -> Result<ScmpFilterContext, libseccomp::error::SeccompError> {
        let mut list = match self {
            Self::LoadToRehearse | Self::Rehearse(_) => List::new(ScmpAction::Trap)?,
            _ => List::new(ScmpAction::KillProcess)?,
        };
        list.allow(&PLAIN)?;
        if !matches!(self, Self::Rehearse(Allowed::Frugal)) {
            list.allow(&MORE_MEMORY)?;
        }
        if !matches!(self, Self::Rehearse(Allowed::Computing)) {
            list.allow(&CLOCKS_AND_CHANCE)?;
        }
        // Aborting is sending a signal to oneself.
        let own = u64::from(std::process::id());
        list.allow_where(&["tgkill"], &[equal(0, own)])?;
        // Rust's library asks whether a descriptor is open before it closes it.
        let get_flags = u64::from(libc::F_GETFD.unsigned_abs());
        list.allow_where(&FCNTL, &[equal(1, get_flags)])?;
        let not_executable = [none_of(2, u64::from(libc::PROT_EXEC.unsigned_abs()))];
        list.allow_where(&["mprotect"], &not_executable)?;
        if matches!(self, Self::Probe) {
            list.allow(&["write", "writev"])?;
        } else {
            if !matches!(self, Self::Rehearse(Allowed::Computing)) {
                for printed in [1, 2] {
                    list.allow_where(&["write", "writev"], &[equal(0, printed)])?;
                }
            }
            list.allow_where(&TALK, &[equal(0, 0)])?;
        }
        if let Self::Rehearse(allowed) = self {
            if allowed != Allowed::Frugal {
                list.allow_where(&["mmap", "mmap2"], &not_executable)?;
            }
            // How a child waits for the next question, and sees that there is none.
            list.allow(&["restart_syscall"])?;
            return Ok(list.0);
        }
        if let Self::Run { printed } = self {
            list.allow_where(&["mmap", "mmap2"], &not_executable)?;
            let printed = u64::try_from(printed).unwrap_or(u64::MAX);
            list.allow_where(&["read"], &[equal(0, printed)])?;
            return Ok(list.0);
        }
        list.allow(&LOADER)?;
        list.allow(&["mmap", "mmap2"])?;
        // The image's descriptor is doubled to stay open.
        let double = u64::from(libc::F_DUPFD_CLOEXEC.unsigned_abs());
        list.allow_where(&FCNTL, &[equal(1, double)])?;
        let only_these = u64::from(!(OFlags::CLOEXEC | OFlags::LARGEFILE | largefile()).bits());
        list.allow_where(&["open"], &[none_of(1, only_these)])?;
        list.allow_where(&["openat"], &[none_of(2, only_these)])?;
        if matches!(self, Self::Load | Self::LoadToRehearse) {
            // For the tighter filter, which can only take more away. Without flags, so that
            // nobody becomes its supervisor.
            let set_filter = u64::from(libc::SECCOMP_SET_MODE_FILTER);
            list.allow_where(&["seccomp"], &[equal(0, set_filter), equal(1, 0)])?;
        }
        if matches!(self, Self::LoadToRehearse) {
            let clock = u64::from(libc::PR_SET_TSC.unsigned_abs());
            list.allow_where(&["prctl"], &[equal(0, clock)])?;
        }
        Ok(list.0)
    }
}

/// `O_LARGEFILE` as the kernel has it: the C library of a 64-bit machine says 0 and its
/// loader sets it all the same.
const fn largefile() -> OFlags {
    if cfg!(any(target_arch = "arm", target_arch = "aarch64")) {
        OFlags::from_bits_retain(0o400_000)
    } else {
        OFlags::from_bits_retain(0o100_000)
    }
}

/// The argument of this number equals `value`.
const fn equal(argument: u32, value: u64) -> ScmpArgCompare {
    ScmpArgCompare::new(argument, ScmpCompareOp::Equal, value)
}

/// The argument of this number has none of these bits.
const fn none_of(argument: u32, bits: u64) -> ScmpArgCompare {
    ScmpArgCompare::new(argument, ScmpCompareOp::MaskedEqual(bits), 0)
}

struct List(ScmpFilterContext);

impl List {
    fn new(otherwise: ScmpAction) -> Result<Self, libseccomp::error::SeccompError> {
        let mut filter = ScmpFilterContext::new(otherwise)?;
        filter.set_act_badarch(ScmpAction::KillProcess)?;
        // Set already, and the call is not allowed a second time.
        filter.set_ctl_nnp(false)?;
        Ok(Self(filter))
    }

    fn allow(&mut self, names: &[&str]) -> Result<(), libseccomp::error::SeccompError> {
        self.allow_where(names, &[])
    }

    fn allow_where(
        &mut self,
        names: &[&str],
        conditions: &[ScmpArgCompare],
    ) -> Result<(), libseccomp::error::SeccompError> {
        for name in names {
            // A name that this version of the library does not know is a call that this
            // machine does not have; one that is not in the list kills, so this is safe.
            if let Ok(call) = ScmpSyscall::from_name(name) {
                self.0
                    .add_rule_conditional(ScmpAction::Allow, call, conditions)?;
            }
        }
        Ok(())
    }
}
