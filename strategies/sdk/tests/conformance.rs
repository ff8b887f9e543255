//! Each rule of `conform!` is broken by a strategy that breaks this one.

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use strategy_sdk::testkit::{Counted, conformance as rule};
use strategy_sdk::{
    Declaration, Order, Outcome, Param, Rate, Reason, Refused, Role, Snapshot, StateReader,
    StateWriter, Strategy, Values, Volume,
};

#[global_allocator]
static COUNTED: Counted = Counted;

const NONE: u8 = 0;
const REFUSES_EVERYTHING: u8 = 1;
const SHARES_A_COUNT: u8 = 2;
const COUNTS_SNAPSHOTS: u8 = 3;
const FORGETS: u8 = 4;
const TOO_FAST: u8 = 5;
const TOO_LARGE: u8 = 6;
const TOO_SHORT: u8 = 7;
const ALWAYS_LOCKED: u8 = 8;
const NAGS: u8 = 9;
const ALLOCATES: u8 = 10;
const TRUSTS_ITS_STATE: u8 = 11;
const FEARS_THE_FUTURE: u8 = 12;

static SHARED: AtomicU64 = AtomicU64::new(0);

/// Gives a basal, a bolus on demand, and one unasked an hour; and has this fault.
struct Faulty<const FAULT: u8> {
    rate: Rate,
    dose: Volume,
    over: Duration,
    every: Duration,
    due: Duration,
    steps: u64,
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

impl<const FAULT: u8> Strategy for Faulty<FAULT> {
    const DECLARATION: Declaration = Declaration::new("faulty", "0.1.0", "Has one fault")
        .param(
            Param::rate("rate", "the basal", Rate::ul_per_h(1), Rate::ml_per_h(10))
                .role(Role::MaxBasal),
        )
        .param(Param::dose("dose", "a bolus", Volume::ul(1), Volume::ml(1)).role(Role::MaxBolus))
        .param(Param::time("over", "its time", minutes(1), minutes(5)).role(Role::BolusDuration))
        .param(
            Param::time("every", "from one to the next", minutes(10), minutes(120))
                .role(Role::Interval),
        )
        .param(Param::time("lockout", "the lockout", minutes(1), minutes(60)).role(Role::Lockout))
        .param(
            Param::choice("edge", "its edge", &["start-to-start", "end-to-start"])
                .role(Role::LockoutEdge),
        )
        .param(Param::flag("restart", "others restart it").role(Role::OthersRestartLockout))
        .param(Param::flag("count", "others count").role(Role::OthersCount));

    fn new(values: &Values<'_>) -> Result<Self, Refused> {
        if FAULT == REFUSES_EVERYTHING {
            return Err(Refused);
        }
        Ok(Self {
            rate: values.rate("rate")?,
            dose: values.dose("dose")?,
            over: values.time("over")?,
            every: values.time("every")?,
            due: values.time("every")?,
            steps: 0,
        })
    }

    fn step(&mut self, snapshot: &Snapshot) -> Order {
        let now = snapshot.now();
        self.steps = self.steps.saturating_add(1);
        let rate = match FAULT {
            TOO_FAST => Rate::ml_per_h(1500),
            SHARES_A_COUNT if !SHARED.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) => {
                Rate::ZERO
            }
            _ => self.rate,
        };
        let mut order = Order::basal(rate);
        if FAULT == TOO_SHORT {
            order = order.valid_for(Duration::from_millis(50));
        }
        if FAULT == ALLOCATES {
            std::hint::black_box(vec![0_u8; 10]);
        }
        if FAULT == FEARS_THE_FUTURE {
            assert!(now < Duration::from_hours(24 * 365), "so late");
        }
        let nags = FAULT == NAGS
            && snapshot
                .bolus()
                .is_some_and(|bolus| bolus.outcome == Outcome::Refused);
        let counted = FAULT == COUNTS_SNAPSHOTS && self.steps.is_multiple_of(3);
        if (now >= self.due || nags || counted) && !snapshot.bolus_running() {
            self.due = now.saturating_add(self.every);
            let dose = match FAULT {
                TOO_LARGE => Volume::ml(2),
                _ => self.dose,
            };
            order = order.bolus(dose, self.over);
        }
        if let Some(demand) = snapshot.demand() {
            let locked = snapshot.lockout_left() > Duration::ZERO || FAULT == ALWAYS_LOCKED;
            order = match locked {
                true => order.refuse(demand, Reason::Lockout),
                false => order.give(demand, self.dose, self.over),
            };
        }
        order.wake_in(self.due.saturating_sub(now).max(Duration::from_secs(1)))
    }

    fn save(&self, state: &mut StateWriter<'_>) {
        if FAULT != FORGETS {
            state.time(self.due);
            state.number(self.steps);
        }
    }

    fn load(&mut self, state: &mut StateReader<'_>) -> Result<(), Refused> {
        if FAULT == FORGETS {
            return Ok(());
        }
        if FAULT == TRUSTS_ITS_STATE {
            self.due = state.time().expect("it is there");
            self.steps = state.number().expect("it is there");
            return Ok(());
        }
        self.due = state.time()?;
        self.steps = state.number()?;
        Ok(())
    }
}

/// What the rule says of it; `None` where it has nothing to say.
fn said(rule: fn()) -> Option<String> {
    let panic = catch_unwind(rule).err()?;
    let text = panic.downcast_ref::<String>().cloned();
    Some(text.unwrap_or_else(|| (*panic.downcast_ref::<&str>().unwrap_or(&"")).to_owned()))
}

#[test]
fn each_rule_names_the_fault_that_breaks_it() {
    let broken: &[(fn(), &str)] = &[
        (
            rule::it_begins_with_some_of_the_values_that_it_declares::<Faulty<REFUSES_EVERYTHING>>,
            "refuses every set of values",
        ),
        (
            rule::two_instances_give_the_same_orders_also_side_by_side::<Faulty<SHARES_A_COUNT>>,
            "another order",
        ),
        (
            rule::an_extra_snapshot_or_a_restart_changes_nothing::<Faulty<COUNTS_SNAPSHOTS>>,
            "extra snapshot",
        ),
        (
            rule::an_extra_snapshot_or_a_restart_changes_nothing::<Faulty<FORGETS>>,
            "save and load lost something",
        ),
        (
            rule::every_order_keeps_within_what_its_parameters_allow::<Faulty<TOO_FAST>>,
            "a basal rate above",
        ),
        (
            rule::every_order_keeps_within_what_its_parameters_allow::<Faulty<TOO_LARGE>>,
            "a bolus above",
        ),
        (
            rule::every_order_lives_long_enough_to_be_renewed::<Faulty<TOO_SHORT>>,
            "over before it is renewed",
        ),
        (
            rule::a_demand_is_refused_only_for_what_is_so::<Faulty<ALWAYS_LOCKED>>,
            "nothing is left",
        ),
        (
            rule::a_refused_bolus_is_not_asked_for_again_and_again::<Faulty<NAGS>>,
            "asked for 50 times",
        ),
        (
            rule::a_step_allocates_nothing::<Faulty<ALLOCATES>>,
            "allocates",
        ),
        (
            rule::a_foreign_state_is_refused_or_taken::<Faulty<TRUSTS_ITS_STATE>>,
            "it is there",
        ),
        (
            rule::no_snapshot_makes_it_panic::<Faulty<FEARS_THE_FUTURE>>,
            "so late",
        ),
    ];
    for (rule, expected) in broken {
        let said = said(*rule).unwrap_or_else(|| panic!("nobody said: {expected}"));
        assert!(said.contains(expected), "not {expected}: {said}");
    }
}

#[test]
fn a_strategy_without_a_fault_keeps_them_all() {
    rule::it_begins_with_some_of_the_values_that_it_declares::<Faulty<NONE>>();
    rule::two_instances_give_the_same_orders_also_side_by_side::<Faulty<NONE>>();
    rule::an_extra_snapshot_or_a_restart_changes_nothing::<Faulty<NONE>>();
    rule::every_order_keeps_within_what_its_parameters_allow::<Faulty<NONE>>();
    rule::every_order_lives_long_enough_to_be_renewed::<Faulty<NONE>>();
    rule::a_demand_is_refused_only_for_what_is_so::<Faulty<NONE>>();
    rule::a_refused_bolus_is_not_asked_for_again_and_again::<Faulty<NONE>>();
    rule::a_step_allocates_nothing::<Faulty<NONE>>();
    rule::a_foreign_state_is_refused_or_taken::<Faulty<NONE>>();
    rule::no_snapshot_makes_it_panic::<Faulty<NONE>>();
}
