//! `strategy-host rehearse`: one plugin, held in, whose instances do as they are told.

use super::Allowed;
use super::packet::{Ask, Buffer, EMPTY, Told};
use crate::elf;
use crate::image::Image;
use crate::plugin::{CallError, Instance, Plugin};
use crate::printed::one_line;
use crate::run::put_away_the_inherited;
use crate::sandbox::{self, Calls, Limits, UnknownHere};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketType, recv, send, sockopt};
use std::fmt::Display;
use std::io::stdin;
use std::path::PathBuf;
use std::process::ExitCode;
use strategy_abi::{Fraction, Message as _};
use strategy_link::Sha256;

/// What `strategy-host rehearse` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RehearseOptions {
    /// The plugin's file.
    pub plugin: PathBuf,
    /// The hash it must have.
    pub sha256: Sha256,
    /// What its functions may call.
    pub allowed: Allowed,
}

/// As for a run, but that it may write a few words into the file that stands behind
/// standard output and standard error.
const LIMITS: Limits = Limits {
    file: 64 * 1024,
    ..Limits::RUN
};

/// Does what it is told on the socket on standard input until that is closed.
///
/// It changes the whole process, as [`run_main`](crate::run_main) does, and in that order.
pub fn rehearse_main(options: &RehearseOptions) -> ExitCode {
    if sockopt::socket_type(stdin()) != Ok(SocketType::SEQPACKET) {
        return ExitCode::from(2);
    }
    let end = match serve(options) {
        Ok(()) => 0,
        Err(cause) => {
            tell(&Told::Unable(one_line(&cause, 1000)));
            1
        }
    };
    // Not by way of `exit`, which would run what the plugin has registered for it.
    // SAFETY: ends the process; there is no other thread, and nothing to be flushed.
    unsafe { libc::_exit(end) }
}

fn serve(options: &RehearseOptions) -> Result<(), String> {
    let parent = sockopt::socket_peercred(stdin()).map_err(told)?;
    put_away_the_inherited().map_err(told)?;
    sandbox::ordinary_scheduling().map_err(told)?;
    let (image, bytes) = Image::pinned(&options.plugin, options.sha256).map_err(told)?;
    sandbox::enter(None, &LIMITS).map_err(told)?;
    sandbox::die_with_parent(Some(parent.pid)).map_err(told)?;
    tell_forbidden_calls();
    Calls::LoadToRehearse
        .enforce(UnknownHere::Refuse)
        .map_err(told)?;
    elf::check(&bytes).map_err(told)?;
    drop(bytes);
    let plugin = Plugin::load_unprobed(&image)?;
    if options.allowed == Allowed::Computing {
        refuse_the_processors_clock();
    }
    if options.allowed == Allowed::Frugal {
        give_memory_at_once();
    }
    let calls = Calls::Rehearse(options.allowed);
    calls.enforce(UnknownHere::Refuse).map_err(told)?;
    tell(&Told::Ready);
    let mut stage = Stage {
        plugin,
        instances: [const { None }; SLOTS],
    };
    let mut buffer = EMPTY;
    while let Some(length) = receive(&mut buffer).map_err(told)? {
        let bytes = buffer.get(..length).unwrap_or_default();
        let ask = Ask::from_bytes(bytes).ok_or("a question that makes no sense")?;
        tell(&stage.perform(ask));
    }
    // What it would do in its destructors nobody waits for.
    std::mem::forget(stage);
    Ok(())
}

fn told(error: impl Display) -> String {
    error.to_string()
}

/// Instances that may live side by side.
const SLOTS: usize = 4;

struct Stage {
    plugin: Plugin,
    instances: [Option<Instance>; SLOTS],
}

impl Stage {
    fn perform(&mut self, ask: Ask<'_>) -> Told {
        let done = match ask {
            Ask::Create(slot, values) => self.create(slot, &values),
            Ask::Step(slot, snapshot) => self.with(slot, |instance| {
                let order = instance.step(&snapshot)?;
                Ok(order.as_bytes().to_vec())
            }),
            Ask::Save(slot) => self.with(slot, Instance::save),
            Ask::Load(slot, state) => self.with(slot, |instance| {
                instance.load(state)?;
                Ok(Vec::new())
            }),
            Ask::Discard(slot) => {
                drop(self.place(slot).and_then(Option::take));
                Ok(Vec::new())
            }
        };
        match done {
            Ok(body) => {
                let answer = body.capacity() as u64;
                Told::Done {
                    heap: heap_in_use().saturating_sub(answer),
                    body,
                }
            }
            Err(error) => Told::Failed(error),
        }
    }

    fn create(&mut self, slot: u8, values: &[Fraction]) -> Result<Vec<u8>, CallError> {
        let instance = self.plugin.create(values)?;
        let place = self.place(slot).ok_or(CallError::NoInstance)?;
        *place = Some(instance);
        Ok(Vec::new())
    }

    fn place(&mut self, slot: u8) -> Option<&mut Option<Instance>> {
        self.instances.get_mut(usize::from(slot))
    }

    fn with(
        &mut self,
        slot: u8,
        call: impl FnOnce(&mut Instance) -> Result<Vec<u8>, CallError>,
    ) -> Result<Vec<u8>, CallError> {
        let instance = self.place(slot).and_then(Option::as_mut);
        call(instance.ok_or(CallError::NoInstance)?)
    }
}

/// What `new` may take, however often, before the process gets no more.
const AT_ONCE: usize = 8 * 1024 * 1024;

/// Makes the heap as large as it will be.
fn give_memory_at_once() {
    #[cfg(target_env = "gnu")]
    // SAFETY: settings of the allocator, while no other thread is there.
    unsafe {
        // Nothing is given back to the kernel, and nothing large is asked of it.
        libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
        libc::mallopt(libc::M_MMAP_MAX, 0);
    }
    drop(std::hint::black_box(Vec::<u8>::with_capacity(AT_ONCE)));
}

/// Bytes in use on the C library's heap, which is also the plugin's; 0 where it does not say.
fn heap_in_use() -> u64 {
    #[cfg(target_env = "gnu")]
    {
        // SAFETY: it only reads the allocator's books; no other thread is there.
        let info = unsafe { libc::mallinfo2() };
        (info.uordblks as u64).saturating_add(info.hblkhd as u64)
    }
    #[cfg(not(target_env = "gnu"))]
    0
}

fn receive(buffer: &mut Buffer) -> rustix::io::Result<Option<usize>> {
    loop {
        match recv(stdin(), &mut buffer[..], RecvFlags::empty()) {
            Err(Errno::INTR) => {}
            Err(Errno::CONNRESET) | Ok((_, 0)) => return Ok(None),
            Err(error) => return Err(error),
            Ok((_, length)) => return Ok(Some(length)),
        }
    }
}

/// Nobody may be listening any more, and that is all right.
fn tell(told: &Told) {
    let _ = send(stdin(), &told.to_bytes(), SendFlags::NOSIGNAL);
}

/// What the kernel tells the handler of SIGSYS.
#[repr(C)]
struct Refusal {
    signal: libc::c_int,
    errno: libc::c_int,
    code: libc::c_int,
    address: *mut libc::c_void,
    call: libc::c_int,
    architecture: libc::c_uint,
}

/// A call that is not allowed is told by its number, so that an author learns which it was.
fn tell_forbidden_calls() {
    extern "C" fn refused(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
        // SAFETY: for SIGSYS the kernel fills in these fields, in this layout.
        let number = unsafe { (*info.cast::<Refusal>()).call };
        let packet = super::packet::called(number);
        // SAFETY: both are safe in a signal handler; the packet outlives the call.
        unsafe {
            libc::send(0, packet.as_ptr().cast(), packet.len(), libc::MSG_NOSIGNAL);
            libc::_exit(1);
        }
    }
    // SAFETY: all zeros is a valid `sigaction`; the handler has the signature that SA_SIGINFO
    // asks for.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = refused as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        libc::sigaction(libc::SIGSYS, &raw const action, std::ptr::null_mut());
    }
}

/// Lets the instruction that reads the processor's time stamp end the process: the C library
/// reads clocks by it without a system call. Other machines than x86 have no such switch.
fn refuse_the_processors_clock() {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    // SAFETY: a switch of this process.
    unsafe {
        libc::prctl(libc::PR_SET_TSC, libc::PR_TSC_SIGSEGV);
    }
}
