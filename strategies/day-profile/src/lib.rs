//! A rate for each time of the week, by local time: the plugin behind `strategy = "day-profile"`.
//!
//! ```toml
//! time_zone = "Europe/Berlin"
//!
//! [[regimen]]
//! name = "background"
//! strategy = "day-profile"
//! without_clock = "lowest-rate"
//! on_clock_jump = "follow"
//! profile = [
//!     { days = "mon-sun", at = "00:00", rate = "20 uL/h" },
//!     { days = "mon-fri", at = "06:30", rate = "45 uL/h" },
//!     { days = "sat, sun", at = "09:00", rate = "35 uL/h" },
//!     { days = "mon-sun", at = "22:00", rate = "20 uL/h" },
//! ]
//! ```
//!
//! A row holds from its time until the next row of the same day, and each day begins with one of
//! its own. The times are those of a clock on the wall: of the hour that daylight saving leaves
//! out, what would have begun in it begins at its end; an hour that comes twice has its rates
//! twice. The clock counts whole seconds, so a step may come a second late and never early.
//!
//! The clock decides which rate holds and nothing else: a jump of it changes the rate and can't
//! bring a bolus, and lockouts and windows don't go by it. It may be missing or wrong all the
//! same, and what happens then is not guessed:
//!
//! - `without_clock`: while nobody vouches for the clock, as after power-up without a network,
//!   `stop` gives nothing, `lowest-rate` the lowest of the week, and `hold-rate` what was given
//!   last by a good clock (nothing, where there was none since the start).
//! - `on_clock_jump`: where a clock that is called good goes more than a minute otherwise than
//!   the pump's own, `follow` takes the rate of the time that it shows now; `distrust` takes it
//!   for no clock until it is back, or the prescription is armed anew. It need not have been wrong
//!   before: a machine that was set right at last jumps too.
#![forbid(unsafe_code)]

use std::time::Duration;
use strategy_sdk::{
    Declaration, Order, Param, Profile, Rate, Refused, Role, Snapshot, StateReader, StateWriter,
    Strategy, Values, WallClock,
};

/// A rate for each time of the week.
#[derive(Debug)]
pub struct DayProfile {
    profile: Profile,
    without_clock: u32,
    distrusts_jumps: bool,
    /// The step that held last by a good clock.
    held: Option<usize>,
    /// When the pump's clock stood at zero, by the last clock that was trusted; in seconds.
    start_utc_s: Option<u64>,
}

impl DayProfile {
    /// The clock, unless it is to be taken for none.
    fn trusted(&mut self, snapshot: &Snapshot) -> Option<WallClock> {
        let clock = snapshot.wall_clock()?;
        // Modulo 2⁶⁴, as a clock may show less than the pump has run.
        let start = clock.utc_s.wrapping_sub(snapshot.now().as_secs());
        let apart = self.start_utc_s.map_or(0, |known| {
            start.wrapping_sub(known).min(known.wrapping_sub(start))
        });
        if self.distrusts_jumps && apart > MOST_APART_S {
            return None;
        }
        // Clocks drift: each time it is trusted, it is trusted from there.
        self.start_utc_s = Some(start);
        Some(clock)
    }

    fn rate(&self, step: Option<usize>) -> Rate {
        let step = step.and_then(|step| self.profile.steps().get(step));
        step.map_or(Rate::ZERO, |step| step.rate)
    }
}

impl Strategy for DayProfile {
    const DECLARATION: Declaration = Declaration::new(
        "day-profile",
        env!("CARGO_PKG_VERSION"),
        "A rate for each time of the week, by local time",
    )
    .param(
        Param::profile(
            "profile",
            "on which days from when which rate is given",
            Rate::ZERO,
            FASTEST,
        )
        .role(Role::MaxBasal),
    )
    .param(Param::choice(
        "without_clock",
        "what is given while nobody vouches for the wall clock",
        &["stop", "lowest-rate", "hold-rate"],
    ))
    .param(Param::choice(
        "on_clock_jump",
        "whether a wall clock that was set by more than a minute is followed or taken for none",
        &["follow", "distrust"],
    ));

    fn new(values: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self {
            profile: values.profile("profile")?,
            without_clock: values.choice("without_clock")?,
            distrusts_jumps: values.choice("on_clock_jump")? == 1,
            held: None,
            start_utc_s: None,
        })
    }

    fn step(&mut self, snapshot: &Snapshot) -> Order {
        let Some(clock) = self.trusted(snapshot) else {
            return Order::basal(match self.without_clock {
                0 => Rate::ZERO,
                1 => self.profile.lowest(),
                _ => self.rate(self.held),
            });
        };
        let now = clock.time_of_week();
        self.held = Some(self.profile.index_at(now));
        let next = self.profile.until_next(now);
        // When the clock changes, the next step is nearer or further by then.
        let change = clock.until_offset_change().unwrap_or(next);
        Order::basal(self.rate(self.held)).wake_in(next.min(change).max(SECOND))
    }

    fn save(&self, state: &mut StateWriter<'_>) {
        state.number(self.held.map_or(0, |step| step as u64 + 1));
        state.number(u64::from(self.start_utc_s.is_some()));
        state.number(self.start_utc_s.unwrap_or(0));
    }

    fn load(&mut self, state: &mut StateReader<'_>) -> Result<(), Refused> {
        let step = state.number()?.checked_sub(1);
        self.held = step.map(usize::try_from).transpose().map_err(|_| Refused)?;
        let known = match state.number()? {
            0 => false,
            1 => true,
            _ => return Err(Refused),
        };
        self.start_utc_s = Some(state.number()?).filter(|_| known);
        let there = |step: usize| step < self.profile.steps().len();
        self.held.is_none_or(there).then_some(()).ok_or(Refused)
    }
}

const SECOND: Duration = Duration::from_secs(1);

/// A clock that was set by no more than this has not jumped.
const MOST_APART_S: u64 = 60;

/// The fastest rate any pump of this kind gives (requirement D02).
const FASTEST: Rate = Rate::ml_per_h(1500);

strategy_sdk::export!(DayProfile);
