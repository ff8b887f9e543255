//! Folders with journals in them, and what is written there.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use pump_journal::{Batch, Boot, Durable, Entry, Reader, Recovered, Stamp, Store};
use rusqlite::Connection;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

pub(crate) fn file(folder: &Path) -> PathBuf {
    folder.join("journal.db")
}

pub(crate) fn open(folder: &Path) -> (Store, Recovered) {
    Store::open(folder).expect("a journal")
}

pub(crate) fn reader(folder: &Path) -> Reader {
    Reader::open(folder).expect("a journal")
}

/// The second number `n` of a boot.
pub(crate) fn stamp(n: u64) -> Stamp {
    Stamp {
        boot: Boot([7; 16]),
        mono_ns: n * 1_000_000_000,
        utc_ns: Some((1_700_000_000 + n) * 1_000_000_000),
    }
}

pub(crate) fn entry(kind: &str, n: u64) -> Entry {
    Entry {
        kind: kind.to_owned(),
        stamp: stamp(n),
        body: json!({ "n": n, "text": "\"quoted\" µL" }),
    }
}

/// A state whose every part tells `n`.
pub(crate) fn durable(n: u64) -> Durable {
    Durable {
        arming: 1 + n / 100,
        credit: 1000 + n,
        checkpoint: n
            .to_be_bytes()
            .repeat(1 + usize::try_from(n % 700).expect("small")),
        stamp: stamp(n),
    }
}

/// The batch number `n`.
pub(crate) fn batch(n: u64) -> Batch {
    let kinds = ["alarm", "order", "bolus"];
    let entries = (0..n % 4).map(|k| entry(kinds[usize::try_from(k).expect("small") % 3], n));
    Batch {
        entries: entries.collect(),
        durable: (n % 3 != 1).then(|| durable(n)),
    }
}

/// Changes the file of a journal that nobody has open.
pub(crate) fn meddle(folder: &Path, sql: &str) {
    let connection = Connection::open(file(folder)).expect("a file");
    connection.execute_batch(sql).expect("SQL");
    connection.close().expect("closed");
}

/// Every file of a folder with its length and a sum of its bytes, but for the lock and what
/// SQLite shares between processes.
pub(crate) fn contents(folder: &Path) -> Vec<(PathBuf, usize, u64)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|file| file.expect("a file").path())
        .filter(|path| !path.ends_with("journal.lock"))
        .filter(|path| !path.ends_with("journal.db-shm"))
        .map(|path| {
            let bytes = fs::read(&path).expect("readable");
            let mut sum = DefaultHasher::new();
            bytes.hash(&mut sum);
            (path, bytes.len(), sum.finish())
        })
        .collect();
    files.sort();
    files
}

/// What a hash is over: bytes with their length before them, or a number of eight bytes.
pub(crate) enum Field<'a> {
    Bytes(&'a [u8]),
    Number(u64),
}

/// The hashes as the documentation has them, not as the journal computes them.
pub(crate) fn hash(fields: &[Field<'_>]) -> [u8; 32] {
    let mut all = Vec::new();
    for field in fields {
        match field {
            Field::Bytes(bytes) => {
                all.extend((bytes.len() as u64).to_be_bytes());
                all.extend(*bytes);
            }
            Field::Number(number) => all.extend(number.to_be_bytes()),
        }
    }
    Sha256::digest(all).into()
}
