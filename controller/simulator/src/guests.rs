//! The strategies of the armed regimens: who is there, who answers.

use pump_core::order::{Order, RegimenId, Snapshot};
use pump_core::prescription::MAX_REGIMENS;
use pump_core::quantity::Nanoseconds;
use strategy_link::{WallClock, read_order, snapshot_message};

use crate::strategy::{Strategy, StrategyFault, StrategySource};

struct Guest {
    source: Box<dyn StrategySource>,
    /// Absent before the first arming, and once it broke.
    strategy: Option<Box<dyn Strategy>>,
    /// Does not answer before this instant.
    away_until: Nanoseconds,
    /// The daemon would find it dead at this instant, unless it is back by then.
    lapses_at: Nanoseconds,
    lapsed: bool,
}

impl Guest {
    fn is_away(&self, now: Nanoseconds) -> bool {
        self.strategy.is_none() || now < self.away_until
    }
}

/// The strategies, by regimen.
pub(crate) struct Guests(Vec<Guest>);

impl Guests {
    pub(crate) fn new(sources: Vec<Box<dyn StrategySource>>) -> Self {
        let guests = sources.into_iter().map(|source| Guest {
            source,
            strategy: None,
            away_until: Nanoseconds::ZERO,
            lapses_at: Nanoseconds::MAX,
            lapsed: false,
        });
        Self(guests.collect())
    }

    /// Makes every strategy afresh, as each arming does. One that is away stays away.
    ///
    /// # Errors
    ///
    /// The first regimen whose strategy can't be made, and why.
    pub(crate) fn create(&mut self) -> Result<(), (RegimenId, StrategyFault)> {
        for (n, guest) in (0..).zip(&mut self.0) {
            let made = guest
                .source
                .create()
                .map_err(|fault| (RegimenId(n), fault))?;
            guest.strategy = Some(made);
            guest.lapsed = false;
        }
        Ok(())
    }

    /// A strategy falls silent until an instant; it would be found dead at `lapses_at`.
    pub(crate) fn leave(
        &mut self,
        regimen: RegimenId,
        now: Nanoseconds,
        until: Nanoseconds,
        lapses_at: Nanoseconds,
    ) {
        if let Some(guest) = self.0.get_mut(usize::from(regimen.0)) {
            if !guest.is_away(now) {
                guest.lapses_at = lapses_at;
                guest.lapsed = false;
            }
            guest.away_until = guest.away_until.max(until);
        }
    }

    /// Delivery begins or goes on, and with it every lease: those that are away would be
    /// found dead at `lapses_at`. Which they are.
    pub(crate) fn begin(&mut self, now: Nanoseconds, lapses_at: Nanoseconds) -> Vec<RegimenId> {
        let away = (0..)
            .zip(&mut self.0)
            .filter(|(_, guest)| guest.is_away(now));
        away.map(|(n, guest)| {
            guest.lapses_at = lapses_at;
            guest.lapsed = false;
            RegimenId(n)
        })
        .collect()
    }

    /// The time has come to find a strategy dead, if it still does not answer.
    pub(crate) fn lapse(&mut self, regimen: RegimenId, now: Nanoseconds) {
        if let Some(guest) = self.0.get_mut(usize::from(regimen.0)) {
            guest.lapsed |= guest.is_away(now) && now >= guest.lapses_at;
        }
    }

    /// Those that are known dead.
    pub(crate) fn lost(&self, now: Nanoseconds) -> [bool; MAX_REGIMENS] {
        let mut lost = [false; MAX_REGIMENS];
        for (lost, guest) in lost.iter_mut().zip(&self.0) {
            *lost = guest.lapsed && guest.is_away(now);
        }
        lost
    }

    /// Shows a strategy a snapshot. `Ok(None)`: it is away.
    ///
    /// # Errors
    ///
    /// Where it broke just now: it is gone until the next arming.
    pub(crate) fn ask(
        &mut self,
        regimen: RegimenId,
        snapshot: &Snapshot,
        wall: &WallClock,
        now: Nanoseconds,
        lapses_at: Nanoseconds,
    ) -> Result<Option<Order>, StrategyFault> {
        let Some(guest) = self.0.get_mut(usize::from(regimen.0)) else {
            return Ok(None);
        };
        if guest.is_away(now) {
            return Ok(None);
        }
        guest.lapsed = false;
        let Some(strategy) = &mut guest.strategy else {
            return Ok(None);
        };
        let answer = strategy
            .step(&snapshot_message(snapshot, wall))
            .and_then(|message| {
                read_order(&message)
                    .map_err(|bad| StrategyFault(format!("its order is none: {bad}")))
            });
        if answer.is_err() {
            guest.strategy = None;
            guest.lapses_at = lapses_at;
        }
        answer.map(Some)
    }
}
