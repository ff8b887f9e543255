//! What is known after a loss of power: the control law's checkpoint and the pump's clock.

use pump_core::checkpoint::Checkpoint;
use pump_core::event::EventKind;
use pump_core::pump::Pump;
use pump_core::quantity::{Nanoseconds, Steps};
use pump_journal::{Boot, Durable};
use pump_rt::clock;

use crate::clock::PumpClock;

const VERSION: u8 = 1;
/// The version, and how far ahead the pump's clock is.
const HEAD: usize = 1 + 8;

/// What the journal keeps for us: the pump's clock and the checkpoint.
pub(crate) fn kept(clock: PumpClock, checkpoint: &Checkpoint) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend(clock.ahead().0.to_le_bytes());
    bytes.resize(HEAD + Checkpoint::MAX_BYTES, 0);
    let room = bytes.get_mut(HEAD..).unwrap_or_default();
    let length = checkpoint.encode(room);
    bytes.truncate(HEAD.saturating_add(length));
    bytes
}

fn read(bytes: &[u8]) -> Result<(PumpClock, Checkpoint), String> {
    let (version, rest) = bytes.split_first().ok_or("it is empty")?;
    if *version != VERSION {
        return Err(format!(
            "it is of version {version}, and this pumpd knows {VERSION}"
        ));
    }
    let (ahead, checkpoint) = rest.split_first_chunk().ok_or("it is cut short")?;
    let ahead = Nanoseconds(u64::from_le_bytes(*ahead));
    let checkpoint = Checkpoint::decode(checkpoint).map_err(|flaw| flaw.to_string())?;
    Ok((PumpClock::ahead_by(ahead), checkpoint))
}

/// Where the pump goes on: disarmed and still in any case (I8).
pub(crate) struct Resumed {
    pub(crate) pump: Box<Pump>,
    pub(crate) clock: PumpClock,
    pub(crate) arming: u64,
    /// Steps of the last arming that had left, or may have, by what was made durable last.
    pub(crate) issued: Steps,
    /// Steps that may or may not have been given when the last daemon ended.
    pub(crate) uncertain: Steps,
    /// Those, and what the motor may have moved by itself meanwhile: booked as given.
    pub(crate) booked: Steps,
}

/// The pump as the journal has it, in this boot.
///
/// # Errors
/// What was made durable can't be read: nobody knows what was given.
pub(crate) fn resume(durable: Option<&Durable>, boot: Boot) -> Result<Resumed, String> {
    let Some(durable) = durable else {
        return Ok(Resumed {
            pump: Box::new(Pump::new()),
            clock: PumpClock::ahead_by(Nanoseconds::ZERO),
            arming: 0,
            issued: Steps::ZERO,
            uncertain: Steps::ZERO,
            booked: Steps::ZERO,
        });
    };
    let (kept_clock, checkpoint) = read(&durable.checkpoint)?;
    let clock = if durable.stamp.boot == boot {
        kept_clock
    } else {
        // This boot's clock began at zero when the pump's was at its checkpoint, or later.
        PumpClock::ahead_by(Nanoseconds(checkpoint.at().0))
    };
    let pump = Box::new(Pump::restore(
        &checkpoint,
        Steps(durable.credit),
        clock.of(clock::now()),
    ));
    let booked = pump.events().iter().find_map(|event| match event.kind {
        EventKind::Uncertain { steps } => Some(steps),
        _ => None,
    });
    Ok(Resumed {
        pump,
        clock,
        // What was armed is not any more, and no run has two ends.
        arming: durable.arming.saturating_add(1),
        issued: checkpoint.issued(),
        uncertain: Steps(durable.credit).saturating_sub(checkpoint.issued()),
        booked: booked.unwrap_or(Steps::ZERO),
    })
}

#[cfg(test)]
mod tests {
    use pump_core::quantity::MonoNs;
    use pump_journal::Stamp;

    use super::*;

    const THIS: Boot = Boot([1; 16]);
    const OTHER: Boot = Boot([2; 16]);
    const AT: MonoNs = MonoNs(5_000_000_000);

    /// What a daemon leaves whose pump's clock was two seconds ahead.
    fn left(boot: Boot, credit: u64) -> Durable {
        let mut pump = Pump::new();
        pump.tick(AT, &pump_core::pump::Inputs::default());
        let clock = PumpClock::ahead_by(Nanoseconds::from_secs(2));
        Durable {
            arming: 7,
            credit,
            checkpoint: kept(clock, &pump.checkpoint()),
            stamp: Stamp {
                boot,
                mono_ns: 3_000_000_000,
                utc_ns: None,
            },
        }
    }

    /// I13.
    #[test]
    fn in_the_same_boot_the_pumps_clock_goes_on_and_in_another_it_begins_at_the_checkpoint() {
        let same = resume(Some(&left(THIS, 0)), THIS).expect("it resumes");
        assert_eq!(same.clock.ahead(), Nanoseconds::from_secs(2));
        // What is uncertain is dated now, and not when the checkpoint was taken.
        assert!(same.pump.checkpoint().at() >= same.clock.of(MonoNs(AT.0 * 2)));
        let other = resume(Some(&left(OTHER, 0)), THIS).expect("it resumes");
        assert_eq!(other.clock.of(MonoNs(0)), AT, "off-time counts as zero");
        assert_eq!(other.arming, 8, "what was armed is not any more");
    }

    /// I8, P05.
    #[test]
    fn credit_that_is_not_accounted_for_is_uncertain_and_the_pump_is_disarmed() {
        let resumed = resume(Some(&left(OTHER, 42)), THIS).expect("it resumes");
        assert_eq!(resumed.uncertain, Steps(42));
        assert_eq!(
            resumed.booked,
            Steps(42),
            "nothing was armed that could have moved"
        );
        assert_eq!(resumed.pump.state(), pump_core::pump::State::Disarmed);
        assert!(
            resumed
                .pump
                .alarms()
                .contains(pump_core::alarm::Alarm::Uncertain)
        );
    }

    #[test]
    fn what_can_not_be_read_is_refused_and_not_taken_for_nothing() {
        for change in [0, 3, 12] {
            let mut durable = left(OTHER, 42);
            durable.checkpoint.truncate(change);
            assert!(resume(Some(&durable), THIS).is_err(), "cut at {change}");
        }
    }
}
