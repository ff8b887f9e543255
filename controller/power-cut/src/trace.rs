//! What strace writes, as calls.

use std::collections::HashMap;
use std::path::Path;

/// How strace is to write what [`read`] reads, of a program that has one thread.
pub const HOW: &[&str] = &[
    "-y",
    "-xx",
    "-s",
    "10000000",
    "-e",
    "trace=openat,write,pwrite64,fsync,fdatasync,ftruncate,unlink,rename,renameat2",
];

/// The same of a program with threads and children, with the instants of the calls. What it
/// writes to its standard output is left out, so that no thread is stopped but those that write
/// files at a place.
pub const HOW_OF_THREADS: &[&str] = &[
    "-f",
    "--seccomp-bpf",
    "--timestamps=unix,ns",
    "-T",
    "-y",
    "-xx",
    "-s",
    "10000000",
    "-e",
    "trace=openat,pwrite64,fsync,fdatasync,ftruncate,unlink,rename,renameat2",
];

/// A call that changes or syncs something in the folder, or says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Something was written to standard output.
    Said(String),
    /// A file is opened that is made if it is not there.
    Made {
        /// Its name in the folder.
        name: String,
        /// What it held is gone.
        emptied: bool,
    },
    /// Bytes were written at a place.
    Wrote {
        /// The file.
        name: String,
        /// From this byte on.
        at: usize,
        /// These.
        bytes: Vec<u8>,
    },
    /// A file was cut or extended.
    Resized {
        /// The file.
        name: String,
        /// To this length.
        length: usize,
    },
    /// A file was synced.
    Synced(String),
    /// A sync has failed.
    FailedToSync(String),
    /// The folder's names were synced.
    SyncedFolder,
    /// A file lost its name.
    Removed(String),
    /// A file got another name.
    Renamed {
        /// The one it had.
        from: String,
        /// The one it has.
        to: String,
    },
}

/// A call, and when it was: in nanoseconds since 1970, or 0 where strace was not to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    /// It was not done before this.
    pub began_ns: u64,
    /// It was done by then.
    pub ended_ns: u64,
    /// What was done.
    pub call: Call,
}

/// The calls that concern a folder, in their order.
///
/// # Panics
/// Where the text is none of strace's.
pub fn read(log: &str, folder: &Path) -> Vec<Call> {
    timed(log, folder).into_iter().map(|it| it.call).collect()
}

/// The same with their instants. A call that was under way while another thread's was told
/// stands where it ended.
///
/// # Panics
/// Where the text is none of strace's.
pub fn timed(log: &str, folder: &Path) -> Vec<Timed> {
    let folder = folder.to_str().expect("a plain path");
    let mut open: HashMap<&str, (u64, &str)> = HashMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let (thread, at, text) = stamped(line);
        if let Some(begun) = text.strip_suffix(" <unfinished ...>") {
            open.insert(thread, (at, begun));
            continue;
        }
        let resumed = text
            .strip_prefix("<... ")
            .and_then(|text| text.split_once(" resumed>"));
        let (began_ns, whole) = match resumed {
            Some((_, rest)) => {
                let Some((began, begun)) = open.remove(thread) else {
                    continue;
                };
                (began, format!("{begun}{rest}"))
            }
            None => (at, text.to_owned()),
        };
        let (whole, took) = with_duration(&whole);
        let ended_ns = at.max(began_ns + took);
        if let Some(call) = call(whole, folder) {
            calls.push(Timed {
                began_ns,
                ended_ns,
                call,
            });
        }
    }
    calls
}

/// The thread and the instant that a line begins with, where it does, and the rest.
fn stamped(line: &str) -> (&str, u64, &str) {
    let plain = ("", 0, line);
    let Some((thread, rest)) = line.split_once(' ') else {
        return plain;
    };
    if !thread.bytes().all(|byte| byte.is_ascii_digit()) {
        return plain;
    }
    let Some((at, text)) = rest.trim_start().split_once(' ') else {
        return plain;
    };
    match nanoseconds(at) {
        Some(at) => (thread, at, text),
        None => plain,
    }
}

/// "12.000000034" as nanoseconds.
fn nanoseconds(seconds: &str) -> Option<u64> {
    let (whole, part) = seconds.split_once('.')?;
    let scale = 10_u64.pow(9_u32.checked_sub(u32::try_from(part.len()).ok()?)?);
    Some(whole.parse::<u64>().ok()? * 1_000_000_000 + part.parse::<u64>().ok()? * scale)
}

/// A line without the duration at its end, and that.
fn with_duration(line: &str) -> (&str, u64) {
    let found = line.rsplit_once(" <").and_then(|(whole, duration)| {
        let took = nanoseconds(duration.strip_suffix('>')?)?;
        Some((whole, took))
    });
    found.unwrap_or((line, 0))
}

fn call(line: &str, folder: &str) -> Option<Call> {
    let (name, rest) = line.split_once('(')?;
    let (args, result) = rest.rsplit_once(") = ")?;
    let args: Vec<&str> = args.split(", ").collect();
    let inside = |path: &str| -> Option<String> {
        let name = path.strip_prefix(folder)?.strip_prefix('/')?;
        Some(name.to_owned())
    };
    // A descriptor with what it leads to: 4</folder/file>.
    let opened = |arg: &str| -> Option<String> {
        let (_, path) = arg.split_once('<')?;
        Some(plain(path.strip_suffix('>')?))
    };
    let file = || inside(&opened(args[0])?);
    // Whoever was killed in the middle has not done it, or nobody can tell.
    if result.starts_with('?') {
        return None;
    }
    if result.starts_with('-') {
        let sync = name == "fsync" || name == "fdatasync";
        return file().filter(|_| sync).map(Call::FailedToSync);
    }
    Some(match name {
        "openat" if args[2].contains("O_CREAT") => Call::Made {
            name: inside(&text(args[1]))?,
            emptied: args[2].contains("O_TRUNC"),
        },
        "write" if args[0].starts_with("1<") => Call::Said(text(args[1]).trim_end().to_owned()),
        "write" => {
            // Nothing in the folder is written but at a place: the model would not hold.
            assert_eq!(file(), None, "{line}");
            return None;
        }
        "pwrite64" => Call::Wrote {
            name: file()?,
            at: args[3].parse().expect("a number"),
            bytes: bytes(args[1]),
        },
        "ftruncate" => Call::Resized {
            name: file()?,
            length: args[1].parse().expect("a number"),
        },
        "fsync" | "fdatasync" if opened(args[0])? == folder => Call::SyncedFolder,
        "fsync" | "fdatasync" => Call::Synced(file()?),
        "unlink" => Call::Removed(inside(&text(args[0]))?),
        "rename" => Call::Renamed {
            from: inside(&text(args[0]))?,
            to: inside(&text(args[1]))?,
        },
        "renameat2" => Call::Renamed {
            from: inside(&text(args[1]))?,
            to: inside(&text(args[3]))?,
        },
        _ => return None,
    })
}

/// Bytes as strace has them with `-xx`: "\x2f\x74".
fn bytes(quoted: &str) -> Vec<u8> {
    let inner = quoted.trim_matches('"');
    assert!(!quoted.ends_with("..."), "strace has cut a text");
    let hex = inner.split("\\x").skip(1);
    hex.map(|hex| u8::from_str_radix(hex, 16).expect("hexadecimal"))
        .collect()
}

fn text(quoted: &str) -> String {
    String::from_utf8(bytes(quoted)).expect("a text")
}

/// A path in angle brackets, which some versions of strace write in hexadecimal too.
fn plain(path: &str) -> String {
    if path.starts_with("\\x") {
        text(path)
    } else {
        path.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: &str = "/t";

    #[test]
    fn a_call_that_another_threads_interrupts_stands_where_it_ended() {
        let log = "\
7  100.000000001 pwrite64(5<\\x2f\\x74\\x2f\\x61>, \"\\x01\\x02\", 2, 8 <unfinished ...>
8  100.000000002 fsync(6<\\x2f\\x74>) = 0 <0.000000003>
7  100.000000009 <... pwrite64 resumed>) = 2 <0.000000008>
8  100.000000010 fdatasync(5</t/a>) = ? <unavailable>
";
        let wrote = Timed {
            began_ns: 100_000_000_001,
            ended_ns: 100_000_000_009,
            call: Call::Wrote {
                name: "a".to_owned(),
                at: 8,
                bytes: vec![1, 2],
            },
        };
        let synced = Timed {
            began_ns: 100_000_000_002,
            ended_ns: 100_000_000_005,
            call: Call::SyncedFolder,
        };
        assert_eq!(timed(log, Path::new(FOLDER)), [synced, wrote]);
    }

    #[test]
    fn a_log_of_one_thread_has_neither_number_nor_instant() {
        let log =
            "openat(AT_FDCWD, \"\\x2f\\x74\\x2f\\x61\", O_RDWR|O_CREAT|O_TRUNC, 0644) = 3</t/a>\n";
        let made = Call::Made {
            name: "a".to_owned(),
            emptied: true,
        };
        assert_eq!(read(log, Path::new(FOLDER)), [made]);
    }
}
