//! A journal of version 1, made here as that version made it.

use pump_journal::{Boot, Durable, Hash, Head, OpenError, Query, Reader, Stamp, VERSION};
use rusqlite::{Connection, params};

use crate::rig::{Field, batch, contents, durable, file, folder, hash, meddle, open, reader};

/// As it was published.
const SCHEMA: &str = "\
-- What happened. Each hash covers the columns of its row and the hash of the row before.
CREATE TABLE entry (
    seq     INTEGER PRIMARY KEY,  -- 1, 2, 3 and so on: none is left out
    kind    TEXT NOT NULL,
    boot    BLOB NOT NULL,        -- 16 bytes
    mono_ns INTEGER NOT NULL,     -- CLOCK_MONOTONIC of that boot
    utc_ns  INTEGER,              -- since 1970; NULL where the clock was not known good
    body    TEXT NOT NULL,        -- JSON
    hash    BLOB NOT NULL
) STRICT;
-- The end of the chain, so that a cut one shows.
CREATE TABLE head (
    slot    INTEGER PRIMARY KEY CHECK (slot = 1),
    seq     INTEGER NOT NULL,
    hash    BLOB NOT NULL,
    closed  INTEGER NOT NULL,     -- 1: the writer ended in good order
    seal    BLOB NOT NULL         -- hash of this row
) STRICT;
-- What must be known after a power cut.
CREATE TABLE durable (
    slot       INTEGER PRIMARY KEY CHECK (slot = 1),
    seq        INTEGER NOT NULL,  -- of the entry of kind `durable` that has its digest
    arming     INTEGER NOT NULL,
    credit     INTEGER NOT NULL,  -- steps
    boot       BLOB NOT NULL,
    mono_ns    INTEGER NOT NULL,
    utc_ns     INTEGER,
    checkpoint BLOB NOT NULL
) STRICT;";

const PRAGMAS: &str = "
    PRAGMA page_size = 4096;
    PRAGMA application_id = 0x70756d70;
    PRAGMA journal_mode = WAL;
    PRAGMA user_version = 1;";

const CREDIT: u64 = 480;
const UTC: u64 = 1_700_000_000_000_000_000;

fn state() -> Durable {
    Durable {
        arming: 3,
        credit: CREDIT,
        checkpoint: vec![5; 9000],
        stamp: Stamp {
            boot: Boot([2; 16]),
            mono_ns: 40,
            utc_ns: Some(UTC),
        },
    }
}

/// Three entries of one boot, two of the next, and the durable state.
pub(crate) fn version_1(folder: &std::path::Path, closed: u64) -> Head {
    use Field::{Bytes, Number};
    let connection = Connection::open(file(folder)).expect("a file");
    connection.execute_batch(PRAGMAS).expect("SQL");
    connection.execute_batch(SCHEMA).expect("SQL");
    let state = state();
    let digest = hash(&[
        Bytes(b"pumpd journal durable"),
        Number(3),
        Number(CREDIT),
        Bytes(&state.checkpoint),
        Bytes(&[2; 16]),
        Number(40),
        Number(1),
        Number(UTC),
    ]);
    let digest = format!(
        r#"{{"arming":3,"credit_steps":480,"sha256":"{}"}}"#,
        Hash(digest)
    );
    let mut last = [0; 32];
    for (seq, kind, boot, mono_ns, utc, body) in [
        (1, "start", [1; 16], 1000, None, "{}"),
        (
            2,
            "alarm",
            [1; 16],
            2000,
            Some(UTC - 9),
            r#"{"name":"air"}"#,
        ),
        (3, "order", [1; 16], 5000, None, r#"{"nl":12}"#),
        (4, "start", [2; 16], 30, None, "{}"),
        (5, "durable", [2; 16], 40, Some(UTC), digest.as_str()),
    ] {
        let mut fields = vec![
            Bytes(b"pumpd journal entry"),
            Bytes(&last),
            Number(seq),
            Bytes(kind.as_bytes()),
            Bytes(&boot),
            Number(mono_ns),
            Number(utc.is_some().into()),
        ];
        fields.extend(utc.map(Number));
        fields.push(Bytes(body.as_bytes()));
        let this = hash(&fields);
        let utc = utc.map(u64::cast_signed);
        let row = params![
            seq.cast_signed(),
            kind,
            boot,
            mono_ns.cast_signed(),
            utc,
            body,
            this
        ];
        connection
            .execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            .expect("a row");
        last = this;
    }
    connection
        .execute(
            "INSERT INTO durable VALUES (1, 5, 3, 480, ?, 40, ?, ?)",
            params![[2_u8; 16], UTC.cast_signed(), state.checkpoint],
        )
        .expect("a row");
    let seal = hash(&[
        Bytes(b"pumpd journal head"),
        Number(5),
        Bytes(&last),
        Number(closed),
    ]);
    connection
        .execute(
            "INSERT INTO head VALUES (1, 5, ?, ?, ?)",
            params![last, closed.cast_signed(), seal],
        )
        .expect("a row");
    connection.close().expect("closed");
    Head {
        seq: 5,
        hash: Hash(last),
    }
}

#[test]
fn a_journal_of_version_1_is_brought_up_to_date_with_all_that_is_in_it() {
    let folder = folder();
    let head = version_1(folder.path(), 1);
    let (mut store, recovered) = open(folder.path());
    assert_eq!(recovered.migrated_from, Some(1));
    assert_eq!(recovered.durable, Some(state()));
    assert_eq!((recovered.head, recovered.clean), (head, true));
    let verified = reader(folder.path()).verify(Some(head)).expect("sound");
    assert_eq!((verified.entries, verified.head), (5, head));
    assert!(verified.met_known);
    // It goes on, and is of this version for good.
    store.commit(&batch(5)).expect("durable");
    drop(store);
    let (store, again) = open(folder.path());
    assert_eq!(again.migrated_from, None);
    assert_eq!(again.durable, Some(durable(5)));
    store.close().expect("closed");
    reader(folder.path()).verify(Some(head)).expect("sound");
}

#[test]
fn the_running_time_is_put_together_from_the_boots_of_an_old_journal() {
    let folder = folder();
    version_1(folder.path(), 1);
    let _store = open(folder.path());
    // 4000 ns from the first entry to the third, then 10 from the fourth to the fifth.
    for (latest_ns, first) in [
        (0, 5),
        (9, 5),
        (10, 3),
        (11, 3),
        (3009, 3),
        (3010, 2),
        (9999, 1),
    ] {
        let query = Query {
            latest_ns: Some(latest_ns),
            ..Query::default()
        };
        let rows = reader(folder.path()).rows(&query).expect("read");
        assert_eq!(rows[0].seq, first, "the latest {latest_ns} ns");
    }
}

#[test]
fn who_only_reads_leaves_an_old_journal_to_the_daemon() {
    let folder = folder();
    version_1(folder.path(), 1);
    let before = contents(folder.path());
    let older = OpenError::Older {
        file: file(folder.path()),
        found: 1,
    };
    assert_eq!(Reader::open(folder.path()).expect_err("refused"), older);
    assert_eq!(contents(folder.path()), before);
    assert_ne!(VERSION, 1);
}

#[test]
fn a_damaged_old_journal_is_left_as_it_is() {
    for change in [
        "UPDATE durable SET credit = 481",
        "UPDATE entry SET mono_ns = 41 WHERE seq = 5",
        "DELETE FROM entry WHERE seq = 4",
    ] {
        let folder = folder();
        version_1(folder.path(), 1);
        meddle(folder.path(), change);
        let before = contents(folder.path());
        pump_journal::Store::open(folder.path()).expect_err(change);
        assert_eq!(contents(folder.path()), before, "{change}");
    }
    // Its writer died, and what it wrote last is lost.
    let folder = folder();
    version_1(folder.path(), 0);
    pump_journal::Store::open(folder.path()).expect_err("lost");
}
