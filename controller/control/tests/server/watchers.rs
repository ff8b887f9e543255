//! Those who watch.

use std::sync::atomic::Ordering;
use std::time::Duration;

use pump_control::{ClientError, Code, Event, Request, Rights, Watched};

use crate::rig::{PATIENCE, Rig};

fn event(seq: u64, text: &str) -> Event {
    Event {
        seq,
        kind: "state".into(),
        text: text.into(),
        ..Event::default()
    }
}

fn publish(rig: &Rig, event: Event) {
    rig.shared.events.lock().expect("nobody panics").push(event);
    rig.wake();
}

#[test]
fn watchers_are_told_what_happens_in_its_order() {
    let rig = Rig::new();
    let mut watching: Vec<_> = (0..3)
        .map(|_| rig.client().watch().expect("it may"))
        .collect();
    rig.until("they watch", |shared| {
        shared.watchers.load(Ordering::SeqCst) == 3
    });
    for seq in 0..100 {
        publish(&rig, event(seq, "it happened"));
    }
    for one in &mut watching {
        for seq in 0..100 {
            let next = one.next_within(PATIENCE).expect("it goes on");
            assert!(matches!(next, Some(Watched::Event(event)) if event.seq == seq));
        }
    }
    let nothing = watching
        .first_mut()
        .map(|one| one.next_within(Duration::from_millis(1)));
    assert!(matches!(nothing, Some(Ok(None))));
    drop(watching);
    rig.until("nobody watches", |shared| {
        shared.watchers.load(Ordering::SeqCst) == 0
    });
}

#[test]
fn a_watcher_that_does_not_read_is_dropped_and_the_others_are_not() {
    let rig = Rig::new();
    let mut slow = rig.raw();
    slow.send("{\"v\":1,\"id\":1,\"do\":\"watch\"}\n");
    slow.reply();
    let mut good = rig.client().watch().expect("it may");
    rig.until("they watch", |shared| {
        shared.watchers.load(Ordering::SeqCst) == 2
    });
    let mut seq = 0;
    let long = "x".repeat(10_000);
    while rig.shared.watchers.load(Ordering::SeqCst) == 2 {
        assert!(seq < 100_000, "the slow one is kept for ever");
        publish(&rig, event(seq, &long));
        let next = good.next_within(PATIENCE).expect("it goes on");
        assert!(matches!(next, Some(Watched::Event(event)) if event.seq == seq));
        seq += 1;
    }
    let held = rig.shared.most_held.load(Ordering::SeqCst);
    assert!(held < 1 << 20, "{held} bytes were held");
}

#[test]
fn who_watches_can_ask_for_nothing_else() {
    let rig = Rig::new();
    let watch = "{\"v\":1,\"id\":1,\"do\":\"watch\"}\n";
    let stop = "{\"v\":1,\"id\":2,\"do\":\"stop\"}\n";
    for at_once in [true, false] {
        let mut raw = rig.raw();
        if at_once {
            raw.send(format!("{watch}{stop}"));
            raw.reply();
        } else {
            raw.send(watch);
            raw.reply();
            raw.send(stop);
        }
        assert_eq!(raw.refusal().1.code, Code::BadRequest);
        assert_eq!(raw.line(), "");
    }
    assert_eq!(rig.done(), ["watch", "watch"]);
}

#[test]
fn a_watcher_is_told_of_the_daemons_end() {
    let mut rig = Rig::new();
    let mut watching = rig.client().watch().expect("it may");
    rig.end();
    let next = watching.next_within(PATIENCE);
    assert!(matches!(next, Err(ClientError::Refused(why)) if why.code == Code::ShuttingDown));
    let next = watching.next_within(PATIENCE);
    assert!(matches!(next, Err(ClientError::Broken(_))));
    assert_eq!(Request::Watch.needs(), Rights::Observe);
}
