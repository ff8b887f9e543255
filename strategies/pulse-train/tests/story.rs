//! The train of pulses as a story.

use proptest::prelude::*;
use pulse_train::PulseTrain;
use std::time::Duration;
use strategy_sdk::testkit::{Answer, Prescribed, Story};
use strategy_sdk::{BolusKind, Rate, Reason, Volume};

const DOSE: Volume = Volume::nl(250);
const TICK: Duration = Duration::from_millis(10);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn days(days: u64) -> Duration {
    Duration::from_hours(24 * days)
}

/// 250 nL over 5 s every 20 s, each at most 2 s late.
fn prescribed() -> Prescribed<PulseTrain> {
    Story::with("dose", DOSE)
        .with("over", seconds(5))
        .with("every", seconds(20))
        .with("closest", seconds(18))
}

#[test]
fn a_year_of_pulses_is_exact_to_the_last() {
    let mut story = prescribed().start();
    story.after(days(365) - TICK);
    let boluses = story.boluses();
    assert_eq!(boluses.len(), 365 * 4320);
    for (k, pulse) in (0..).zip(boluses) {
        assert_eq!(pulse.at, seconds(20 * k));
        let given = (pulse.kind, pulse.volume, pulse.over);
        assert_eq!(given, (BolusKind::Scheduled, DOSE, seconds(5)));
    }
    assert!(story.refusals().is_empty());
    assert_eq!(story.basal(), Rate::ZERO);
}

#[test]
fn a_respawn_or_an_extra_snapshot_repeats_no_pulse() {
    prescribed().tell(|story| {
        story.after(days(1) - TICK);
        assert_eq!(story.boluses().len(), 4320);
    });
}

#[test]
fn a_bolus_in_the_way_makes_one_late_and_moves_no_other() {
    prescribed().tell(|story| {
        story.after(seconds(38)).anothers_bolus_for(seconds(4));
        story.after(seconds(43));
        let times = [0, 20, 42, 60, 80].map(seconds);
        assert_eq!(story.bolus_times(), times);
        assert!(story.refusals().is_empty());
    });
}

#[test]
fn what_would_be_too_late_is_left_out() {
    prescribed().tell(|story| {
        story.after(seconds(38));
        story.anothers_bolus_for(seconds(4) + TICK);
        story.after(seconds(43));
        assert_eq!(story.bolus_times(), [0, 20, 60, 80].map(seconds));
    });
}

#[test]
fn without_slack_a_pulse_is_on_time_or_left_out() {
    prescribed().with("closest", seconds(20)).tell(|story| {
        story.after(seconds(38)).anothers_bolus_for(seconds(3));
        story.after(seconds(43));
        assert_eq!(story.bolus_times(), [0, 20, 60, 80].map(seconds));
    });
}

#[test]
fn a_refused_or_a_cut_pulse_is_not_made_up_for() {
    for reason in [Reason::Window1h, Reason::BolusRunning] {
        prescribed().tell(|story| {
            story.after(seconds(10)).refuse_next(reason);
            story.after(seconds(32));
            assert_eq!(story.refusals(), [(seconds(20), reason)]);
            story.cut_bolus(Reason::Paused);
            story.after(seconds(30));
            assert_eq!(story.bolus_times(), [0, 40, 60].map(seconds));
        });
    }
}

#[test]
fn a_press_does_not_hurry_it() {
    prescribed().tell(|story| {
        story.after(seconds(19));
        assert_eq!(story.press(), Answer::Unanswered);
        assert_eq!(story.bolus_times(), [seconds(0)]);
    });
}

#[test]
fn distances_that_do_not_go_together_are_refused() {
    let with = |name, time| prescribed().with(name, seconds(time)).is_accepted();
    assert!(with("closest", 20) && !with("closest", 21));
    assert!(with("closest", 5) && !with("closest", 4));
}

proptest! {
    /// Whatever the period, however often something is in the way.
    #[test]
    fn every_pulse_is_in_its_own_time_and_none_too_close(
        every in 2_000_000_000_u64..100_000_000_000,
        slack in 0_u64..900_000_000,
        ways in prop::collection::vec((0_u64..200_000, 1_u64..20_000), 0..20),
    ) {
        let (every, slack) = (Duration::from_nanos(every), Duration::from_nanos(slack));
        let mut story = prescribed()
            .with("every", every)
            .with("over", TICK)
            .with("closest", every - slack)
            .start();
        for (wait, long) in ways {
            story.after(Duration::from_millis(wait));
            story.anothers_bolus_for(Duration::from_millis(long));
        }
        story.after(seconds(1_000));
        let times = story.bolus_times();
        for at in &times {
            prop_assert!(at.as_nanos() % every.as_nanos() <= slack.as_nanos());
        }
        for pair in times.windows(2) {
            prop_assert!(pair[1] - pair[0] >= every - slack);
        }
    }

    /// A period of whole nanoseconds, off the grid: each pulse at the first tick of its own.
    #[test]
    fn a_period_off_the_pumps_grid_does_not_add_up(every in 2_000_000_000_u64..30_000_000_000) {
        let step = Duration::from_nanos(every);
        let mut story = prescribed()
            .with("every", step)
            .with("over", TICK)
            .with("closest", step - TICK)
            .start();
        story.after(days(1));
        let tick = TICK.as_nanos();
        for (k, at) in (0_u128..).zip(story.bolus_times()) {
            let expected = (k * u128::from(every)).div_ceil(tick) * tick;
            prop_assert_eq!(at.as_nanos(), expected);
        }
        prop_assert!(story.boluses().len() as u128 >= days(1).as_nanos() / u128::from(every));
    }
}
