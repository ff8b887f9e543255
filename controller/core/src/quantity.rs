//! Every quantity of the dose path is a type of its own, held in integers.
//!
//! Volumes and rates are exact fractions ([`Volume`] in nanolitres, [`Rate`] in
//! nanolitres per nanosecond), because "1/7 mL/day" has no finite decimal and a pump
//! that runs for years would drift. Times are nanoseconds. The count of motor steps is
//! [`Steps`]. Arithmetic is checked: it answers `None` where the result does not exist,
//! and never wraps.

use core::cmp::Ordering;

/// A span of time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nanoseconds(pub u64);

impl Nanoseconds {
    /// No time.
    pub const ZERO: Self = Self(0);
    /// The longest span there is, used for "until told otherwise".
    pub const MAX: Self = Self(u64::MAX);

    /// A span of whole milliseconds; saturates.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }

    /// A span of whole seconds; saturates.
    pub const fn from_secs(s: u64) -> Self {
        Self(s.saturating_mul(1_000_000_000))
    }

    /// A span of whole minutes; saturates.
    pub const fn from_mins(min: u64) -> Self {
        Self::from_secs(min.saturating_mul(60))
    }

    /// A span of whole hours; saturates.
    pub const fn from_hours(h: u64) -> Self {
        Self::from_mins(h.saturating_mul(60))
    }

    /// The sum, or the longest span.
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// An instant of the pump's own monotonic clock, in nanoseconds since the pump's memory
/// began. It never goes back, also not over a restart; wall clocks do not touch it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonoNs(pub u64);

impl MonoNs {
    /// The last instant there is, used for "never".
    pub const NEVER: Self = Self(u64::MAX);

    /// The time since `earlier`; zero where `earlier` is later.
    pub const fn since(self, earlier: Self) -> Nanoseconds {
        Nanoseconds(self.0.saturating_sub(earlier.0))
    }

    /// This instant plus a span; saturates at [`MonoNs::NEVER`].
    pub const fn after(self, span: Nanoseconds) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

/// A count of motor steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Steps(pub u64);

impl Steps {
    /// No step.
    pub const ZERO: Self = Self(0);
    /// More steps than any pump makes: "no limit".
    pub const MAX: Self = Self(u64::MAX);

    /// The sum; saturates, which is the safe side for anything compared with a maximum.
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, or none.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// A non-negative fraction in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Ratio {
    num: u64,
    den: u64,
}

pub(crate) const fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        // `b` is not zero here, so the remainder exists.
        let r = match a.checked_rem(b) {
            Some(r) => r,
            None => 0,
        };
        a = b;
        b = r;
    }
    a
}

impl Ratio {
    const ZERO: Self = Self { num: 0, den: 1 };

    fn reduced(num: u128, den: u128) -> Option<Self> {
        if den == 0 {
            return None;
        }
        let g = gcd(num, den);
        Some(Self {
            num: u64::try_from(num.checked_div(g)?).ok()?,
            den: u64::try_from(den.checked_div(g)?).ok()?,
        })
    }

    fn floor(self) -> u64 {
        self.num.checked_div(self.den).unwrap_or(0)
    }

    fn compare(self, other: Self) -> Ordering {
        // 64 × 64 bits always fit into 128.
        let left = u128::from(self.num).saturating_mul(u128::from(other.den));
        let right = u128::from(other.num).saturating_mul(u128::from(self.den));
        left.cmp(&right)
    }

    fn checked_add(self, other: Self) -> Option<Self> {
        let left = u128::from(self.num).checked_mul(u128::from(other.den))?;
        let right = u128::from(other.num).checked_mul(u128::from(self.den))?;
        let den = u128::from(self.den).checked_mul(u128::from(other.den))?;
        Self::reduced(left.checked_add(right)?, den)
    }
}

macro_rules! exact_fraction {
    ($name:ident) => {
        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(Ratio::ZERO);

            /// The fraction `num / den`, reduced. `None` where `den` is zero.
            pub fn new(num: u64, den: u64) -> Option<Self> {
                Ratio::reduced(u128::from(num), u128::from(den)).map(Self)
            }

            /// The fraction `num / den`, reduced. `None` where `den` is zero or a reduced
            /// term does not fit into 64 bits.
            pub fn from_wide(num: u128, den: u128) -> Option<Self> {
                Ratio::reduced(num, den).map(Self)
            }

            /// The numerator in lowest terms.
            pub const fn num(self) -> u64 {
                self.0.num
            }

            /// The denominator in lowest terms; never zero.
            pub const fn den(self) -> u64 {
                self.0.den
            }

            /// Whether this is nothing.
            pub const fn is_zero(self) -> bool {
                self.0.num == 0
            }

            /// The exact sum. `None` where it does not fit.
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::ZERO
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                self.0.compare(other.0)
            }
        }
    };
}

/// A volume: an exact fraction of nanolitres. Range 0 to 2⁶⁴ nL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Volume(Ratio);
exact_fraction!(Volume);

impl Volume {
    /// A volume of whole nanolitres.
    pub const fn from_nl(nl: u64) -> Self {
        Self(Ratio { num: nl, den: 1 })
    }

    /// The whole nanolitres in it, rounded down.
    pub fn floor_nl(self) -> u64 {
        self.0.floor()
    }

    /// How many whole steps of `per_step` fit into it. `None` where `per_step` is zero or
    /// the count does not fit.
    pub fn steps(self, per_step: Volume) -> Option<Steps> {
        let num = u128::from(self.num()).checked_mul(u128::from(per_step.den()))?;
        let den = u128::from(self.den()).checked_mul(u128::from(per_step.num()))?;
        u64::try_from(num.checked_div(den)?).ok().map(Steps)
    }

    /// This volume `steps` times, in whole nanolitres rounded down; saturates.
    pub fn times_floor_nl(self, steps: Steps) -> u64 {
        let num = u128::from(self.num()).saturating_mul(u128::from(steps.0));
        let nl = num.checked_div(u128::from(self.den())).unwrap_or(0);
        u64::try_from(nl).unwrap_or(u64::MAX)
    }
}

/// A flow: an exact fraction of nanolitres over nanoseconds, never rounded to "per hour".
///
/// ```
/// use pump_core::quantity::Rate;
/// // 1/7 mL/day
/// let rate = Rate::new(1_000_000, 7 * 86_400_000_000_000).unwrap();
/// assert_eq!((rate.num(), rate.den()), (1, 604_800_000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate(Ratio);
exact_fraction!(Rate);

impl Rate {
    /// The flow that gives `volume` over `span`. `None` where the span is zero or the
    /// fraction does not fit.
    pub fn of(volume: Volume, span: Nanoseconds) -> Option<Self> {
        let den = u128::from(volume.den()).checked_mul(u128::from(span.0))?;
        Self::from_wide(u128::from(volume.num()), den)
    }
}
