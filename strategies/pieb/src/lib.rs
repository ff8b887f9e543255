//! Programmed intermittent boluses with boluses on demand between them: the plugin behind
//! `strategy = "pieb"`.
//!
//! ```toml
//! [[regimen]]
//! name = "epidural"
//! strategy = "pieb"
//! dose = "4 mL"            # each programmed bolus
//! over = "8 min"           # each bolus, programmed or on demand
//! every = "60 min"         # from the start of one programmed bolus to the next
//! first_after = "30 min"   # from the start of the therapy
//! demand_dose = "2.5 mL"   # what a press gives, at most `dose`
//! apart = "10 min"         # from start to start of a programmed one and a demand's
//! lockout = "20 min"
//! lockout_edge = "start-to-start"
//! other_boluses_restart_lockout = true
//! other_boluses_count = false
//! max_per_1h = 2
//! max_per_24h = 20
//! ```
//!
//! A programmed bolus and a demand's never start closer together than `apart`, whichever
//! comes first:
//!
//! | what | when | becomes |
//! |---|---|---|
//! | a press | within `apart` after a programmed bolus | refused: `strategy` |
//! | a press | within the lockout, which demands begin | refused: `lockout` |
//! | a press | while any bolus runs or waits to | refused: `bolus-running` |
//! | a press | when a programmed bolus is due | refused: `strategy`; the programmed one is given |
//! | a press | at another time, however soon before a programmed bolus | given |
//! | a programmed bolus | within `apart` after a demand's | put off to the end of it |
//! | a programmed bolus | while any bolus runs or waits to | put off until the way is free |
//! | a programmed bolus | refused by the pump (a window is full, say) | left out |
//!
//! What is put off is not lost, and `every` counts from its real start, so two programmed
//! boluses never come closer than that. What is left out, cut or refused is never made up
//! for. `apart` is at most the lockout, so presses put a programmed bolus off by `apart` at
//! most; at most `every`, so there is a time for presses; and at least `over`.
//!
//! A programmed bolus does not begin the pump's lockout, and does not count toward
//! `max_per_1h` and `max_per_24h`: those are the patient's.
#![forbid(unsafe_code)]

use std::time::Duration;
use strategy_sdk::{
    BolusKind, BolusReport, Declaration, Demand, Order, Outcome, Param, Reason, Refused, Role,
    Snapshot, StateReader, StateWriter, Strategy, Values, Volume,
};

/// Programmed boluses, with boluses on demand between them.
#[derive(Debug)]
pub struct Pieb {
    dose: Volume,
    demand_dose: Volume,
    over: Duration,
    every: Duration,
    apart: Duration,
    /// When the next programmed bolus is due.
    due: Duration,
    /// Before this no demand is met.
    quiet_until: Duration,
    /// The snapshot whose answer asked for the last bolus, until its fate is known; else 0.
    asked: u64,
}

impl Pieb {
    /// Takes note of what became of the bolus that was asked for.
    fn learn(&mut self, now: Duration, bolus: BolusReport) {
        if bolus.seq != self.asked || bolus.outcome == Outcome::Pending {
            return;
        }
        self.asked = 0;
        let refused = bolus.outcome == Outcome::Refused;
        let apart = bolus.started.saturating_add(self.apart);
        match bolus.kind {
            BolusKind::Demand if !refused => self.due = self.due.max(apart),
            BolusKind::Demand => {}
            _ if !refused => {
                self.due = bolus.started.saturating_add(self.every);
                self.quiet_until = apart;
            }
            _ => {
                // It never began: presses need not keep away from it.
                self.quiet_until = Duration::ZERO;
                if bolus.reason == Some(Reason::BolusRunning) {
                    self.due = now;
                }
            }
        }
    }

    /// Why a press can't be met now.
    fn objection(&self, snapshot: &Snapshot) -> Option<Reason> {
        if snapshot.bolus_running() {
            return Some(Reason::BolusRunning);
        }
        if snapshot.lockout_left() > Duration::ZERO {
            return Some(Reason::Lockout);
        }
        // `lockout` in the record is the pump's own, and the operator can see that it is open.
        (snapshot.now() < self.quiet_until).then_some(Reason::Strategy)
    }

    fn answer(&mut self, snapshot: &Snapshot, demand: Demand) -> Order {
        match self.objection(snapshot) {
            Some(reason) => Order::nothing().refuse(demand, reason),
            None => {
                self.asked = snapshot.seq();
                Order::nothing().give(demand, self.demand_dose, self.over)
            }
        }
    }
}

impl Strategy for Pieb {
    const DECLARATION: Declaration = Declaration::new(
        "pieb",
        env!("CARGO_PKG_VERSION"),
        "Programmed boluses, with boluses on demand between them",
    )
    .param(
        Param::dose(
            "dose",
            "the volume or mass of each programmed bolus",
            Volume::nl(1),
            Volume::ml(1000),
        )
        .role(Role::MaxBolus),
    )
    .param(
        Param::time(
            "over",
            "the time over which a bolus is given, programmed or on demand",
            Duration::from_secs(1),
            hours(6),
        )
        .role(Role::BolusDuration),
    )
    .param(
        Param::time(
            "every",
            "the time from the start of one programmed bolus to the next",
            minutes(1),
            hours(24 * 7),
        )
        .role(Role::Interval),
    )
    .param(Param::time(
        "first_after",
        "the time from the start of the therapy to the first programmed bolus",
        Duration::ZERO,
        hours(24 * 7),
    ))
    .param(Param::dose(
        "demand_dose",
        "what one press gives, at most `dose`",
        Volume::nl(1),
        Volume::ml(1000),
    ))
    .param(Param::time(
        "apart",
        "from start to start of a programmed bolus and a demand's; from `over` to `lockout`, and at most `every`",
        Duration::from_secs(1),
        hours(24),
    ))
    .param(
        Param::time(
            "lockout",
            "the time without another dose on demand",
            minutes(1),
            hours(24),
        )
        .role(Role::Lockout),
    )
    .param(
        Param::choice(
            "lockout_edge",
            "whether the lockout counts from the start or the end of the last dose on demand",
            &["start-to-start", "end-to-start"],
        )
        .role(Role::LockoutEdge),
    )
    .param(
        Param::flag(
            "other_boluses_restart_lockout",
            "whether a clinician or loading bolus restarts the lockout",
        )
        .role(Role::OthersRestartLockout),
    )
    .param(
        Param::flag(
            "other_boluses_count",
            "whether a clinician or loading bolus counts toward the maxima",
        )
        .role(Role::OthersCount),
    )
    // With the shortest lockout there are never more than these.
    .param(
        Param::count("max_per_1h", "the most doses on demand in any hour", 1, 60)
            .role(Role::MaxCount(hours(1))),
    )
    .param(
        Param::count(
            "max_per_24h",
            "the most doses on demand in any 24 hours",
            1,
            60 * 24,
        )
        .role(Role::MaxCount(hours(24))),
    );

    fn new(values: &Values<'_>) -> Result<Self, Refused> {
        let pieb = Self {
            dose: values.dose("dose")?,
            demand_dose: values.dose("demand_dose")?,
            over: values.time("over")?,
            every: values.time("every")?,
            apart: values.time("apart")?,
            due: values.time("first_after")?,
            quiet_until: Duration::ZERO,
            asked: 0,
        };
        let apart = pieb.over..=values.time("lockout")?.min(pieb.every);
        let sound = pieb.demand_dose <= pieb.dose && apart.contains(&pieb.apart);
        sound.then_some(pieb).ok_or(Refused)
    }

    fn step(&mut self, snapshot: &Snapshot) -> Order {
        let now = snapshot.now();
        if let Some(bolus) = snapshot.bolus() {
            self.learn(now, bolus);
        }
        let order = if now >= self.due && !snapshot.bolus_running() {
            // A press shown just now is passed over, which the pump takes for a refusal.
            self.asked = snapshot.seq();
            self.due = now.saturating_add(self.every);
            self.quiet_until = now.saturating_add(self.apart);
            Order::nothing().bolus(self.dose, self.over)
        } else if let Some(demand) = snapshot.demand() {
            self.answer(snapshot, demand)
        } else {
            Order::nothing()
        };
        // What is due already waits for the end of a bolus, at which a snapshot comes.
        match self.due.saturating_sub(now) {
            Duration::ZERO => order,
            left => order.wake_in(left),
        }
    }

    fn save(&self, state: &mut StateWriter<'_>) {
        state.time(self.due);
        state.time(self.quiet_until);
        state.number(self.asked);
    }

    fn load(&mut self, state: &mut StateReader<'_>) -> Result<(), Refused> {
        self.due = state.time()?;
        self.quiet_until = state.time()?;
        self.asked = state.number()?;
        Ok(())
    }
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

const fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

strategy_sdk::export!(Pieb);
