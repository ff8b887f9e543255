//! Three clocks: the simulation's, the pump's and the wall's.
//!
//! The simulation's clock is the report's: it starts at 0 and runs through everything, a
//! power cut included. The pump's own clock stands still while the power is off, and falls
//! back to its last checkpoint when it returns (off-time counts as zero, I13). The wall
//! clock only feeds strategies, and a scenario may set it wrong.

use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_prescription::{Zone, wall_clock};
use strategy_link::WallClock;

/// Inputs bind to instants that are whole multiples of this.
pub const GRID: Nanoseconds = Nanoseconds::from_millis(10);

/// The first instant of the grid that is not before `at`.
pub const fn on_grid(at: Nanoseconds) -> Nanoseconds {
    match at.0.checked_next_multiple_of(GRID.0) {
        Some(at) => Nanoseconds(at),
        None => Nanoseconds::MAX,
    }
}

/// The relation between the clocks.
#[derive(Clone, Debug)]
pub(crate) struct Clocks {
    /// The simulation's instant at which the pump's clock was `pump_from` …
    sim_from: Nanoseconds,
    /// … since when both have run alike.
    pump_from: MonoNs,
    wall_start_utc_s: u64,
    wall_jumped_ms: i128,
    /// Until then nobody knows whether the wall clock is right.
    wall_lost_until: Nanoseconds,
    zone: Option<Zone>,
}

impl Clocks {
    pub(crate) const fn new(wall_start_utc_s: u64, zone: Option<Zone>) -> Self {
        Self {
            sim_from: Nanoseconds::ZERO,
            pump_from: MonoNs(0),
            wall_start_utc_s,
            wall_jumped_ms: 0,
            wall_lost_until: Nanoseconds::ZERO,
            zone,
        }
    }

    /// The pump's clock at an instant of the simulation.
    pub(crate) const fn pump(&self, sim: Nanoseconds) -> MonoNs {
        self.pump_from
            .after(Nanoseconds(sim.0.saturating_sub(self.sim_from.0)))
    }

    /// The simulation's instant at an instant of the pump's clock. What lies before the
    /// last power cut is told as the return of the power.
    pub(crate) const fn sim(&self, pump: MonoNs) -> Nanoseconds {
        if pump.0 == MonoNs::NEVER.0 {
            return Nanoseconds::MAX;
        }
        self.sim_from.saturating_add(pump.since(self.pump_from))
    }

    /// The power returns at `sim`, with the pump's clock at `pump`.
    pub(crate) const fn power_returns(&mut self, sim: Nanoseconds, pump: MonoNs) {
        self.sim_from = sim;
        self.pump_from = pump;
    }

    /// Moves the wall clock, forward or back.
    pub(crate) const fn jump(&mut self, by_ms: i64) {
        self.wall_jumped_ms = self.wall_jumped_ms.saturating_add(by_ms as i128);
    }

    /// Nobody knows before `until` whether the wall clock is right.
    pub(crate) fn lose_wall(&mut self, until: Nanoseconds) {
        self.wall_lost_until = self.wall_lost_until.max(until);
    }

    /// The wall clock at an instant of the simulation; not before 1970.
    pub(crate) fn wall(&self, sim: Nanoseconds) -> WallClock {
        let elapsed_ms = i128::from(sim.0 / 1_000_000).saturating_add(self.wall_jumped_ms);
        let utc_s = i128::from(self.wall_start_utc_s).saturating_add(elapsed_ms.div_euclid(1_000));
        let utc_s = u64::try_from(utc_s.max(0)).unwrap_or(u64::MAX);
        wall_clock(self.zone.as_ref(), sim >= self.wall_lost_until, utc_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pumps_clock_stands_still_while_the_power_is_off() {
        let hour = Nanoseconds::from_hours;
        let mut clocks = Clocks::new(0, None);
        assert_eq!(clocks.pump(hour(5)), MonoNs(hour(5).0));

        // Cut at 5 h with the last checkpoint at 4 h; back at 7 h.
        clocks.power_returns(hour(7), MonoNs(hour(4).0));
        assert_eq!(clocks.pump(hour(8)), MonoNs(hour(5).0));
        assert_eq!(clocks.sim(MonoNs(hour(5).0)), hour(8));
        assert_eq!(clocks.sim(MonoNs(hour(1).0)), hour(7));
        assert_eq!(clocks.sim(MonoNs::NEVER), Nanoseconds::MAX);
    }

    #[test]
    fn the_wall_clock_jumps_alone_and_never_before_1970() {
        let mut clocks = Clocks::new(100, None);
        clocks.jump(-30_000);
        assert_eq!(clocks.wall(Nanoseconds::from_secs(10)).utc_s, 80);
        assert_eq!(
            clocks.pump(Nanoseconds::from_secs(10)),
            MonoNs(10_000_000_000)
        );
        clocks.jump(-3_600_000);
        assert_eq!(clocks.wall(Nanoseconds::from_secs(10)).utc_s, 0);
    }

    #[test]
    fn the_wall_clock_is_that_of_its_zone_and_good_unless_it_is_lost() {
        let zone = Zone::named("Asia/Kolkata");
        let mut clocks = Clocks::new(1_767_225_600, zone);
        let at = Nanoseconds::from_secs;
        assert_eq!(clocks.wall(at(1)).local_offset_s, 19_800);
        clocks.lose_wall(at(10));
        clocks.lose_wall(at(5));
        assert!(!clocks.wall(at(9)).good);
        assert!(clocks.wall(at(10)).good);
    }

    #[test]
    fn an_instant_binds_to_the_next_tick_of_the_grid() {
        assert_eq!(on_grid(Nanoseconds(0)), Nanoseconds(0));
        assert_eq!(on_grid(Nanoseconds(1)), GRID);
        assert_eq!(on_grid(GRID), GRID);
    }
}
