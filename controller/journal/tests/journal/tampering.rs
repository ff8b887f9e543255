//! Whatever is changed is found.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use pump_journal::{Batch, Head, Query, Reader, Retention, Row, Store};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use tempfile::TempDir;

use crate::rig::{Field, batch, file, folder, hash, reader, stamp};

const TABLES: [&str; 5] = ["entry", "head", "durable", "anchor", "boot"];

/// A journal at rest in which there is something of everything: several boots, and entries
/// that were pruned.
fn journal() -> (TempDir, Head) {
    static MADE: LazyLock<(Vec<u8>, Head)> = LazyLock::new(|| {
        let (folder, head) = make();
        (fs::read(file(folder.path())).expect("read"), head)
    });
    let folder = folder();
    fs::write(file(folder.path()), &MADE.0).expect("written");
    (folder, MADE.1)
}

fn make() -> (TempDir, Head) {
    let folder = folder();
    let retention = Retention {
        keep_ns: 20_000_000_000,
        room_bytes: 0,
        most_bytes: 1 << 30,
    };
    let (mut store, _) = Store::with_retention(folder.path(), retention).expect("a journal");
    for n in 0..60 {
        let mut batch = in_boot(batch(n), n / 15);
        for entry in &mut batch.entries {
            entry.stamp.utc_ns = entry.stamp.utc_ns.filter(|_| n % 2 == 0);
        }
        store.commit(&batch).expect("durable");
    }
    let mut now = stamp(60);
    now.boot.0 = [3; 16];
    assert!(store.tidy(&now).expect("tidied").pruned > 0);
    store.commit(&in_boot(batch(62), 3)).expect("durable");
    let head = store.head();
    store.close().expect("closed");
    (folder, head)
}

fn in_boot(mut batch: Batch, boot: u64) -> Batch {
    let boot = [u8::try_from(boot).expect("small"); 16];
    for entry in &mut batch.entries {
        entry.stamp.boot.0 = boot;
    }
    if let Some(durable) = &mut batch.durable {
        durable.stamp.boot.0 = boot;
    }
    batch
}

/// Each case opens files: as many as take seconds.
fn cases() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases.min(1000),
        failure_persistence: None,
        ..usual
    }
}

/// A copy of a journal at rest.
fn copy(journal: &Path) -> TempDir {
    let folder = folder();
    fs::copy(file(journal), file(folder.path())).expect("copied");
    folder
}

fn found(folder: &Path) -> Result<(), String> {
    match Reader::open(folder) {
        Err(error) => Err(error.to_string()),
        Ok(mut reader) => match reader.verify(None) {
            Err(trouble) => Err(trouble.detail),
            Ok(_) => Ok(()),
        },
    }
}

fn raw(folder: &Path) -> Connection {
    let connection = Connection::open(file(folder)).expect("a file");
    // Whoever tampers keeps to no schema.
    connection
        .execute_batch(
            "PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF;
             PRAGMA journal_mode = DELETE",
        )
        .expect("SQL");
    connection
}

/// The row identifiers of a table.
fn rowids(connection: &Connection, table: &str) -> Vec<i64> {
    let mut statement = connection
        .prepare(&format!("SELECT rowid FROM {table} ORDER BY rowid"))
        .expect("SQL");
    let rows = statement.query_map((), |row| row.get(0)).expect("rows");
    rows.collect::<Result<_, _>>().expect("rows")
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    let statement = connection
        .prepare(&format!("SELECT * FROM {table}"))
        .expect("SQL");
    statement.column_names().map(str::to_owned).collect()
}

/// The value with one bit of one byte flipped; of nothing, something.
fn flipped(value: Value, at: usize, bit: u8) -> Value {
    match value {
        Value::Null => Value::Integer(0),
        Value::Integer(number) => {
            let mut bytes = number.to_be_bytes();
            bytes[at % 8] ^= 1 << bit;
            Value::Integer(i64::from_be_bytes(bytes))
        }
        Value::Real(real) => Value::Real(-real),
        Value::Text(text) => {
            // Only a text that is still one can be written as one.
            let mut bytes = text.into_bytes();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            match String::from_utf8(bytes) {
                Ok(text) => Value::Text(text),
                Err(error) => {
                    let mut bytes = error.into_bytes();
                    bytes[at] = b'?';
                    Value::Text(String::from_utf8_lossy(&bytes).into_owned())
                }
            }
        }
        Value::Blob(mut bytes) => {
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            Value::Blob(bytes)
        }
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_flipped_byte_of_any_column_of_any_row_is_found(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<usize>(), 0_u8..8), 1..3),
        table in 0..TABLES.len(),
    ) {
        let (journal, _) = journal();
        for (row, column, at, bit) in flips {
            let copy = copy(journal.path());
            let connection = raw(copy.path());
            let table = TABLES[table];
            let rowid = *row.get(&rowids(&connection, table));
            let columns = columns(&connection, table);
            let column = column.get(&columns);
            let value: Value = connection
                .query_row(&format!("SELECT {column} FROM {table} WHERE rowid = {rowid}"), (), |row| row.get(0))
                .expect("a value");
            let other = flipped(value.clone(), at, bit);
            let set = format!("UPDATE {table} SET {column} = ? WHERE rowid = {rowid}");
            // A number that another row has can't be taken; a row may not be without one.
            if connection.execute(&set, [&other]).is_err() {
                continue;
            }
            connection.close().expect("closed");
            prop_assert!(found(copy.path()).is_err(), "{} of {} {}: {:?}, not {:?}", column, table, rowid, other, value);
        }
    }

    #[test]
    fn any_row_that_is_taken_out_is_found(
        rows in prop::collection::vec(any::<prop::sample::Index>(), 1..3),
        table in 0..TABLES.len(),
    ) {
        let (journal, _) = journal();
        for row in rows {
            let copy = copy(journal.path());
            let connection = raw(copy.path());
            let table = TABLES[table];
            let rowid = *row.get(&rowids(&connection, table));
            connection.execute(&format!("DELETE FROM {table} WHERE rowid = {rowid}"), ()).expect("deleted");
            connection.close().expect("closed");
            prop_assert!(found(copy.path()).is_err(), "{} {}", table, rowid);
        }
    }

    #[test]
    fn any_two_entries_that_change_places_are_found(
        pairs in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..3),
        with_hashes in any::<bool>(),
    ) {
        let (journal, _) = journal();
        for (one, other) in pairs {
            let copy = copy(journal.path());
            let connection = raw(copy.path());
            let rows = rowids(&connection, "entry");
            let (one, other) = (*one.get(&rows), *other.get(&rows));
            if one == other {
                continue;
            }
            let columns = if with_hashes { "kind, boot, mono_ns, utc_ns, body, hash" } else { "kind, boot, mono_ns, utc_ns, body" };
            let read = |seq: i64| -> Vec<Value> {
                connection
                    .query_row(&format!("SELECT {columns} FROM entry WHERE seq = {seq}"), (), |row| {
                        (0..columns.split(',').count()).map(|at| row.get(at)).collect()
                    })
                    .expect("a row")
            };
            let (first, second) = (read(one), read(other));
            if first == second {
                continue;
            }
            for (seq, values) in [(one, second), (other, first)] {
                let places = vec!["?"; values.len()].join(", ");
                connection
                    .execute(&format!("UPDATE entry SET ({columns}) = ({places}) WHERE seq = {seq}"), params_from_iter(values))
                    .expect("changed");
            }
            connection.close().expect("closed");
            prop_assert!(found(copy.path()).is_err(), "{} and {}", one, other);
        }
    }

    #[test]
    fn a_cut_end_is_found_and_so_is_an_end_that_was_made_up(cut in 1_i64..20) {
        let (journal, head) = journal();
        let connection = raw(journal.path());
        connection
            .execute("DELETE FROM entry WHERE seq > ?", [head.seq.cast_signed() - cut])
            .expect("deleted");
        connection.close().expect("closed");
        prop_assert!(found(journal.path()).is_err());
    }

    #[test]
    fn any_flipped_bit_of_the_file_is_found_or_changes_nothing(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..10),
    ) {
        let (journal, head) = journal();
        let bytes = fs::read(file(journal.path())).expect("read");
        let everything = |folder: &Path| -> (Vec<Row>, _) {
            let mut reader = reader(folder);
            (reader.rows(&Query::default()).expect("read"), reader.durable().expect("read"))
        };
        let whole = everything(journal.path());
        for (at, bit) in flips {
            let at = at.index(bytes.len());
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let other = folder();
            fs::write(file(other.path()), &changed).expect("written");
            if found(other.path()).is_ok() {
                prop_assert_eq!(&everything(other.path()), &whole, "bit {} of byte {}", bit, at);
                prop_assert_eq!(reader(other.path()).head().expect("read"), head);
            }
        }
    }
}

/// The hash that an entry should have.
fn hash_of(row: &Row, before: &Row) -> [u8; 32] {
    use Field::{Bytes, Number};
    let mut fields = vec![
        Bytes(b"pumpd journal entry"),
        Bytes(&before.hash.0),
        Number(row.seq),
        Bytes(row.kind.as_bytes()),
        Bytes(&row.stamp.boot.0),
        Number(row.stamp.mono_ns),
        Number(row.stamp.utc_ns.is_some().into()),
    ];
    fields.extend(row.stamp.utc_ns.map(Number));
    fields.push(Bytes(row.body.as_bytes()));
    hash(&fields)
}

#[test]
fn an_entry_that_was_changed_together_with_its_hash_is_found() {
    let (journal, head) = journal();
    let rows = reader(journal.path())
        .rows(&Query::default())
        .expect("read");
    for pair in rows.windows(2) {
        let (before, row) = (&pair[0], &pair[1]);
        assert_eq!(hash_of(row, before), row.hash.0, "entry {}", row.seq);
        let copy = copy(journal.path());
        let mut other = row.clone();
        other.body.push(' ');
        let connection = raw(copy.path());
        connection
            .execute(
                "UPDATE entry SET body = ?, hash = ? WHERE seq = ?",
                (&other.body, hash_of(&other, before), row.seq.cast_signed()),
            )
            .expect("changed");
        connection.close().expect("closed");
        let what = found(copy.path()).expect_err("changed");
        let next = if row.seq == head.seq {
            row.seq
        } else {
            row.seq + 1
        };
        assert!(
            what.contains(&format!("entry {next}")),
            "{}: {what}",
            row.seq
        );
    }
}

#[test]
fn rows_that_nobody_wrote_are_found() {
    for row in [
        "entry SELECT 0, kind, boot, mono_ns, utc_ns, body, hash FROM entry ORDER BY seq DESC LIMIT 1",
        "entry SELECT -7, kind, boot, mono_ns, utc_ns, body, hash FROM entry ORDER BY seq DESC LIMIT 1",
        "entry SELECT max(seq) + 2, kind, boot, mono_ns, utc_ns, body, hash FROM entry",
        "head SELECT 2, seq, hash, closed, seal FROM head",
        "durable SELECT 2, seq, arming, credit, boot, mono_ns, utc_ns, checkpoint FROM durable",
        "anchor SELECT 2, seq, hash FROM anchor",
        "boot SELECT first - 1, boot, mono_ns, run_ns, seal FROM boot WHERE first = (SELECT max(first) FROM boot)",
        "boot SELECT 99999, boot, mono_ns, run_ns, seal FROM boot LIMIT 1",
    ] {
        let (journal, _) = journal();
        let connection = raw(journal.path());
        let inserted = connection.execute(&format!("INSERT INTO {row}"), ());
        assert_eq!(inserted, Ok(1), "{row}");
        connection.close().expect("closed");
        found(journal.path()).expect_err(row);
    }
}

#[test]
fn nothing_is_found_where_nothing_was_changed() {
    let (journal, head) = journal();
    assert_eq!(found(journal.path()), Ok(()));
    let verified = reader(journal.path()).verify(Some(head)).expect("sound");
    assert!(verified.pruned > 0 && verified.met_known);
}

#[test]
fn a_journal_that_was_computed_anew_does_not_have_the_end_that_was_noted() {
    let (one, head) = journal();
    let (other, _) = {
        let folder = folder();
        let (mut store, _) = Store::open(folder.path()).expect("a journal");
        for n in 0..200 {
            store.commit(&batch(n)).expect("durable");
        }
        let head = store.head();
        store.close().expect("closed");
        (folder, head)
    };
    assert!(
        reader(one.path())
            .verify(Some(head))
            .expect("sound")
            .met_known
    );
    reader(other.path()).verify(None).expect("sound");
    reader(other.path())
        .verify(Some(head))
        .expect_err("another chain");
    let beyond = Head {
        seq: 100_000,
        ..head
    };
    reader(one.path()).verify(Some(beyond)).expect_err("cut");
    // What was noted of entries that were pruned since can't be told any more.
    let before = Head { seq: 1, ..head };
    assert!(
        !reader(one.path())
            .verify(Some(before))
            .expect("sound")
            .met_known
    );
}
