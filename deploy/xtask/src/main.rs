//! Home of the cargo aliases.
//!
//! `cargo demo`, `cargo check-all` and the like are spelled out in `.cargo/config.toml`
//! and end here. This is a program rather than a shell script so that it runs wherever
//! cargo does, and it has no dependencies so that the first command of a fresh clone does
//! not wait for any.
#![forbid(unsafe_code)]

mod bench;
mod check_all;
mod checkout;
mod crash;
mod demo;
mod fuzz;
mod machine;
mod package;
mod tool;
mod virtual_beaglebone;

use std::process::ExitCode;

use checkout::Checkout;
use tool::Failure;

const HELP: &str = "\
The commands of this checkout. Each works from any folder inside it but
deploy/fuzz, which is a workspace of its own.

  cargo demo
      Builds pumpctl, strategy-host and the strategies, checks the example
      prescription and runs a day of it on a simulated pump, ending with the
      delivery report. Begin here.

  cargo check-all [CARGO TEST ARGUMENTS]
      Builds everything, the plugins first, and runs every test.
        cargo check-all                              all of them
        cargo check-all -p pump-core                 one crate
        cargo check-all -- lockout                   those named like that
        PROPTEST_CASES=10000 cargo check-all         more random cases

  cargo bench-all [BENCH]...
      Measures, and fails where a figure misses its target:
        speed          90 simulated days of basal + PCA in under 5 s
        linear         the time per step does not grow with the run
        instructions   a tick costs the same after an hour and after a year
                       (counted by valgrind, so it does not depend on load)
        step           what a step of the PCA in Rust and in C costs in
                       instructions, and from a snapshot to its order by way of
                       the sandbox
        journal        ten years of it: opened under 1 s, its last day read under
                       50 ms; takes 1 GB of disk meanwhile
        daemon         the rest, on a simulated pump in real time, some 15 min:
        start          from the process to its first answer, and to the first step
        memory         pumpd under 16 MiB and a strategy-host under 8 MiB
        loop-cost      the loop's processor time and context switches in an hour
        brake          the motor of a loop that hangs is off within 100 ms
        recovery       a killed strategy is back within a second
        wear           what the journal writes to its disk in a day of 1 mL
        zoo-lateness   edges beside each guest of the zoo against edges without

  cargo crash-campaign [--cuts N] [--seed N] [--only CUT [--kept DIR]]
      Kills the daemon, and cuts the power of its disk, N times (default 50) at
      any moment, and fails where its ledger then knows less than what left the
      pump. Needs strace. 50 cuts take some 2 minutes, 1000 some 4.

  cargo fuzz-smoke [--seconds N] [TARGET]...
      Fuzzes every parser, or the ones named, for N seconds each (default 20),
      from the files in config/ and the tests. Needs no nightly compiler. A
      crash ends it, with the file and the command that reproduce it.

  cargo virtual-beaglebone [COMMAND]
      A 32-bit ARM machine with PREEMPT_RT, GPIO lines and a watchdog, emulated;
      see deploy/virtual-beaglebone. The first time it compiles a kernel, which
      takes 10 to 25 minutes.
        (nothing)            the tests of the whole system inside it
        test WORD...         those with one of the words in their name
        shell [--leap]       boots it with its console on this terminal
        run SCRIPT           runs one script in it
        latency              measures, and writes deploy/virtual-beaglebone/latency.md
        emulated             tests of single crates, as programs for the board, without it
        build                only makes kernel, root file system and disk
        is-cached            exits 0 where these are made already
        cargo COMMAND...     cargo for the board: `cargo test -p pump-core`

  cargo package-deb [--target armv7-unknown-linux-gnueabihf]
      Builds the Debian package for this machine, or for a BeagleBone (see
      deploy/beaglebone/README.md), and prints where it is. For a BeagleBone,
      deploy/armv7/toolchain makes the compiler first, where it is missing.
        sudo apt install ./target/debian/pumpd_*.deb
        sudo systemctl enable --now pumpd

  cargo xtask help
      This text.

Exit codes: 0 fine, 1 something failed, 2 the command line was not understood.
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next();
    let rest: Vec<String> = args.collect();
    let outcome = match command.as_deref() {
        None | Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            Ok(())
        }
        Some("demo") => Checkout::find().and_then(|here| demo::run(&here, &rest)),
        Some("check-all") => Checkout::find().and_then(|here| check_all::run(&here, &rest)),
        Some("bench-all") => Checkout::find().and_then(|here| bench::run(&here, &rest)),
        Some("crash-campaign") => Checkout::find().and_then(|here| crash::run(&here, &rest)),
        Some("package-deb") => Checkout::find().and_then(|here| package::run(&here, &rest)),
        Some("fuzz-smoke") => Checkout::find().and_then(|here| fuzz::run(&here, &rest)),
        Some("virtual-beaglebone") => {
            Checkout::find().and_then(|here| virtual_beaglebone::run(&here, &rest))
        }
        Some(other) => Err(Failure::usage(format!("there is no command `{other}`"))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nerror: {}", failure.what);
            if failure.usage {
                eprintln!("help: `cargo xtask help` lists the commands");
                return ExitCode::from(2);
            }
            ExitCode::FAILURE
        }
    }
}
