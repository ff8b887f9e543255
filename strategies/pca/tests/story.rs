//! Patient-controlled analgesia as a story.

use pca::Pca;
use std::time::Duration;
use strategy_sdk::testkit::{Answer, Prescribed, Story};
use strategy_sdk::{BolusKind, Rate, Reason, Volume};

const DOSE: Volume = Volume::ul(50);

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

/// 50 µL over 2 min, lockout 30 min.
fn prescribed() -> Prescribed<Pca> {
    Story::with("dose", DOSE)
        .with("over", minutes(2))
        .with("lockout", minutes(30))
        .with_choice("lockout_edge", "start-to-start")
        .with("other_boluses_restart_lockout", true)
        .with("other_boluses_count", false)
        .with("max_per_1h", 2)
        .with("max_per_24h", 12)
}

#[test]
fn a_press_gives_the_dose() {
    prescribed().tell(|story| {
        story.after(minutes(5));
        assert_eq!(story.press(), Answer::Given(DOSE));
        let [bolus] = story.boluses() else {
            panic!("one bolus")
        };
        assert_eq!(
            (bolus.at, bolus.kind, bolus.over),
            (minutes(5), BolusKind::Demand, minutes(2))
        );
    });
}

#[test]
fn a_press_in_the_lockout_is_refused_until_the_very_end_of_it() {
    prescribed().tell(|story| {
        assert_eq!(story.press(), Answer::Given(DOSE));
        story.lockout_for(minutes(30));
        story.after(minutes(30) - Duration::from_nanos(1));
        assert_eq!(story.press(), Answer::Refused(Reason::Lockout));
        story.after(Duration::from_nanos(1));
        assert_eq!(story.press(), Answer::Given(DOSE));
    });
}

#[test]
fn every_press_is_answered_once_however_fast_they_come() {
    prescribed().tell(|story| {
        assert_eq!(story.press(), Answer::Given(DOSE));
        // The lockout is open here: that the bolus runs is for the governor to say.
        assert_eq!(story.press(), Answer::Refused(Reason::BolusRunning));
        story.lockout_for(minutes(30));
        for _ in 0..20 {
            assert_eq!(story.press(), Answer::Refused(Reason::Lockout));
        }
        assert_eq!((story.boluses().len(), story.refusals().len()), (1, 21));
    });
}

#[test]
fn nothing_comes_without_a_press() {
    prescribed().tell(|story| {
        story.after(Duration::from_hours(48));
        assert!(story.boluses().is_empty());
        assert_eq!(story.basal(), Rate::ZERO);
    });
}

#[test]
fn the_basal_runs_beside_the_doses_and_is_never_edited_by_them() {
    prescribed()
        .with("basal", Rate::ul_per_h(20))
        .tell(|story| {
            assert_eq!(story.basal(), Rate::ul_per_h(20));
            assert_eq!(story.press(), Answer::Given(DOSE));
            assert_eq!(story.basal(), Rate::ul_per_h(20));
            story.lockout_for(minutes(30)).after(minutes(1));
            assert_eq!(story.press(), Answer::Refused(Reason::Lockout));
            assert_eq!(story.basal(), Rate::ul_per_h(20));
        });
}

#[test]
fn a_dose_that_the_governor_refuses_is_not_asked_for_again() {
    prescribed().tell(|story| {
        story.refuse_next(Reason::Window1h);
        assert_eq!(story.press(), Answer::Refused(Reason::Window1h));
        story.after(Duration::from_hours(3));
        assert!(story.boluses().is_empty());
    });
}
