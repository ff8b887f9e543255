//! The intermittent bolus as a story.

use intermittent_bolus::IntermittentBolus;
use std::time::Duration;
use strategy_sdk::testkit::{Answer, Prescribed, Story};
use strategy_sdk::{BolusKind, Rate, Reason, Volume};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

/// 100 µL over 5 min, every 60 min, first after 10 min.
fn prescribed() -> Prescribed<IntermittentBolus> {
    Story::with("dose", Volume::ul(100))
        .with("over", minutes(5))
        .with("every", minutes(60))
        .with("first_after", minutes(10))
}

#[test]
fn undisturbed_boluses_start_exactly_on_schedule() {
    prescribed().tell(|story| {
        story.after(Duration::from_hours(24 * 30));
        let expected: Vec<Duration> = (0..720).map(|k| minutes(10 + 60 * k)).collect();
        assert_eq!(story.bolus_times(), expected);
        let of = |bolus: &strategy_sdk::testkit::Bolus| (bolus.kind, bolus.volume, bolus.over);
        let scheduled = (BolusKind::Scheduled, Volume::ul(100), minutes(5));
        assert!(story.boluses().iter().all(|bolus| of(bolus) == scheduled));
        assert!(story.refusals().is_empty());
        assert_eq!(story.basal(), Rate::ZERO);
    });
}

#[test]
fn the_first_may_come_at_once() {
    prescribed()
        .with("first_after", Duration::ZERO)
        .tell(|story| {
            story.after(minutes(61));
            assert_eq!(story.bolus_times(), [Duration::ZERO, minutes(60)]);
        });
}

#[test]
fn a_running_bolus_postpones_it_and_the_period_counts_from_its_real_start() {
    prescribed().tell(|story| {
        story.after(minutes(9));
        story.anothers_bolus_for(minutes(2));
        story.after(minutes(131));
        assert_eq!(
            story.bolus_times(),
            [minutes(11), minutes(71), minutes(131)]
        );
        assert!(story.refusals().is_empty());
    });
}

#[test]
fn any_other_refusal_leaves_it_out() {
    prescribed().tell(|story| {
        story.refuse_next(Reason::Window4h);
        story.after(minutes(131));
        assert_eq!(story.refusals(), [(minutes(10), Reason::Window4h)]);
        assert_eq!(story.bolus_times(), [minutes(70), minutes(130)]);
    });
}

#[test]
fn a_cut_bolus_is_not_made_up_for() {
    prescribed().tell(|story| {
        story.after(minutes(12));
        story.cut_bolus(Reason::Alarm);
        story.after(minutes(120));
        assert_eq!(
            story.bolus_times(),
            [minutes(10), minutes(70), minutes(130)]
        );
    });
}

#[test]
fn a_press_does_not_hurry_it() {
    prescribed().tell(|story| {
        assert_eq!(story.press(), Answer::Unanswered);
        story.after(minutes(11));
        assert_eq!(story.press(), Answer::Unanswered);
        assert_eq!(story.bolus_times(), [minutes(10)]);
    });
}

#[test]
fn back_to_back_is_allowed() {
    prescribed().with("every", minutes(5)).tell(|story| {
        story.after(minutes(30));
        let every_five: Vec<Duration> = (2..=6).map(|k| minutes(5 * k)).collect();
        assert_eq!(story.bolus_times(), every_five);
    });
}

#[test]
fn a_period_off_the_pumps_grid_never_becomes_shorter() {
    let every = Duration::from_micros(300_000_001);
    prescribed().with("every", every).tell(|story| {
        story.after(Duration::from_hours(2));
        let times = story.bolus_times();
        assert!(times.len() > 20);
        let late = |pair: &[Duration]| pair[1] - pair[0] - every;
        assert!(
            times
                .windows(2)
                .all(|pair| late(pair) < Duration::from_millis(10))
        );
    });
}

#[test]
fn a_period_shorter_than_the_bolus_is_refused() {
    assert!(prescribed().is_accepted());
    assert!(!prescribed().with("every", seconds(299)).is_accepted());
}
