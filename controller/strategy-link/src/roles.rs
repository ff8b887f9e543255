//! The rules that make an envelope derivable: which kind a role needs, which range the
//! pump serves, and which roles go together.

use crate::declaration::{Kind, Param, Role};
use crate::flaw::{DeclarationError, Flaw, Place};
use crate::whole;
use pump_core::prescription::MAX_COUNTS;
use pump_core::quantity::Nanoseconds;
use strategy_abi::Fraction;

/// The choices of a [`Role::LockoutEdge`], in this order.
pub const LOCKOUT_EDGES: [&str; 2] = ["start-to-start", "end-to-start"];

/// The shortest and the longest lockout there is (requirement D05).
pub const LOCKOUT_RANGE: (Nanoseconds, Nanoseconds) =
    (Nanoseconds::from_mins(1), Nanoseconds::from_hours(24));

/// The shortest and the longest time over which a bolus is given (requirement D04).
pub const BOLUS_DURATION_RANGE: (Nanoseconds, Nanoseconds) =
    (Nanoseconds(1), Nanoseconds::from_hours(6));

const LONGEST_PERIOD: Nanoseconds = Nanoseconds::from_hours(24);

/// The kind a role needs; `None`: any.
const fn kind_of(role: Role) -> Option<Kind> {
    match role {
        Role::None => None,
        Role::MaxBasal => Some(Kind::Rate),
        Role::MaxBolus => Some(Kind::Dose),
        Role::BolusDuration | Role::Lockout | Role::Interval => Some(Kind::Time),
        Role::LockoutEdge => Some(Kind::Choice),
        Role::MaxCount => Some(Kind::Count),
        Role::OthersRestartLockout | Role::OthersCount => Some(Kind::Flag),
    }
}

/// Checks one parameter's role, given those declared before it.
pub(crate) fn check_param(param: &Param, before: &[Param]) -> Result<(), Flaw> {
    let Param {
        role, kind: has, ..
    } = *param;
    // The highest rate of a profile bounds the basal as well as a rate does.
    let by_profile = role == Role::MaxBasal && has == Kind::Profile;
    if let Some(needs) = kind_of(role)
        && needs != has
        && !by_profile
    {
        return Err(Flaw::RoleKind { role, needs, has });
    }
    let mut same = before
        .iter()
        .filter(|other| other.role == role && role != Role::None);
    if role == Role::MaxCount {
        if param.period == Nanoseconds::ZERO || param.period > LONGEST_PERIOD {
            return Err(Flaw::BadPeriod);
        }
        if same.clone().count() >= MAX_COUNTS {
            return Err(Flaw::TooManyCounts);
        }
        if same.any(|other| other.period == param.period) {
            return Err(Flaw::DuplicatePeriod);
        }
    } else {
        if param.period != Nanoseconds::ZERO {
            return Err(Flaw::PeriodWithoutCount);
        }
        if same.next().is_some() {
            return Err(Flaw::DuplicateRole(role));
        }
    }
    if role == Role::LockoutEdge && param.choices != LOCKOUT_EDGES {
        return Err(Flaw::BadEdges);
    }
    let within = |(low, high): (Nanoseconds, Nanoseconds)| {
        let time = |value: Fraction| whole(value).map(Nanoseconds);
        time(param.min).is_some_and(|min| min >= low)
            && time(param.max).is_some_and(|max| max <= high)
    };
    let (served, allowed) = match role {
        Role::Lockout => (within(LOCKOUT_RANGE), "1 min to 24 h"),
        Role::BolusDuration => (within(BOLUS_DURATION_RANGE), "1 ns to 6 h"),
        Role::Interval => (within((Nanoseconds(1), Nanoseconds::MAX)), "1 ns upward"),
        _ => (true, ""),
    };
    if !served {
        return Err(Flaw::RoleRange { role, allowed });
    }
    Ok(())
}

/// Checks that every role has the company it needs.
pub(crate) fn check_together(params: &[Param]) -> Result<(), DeclarationError> {
    let has = |role| params.iter().any(|param| param.role == role);
    for (index, param) in params.iter().enumerate() {
        let role = param.role;
        let needs: &[(bool, &'static str)] = &match role {
            Role::None | Role::MaxBasal => vec![],
            Role::MaxBolus => vec![
                (has(Role::BolusDuration), "a bolus-duration"),
                (
                    has(Role::Lockout) || has(Role::Interval),
                    "a lockout (to answer demands) or an interval (to give boluses unasked)",
                ),
            ],
            Role::BolusDuration | Role::Interval => vec![(has(Role::MaxBolus), "a max-bolus")],
            Role::Lockout => vec![
                (has(Role::MaxBolus), "a max-bolus"),
                (has(Role::LockoutEdge), "a lockout-edge"),
                (has(Role::OthersRestartLockout), "an others-restart-lockout"),
                (has(Role::OthersCount), "an others-count"),
            ],
            Role::LockoutEdge | Role::MaxCount | Role::OthersRestartLockout | Role::OthersCount => {
                vec![(has(Role::Lockout), "a lockout")]
            }
        };
        if let Some(&(_, needs)) = needs.iter().find(|(there, _)| !there) {
            return Err(DeclarationError {
                place: Place::Param(index, Some(param.name.clone())),
                flaw: Flaw::RoleNeeds { role, needs },
            });
        }
    }
    Ok(())
}
