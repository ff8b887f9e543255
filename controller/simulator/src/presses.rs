//! Random presses of the patient's button, the same for the same seed.

use pump_core::quantity::Nanoseconds;

/// A small generator with a published reference (Steele, Lea, Flood 2014), so that a seed
/// means the same presses in every version of this program.
#[derive(Clone, Debug)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// The generator that starts at `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to less than `bound`; 0 where `bound` is 0. The bias is below
    /// `bound / 2⁶⁴`.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }
}

/// `per_day` presses in each 24 h from the start, each at an instant of its own anywhere in
/// that day, in order, up to `duration`.
///
/// # Example
///
/// ```
/// use pump_core::quantity::Nanoseconds;
/// use pump_simulator::presses::random_presses;
///
/// let week = Nanoseconds::from_hours(7 * 24);
/// let presses = random_presses(1, 6, week);
/// assert_eq!(presses.len(), 7 * 6);
/// assert_eq!(presses, random_presses(1, 6, week));
/// assert_ne!(presses, random_presses(2, 6, week));
/// ```
pub fn random_presses(seed: u64, per_day: u32, duration: Nanoseconds) -> Vec<Nanoseconds> {
    let day = Nanoseconds::from_hours(24).0;
    let mut random = SplitMix64::new(seed);
    let mut presses: Vec<Nanoseconds> = (0..duration.0.div_ceil(day))
        .flat_map(|n| (0..per_day).map(move |_| n * day))
        .map(|midnight| Nanoseconds(midnight.saturating_add(random.below(day))))
        .filter(|at| *at <= duration)
        .collect();
    presses.sort_unstable();
    presses
}

#[cfg(test)]
mod tests {
    use super::SplitMix64;

    #[test]
    fn the_generator_gives_the_published_numbers() {
        let mut random = SplitMix64::new(1_234_567);
        let first = [(); 3].map(|()| random.next_u64());
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }
}
