//! `cargo demo`: the main job, on a simulated pump.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::checkout::Checkout;
use crate::machine::Machine;
use crate::tool::{self, Failure};

const DEVICE: &str = "config/pump.toml";
const PRESCRIPTION: &str = "config/prescriptions/background-and-pca.toml";
/// How long the daemon may take until it listens.
const PATIENCE: Duration = Duration::from_secs(20);

/// Builds what an operator runs, checks the example prescription, and lets the daemon run it.
///
/// # Errors
/// Where the build or one of the commands fails.
pub(crate) fn run(here: &Checkout, args: &[String]) -> Result<(), Failure> {
    if let Some(arg) = args.first() {
        return Err(Failure::usage(format!("`cargo demo` takes no `{arg}`")));
    }
    tool::heading("1 of 4: building pumpd, pumpctl, strategy-host and the strategies");
    eprintln!("   (release profile; the first time takes a few minutes)");
    here.build_release(&Machine::host(), &[])?;

    let prescription = here.path(PRESCRIPTION);
    tool::heading("2 of 4: checking a prescription against device, drug library and strategies");
    let mut check = here.pumpctl("check");
    check.arg(&prescription);
    show(here, &mut check)?;

    tool::heading("3 of 4: the daemon in real time, on a simulated pump");
    let folder = Private::new()?;
    let daemon = Daemon::start(here, &folder.0)?;
    daemon.ask(&["arm", &prescription.display().to_string(), "--yes"])?;
    daemon.ask(&["start"])?;
    daemon.ask(&["press"])?;
    eprintln!("   The button again while its bolus runs; the refusal is in the record below.");
    daemon.ask(&["press"])?;
    daemon.ask(&["watch", "--for", "30s"])?;
    daemon.ask(&["stop"])?;

    tool::heading("4 of 4: what was given and refused, and the threads as the kernel has them");
    daemon.ask(&["status", "--threads"])?;
    daemon.end()?;

    eprintln!("\nNothing is left running. A day in a second: pumpctl simulate; see README.md.");
    Ok(())
}

/// A folder of this run alone, gone at its end.
struct Private(PathBuf);

impl Private {
    fn new() -> Result<Self, Failure> {
        // A socket's path is short, and a build folder's may not be.
        let name = format!("pumpd-demo-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let made = std::os::unix::fs::DirBuilderExt::mode(&mut fs::DirBuilder::new(), 0o700)
            .create(&folder);
        made.map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
        Ok(Self(folder))
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        // What can't be removed is a log and a socket in the folder for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The daemon, ended with this.
struct Daemon<'a> {
    here: &'a Checkout,
    child: Child,
    socket: PathBuf,
    log: PathBuf,
}

impl<'a> Daemon<'a> {
    fn start(here: &'a Checkout, folder: &Path) -> Result<Self, Failure> {
        let (socket, log) = (folder.join("socket"), folder.join("log"));
        let mut command = Command::new(here.target("release/pumpd"));
        command.arg("--config").arg(here.path(DEVICE)).arg("--sim");
        command.arg("--state-dir").arg(folder.join("state"));
        command.arg("--socket").arg(&socket);
        eprintln!("   $ {}\n", in_words(here, &command));
        let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", log.display()));
        command.stdin(Stdio::null());
        command.stderr(File::create(&log).map_err(failed)?);
        let child = command
            .spawn()
            .map_err(|error| Failure::new(format!("pumpd can't be started: {error}")))?;
        let mut daemon = Self {
            here,
            child,
            socket,
            log,
        };
        let begun = Instant::now();
        while !daemon.socket.exists() {
            let ended = daemon.child.try_wait().ok().flatten().is_some();
            if ended || begun.elapsed() > PATIENCE {
                return Err(daemon.failed("pumpd does not listen"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(daemon)
    }

    /// Runs a command of the operator's.
    fn ask(&self, args: &[&str]) -> Result<(), Failure> {
        let mut pumpctl = Command::new(self.here.target("release/pumpctl"));
        pumpctl.arg("--socket").arg(&self.socket).args(args);
        show(self.here, &mut pumpctl).map_err(|failure| self.failed(&failure.what))?;
        eprintln!();
        Ok(())
    }

    fn failed(&self, what: &str) -> Failure {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        Failure::new(format!("{what}\npumpd said:\n{log}"))
    }

    /// Ends it as a service manager does, and hears how that went.
    fn end(mut self) -> Result<(), Failure> {
        self.terminate();
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(self.failed(&format!("pumpd ended with {status}"))),
            Err(error) => Err(self.failed(&error.to_string())),
        }
    }

    fn terminate(&self) {
        let pid = self.child.id().to_string();
        // Where it is gone already there is nobody to tell.
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.terminate();
            // It ends within a moment; a demo leaves nothing behind in any case.
            let _ = self.child.wait();
        }
    }
}

/// Runs a command after saying what the reader would type for it at the top of the
/// checkout.
fn show(here: &Checkout, command: &mut Command) -> Result<(), Failure> {
    eprintln!("   $ {}\n", in_words(here, command));
    tool::run(command)
}

fn in_words(here: &Checkout, command: &Command) -> String {
    // An empty path leaves the separator at the end.
    let top = here.path("").display().to_string();
    let mut line = command.get_program().to_string_lossy().replace(&top, "");
    for arg in command.get_args() {
        let arg = arg.to_string_lossy().replace(&top, "");
        let option = arg.starts_with("--");
        line += if option { " \\\n         " } else { " " };
        line += &if arg.contains(' ') {
            format!("\"{arg}\"")
        } else {
            arg
        };
    }
    line
}
