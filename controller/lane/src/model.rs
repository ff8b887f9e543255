//! The gate under a model checker, before a model of the channel.
//!
//! [`Array`] is the array flavour of `crossbeam-channel` 0.5, atomic operation by atomic
//! operation, but where the original would look again until the other side has moved, it
//! says that it [`Spins`]. Its orderings are weaker than the original's `SeqCst`, which the
//! checker makes too strong: that only adds to what can happen. `loom` tries every order of
//! two threads' operations that the memory model allows. Behind the gate no order reaches a spin; without it, with a counter
//! stored too early, or with one that publishes nothing, some order does, so the model can
//! tell the difference.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize as Tally;

use loom::cell::Cell;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use crate::gate::{Counter, Gate, In, Out};

/// The original would wait for the other thread here.
#[derive(Debug, PartialEq, Eq)]
struct Spins;

struct Slot {
    stamp: AtomicUsize,
    message: Cell<usize>,
}

struct Array {
    slots: Vec<Slot>,
    head: AtomicUsize,
    tail: AtomicUsize,
    mark: usize,
    lap: usize,
    turn: AtomicUsize,
}

impl Array {
    fn new(capacity: usize) -> Self {
        let slot = |index| Slot {
            stamp: AtomicUsize::new(index),
            message: Cell::new(usize::MAX),
        };
        let mark = (capacity + 1).next_power_of_two();
        Self {
            slots: (0..capacity).map(slot).collect(),
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
            mark,
            lap: 2 * mark,
            turn: AtomicUsize::new(0),
        }
    }

    /// The other thread may come between here. The checker alone forgets an access of the
    /// other thread as soon as this one has read the same atomic, and so would never try to
    /// put it between a load and a store; this atomic is only ever written. Relaxed: it
    /// carries nothing from one thread to the other.
    fn step(&self) {
        self.turn.fetch_add(0, Ordering::Relaxed);
    }

    /// The place after this one.
    fn next(&self, place: usize) -> usize {
        let index = place & (self.mark - 1);
        if index + 1 < self.slots.len() {
            place + 1
        } else {
            (place & !(self.lap - 1)).wrapping_add(self.lap)
        }
    }

    /// `Ok(None)` where it is full.
    fn try_send(&self, message: usize) -> Result<Option<()>, Spins> {
        self.step();
        let tail = self.tail.load(Ordering::Relaxed);
        self.step();
        let slot = &self.slots[tail & (self.mark - 1)];
        let stamp = slot.stamp.load(Ordering::Acquire);
        if tail == stamp {
            // One producer: nobody else moves the tail.
            self.step();
            self.tail
                .compare_exchange(tail, self.next(tail), Ordering::AcqRel, Ordering::Relaxed)
                .expect("one producer");
            // The checker reports any access that this one races with.
            slot.message.set(message);
            self.step();
            slot.stamp.store(tail + 1, Ordering::Release);
            Ok(Some(()))
        } else if stamp.wrapping_add(self.lap) == tail + 1 {
            self.step();
            let head = self.head.load(Ordering::Relaxed);
            if head.wrapping_add(self.lap) == tail {
                Ok(None)
            } else {
                Err(Spins)
            }
        } else {
            Err(Spins)
        }
    }

    /// `Ok(None)` where it is empty.
    fn try_recv(&self) -> Result<Option<usize>, Spins> {
        self.step();
        let head = self.head.load(Ordering::Relaxed);
        self.step();
        let slot = &self.slots[head & (self.mark - 1)];
        let stamp = slot.stamp.load(Ordering::Acquire);
        if head + 1 == stamp {
            self.step();
            self.head
                .compare_exchange(head, self.next(head), Ordering::AcqRel, Ordering::Relaxed)
                .expect("one consumer");
            let message = slot.message.get();
            self.step();
            slot.stamp
                .store(head.wrapping_add(self.lap), Ordering::Release);
            Ok(Some(message))
        } else if stamp == head {
            self.step();
            if self.tail.load(Ordering::Relaxed) == head {
                Ok(None)
            } else {
                Err(Spins)
            }
        } else {
            Err(Spins)
        }
    }
}

/// The counters of the lane: what is stored with them is seen with them.
struct Published(AtomicUsize);

impl Counter for Published {
    fn new(n: usize) -> Self {
        Self(AtomicUsize::new(n))
    }

    fn load(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }

    fn store(&self, n: usize) {
        self.0.store(n, Ordering::Release);
    }
}

/// Counters that say nothing of what was done before.
struct Unpublished(AtomicUsize);

impl Counter for Unpublished {
    fn new(n: usize) -> Self {
        Self(AtomicUsize::new(n))
    }

    fn load(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn store(&self, n: usize) {
        self.0.store(n, Ordering::Relaxed);
    }
}

/// How an end comes to the channel.
trait Way: 'static {
    /// For the producer and for the consumer.
    fn ends(capacity: usize) -> (Self, Self)
    where
        Self: Sized;
    fn send(&mut self, channel: &Array, message: usize) -> Result<Option<()>, Spins>;
    fn receive(&mut self, channel: &Array) -> Result<Option<usize>, Spins>;
}

/// Through the gate of the lane.
struct Gated<C> {
    into: Option<In<C>>,
    out: Option<Out<C>>,
}

/// A call of the gate whose inside may spin.
fn through<R>(
    pass: impl FnOnce(&mut dyn FnMut(Result<Option<R>, Spins>) -> Option<R>) -> Option<R>,
) -> Result<Option<R>, Spins> {
    let mut spun = false;
    let done = pass(&mut |answer| {
        spun = answer.is_err();
        answer.ok().flatten()
    });
    if spun { Err(Spins) } else { Ok(done) }
}

impl<C: Counter + 'static> Way for Gated<C> {
    fn ends(capacity: usize) -> (Self, Self) {
        let gate = Arc::new(Gate::<C>::new(capacity, 0));
        let producer = Self {
            into: Some(In::new(Arc::clone(&gate), 0)),
            out: None,
        };
        let consumer = Self {
            into: None,
            out: Some(Out::new(gate, 0)),
        };
        (producer, consumer)
    }

    fn send(&mut self, channel: &Array, message: usize) -> Result<Option<()>, Spins> {
        let gate = self.into.as_mut().expect("the producer");
        through(|judge| gate.pass(|| judge(channel.try_send(message))))
    }

    fn receive(&mut self, channel: &Array) -> Result<Option<usize>, Spins> {
        let gate = self.out.as_mut().expect("the consumer");
        through(|judge| gate.pass(|| judge(channel.try_recv())))
    }
}

/// Straight, as one would with the channel alone.
struct Ungated;

impl Way for Ungated {
    fn ends(_: usize) -> (Self, Self) {
        (Self, Self)
    }

    fn send(&mut self, channel: &Array, message: usize) -> Result<Option<()>, Spins> {
        channel.try_send(message)
    }

    fn receive(&mut self, channel: &Array) -> Result<Option<usize>, Spins> {
        channel.try_recv()
    }
}

/// Through a gate that counts before the call and not after it.
struct CountedEarly {
    sent: Arc<Published>,
    received: Arc<Published>,
    own: usize,
    capacity: usize,
}

impl Way for CountedEarly {
    fn ends(capacity: usize) -> (Self, Self) {
        let (sent, received) = (Arc::new(Published::new(0)), Arc::new(Published::new(0)));
        let end = || Self {
            sent: Arc::clone(&sent),
            received: Arc::clone(&received),
            own: 0,
            capacity,
        };
        (end(), end())
    }

    fn send(&mut self, channel: &Array, message: usize) -> Result<Option<()>, Spins> {
        if self.own.saturating_sub(self.received.load()) >= self.capacity {
            return Ok(None);
        }
        self.sent.store(self.own + 1);
        let done = channel.try_send(message)?;
        self.own += usize::from(done.is_some());
        self.sent.store(self.own);
        Ok(done)
    }

    fn receive(&mut self, channel: &Array) -> Result<Option<usize>, Spins> {
        if self.sent.load() == self.own {
            return Ok(None);
        }
        self.received.store(self.own + 1);
        let taken = channel.try_recv()?;
        self.own += usize::from(taken.is_some());
        self.received.store(self.own);
        Ok(taken)
    }
}

/// What the checker found in all orders together.
#[derive(Debug, Default)]
struct Found {
    orders: Tally,
    sender_spins: Tally,
    receiver_spins: Tally,
    most_received: Tally,
}

impl Found {
    fn read(&self) -> [usize; 4] {
        let all = [
            &self.orders,
            &self.sender_spins,
            &self.receiver_spins,
            &self.most_received,
        ];
        all.map(|tally| tally.load(Ordering::Relaxed))
    }
}

/// Tries every order in which one thread sends `tries` times and another one receives as
/// often, and checks in each that what was sent is received once, in turn, and whole.
/// `stops` bounds how often a thread is stopped that could go on; one is enough for a spin.
fn every_order<W: Way>(capacity: usize, tries: usize, stops: Option<usize>) -> Arc<Found> {
    let found = Arc::new(Found::default());
    let tell = Arc::clone(&found);
    let mut checker = loom::model::Builder::new();
    checker.preemption_bound = stops;
    checker.check(move || {
        let count = |tally: &Tally| tally.fetch_add(1, Ordering::Relaxed);
        count(&tell.orders);
        let channel = loom::sync::Arc::new(Array::new(capacity));
        let (mut producer, mut consumer) = W::ends(capacity);

        let far = loom::sync::Arc::clone(&channel);
        let sending = thread::spawn(move || {
            let mut sent = 0;
            for _ in 0..tries {
                match producer.send(&far, sent) {
                    Ok(Some(())) => sent += 1,
                    Ok(None) => {}
                    // The original would come back to it for ever; that is all there is to know.
                    Err(Spins) => return None,
                }
            }
            Some(sent)
        });
        let mut received = 0;
        for _ in 0..tries {
            match consumer.receive(&channel) {
                Ok(Some(message)) => {
                    assert_eq!(message, received, "in turn");
                    received += 1;
                }
                Ok(None) => {}
                Err(Spins) => {
                    count(&tell.receiver_spins);
                    // Whatever happens after it is no order of the original.
                    sending.join().expect("it doesn't panic");
                    return;
                }
            }
        }
        tell.most_received.fetch_max(received, Ordering::Relaxed);
        let Some(sent) = sending.join().expect("it doesn't panic") else {
            count(&tell.sender_spins);
            return;
        };
        while let Ok(Some(message)) = consumer.receive(&channel) {
            assert_eq!(message, received, "in turn");
            received += 1;
        }
        assert_eq!(received, sent, "all of it");
    });
    found
}

#[test]
fn behind_the_gate_no_order_of_two_threads_reaches_a_spin() {
    let all = [(1, 2, None), (1, 3, None), (1, 4, None)];
    // With more room there are too many; these are all that have up to so many stops.
    let many = [(2, 3, Some(4)), (2, 4, Some(3)), (3, 4, Some(3))];
    for (capacity, tries, stops) in all.into_iter().chain(many) {
        let found = every_order::<Gated<Published>>(capacity, tries, stops);
        let [orders, sender, receiver, most] = found.read();
        println!("capacity {capacity}, {tries} tries: {orders} orders");
        assert_eq!((sender, receiver), (0, 0));
        assert!(orders > 40, "the checker did look");
        assert!(
            most >= tries.min(capacity + 1),
            "in some order they come through: {most}"
        );
    }
}

#[test]
fn without_the_gate_both_ends_spin_in_some_order() {
    let [orders, sender, receiver, _] = every_order::<Ungated>(1, 2, Some(2)).read();
    assert!(
        sender > 0 && receiver > 0,
        "{sender}, {receiver} of {orders}"
    );
}

#[test]
fn counting_before_the_call_is_no_gate() {
    let [orders, sender, receiver, _] = every_order::<CountedEarly>(1, 2, Some(2)).read();
    assert!(
        sender > 0 && receiver > 0,
        "{sender}, {receiver} of {orders}"
    );
}

#[test]
fn counters_that_publish_nothing_are_no_gate() {
    let [orders, sender, receiver, _] = every_order::<Gated<Unpublished>>(1, 2, Some(2)).read();
    assert!(
        sender > 0 && receiver > 0,
        "{sender}, {receiver} of {orders}"
    );
}
