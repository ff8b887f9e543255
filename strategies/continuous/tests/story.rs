//! The steady rate as a story.

use continuous::Continuous;
use std::time::Duration;
use strategy_sdk::testkit::{Answer, Story};
use strategy_sdk::{Rate, Reason};

#[test]
fn the_rate_never_changes() {
    Story::<Continuous>::with("rate", Rate::ul_per_h(2)).tell(|story| {
        assert_eq!(story.basal(), Rate::ul_per_h(2));
        story.after(Duration::from_hours(24 * 90));
        assert_eq!(story.basal(), Rate::ul_per_h(2));
        assert!(story.boluses().is_empty());
    });
}

#[test]
fn a_rate_without_a_finite_decimal_stays_exact() {
    let a_seventh_per_day = Rate::of(1_000_000, Duration::from_hours(7 * 24)).unwrap();
    let story = Story::<Continuous>::with("rate", a_seventh_per_day).start();
    assert_eq!(story.basal().fraction(), a_seventh_per_day.fraction());
}

#[test]
fn a_press_is_not_its_business() {
    Story::<Continuous>::with("rate", Rate::ul_per_h(2)).tell(|story| {
        assert_eq!(story.press(), Answer::Unanswered);
        story.refuse_next(Reason::Alarm);
        assert_eq!(story.basal(), Rate::ul_per_h(2));
    });
}
