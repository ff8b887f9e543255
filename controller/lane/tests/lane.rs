//! A lane between ordinary threads, and a thread that promised not to allocate.

use std::thread;

use pump_lane::{Full, lane};
use pump_rt::guard::{self, GuardedAlloc};

#[global_allocator]
static ALLOCATOR: GuardedAlloc = GuardedAlloc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Message {
    number: u64,
    check: [u64; 7],
}

impl Message {
    fn new(number: u64) -> Self {
        Self {
            number,
            check: [!number; 7],
        }
    }
}

#[test]
fn every_message_arrives_once_in_turn_and_whole() {
    const MESSAGES: u64 = 200_000;
    for capacity in [1, 2, 3, 64] {
        let (mut producer, mut consumer) = lane(capacity);
        let sending = thread::spawn(move || {
            for number in 0..MESSAGES {
                while producer.send(Message::new(number)) == Err(Full) {
                    thread::yield_now();
                }
            }
        });
        for number in 0..MESSAGES {
            let message = loop {
                match consumer.receive() {
                    Some(message) => break message,
                    None => thread::yield_now(),
                }
            };
            assert_eq!(message, Message::new(number));
        }
        sending.join().expect("sending doesn't panic");
        assert_eq!(consumer.receive(), None);
    }
}

#[test]
fn what_was_sent_before_the_producer_went_still_arrives() {
    let (mut producer, mut consumer) = lane(4);
    producer.send(1).expect("there is room");
    producer.send(2).expect("there is room");
    drop(producer);
    assert_eq!([consumer.receive(), consumer.receive()], [Some(1), Some(2)]);
    assert_eq!(consumer.receive(), None);
}

#[test]
fn a_lane_without_a_consumer_is_full() {
    let (mut producer, consumer) = lane(4);
    producer.send(1).expect("there is room");
    drop(consumer);
    for _ in 0..10 {
        assert_eq!(producer.send(2), Err(Full));
    }
}

#[test]
fn room_and_waiting_tell_what_can_be_done_now() {
    let (mut producer, mut consumer) = lane(3);
    assert_eq!((producer.room(), consumer.waiting()), (3, 0));
    producer.send(()).expect("there is room");
    assert_eq!((producer.room(), consumer.waiting()), (2, 1));
    assert_eq!(consumer.receive(), Some(()));
    assert_eq!((producer.room(), consumer.waiting()), (3, 0));
    assert_eq!(
        format!("{producer:?} {consumer:?}"),
        "Producer { room: 3 } Consumer { waiting: 0 }"
    );
}

#[test]
#[should_panic = "holds nothing"]
fn a_lane_that_holds_nothing_is_refused() {
    lane::<u8>(0);
}

#[test]
fn neither_end_ever_allocates() {
    let (mut producer, mut consumer) = lane(2);
    let before = guard::violations();
    guard::forbid();
    // From the very first call on: nothing is set up lazily.
    for number in 0..1_000 {
        while producer.send(Message::new(number)).is_ok() {}
        while consumer.receive().is_some() {}
    }
    guard::permit();
    assert_eq!(guard::violations(), before);
}
