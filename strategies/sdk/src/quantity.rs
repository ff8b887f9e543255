//! Volumes and rates as exact fractions.

use std::cmp::Ordering;
use std::time::Duration;
use strategy_abi::Fraction;

fn compare(a: Fraction, b: Fraction) -> Ordering {
    // 64 × 64 bits always fit into 128.
    let left = u128::from(a.num).saturating_mul(u128::from(b.den));
    let right = u128::from(b.num).saturating_mul(u128::from(a.den));
    left.cmp(&right)
}

/// Nanoseconds of a time; the longest there is (584 years) where it is longer.
pub(crate) const fn nanoseconds(time: Duration) -> u64 {
    let ns = time.as_nanos();
    if ns > u64::MAX as u128 {
        u64::MAX
    } else {
        ns as u64
    }
}

macro_rules! exact {
    ($name:ident) => {
        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(Fraction { num: 0, den: 1 });

            /// The fraction as it crosses the border. Its denominator is not zero.
            pub const fn fraction(self) -> Fraction {
                self.0
            }

            pub(crate) const fn from_fraction(fraction: Fraction) -> Option<Self> {
                if fraction.den == 0 {
                    None
                } else {
                    Some(Self(fraction))
                }
            }

            /// Whether this is nothing.
            pub const fn is_zero(self) -> bool {
                self.0.num == 0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other) == Ordering::Equal
            }
        }

        impl Eq for $name {}

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                compare(self.0, other.0)
            }
        }
    };
}

/// A volume: an exact fraction of nanolitres.
#[derive(Clone, Copy, Debug)]
pub struct Volume(Fraction);
exact!(Volume);

impl Volume {
    /// Whole nanolitres.
    pub const fn nl(nl: u64) -> Self {
        Self(Fraction { num: nl, den: 1 })
    }

    /// Whole microlitres; saturates.
    pub const fn ul(ul: u64) -> Self {
        Self::nl(ul.saturating_mul(1_000))
    }

    /// Whole millilitres; saturates.
    pub const fn ml(ml: u64) -> Self {
        Self::nl(ml.saturating_mul(1_000_000))
    }
}

/// A flow: an exact fraction of nanolitres over nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Rate(Fraction);
exact!(Rate);

impl Rate {
    /// So many nanolitres in that time. `None` where the time is zero.
    pub const fn of(nl: u64, time: Duration) -> Option<Self> {
        Self::from_fraction(Fraction {
            num: nl,
            den: nanoseconds(time),
        })
    }

    /// Whole millilitres per hour; saturates.
    pub const fn ml_per_h(ml: u64) -> Self {
        // A millilitre per hour is 10⁶ nL over 3600 × 10⁹ ns.
        Self(Fraction {
            num: ml,
            den: 3_600_000,
        })
    }

    /// Whole microlitres per hour; saturates.
    pub const fn ul_per_h(ul: u64) -> Self {
        Self(Fraction {
            num: ul,
            den: 3_600_000_000,
        })
    }
}
