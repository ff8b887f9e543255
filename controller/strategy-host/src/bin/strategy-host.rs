//! The helper that opens a plugin, so that a crash of it is not a crash of the caller.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("probe"), None) => strategy_host::probe_main(),
        _ => {
            eprintln!(
                "usage: strategy-host probe\n\nOpens the plugin on its standard input and writes what it declares to its\nstandard output, for the programs that check prescriptions."
            );
            ExitCode::from(2)
        }
    }
}
