//! Tests of single crates, compiled for the board and run here by an emulator of its programs
//! alone (`qemu-arm-static`): 32-bit arithmetic, alignment and `time_t` on the host's kernel.
//! What each is there for is said in `deploy/armv7/README.md`.

use std::time::Instant;

use super::board::Board;
use crate::checkout::Checkout;
use crate::tool::{self, Failure};

/// Random cases of a property, unless the environment says otherwise: an emulated program is
/// some thirty times as slow.
const CASES: &str = "4";

/// What cargo is told, and what the test programs are.
struct Suite {
    cargo: &'static [&'static str],
    tests: &'static [&'static str],
}

const SUITES: [Suite; 7] = [
    Suite {
        cargo: &["--package", "strategy-abi", "--package", "strategy-link"],
        tests: &[],
    },
    Suite {
        // Virtual years take an emulator hours.
        cargo: &["--package", "pump-core", "--lib"],
        tests: &["--skip", "ten_years_do_not_drift", "--skip", "over_years"],
    },
    Suite {
        cargo: &["--package", "pump-lane", "--lib"],
        tests: &["the_counters_may_wrap_around"],
    },
    Suite {
        cargo: &["--package", "pump-rt", "--lib", "--test", "histogram"],
        tests: &[],
    },
    Suite {
        cargo: &["--package", "pump-control", "--test", "documents"],
        tests: &[],
    },
    Suite {
        // strace can't follow a program inside the emulator.
        cargo: &["--package", "pump-journal"],
        tests: &["--skip", "cuts::"],
    },
    Suite {
        // The emulator does not start the child of the good one.
        cargo: &["--package", "strategy-host", "--test", "bad_files"],
        tests: &["--skip", "a_good_file_passes"],
    },
];

/// Runs them all.
///
/// # Errors
/// Where a test fails, or a suite has none.
pub(super) fn run(here: &Checkout) -> Result<(), Failure> {
    let board = Board::new(here)?;
    let mut all = 0;
    for suite in &SUITES {
        let begun = Instant::now();
        let mut cargo = board.cargo("test");
        cargo.args(suite.cargo).arg("--").args(suite.tests);
        if std::env::var_os("PROPTEST_CASES").is_none() {
            cargo.env("PROPTEST_CASES", CASES);
        }
        let words: Vec<&str> = [suite.cargo, &["--"], suite.tests].concat();
        tool::heading(&format!("cargo test {}", words.join(" ")));
        let output = tool::capture(&mut cargo)?;
        let passed = passed(&String::from_utf8_lossy(&output.stdout));
        println!("{passed} passed in {} s", begun.elapsed().as_secs());
        if passed == 0 {
            return Err(Failure::new("no test has such a name any more"));
        }
        all += passed;
    }
    println!("\n{all} tests passed on emulated ARM; the rest of the system was not run there");
    Ok(())
}

/// How many tests passed, by what all test programs say at their ends.
fn passed(said: &str) -> u32 {
    let results = said.lines().filter_map(|line| {
        let rest = line.strip_prefix("test result: ok. ")?;
        rest.split_once(" passed")?.0.parse::<u32>().ok()
    });
    results.sum()
}

#[cfg(test)]
mod tests {
    use super::passed;

    #[test]
    fn what_all_programs_have_passed_is_added_up() {
        let said = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored\n\n\
                    test result: ok. 40 passed; 0 failed\n";
        assert_eq!(passed(said), 42);
        assert_eq!(passed("test result: FAILED. 3 passed; 1 failed"), 0);
    }
}
