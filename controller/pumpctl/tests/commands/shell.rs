//! Somebody at a shell, beside a checkout in which everything is built.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::daemon::pty::Terminal;
use crate::rig::{built, repository};

/// Longer than any of it takes, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// The daemon's socket, in the shell's folder.
const SOCKET: &str = "rig.sock";

/// A shell in a folder, without what cargo has set for this test.
pub(crate) struct Shell {
    pub(crate) folder: PathBuf,
}

impl Shell {
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(&self.folder);
        for (name, _) in std::env::vars_os() {
            let cargos = name.to_string_lossy();
            if cargos.starts_with("CARGO_") && cargos != "CARGO_HOME" || cargos == "RUST_LOG" {
                command.env_remove(&name);
            }
        }
        // Nothing may be needed from anywhere.
        command.env("CARGO_NET_OFFLINE", "true");
        command.env("PUMPD_SOCKET", SOCKET);
        command
    }

    /// Types a line, which must end with this exit code. What it printed, errors last.
    pub(crate) fn gets(&mut self, code: i32, line: &str) -> String {
        println!("$ {line}");
        if let Some(folder) = line.strip_prefix("cd ") {
            self.folder.push(folder);
            return String::new();
        }
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(line).output().expect("a shell");
        let (out, err) = (
            String::from_utf8_lossy(&stdout).into_owned(),
            String::from_utf8_lossy(&stderr).into_owned(),
        );
        assert_eq!(status.code(), Some(code), "{line}\n{out}\n{err}");
        println!("{out}");
        if code == 0 { out } else { out + &err }
    }

    /// Types a line, which must go well. What it printed.
    pub(crate) fn types(&mut self, line: &str) -> String {
        self.gets(0, line)
    }

    /// Types a line and stays at its terminal.
    pub(crate) fn sits_at(&self, line: &str) -> Terminal {
        println!("$ {line}");
        Terminal::run(self.command(&format!("exec {line}")))
    }

    /// Puts one text in the place of another, which is there once.
    pub(crate) fn edits(&self, file: &str, from: &str, to: &str) {
        println!("in {file}: {from} becomes {to}");
        let path = self.folder.join(file);
        let text = std::fs::read_to_string(&path).expect("a file");
        assert_eq!(text.matches(from).count(), 1, "{from} in\n{text}");
        std::fs::write(&path, text.replace(from, to)).expect("it is writable");
    }

    /// Starts the daemon in the background, by a line that ends with `&`, and waits for it.
    pub(crate) fn starts(&self, line: &str) -> Daemon {
        println!("$ {line}");
        let line = line.strip_suffix(" &").expect("in the background");
        let mut command = self.command(&format!("exec {line}"));
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut daemon = Daemon(child.expect("pumpd starts"));
        let begun = Instant::now();
        while !self.folder.join(SOCKET).exists() {
            let ended = daemon.0.try_wait().expect("it can be awaited");
            assert!(ended.is_none(), "pumpd ended: {ended:?}");
            assert!(begun.elapsed() < PATIENCE, "pumpd does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        daemon
    }
}

/// Ended with the test.
pub(crate) struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// A checkout with what was built inside it, wherever this one's is built, but for the kit.
/// Where its programs are.
pub(crate) fn build_tree(folder: &Path) -> PathBuf {
    assert!(
        built().join("pumpd").exists(),
        "pumpd is not built: run `cargo check-all`, or first `cargo build -p pumpd`"
    );
    let tree = folder.join("checkout");
    let programs = tree.join("target/debug");
    std::fs::create_dir_all(&programs).expect("a folder");
    symlink(repository().join("config"), tree.join("config")).expect("a link");
    for entry in std::fs::read_dir(built())
        .expect("what was built")
        .flatten()
    {
        let name = entry.file_name();
        let known = name.to_string_lossy();
        let plugin = known.ends_with(".so") && !known.starts_with("libzoo_");
        if plugin || ["pumpctl", "pumpd", "strategy-host"].contains(&&*known) {
            let to = programs.join(&name);
            std::fs::hard_link(entry.path(), &to)
                .or_else(|_| std::fs::copy(entry.path(), &to).map(drop))
                .expect("it is put there");
        }
    }
    programs
}
