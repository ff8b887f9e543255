//! What strace writes, as calls.

use std::path::Path;

/// What is to be written, and how.
pub(crate) const HOW: &[&str] = &[
    "-y",
    "-xx",
    "-s",
    "10000000",
    "-e",
    "trace=openat,write,pwrite64,fsync,fdatasync,ftruncate,unlink,rename,renameat2",
];

/// A call that changes or syncs something in the folder, or says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Said(String),
    /// A file is opened that is made if it is not there.
    Made(String),
    Wrote {
        name: String,
        at: usize,
        bytes: Vec<u8>,
    },
    Resized {
        name: String,
        length: usize,
    },
    Synced(String),
    FailedToSync(String),
    SyncedFolder,
    Removed(String),
    Renamed {
        from: String,
        to: String,
    },
}

/// The calls that concern a folder, in their order.
pub(crate) fn read(log: &str, folder: &Path) -> Vec<Call> {
    let folder = folder.to_str().expect("a plain path");
    log.lines().filter_map(|line| call(line, folder)).collect()
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
    if result.starts_with('-') {
        let sync = name == "fsync" || name == "fdatasync";
        return file().filter(|_| sync).map(Call::FailedToSync);
    }
    Some(match name {
        "openat" if args[2].contains("O_CREAT") => Call::Made(inside(&text(args[1]))?),
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
