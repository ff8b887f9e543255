//! Values of the parameters to try a strategy with, out of what it declares.

use pump_simulator::presses::SplitMix64;
use strategy_abi::Fraction;
use strategy_link::{Declaration, Kind, Param, Role, compare, whole};

/// One value per declared parameter, and the steps of a profile behind them.
pub(crate) type Values = Vec<Fraction>;

const MIN: u64 = 60_000_000_000;

/// Three sets as a prescription for a bench would have them: small enough to be simulated
/// quickly, and so that within an hour everything happens.
pub(crate) fn usual(declared: &Declaration, variant: usize) -> Values {
    let params = declared.params.iter();
    whole_of(
        declared,
        params.map(|param| usual_of(param, variant)).collect(),
    )
}

/// The values with a week behind them, where there is a profile: what was chosen for it is the
/// highest rate, and the value then says how many steps there are.
fn whole_of(declared: &Declaration, mut values: Values) -> Values {
    let Some((index, param)) = declared.profile() else {
        return values;
    };
    let Some(place) = values.get_mut(index) else {
        return values;
    };
    let highest = *place;
    // Of the highest rate some eighths, as many in some order each day.
    let part = |eighths: u64| {
        let den = highest.den.saturating_mul(8);
        let num = highest.num.saturating_mul(eighths);
        within(param, Fraction { num, den })
    };
    const HOUR_S: u64 = 3_600;
    let mut steps = Vec::new();
    for day in 0..7 {
        for (hour, rate) in [
            (0, part(1)),
            (6, part(day + 1)),
            (12, highest),
            (22, part(3)),
        ] {
            let num = (day * 24 + hour) * HOUR_S;
            steps.extend([Fraction { num, den: 1 }, rate]);
        }
    }
    *place = Fraction { num: 28, den: 1 };
    values.extend(steps);
    values
}

fn usual_of(param: &Param, variant: usize) -> Fraction {
    let of = |choices: [u64; 3]| choices.get(variant % 3).copied().unwrap_or_default();
    let num = match (param.kind, param.role) {
        // 1 nL in 360 ms is 10 mL/h.
        (Kind::Rate | Kind::Profile, _) => {
            let num = of([10, 1, 40]);
            return within(
                param,
                Fraction {
                    num,
                    den: 3_600_000,
                },
            );
        }
        (Kind::Dose, _) => of([100_000, 20_000, 250_000]),
        (Kind::Time, Role::BolusDuration) => of([2, 1, 4]) * MIN,
        (Kind::Time, Role::Interval) => of([15, 7, 45]) * MIN,
        (Kind::Time, _) => of([10, 3, 20]) * MIN,
        (Kind::Count, _) => of([4, 2, 30]),
        (Kind::Choice, _) => of([0, 1, 3]),
        (Kind::Flag, _) => of([1, 0, 1]),
    };
    within(param, Fraction { num, den: 1 })
}

fn within(param: &Param, value: Fraction) -> Fraction {
    if compare(value, param.min) == Some(std::cmp::Ordering::Less) {
        param.min
    } else if compare(value, param.max) == Some(std::cmp::Ordering::Greater) {
        param.max
    } else {
        value
    }
}

/// The defaults, every parameter at its least and at its most, and each alone there with the
/// others as usual.
pub(crate) fn corners(declared: &Declaration) -> Vec<Values> {
    let all = |of: fn(&Param) -> Fraction| declared.params.iter().map(of).collect::<Values>();
    let usual = all(|param| usual_of(param, 0));
    let defaults = declared.params.iter().zip(&usual);
    let defaults = defaults.map(|(param, &usual)| param.default.unwrap_or(usual));
    let mut corners = vec![defaults.collect(), all(|p| p.min), all(|p| p.max)];
    for (index, param) in declared.params.iter().enumerate() {
        for end in [param.min, param.max] {
            let mut values = usual.clone();
            if let Some(value) = values.get_mut(index) {
                *value = end;
            }
            corners.push(values);
        }
    }
    let corners = corners.into_iter();
    corners.map(|values| whole_of(declared, values)).collect()
}

/// Values by chance: mostly as usual, now and then at an end of their range, now and then
/// anywhere in between.
pub(crate) fn drawn(declared: &Declaration, random: &mut SplitMix64) -> Values {
    let params = declared.params.iter();
    let values = params
        .map(|param| match random.below(8) {
            0 => param.min,
            1 if matches!(param.kind, Kind::Count | Kind::Choice | Kind::Flag) => param.max,
            2 => between(param, random),
            _ => usual_of(param, usize::try_from(random.below(3)).unwrap_or(0)),
        })
        .collect();
    whole_of(declared, values)
}

/// Anywhere between the least and a few times the usual, on a grid that a file could write.
fn between(param: &Param, random: &mut SplitMix64) -> Fraction {
    let usual = usual_of(param, 2);
    match param.kind {
        Kind::Rate | Kind::Dose | Kind::Profile => {
            let num = random.below(usual.num.saturating_mul(2)).saturating_add(1);
            within(param, Fraction { num, ..usual })
        }
        Kind::Time => {
            const TICK: u64 = 10_000_000;
            let ticks = random
                .below(usual.num.saturating_mul(2) / TICK)
                .saturating_add(1);
            within(
                param,
                Fraction {
                    num: ticks.saturating_mul(TICK),
                    den: 1,
                },
            )
        }
        Kind::Count | Kind::Choice | Kind::Flag => {
            let most = whole(param.max).unwrap_or(0).min(100);
            within(
                param,
                Fraction {
                    num: random.below(most + 1),
                    den: 1,
                },
            )
        }
    }
}

/// In words for a story: `rate = 1/360000 nL/ns, count = 4`.
pub(crate) fn told(declared: &Declaration, values: &Values) -> String {
    let each = declared.params.iter().zip(values);
    let each = each.map(|(param, &value)| {
        let unit = match param.kind {
            Kind::Dose => " nL",
            Kind::Rate => " mL/h",
            Kind::Time => " s",
            Kind::Count | Kind::Flag => "",
            Kind::Profile => " steps",
            Kind::Choice => {
                let index = whole(value).and_then(|index| usize::try_from(index).ok());
                let word = index.and_then(|index| param.choices.get(index));
                return format!("{} = {}", param.name, word.map_or("?", String::as_str));
            }
        };
        let scaled = match param.kind {
            Kind::Rate => value.num as f64 * 3_600_000.0 / value.den as f64,
            Kind::Time => value.num as f64 / 1e9,
            _ => value.num as f64 / value.den as f64,
        };
        format!("{} = {scaled}{unit}", param.name)
    });
    each.collect::<Vec<_>>().join(", ")
}
