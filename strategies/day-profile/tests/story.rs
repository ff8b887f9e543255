//! The day profile as a story.

use day_profile::DayProfile;
use proptest::prelude::*;
use std::time::Duration;
use strategy_sdk::testkit::{Answer, Clock, Prescribed, Story, hours, minutes, seconds};
use strategy_sdk::{Rate, Weekday};

const EVERY_DAY: &[Weekday] = &Weekday::ALL;
const WORKING: &[Weekday] = &[
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
];
const SUNDAY: &[Weekday] = &[Weekday::Sunday];

fn ul(rate: u64) -> Rate {
    Rate::ul_per_h(rate)
}

fn with(rows: &[(&[Weekday], (u32, u32), Rate)]) -> Prescribed<DayProfile> {
    Story::without_values()
        .with_profile("profile", rows)
        .with_choice("without_clock", "stop")
        .with_choice("on_clock_jump", "follow")
}

/// 20 µL/h, on working days 45 from 06:30 to 22:00.
fn week() -> Prescribed<DayProfile> {
    with(&[
        (EVERY_DAY, (0, 0), ul(20)),
        (WORKING, (6, 30), ul(45)),
        (WORKING, (22, 0), ul(20)),
    ])
}

/// A night of many steps on Sunday.
fn sunday() -> Prescribed<DayProfile> {
    with(&[
        (EVERY_DAY, (0, 0), ul(10)),
        (SUNDAY, (2, 15), ul(20)),
        (SUNDAY, (2, 45), ul(30)),
        (SUNDAY, (3, 30), ul(40)),
    ])
}

/// Asserts that the rate changes to these at these times since the start.
fn assert_changes(story: &mut Story<DayProfile>, changes: &[(u64, u64)]) {
    let mut before = story.basal();
    for (minute, rate) in changes {
        let at = minutes(*minute);
        story.after(at - story.now() - seconds(1));
        assert_eq!(story.basal(), before, "just before minute {minute}");
        story.after(seconds(1));
        assert_eq!(story.basal(), ul(*rate), "at minute {minute}");
        before = story.basal();
    }
}

#[test]
fn each_day_has_its_own_rates_and_the_week_comes_round() {
    let friday = Clock::on(Weekday::Friday, 6, 0).behind_utc(hours(5));
    week().clock(friday).tell(|story| {
        assert_eq!(story.basal(), ul(20));
        let day = 24 * 60;
        assert_changes(story, &[(30, 45), (16 * 60, 20)]);
        // Nothing happens on the weekend.
        assert_changes(story, &[(3 * day + 30, 45), (3 * day + 16 * 60, 20)]);
        assert!(story.boluses().is_empty());
        assert_eq!(story.press(), Answer::Unanswered);
    });
}

#[test]
fn in_spring_what_would_have_begun_in_the_hour_left_out_begins_at_its_end() {
    let night = Clock::on(Weekday::Sunday, 0, 0).ahead_of_utc(hours(1));
    let night = night.goes_forward_after(hours(2));
    sunday().clock(night).tell(|story| {
        // 02:00 is 03:00: 02:15 and 02:45 are over. At 03:30 the next, and the day has 23 hours.
        assert_changes(story, &[(120, 30), (150, 40), (23 * 60, 10)]);
    });
}

#[test]
fn in_autumn_the_hour_that_comes_twice_has_its_rates_twice() {
    let night = Clock::on(Weekday::Sunday, 0, 0).ahead_of_utc(hours(2));
    let night = night.goes_back_after(hours(3));
    sunday().clock(night).tell(|story| {
        // 03:00 is 02:00 once more, and the day has 25 hours.
        let twice = [
            (135, 20),
            (165, 30),
            (180, 10),
            (195, 20),
            (225, 30),
            (270, 40),
        ];
        assert_changes(story, &twice);
        assert_changes(story, &[(25 * 60, 10)]);
    });
}

#[test]
fn without_a_clock_it_does_what_the_prescription_says_and_then_goes_on() {
    for (choice, lost) in [("stop", 0), ("lowest-rate", 20), ("hold-rate", 45)] {
        let monday = Clock::on(Weekday::Monday, 21, 0);
        week()
            .with_choice("without_clock", choice)
            .clock(monday)
            .tell(|story| {
                assert_eq!(story.basal(), ul(45));
                story.clock_lost();
                assert_eq!(story.basal(), ul(lost), "{choice}");
                // 22:00 passes, and nobody knows.
                story.after(hours(2));
                assert_eq!(story.basal(), ul(lost), "{choice}");
                story.clock_found();
                assert_eq!(story.basal(), ul(20), "{choice}");
                story.after(minutes(7 * 60 + 30));
                assert_eq!(story.basal(), ul(45), "{choice}");
            });
    }
}

#[test]
fn a_clock_that_was_never_good_has_nothing_to_hold() {
    for (choice, rate) in [("stop", 0), ("lowest-rate", 20), ("hold-rate", 0)] {
        week().with_choice("without_clock", choice).tell(|story| {
            story.after(hours(30));
            assert_eq!(story.basal(), ul(rate), "{choice}");
            story.set_clock(Clock::on(Weekday::Monday, 12, 0));
            assert_eq!(story.basal(), ul(45), "{choice}");
        });
    }
}

#[test]
fn a_jump_is_followed_where_the_prescription_says_so() {
    let monday = Clock::on(Weekday::Monday, 6, 0);
    week().clock(monday).tell(|story| {
        story.clock_jumps_forward(hours(1));
        assert_eq!(story.basal(), ul(45));
        story.clock_jumps_back(hours(2));
        assert_eq!(story.basal(), ul(20));
        // It is 05:00 now: the step comes by the new time.
        assert_changes(story, &[(90, 45)]);
    });
}

#[test]
fn a_jump_is_taken_for_no_clock_where_the_prescription_distrusts_it_until_it_is_back() {
    let monday = Clock::on(Weekday::Monday, 6, 0);
    let wary = week().with_choice("on_clock_jump", "distrust");
    let wary = wary.with_choice("without_clock", "lowest-rate");
    wary.clock(monday).tell(|story| {
        story.after(hours(1)).clock_jumps_forward(minutes(61));
        assert_eq!(story.basal(), ul(20));
        story.after(hours(3));
        assert_eq!(story.basal(), ul(20));
        story.clock_jumps_back(minutes(61));
        assert_eq!(story.basal(), ul(45), "as if nothing had been");
        // A minute is no jump, and from there on it is trusted.
        for _ in 0..5 {
            story.clock_jumps_forward(minutes(1));
            assert_eq!(story.basal(), ul(45));
            story.after(minutes(5));
        }
        story.clock_jumps_back(seconds(61));
        assert_eq!(story.basal(), ul(20));
    });
}

#[test]
fn daylight_saving_is_no_jump() {
    let night = Clock::on(Weekday::Sunday, 0, 0).ahead_of_utc(hours(1));
    let wary = sunday().with_choice("on_clock_jump", "distrust");
    wary.clock(night.goes_forward_after(hours(2)))
        .tell(|story| {
            assert_changes(story, &[(120, 30), (150, 40), (23 * 60, 10)]);
        });
}

/// What a story's clock does next.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Passes(u64),
    /// Until the next half hour begins.
    ToTheHalfHour,
    /// Until daylight saving begins or ends, where that is still to come.
    ToTheChange,
    Forward(u64),
    Back(u64),
    Lost,
    Found,
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        2 => (0_u64..200_000).prop_map(Turn::Passes),
        2 => (0_u64..5_000).prop_map(Turn::Passes),
        4 => Just(Turn::ToTheHalfHour),
        1 => Just(Turn::ToTheChange),
        1 => (0_u64..700_000).prop_map(Turn::Forward),
        1 => (0_u64..700_000).prop_map(Turn::Back),
        1 => Just(Turn::Lost),
        2 => Just(Turn::Found),
    ]
}

const WEEK_S: i64 = 7 * 86_400;

proptest! {
    /// Against a table of every minute of the week, and a clock that is plain arithmetic.
    #[test]
    fn the_rate_is_that_of_the_minute_which_the_clock_shows(
        density in 1_u32..=48,
        slots in prop::collection::vec(0_u64..5_000, 336),
        start in 0_i64..7 * 24 * 60,
        offset_h in -11_i64..=12,
        change in prop::option::of((1_u64..5 * 60, any::<bool>())),
        turns in prop::collection::vec(turn(), 1..12),
    ) {
        // Up to 48 steps a day, in half-hour slots.
        let slot = |day: Weekday, slot: u32| slots[(day.number() * 48 + slot) as usize];
        let begins = |slot: u32| slot.is_multiple_of(49 - density);
        let mut rows: Vec<(&[Weekday], (u32, u32), Rate)> = Vec::new();
        let mut minutes_of_week = Vec::new();
        for (index, day) in Weekday::ALL.iter().enumerate() {
            let mut rate = 0;
            for half in 0..48 {
                if begins(half) {
                    rate = slot(*day, half);
                    let days = &Weekday::ALL[index..=index];
                    rows.push((days, (half / 2, half % 2 * 30), ul(rate)));
                }
                minutes_of_week.extend([rate; 30]);
            }
        }
        prop_assert_eq!(minutes_of_week.len(), 7 * 24 * 60);

        let day = Weekday::ALL[(start / 1440) as usize];
        let clock = Clock::on(day, (start % 1440 / 60) as u32, (start % 60) as u32);
        let clock = match offset_h {
            0.. => clock.ahead_of_utc(hours(offset_h.unsigned_abs())),
            _ => clock.behind_utc(hours(offset_h.unsigned_abs())),
        };
        let clock = match change {
            Some((after, true)) => clock.goes_forward_after(minutes(after)),
            Some((after, false)) => clock.goes_back_after(minutes(after)),
            None => clock,
        };
        let mut story = with(&rows).clock(clock).start();
        // Seconds by which UTC has gone on, and whether anybody vouches for it.
        let (mut passed, mut good) = (0_i64, true);
        for turn in turns {
            match turn {
                Turn::Passes(s) => {
                    story.after(Duration::from_secs(s));
                    passed += s as i64;
                }
                Turn::ToTheHalfHour => {
                    let s = 1_800 - (start * 60 + passed).rem_euclid(1_800);
                    story.after(Duration::from_secs(s.unsigned_abs()));
                    passed += s;
                }
                Turn::ToTheChange => {
                    let at = change.map_or(0, |(after, _)| after as i64 * 60);
                    let s = (at - passed).max(0);
                    story.after(Duration::from_secs(s.unsigned_abs()));
                    passed += s;
                }
                Turn::Forward(s) => {
                    story.clock_jumps_forward(Duration::from_secs(s));
                    passed += s as i64;
                }
                Turn::Back(s) => {
                    story.clock_jumps_back(Duration::from_secs(s));
                    passed -= s as i64;
                }
                Turn::Lost => {
                    story.clock_lost();
                    good = false;
                }
                Turn::Found => {
                    story.clock_found();
                    good = true;
                }
            }
            let saved = change.map_or(0, |(after, forward)| match passed >= after as i64 * 60 {
                true if forward => 3_600,
                true => -3_600,
                false => 0,
            });
            let shown = (start * 60 + passed + saved).rem_euclid(WEEK_S);
            let expected = if good { minutes_of_week[(shown / 60) as usize] } else { 0 };
            prop_assert_eq!(story.basal(), ul(expected), "the clock shows {} s", shown);
        }
        prop_assert!(story.boluses().is_empty());
    }
}
