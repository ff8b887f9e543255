//! From one start to the next.

use pump_journal::{Batch, Durable, Entry, Head, Query, TroubleKind};
use serde_json::json;

use crate::rig::{batch, durable, entry, file, folder, open, reader, stamp};

#[test]
fn what_was_committed_is_there_after_the_writer_died() {
    let folder = folder();
    let (mut store, first) = open(folder.path());
    assert!(first.created && first.clean);
    assert_eq!((first.durable, first.head), (None, Head::EMPTY));
    let mut head = Head::EMPTY;
    for n in 0..20 {
        let receipt = store.commit(&batch(n)).expect("durable");
        let wrote = batch(n).entries.len() + usize::from(batch(n).durable.is_some());
        assert_eq!(receipt.head.seq, head.seq + wrote as u64);
        head = receipt.head;
    }
    drop(store);
    let (_, again) = open(folder.path());
    assert!(!again.created && !again.clean);
    assert_eq!(again.durable, Some(durable(18)));
    assert_eq!((again.head, again.last), (head, Some(stamp(19))));
}

#[test]
fn a_writer_that_ended_in_good_order_says_so_once() {
    let folder = folder();
    let (mut store, _) = open(folder.path());
    store.commit(&batch(2)).expect("durable");
    store.close().expect("closed");
    let names = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(names, 2, "the journal and its lock");
    let (store, again) = open(folder.path());
    assert!(again.clean);
    assert_eq!(again.durable, Some(durable(2)));
    drop(store);
    assert!(!open(folder.path()).1.clean);
}

#[test]
fn an_older_state_gives_way_to_a_newer_one() {
    let folder = folder();
    let (mut store, _) = open(folder.path());
    for n in [5, 3, 8, 2] {
        let batch = Batch {
            durable: Some(durable(n)),
            ..Batch::default()
        };
        store.commit(&batch).expect("durable");
        assert_eq!(
            reader(folder.path()).durable().expect("read"),
            batch.durable
        );
    }
}

#[test]
fn the_largest_numbers_are_kept_exactly_and_larger_ones_refused() {
    let folder = folder();
    let (mut store, _) = open(folder.path());
    let most = i64::MAX.unsigned_abs();
    let mut largest = Durable {
        arming: most,
        credit: most,
        checkpoint: Vec::new(),
        stamp: stamp(1),
    };
    largest.stamp.mono_ns = most;
    largest.stamp.utc_ns = None;
    let mut batch = Batch {
        entries: Vec::new(),
        durable: Some(largest.clone()),
    };
    store.commit(&batch).expect("durable");
    assert_eq!(
        reader(folder.path()).durable().expect("read"),
        Some(largest.clone())
    );
    batch.durable = Some(Durable {
        credit: most + 1,
        ..largest.clone()
    });
    let head = store.head();
    let trouble = store.commit(&batch).expect_err("too large");
    assert_eq!(trouble.kind, TroubleKind::Unfit);
    assert_eq!(store.head(), head);
    drop(store);
    assert_eq!(open(folder.path()).1.durable, Some(largest));
}

#[test]
fn a_batch_is_written_whole_or_not_at_all() {
    let folder = folder();
    let (mut store, _) = open(folder.path());
    let before = store.commit(&batch(3)).expect("durable").head;
    for kind in ["", "Alarm", "a b", "durable", &"a".repeat(65)] {
        let batch = Batch {
            entries: vec![entry("alarm", 1), entry(kind, 2)],
            durable: Some(durable(9)),
        };
        let trouble = store.commit(&batch).expect_err("no such kind");
        assert_eq!(trouble.kind, TroubleKind::Unfit, "{kind}");
    }
    let long = Entry {
        body: json!("x".repeat(pump_journal::MAX_BODY)),
        ..entry("alarm", 1)
    };
    let batch = Batch {
        entries: vec![entry("alarm", 1), long],
        durable: None,
    };
    let trouble = store.commit(&batch).expect_err("too long");
    assert_eq!(trouble.kind, TroubleKind::Unfit);
    let mut reader = reader(folder.path());
    assert_eq!(reader.head().expect("read"), before);
    assert_eq!(reader.verify(None).expect("sound").entries, before.seq);
}

#[test]
fn somebody_who_reads_sees_what_is_committed_and_disturbs_nobody() {
    let folder = folder();
    let (mut store, _) = open(folder.path());
    let mut reader = reader(folder.path());
    for n in 0..50 {
        let head = store.commit(&batch(n)).expect("durable").head;
        assert_eq!(reader.head().expect("read"), head);
        assert_eq!(reader.verify(None).expect("sound").head, head);
    }
    let head = store.head();
    store.close().expect("closed");
    // Of the file at rest, and of one that died.
    assert_eq!(reader.verify(None).expect("sound").head, head);
    drop(reader);
    let (store, _) = open(folder.path());
    drop(store);
    let mut late = crate::rig::reader(folder.path());
    assert_eq!(late.verify(Some(head)).expect("sound").head, head);
}

#[test]
fn entries_are_found_by_number_time_kind_and_count() {
    let folder = folder();
    let (mut store, _) = open(folder.path());
    for n in 1..=30 {
        let kind = if n % 10 == 0 { "alarm" } else { "order" };
        let batch = Batch {
            entries: vec![entry(kind, n)],
            durable: None,
        };
        store.commit(&batch).expect("durable");
    }
    let mut reader = reader(folder.path());
    let found = |reader: &mut pump_journal::Reader, query: &Query| -> Vec<u64> {
        let rows = reader.rows(query).expect("read");
        rows.iter().map(|row| row.seq).collect()
    };
    let all = Query::default();
    assert_eq!(found(&mut reader, &all), (1..=30).collect::<Vec<_>>());
    let alarms = Query {
        kinds: vec!["alarm".to_owned()],
        ..all.clone()
    };
    assert_eq!(found(&mut reader, &alarms), [10, 20, 30]);
    let late = Query {
        last: Some(2),
        ..alarms.clone()
    };
    assert_eq!(found(&mut reader, &late), [20, 30]);
    let early = Query {
        first: Some(1),
        after: Some(10),
        ..alarms
    };
    assert_eq!(found(&mut reader, &early), [20]);
    let between = Query {
        since_utc_ns: stamp(12).utc_ns,
        until_utc_ns: stamp(15).utc_ns,
        ..all
    };
    assert_eq!(found(&mut reader, &between), [12, 13, 14]);
    let row = &reader.rows(&between).expect("read")[0];
    assert_eq!(row.stamp, stamp(12));
    assert_eq!(row.body, entry("order", 12).body.to_string());
    assert!(file(folder.path()).exists());
}
