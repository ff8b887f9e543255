//! Stopping a motor from another thread.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::{MotorFault, Polarity, SharedLine};

/// Drops ENABLE from another thread than the one that steps.
///
/// A brake is a latch: from [`Brake::cut`] to [`Brake::release`] the motor refuses to be
/// enabled and to step, and a release alone enables nothing. It takes no lock and never
/// waits, so a sentinel may use it on a motor whose thread hangs in the middle of anything.
pub trait Brake: Send + Sync {
    /// Lets the motor go, now, and holds it so. Cutting twice drives the line twice, which
    /// is what a caller wants who saw the first one fail.
    ///
    /// # Errors
    ///
    /// [`MotorFault::Refused`]: the latch holds and no step will be sent, but the line did
    /// not take the change, so the motor may still be energised. Try again.
    fn cut(&self) -> Result<(), MotorFault>;

    /// Whether it is cut.
    fn is_cut(&self) -> bool;

    /// Allows the motor to be enabled again. It stays disabled until it is told otherwise.
    fn release(&self);
}

/// The latch and the line under it.
///
/// The count is even while released and odd while cut, and it only ever rises. The motor
/// remembers the count under which it was enabled: any other count means that a cut came
/// between, even one that is released again by now.
pub(crate) struct Latch<E> {
    enable: E,
    polarity: Polarity,
    count: AtomicU32,
}

/// The count under which a motor was enabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leave(u32);

/// How far apart the line and the wish are after a drive.
pub(crate) enum Engaged {
    /// Energised under this leave.
    Yes(Leave),
    /// The brake is or was cut meanwhile; the answer of letting the motor go.
    Braked(Result<(), crate::LineError>),
    /// The line refused.
    Refused(crate::LineError),
}

impl<E: SharedLine> Latch<E> {
    /// A released latch over a line that is off.
    pub(crate) const fn new(enable: E, polarity: Polarity) -> Self {
        Self {
            enable,
            polarity,
            count: AtomicU32::new(0),
        }
    }

    pub(crate) fn drive(&self, on: bool) -> Result<(), crate::LineError> {
        self.enable.drive(self.polarity.level(on))
    }

    /// Energises the motor unless the brake forbids it.
    pub(crate) fn engage(&self) -> Engaged {
        let before = self.count.load(Ordering::SeqCst);
        if before % 2 == 1 {
            return Engaged::Braked(Ok(()));
        }
        if let Err(error) = self.drive(true) {
            return Engaged::Refused(error);
        }
        // A cut may have come between the look and the drive, and its own drive before ours.
        // It raised the count before it drove, so either it is seen here, or its drive is
        // still to come and has the last word.
        if self.count.load(Ordering::SeqCst) != before {
            return Engaged::Braked(self.drive(false));
        }
        Engaged::Yes(Leave(before))
    }

    /// Whether nothing was cut since this leave was given.
    pub(crate) fn allows(&self, leave: Leave) -> bool {
        self.count.load(Ordering::SeqCst) == leave.0
    }
}

impl<E: SharedLine> Brake for Latch<E> {
    fn cut(&self) -> Result<(), MotorFault> {
        // Where it is odd already there is nothing to raise.
        let _ = self
            .count
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| {
                (count % 2 == 0).then_some(count.wrapping_add(1))
            });
        self.drive(false).map_err(|_| MotorFault::Refused)
    }

    fn is_cut(&self) -> bool {
        self.count.load(Ordering::SeqCst) % 2 == 1
    }

    fn release(&self) {
        let _ = self
            .count
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| {
                (count % 2 == 1).then_some(count.wrapping_add(1))
            });
    }
}
