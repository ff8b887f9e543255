//! The alarm test: an operator has a priority shown and says what was seen and heard of it.
//!
//! While the pump infuses there is none: who hears an alarm then must be able to believe it. A
//! priority below that of a real alarm can't be told from it, and is refused too.

use pump_control::{ALARM_TEST_S, AlarmTest, Code, Peer, Refusal, Reply, Urgency};
use pump_core::alarm::Priority;
use pump_core::pump::State;
use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_rt::clock;

use crate::service::Desk;

/// So long after a test somebody may say what came of it.
const ANSWERED_WITHIN: Nanoseconds = Nanoseconds::from_mins(10);

const fn priority(urgency: Urgency) -> Priority {
    match urgency {
        Urgency::Low => Priority::Low,
        Urgency::Medium => Priority::Medium,
        Urgency::High => Priority::High,
    }
}

impl Desk {
    /// What the buzzer leaves out, told to who drives it.
    pub(crate) fn keep_silent(&self, now: MonoNs) {
        let (silenced, left) = self.board.silenced(now);
        let signals = &self.parts.vitals.signals;
        signals.silence(silenced, clock::now().after(left));
    }

    /// Shows a priority for a few seconds.
    pub(crate) fn alarm_test(
        &mut self,
        now: MonoNs,
        urgency: Urgency,
        peer: &Peer,
    ) -> Result<Reply, Refusal> {
        let (wired, priority) = (self.parts.wired, priority(urgency));
        let light = wired.light(priority);
        if !light && !wired.buzzer {
            let none = format!(
                "the rig has no light for {} alarms and no buzzer",
                priority.name()
            );
            return Err(Refusal::new(Code::NotFound, none)
                .fix("wire them and write [indicators] in the device's file"));
        }
        if self.board.state() == State::Infusing {
            let why = "alarm-test: an alarm must be believed while the pump infuses (infusing)";
            return Err(Refusal::new(Code::WrongState, why).fix("pause or stop it first"));
        }
        if let Some(real) = self.board.urgency().filter(|real| *real > priority) {
            let why = format!(
                "alarm-test: a real alarm of {} priority would be heard instead",
                real.name()
            );
            return Err(Refusal::new(Code::WrongState, why)
                .fix("see to it first; `alarms` says what to do"));
        }
        let lasts = Nanoseconds::from_secs(u64::from(ALARM_TEST_S));
        let signals = &self.parts.vitals.signals;
        signals.test(priority, clock::now().after(lasts));
        self.tested.retain(|(other, _)| *other != urgency);
        self.tested.push((urgency, now.after(ANSWERED_WITHIN)));
        let body = serde_json::json!({ "priority": priority.name() });
        self.note("alarm-test", peer, body);
        Ok(Reply::AlarmTest(AlarmTest {
            priority: urgency,
            light,
            sound: wired.buzzer,
            lasts_s: ALARM_TEST_S,
        }))
    }

    /// What an operator has seen and heard of it goes to the journal.
    pub(crate) fn alarm_tested(
        &mut self,
        now: MonoNs,
        urgency: Urgency,
        seen: Option<bool>,
        heard: Option<bool>,
        peer: &Peer,
    ) -> Result<Reply, Refusal> {
        let tested = self.tested.iter();
        let place = tested
            .clone()
            .position(|(tested, until)| *tested == urgency && *until > now);
        let name = priority(urgency).name();
        let Some(place) = place else {
            let why = format!("{name} alarms were not tested in the last ten minutes");
            return Err(Refusal::new(Code::WrongState, why).fix("`alarm-test` tests them"));
        };
        self.tested.swap_remove(place);
        let body = serde_json::json!({ "priority": name, "seen": seen, "heard": heard });
        self.note("alarm-tested", peer, body);
        Ok(self.done())
    }
}
