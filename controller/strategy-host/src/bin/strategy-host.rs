//! The program that opens plugins, so that nobody else must.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use strategy_host::{Allowed, RehearseOptions, RunOptions, Sha256};

const HELP: &str = "\
Opens strategy plugins, so that a crash of one is not a crash of the caller.

Usage:
  strategy-host run --plugin PATH --sha256 HEX [--user NAME] [--require-sandbox]
      Runs the plugin in a sandbox and answers snapshots over the SOCK_SEQPACKET
      socket on standard input. Started by pumpd.
        --sha256 HEX        the hash that the file must have
        --user NAME         become this user (only root can); without it root becomes
                            pump-strategy where there is one, else nobody
        --require-sandbox   refuse where the kernel has no landlock
      Exit code: 0 the daemon closed the socket, 1 it failed and told the daemon why.

  strategy-host declare --strategies DIR [--strategies DIR ...] NAME
      Finds the strategy in the folders, opens it in a child, and writes its path,
      hash and declaration to standard output, for programs.
      Exit code: 0 it did, 1 it could not; standard error says why.

  strategy-host rehearse --plugin PATH --sha256 HEX --allow running|computing|frugal
      Opens the plugin in a sandbox and makes, steps, saves and loads its instances as
      it is told over the SOCK_SEQPACKET socket on standard input: the child of
      `pumpctl strategy check`.

  strategy-host probe
      Opens the plugin on standard input and writes what it declares to standard
      output: the child of a check.

Exit code 2: the command line makes no sense.
The messages are documented in the crate strategy-link, module `protocol`.
";

enum Command {
    Run(RunOptions),
    Rehearse(RehearseOptions),
    Declare(Vec<PathBuf>, String),
    Probe,
    Help,
}

fn main() -> ExitCode {
    match parse(std::env::args_os().skip(1)) {
        Ok(Command::Run(options)) => strategy_host::run_main(&options),
        Ok(Command::Rehearse(options)) => strategy_host::rehearse_main(&options),
        Ok(Command::Declare(folders, name)) => strategy_host::declare_main(&folders, &name),
        Ok(Command::Probe) => strategy_host::probe_main(),
        Ok(Command::Help) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Err(mistake) => {
            eprintln!("strategy-host: {mistake}; see strategy-host --help");
            ExitCode::from(2)
        }
    }
}

fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let command = arguments.next().ok_or("a command is missing")?;
    match command.to_str() {
        Some("--help" | "-h" | "help") => Ok(Command::Help),
        Some("probe") => match arguments.next() {
            None => Ok(Command::Probe),
            Some(other) => Err(unexpected(&other)),
        },
        Some("run") => run(arguments),
        Some("rehearse") => rehearse(arguments),
        Some("declare") => declare(arguments),
        _ => Err(format!("no command is called {}", command.display())),
    }
}

fn run(mut arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let (mut plugin, mut sha256, mut user) = (None, None, None);
    let mut require_sandbox = false;
    while let Some(option) = arguments.next() {
        match option.to_str() {
            Some("--plugin") => plugin = Some(value(&option, &mut arguments)?),
            Some("--sha256") => sha256 = Some(text(&option, &mut arguments)?),
            Some("--user") => user = Some(text(&option, &mut arguments)?),
            Some("--require-sandbox") => require_sandbox = true,
            Some("--help" | "-h") => return Ok(Command::Help),
            _ => return Err(unexpected(&option)),
        }
    }
    let sha256 = sha256.ok_or("--sha256 is missing")?;
    Ok(Command::Run(RunOptions {
        plugin: plugin.ok_or("--plugin is missing")?.into(),
        sha256: hash(&sha256)?,
        user,
        require_sandbox,
    }))
}

fn hash(given: &str) -> Result<Sha256, String> {
    given.parse().map_err(|error| format!("--sha256: {error}"))
}

fn rehearse(mut arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let (mut plugin, mut sha256, mut allowed) = (None, None, None);
    while let Some(option) = arguments.next() {
        match option.to_str() {
            Some("--plugin") => plugin = Some(value(&option, &mut arguments)?),
            Some("--sha256") => sha256 = Some(text(&option, &mut arguments)?),
            Some("--allow") => {
                let given = text(&option, &mut arguments)?;
                let known = Allowed::ALL.iter().find(|(_, word)| *word == given);
                let known = known.ok_or_else(|| format!("--allow knows no {given}"))?;
                allowed = Some(known.0);
            }
            Some("--help" | "-h") => return Ok(Command::Help),
            _ => return Err(unexpected(&option)),
        }
    }
    let sha256 = sha256.ok_or("--sha256 is missing")?;
    Ok(Command::Rehearse(RehearseOptions {
        plugin: plugin.ok_or("--plugin is missing")?.into(),
        sha256: hash(&sha256)?,
        allowed: allowed.ok_or("--allow is missing")?,
    }))
}

fn declare(mut arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut folders = Vec::new();
    let mut name = None;
    while let Some(word) = arguments.next() {
        match word.to_str() {
            Some("--strategies") => folders.push(value(&word, &mut arguments)?.into()),
            Some("--help" | "-h") => return Ok(Command::Help),
            Some(word) if !word.starts_with('-') && name.is_none() => name = Some(word.to_owned()),
            _ => return Err(unexpected(&word)),
        }
    }
    let name = name.ok_or("the strategy's name is missing")?;
    if folders.is_empty() {
        return Err("--strategies is missing".to_owned());
    }
    Ok(Command::Declare(folders, name))
}

fn unexpected(word: &OsString) -> String {
    format!("{} is not expected here", word.display())
}

fn value(
    option: &OsString,
    arguments: &mut impl Iterator<Item = OsString>,
) -> Result<OsString, String> {
    let missing = || format!("the value of {} is missing", option.display());
    arguments.next().ok_or_else(missing)
}

fn text(
    option: &OsString,
    arguments: &mut impl Iterator<Item = OsString>,
) -> Result<String, String> {
    let value = value(option, arguments)?;
    let not_utf8 = |_| format!("the value of {} is not UTF-8", option.display());
    value.into_string().map_err(not_utf8)
}
