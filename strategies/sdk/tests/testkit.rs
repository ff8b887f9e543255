//! The test kit finds the mistakes it is there to find: each strategy here has one.

use std::time::Duration;
use strategy_sdk::testkit::{Answer, Clock, Story, hours, minutes};
use strategy_sdk::{
    Declaration, Order, Param, Reason, Refused, Role, Snapshot, StateReader, StateWriter, Strategy,
    Values, Volume, Weekday,
};

const DOSE: Volume = Volume::ul(10);
const OVER: Duration = Duration::from_mins(1);

macro_rules! strategy {
    ($name:ident, |$self:ident, $snapshot:ident| $step:expr) => {
        #[derive(Debug, Default)]
        struct $name {
            #[allow(dead_code, reason = "only some of them count")]
            counter: u64,
        }

        impl Strategy for $name {
            const DECLARATION: Declaration = Declaration::new("flawed", "1", "A flawed one")
                .param(Param::dose("dose", "unused", Volume::nl(1), DOSE).role(Role::MaxBolus));

            fn new(_: &Values<'_>) -> Result<Self, Refused> {
                Ok(Self::default())
            }

            fn step(&mut $self, $snapshot: &Snapshot) -> Order {
                $step
            }
        }
    };
}

fn hour(story: &mut Story<impl Strategy>) {
    story.after(Duration::from_hours(1));
}

// Asks whenever it is called.
strategy!(Insistent, |self, _snapshot| Order::nothing()
    .bolus(DOSE, OVER));

#[test]
#[should_panic(expected = "the strategy asks without end")]
fn a_bolus_asked_for_in_every_order_is_found() {
    Story::<Insistent>::with("dose", DOSE).tell(hour);
}

// Counts snapshots in place of time.
strategy!(Counting, |self, _snapshot| {
    self.counter += 1;
    let order = Order::nothing().wake_in(Duration::from_mins(10));
    if self.counter == 3 {
        order.bolus(DOSE, OVER)
    } else {
        order
    }
});

#[test]
#[should_panic(expected = "extra snapshots changed something")]
fn a_strategy_that_counts_snapshots_is_found() {
    Story::<Counting>::with("dose", DOSE).tell(hour);
}

// Remembers that it has given, and does not save it.
strategy!(Forgetful, |self, snapshot| {
    let order = Order::nothing().wake_in(Duration::from_mins(10));
    if snapshot.now() >= Duration::from_mins(10) && self.counter == 0 {
        self.counter = 1;
        return order.bolus(DOSE, OVER);
    }
    order
});

#[test]
#[should_panic(expected = "asks without end")]
fn a_state_that_is_not_saved_is_found() {
    Story::<Forgetful>::with("dose", DOSE).tell(hour);
}

// Wakes at once, for ever.
strategy!(Sleepless, |self, _snapshot| Order::nothing()
    .wake_in(Duration::ZERO));

#[test]
#[should_panic(expected = "wakes without end")]
fn a_wake_time_that_never_comes_is_found() {
    Story::<Sleepless>::with("dose", DOSE).tell(hour);
}

// Gives a bolus of no time.
strategy!(Instant, |self, snapshot| match snapshot.demand() {
    Some(demand) => Order::nothing().give(demand, DOSE, Duration::ZERO),
    None => Order::nothing(),
});

#[test]
#[should_panic(expected = "a bolus of no volume or no time")]
fn a_bolus_of_no_time_is_found() {
    Story::<Instant>::with("dose", DOSE).start().press();
}

/// Writes more than it reads.
#[derive(Debug)]
struct Lopsided;

impl Strategy for Lopsided {
    const DECLARATION: Declaration = Declaration::new("lopsided", "1", "Reads half its state")
        .param(Param::flag("unused", "unused"));

    fn new(_: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self)
    }

    fn step(&mut self, _: &Snapshot) -> Order {
        Order::nothing()
    }

    fn save(&self, state: &mut StateWriter<'_>) {
        state.number(1);
        state.time(OVER);
    }

    fn load(&mut self, state: &mut StateReader<'_>) -> Result<(), Refused> {
        state.number().map(|_| ())
    }
}

#[test]
#[should_panic(expected = "load left bytes of the state unread")]
fn a_state_that_is_read_in_part_is_found() {
    Story::<Lopsided>::with("unused", true).tell(hour);
}

#[test]
#[should_panic(expected = "there is no parameter `dsoe`")]
fn a_misspelt_parameter_is_found() {
    let _ = Story::<Insistent>::with("dsoe", DOSE).start();
}

#[test]
#[should_panic(expected = "the parameter `dose` is required")]
fn a_missing_parameter_is_found() {
    let _ = Story::<OnDemand>::without_values().start();
}

// Answers as it should.
strategy!(OnDemand, |self, snapshot| match snapshot.demand() {
    Some(demand) => Order::nothing().give(demand, DOSE, OVER),
    None => Order::nothing(),
});

#[test]
fn a_sound_strategy_gets_through() {
    Story::<OnDemand>::with("dose", DOSE).tell(|story| {
        assert_eq!(story.press(), Answer::Given(DOSE));
        assert_eq!(story.press(), Answer::Refused(Reason::BolusRunning));
        story.after(OVER);
        assert_eq!(story.press(), Answer::Given(DOSE));
        assert_eq!(story.bolus_times(), [Duration::ZERO, OVER]);
        assert_eq!(story.now(), OVER);
    });
}

// Refuses, then gives: the last word counts.
strategy!(Undecided, |self, snapshot| match snapshot.demand() {
    Some(demand) => Order::nothing()
        .refuse(demand, Reason::Lockout)
        .give(demand, DOSE, OVER),
    None => Order::nothing(),
});

#[test]
fn the_last_word_of_an_order_counts() {
    assert_eq!(
        Story::<Undecided>::with("dose", DOSE).start().press(),
        Answer::Given(DOSE)
    );
}

/// Writes down what it is shown of the wall clock.
struct Watcher;

impl Strategy for Watcher {
    const DECLARATION: Declaration = Declaration::new("watcher", "0.1.0", "Watches the clock");

    fn new(_: &Values<'_>) -> Result<Self, Refused> {
        Ok(Self)
    }

    fn step(&mut self, snapshot: &Snapshot) -> Order {
        let seen = snapshot.wall_clock();
        let seen = seen.map(|it| (it.utc_s, it.local_offset_s, it.time_of_week()));
        SEEN.with(|all| all.borrow_mut().push(seen));
        Order::nothing().wake_in(hours(1))
    }
}

thread_local! {
    static SEEN: std::cell::RefCell<Vec<Option<(u64, i64, Duration)>>> = const {
        std::cell::RefCell::new(Vec::new())
    };
}

#[test]
fn a_storys_wall_clock_goes_on_jumps_is_lost_and_keeps_daylight_saving() {
    let sunday = Clock::on(Weekday::Sunday, 1, 0).ahead_of_utc(hours(1));
    let start = 1_767_571_200 + 6 * 86_400;
    let mut story = Story::<Watcher>::without_values()
        .clock(sunday.goes_forward_after(hours(1)))
        .start();
    story.after(hours(1));
    story.clock_jumps_back(minutes(90));
    story.clock_lost();
    story.clock_found();
    story.set_clock(Clock::on(Weekday::Monday, 0, 0).behind_utc(hours(5)));
    let sunday_at = |minutes: u64| Duration::from_mins(6 * 24 * 60 + minutes);
    let seen = SEEN.with(|all| all.borrow().clone());
    assert_eq!(
        seen,
        [
            Some((start, 3_600, sunday_at(60))),
            Some((start + 3_600, 7_200, sunday_at(180))),
            Some((start - 1_800, 3_600, sunday_at(30))),
            None,
            Some((start - 1_800, 3_600, sunday_at(30))),
            Some((1_767_571_200 + 5 * 3_600, -18_000, Duration::ZERO)),
        ]
    );
}

#[test]
fn without_a_clock_of_its_own_a_story_has_none() {
    let mut story = Story::<Watcher>::without_values().start();
    story.clock_found();
    assert!(SEEN.with(|all| all.borrow().iter().all(Option::is_none)));
}
