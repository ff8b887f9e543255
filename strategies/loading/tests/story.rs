//! The loading dose as a story.

use loading::Loading;
use std::time::Duration;
use strategy_sdk::testkit::{Answer, Prescribed, Story};
use strategy_sdk::{BolusKind, Rate, Reason, Volume};

const DOSE: Volume = Volume::ul(100);

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

/// 100 µL over 10 min, then 20 µL/h.
fn prescribed() -> Prescribed<Loading> {
    Story::with("dose", DOSE)
        .with("over", minutes(10))
        .with("already_given", false)
        .with("basal", Rate::ul_per_h(20))
}

#[test]
fn the_dose_is_given_at_the_start_and_never_again() {
    // Told with a respawn after each snapshot too.
    prescribed().tell(|story| {
        for _ in 0..365 {
            story.after(Duration::from_hours(24));
            story.press();
        }
        let [dose] = story.boluses() else {
            panic!("one dose, not {:?}", story.boluses())
        };
        assert_eq!((dose.at, dose.kind), (Duration::ZERO, BolusKind::Loading));
        assert_eq!((dose.volume, dose.over), (DOSE, minutes(10)));
    });
}

#[test]
fn the_basal_runs_from_the_start_on_or_there_is_none() {
    prescribed().tell(|story| {
        assert_eq!(story.basal(), Rate::ul_per_h(20));
        story.after(minutes(60));
        assert_eq!(story.basal(), Rate::ul_per_h(20));
    });
    prescribed().with("basal", Rate::ZERO).tell(|story| {
        story.after(minutes(60));
        assert_eq!(story.basal(), Rate::ZERO);
    });
}

#[test]
fn what_was_given_before_this_start_is_not_given_again() {
    prescribed().with("already_given", true).tell(|story| {
        story.after(Duration::from_hours(48));
        assert!(story.boluses().is_empty() && story.refusals().is_empty());
        assert_eq!(story.basal(), Rate::ul_per_h(20));
    });
}

/// What became of a dose after five minutes whose first request met this refusal.
fn refused_for(reason: Reason) -> Story<Loading> {
    let mut story = prescribed().with("after", minutes(5)).start();
    story.refuse_next(reason);
    story.after(Duration::from_hours(48));
    story
}

#[test]
fn a_dose_that_another_bolus_forestalled_is_given_after_it() {
    let story = refused_for(Reason::BolusRunning);
    assert_eq!(story.boluses().len(), 1);
    assert_eq!(story.refusals(), [(minutes(5), Reason::BolusRunning)]);
}

#[test]
fn a_bolus_in_the_way_postpones_it() {
    prescribed().with("after", minutes(5)).tell(|story| {
        story.after(minutes(4));
        story.anothers_bolus_for(minutes(3));
        story.after(Duration::from_hours(48));
        assert_eq!(story.bolus_times(), [minutes(7)]);
        assert!(story.refusals().is_empty());
    });
}

#[test]
fn any_other_refusal_leaves_it_out_for_good() {
    for reason in [Reason::Window24h, Reason::Paused, Reason::Envelope] {
        let story = refused_for(reason);
        assert!(story.boluses().is_empty(), "{reason:?}");
        assert_eq!(story.refusals(), [(minutes(5), reason)]);
    }
}

#[test]
fn what_was_cut_is_not_made_up_for() {
    prescribed().tell(|story| {
        story.after(minutes(3));
        story.cut_bolus(Reason::Paused);
        story.after(Duration::from_hours(48));
        assert_eq!(story.bolus_times(), [Duration::ZERO]);
    });
}

#[test]
fn a_press_is_not_its_business() {
    prescribed().tell(|story| {
        assert_eq!(story.press(), Answer::Unanswered);
    });
}
