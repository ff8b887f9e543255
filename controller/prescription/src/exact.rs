//! [`Exact`]: a non-negative fraction, so that "1/7 mL/day" stays 1/7.

use core::cmp::Ordering;

use pump_core::quantity::{Rate, Volume};
use strategy_abi::Fraction;

/// A non-negative fraction in lowest terms.
///
/// Arithmetic is checked: it answers `None` where the exact result does not fit into
/// 128-bit terms, and never rounds.
///
/// ```
/// use pump_prescription::Exact;
/// let third = Exact::new(1, 3).unwrap();
/// let half = Exact::new(2, 4).unwrap();
/// assert_eq!(third.plus(half), Exact::new(5, 6));
/// assert!(third < half);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exact {
    num: u128,
    den: u128,
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Exact {
    /// Nothing.
    pub const ZERO: Self = Self { num: 0, den: 1 };
    /// One.
    pub const ONE: Self = Self { num: 1, den: 1 };

    /// The fraction `num / den`, reduced. `None` where `den` is zero.
    pub fn new(num: u128, den: u128) -> Option<Self> {
        if den == 0 {
            return None;
        }
        let g = gcd(num, den);
        Some(Self {
            num: num / g,
            den: den / g,
        })
    }

    /// The whole number `n`.
    pub const fn whole(n: u128) -> Self {
        Self { num: n, den: 1 }
    }

    /// The numerator in lowest terms.
    pub const fn num(self) -> u128 {
        self.num
    }

    /// The denominator in lowest terms; never zero.
    pub const fn den(self) -> u128 {
        self.den
    }

    /// Whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.num == 0
    }

    /// The exact sum.
    pub fn plus(self, other: Self) -> Option<Self> {
        let g = gcd(self.den, other.den);
        let left = self.num.checked_mul(other.den / g)?;
        let right = other.num.checked_mul(self.den / g)?;
        Self::new(
            left.checked_add(right)?,
            self.den.checked_mul(other.den / g)?,
        )
    }

    /// The exact difference; `None` also where `other` is the greater.
    pub fn minus(self, other: Self) -> Option<Self> {
        let g = gcd(self.den, other.den);
        let left = self.num.checked_mul(other.den / g)?;
        let right = other.num.checked_mul(self.den / g)?;
        Self::new(
            left.checked_sub(right)?,
            self.den.checked_mul(other.den / g)?,
        )
    }

    /// The exact product.
    pub fn times(self, other: Self) -> Option<Self> {
        // Reducing across first keeps the terms as small as the result allows.
        let a = gcd(self.num, other.den).max(1);
        let b = gcd(other.num, self.den).max(1);
        Self::new(
            (self.num / a).checked_mul(other.num / b)?,
            (self.den / b).checked_mul(other.den / a)?,
        )
    }

    /// The exact quotient; `None` also where `other` is zero.
    pub fn over(self, other: Self) -> Option<Self> {
        if other.num == 0 {
            return None;
        }
        self.times(Self {
            num: other.den,
            den: other.num,
        })
    }

    /// The whole number at or below it.
    pub const fn floor(self) -> u128 {
        self.num / self.den
    }

    /// The whole number at or above it.
    pub const fn ceil(self) -> u128 {
        self.num.div_ceil(self.den)
    }

    /// Whether it is a whole number.
    pub const fn is_whole(self) -> bool {
        self.den == 1
    }

    /// As a fraction of the plugin contract; `None` where a term needs more than 64 bits.
    pub fn to_fraction(self) -> Option<Fraction> {
        Some(Fraction {
            num: u64::try_from(self.num).ok()?,
            den: u64::try_from(self.den).ok()?,
        })
    }

    /// A fraction of the plugin contract; `None` where its denominator is zero.
    pub fn from_fraction(fraction: Fraction) -> Option<Self> {
        Self::new(u128::from(fraction.num), u128::from(fraction.den))
    }

    /// As a volume, read as nanolitres; `None` where a term needs more than 64 bits.
    pub fn to_volume(self) -> Option<Volume> {
        Volume::from_wide(self.num, self.den)
    }

    /// As a rate, read as nanolitres over nanoseconds; `None` where a term needs more than
    /// 64 bits.
    pub fn to_rate(self) -> Option<Rate> {
        Rate::from_wide(self.num, self.den)
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        // Compares the continued fractions term by term: cross-multiplying two 128-bit
        // fractions could overflow, this can't.
        let (mut a, mut b) = (*self, *other);
        loop {
            let whole = (a.num / a.den).cmp(&(b.num / b.den));
            if whole != Ordering::Equal {
                return whole;
            }
            let (x, y) = (a.num % a.den, b.num % b.den);
            match (x, y) {
                (0, 0) => return Ordering::Equal,
                (0, _) => return Ordering::Less,
                (_, 0) => return Ordering::Greater,
                // x/p against y/q is q/y against p/x.
                _ => (a, b) = (Self { num: b.den, den: y }, Self { num: a.den, den: x }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fraction() -> impl Strategy<Value = Exact> {
        (0u128..1 << 60, 1u128..1 << 60).prop_map(|(n, d)| Exact::new(n, d).unwrap())
    }

    proptest! {
        #[test]
        fn comparing_agrees_with_cross_multiplying(a in fraction(), b in fraction()) {
            prop_assert_eq!(a.cmp(&b), (a.num * b.den).cmp(&(b.num * a.den)));
        }

        #[test]
        fn comparing_the_widest_fractions_does_not_overflow(
            a in any::<u128>(), b in 1u128.., c in any::<u128>(), d in 1u128..
        ) {
            let (x, y) = (Exact::new(a, b).unwrap(), Exact::new(c, d).unwrap());
            prop_assert_eq!(x.cmp(&y), y.cmp(&x).reverse());
        }

        #[test]
        fn a_product_divided_by_a_factor_is_the_other(a in fraction(), b in fraction()) {
            prop_assume!(!b.is_zero());
            prop_assert_eq!(a.times(b).and_then(|p| p.over(b)), Some(a));
        }

        #[test]
        fn a_sum_less_a_term_is_the_other(a in fraction(), b in fraction()) {
            prop_assert_eq!(a.plus(b).and_then(|s| s.minus(b)), Some(a));
        }
    }

    #[test]
    fn a_result_that_does_not_fit_is_refused() {
        let big = Exact::whole(u128::MAX);
        assert_eq!(big.plus(Exact::ONE), None);
        assert_eq!(big.times(big), None);
        assert_eq!(Exact::ONE.over(Exact::ZERO), None);
        assert_eq!(Exact::ONE.minus(big), None);
    }
}
