//! The gate: who may call the channel, and when.
//!
//! Generic over its counters, so that the very same lines run under the model checker.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A count that one side stores and the other reads. It wraps around.
pub(crate) trait Counter {
    fn new(n: usize) -> Self;
    /// Reads it, and with it all that was done before it was stored.
    fn load(&self) -> usize;
    /// Stores it, and with it all that was done before.
    fn store(&self, n: usize);
}

impl Counter for AtomicUsize {
    fn new(n: usize) -> Self {
        Self::new(n)
    }

    fn load(&self) -> usize {
        self.load(Ordering::Acquire)
    }

    fn store(&self, n: usize) {
        self.store(n, Ordering::Release);
    }
}

/// Keeps what it holds out of its neighbour's cache line.
#[repr(align(64))]
struct Apart<C>(C);

/// The counters beside a channel.
pub(crate) struct Gate<C> {
    capacity: usize,
    sent: Apart<C>,
    received: Apart<C>,
}

impl<C: Counter> Gate<C> {
    /// A gate before an empty channel, its counters beginning at `start`.
    pub(crate) fn new(capacity: usize, start: usize) -> Self {
        Self {
            capacity,
            sent: Apart(C::new(start)),
            received: Apart(C::new(start)),
        }
    }
}

/// The producer's side of the gate.
pub(crate) struct In<C> {
    gate: Arc<Gate<C>>,
    /// The same as the counter, which nobody else stores.
    sent: usize,
}

impl<C: Counter> In<C> {
    pub(crate) fn new(gate: Arc<Gate<C>>, start: usize) -> Self {
        Self { gate, sent: start }
    }

    /// The slots whose emptying is complete.
    pub(crate) fn room(&self) -> usize {
        let filled = self.sent.wrapping_sub(self.gate.received.0.load());
        self.gate.capacity.saturating_sub(filled)
    }

    /// Makes the call that sends, where there is room for it.
    pub(crate) fn pass<R>(&mut self, send: impl FnOnce() -> Option<R>) -> Option<R> {
        if self.room() == 0 {
            return None;
        }
        let done = send()?;
        // Only now: what is counted has its stamp.
        self.sent = self.sent.wrapping_add(1);
        self.gate.sent.0.store(self.sent);
        Some(done)
    }
}

/// The consumer's side of the gate.
pub(crate) struct Out<C> {
    gate: Arc<Gate<C>>,
    /// The same as the counter, which nobody else stores.
    received: usize,
}

impl<C: Counter> Out<C> {
    pub(crate) fn new(gate: Arc<Gate<C>>, start: usize) -> Self {
        Self {
            gate,
            received: start,
        }
    }

    /// The slots whose filling is complete.
    pub(crate) fn waiting(&self) -> usize {
        self.gate.sent.0.load().wrapping_sub(self.received)
    }

    /// Makes the call that receives, where there is something to take.
    pub(crate) fn pass<R>(&mut self, receive: impl FnOnce() -> Option<R>) -> Option<R> {
        if self.waiting() == 0 {
            return None;
        }
        let taken = receive()?;
        // Only now: the slot is stamped as empty.
        self.received = self.received.wrapping_add(1);
        self.gate.received.0.store(self.received);
        Some(taken)
    }
}
