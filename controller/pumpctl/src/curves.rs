//! What the pictures of a stretch of the journal are drawn from, in bounded memory. Drawing
//! alone is done in floats: no figure that is told comes from here.

use std::collections::BTreeMap;

use pump_prescription::Exact;

use crate::fact::{Event, Status};

/// More points than this are thinned; no picture shows more.
const MOST_POINTS: usize = 8_192;
/// More boluses than this are not drawn one by one.
const MOST_PIECES: usize = 8_192;

/// An instant of the pump's clock in nanoseconds, and a figure.
pub(crate) type Point = (u64, f64);

/// A time in which a bolus flowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Piece {
    pub(crate) from_ns: u64,
    pub(crate) to_ns: u64,
    /// Its mean rate, in nanolitres a nanosecond.
    pub(crate) rate: f64,
}

/// A curve that is thinned where it grows too long.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Curve(pub(crate) Vec<Point>);

impl Curve {
    fn push(&mut self, at_ns: u64, value: f64) {
        if self.0.len() >= MOST_POINTS {
            // Of each two the higher: what came near a cap must be seen.
            let pairs = self.0.chunks(2);
            let higher = |pair: &[Point]| pair.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
            self.0 = pairs.filter_map(higher).collect();
        }
        self.0.push((at_ns, value));
    }
}

/// A bolus under way.
#[derive(Clone, Debug, Default, PartialEq)]
struct Flowing {
    since_ns: Option<u64>,
    pieces: Vec<(u64, u64)>,
}

/// The curves of a stretch.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Curves {
    /// The basal of all regimens, in nanolitres a nanosecond, from this instant on.
    pub(crate) basal: Curve,
    pub(crate) pieces: Vec<Piece>,
    /// Delivered since the stretch began, in nanolitres.
    pub(crate) volume: Curve,
    /// What the windows of 1, 4 and 24 h hold, in percent of their caps.
    pub(crate) windows: [Curve; 3],
    /// When boluses began, and when one was refused.
    pub(crate) given: Curve,
    pub(crate) refused: Curve,
    regimens: BTreeMap<String, f64>,
    flowing: BTreeMap<u64, Flowing>,
    /// Nanolitres of what was armed before, the arming, and its steps when the stretch began.
    before_nl: f64,
    arming: Option<(u64, u64)>,
}

impl Curves {
    /// What was armed before the stretch began.
    pub(crate) fn open(&mut self, status: &Status, per_step: Exact) {
        let delivered = status.ledger.map_or(0, |ledger| ledger.delivered);
        self.arming = Some((status.arming, delivered));
        self.status(status, per_step);
    }

    /// How things are.
    pub(crate) fn status(&mut self, status: &Status, per_step: Exact) {
        if let Some(ledger) = status.ledger {
            let before = match self.arming {
                Some((arming, before)) if arming == status.arming => before,
                _ => {
                    self.before_nl = self.volume.0.last().map_or(0.0, |(_, nl)| *nl);
                    self.arming = Some((status.arming, 0));
                    0
                }
            };
            let steps = ledger.delivered.saturating_sub(before);
            let nl = self.before_nl + steps as f64 * float(per_step);
            self.volume.push(status.pump_ns, nl);
        }
        for (curve, window) in self.windows.iter_mut().zip(status.windows.iter().flatten()) {
            if let Some(cap) = window.cap {
                let share = window.given as f64 / cap.max(1) as f64 * 100.0;
                curve.push(status.pump_ns, share);
            }
        }
        if status.state != "infusing" && !self.regimens.is_empty() {
            self.regimens.clear();
            self.basal.push(status.pump_ns, 0.0);
        }
    }

    /// An event of this kind.
    pub(crate) fn event(&mut self, kind: &str, event: &Event, per_step: Option<Exact>) {
        let now = event.pump_ns;
        match (kind, event.bolus) {
            ("basal", _) => {
                let rate = event.granted_nl_per_ns.map_or(0.0, |rate| float(rate.0));
                let regimen = event.regimen.clone().unwrap_or_default();
                self.regimens.insert(regimen, rate);
                self.basal.push(now, self.regimens.values().sum());
            }
            ("state", _) if event.to.as_deref() != Some("infusing") => {
                self.regimens.clear();
                self.basal.push(now, 0.0);
            }
            ("demand-refused" | "bolus-refused", _) => self.refused.push(now, 0.0),
            ("bolus-started", Some(bolus)) => {
                self.given.push(now, 0.0);
                self.flowing.entry(bolus).or_default().since_ns = Some(now);
            }
            ("bolus-suspended", Some(bolus)) => self.rest(bolus, now),
            ("bolus-resumed", Some(bolus)) => {
                self.flowing.entry(bolus).or_default().since_ns = Some(now);
            }
            ("bolus-ended", Some(bolus)) => {
                self.rest(bolus, now);
                let Some(flowing) = self.flowing.remove(&bolus) else {
                    return;
                };
                let steps = event.delivered_steps.unwrap_or(0) as f64;
                let nl = per_step.map_or(0.0, |step| steps * float(step));
                self.draw(&flowing.pieces, nl);
            }
            _ => {}
        }
    }

    fn rest(&mut self, bolus: u64, now: u64) {
        if let Some(flowing) = self.flowing.get_mut(&bolus)
            && let Some(since) = flowing.since_ns.take()
        {
            flowing.pieces.push((since, now));
        }
    }

    fn draw(&mut self, pieces: &[(u64, u64)], nl: f64) {
        let length = |(from, to): &(u64, u64)| to.saturating_sub(*from) as f64;
        let total: f64 = pieces.iter().map(length).sum();
        if self.pieces.len() >= MOST_PIECES || total <= 0.0 {
            return;
        }
        self.pieces.extend(pieces.iter().map(|(from, to)| Piece {
            from_ns: *from,
            to_ns: *to,
            rate: nl / total,
        }));
    }

    /// The rate of basal and boluses together wherever it changes, from its first change on.
    pub(crate) fn rate(&self) -> Vec<Point> {
        // Each change of the basal or of what the boluses add, at its instant.
        let mut changes: Vec<(u64, f64)> = Vec::new();
        let mut last = 0.0;
        for (at, basal) in &self.basal.0 {
            changes.push((*at, basal - last));
            last = *basal;
        }
        for piece in &self.pieces {
            changes.push((piece.from_ns, piece.rate));
            changes.push((piece.to_ns, -piece.rate));
        }
        changes.sort_by_key(|(at, _)| *at);
        let mut rate = 0.0;
        let mut points: Vec<Point> = Vec::new();
        for (at, change) in changes {
            rate += change;
            // What is left of adding and taking away the same is no rate.
            let shown = if rate < 1e-15 { 0.0 } else { rate };
            match points.last_mut() {
                Some(point) if point.0 == at => point.1 = shown,
                _ => points.push((at, shown)),
            }
        }
        points
    }
}

fn float(exact: Exact) -> f64 {
    exact.num() as f64 / exact.den() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_thinned_and_keeps_its_peaks() {
        let mut curve = Curve::default();
        for at in 0..100_000_u64 {
            curve.push(at, if at == 5_001 { 99.0 } else { 1.0 });
        }
        assert!(curve.0.len() <= MOST_POINTS, "{}", curve.0.len());
        assert!(curve.0.contains(&(5_001, 99.0)));
    }
}
