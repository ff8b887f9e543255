//! `cargo check-all`: builds the plugins and passes every test.

use crate::checkout::Checkout;
use crate::tool::{self, Failure};

/// Builds the workspace, then tests it.
///
/// # Errors
/// Where the build or a test fails.
pub(crate) fn run(here: &Checkout, args: &[String]) -> Result<(), Failure> {
    // A test compiles the plugin contract's header.
    tool::need_seccomp()?;
    // `cargo test` alone would not put the shared libraries and the child's program where
    // the tests that load them look.
    tool::heading("building the workspace, plugins included");
    tool::run(
        here.cargo("build")
            .arg("--workspace")
            .args(also_for_build(args)),
    )?;
    tool::heading("running the tests");
    let mut test = here.cargo("test");
    if !names_packages(args) {
        test.arg("--workspace");
    }
    // One run shows everything that is broken, unless the caller says otherwise.
    if !own(args).any(|arg| arg == "--no-fail-fast") {
        test.arg("--no-fail-fast");
    }
    tool::run(test.args(args))?;
    eprintln!("\ncheck-all: everything passed");
    Ok(())
}

/// The arguments that are cargo's, not the test programs'.
fn own(args: &[String]) -> impl Iterator<Item = &String> {
    args.iter().take_while(|arg| *arg != "--")
}

fn names_packages(args: &[String]) -> bool {
    own(args).any(|arg| arg.starts_with("-p") || arg.starts_with("--package"))
}

/// What must hold for the build as for the tests, or the tests would load stale plugins.
fn also_for_build(args: &[String]) -> Vec<&String> {
    let mut both = Vec::new();
    let mut args = own(args);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--release" | "-r" | "--locked" | "--offline" | "--frozen" => both.push(arg),
            "--profile" => {
                both.push(arg);
                both.extend(args.next());
            }
            _ if arg.starts_with("--profile=") => both.push(arg),
            _ => {}
        }
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_build_takes_the_profile_of_the_tests() {
        let args = words("--release --locked lockout -- --nocapture --release");
        assert_eq!(also_for_build(&args), ["--release", "--locked"]);
        let args = words("--profile bench -p pump-core");
        assert_eq!(also_for_build(&args), ["--profile", "bench"]);
    }

    #[test]
    fn one_package_is_not_the_whole_workspace() {
        assert!(names_packages(&words("-p pump-core")));
        assert!(names_packages(&words("--package=pump-core")));
        assert!(!names_packages(&words("lockout -- -p")));
    }
}
