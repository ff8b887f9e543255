//! From nothing to an infusing pump: an author types what each step has printed.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::rig::{Rig, built, repository};

/// Longer than any of it takes, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A shell in a folder, without what cargo has set for this test.
struct Shell {
    folder: PathBuf,
}

impl Shell {
    fn command(&self, line: &str) -> Command {
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
        command
    }

    /// Types a line, which must go well. What it printed.
    fn types(&mut self, line: &str) -> String {
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
        assert!(status.success(), "{line}\n{out}\n{err}");
        out
    }
}

/// A checkout with what was built inside it, wherever this one's is built, but for the kit.
/// Where its `pumpctl` is.
fn build_tree(folder: &Path) -> PathBuf {
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
    programs.join("pumpctl")
}

/// The lines that a step tells to type next.
fn next(printed: &str) -> Vec<String> {
    let from = printed.find("Next").expect("a next step is told");
    let lines = printed[from..].lines().skip(1);
    let lines = lines.map_while(|line| line.strip_prefix("  "));
    lines.map(str::to_owned).collect()
}

/// Ended with the test.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

fn wait_for(socket: &Path, daemon: &mut Daemon) {
    let begun = Instant::now();
    while !socket.exists() {
        let ended = daemon.0.try_wait().expect("it can be awaited");
        assert!(ended.is_none(), "pumpd ended: {ended:?}");
        assert!(begun.elapsed() < PATIENCE, "pumpd does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_author_types_what_each_step_has_printed_and_the_pump_infuses() {
    assert!(
        built().join("pumpd").exists(),
        "pumpd is not built: run `cargo check-all`, or first `cargo build -p pumpd`"
    );
    let rig = Rig::new();
    let mut shell = Shell {
        folder: rig.folder.path().to_owned(),
    };
    let tree = build_tree(rig.folder.path());
    let pumpctl = tree.display();
    let sdk = repository().join("strategies");
    let new = format!("{pumpctl} strategy new slow-drip --sdk {}", sdk.display());
    let made = shell.types(&new);

    let steps = next(&made);
    let [enter, test, build, check] = steps.as_slice() else {
        panic!("four steps: {steps:?}");
    };
    shell.types(enter);
    let source = shell.folder.join("src/lib.rs");
    let text = std::fs::read_to_string(&source).expect("the source");
    let edited = text.replace("Duration::from_mins(30)", "Duration::from_mins(20)");
    assert_ne!(edited, text, "one line is edited");
    std::fs::write(&source, edited).expect("the source is writable");
    let tested = shell.types(test);
    assert!(
        tested.contains("a_step_allocates_nothing ... ok"),
        "{tested}"
    );
    shell.types(build);

    let library = check.rsplit(' ').next().expect("a file");
    let described = shell.types(&format!("{pumpctl} strategy describe {library} --json"));
    let described: Value = serde_json::from_str(&described).expect("a document");
    let gentle_for = &described["parameters"][2];
    assert_eq!(gentle_for["written"]["default"], "20 min", "{described}");

    let checked = shell.types(check);
    assert!(!checked.contains("not judged"), "{checked}");
    let steps = next(&checked);
    let [simulate] = steps.as_slice() else {
        panic!("one step: {steps:?}");
    };
    let simulated = shell.types(simulate);
    assert!(simulated.contains("3 h simulated"), "{simulated}");

    let steps = next(&simulated);
    let [daemon, arm, start] = steps.as_slice() else {
        panic!("three steps: {steps:?}");
    };
    println!("$ {daemon}");
    let line = daemon.strip_suffix(" &").expect("in the background");
    let mut command = shell.command(&format!("exec {line}"));
    let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut daemon = Daemon(child.expect("pumpd starts"));
    wait_for(&shell.folder.join("rig.sock"), &mut daemon);
    // A person would be asked, and say yes.
    shell.types(&format!("{arm} --yes"));
    shell.types(start);
    let status = shell.types(&format!("{pumpctl} --socket rig.sock status --json"));
    let status: Value = serde_json::from_str(&status).expect("a document");
    assert_eq!(status["state"], "infusing", "{status}");
    let regimen = &status["regimens"][0];
    assert_eq!(regimen["strategy"], "slow-drip", "{status}");
}
