//! The real program with the real plugins, in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The plugins and the helper that the tests need beside the program.
const BUILT: [&str; 9] = [
    "libcontinuous.so",
    "libday_profile.so",
    "libintermittent_bolus.so",
    "libloading.so",
    "libpca.so",
    "libpieb.so",
    "libpulse_train.so",
    "libtaper.so",
    "strategy-host",
];

pub(crate) const PRESCRIPTION: &str = r#"
format = 1
id = "test rig"
route = "intrathecal"

[reservoir]
volume = "20 mL"
low = "2 mL"
empty = "0.5 mL"

[[drug]]
name = "morphine"
concentration = "2 mg/mL"

[limits]
max_rate = "2 mL/h"
max_1h = "0.4 mL"
max_4h = "1 mL"
max_24h = "4 mL"
max_clinician_bolus = "0.1 mL"

[on_strategy_loss]
action = "hold-basal"
for = "30 min"

[[regimen]]
name = "background"
strategy = "continuous"
rate = "2 mg/day"

[[regimen]]
name = "patient"
strategy = "pca"
dose = "0.1 mg"
over = "2 min"
lockout = "30 min"
lockout_edge = "start-to-start"
other_boluses_restart_lockout = true
other_boluses_count = false
max_per_1h = 2
max_per_24h = 12
"#;

/// The repository's own folder.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("two folders up")
        .to_owned()
}

/// The folder of the program under test.
pub(crate) fn built() -> &'static Path {
    let folder = Path::new(env!("CARGO_BIN_EXE_pumpctl"))
        .parent()
        .expect("a folder");
    for name in BUILT {
        assert!(
            folder.join(name).exists(),
            "{name} is not in {}: run `cargo check-all`, or first `cargo build -p strategy-host \
             -p continuous -p day-profile -p intermittent-bolus -p loading -p pca -p pieb -p pulse-train -p taper`",
            folder.display()
        );
    }
    folder
}

/// A folder with a prescription in it.
pub(crate) struct Rig {
    pub(crate) folder: TempDir,
}

impl Rig {
    pub(crate) fn new() -> Self {
        built();
        let rig = Self {
            folder: tempfile::tempdir().expect("a folder for the test"),
        };
        rig.write("rx.toml", PRESCRIPTION);
        rig
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("the test's folder can be written");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file of the test")
    }

    /// The names of everything in the folder.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("the test's folder");
        let name = |entry: std::io::Result<fs::DirEntry>| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }

    /// The program with a command, the repository's device and further words, in the folder.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pumpctl"));
        let (first, rest) = words.split_first().expect("a command");
        command
            .current_dir(self.folder.path())
            .env_remove("RUST_LOG")
            .arg(first)
            .arg("--device")
            .arg(repository().join("config/pump.toml"))
            .args(rest);
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Done {
        Done(self.command(words).output().expect("the program runs"))
    }

    /// Simulates and reads the report.
    pub(crate) fn report(&self, words: &[&str]) -> Value {
        let words: Vec<&str> = ["simulate", "rx.toml", "--json"]
            .iter()
            .chain(words)
            .copied()
            .collect();
        let done = self.run(&words);
        assert_eq!(done.code(), 0, "{}", done.err());
        serde_json::from_str(&done.out()).expect("standard output is one JSON document")
    }
}

/// What a run of the program came to.
pub(crate) struct Done(pub(crate) Output);

impl Done {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().expect("an exit code")
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).expect("UTF-8")
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).expect("UTF-8")
    }
}
