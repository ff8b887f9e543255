//! `cargo fuzz-smoke`: a short fuzzing of every parser.
//!
//! libFuzzer needs nothing of a nightly compiler but its convenience: the instrumentation
//! is a pass of LLVM that the stable compiler has too.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::checkout::{Checkout, cargo};
use crate::tool::{self, Failure};

const SECONDS: Duration = Duration::from_secs(20);

/// Edges, counters and comparisons, as `cargo fuzz` sets them.
const INSTRUMENTATION: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Ccodegen-units=1";

/// A fuzz target and the folders and files that its inputs grow from.
struct Target {
    name: &'static str,
    seeds: &'static [&'static str],
}

const TARGETS: &[Target] = &[
    Target {
        name: "prescription",
        seeds: &[
            "config/prescriptions",
            "controller/prescription/tests/broken/prescription",
            "controller/prescription/tests/remarks",
        ],
    },
    Target {
        name: "device",
        seeds: &[
            "config/pump.toml",
            "controller/prescription/tests/broken/device",
        ],
    },
    Target {
        name: "drug_library",
        seeds: &[
            "config/drug-library.toml",
            "controller/prescription/tests/broken/drug-library",
        ],
    },
    Target {
        name: "scenario",
        seeds: &[
            "deploy/fuzz/seeds/scenario.toml",
            "deploy/fuzz/seeds/at.lines",
        ],
    },
    Target {
        name: "text",
        seeds: &["deploy/fuzz/seeds/text.lines"],
    },
    Target {
        name: "plugin_file",
        seeds: &[],
    },
    Target {
        name: "order",
        seeds: &[],
    },
    Target {
        name: "declaration",
        seeds: &[],
    },
    Target {
        name: "host_message",
        seeds: &[],
    },
    Target {
        name: "checkpoint",
        seeds: &[],
    },
    Target {
        name: "recording",
        seeds: &[],
    },
];

/// Builds the targets and runs them, all or the ones named.
///
/// # Errors
/// Where the build fails or a target finds something.
pub(crate) fn run(here: &Checkout, args: &[String]) -> Result<(), Failure> {
    let wanted = Wanted::read(args)?;
    tool::need_seccomp()?;
    tool::need_cxx_compiler()?;
    let built = build(here)?;
    for target in wanted.targets {
        tool::heading(&format!("{}: {} s", target.name, wanted.each.as_secs()));
        smoke(here, &built, target, wanted.each)?;
    }
    eprintln!("\nfuzz-smoke: nothing found");
    Ok(())
}

struct Wanted {
    targets: Vec<&'static Target>,
    each: Duration,
}

impl Wanted {
    fn read(args: &[String]) -> Result<Self, Failure> {
        let mut each = SECONDS;
        let mut targets = Vec::new();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == "--seconds" {
                let number = args.next().and_then(|number| number.parse().ok());
                let number = number.filter(|number| *number > 0);
                each = Duration::from_secs(number.ok_or_else(|| {
                    Failure::usage("`--seconds` needs a whole number, as in `--seconds 600`")
                })?);
                continue;
            }
            let known = TARGETS.iter().find(|target| target.name == arg);
            targets.push(known.ok_or_else(|| {
                let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
                Failure::usage(format!(
                    "there is no fuzz target `{arg}`; there are {}",
                    names.join(", ")
                ))
            })?);
        }
        if targets.is_empty() {
            targets = TARGETS.iter().collect();
        }
        Ok(Self { targets, each })
    }
}

/// Builds every target. The folder of the programs.
fn build(here: &Checkout) -> Result<PathBuf, Failure> {
    tool::heading("building the fuzz targets");
    let host = host()?;
    let target = here.target("fuzz");
    let mut build = cargo();
    build
        .args(["build", "--release", "--bins", "--manifest-path"])
        .arg(here.path("deploy/fuzz/Cargo.toml"))
        // Naming the target keeps the instrumentation out of build scripts.
        .args(["--target", &host, "--target-dir"])
        .arg(&target)
        .env("RUSTFLAGS", INSTRUMENTATION)
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    tool::run(&mut build)?;
    Ok(target.join(host).join("release"))
}

fn host() -> Result<String, Failure> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = tool::capture(Command::new(rustc).arg("-vV"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .ok_or_else(|| Failure::new("rustc does not say what it builds for"))
}

fn smoke(here: &Checkout, built: &Path, target: &Target, each: Duration) -> Result<(), Failure> {
    let name = target.name;
    let corpus = here.target("fuzz/corpus").join(name);
    let seeds = here.target("fuzz/seeds").join(name);
    let found = here.target("fuzz/artifacts").join(name);
    for folder in [&corpus, &seeds, &found] {
        std::fs::create_dir_all(folder).map_err(|error| unusable(folder, &error))?;
    }
    for from in target.seeds {
        gather(&here.path(from), &seeds)?;
    }
    if name == "plugin_file" {
        a_small_library(&seeds.join("small.so"))?;
    }
    let program = built.join(name);
    let mut fuzzer = Command::new(&program);
    fuzzer
        .arg(format!("-max_total_time={}", each.as_secs()))
        .args(["-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/", found.display()))
        .args([&corpus, &seeds]);
    let output = tool::capture(&mut fuzzer).map_err(|failure| {
        let said = &failure.what;
        let file = after(said, "Test unit written to ").unwrap_or("FILE");
        Failure::new(format!(
            "{}\n\n{name} found something; to see it again:\n    {} {file}",
            last_lines(said, SHOWN_OF_A_CRASH),
            program.display()
        ))
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    eprintln!(
        "   {} inputs, {} of them new",
        after(&said, "stat::number_of_executed_units: ").unwrap_or("?"),
        after(&said, "stat::new_units_added: ").unwrap_or("?"),
    );
    Ok(())
}

/// The word after the first mark.
fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark)?.1.split_whitespace().next()
}

/// Enough for the panic's message and its trace.
const SHOWN_OF_A_CRASH: usize = 60;

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(count);
    lines.get(from..).unwrap_or_default().join("\n")
}

/// Copies a file, or the files of a folder, to where a target reads its seeds. Of a file of
/// lines each is a seed.
fn gather(from: &Path, to: &Path) -> Result<(), Failure> {
    let wrong = |error| unusable(from, &error);
    if from.extension().is_some_and(|kind| kind == "lines") {
        let lines = std::fs::read_to_string(from).map_err(wrong)?;
        for (number, line) in lines.lines().enumerate() {
            std::fs::write(to.join(format!("line-{}", number + 1)), line).map_err(wrong)?;
        }
        return Ok(());
    }
    let copy = |file: &Path| match file.file_name() {
        Some(name) => std::fs::copy(file, to.join(name)).map(drop),
        None => Ok(()),
    };
    if from.is_file() {
        return copy(from).map_err(wrong);
    }
    for entry in std::fs::read_dir(from).map_err(wrong)? {
        let file = entry.map_err(wrong)?.path();
        // Beside a broken file lies what is to be said of it.
        if file.extension().is_none_or(|kind| kind != "txt") && file.is_file() {
            copy(&file).map_err(wrong)?;
        }
    }
    Ok(())
}

/// A shared library with the symbol of a plugin and next to nothing else.
fn a_small_library(to: &Path) -> Result<(), Failure> {
    let source = to.with_extension("c");
    let text = "const int strategy_entry[32] = {1};\n";
    std::fs::write(&source, text).map_err(|error| unusable(&source, &error))?;
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let mut compile = Command::new(compiler);
    compile
        .args([
            "-shared",
            "-nostdlib",
            "-s",
            "-Wl,-z,noseparate-code",
            "-Wl,--build-id=none",
        ])
        .arg("-o")
        .args([to, &source]);
    tool::run(&mut compile)?;
    std::fs::remove_file(&source).map_err(|error| unusable(&source, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn every_target_of_the_folder_is_run_and_has_its_seeds() {
        let here = Checkout::find().unwrap();
        let folder = std::fs::read_dir(here.path("deploy/fuzz/fuzz_targets")).unwrap();
        let mut there: Vec<String> = folder
            .map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        let mut run: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        there.sort();
        run.sort_unstable();
        assert_eq!(there, run);
        for seeds in TARGETS.iter().flat_map(|target| target.seeds) {
            assert!(here.path(seeds).exists(), "{seeds}");
        }
    }

    #[test]
    fn what_the_fuzzer_says_is_read() {
        let said = "Test unit written to /tmp/crash-1\nstat::new_units_added:          77\n";
        assert_eq!(after(said, "Test unit written to "), Some("/tmp/crash-1"));
        assert_eq!(after(said, "stat::new_units_added: "), Some("77"));
        assert_eq!(last_lines("a\nb\nc", 2), "b\nc");
        assert_eq!(last_lines("a", 2), "a");
    }

    #[test]
    fn the_command_line_names_targets_and_seconds() {
        let wanted = Wanted::read(&words("--seconds 600 order text")).unwrap();
        assert_eq!(wanted.each.as_secs(), 600);
        let names: Vec<&str> = wanted.targets.iter().map(|target| target.name).collect();
        assert_eq!(names, ["order", "text"]);
        assert_eq!(Wanted::read(&[]).unwrap().targets.len(), TARGETS.len());
        for wrong in ["--seconds", "--seconds 0", "--seconds long", "oder"] {
            let failure = Wanted::read(&words(wrong)).err().expect("a refusal");
            assert!(failure.usage, "{wrong}");
        }
    }
}
