//! What a strategy is tried with: values of its parameters, and numbers that nobody would think
//! of.

use super::{Prescribed, Story};
use crate::{Profile, Strategy, Value, declare};
use strategy_abi as abi;
use strategy_abi::Fraction;

/// Prescriptions out of the declaration that the strategy takes: as on a bench, with every
/// value at its least, and with each at its most.
pub(super) fn prescriptions<S: Strategy>() -> Vec<Prescribed<S>> {
    let declared = S::DECLARATION;
    let set = |of: &dyn Fn(&abi::Param) -> Fraction| {
        let mut prescribed = Story::<S>::without_values();
        for param in declared.params() {
            let name = String::from_utf8_lossy(declare::text(&param.name)).into_owned();
            if param.kind == abi::KIND_PROFILE {
                prescribed = prescribed.with_steps(&name, week(param, of(param)));
            } else if let Some(value) = Value::read(param.kind, of(param)) {
                prescribed = prescribed.with(&name, value);
            }
        }
        prescribed
    };
    let mut sets = vec![
        set(&|param| usual(param, 0)),
        set(&|param| usual(param, 1)),
        set(&|param| param.min),
        set(&|param| param.max),
    ];
    sets.extend((0..declared.params().len()).flat_map(|index| {
        let lone = |end: fn(&abi::Param) -> Fraction| {
            set(&|param| match declared.params().get(index) {
                Some(chosen) if chosen.name == param.name => end(param),
                _ => usual(param, 0),
            })
        };
        [lone(|param| param.min), lone(|param| param.max)]
    }));
    sets.retain(Prescribed::is_accepted);
    assert!(
        !sets.is_empty(),
        "the strategy refuses every set of values that was tried: as usual, each at its least, \
         each at its most"
    );
    sets
}

/// A week of which every day goes from the least rate to this one and half way back.
fn week(param: &abi::Param, rate: Fraction) -> Profile {
    let half = Fraction {
        num: rate.num / 2,
        ..rate
    };
    let half = match above(param.min, half) {
        true => param.min,
        false => half,
    };
    let day = |day: u64| {
        [
            (0, param.min),
            (6 * 3_600, rate),
            (22 * 3_600 + 1_800, half),
        ]
        .map(|(at, rate)| {
            let at = Fraction {
                num: day * 86_400 + at,
                den: 1,
            };
            [at, rate]
        })
    };
    let steps: Vec<[Fraction; 2]> = (0..7).flat_map(day).collect();
    Profile::new(&steps).expect("a whole week")
}

fn above(a: Fraction, b: Fraction) -> bool {
    // 64 × 64 bits always fit into 128.
    u128::from(a.num).saturating_mul(u128::from(b.den))
        > u128::from(b.num).saturating_mul(u128::from(a.den))
}

/// A value as a prescription for a bench would have it, within the declared range.
fn usual(param: &abi::Param, variant: usize) -> Fraction {
    let of = |choices: [u64; 2]| choices.get(variant).copied().unwrap_or_default();
    let nanoseconds = |minutes: [u64; 2]| of(minutes).saturating_mul(60_000_000_000);
    let (num, den) = match (param.kind, param.role) {
        (abi::KIND_RATE | abi::KIND_PROFILE, _) => (of([10, 1]), 3_600_000),
        (abi::KIND_DOSE, _) => (of([100_000, 20_000]), 1),
        (abi::KIND_TIME, abi::ROLE_BOLUS_DURATION) => (nanoseconds([2, 1]), 1),
        (abi::KIND_TIME, abi::ROLE_INTERVAL) => (nanoseconds([60, 15]), 1),
        (abi::KIND_TIME, _) => (nanoseconds([10, 3]), 1),
        (abi::KIND_COUNT, _) => (of([4, 2]), 1),
        (abi::KIND_FLAG, _) => (of([1, 0]), 1),
        _ => (0, 1),
    };
    let wanted = Fraction { num, den };
    if above(param.min, wanted) {
        param.min
    } else if above(wanted, param.max) {
        param.max
    } else {
        wanted
    }
}

/// A number for each call: the same ones every time.
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn next(&mut self) -> u64 {
        // Knuth's multiplier; its upper bits are good enough to turn others.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 16
    }

    /// Of any size: small ones, large ones, none.
    pub(super) fn any(&mut self) -> u64 {
        let bits = self.next() % 66;
        match bits {
            0 => 0,
            65 => u64::MAX,
            bits => (self.next() << 16 | self.next()) >> (64 - bits),
        }
    }
}
