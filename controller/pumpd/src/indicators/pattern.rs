//! What the lights and the sound of an alarm do over time, with the figures of IEC 60601-1-8.
//!
//! All of it is a function of a priority and of the milliseconds since its signal began. We borrow
//! the form and claim no compliance.
//!
//! | priority | light | sound |
//! |---|---|---|
//! | high | red, 2 Hz, half of the time | ten pulses of 150 ms, as 3 + 2, and again; every 8.3 s |
//! | medium | yellow, 0.5 Hz, half of the time | three pulses of 200 ms, every 11 s |
//! | low | cyan or yellow, constant | one pulse of 200 ms, every 20.2 s |

use pump_core::alarm::Priority;

/// A light: how long a turn of it takes, and how much of it the light is on.
struct Flash {
    turn: u64,
    on: u64,
}

const fn flash(priority: Priority) -> Option<Flash> {
    match priority {
        Priority::High => Some(Flash { turn: 500, on: 250 }),
        Priority::Medium => Some(Flash {
            turn: 2_000,
            on: 1_000,
        }),
        Priority::Low => None,
    }
}

/// A sound: where its pulses begin, how long each is, and when the burst comes again.
struct Burst {
    begins: &'static [u64],
    pulse: u64,
    turn: u64,
}

/// Between two pulses of a high burst there is 100 ms of silence; between the third and the fourth
/// twice that and a pulse; in its middle 500 ms.
const HIGH: [u64; 10] = [0, 250, 500, 1_000, 1_250, 1_900, 2_150, 2_400, 2_900, 3_150];
const MEDIUM: [u64; 3] = [0, 400, 800];
const LOW: [u64; 1] = [0];

const fn burst(priority: Priority) -> Burst {
    match priority {
        Priority::High => Burst {
            begins: &HIGH,
            pulse: 150,
            turn: 8_300,
        },
        Priority::Medium => Burst {
            begins: &MEDIUM,
            pulse: 200,
            turn: 11_000,
        },
        Priority::Low => Burst {
            begins: &LOW,
            pulse: 200,
            turn: 20_200,
        },
    }
}

/// Whether the light of a priority is on, so long after it began.
pub(crate) const fn light(priority: Priority, since_ms: u64) -> bool {
    match flash(priority) {
        Some(flash) => since_ms % flash.turn < flash.on,
        None => true,
    }
}

/// Whether the sound of a priority is on, so long after it began.
pub(crate) fn sound(priority: Priority, since_ms: u64) -> bool {
    let burst = burst(priority);
    let at = since_ms % burst.turn;
    let mut pulses = burst.begins.iter();
    pulses.any(|begin| (*begin..begin + burst.pulse).contains(&at))
}

/// How long the light stays as it is; at least 1 ms.
pub(crate) const fn light_stays(priority: Priority, since_ms: u64) -> u64 {
    match flash(priority) {
        Some(flash) => {
            let at = since_ms % flash.turn;
            if at < flash.on {
                flash.on - at
            } else {
                flash.turn - at
            }
        }
        None => u64::MAX,
    }
}

/// How long the sound stays as it is; at least 1 ms.
pub(crate) fn sound_stays(priority: Priority, since_ms: u64) -> u64 {
    let burst = burst(priority);
    let at = since_ms % burst.turn;
    let begins = burst.begins.iter();
    let edges = begins.flat_map(|begin| [*begin, begin + burst.pulse]);
    let next = edges.filter(|edge| *edge > at).min();
    next.unwrap_or(burst.turn) - at
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Priority; 3] = [Priority::Low, Priority::Medium, Priority::High];

    /// Every millisecond of two turns and more, run by run: how long it is on or off.
    fn runs(on: impl Fn(u64) -> bool) -> Vec<(bool, u64)> {
        let mut runs: Vec<(bool, u64)> = Vec::new();
        for ms in 0..60_000 {
            match runs.last_mut() {
                Some((last, long)) if *last == on(ms) => *long += 1,
                _ => runs.push((on(ms), 1)),
            }
        }
        // The last one may go on.
        runs.pop();
        runs
    }

    /// W09.
    #[test]
    fn lights_flash_as_often_and_as_long_as_the_standard_says() {
        // In thousandths of a hertz, and the part of a turn in percent.
        for (priority, least, most) in
            [(Priority::High, 1_400, 2_800), (Priority::Medium, 400, 800)]
        {
            let runs = runs(|ms| light(priority, ms));
            assert!(runs.len() > 50, "{priority:?}");
            for pair in runs.chunks_exact(2) {
                let [(true, on), (false, off)] = *pair else {
                    panic!("{priority:?}: it begins with light: {pair:?}");
                };
                let millihertz = 1_000_000 / (on + off);
                assert!((least..=most).contains(&millihertz), "{priority:?}");
                let duty = 100 * on / (on + off);
                assert!((20..=60).contains(&duty), "{priority:?}: {duty} %");
            }
        }
        assert!((0..60_000).all(|ms| light(Priority::Low, ms)));
    }

    #[test]
    fn bursts_have_the_pulses_and_the_pauses_of_the_standard() {
        for (priority, pulses, pulse, pause) in [
            (Priority::High, 10, 75..=200, 2_500..=15_000),
            (Priority::Medium, 3, 125..=250, 2_500..=30_000),
            (Priority::Low, 1, 125..=250, 15_001..=u64::MAX),
        ] {
            let runs = runs(|ms| sound(priority, ms));
            assert!(runs[0].0, "{priority:?} begins with sound");
            let mut bursts = vec![Vec::new()];
            for (on, long) in runs {
                if on {
                    assert!(pulse.contains(&long), "{priority:?}: {long} ms");
                    bursts.last_mut().expect("one").push(long);
                } else if long > 1_300 {
                    // From the last pulse of a burst to the first of the next, and from first to
                    // first too.
                    assert!(pause.contains(&long), "{priority:?}: {long} ms");
                    bursts.push(Vec::new());
                }
            }
            bursts.pop();
            assert!(bursts.len() >= 2, "{priority:?}");
            for burst in &bursts {
                assert_eq!(burst.len(), pulses, "{priority:?}");
            }
            let turn = burst(priority).turn;
            assert!(pause.contains(&turn), "{priority:?}: {turn} ms");
        }
    }

    /// Within a burst of high priority: x, x, 2x + t, x; 0.35 s to 1.3 s; and the same again, with
    /// x from 50 ms to 125 ms and t a pulse. Of medium: y, y from 125 ms to 250 ms.
    #[test]
    fn the_rhythm_of_a_burst_is_that_of_the_standard() {
        let pauses = |priority| -> Vec<u64> {
            let runs = runs(|ms| sound(priority, ms));
            let pauses = runs.iter().filter(|(on, _)| !on).map(|(_, long)| *long);
            pauses.take_while(|long| *long <= 1_300).collect()
        };
        let [x, pulse] = [100, 150];
        let half = [x, x, 2 * x + pulse, x];
        let high = pauses(Priority::High);
        assert_eq!(high.len(), 9);
        assert_eq!((&high[..4], &high[5..]), (&half[..], &half[..]));
        assert!((350..=1_300).contains(&high[4]), "{}", high[4]);
        let medium = pauses(Priority::Medium);
        assert_eq!(medium.len(), 2);
        assert!(medium.iter().all(|y| (125..=250).contains(y)), "{medium:?}");
        assert!(pauses(Priority::Low).is_empty());
    }

    #[test]
    fn what_stays_as_it_is_stays_so_long_and_no_longer() {
        for priority in ALL {
            for ms in 0..45_000 {
                let (now, stays) = (sound(priority, ms), sound_stays(priority, ms));
                assert!(stays > 0);
                assert_eq!(sound(priority, ms + stays - 1), now, "{priority:?} {ms}");
                if priority != Priority::Low || stays < 19_000 {
                    assert!((0..stays.min(20)).all(|more| sound(priority, ms + more) == now));
                }
                assert_ne!(sound(priority, ms + stays), now, "{priority:?} {ms}");
                if priority != Priority::Low {
                    let (now, stays) = (light(priority, ms), light_stays(priority, ms));
                    assert_eq!(light(priority, ms + stays - 1), now, "{priority:?} {ms}");
                    assert_ne!(light(priority, ms + stays), now, "{priority:?} {ms}");
                }
            }
        }
    }

    #[test]
    fn a_clock_at_its_end_is_no_trouble() {
        for priority in ALL {
            let _ = (light(priority, u64::MAX), sound(priority, u64::MAX));
            assert!(sound_stays(priority, u64::MAX) > 0);
        }
    }
}
