//! A daemon's life as it is lived, and what must be known of it to judge what is left.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pump_control::{ClientError, Request};
use pump_journal::Head;
use pump_rt::clock;

use crate::daemon::{Hand, Place};
use crate::story::Step;
use crate::truth::Truth;

/// From when on an arming counts its steps, and what had left before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Base {
    pub(crate) arming: u64,
    /// By the monotonic clock.
    pub(crate) from_ns: u64,
    pub(crate) steps: u64,
}

/// What is known of a pump's lives from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lives {
    /// The last arming's number.
    pub(crate) arming: u64,
    pub(crate) bases: Vec<Base>,
    /// What the daemon showed as the head of its journal, and when.
    pub(crate) heads: Vec<(u64, Head)>,
    /// What was armed last.
    armed: Option<String>,
}

impl Lives {
    /// A daemon is about to be started, with nothing flowing.
    pub(crate) fn begin(&mut self, witness: &Path) {
        if !self.bases.is_empty() {
            // What was armed is not any more, and has an end of its own.
            self.arming += 1;
        }
        self.bases.push(Base {
            arming: self.arming,
            // The clock of a pump without a past begins when it is first called.
            from_ns: self.bases.last().map_or(0, |_| clock::now().0),
            steps: Truth::read(witness).count(),
        });
    }

    /// What had left before the arming that a checkpoint of this instant is of.
    pub(crate) fn before(&self, arming: u64, at_ns: u64) -> Option<u64> {
        let mut bases = self.bases.iter().rev();
        let found = bases.find(|base| base.arming == arming && base.from_ns <= at_ns);
        found.map(|base| base.steps)
    }

    /// Does these steps until they are done or the daemon is gone.
    ///
    /// # Errors
    /// The daemon refuses what fits its state.
    pub(crate) fn live(
        &mut self,
        place: &Place,
        hand: &Hand,
        steps: &[Step],
        killed: &AtomicBool,
    ) -> Result<(), String> {
        for step in steps {
            match self.take(place, hand, step, killed) {
                Ok(()) => {}
                // The daemon says why, or is gone; before it is killed neither may be.
                Err(_) if killed.load(Ordering::Acquire) => return Ok(()),
                Err(error) => return Err(format!("{}: {error}", step.name())),
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        place: &Place,
        hand: &Hand,
        step: &Step,
        killed: &AtomicBool,
    ) -> Result<(), ClientError> {
        match step {
            Step::Arm(text) => self.arm(place, hand, text)?,
            Step::Tell(request) => self.tell(place, hand, request)?,
            Step::Wait(ms) => {
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_millis(*ms) {
                    if self.look(hand)? {
                        self.mend(place, hand)?;
                    }
                    if killed.load(Ordering::Acquire) {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(40.min(*ms)));
                }
            }
        }
        Ok(())
    }

    fn arm(&mut self, place: &Place, hand: &Hand, text: &str) -> Result<(), ClientError> {
        let token = hand.propose(text)?;
        // Whether or not the answer comes: it may have been armed.
        self.bases.push(Base {
            arming: self.arming + 1,
            from_ns: clock::now().0,
            steps: Truth::read(&place.witness()).count(),
        });
        hand.confirm(token)?;
        self.arming += 1;
        self.armed = Some(text.to_owned());
        Ok(())
    }

    /// Tells the pump something, again where it is not ready for it yet: one that pauses or
    /// stops has to end its stroke first.
    fn tell(&mut self, place: &Place, hand: &Hand, request: &Request) -> Result<(), ClientError> {
        let begun = Instant::now();
        loop {
            match hand.ask(request) {
                Err(ClientError::Refused(_)) if begun.elapsed() < Duration::from_secs(3) => {
                    if self.look(hand)? {
                        return self.mend(place, hand);
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                answer => return answer.map(drop),
            }
        }
    }

    /// The machine stood still, and the sentinel has cut the motor off: only arming gives it
    /// back.
    fn mend(&mut self, place: &Place, hand: &Hand) -> Result<(), ClientError> {
        // It may have stopped by itself.
        let _ = hand.ask(&Request::Stop);
        if let Some(text) = self.armed.clone() {
            self.arm(place, hand, &text)?;
            // Where it stands still again the next look finds it.
            let _ = hand.ask(&Request::Start);
        }
        Ok(())
    }

    /// Notes the head that the daemon shows. Whether the motor is cut off.
    fn look(&mut self, hand: &Hand) -> Result<bool, ClientError> {
        let status = hand.status()?;
        let journal = status.journal.unwrap_or_default();
        if let Ok(head) = journal.head.parse()
            && self.heads.last().is_none_or(|(_, known)| *known != head)
        {
            self.heads.push((clock::now().0, head));
        }
        Ok(status.health.braked)
    }
}
