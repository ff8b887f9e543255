//! A train of tiny boluses that never drifts: the plugin behind `strategy = "pulse-train"`.
//!
//! ```toml
//! [[regimen]]
//! name = "drops"
//! strategy = "pulse-train"
//! dose = "250 nL"          # of each pulse; a whole number of motor steps loses nothing
//! over = "5 s"
//! every = "20 s"           # 4320 pulses a day
//! closest = "18 s"         # from start to start, from `over` to `every`
//! ```
//!
//! Pulse `k` belongs to the time `k × every` on the therapy clock, the first one to the
//! start. Nothing that happens to one pulse moves another: where `every` is no whole number
//! of the pump's ticks, each pulse comes at the first tick after its own time, after a year
//! as after a minute.
//!
//! A pulse may be late by `every − closest` at most: by a busy processor, or because another
//! bolus is in its way. If it can't begin by then it is left out, and so is one that the pump
//! refuses or that falls into a pause. What is left out is never made up for. Two pulses never
//! come closer than `closest`, to which the envelope holds the regimen; with `closest` equal
//! to `every` a pulse is on time or left out.
//!
//! `intermittent-bolus` is for the other wish: there a bolus is put off and the schedule
//! with it.
#![forbid(unsafe_code)]

use std::time::Duration;
use strategy_sdk::{
    Declaration, Order, Param, Refused, Role, Snapshot, StateReader, StateWriter, Strategy, Values,
    Volume,
};

/// A train of tiny boluses.
#[derive(Debug)]
pub struct PulseTrain {
    dose: Volume,
    over: Duration,
    every: Duration,
    /// How late a pulse may begin.
    slack: Duration,
    /// The first pulse that was not asked for yet; those that are past are left out.
    next: u64,
}

impl Strategy for PulseTrain {
    const DECLARATION: Declaration = Declaration::new(
        "pulse-train",
        env!("CARGO_PKG_VERSION"),
        "A train of tiny boluses that never drifts",
    )
    .param(
        Param::dose(
            "dose",
            "the volume or mass of each pulse",
            Volume::nl(1),
            Volume::ml(1),
        )
        .role(Role::MaxBolus),
    )
    .param(
        Param::time(
            "over",
            "the time over which a pulse is given",
            Duration::from_millis(10),
            HOUR,
        )
        .role(Role::BolusDuration),
    )
    .param(Param::time(
        "every",
        "the time between the times of two pulses",
        SECOND,
        HOUR,
    ))
    .param(
        Param::time(
            "closest",
            "the shortest from one start to the next: a pulse later than the rest of `every` is left out",
            SECOND,
            HOUR,
        )
        .role(Role::Interval),
    );

    fn new(values: &Values<'_>) -> Result<Self, Refused> {
        let (over, closest) = (values.time("over")?, values.time("closest")?);
        let every = values.time("every")?;
        if closest < over {
            return Err(Refused);
        }
        Ok(Self {
            dose: values.dose("dose")?,
            over,
            every,
            slack: every.checked_sub(closest).ok_or(Refused)?,
            next: 0,
        })
    }

    fn step(&mut self, snapshot: &Snapshot) -> Order {
        let (now, every) = (nanoseconds(snapshot.now()), nanoseconds(self.every));
        // `every` is a second at least.
        let pulse = now.checked_div(every).unwrap_or(0);
        let late = Duration::from_nanos(now.checked_rem(every).unwrap_or(0));
        let mut order = Order::nothing();
        // A snapshot comes when what is in the way has ended, perhaps in time.
        if pulse >= self.next && late <= self.slack && !snapshot.bolus_running() {
            self.next = pulse.saturating_add(1);
            order = order.bolus(self.dose, self.over);
        }
        order.wake_in(self.every.saturating_sub(late))
    }

    fn save(&self, state: &mut StateWriter<'_>) {
        state.number(self.next);
    }

    fn load(&mut self, state: &mut StateReader<'_>) -> Result<(), Refused> {
        self.next = state.number()?;
        Ok(())
    }
}

/// Whole nanoseconds, of which the therapy clock holds 584 years.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);

strategy_sdk::export!(PulseTrain);
