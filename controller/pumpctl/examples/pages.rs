//! Writes the manual pages and the shell completions of `pumpctl` and `pumpd` into a folder,
//! from the definitions that the programs parse their command lines with.
//!
//! It is an example, so that what it takes weighs on neither program. `cargo package-deb`
//! runs it.

// The program reads what is parsed; here it is only described.
#[expect(unused_imports)]
#[path = "../src/cli.rs"]
mod cli;
#[path = "../../pumpd/src/options.rs"]
mod options;

/// What `options` has for tests alone, and hides.
mod faults {
    #[derive(Clone, Debug)]
    pub(crate) struct Fault;

    impl std::str::FromStr for Fault {
        type Err = std::convert::Infallible;

        fn from_str(_: &str) -> Result<Self, Self::Err> {
            Ok(Self)
        }
    }
}

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: pages FOLDER")?);
    fs::create_dir_all(&folder)?;
    write(cli::Cli::command().name("pumpctl"), "1", &folder)?;
    write(options::Options::command().name("pumpd"), "8", &folder)
}

/// A page for the program and one for each of its commands and theirs, and what each shell
/// needs.
fn write(program: Command, section: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
        let name = program.get_name().to_owned();
        clap_complete::generate_to(shell, &mut program.clone(), name, folder)?;
    }
    let mut program = program.disable_help_subcommand(true);
    program.build();
    pages(&program, section, folder)
}

fn pages(command: &Command, section: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    page(command, section, folder)?;
    for command in command.get_subcommands() {
        pages(command, section, folder)?;
    }
    Ok(())
}

fn page(command: &Command, section: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let source = concat!("pumpd ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).title(name).section(section);
    let mut text = Vec::new();
    // Without a date, which would make each build another one.
    man.source(source).date("").render(&mut text)?;
    fs::write(folder.join(format!("{name}.{section}")), text)?;
    Ok(())
}
