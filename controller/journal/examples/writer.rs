//! Writes a journal as the daemon does, and says on standard output what is durable: for the
//! tests that take its disk away.
//!
//! `writer FOLDER FIRST COUNT` commits so many batches from the number FIRST on. A line for each
//! attempt: `ok N`, or `trouble N KIND`, after which it is tried again.

#[allow(dead_code)]
#[path = "../tests/journal/rig.rs"]
mod rig;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use pump_journal::{Retention, Store};

/// So small that there is something to prune.
const SMALL: Retention = Retention {
    keep_ns: 20_000_000_000,
    room_bytes: 40_000,
    most_bytes: 1 << 30,
};

/// After so many attempts the cause won't go any more.
const ATTEMPTS: u32 = 20;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let (Some(folder), Some(first), Some(count)) = (args.next(), args.next(), args.next()) else {
        eprintln!("usage: writer FOLDER FIRST COUNT");
        return ExitCode::from(2);
    };
    let number =
        |text: std::ffi::OsString| text.to_string_lossy().parse::<u64>().expect("a number");
    let (first, count) = (number(first), number(count));
    let mut store = match Store::with_retention(&PathBuf::from(folder), SMALL) {
        Ok((store, _)) => store,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    say("open");
    for n in first..first + count {
        let mut attempts = 0;
        while let Err(trouble) = store.commit(&rig::batch(n)) {
            say(&format!("trouble {n} {}", trouble.kind.name()));
            attempts += 1;
            if attempts == ATTEMPTS {
                return ExitCode::FAILURE;
            }
        }
        say(&format!("ok {n}"));
        if n % 5 == 0
            && let Err(trouble) = store.tidy(&rig::stamp(n))
        {
            say(&format!("trouble {n} {}", trouble.kind.name()));
        }
    }
    ExitCode::SUCCESS
}

/// In one write, so that it stands between the writes to the disk.
fn say(line: &str) {
    let mut out = std::io::stdout();
    out.write_all(format!("{line}\n").as_bytes())
        .and_then(|()| out.flush())
        .expect("standard output");
}
