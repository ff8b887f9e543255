//! `strategy-host run`: one plugin, held in, answering snapshots.

use crate::elf;
use crate::image::Image;
use crate::plugin::{CallError, Instance, Plugin};
use crate::printed::{Printed, one_line};
use crate::sandbox::{self, Calls, Limits, SandboxError, UnknownHere};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketType, recv, send, sockopt};
use rustix::process::Pid;
use std::fmt::{self, Display};
use std::io::stdin;
use std::path::PathBuf;
use std::process::ExitCode;
use strategy_abi::Snapshot;
use strategy_link::Sha256;
use strategy_link::protocol::{Buffer, Cause, EMPTY, FromHost, MAX_TEXT, Sandbox, ToHost, Values};

/// What `strategy-host run` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOptions {
    /// The plugin's file.
    pub plugin: PathBuf,
    /// The hash it must have.
    pub sha256: Sha256,
    /// The user to become; absent: `pump-strategy` where it exists, else `nobody`. Needs
    /// root; without root and without a name the process stays who it is.
    pub user: Option<String>,
    /// Refuse to run where the kernel has no Landlock.
    pub require_sandbox: bool,
}

/// Why the host gives up.
struct Failure {
    cause: Cause,
    text: String,
}

impl Failure {
    fn new(cause: Cause, text: impl Display) -> Self {
        let text = one_line(&text.to_string(), MAX_TEXT);
        Self { cause, text }
    }
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        Self::new(Cause::Host, error)
    }
}

/// Runs one plugin until the daemon closes its end of the socket on standard input; see
/// [`strategy_link::protocol`] for the talk.
///
/// It changes the whole process: user, rights, limits, descriptors. It is to be called first
/// thing in a program's `main`, by its only thread. In the order of what happens:
///
/// 1. everything inherited is put away: environment, descriptors, scheduling, session;
/// 2. the file is read and must have the pinned hash;
/// 3. the sandbox closes, before any byte of the file is interpreted;
/// 4. the file is validated as ELF and opened, which runs its constructors;
/// 5. the sandbox closes further: nothing can be opened any more;
/// 6. the strategy is made, takes over its state, and answers snapshots.
pub fn run_main(options: &RunOptions) -> ExitCode {
    if sockopt::socket_type(stdin()) != Ok(SocketType::SEQPACKET) {
        let _ = write_error("run: standard input must be a SOCK_SEQPACKET socket");
        return ExitCode::from(2);
    }
    let mut link = Link {
        buffer: EMPTY,
        asked: false,
    };
    let end = match serve(&mut link, options) {
        Ok(()) => 0,
        Err(failure) => {
            link.fail(&failure);
            1
        }
    };
    // Not by way of `exit`, which would run what the plugin has registered for it.
    // SAFETY: ends the process; there is no other thread, and nothing to be flushed.
    unsafe { libc::_exit(end) }
}

fn write_error(text: impl Display) -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "strategy-host: {text}")
}

fn serve(link: &mut Link, options: &RunOptions) -> Result<(), Failure> {
    let host = |what: &'static str| {
        move |error: Errno| Failure::new(Cause::Host, format_args!("{what}: {error}"))
    };
    let daemon = sockopt::socket_peercred(stdin()).map_err(host("the socket's other end"))?;
    put_away_the_inherited().map_err(host("descriptors"))?;
    let printed = Printed::capture().map_err(host("descriptors"))?;
    sandbox::ordinary_scheduling()?;
    let (image, bytes) = Image::pinned(&options.plugin, options.sha256)
        .map_err(|error| Failure::new(Cause::Plugin, error))?;
    let sandbox = hold_in(options, daemon.pid)?;

    let refused = |cause: &dyn Display| {
        let text = format!("{}: {cause}", image.path().display());
        Failure::new(Cause::Plugin, text)
    };
    elf::check(&bytes).map_err(|fault| refused(&fault))?;
    drop(bytes);
    let plugin = Plugin::load_unprobed(&image).map_err(|cause| refused(&cause))?;
    let calls = Calls::Run {
        printed: printed.number(),
    };
    calls.enforce(UnknownHere::Refuse)?;
    talk(link, &plugin, sandbox).map_err(|mut failure| {
        let said = printed.take();
        if !said.is_empty() {
            failure.text = one_line(&format!("{} (it said: {said})", failure.text), MAX_TEXT);
        }
        failure
    })
}

/// Leaves this process with the socket, and what stands behind its two outputs.
pub(crate) fn put_away_the_inherited() -> rustix::io::Result<()> {
    // SAFETY: `main` has opened nothing yet that it would use or close again.
    unsafe { libc::close_range(3, libc::c_uint::MAX, 0) };
    let names: Vec<_> = std::env::vars_os().map(|(name, _)| name).collect();
    for name in names {
        // SAFETY: the process has one thread.
        unsafe { std::env::remove_var(name) };
    }
    rustix::process::chdir("/")?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o777));
    // The keys of the daemon's terminal are not for it. It fails where this process leads a
    // group already, and then it has no need.
    let _ = rustix::process::setsid();
    // The first to go where memory runs out.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    Ok(())
}

fn hold_in(options: &RunOptions, daemon: Pid) -> Result<Sandbox, Failure> {
    let sandbox = sandbox::enter(options.user.as_deref(), &Limits::RUN)?;
    if options.require_sandbox && !sandbox.landlock {
        let text = "the sandbox is not to be had: this kernel has no landlock (it needs \
                    CONFIG_SECURITY_LANDLOCK, and `landlock` in the list `lsm=` of its command \
                    line)";
        return Err(Failure::new(Cause::Host, text));
    }
    sandbox::die_with_parent(Some(daemon))?;
    Calls::Load.enforce(UnknownHere::Refuse)?;
    Ok(sandbox)
}

fn talk(link: &mut Link, plugin: &Plugin, sandbox: Sandbox) -> Result<(), Failure> {
    let Some(question) = link.receive()? else {
        return Ok(());
    };
    let ToHost::Begin { values, state } = question else {
        return Err(Failure::new(
            Cause::Host,
            "a step came before the beginning",
        ));
    };
    let mut instance = begin(plugin, &values, state)?;
    link.send(&FromHost::Ready { sandbox })?;
    loop {
        let snapshot = match link.receive()? {
            None => break,
            Some(ToHost::Step { snapshot }) => snapshot,
            Some(ToHost::Begin { .. }) => {
                return Err(Failure::new(Cause::Host, "it was told to begin twice"));
            }
        };
        step(link, &mut instance, &snapshot)?;
    }
    // What it would do in its destructor nobody waits for.
    std::mem::forget(instance);
    Ok(())
}

fn begin(plugin: &Plugin, values: &Values, state: &[u8]) -> Result<Instance, Failure> {
    let told = |cause| move |error: CallError| Failure::new(cause, error);
    let created = plugin.create(values.as_slice());
    let mut instance = created.map_err(told(Cause::Values))?;
    if !state.is_empty() {
        let loaded = instance.load(state);
        if let Err(error) = loaded {
            std::mem::forget(instance);
            return Err(told(Cause::State)(error));
        }
    }
    Ok(instance)
}

fn step(link: &mut Link, instance: &mut Instance, snapshot: &Snapshot) -> Result<(), Failure> {
    let told = |error: CallError| Failure::new(Cause::Step, error);
    let order = instance.step(snapshot).map_err(told)?;
    let state = instance.save().map_err(told)?;
    link.send(&FromHost::Stepped {
        answers: snapshot.seq,
        order,
        state: &state,
    })
}

/// The socket on standard input.
struct Link {
    buffer: Buffer,
    /// A question waits for its answer.
    asked: bool,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link")
    }
}

impl Link {
    /// The next message; `None` where the daemon has closed its end.
    fn receive(&mut self) -> Result<Option<ToHost<'_>>, Failure> {
        let length = loop {
            match recv(stdin(), &mut self.buffer[..], RecvFlags::empty()) {
                Err(Errno::INTR) => {}
                // The daemon died with a message of ours unread.
                Err(Errno::CONNRESET) | Ok((_, 0)) => return Ok(None),
                Err(error) => return Err(Failure::new(Cause::Host, error)),
                Ok((_, length)) => break length,
            }
        };
        self.asked = true;
        let packet = self.buffer.get(..length).unwrap_or_default();
        ToHost::decode(packet).map(Some).map_err(|error| {
            Failure::new(
                Cause::Host,
                format_args!("a message from the daemon: {error}"),
            )
        })
    }

    fn send(&mut self, message: &FromHost<'_>) -> Result<(), Failure> {
        let failed = |error: &dyn Display| Failure::new(Cause::Host, error);
        let packet = message.encode(&mut self.buffer);
        let packet = packet.map_err(|error| failed(&error))?;
        loop {
            match send(stdin(), packet, SendFlags::NOSIGNAL) {
                Err(Errno::INTR) => {}
                outcome => return outcome.map(|_| ()).map_err(|error| failed(&error)),
            }
        }
    }

    /// Says that it gives up. Nobody may be listening any more, and that is all right.
    ///
    /// It waits to be asked: were the socket closed with a question unread, the kernel would
    /// tell the daemon of that before it hands over this answer.
    fn fail(&mut self, failure: &Failure) {
        if !self.asked && matches!(self.receive(), Ok(None)) {
            return;
        }
        let Failure { cause, text } = failure;
        let _ = self.send(&FromHost::Failed {
            cause: *cause,
            text,
        });
    }
}
