//! What is kept, and what is pruned.

use std::path::Path;

use pump_journal::{Batch, Boot, Entry, PRUNED, Query, Retention, Stamp, Store};

use crate::rig::{batch, durable, entry, folder, meddle, reader, stamp};

const HOUR: u64 = 3600;

/// Keeps an hour, and more in the first 256 KiB.
const SMALL: Retention = Retention {
    keep_ns: HOUR * 1_000_000_000,
    room_bytes: 1 << 18,
    most_bytes: 2 << 20,
};

fn store(folder: &Path) -> Store {
    Store::with_retention(folder, SMALL).expect("a journal").0
}

/// An entry a second, from second `from` on.
fn seconds(store: &mut Store, from: u64, count: u64) {
    for block in (from..from + count).collect::<Vec<_>>().chunks(500) {
        let batch = Batch {
            entries: block.iter().map(|&n| entry("order", n)).collect(),
            durable: block.last().map(|&n| durable(n)),
        };
        store.commit(&batch).expect("durable");
    }
}

fn first(folder: &Path) -> u64 {
    let query = Query {
        first: Some(1),
        ..Query::default()
    };
    reader(folder).rows(&query).expect("read")[0].seq
}

#[test]
fn nothing_is_pruned_while_there_is_room() {
    let folder = folder();
    let mut store = store(folder.path());
    seconds(&mut store, 0, 500);
    seconds(&mut store, 5 * HOUR, 500);
    let head = store.head();
    let tidied = store.tidy(&stamp(6 * HOUR)).expect("tidied");
    assert_eq!((tidied.pruned, store.head()), (0, head));
    assert_eq!(first(folder.path()), 1);
}

#[test]
fn old_entries_go_when_there_is_no_room_and_the_rest_is_still_one_chain() {
    let folder = folder();
    let mut store = store(folder.path());
    seconds(&mut store, 0, 2 * HOUR);
    let noted = store.head();
    let mut pruned = 0;
    loop {
        let tidied = store.tidy(&stamp(2 * HOUR)).expect("tidied");
        assert!(!tidied.short);
        pruned += tidied.pruned;
        reader(folder.path()).verify(Some(noted)).expect("sound");
        if !tidied.more {
            break;
        }
    }
    // An hour before the last entry, to the entry. Each 500 have a digest besides.
    let rows = reader(folder.path()).rows(&Query::default()).expect("read");
    assert_eq!(rows[0].seq, pruned + 1);
    assert_eq!(rows[0].stamp, stamp(HOUR));
    let kept: Vec<_> = rows.iter().filter(|row| row.kind == "order").collect();
    assert_eq!(kept.len() as u64, HOUR);
    // And again from the start.
    drop(store);
    let (mut store, recovered) = Store::with_retention(folder.path(), SMALL).expect("a journal");
    assert_eq!(recovered.durable, Some(durable(2 * HOUR - 1)));
    assert_eq!(store.tidy(&stamp(2 * HOUR)).expect("tidied").pruned, 0);
    seconds(&mut store, 2 * HOUR, HOUR);
    while store.tidy(&stamp(3 * HOUR)).expect("tidied").more {}
    reader(folder.path()).verify(None).expect("sound");
    store.close().expect("closed");
    reader(folder.path()).verify(None).expect("sound");
}

#[test]
fn a_clock_that_jumps_makes_nothing_old() {
    let folder = folder();
    let mut store = store(folder.path());
    let mut count = 0;
    for boot in 0..40_u8 {
        let entries = (0..200).map(|n| Entry {
            stamp: Stamp {
                boot: Boot([boot; 16]),
                // The machine ran for a day before its daemon did, and is in another century.
                mono_ns: (86_400 + n / 20) * 1_000_000_000,
                utc_ns: Some(u64::from(boot) * 4_000_000_000_000_000),
            },
            ..entry("order", n)
        });
        let entries: Vec<_> = entries.collect();
        count += entries.len();
        let batch = Batch {
            entries,
            durable: None,
        };
        store.commit(&batch).expect("durable");
    }
    assert_eq!(store.tidy(&stamp(0)).expect("tidied").pruned, 0);
    let rows = reader(folder.path()).rows(&Query::default()).expect("read");
    assert_eq!(rows.len(), count);
    reader(folder.path()).verify(None).expect("sound");
}

#[test]
fn the_journal_never_grows_beyond_its_bound() {
    let folder = folder();
    let mut store = store(folder.path());
    let mut short = false;
    let mut largest = 0;
    for round in 0..40 {
        // All within ten minutes: nothing is old enough to go.
        let entries = (0..500).map(|n| entry("order", round * 10 + n / 50));
        let batch = Batch {
            entries: entries.collect(),
            durable: Some(durable(round)),
        };
        store.commit(&batch).expect("durable");
        short |= store.tidy(&stamp(600)).expect("tidied").short;
        let length = folder
            .path()
            .join("journal.db")
            .metadata()
            .expect("there")
            .len();
        largest = largest.max(length);
    }
    assert!(short, "it was never said that young entries went");
    assert!(largest < SMALL.most_bytes + (1 << 20), "{largest} bytes");
    let verified = reader(folder.path()).verify(None).expect("sound");
    assert!(verified.pruned > 0);
}

#[test]
fn a_pruning_that_was_made_up_is_found() {
    for change in [
        // Entries cut off by hand, with an anchor that fits.
        "INSERT OR REPLACE INTO anchor SELECT 1, seq, hash FROM entry WHERE seq = 30;
         DELETE FROM entry WHERE seq <= 30",
        "DELETE FROM anchor",
        "UPDATE anchor SET hash = zeroblob(32)",
    ] {
        let folder = folder();
        let mut store = store(folder.path());
        for n in 0..60 {
            store.commit(&batch(n)).expect("durable");
        }
        store.close().expect("closed");
        reader(folder.path()).verify(None).expect("sound");
        if !change.starts_with("INSERT") {
            let mut store = self::store(folder.path());
            seconds(&mut store, 0, 2 * HOUR);
            while store.tidy(&stamp(2 * HOUR)).expect("tidied").more {}
            store.close().expect("closed");
            let query = Query {
                kinds: vec![PRUNED.to_owned()],
                ..Query::default()
            };
            assert!(!reader(folder.path()).rows(&query).expect("read").is_empty());
        }
        reader(folder.path()).verify(None).expect("sound");
        meddle(folder.path(), change);
        reader(folder.path()).verify(None).expect_err(change);
    }
}
