//! The strategies of the house as declarations, without their plugins.

use pump_core::quantity::Nanoseconds;
use pump_prescription::{Catalogue, CatalogueError};
use strategy_abi::Fraction;
use strategy_link::{Declaration, Kind, Param, Role};

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;
const MIN: u64 = 60 * S;
const HOUR: u64 = 60 * MIN;
const DAY: u64 = 24 * HOUR;

const fn whole(num: u64) -> Fraction {
    Fraction { num, den: 1 }
}

fn param(name: &str, kind: Kind, role: Role, min: Fraction, max: Fraction) -> Param {
    Param {
        name: name.into(),
        help: format!("the {name} of the test"),
        kind,
        role,
        required: true,
        default: None,
        min,
        max,
        period: Nanoseconds::ZERO,
        choices: Vec::new(),
    }
}

fn dose() -> Param {
    param(
        "dose",
        Kind::Dose,
        Role::MaxBolus,
        Fraction { num: 1, den: 1_000 },
        whole(1_000_000_000),
    )
}

fn over() -> Param {
    param(
        "over",
        Kind::Time,
        Role::BolusDuration,
        whole(S),
        whole(6 * HOUR),
    )
}

fn rate(name: &str) -> Param {
    // Up to 1500 mL/h.
    let max = Fraction {
        num: 1_500_000_000,
        den: HOUR,
    };
    param(name, Kind::Rate, Role::MaxBasal, whole(0), max)
}

/// The same without a role.
fn unbounding(mut param: Param) -> Param {
    param.role = Role::None;
    param
}

fn time(name: &str, min: u64, max: u64) -> Param {
    param(name, Kind::Time, Role::None, whole(min), whole(max))
}

fn optional(mut param: Param) -> Param {
    param.required = false;
    param.default = Some(param.min);
    param
}

/// The interval of what is given once.
fn century() -> Param {
    let century = whole(36_500 * DAY);
    optional(param(
        "never_again_for",
        Kind::Time,
        Role::Interval,
        century,
        century,
    ))
}

fn count(name: &str, max: u64, period: u64) -> Param {
    let mut count = param(name, Kind::Count, Role::MaxCount, whole(1), whole(max));
    count.period = Nanoseconds(period);
    count
}

fn choice(name: &str, words: &[&str]) -> Param {
    let last = u64::try_from(words.len()).expect("a few words") - 1;
    let mut choice = param(name, Kind::Choice, Role::None, whole(0), whole(last));
    choice.choices = words.iter().map(|word| (*word).to_owned()).collect();
    choice
}

fn flag(name: &str, role: Role) -> Param {
    param(name, Kind::Flag, role, whole(0), whole(1))
}

fn declaration(name: &str, params: Vec<Param>) -> Declaration {
    Declaration {
        name: name.into(),
        version: "1.0.0".into(),
        summary: "for tests".into(),
        params,
    }
}

/// A catalogue that needs no plugin.
pub(crate) struct Stub;

impl Catalogue for Stub {
    fn declaration(&self, name: &str) -> Result<Declaration, CatalogueError> {
        match name {
            "continuous" => Ok(declaration(name, vec![rate("rate")])),
            "intermittent-bolus" => Ok(declaration(
                name,
                vec![
                    dose(),
                    over(),
                    param(
                        "every",
                        Kind::Time,
                        Role::Interval,
                        whole(S),
                        whole(366 * DAY),
                    ),
                    param(
                        "first_after",
                        Kind::Time,
                        Role::None,
                        whole(0),
                        whole(366 * DAY),
                    ),
                ],
            )),
            "pca" => {
                let mut edge = param(
                    "lockout_edge",
                    Kind::Choice,
                    Role::LockoutEdge,
                    whole(0),
                    whole(1),
                );
                edge.choices = vec!["start-to-start".into(), "end-to-start".into()];
                Ok(declaration(
                    name,
                    vec![
                        dose(),
                        over(),
                        param("lockout", Kind::Time, Role::Lockout, whole(MIN), whole(DAY)),
                        edge,
                        flag("other_boluses_restart_lockout", Role::OthersRestartLockout),
                        flag("other_boluses_count", Role::OthersCount),
                        count("max_per_1h", 60, HOUR),
                        count("max_per_24h", 1_440, DAY),
                        optional(rate("basal")),
                    ],
                ))
            }
            "day-profile" => Ok(declaration(
                name,
                vec![
                    Param {
                        kind: Kind::Profile,
                        ..rate("profile")
                    },
                    choice("without_clock", &["stop", "lowest-rate", "hold-rate"]),
                    choice("on_clock_jump", &["follow", "distrust"]),
                ],
            )),
            "taper" => Ok(declaration(
                name,
                vec![
                    unbounding(rate("from")),
                    unbounding(rate("to")),
                    rate("highest"),
                    time("over", MIN, 365 * DAY),
                    param("steps", Kind::Count, Role::None, whole(1), whole(1_000)),
                ],
            )),
            "loading" => Ok(declaration(
                name,
                vec![
                    dose(),
                    over(),
                    flag("already_given", Role::None),
                    optional(time("after", 0, 7 * DAY)),
                    optional(rate("basal")),
                    century(),
                ],
            )),
            "pieb" => {
                let mut declared = self.declaration("pca")?;
                declared.name = name.into();
                declared.params.pop();
                declared.params.extend([
                    param(
                        "every",
                        Kind::Time,
                        Role::Interval,
                        whole(MIN),
                        whole(7 * DAY),
                    ),
                    time("first_after", 0, 7 * DAY),
                    param(
                        "demand_dose",
                        Kind::Dose,
                        Role::None,
                        dose().min,
                        dose().max,
                    ),
                    time("apart", S, DAY),
                ]);
                Ok(declared)
            }
            "pulse-train" => Ok(declaration(
                name,
                vec![
                    dose(),
                    over(),
                    time("every", S, HOUR),
                    param("closest", Kind::Time, Role::Interval, whole(S), whole(HOUR)),
                ],
            )),
            "broken" => Err(CatalogueError::Unusable(
                "the probe was killed by signal 11".into(),
            )),
            _ => Err(CatalogueError::Unknown),
        }
    }

    fn names(&self) -> Vec<String> {
        [
            "continuous",
            "day-profile",
            "intermittent-bolus",
            "loading",
            "pca",
            "pieb",
            "pulse-train",
            "taper",
        ]
        .map(String::from)
        .to_vec()
    }
}
