//! What the contract asks of every strategy, a function for each rule.
//!
//! [`conform!`](crate::conform) makes a test of each. They try the strategy with values out of
//! what it declares and let a day happen to it: presses, lockouts, refusals, cut boluses. What
//! can only be seen from outside, such as a clock that is read, is for `pumpctl strategy check`.

use super::counted::made;
use super::tried::{Numbers, prescriptions};
use super::{Clock, Prescribed, Story, hours, minutes, seconds};
use crate::{Order, Reason, Role, Snapshot, StateReader, StateWriter, Strategy, Weekday};
use std::time::Duration;
use strategy_abi as abi;
use strategy_abi::Fraction;

/// Makes a test for each rule that the contract has for a strategy. Once in a file of its own,
/// `tests/conformance.rs`, since it also counts what the tests allocate.
///
/// ```
/// # use strategy_sdk::{Declaration, Order, Param, Rate, Refused, Role, Snapshot, Strategy, Values};
/// # struct Steady(Rate);
/// # impl Strategy for Steady {
/// #     const DECLARATION: Declaration = Declaration::new("steady", "0.1.0", "A steady rate")
/// #         .param(Param::rate("rate", "the rate", Rate::ZERO, Rate::ml_per_h(10)).role(Role::MaxBasal));
/// #     fn new(values: &Values) -> Result<Self, Refused> { Ok(Self(values.rate("rate")?)) }
/// #     fn step(&mut self, _: &Snapshot) -> Order { Order::basal(self.0) }
/// # }
/// strategy_sdk::conform!(Steady);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! conform {
    ($strategy:ty) => {
        $crate::conform!($strategy =>
            it_begins_with_some_of_the_values_that_it_declares,
            two_instances_give_the_same_orders_also_side_by_side,
            an_extra_snapshot_or_a_restart_changes_nothing,
            every_order_keeps_within_what_its_parameters_allow,
            every_order_lives_long_enough_to_be_renewed,
            a_demand_is_refused_only_for_what_is_so,
            a_refused_bolus_is_not_asked_for_again_and_again,
            a_step_allocates_nothing,
            a_foreign_state_is_refused_or_taken,
            no_snapshot_makes_it_panic,
        );
    };
    ($strategy:ty => $($rule:ident),* $(,)?) => {
        #[global_allocator]
        static COUNTED_BY_CONFORM: $crate::testkit::Counted = $crate::testkit::Counted;

        mod conformance {
            #[allow(unused_imports)]
            use super::*;

            $(#[test]
            fn $rule() {
                $crate::testkit::conformance::$rule::<$strategy>();
            })*
        }
    };
}

/// What may happen to a regimen in a day.
fn a_day<S: Strategy>(story: &mut Story<S>) {
    story.after(minutes(1));
    story.press();
    story.lockout_for(minutes(10)).after(minutes(3));
    story.press();
    story.after(minutes(7));
    story.press();
    story.after(minutes(20)).refuse_next(Reason::Window1h);
    story.press();
    story.after(hours(2)).anothers_bolus_for(minutes(5));
    story.after(minutes(1));
    story.press();
    story.after(hours(1));
    story.press();
    story.after(seconds(10)).cut_bolus(Reason::Paused);
    story.after(hours(5)).refuse_next(Reason::Reservoir);
    let night = Clock::on(Weekday::Saturday, 20, 0).ahead_of_utc(hours(1));
    story.set_clock(night.goes_forward_after(hours(6)));
    story.after(hours(3)).clock_lost().after(hours(2));
    story.clock_found().after(hours(2));
    story.clock_jumps_forward(hours(5)).after(hours(1));
    story.clock_jumps_back(hours(30)).after(hours(7));
}

/// The value of the parameter with this role.
fn by_role<S: Strategy>(prescribed: &Prescribed<S>, role: Role) -> Option<Fraction> {
    let declared = S::DECLARATION;
    let mut params = declared.params().iter();
    prescribed.value_of(params.position(|param| param.role == role.code())?)
}

/// The tape of a day with these values.
fn day_of<S: Strategy>(prescribed: &Prescribed<S>) -> Vec<(abi::Snapshot, abi::Order)> {
    let mut story = prescribed.clone().start();
    a_day(&mut story);
    story.tape().to_vec()
}

fn shown<S: Strategy>(strategy: &mut S, message: &abi::Snapshot) -> abi::Order {
    let snapshot = Snapshot::new(*message);
    strategy.step(&snapshot).message(&snapshot)
}

fn at(message: &abi::Snapshot) -> Duration {
    Duration::from_nanos(message.now_ns)
}

/// # Panics
/// It refuses them all.
pub fn it_begins_with_some_of_the_values_that_it_declares<S: Strategy>() {
    assert!(!prescriptions::<S>().is_empty());
}

/// # Panics
/// They do not.
pub fn two_instances_give_the_same_orders_also_side_by_side<S: Strategy>() {
    for prescribed in prescriptions::<S>() {
        let tape = day_of(&prescribed);
        let mut both = [prescribed.instance(), prescribed.instance()];
        for (snapshot, order) in &tape {
            for strategy in &mut both {
                let at = at(snapshot);
                assert_eq!(
                    shown(strategy, snapshot),
                    *order,
                    "at {at:?}: another order"
                );
            }
        }
    }
}

/// # Panics
/// It does.
pub fn an_extra_snapshot_or_a_restart_changes_nothing<S: Strategy>() {
    for prescribed in prescriptions::<S>() {
        prescribed.tell(a_day);
    }
}

/// # Panics
/// An order proposes more than the parameters with a role allow.
pub fn every_order_keeps_within_what_its_parameters_allow<S: Strategy>() {
    for prescribed in prescriptions::<S>() {
        let by_role = |role| by_role(&prescribed, role);
        let none = Fraction { num: 0, den: 1 };
        let basal = by_role(Role::MaxBasal).unwrap_or(none);
        let largest = by_role(Role::MaxBolus).unwrap_or(none);
        let shortest = by_role(Role::BolusDuration).unwrap_or(none);
        let wide = |a: u64, b: u64| u128::from(a).saturating_mul(u128::from(b));
        for (snapshot, order) in day_of(&prescribed) {
            let at = at(&snapshot);
            let within = |a: Fraction, b: Fraction| wide(a.num, b.den) <= wide(b.num, a.den);
            assert!(
                within(order.basal, basal),
                "at {at:?}: a basal rate above its parameter of the role `MaxBasal`"
            );
            if order.bolus_kind == 0 {
                continue;
            }
            assert!(
                within(order.bolus_volume, largest),
                "at {at:?}: a bolus above its parameter of the role `MaxBolus`"
            );
            // A smaller bolus may take less time, at the same speed: v / over <= max / shortest.
            let speed = wide(order.bolus_volume.num, largest.den).checked_mul(shortest.num.into());
            let most =
                wide(largest.num, order.bolus_volume.den).checked_mul(order.bolus_over_ns.into());
            assert!(
                speed.is_none() || most.is_none() || speed <= most,
                "at {at:?}: a bolus faster than its roles `MaxBolus` and `BolusDuration` allow"
            );
        }
    }
}

/// # Panics
/// One does not.
pub fn every_order_lives_long_enough_to_be_renewed<S: Strategy>() {
    for prescribed in prescriptions::<S>() {
        for (snapshot, order) in day_of(&prescribed) {
            let life = Duration::from_nanos(order.valid_for_ns);
            let at = at(&snapshot);
            assert!(
                life >= Duration::from_millis(200),
                "at {at:?}: an order that lives for {life:?} is over before it is renewed"
            );
        }
    }
}

/// # Panics
/// One is refused for a lockout that is over, or for a bolus that does not run.
pub fn a_demand_is_refused_only_for_what_is_so<S: Strategy>() {
    for prescribed in prescriptions::<S>() {
        for (snapshot, order) in day_of(&prescribed) {
            let at = at(&snapshot);
            assert!(
                order.refusal != abi::REASON_LOCKOUT || snapshot.lockout_left_ns > 0,
                "at {at:?}: refused for the lockout, of which nothing is left"
            );
            assert!(
                order.refusal != abi::REASON_BOLUS_RUNNING || snapshot.bolus_running == 1,
                "at {at:?}: refused for a running bolus, and none is running"
            );
        }
    }
}

const TEN_SECONDS_NS: u64 = 10_000_000_000;

/// # Panics
/// It is asked for more than twice within ten seconds, beside what its interval brings.
pub fn a_refused_bolus_is_not_asked_for_again_and_again<S: Strategy>() {
    for prescribed in prescriptions::<S>() {
        let tape = day_of(&prescribed);
        let asked = tape.iter().position(|(_, order)| order.bolus_kind != 0);
        let Some((asked, (last, order))) = asked.and_then(|n| Some((n, tape.get(n)?))) else {
            continue;
        };
        let mut strategy = prescribed.instance();
        for (snapshot, _) in tape.iter().take(asked.saturating_add(1)) {
            shown(&mut strategy, snapshot);
        }
        let mut refused = abi::Snapshot {
            demand_id: 0,
            bolus_running: 0,
            bolus_seq: last.seq,
            bolus_kind: order.bolus_kind,
            bolus_outcome: abi::OUTCOME_REFUSED,
            bolus_reason: abi::REASON_WINDOW_1H,
            bolus_ended_ns: last.now_ns,
            ..*last
        };
        let interval = by_role(&prescribed, Role::Interval);
        let regular = interval.and_then(|every| TEN_SECONDS_NS.checked_div(every.num));
        let allowed = regular.unwrap_or(0).saturating_add(2);
        let mut requests = 0_u64;
        for _ in 0..50 {
            refused.seq = refused.seq.saturating_add(1);
            refused.now_ns = refused.now_ns.saturating_add(200_000_000);
            if shown(&mut strategy, &refused).bolus_kind != 0 {
                requests = requests.saturating_add(1);
                refused.bolus_seq = refused.seq;
            }
        }
        assert!(
            requests <= allowed,
            "refused at {:?} and asked for {requests} times more within ten seconds",
            at(last)
        );
    }
}

/// # Panics
/// One does: the pump gives a strategy memory when it begins, and none later.
pub fn a_step_allocates_nothing<S: Strategy>() {
    let before = made();
    drop(std::hint::black_box(Box::new(1)));
    assert!(
        made() > before,
        "nobody counts allocations: `conform!` has not been used in this program"
    );
    for prescribed in prescriptions::<S>() {
        let tape = day_of(&prescribed);
        let mut strategy = prescribed.instance();
        let mut state = [0; abi::MAX_STATE];
        for (message, _) in &tape {
            let snapshot = Snapshot::new(*message);
            let before = made();
            let _: Order = std::hint::black_box(strategy.step(&snapshot));
            strategy.save(&mut StateWriter::new(&mut state));
            let after = made();
            let at = at(message);
            assert_eq!(after, before, "at {at:?}: `step` or `save` allocates");
        }
    }
}

/// # Panics
/// It panics, or then proposes more than it may.
pub fn a_foreign_state_is_refused_or_taken<S: Strategy>() {
    let mut numbers = Numbers(1);
    for prescribed in prescriptions::<S>() {
        let tape = day_of(&prescribed);
        let mut strategy = prescribed.instance();
        let mut state = [0; abi::MAX_STATE];
        for (message, _) in tape.iter().take(50) {
            shown(&mut strategy, message);
            let mut writer = StateWriter::new(&mut state);
            strategy.save(&mut writer);
            let used = writer
                .finish()
                .expect("the state is larger than 4096 bytes");
            for _ in 0..16 {
                let mut foreign = state.get(..used).unwrap_or_default().to_vec();
                for byte in &mut foreign {
                    if numbers.next().is_multiple_of(4) {
                        *byte = numbers.next() as u8;
                    }
                }
                foreign.truncate(match numbers.next() % 4 {
                    0 => used / 2,
                    _ => used,
                });
                let mut fresh = prescribed.instance();
                if fresh.load(&mut StateReader::new(&foreign)).is_ok() {
                    shown(&mut fresh, message);
                }
            }
        }
    }
}

/// # Panics
/// One does: the pump has then lost the strategy.
pub fn no_snapshot_makes_it_panic<S: Strategy>() {
    let mut numbers = Numbers(1);
    for prescribed in prescriptions::<S>() {
        let mut strategy = prescribed.instance();
        for seq in 1..500 {
            let choice = |numbers: &mut Numbers, most: u32| {
                u32::try_from(numbers.next() % (u64::from(most) + 1)).unwrap_or(0)
            };
            let message = abi::Snapshot {
                size: size_of::<abi::Snapshot>() as u32,
                clock_good: choice(&mut numbers, 1),
                seq,
                now_ns: numbers.any(),
                demand_id: numbers.any() % 3,
                lockout_left_ns: numbers.any(),
                basal_granted: Fraction {
                    num: numbers.any(),
                    den: numbers.any().max(1),
                },
                delivered_nl: numbers.any(),
                bolus_seq: numbers.next() % seq,
                bolus_kind: choice(&mut numbers, abi::BOLUS_CLINICIAN),
                bolus_outcome: choice(&mut numbers, abi::OUTCOME_REFUSED),
                bolus_reason: choice(&mut numbers, abi::REASON_INFUSING),
                bolus_running: choice(&mut numbers, 1),
                bolus_started_ns: numbers.any(),
                bolus_ended_ns: numbers.any(),
                bolus_delivered_nl: numbers.any(),
                utc_s: numbers.any(),
                local_offset_plus_day_s: numbers.next() % (2 * 86_400),
                next_offset_change_utc_s: numbers.any(),
            };
            let order = shown(&mut strategy, &message);
            assert_eq!(order.seq, seq);
        }
    }
}
