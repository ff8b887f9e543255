//! A daemon under test, in a folder of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use pump_control::{Client, ClientError, Reply, Request, Status};
use rustix::process::{Pid, Signal, kill_process};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The device, with a rotor that hardly moves by itself, so that what it may have moved hides
/// nothing.
const DEVICE: &str = include_str!("../../../config/pump.toml");
const DRUGS: &str = include_str!("../../../config/drug-library.toml");

/// Where everything of one daemon lies, and the programs.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) programs: PathBuf,
}

impl Place {
    /// Makes a folder for a daemon.
    pub(crate) fn make(folder: PathBuf, programs: &Path) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        fs::create_dir_all(folder.join("state")).map_err(failed)?;
        let sixteen = "microsteps = 16 ";
        if !DEVICE.contains(sixteen) {
            return Err("config/pump.toml has other microsteps than expected".to_owned());
        }
        let device = DEVICE.replace(sixteen, "microsteps = 1 ");
        fs::write(folder.join("pump.toml"), device).map_err(failed)?;
        fs::write(folder.join("drug-library.toml"), DRUGS).map_err(failed)?;
        Ok(Self {
            folder,
            programs: programs.to_owned(),
        })
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    pub(crate) fn witness(&self) -> PathBuf {
        self.folder.join("witness")
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// What the last daemon has said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// How it is started; by a tracer, where one is given.
    pub(crate) fn start(&self, tracer: Option<&[String]>) -> Result<Daemon, String> {
        // Whoever connects must find this daemon, and not the socket of the last.
        let _ = fs::remove_file(self.socket());
        let program = self.programs.join("pumpd");
        let mut command = match tracer {
            None => Command::new(&program),
            Some(tracer) => {
                let mut traced = Command::new(tracer.first().map_or("strace", String::as_str));
                traced.args(tracer.iter().skip(1)).arg(&program);
                traced
            }
        };
        command.arg("--sim").arg("--config");
        command.arg(self.folder.join("pump.toml"));
        command.arg("--state-dir").arg(self.state());
        command.arg("--socket").arg(self.socket());
        command.arg("--witness").arg(self.witness());
        let log = File::create(self.folder.join("log"));
        let log = log.map_err(|error| format!("{}: {error}", self.folder.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let spawned = command.stderr(log).spawn();
        let child = spawned.map_err(|error| format!("{}: {error}", program.display()))?;
        Ok(Daemon {
            child,
            socket: self.socket(),
        })
    }
}

/// A daemon that runs. It is killed with this.
pub(crate) struct Daemon {
    child: Child,
    socket: PathBuf,
}

impl Daemon {
    /// Waits until it listens.
    pub(crate) fn listens(&mut self) -> Result<(), String> {
        let begun = Instant::now();
        while Client::connect(&self.socket).is_err() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("pumpd does not run: {status}"));
            }
            if begun.elapsed() > PATIENCE {
                return Err("pumpd does not listen".to_owned());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    pub(crate) fn hand(&self) -> Hand {
        Hand {
            socket: self.socket.clone(),
        }
    }

    pub(crate) fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()).ok()?)
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus, String> {
        self.child.wait().map_err(|error| format!("pumpd: {error}"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process that was not waited for yet.
pub(crate) fn send(pid: Option<Pid>, signal: Signal) {
    if let Some(pid) = pid {
        // One that has ended already is what its wait tells.
        let _ = kill_process(pid, signal);
    }
}

/// What an operator does.
#[derive(Clone, Debug)]
pub(crate) struct Hand {
    socket: PathBuf,
}

impl Hand {
    pub(crate) fn ask(&self, request: &Request) -> Result<Reply, ClientError> {
        Client::connect(&self.socket)?.ask_within(request, PATIENCE)
    }

    pub(crate) fn status(&self) -> Result<Status, ClientError> {
        match self.ask(&Request::Status { threads: false })? {
            Reply::Status(status) => Ok(*status),
            other => Err(ClientError::Broken(format!("{other:?}"))),
        }
    }

    /// The daemon's own number, also where a tracer has started it.
    pub(crate) fn daemon(&self) -> Result<Option<Pid>, ClientError> {
        match self.ask(&Request::Hello)? {
            Reply::Hello(hello) => Ok(i32::try_from(hello.pid).ok().and_then(Pid::from_raw)),
            other => Err(ClientError::Broken(format!("{other:?}"))),
        }
    }

    pub(crate) fn propose(&self, text: &str) -> Result<String, ClientError> {
        let propose = Request::Propose {
            name: "campaign.toml".to_owned(),
            text: text.to_owned(),
        };
        match self.ask(&propose)? {
            Reply::Proposal(proposal) => Ok(proposal.token),
            other => Err(ClientError::Broken(format!("{other:?}"))),
        }
    }

    pub(crate) fn confirm(&self, token: String) -> Result<(), ClientError> {
        let confirm = Request::Confirm {
            token,
            reason: None,
            acknowledge_uncertain: true,
        };
        self.ask(&confirm).map(drop)
    }
}
