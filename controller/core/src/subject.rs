//! A new subject: the only thing that makes windows, counts and lockouts empty.

use crate::event::EventKind;
use crate::pump::{NotStill, Pump};
use crate::quantity::MonoNs;

impl Pump {
    /// From now on the pump has another subject: windows, counts and lockouts are empty, and
    /// so is the count of air. What is armed was armed for the last one and is forgotten as
    /// by [`Pump::disarm`]. What the reservoir holds goes on, and so does what somebody still
    /// has to acknowledge.
    ///
    /// # Errors
    /// [`NotStill`] while the pump delivers or is paused; nothing is changed then.
    pub fn new_subject(&mut self, now: MonoNs) -> Result<(), NotStill> {
        self.disarm(now)?;
        let last = self.remembered(self.now);
        self.memory.forget_subject(self.now);
        let [_, _, given] = last.given;
        self.tell(EventKind::NewSubject {
            given,
            boluses: last.boluses,
        });
        Ok(())
    }
}
