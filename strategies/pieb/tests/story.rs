//! Programmed boluses with demands between them, as a story.

use pieb::Pieb;
use std::time::Duration;
use strategy_sdk::testkit::{Answer, Prescribed, Story};
use strategy_sdk::{BolusKind, Rate, Reason, Volume};

const DOSE: Volume = Volume::ml(8);
const DEMAND: Volume = Volume::ml(5);

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

/// 8 mL over 8 min every 60 min from 30 min on; 5 mL on demand; 10 min between the two.
fn prescribed() -> Prescribed<Pieb> {
    Story::with("dose", DOSE)
        .with("over", minutes(8))
        .with("every", minutes(60))
        .with("first_after", minutes(30))
        .with("demand_dose", DEMAND)
        .with("apart", minutes(10))
        .with("lockout", minutes(20))
        .with_choice("lockout_edge", "start-to-start")
        .with("other_boluses_restart_lockout", true)
        .with("other_boluses_count", false)
        .with("max_per_1h", 2)
        .with("max_per_24h", 20)
}

/// Goes on to this time.
fn at(story: &mut Story<Pieb>, time: Duration) -> &mut Story<Pieb> {
    story.after(time - story.now())
}

#[test]
fn without_a_press_the_programmed_ones_start_exactly_on_schedule() {
    prescribed().tell(|story| {
        story.after(Duration::from_hours(24 * 30));
        let expected: Vec<Duration> = (0..720).map(|k| minutes(30 + 60 * k)).collect();
        assert_eq!(story.bolus_times(), expected);
        let programmed = (BolusKind::Scheduled, DOSE, minutes(8));
        let mut boluses = story.boluses().iter();
        assert!(boluses.all(|b| (b.kind, b.volume, b.over) == programmed));
        assert_eq!(story.basal(), Rate::ZERO);
    });
}

#[test]
fn a_press_between_two_programmed_ones_is_met_and_moves_neither() {
    prescribed().tell(|story| {
        assert_eq!(at(story, minutes(60)).press(), Answer::Given(DEMAND));
        at(story, minutes(100));
        assert_eq!(story.bolus_times(), [minutes(30), minutes(60), minutes(90)]);
        let demand = story.boluses()[1];
        assert_eq!((demand.kind, demand.over), (BolusKind::Demand, minutes(8)));
    });
}

#[test]
fn a_press_shortly_before_a_programmed_one_is_met_and_puts_it_off() {
    prescribed().tell(|story| {
        assert_eq!(at(story, minutes(29)).press(), Answer::Given(DEMAND));
        at(story, minutes(110));
        // Ten minutes after the demand's start, and the period counts from there.
        assert_eq!(story.bolus_times(), [minutes(29), minutes(39), minutes(99)]);
        assert!(story.refusals().is_empty());
    });
}

#[test]
fn a_press_shortly_after_a_programmed_one_is_refused_until_the_very_end_of_the_distance() {
    prescribed().tell(|story| {
        let press = |story: &mut Story<Pieb>, time| at(story, time).press();
        assert_eq!(
            press(story, minutes(33)),
            Answer::Refused(Reason::BolusRunning)
        );
        let nearly = minutes(40) - Duration::from_nanos(1);
        assert_eq!(press(story, nearly), Answer::Refused(Reason::Strategy));
        assert_eq!(press(story, minutes(40)), Answer::Given(DEMAND));
    });
}

#[test]
fn a_press_in_the_pumps_lockout_is_refused() {
    prescribed().tell(|story| {
        assert_eq!(story.press(), Answer::Given(DEMAND));
        story.lockout_for(minutes(20));
        assert_eq!(
            at(story, minutes(19)).press(),
            Answer::Refused(Reason::Lockout)
        );
        assert_eq!(at(story, minutes(20)).press(), Answer::Given(DEMAND));
    });
}

#[test]
fn of_a_press_and_a_programmed_one_at_one_instant_the_programmed_one_is_given() {
    let mut story = prescribed().with("first_after", minutes(8)).start();
    // The pump is busy when it falls due, and a press is what tells of the way being free.
    story.after(minutes(7)).anothers_bolus_for(minutes(3));
    story.after(minutes(3) - Duration::from_nanos(1));
    assert!(story.bolus_times().is_empty());
    story.anothers_bolus_for(Duration::ZERO);
    assert_eq!(story.press(), Answer::Unanswered);
    assert_eq!(story.boluses()[0].kind, BolusKind::Scheduled);
    assert_eq!(story.boluses().len(), 1);
}

#[test]
fn presses_at_every_chance_put_no_programmed_one_off_by_more_than_the_distance() {
    prescribed().with("lockout", minutes(10)).tell(|story| {
        for minute in 0..(60 * 24) {
            if let Answer::Given(_) = at(story, minutes(minute)).press() {
                story.lockout_for(minutes(10));
            }
        }
        let starts = |kind| {
            let boluses = story.boluses().iter().filter(move |b| b.kind == kind);
            boluses.map(|b| b.at).collect::<Vec<_>>()
        };
        let (programmed, demands) = (starts(BolusKind::Scheduled), starts(BolusKind::Demand));
        assert!(programmed.len() >= 20 && demands.len() >= 60);
        let apart = |a: Duration, b: Duration| a.abs_diff(b);
        assert!(
            programmed
                .windows(2)
                .all(|pair| { (minutes(60)..=minutes(70)).contains(&apart(pair[0], pair[1])) })
        );
        for start in &programmed {
            assert!(demands.iter().all(|d| apart(*d, *start) >= minutes(10)));
        }
    });
}

#[test]
fn another_bolus_puts_a_programmed_one_off_and_refuses_a_press() {
    prescribed().tell(|story| {
        at(story, minutes(29)).anothers_bolus_for(minutes(5));
        assert_eq!(
            at(story, minutes(31)).press(),
            Answer::Refused(Reason::BolusRunning)
        );
        at(story, minutes(95));
        assert_eq!(story.bolus_times(), [minutes(34), minutes(94)]);
    });
}

#[test]
fn a_programmed_one_that_the_pump_refuses_is_left_out_and_keeps_no_press_away() {
    prescribed().tell(|story| {
        story.refuse_next(Reason::Window4h);
        assert_eq!(at(story, minutes(31)).press(), Answer::Given(DEMAND));
        at(story, minutes(91));
        assert_eq!(story.bolus_times(), [minutes(31), minutes(90)]);
        assert_eq!(story.refusals(), [(minutes(30), Reason::Window4h)]);
    });
}

#[test]
fn a_demand_that_the_pump_refuses_puts_nothing_off() {
    prescribed().tell(|story| {
        at(story, minutes(29)).refuse_next(Reason::Window1h);
        assert_eq!(story.press(), Answer::Refused(Reason::Window1h));
        at(story, minutes(31));
        assert_eq!(story.bolus_times(), [minutes(30)]);
    });
}

#[test]
fn values_that_do_not_go_together_are_refused() {
    assert!(prescribed().is_accepted());
    let with = |name, time| prescribed().with(name, minutes(time)).is_accepted();
    assert!(with("apart", 8) && with("apart", 20) && with("lockout", 10));
    assert!(!with("apart", 7) && !with("apart", 21) && !with("lockout", 9));
    assert!(with("every", 10) && !with("every", 9));
    assert!(
        !prescribed()
            .with("demand_dose", Volume::ml(9))
            .is_accepted()
    );
}
