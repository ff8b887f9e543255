//! What is known after a loss of power: the control law's checkpoint, the pump's clock, and the
//! account of what was given.

use pump_control::Account;
use pump_core::checkpoint::Checkpoint;
use pump_core::pump::Pump;
use pump_core::quantity::{MonoNs, Nanoseconds, Steps};
use pump_journal::{Durable, Kept, Stamp};
use pump_rt::clock;

use crate::clock::PumpClock;

/// What the journal keeps for us: the pump's clock, the account and the checkpoint.
pub(crate) fn kept(clock: PumpClock, checkpoint: &Checkpoint, account: &Account) -> Vec<u8> {
    let mut bytes = vec![0; Checkpoint::MAX_BYTES];
    let length = checkpoint.encode(&mut bytes);
    bytes.truncate(length);
    let kept = Kept {
        ahead_ns: clock.ahead().0,
        // What can't be told is no reason not to keep the rest.
        told: serde_json::to_value(account).ok(),
        checkpoint: bytes,
    };
    kept.write()
}

/// How much of the time since the last stamp is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OffTime {
    /// There was no last run.
    None,
    /// The machine was up all the time: its clock has counted it.
    SameBoot,
    /// The machine was off, and two stamps of a clock that is known good are at least so far
    /// apart.
    Known(Nanoseconds),
    /// It counts as zero, for this reason.
    Unknown(&'static str),
}

impl OffTime {
    /// Between two stamps of different boots; `last` is the last one of the journal (I13).
    ///
    /// A stamp has the time of day only where the kernel said then that it is synchronised;
    /// each of the two may be wrong by as much as that allows.
    fn between(then: &Stamp, last: Option<&Stamp>, now: &Stamp) -> Self {
        let Some(now) = now.utc_ns else {
            return Self::Unknown("the time of day is not known to be right now");
        };
        let (Some(then), Some(last)) = (then.utc_ns, last.unwrap_or(then).utc_ns) else {
            return Self::Unknown("the time of day was not known to be right then");
        };
        if then > now || last > now {
            return Self::Unknown("the last stamp of the journal is later than the time of day");
        }
        let wrong = clock::MOST_WRONG.saturating_add(clock::MOST_WRONG);
        let apart = now.saturating_sub(then);
        Self::Known(Nanoseconds(apart.saturating_sub(wrong.0)))
    }

    /// For the journal.
    pub(crate) fn tell(self) -> serde_json::Value {
        match self {
            Self::None => serde_json::json!({ "known": true }),
            Self::SameBoot => serde_json::json!({ "known": true, "same_boot": true }),
            Self::Known(span) => serde_json::json!({ "known": true, "at_least_ns": span.0 }),
            Self::Unknown(why) => serde_json::json!({ "known": false, "because": why }),
        }
    }
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
    pub(crate) off_time: OffTime,
    /// What was told of the last run; `None`: nothing, or by an older version.
    pub(crate) account: Option<Account>,
}

/// The pump as the journal has it, in this boot. `last` is the journal's last stamp.
///
/// # Errors
/// What was made durable can't be read: nobody knows what was given.
pub(crate) fn resume(
    durable: Option<&Durable>,
    last: Option<&Stamp>,
    now: &Stamp,
) -> Result<Resumed, String> {
    let Some(durable) = durable else {
        return Ok(Resumed {
            pump: Box::new(Pump::new()),
            clock: PumpClock::ahead_by(Nanoseconds::ZERO),
            arming: 0,
            issued: Steps::ZERO,
            uncertain: Steps::ZERO,
            off_time: OffTime::None,
            account: None,
        });
    };
    let kept = Kept::read(&durable.checkpoint).map_err(|flaw| flaw.to_string())?;
    let checkpoint = Checkpoint::decode(&kept.checkpoint).map_err(|flaw| flaw.to_string())?;
    let clock = PumpClock::ahead_by(Nanoseconds(kept.ahead_ns));
    let off_time = if durable.stamp.boot == now.boot {
        OffTime::SameBoot
    } else {
        OffTime::between(&durable.stamp, last, now)
    };
    let clock = goes_on(clock, &checkpoint, &durable.stamp, off_time, now);
    let credit = Steps(durable.credit);
    let mono = MonoNs(now.mono_ns);
    Ok(Resumed {
        pump: Box::new(Pump::restore(&checkpoint, credit, clock.of(mono))),
        clock,
        // What was armed is not any more, and no run has two ends.
        arming: durable.arming.saturating_add(1),
        issued: checkpoint.issued(),
        uncertain: checkpoint.uncertain(credit),
        off_time,
        // Whoever can't read the words has the figures all the same.
        account: kept.told.and_then(|told| serde_json::from_value(told).ok()),
    })
}

/// The pump's clock in this boot.
fn goes_on(
    before: PumpClock,
    checkpoint: &Checkpoint,
    then: &Stamp,
    off_time: OffTime,
    now: &Stamp,
) -> PumpClock {
    if off_time == OffTime::SameBoot {
        return before;
    }
    let last_seen = before.of(MonoNs(then.mono_ns)).max(checkpoint.at());
    // This boot's clock began at zero when the pump's was there, or later.
    let least = last_seen.0;
    let ahead = match off_time {
        OffTime::Known(span) => {
            let ahead = last_seen.after(span).since(MonoNs(now.mono_ns));
            ahead.0.max(least)
        }
        _ => least,
    };
    PumpClock::ahead_by(Nanoseconds(ahead))
}

#[cfg(test)]
mod tests;
