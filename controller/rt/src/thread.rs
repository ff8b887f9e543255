//! Threads that know their place.
//!
//! A [`Spec`] is a row of a table: the name, the policy and the stack of one thread. A
//! program has all its rows in one `const`. [`spawn`] makes a thread of a row; the new
//! thread prepares *itself*, in this order: it leaves any real-time policy that it
//! inherited, pins itself to a processor, touches its stack, and raises its priority, last.
//! So a thread that is still busy with its own making never delays a finished one. Then it
//! tells what was [`Granted`], and only then its body runs. It doesn't pass its priority
//! on: children of a real-time thread, threads and processes, begin as ordinary ones.
//!
//! Nothing here decides whether a refusal can be lived with; the body runs either way.
//!
//! # When a body panics
//!
//! Whatever [`Setting::on_panic`] holds runs **first**: in the panicking thread, at its
//! priority, before a message is formatted, a stack is unwound or a lock is taken (a
//! backtrace takes a good part of a second on a small board). Then the thread falls to
//! ordinary priority, the message is printed, and [`Thread::join`] says [`Panicked`].

use std::any::Any;
use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::io;
use std::num::NonZeroU64;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Once, mpsc};
use std::thread::JoinHandle;

use rustix::io::Errno;
use rustix::thread::{
    CpuSet, Pid, gettid, sched_getaffinity, sched_setaffinity, set_current_timer_slack,
};
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

use crate::{clock, guard, memory};

/// When a thread runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Policy {
    /// `SCHED_FIFO` of this priority, 1 to 99: until it waits, unless one above it is ready.
    Fifo(u8),
    /// Its fair share.
    Normal,
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fifo(priority) => write!(f, "FIFO {priority}"),
            Self::Normal => f.write_str("normal"),
        }
    }
}

/// A row of the table of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// What the kernel and the operator call it. The kernel keeps 15 bytes.
    pub name: &'static str,
    /// When it runs, on real hardware.
    pub policy: Policy,
    /// Its whole stack in bytes; all of it is locked memory. The system makes it no smaller
    /// than what it needs itself, some 20 KiB.
    pub stack: usize,
}

/// What runs first when a body panics. It must neither wait nor panic.
pub type OnPanic = Arc<dyn Fn() + Send + Sync>;

/// What is the same for every thread of a run, or has no place in a table.
#[derive(Clone, Default)]
pub struct Setting {
    /// Whether [`Policy::Fifo`] is to be had. In a simulation it isn't: such a thread stays
    /// an ordinary one, and only asks for exact timers.
    pub realtime: bool,
    /// The processor to stay on; any where there is none.
    pub cpu: Option<usize>,
    /// What runs first when the body panics.
    pub on_panic: Option<OnPanic>,
}

/// What the kernel gave to a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    /// When it runs, read back from the kernel.
    pub policy: Policy,
    /// The processor it is pinned to, if it is to one.
    pub cpu: Option<usize>,
    /// How much of its stack was touched, in bytes.
    pub stack: usize,
    /// What was asked for and not given; the first, where it is several things.
    pub error: Option<Denied>,
}

/// Something that the kernel didn't give to a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied {
    /// What was asked for.
    pub what: Wanted,
    /// The kernel's reason, as `errno` has it.
    pub errno: i32,
}

/// What a thread asks the kernel for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// To run under this policy.
    Policy(Policy),
    /// To stay on this processor.
    Cpu(usize),
    /// That its children don't inherit its policy.
    ResetOnFork,
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = io::Error::from_raw_os_error(self.errno);
        match self.what {
            Wanted::Policy(policy) => write!(f, "the kernel refused {policy}: {why}"),
            Wanted::Cpu(cpu) => write!(f, "the kernel refused processor {cpu}: {why}"),
            Wanted::ResetOnFork => {
                write!(
                    f,
                    "the kernel would let children inherit the priority: {why}"
                )
            }
        }
    }
}

impl Error for Denied {}

/// The body of a thread panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    /// The thread's name.
    pub thread: &'static str,
    /// What it said, or nothing where that was no text.
    pub message: String,
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the thread {} panicked: {}", self.thread, self.message)
    }
}

impl Error for Panicked {}

/// A running thread. Dropping this lets the thread go its way.
#[derive(Debug)]
pub struct Thread {
    name: &'static str,
    tid: Pid,
    granted: Granted,
    handle: JoinHandle<Result<(), Panicked>>,
}

impl Thread {
    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The kernel's number for it, as in `/proc/self/task`.
    pub fn tid(&self) -> i32 {
        self.tid.as_raw_nonzero().get()
    }

    /// What the kernel gave to it.
    pub fn granted(&self) -> &Granted {
        &self.granted
    }

    /// Whether it has ended.
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    /// Waits until it ends.
    ///
    /// # Errors
    ///
    /// [`Panicked`] where its body did.
    pub fn join(self) -> Result<(), Panicked> {
        // Bodies are caught inside; what is left is a panic while its message was dropped.
        self.handle
            .join()
            .unwrap_or_else(|thrown| Err(panicked(self.name, &*thrown)))
    }
}

/// Starts a thread, and waits until it has what it can get; its body begins then.
///
/// # Errors
///
/// The thread could not be made: no memory for its stack, or too many threads. A priority
/// or a processor that was refused is no error here: see [`Thread::granted`].
pub fn spawn<F>(spec: &Spec, setting: Setting, body: F) -> io::Result<Thread>
where
    F: FnOnce() + Send + 'static,
{
    if setting.on_panic.is_some() {
        watch_panics();
    }
    let spec = *spec;
    let (tell, told) = mpsc::sync_channel(1);
    let handle = std::thread::Builder::new()
        .name(spec.name.into())
        .stack_size(spec.stack)
        .spawn(move || {
            let granted = prepare(&spec, &setting);
            ON_PANIC.set(setting.on_panic);
            // Fails only where the spawner is gone, who alone wanted to know.
            let _ = tell.send((gettid(), granted));
            drop(tell);
            let ended = panic::catch_unwind(AssertUnwindSafe(body));
            guard::permit();
            ended.map_err(|thrown| {
                // Does nothing where the hook did it, as it should have.
                run_on_panic();
                panicked(spec.name, &*thrown)
            })
        })?;
    let (tid, granted) = told
        .recv()
        .map_err(|_| io::Error::other("the thread ended before its body began"))?;
    Ok(Thread {
        name: spec.name,
        tid,
        granted,
        handle,
    })
}

fn prepare(spec: &Spec, setting: &Setting) -> Granted {
    let mut refused = None;
    let mut ask = |what, answer: Result<(), Errno>| {
        if let Err(why) = answer {
            let errno = why.raw_os_error();
            refused.get_or_insert(Denied { what, errno });
        }
    };
    if policy() != Ok(Policy::Normal) {
        ask(Wanted::Policy(Policy::Normal), lower());
    }
    if let Some(cpu) = setting.cpu {
        ask(Wanted::Cpu(cpu), pin(cpu));
    }
    let stack = memory::prefault_stack(spec.stack);
    clock::warm_up();
    if let Policy::Fifo(priority) = spec.policy {
        if setting.realtime {
            let raised = raise(priority);
            ask(Wanted::Policy(spec.policy), raised);
            if raised.is_ok() {
                ask(Wanted::ResetOnFork, keep_to_oneself(priority));
            }
        } else {
            // Ordinary threads are woken up to 50 µs late to save power. Where that can't
            // be changed the simulation is as late; it promised nothing.
            let _ = set_current_timer_slack(NonZeroU64::new(1));
        }
    }
    Granted {
        policy: policy().unwrap_or(Policy::Normal),
        cpu: pinned_to(),
        stack,
        error: refused,
    }
}

fn raise(priority: u8) -> Result<(), Errno> {
    let value = ThreadPriorityValue::try_from(priority).map_err(|_| Errno::INVAL)?;
    set_thread_priority_and_policy(
        thread_native_id(),
        ThreadPriority::Crossplatform(value),
        ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo),
    )
    .map_err(|e| match e {
        thread_priority::Error::OS(errno) => Errno::from_raw_os_error(errno),
        _ => Errno::INVAL,
    })
}

/// When the calling thread runs. Asks the kernel and not `pthread_getschedparam`, which
/// answers with what was last set through it.
fn policy() -> Result<Policy, Errno> {
    let mut parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 is the calling thread, and `parameters` outlives the call that fills it in.
    let policy = unsafe {
        if libc::sched_getparam(0, &raw mut parameters) != 0 {
            return Err(last_errno());
        }
        libc::sched_getscheduler(0)
    };
    if policy < 0 {
        return Err(last_errno());
    }
    Ok(match policy & !libc::SCHED_RESET_ON_FORK {
        libc::SCHED_FIFO => Policy::Fifo(parameters.sched_priority.try_into().unwrap_or(0)),
        _ => Policy::Normal,
    })
}

fn last_errno() -> Errno {
    let errno = io::Error::last_os_error().raw_os_error();
    errno.map_or(Errno::INVAL, Errno::from_raw_os_error)
}

/// `SCHED_RESET_ON_FORK`, which `thread-priority` doesn't know.
fn keep_to_oneself(priority: u8) -> Result<(), Errno> {
    set_scheduler(libc::SCHED_FIFO, priority)
}

fn lower() -> Result<(), Errno> {
    set_scheduler(libc::SCHED_OTHER, 0)
}

/// Sets the calling thread's policy, and that its children don't inherit it. Without a
/// privilege that flag can be set but not cleared, so lowering keeps it.
fn set_scheduler(policy: libc::c_int, priority: u8) -> Result<(), Errno> {
    let parameters = libc::sched_param {
        sched_priority: priority.into(),
    };
    let policy = policy | libc::SCHED_RESET_ON_FORK;
    // SAFETY: `parameters` outlives the call, which only reads it; 0 is the calling thread.
    if unsafe { libc::sched_setscheduler(0, policy, &raw const parameters) } == 0 {
        return Ok(());
    }
    Err(last_errno())
}

fn pin(cpu: usize) -> Result<(), Errno> {
    if cpu >= CpuSet::MAX_CPU {
        return Err(Errno::INVAL);
    }
    let mut set = CpuSet::new();
    set.set(cpu);
    sched_setaffinity(None, &set)
}

/// The processor that the calling thread is pinned to, if it is to one.
fn pinned_to() -> Option<usize> {
    let set = sched_getaffinity(None).ok()?;
    let mut cpus = (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu));
    let first = cpus.next()?;
    cpus.next().is_none().then_some(first)
}

thread_local! {
    static ON_PANIC: RefCell<Option<OnPanic>> = const { RefCell::new(None) };
}

/// The thread's last will, once.
fn run_on_panic() {
    let will = ON_PANIC.try_with(|will| will.try_borrow_mut().ok()?.take());
    if let Ok(Some(will)) = will {
        will();
    }
}

/// A hook before all others, for the whole process: unwinding comes after them, too late.
fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |what| {
            let is_ours = ON_PANIC.try_with(|will| will.try_borrow().is_ok_and(|w| w.is_some()));
            if is_ours == Ok(true) {
                run_on_panic();
                guard::permit();
                // Fails where it was never raised or may not be lowered: a slow message.
                let _ = lower();
            }
            others(what);
        }));
    });
}

fn panicked(thread: &'static str, thrown: &(dyn Any + Send)) -> Panicked {
    let text = thrown.downcast_ref::<&str>().copied();
    let text = text.or_else(|| thrown.downcast_ref::<String>().map(String::as_str));
    Panicked {
        thread,
        message: text.unwrap_or_default().to_owned(),
    }
}
