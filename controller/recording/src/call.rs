//! The calls of the control law, and what comes of them.

use pump_core::order::{RegimenId, Snapshot};
use pump_core::prescription::MAX_REGIMENS;
use pump_core::pump::{Inputs, Outputs, Pump};
use pump_core::quantity::MonoNs;

/// The wall clock as a strategy was shown it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// Whether it was known good.
    pub good: bool,
    /// Seconds since 1970-01-01 UTC.
    pub utc_s: u64,
    /// Local time less UTC, in seconds.
    pub local_offset_s: i32,
    /// When that changes next, in seconds since 1970 UTC; absent: never.
    pub next_offset_change_utc_s: Option<u64>,
}

/// What the control law is told in a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The instant, as it was told: the nominal one, or that of a wake-up that was late.
    pub now: MonoNs,
    /// Everything else.
    pub inputs: Inputs,
    /// What each strategy was shown of the wall clock whose order is among the inputs; of the
    /// others the default.
    pub clocks: [Clock; MAX_REGIMENS],
}

/// One call of the control law within a run. Another kind of call gets a word of its own in
/// the [codec](crate::codec).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are ticks, and few are held at a time"
)]
pub enum Call {
    /// [`Pump::tick`].
    Tick(Told),
    /// [`Pump::snapshot`], for a strategy.
    Shown(RegimenId),
    /// [`Pump::disarm`].
    Disarmed(MonoNs),
}

/// What a call has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A tick.
    Outputs(Outputs),
    /// A snapshot; there is none of a regimen that is not there.
    Snapshot(Option<Snapshot>),
    /// Whether it was disarmed.
    Disarmed(bool),
}

impl Call {
    /// Makes this call.
    pub fn perform(&self, pump: &mut Pump) -> Answer {
        match self {
            Self::Tick(told) => Answer::Outputs(pump.tick(told.now, &told.inputs)),
            Self::Shown(regimen) => Answer::Snapshot(pump.snapshot(*regimen)),
            Self::Disarmed(at) => Answer::Disarmed(pump.disarm(*at).is_ok()),
        }
    }
}
