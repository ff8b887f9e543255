//! One virtual BeagleBone: QEMU, and the channel by which commands run inside.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::cache::Parts;
use super::packages;
use crate::tool::{self, Failure};

/// How long the machine may take to boot, and a command inside, in the host's time: so long
/// that only a defect reaches it.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// What the folders of workplaces begin with; then their process and a number.
const PREFIX: &str = "pumpd-vbb-";

/// How the machine's clock goes. It follows the instructions executed either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// An idle machine sleeps as long as it says: its time is about the host's.
    Waits,
    /// An idle machine's clock leaps to the next thing to do, so that hours pass in seconds.
    /// Seen from inside, whatever the host does takes long: a disk may seem slow.
    Leaps,
}

/// A folder in memory that goes when the machine's user is done, and the disk in it.
#[derive(Debug)]
pub(crate) struct Workplace {
    folder: PathBuf,
}

impl Workplace {
    /// A disk of its own over `base`, which is not written to.
    ///
    /// # Errors
    /// Where it can't be made.
    pub(crate) fn new(base: &Path) -> Result<Self, Failure> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        packages::need("machine")?;
        // Short, for a socket's name; in memory, so that the host's disk delays no sync.
        let shared = Path::new("/dev/shm");
        let top = if shared.is_dir() {
            shared.to_path_buf()
        } else {
            std::env::temp_dir()
        };
        clear_of_the_dead(&top);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = top.join(format!("{PREFIX}{}-{count}", std::process::id()));
        super::cache::create(&folder)?;
        let new = Self { folder };
        new.fresh_disk(base)?;
        Ok(new)
    }

    /// Begins anew with the disk as `base` has it.
    ///
    /// # Errors
    /// As [`Workplace::new`].
    pub(crate) fn fresh_disk(&self, base: &Path) -> Result<(), Failure> {
        let format = if base.extension().is_some_and(|kind| kind == "qcow2") {
            "qcow2"
        } else {
            "raw"
        };
        let mut image = Command::new("qemu-img");
        image.args(["create", "-q", "-f", "qcow2", "-F", format, "-b"]);
        tool::capture(image.arg(base).arg(self.disk())).map(drop)
    }

    /// The disk: what the machine has written since the base.
    pub(crate) fn disk(&self) -> PathBuf {
        self.folder.join("disk.qcow2")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // What is left behind is small and the system's to clear.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes what a process has left that was ended before it could.
fn clear_of_the_dead(top: &Path) {
    let entries = fs::read_dir(top).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| {
            name.strip_prefix(PREFIX)?
                .split('-')
                .next()?
                .parse::<u32>()
                .ok()
        });
        if owner.is_some_and(|owner| !Path::new(&format!("/proc/{owner}")).exists()) {
            // Somebody else's, or gone already.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// What to boot, and how.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) parts: Parts,
    /// A folder of the host, to be read as `/host` inside.
    pub(crate) share: PathBuf,
    /// Other folders of the host, each to be mounted by its name: `mount -t 9p NAME …`.
    pub(crate) folders: Vec<(&'static str, PathBuf)>,
    pub(crate) pace: Pace,
}

/// What a command inside printed, and how it ended.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) text: String,
}

/// A running machine. Dropping it cuts its power.
#[derive(Debug)]
pub(crate) struct Machine {
    qemu: Child,
    agent: BufReader<UnixStream>,
    console: PathBuf,
    /// What QEMU itself says.
    said: PathBuf,
}

impl Machine {
    /// Starts the machine on the workplace's disk and waits until it can be spoken to.
    ///
    /// # Errors
    /// Where QEMU can't be started or the machine does not come up, with its console.
    pub(crate) fn boot(plan: &Plan, workplace: &Workplace) -> Result<Self, Failure> {
        let console = workplace.file("console");
        let socket = workplace.file("agent");
        let _ = fs::remove_file(&socket);
        let mut qemu = qemu(plan, workplace);
        qemu.arg("-serial")
            .arg(format!("file:{}", console.display()));
        qemu.args(["-display", "none", "-monitor", "none"]);
        qemu.arg("-chardev").arg(format!(
            "socket,id=agent,server=on,wait=off,path={}",
            socket.display()
        ));
        qemu.args(["-device", "virtserialport,chardev=agent,name=agent"]);
        let said = workplace.file("qemu");
        let file = File::create(&said)
            .map_err(|error| Failure::new(format!("{}: {error}", said.display())))?;
        qemu.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        let mut qemu = tool::spawn(&mut qemu)?;
        let agent = match connect(&socket, &mut qemu) {
            Ok(agent) => agent,
            Err(failure) => {
                let said = fs::read_to_string(&said).unwrap_or_default();
                let _ = qemu.kill();
                let _ = qemu.wait();
                return Err(Failure::new(format!("{}\n{said}", failure.what)));
            }
        };
        let mut machine = Self {
            qemu,
            agent: BufReader::new(agent),
            console,
            said,
        };
        let up = machine.run("systemctl is-system-running --wait")?;
        match up.text.trim() {
            "running" => Ok(machine),
            state => {
                let why =
                    machine.run("systemctl --failed --no-legend --plain; systemctl list-jobs")?;
                Err(machine.failure(&format!("the machine came up {state}\n{}", why.text)))
            }
        }
    }

    /// Runs a script by bash inside, as root.
    ///
    /// # Errors
    /// Where the machine does not answer any more.
    pub(crate) fn run(&mut self, script: &str) -> Result<Said, Failure> {
        self.ask(script)
            .map_err(|error| self.failure(&format!("the machine does not answer: {error}")))
    }

    /// Runs a script that must end well, and gives what it printed.
    ///
    /// # Errors
    /// Where it did not, with what it printed.
    pub(crate) fn must(&mut self, script: &str) -> Result<String, Failure> {
        let said = self.run(script)?;
        if said.code == 0 {
            return Ok(said.text);
        }
        Err(Failure::new(format!(
            "this ended with code {}:\n    {}\nand printed:\n{}",
            said.code,
            script.trim().replace('\n', "\n    "),
            said.text
        )))
    }

    /// Cuts the power: what was not synced may be lost.
    ///
    /// # Errors
    /// Where QEMU can't be ended.
    pub(crate) fn kill(mut self) -> Result<(), Failure> {
        let ended = self.qemu.kill().and_then(|()| self.qemu.wait());
        ended
            .map(drop)
            .map_err(|error| Failure::new(format!("QEMU can't be killed: {error}")))
    }

    /// Cuts the power at a moment that a witness can still tell about: the machine is frozen
    /// and its disk set aside as it is; then it is thawed to run `testimony`, and killed.
    /// What it wrote after the cut is gone.
    ///
    /// # Errors
    /// Where the disk can't be set aside or `testimony` fails.
    pub(crate) fn cut_power(
        mut self,
        workplace: &Workplace,
        testimony: &str,
    ) -> Result<String, Failure> {
        let aside = workplace.file("disk.at-the-cut");
        self.signal("STOP")?;
        let copied = fs::copy(workplace.disk(), &aside);
        self.signal("CONT")?;
        copied.map_err(|error| Failure::new(format!("{}: {error}", aside.display())))?;
        let told = self.must(testimony)?;
        self.kill()?;
        fs::rename(&aside, workplace.disk())
            .map_err(|error| Failure::new(format!("{}: {error}", aside.display())))?;
        Ok(told)
    }

    /// Shuts down in good order.
    ///
    /// # Errors
    /// Where the machine does not come to an end.
    pub(crate) fn power_off(mut self) -> Result<(), Failure> {
        // It may be gone before it can answer.
        let _ = self.ask("systemctl poweroff --no-block");
        self.wait_for_the_end().map(drop)
    }

    /// Waits until the machine has ended by itself: it was switched off, or reset, which
    /// ends it too.
    ///
    /// # Errors
    /// Where it goes on.
    pub(crate) fn wait_for_the_end(&mut self) -> Result<ExitStatus, Failure> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            match self.qemu.try_wait() {
                Ok(Some(status)) => return self.ended(status),
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Err(error) => return Err(self.failure(&error.to_string())),
            }
        }
        Err(self.failure("the machine goes on"))
    }

    /// QEMU ends well also where somebody has told it to: then it was not the machine.
    fn ended(&self, status: ExitStatus) -> Result<ExitStatus, Failure> {
        let said = fs::read_to_string(&self.said).unwrap_or_default();
        if status.success() && !said.contains("terminating on signal") {
            return Ok(status);
        }
        Err(self.failure(&format!("QEMU ended with {status}: {}", said.trim())))
    }

    /// What the machine has printed on its console.
    pub(crate) fn console(&self) -> String {
        let bytes = fs::read(&self.console).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace('\r', "")
    }

    fn ask(&mut self, script: &str) -> std::io::Result<Said> {
        let broken = |what: &str| std::io::Error::other(what.to_owned());
        let stream = self.agent.get_mut();
        stream.write_all(format!("{}\n{script}", script.len()).as_bytes())?;
        let mut head = String::new();
        if self.agent.read_line(&mut head)? == 0 {
            return Err(broken("it is off"));
        }
        let mut words = head.split_whitespace();
        let number = |word: Option<&str>| word.and_then(|word| word.parse::<i32>().ok());
        let (Some(code), Some(length)) = (number(words.next()), number(words.next())) else {
            return Err(broken(&format!("`{}` is no answer", head.trim())));
        };
        let mut text = vec![0; usize::try_from(length).map_err(|_| broken("no length"))?];
        self.agent.read_exact(&mut text)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok(Said { code, text })
    }

    fn signal(&self, name: &str) -> Result<(), Failure> {
        let mut kill = Command::new("kill");
        kill.arg(format!("-{name}")).arg(self.qemu.id().to_string());
        tool::capture(&mut kill).map(drop)
    }

    fn failure(&self, what: &str) -> Failure {
        const SHOWN: usize = 40;
        let console = self.console();
        let lines: Vec<&str> = console.lines().collect();
        let last = lines[lines.len().saturating_sub(SHOWN)..].join("\n");
        Failure::new(format!("{what}\nthe console's last lines:\n{last}"))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

/// The machine with its console on this terminal, until it is switched off or Ctrl-A X.
///
/// # Errors
/// Where QEMU can't be started or ends badly.
pub(crate) fn on_this_terminal(plan: &Plan, workplace: &Workplace) -> Result<(), Failure> {
    let mut qemu = qemu(plan, workplace);
    qemu.args(["-serial", "mon:stdio", "-display", "none"]);
    let status = qemu
        .status()
        .map_err(|error| Failure::new(format!("qemu-system-arm could not be started: {error}")))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("qemu-system-arm ended with {status}")))
}

/// What both ways have: one core whose time is its instructions, the disk and the shared
/// folders. No network.
fn qemu(plan: &Plan, workplace: &Workplace) -> Command {
    let mut qemu = Command::new("qemu-system-arm");
    qemu.args([
        "-M",
        "virt",
        "-cpu",
        "cortex-a7",
        "-smp",
        "1",
        "-m",
        "512",
        "-nodefaults",
    ]);
    qemu.args(["-no-reboot", "-icount"]);
    qemu.arg(match plan.pace {
        Pace::Waits => "shift=3,sleep=on",
        Pace::Leaps => "shift=0,sleep=off",
    });
    qemu.arg("-kernel").arg(&plan.parts.kernel);
    qemu.args([
        "-append",
        "console=ttyAMA0 root=/dev/vda rw panic=-1 quiet systemd.show_status=0 softdog.soft_margin=10",
    ]);
    qemu.arg("-drive").arg(format!(
        "if=none,id=disk,format=qcow2,cache=writeback,file={}",
        workplace.disk().display()
    ));
    qemu.args(["-device", "virtio-blk-device,drive=disk"]);
    qemu.args([
        "-device",
        "virtio-rng-device",
        "-device",
        "virtio-serial-device",
    ]);
    let host = [("host", &plan.share)].into_iter();
    for (name, folder) in host.chain(plan.folders.iter().map(|(name, folder)| (*name, folder))) {
        qemu.arg("-fsdev").arg(format!(
            "local,id={name},security_model=none,readonly=on,path={}",
            folder.display()
        ));
        qemu.arg("-device");
        qemu.arg(format!("virtio-9p-device,fsdev={name},mount_tag={name}"));
    }
    qemu
}

fn connect(socket: &Path, qemu: &mut Child) -> Result<UnixStream, Failure> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Ok(stream) = UnixStream::connect(socket) {
            stream
                .set_read_timeout(Some(PATIENCE))
                .map_err(|error| Failure::new(error.to_string()))?;
            return Ok(stream);
        }
        let ended = qemu.try_wait().ok().flatten();
        if ended.is_some() || Instant::now() > until {
            return Err(Failure::new("qemu-system-arm did not start"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
