use pump_core::alarm::Alarm;
use pump_core::pump::{Inputs, State};
use pump_journal::Boot;

use super::*;

const THIS: Boot = Boot([1; 16]);
const OTHER: Boot = Boot([2; 16]);
const AT: MonoNs = MonoNs(5_000_000_000);
const S: u64 = 1_000_000_000;
const HOUR: u64 = 3_600 * S;
const YEAR: u64 = 8_760 * HOUR;
/// Some instant of the year 2026 in UTC.
const THEN: u64 = 1_790_000_000 * S;

/// What a daemon leaves whose pump's clock was two seconds ahead.
fn left(boot: Boot, credit: u64, utc_ns: Option<u64>) -> Durable {
    let mut pump = Pump::new();
    pump.tick(AT, &Inputs::default());
    let clock = PumpClock::ahead_by(Nanoseconds::from_secs(2));
    Durable {
        arming: 7,
        credit,
        checkpoint: kept(clock, &pump.checkpoint(), &Account::default()),
        stamp: Stamp {
            boot,
            mono_ns: 3 * S,
            utc_ns,
        },
    }
}

/// This boot, so long after it began.
fn now(mono_ns: u64, utc_ns: Option<u64>) -> Stamp {
    Stamp {
        boot: THIS,
        mono_ns,
        utc_ns,
    }
}

/// How much later than at its last stamp the pump's clock is, ten seconds after this boot began.
fn passed(then: Option<u64>, utc: Option<u64>) -> u64 {
    let durable = left(OTHER, 0, then);
    let (last, now) = (durable.stamp, now(10 * S, utc));
    let resumed = resume(Some(&durable), Some(&last), &now).expect("it resumes");
    resumed.clock.of(MonoNs(now.mono_ns)).since(AT).0
}

/// I13.
#[test]
fn in_the_same_boot_the_pumps_clock_goes_on_and_in_another_it_begins_at_the_last_stamp() {
    let now = now(9 * S, None);
    let same = resume(Some(&left(THIS, 0, None)), None, &now).expect("it resumes");
    assert_eq!(same.clock.ahead(), Nanoseconds::from_secs(2));
    assert_eq!(same.off_time, OffTime::SameBoot);
    let other = resume(Some(&left(OTHER, 0, None)), None, &now).expect("it resumes");
    assert_eq!(other.clock.of(MonoNs(0)), AT, "off-time counts as zero");
    assert_eq!(other.arming, 8, "what was armed is not any more");
}

/// I13: a clock that was good then and is good now tells how long the power was off, less what
/// both may be wrong by.
#[test]
fn off_time_counts_by_a_clock_that_is_known_good() {
    assert_eq!(passed(Some(THEN), Some(THEN + HOUR)), HOUR - 32 * S);
    let time = passed(Some(THEN), Some(THEN + 20 * S));
    assert_eq!(time, 10 * S, "what this boot has counted is certain");
}

/// I13.
#[test]
fn off_time_counts_as_zero_where_the_clock_is_not_synchronised() {
    let zero = 10 * S;
    assert_eq!(passed(Some(THEN), None), zero, "not now");
    assert_eq!(passed(None, Some(THEN + HOUR)), zero, "not then");
    assert_eq!(passed(None, None), zero);
}

/// I13: a clock that was set back has a stamp after it.
#[test]
fn off_time_counts_as_zero_where_the_clock_was_set_back() {
    for back in [1, HOUR, YEAR] {
        assert_eq!(
            passed(Some(THEN), Some(THEN - back)),
            10 * S,
            "by {back} ns"
        );
    }
    // Also where only an entry after the durable state has the later stamp.
    let durable = left(OTHER, 0, Some(THEN));
    for last in [Some(THEN + 2 * HOUR), None] {
        let last = Stamp {
            utc_ns: last,
            ..durable.stamp
        };
        let now = now(10 * S, Some(THEN + HOUR));
        let resumed = resume(Some(&durable), Some(&last), &now).expect("it resumes");
        assert_eq!(resumed.clock.of(MonoNs(0)), AT);
        assert!(matches!(resumed.off_time, OffTime::Unknown(_)));
    }
}

/// I13: whoever sets the clock a year forward makes the kernel say that it is not synchronised,
/// so a stamp of it has no time of day, now as then.
#[test]
fn off_time_counts_as_zero_where_the_clock_was_set_forward_a_year() {
    assert_eq!(passed(Some(THEN), None), 10 * S, "before this start");
    // Set before the last run: its stamps have none, and a good one comes too late.
    assert_eq!(passed(None, Some(THEN)), 10 * S, "before the last one");
    // A year that a good clock has counted is a year.
    assert_eq!(passed(Some(THEN), Some(THEN + YEAR)), YEAR - 32 * S);
}

/// I13: whatever the two clocks say within what the kernel vouches for, and whatever they say
/// without it, the pump's clock never runs ahead of the time that has passed, and never counts
/// less than this boot has.
#[test]
fn the_pumps_clock_is_never_ahead_of_the_time_that_has_passed() {
    let mut dice = 1_u64;
    let mut roll = |below: u64| {
        dice = dice.wrapping_mul(6364136223846793005).wrapping_add(1);
        (dice >> 11) % below
    };
    let (mut known, most_wrong) = (0, 16 * S);
    for _ in 0..2_000 {
        let scale = [S, 60 * S, HOUR, YEAR][usize::try_from(roll(4)).unwrap_or(0)];
        let (off, up) = (roll(scale), roll(60 * S));
        let mut stamp = |true_utc: u64| {
            let wrong = roll(2 * most_wrong + 1);
            (roll(4) > 0).then_some(true_utc + wrong - most_wrong)
        };
        let (then, utc) = (stamp(THEN), stamp(THEN + off + up));
        let durable = left(OTHER, 0, then);
        let now = now(up, utc);
        let resumed = resume(Some(&durable), Some(&durable.stamp), &now).expect("it resumes");
        let passed = resumed.clock.of(MonoNs(up)).since(AT).0;
        assert!(
            (up..=off + up).contains(&passed),
            "{passed} of {off} + {up}"
        );
        known += u32::from(matches!(resumed.off_time, OffTime::Known(_)));
    }
    assert!(known > 500, "{known}");
}

/// I8, P05.
#[test]
fn credit_that_is_not_accounted_for_is_uncertain_and_the_pump_is_disarmed() {
    let durable = left(OTHER, 42, Some(THEN));
    for utc in [None, Some(THEN + HOUR)] {
        let now = now(10 * S, utc);
        let resumed = resume(Some(&durable), Some(&durable.stamp), &now).expect("it resumes");
        assert_eq!(resumed.uncertain, Steps(42));
        assert_eq!(resumed.pump.state(), State::Disarmed);
        assert!(resumed.pump.alarms().contains(Alarm::Uncertain));
        let at = resumed.clock.of(MonoNs(now.mono_ns));
        let remembered = resumed.pump.remembered(at);
        assert_eq!(remembered.unacknowledged, Steps(42));
        // Dated at the restart: it is in the hour that begins there.
        let almost = at.after(Nanoseconds::from_mins(59));
        assert_eq!(resumed.pump.remembered(almost).given[0], Steps(42));
    }
}

#[test]
fn what_can_not_be_read_is_refused_and_not_taken_for_nothing() {
    let whole = left(OTHER, 42, None);
    let cut = |end: usize| Durable {
        checkpoint: whole.checkpoint[..end].to_vec(),
        ..whole.clone()
    };
    for end in 0..whole.checkpoint.len() {
        assert!(
            resume(Some(&cut(end)), None, &now(0, None)).is_err(),
            "{end}"
        );
    }
}

/// An upgrade finds what an older version has left.
#[test]
fn what_the_first_version_kept_is_read() {
    let durable = left(OTHER, 42, None);
    let kept = Kept::read(&durable.checkpoint).expect("it was just written");
    let mut first = vec![1];
    first.extend(kept.ahead_ns.to_le_bytes());
    first.extend(&kept.checkpoint);
    let durable = Durable {
        checkpoint: first,
        ..durable
    };
    let resumed = resume(Some(&durable), None, &now(0, None)).expect("it resumes");
    assert_eq!((resumed.uncertain, resumed.account), (Steps(42), None));
}
