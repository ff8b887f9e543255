//! A lane: a bounded queue from one thread to one other, whose ends never wait.
//!
//! Between the real-time loop and everybody else there are only lanes (I7). Whatever the
//! thread at the far end does (it is slow, it sleeps, it was stopped in the middle of a
//! call), [`Producer::send`] and [`Consumer::receive`] return after a bounded number of
//! instructions: no lock, no allocation, no system call, no waiting for the other end.
//! A full lane answers [`Full`] and an empty one `None`, and what to do then is the
//! caller's decision, who also counts what he dropped.
//!
//! ```
//! use pump_lane::{Full, lane};
//!
//! let (mut orders, mut inbox) = lane(2);
//! assert_eq!(inbox.receive(), None);
//! orders.send(7)?;
//! orders.send(8)?;
//! assert_eq!(orders.send(9), Err(Full));
//! assert_eq!(inbox.receive(), Some(7));
//! orders.send(9)?;
//! assert_eq!([inbox.receive(), inbox.receive()], [Some(8), Some(9)]);
//! # Ok::<(), Full>(())
//! ```
//!
//! # Why a channel alone is not enough
//!
//! The queue is a bounded `crossbeam-channel`. Its `try_recv` waits, by spinning, while a
//! sender has claimed a slot and not yet stamped it as filled; `try_send` waits the same way
//! for a receiver that has not yet stamped its slot as emptied. Among ordinary threads that
//! is over in nanoseconds. But on one processor, where an ordinary thread was preempted by a
//! FIFO thread between its claim and its stamp, the FIFO thread spins until the kernel takes
//! the processor from it, the better part of a second: a pump that misses every step of it.
//!
//! So there is a gate before each end. Two counters stand beside the channel, one of the
//! messages sent and one of those received, and each is stored *after* the call that it
//! counts has returned. An end calls the channel only where the counters say that there is
//! something to take, or room: then the stamp that the call will look at is already there,
//! and the spin can't be reached. A message whose sender was stopped in the middle is seen
//! at the next visit; that is all the delay there is.
//!
//! This holds only while there is one thread at each end, so neither end can be cloned, and
//! only while nobody parks in the channel, so there is no blocking call. Messages are
//! [`Copy`]: nothing has to be dropped, so an end never runs foreign code or frees memory.
//!
//! # What it is not for
//!
//! A real-time thread keeps its ends for as long as it lives: to drop one may take a lock,
//! and the second of a lane to go frees its memory. The ends don't tell whether the other
//! one is still there. Nor is a lane the place for what only counts when it is fresh: it
//! keeps the oldest messages, not the latest.
#![forbid(unsafe_code)]

mod gate;
#[cfg(test)]
mod model;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crossbeam_channel::{Receiver, Sender};
use gate::{Gate, In, Out};

/// Makes a lane that holds up to `capacity` messages. All its memory is taken here.
///
/// # Panics
///
/// Where `capacity` is zero, or more than memory can hold: it is a constant of the program.
pub fn lane<T: Copy + Send>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    lane_from(capacity, 0)
}

/// A lane whose counters begin at `start`.
fn lane_from<T: Copy + Send>(capacity: usize, start: usize) -> (Producer<T>, Consumer<T>) {
    assert!(capacity > 0, "a lane that holds nothing carries nothing");
    let (sender, receiver) = crossbeam_channel::bounded(capacity);
    let gate = Arc::new(Gate::new(capacity, start));
    let producer = Producer {
        gate: In::new(Arc::clone(&gate), start),
        channel: sender,
    };
    let consumer = Consumer {
        gate: Out::new(gate, start),
        channel: receiver,
    };
    (producer, consumer)
}

/// The end that sends. There is one of it; it may move to another thread.
pub struct Producer<T> {
    gate: In<AtomicUsize>,
    channel: Sender<T>,
}

impl<T: Copy + Send> Producer<T> {
    /// Sends a message. Never waits.
    ///
    /// # Errors
    ///
    /// [`Full`]: the lane holds as many as it can, or the consumer is in the middle of
    /// taking the one that will make room, or the consumer is gone. Nothing was sent.
    pub fn send(&mut self, message: T) -> Result<(), Full> {
        let sent = self.gate.pass(|| self.channel.try_send(message).ok());
        sent.ok_or(Full)
    }

    /// How many messages can be sent now; the consumer may make it more at any time.
    pub fn room(&self) -> usize {
        self.gate.room()
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let room = self.gate.room();
        f.debug_struct("Producer").field("room", &room).finish()
    }
}

/// The end that receives. There is one of it; it may move to another thread.
pub struct Consumer<T> {
    gate: Out<AtomicUsize>,
    channel: Receiver<T>,
}

impl<T: Copy + Send> Consumer<T> {
    /// Takes the oldest message. `None` where there is none whose sending has returned.
    /// Never waits.
    pub fn receive(&mut self) -> Option<T> {
        self.gate.pass(|| self.channel.try_recv().ok())
    }

    /// How many messages can be received now; the producer may make it more at any time.
    pub fn waiting(&self) -> usize {
        self.gate.waiting()
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.gate.waiting();
        f.debug_struct("Consumer")
            .field("waiting", &waiting)
            .finish()
    }
}

/// The lane has no room; the message was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lane is full")
    }
}

impl Error for Full {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counters_may_wrap_around() {
        for start in [usize::MAX, usize::MAX - 1, usize::MAX - 5] {
            let (mut producer, mut consumer) = lane_from(3, start);
            for n in 0..20 {
                for k in 0..3 {
                    assert_eq!(producer.room(), 3 - k);
                    assert_eq!(producer.send((n, k)), Ok(()));
                    assert_eq!(consumer.waiting(), k + 1);
                }
                assert_eq!(producer.send((n, 9)), Err(Full));
                for k in 0..3 {
                    assert_eq!(consumer.receive(), Some((n, k)));
                }
                assert_eq!(consumer.receive(), None);
            }
        }
    }
}
