use proptest::prelude::*;
use pump_core::alarm::ALARMS;

use super::*;

fn alarms(bits: u32) -> ActiveAlarms {
    ActiveAlarms::from_bits(bits)
}

/// Every set of three alarms of the table, with any of them silenced: W09.
#[test]
fn a_lower_alarm_never_masks_a_higher_and_a_silence_never_touches_a_light() {
    let rows: Vec<Alarm> = ALARMS.iter().map(|row| row.alarm).collect();
    for (a, one) in rows.iter().enumerate() {
        for two in &rows[a..] {
            for silenced in [&[][..], &[*one], &[*two], &[*one, *two]] {
                let active: ActiveAlarms = [*one, *two].into_iter().collect();
                let silent: ActiveAlarms = silenced.iter().copied().collect();
                let shown = Shown::of(active, silent, None);
                let heard = [*one, *two].into_iter().filter(|it| !silenced.contains(it));
                assert_eq!(shown.sounds, heard.map(|it| it.row().priority).max());
                for alarm in [one, two] {
                    assert!(shown.lit[usize::from(place(alarm.row().priority))]);
                }
                assert_eq!(
                    shown,
                    Shown {
                        sounds: shown.sounds,
                        ..Shown::of(active, active, None)
                    }
                );
            }
        }
    }
    let none = Shown::of(ActiveAlarms::NONE, ActiveAlarms::NONE, None);
    assert_eq!(none, Shown::default());
}

#[test]
fn a_test_hides_nothing_that_is_real() {
    let none = ActiveAlarms::NONE;
    let real: ActiveAlarms = [Alarm::Occlusion].into_iter().collect();
    for tested in PRIORITIES {
        let shown = Shown::of(real, none, Some(tested));
        assert_eq!(shown.sounds, Some(Priority::High));
        assert!(shown.lit[2] && shown.lit[usize::from(place(tested))]);
        assert_eq!(Shown::of(none, none, Some(tested)).sounds, Some(tested));
    }
}

/// The first, the last moment and one beyond.
#[test]
fn a_silence_and_a_test_end_by_themselves() {
    let signals = Signals::new();
    let occlusion: ActiveAlarms = [Alarm::Occlusion].into_iter().collect();
    signals.tell(occlusion);
    signals.silence(occlusion, MonoNs(1_000));
    for (at, sounds) in [
        (0, None),
        (999, None),
        (1_000, Some(Priority::High)),
        (u64::MAX, Some(Priority::High)),
    ] {
        let shown = signals.now(MonoNs(at), false);
        assert_eq!((shown.sounds, shown.lit[2]), (sounds, true), "{at}");
    }
    // One that is new sounds all the same.
    signals.tell(occlusion.with(Alarm::ReservoirLow));
    assert_eq!(signals.now(MonoNs(0), false).sounds, Some(Priority::Medium));
    signals.silence(ActiveAlarms::NONE, MonoNs(0));
    assert_eq!(signals.now(MonoNs(0), false).sounds, Some(Priority::High));
    signals.tell(ActiveAlarms::NONE);
    signals.test(Priority::Low, MonoNs(50));
    assert_eq!(signals.now(MonoNs(49), false).sounds, Some(Priority::Low));
    assert_eq!(signals.now(MonoNs(50), false), Shown::default());
}

#[test]
fn a_loop_that_was_braked_is_signalled_though_it_says_nothing() {
    let signals = Signals::new();
    assert_eq!(signals.now(MonoNs(0), false), Shown::default());
    assert_eq!(signals.now(MonoNs(0), true).sounds, Some(Priority::High));
}

#[test]
fn what_begins_begins_with_light_and_sound_and_what_goes_on_keeps_its_rhythm() {
    let mut signalled = Signalled::default();
    let medium: ActiveAlarms = [Alarm::ReservoirLow].into_iter().collect();
    let both = medium.with(Alarm::Occlusion);
    let shown = |active| Shown::of(active, ActiveAlarms::NONE, None);
    signalled.follow(shown(medium), 12_345);
    assert_eq!(
        signalled.on(12_345),
        (
            On {
                lights: [false, true, false],
                buzzer: true
            },
            200
        )
    );
    signalled.follow(shown(both), 12_445);
    let (on, stays) = signalled.on(12_445);
    assert_eq!(
        on,
        On {
            lights: [false, true, true],
            buzzer: true
        }
    );
    assert_eq!(stays, 150);
    // The yellow light is as far as it was, and off a second after it began.
    assert!(signalled.on(13_344).0.lights[1]);
    assert!(!signalled.on(13_345).0.lights[1]);
    // When the higher one goes, the lower one's burst begins anew.
    signalled.follow(shown(medium), 20_000);
    assert!(signalled.on(20_000).0.buzzer);
    assert!(!signalled.on(20_000).0.lights[2]);
    signalled.follow(Shown::default(), 20_100);
    assert_eq!(signalled.on(20_100), (On::default(), u64::MAX));
}

proptest! {
    /// Whoever looks only when a line is due misses no change of it.
    #[test]
    fn nothing_changes_before_it_is_due(
        changes in prop::collection::vec((any::<u32>(), any::<u32>(), 1..5_000_u64), 1..6),
    ) {
        let mut signalled = Signalled::default();
        let mut now = 1_000_000;
        for (active, silenced, wait) in changes {
            let most = (1_u64 << ALARMS.len()) - 1;
            let of = |bits: u32| alarms(bits & bits.rotate_left(7) & u32::try_from(most).expect("fits"));
            signalled.follow(Shown::of(of(active), of(silenced), None), now);
            let end = now + wait;
            while now < end {
                let (on, stays) = signalled.on(now);
                prop_assert!(stays > 0);
                for later in now..now.saturating_add(stays).min(end) {
                    prop_assert_eq!(signalled.on(later).0, on);
                }
                now = now.saturating_add(stays).min(end);
            }
        }
    }
}
