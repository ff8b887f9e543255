//! Boluses that meet each other and the limits.

extern crate std;

use std::boxed::Box;
use std::cell::Cell;
use std::rc::Rc;
use std::vec;

use super::rig::*;
use crate::bolus::{BolusKind, BolusOutcome};
use crate::event::EventKind;
use crate::order::{Answer, BolusRequest, Order};
use crate::prescription::*;
use crate::quantity::{MonoNs, Nanoseconds, Rate, Steps, Volume};
use crate::reason::Reason;

fn scheduled(max: Volume, over: u64, interval: u64) -> Envelope {
    Envelope {
        basal: Rate::ZERO,
        bolus: Some(BolusEnvelope {
            max,
            over: Nanoseconds(over),
            demand: None,
            interval: Some(Nanoseconds(interval)),
        }),
    }
}

fn timetable(volume: Volume, over: u64, at: &'static [u64]) -> Plan {
    let mut done = 0;
    Box::new(move |snapshot| {
        let mut order = order(snapshot, Rate::ZERO);
        if at.get(done).is_some_and(|at| *at <= snapshot.now.0) {
            done += 1;
            order.bolus = Some(BolusRequest {
                volume,
                over: Nanoseconds(over),
                loading: false,
            });
        }
        order.wake_in = at.get(done).map(|at| Nanoseconds(at - snapshot.now.0));
        Some(order)
    })
}

/// D04.
#[test]
fn a_demand_suspends_a_scheduled_bolus_which_then_resumes_with_what_it_had_left() {
    let mut p = roomy();
    p.regimens[0] = Some(scheduled(volume_ul(60), H, 4 * H));
    p.regimens[1] = Some(demand(volume_ul(10), 2 * MIN, 30 * MIN));
    let square = timetable(volume_ul(60), H, &[0]);
    let plans = [
        Some(square),
        Some(generous(volume_ul(10), 2 * MIN)),
        None,
        None,
    ];
    let mut rig = Rig::new(&p, plans);
    rig.run_until(30 * MIN);
    rig.press();
    rig.run_until(31 * MIN);
    let open = rig.pump.open_boluses().map(|open| {
        let (_, kind, given) = open.expect("both are open");
        (kind, given)
    });
    let [running, waiting] = open;
    assert_eq!(running, (BolusKind::Demand, Steps(100)));
    assert_eq!(waiting, (BolusKind::Scheduled, Steps(600)));
    rig.run_until(3 * H);
    assert_eq!(rig.pump.open_boluses(), [None, None]);
    assert_eq!(
        ended(&rig),
        vec![(32 * MIN, 200, None), (H + 2 * MIN, 1200, None)]
    );
    assert_eq!(rig.edges.len(), 1400);
}

#[test]
fn a_scheduled_bolus_during_a_demand_bolus_is_refused_and_its_strategy_hears_of_the_end() {
    let mut p = roomy();
    p.regimens[0] = Some(scheduled(volume_ul(60), H, 4 * H));
    p.regimens[1] = Some(demand(volume_ul(10), 10 * MIN, 30 * MIN));
    let square = timetable(volume_ul(60), H, &[5 * MIN]);
    let plans = [
        Some(square),
        Some(generous(volume_ul(10), 10 * MIN)),
        None,
        None,
    ];
    let mut rig = Rig::new(&p, plans);
    let told = Rc::new(Cell::new((0, 0)));
    let witness = told.clone();
    let mut square = rig.strategies[0].take().unwrap();
    rig.strategies[0] = Some(Box::new(move |snapshot| {
        let (busy, free) = witness.get();
        witness.set(match snapshot.bolus_running {
            true => (snapshot.now.0, free),
            false => (busy, snapshot.now.0),
        });
        square(snapshot)
    }));
    rig.press();
    rig.run_until(11 * MIN);
    assert_eq!(rig.refusals(), vec![Reason::BolusRunning]);
    let (busy, free) = told.get();
    assert!(
        (5 * MIN..10 * MIN).contains(&busy) && free >= 10 * MIN,
        "{busy} {free}"
    );
}

#[test]
fn unasked_boluses_keep_their_interval_whatever_the_strategy_says() {
    let mut p = roomy();
    p.regimens[0] = Some(scheduled(volume_ul(5), MIN, 4 * H));
    let eager = timetable(volume_ul(5), MIN, &[0, H, 4 * H - 2 * S, 4 * H]);
    let mut rig = Rig::new(&p, [Some(eager), None, None, None]);
    rig.run_until(5 * H);
    assert_eq!(rig.started(), vec![0, 4 * H]);
    assert_eq!(rig.refusals(), vec![Reason::Envelope, Reason::Envelope]);
}

#[test]
fn a_strategy_without_an_interval_may_not_give_unasked() {
    let mut p = roomy();
    p.regimens[0] = Some(demand(volume_ul(5), MIN, 30 * MIN));
    let eager = timetable(volume_ul(5), MIN, &[0]);
    let mut rig = Rig::new(&p, [Some(eager), None, None, None]);
    rig.run_until(H);
    assert_eq!(rig.refusals(), vec![Reason::Envelope]);
}

/// D03.
#[test]
fn above_the_highest_rate_the_bolus_is_stretched_and_the_basal_is_not() {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.max_rate = ul_per_h(1080); // leaves 4 steps a second for the bolus
    p.regimens[0] = Some(basal(rate));
    p.regimens[1] = Some(demand(volume_ul(50), MIN, 30 * MIN));
    let plans = [
        Some(steady(rate)),
        Some(generous(volume_ul(50), MIN)),
        None,
        None,
    ];
    let mut rig = Rig::new(&p, plans);
    rig.press();
    rig.run_until(H);
    let stretched = rig.events.iter().any(|event| {
        matches!(
            event.kind,
            EventKind::BolusStretched {
                reason: Reason::MaxRate,
                ..
            }
        )
    });
    assert!(stretched);
    assert_eq!(ended(&rig), vec![(250 * S, 1000, None)]);
    assert_eq!(rig.edges.len(), 7200 + 1000);
}

/// D05.
#[test]
fn a_clinician_bolus_restarts_the_lockout_where_that_is_written_and_counts_where_that_is() {
    for (restarts, counts, refusal) in [
        (true, false, Some(Reason::Lockout)),
        (false, true, Some(Reason::MaxPer1h)),
        (false, false, None),
    ] {
        let mut p = roomy();
        let mut envelope = demand(volume_ul(5), MIN, 20 * MIN);
        let rules = envelope.bolus.as_mut().unwrap().demand.as_mut().unwrap();
        rules.others_restart_lockout = restarts;
        rules.others_count = counts;
        rules.counts = [
            Some(CountLimit {
                max: 1,
                period: Nanoseconds(H),
            }),
            None,
        ];
        p.regimens[0] = Some(envelope);
        let mut rig = Rig::new(&p, [Some(generous(volume_ul(5), MIN)), None, None, None]);
        rig.command(clinician(50, MIN));
        rig.run_until(10 * MIN);
        rig.press();
        assert_eq!(rig.refusals().first().copied(), refusal);
    }
}

#[test]
fn a_clinician_bolus_needs_its_own_limit() {
    let mut p = roomy();
    p.regimens[0] = Some(basal(ul_per_h(10)));
    let plans = || [Some(steady(ul_per_h(10))), None, None, None];
    let mut rig = Rig::new(&p, plans());
    rig.command(clinician(101, MIN));
    rig.command(clinician(100, MIN));
    assert_eq!(rig.refusals(), vec![Reason::MaxBolus]);
    p.max_clinician_bolus = None;
    let mut rig = Rig::new(&p, plans());
    rig.command(clinician(1, MIN));
    assert_eq!(rig.refusals(), vec![Reason::Envelope]);
}

#[test]
fn a_cap_without_basal_lets_exactly_the_cap_through() {
    let mut p = roomy();
    p.caps.h1 = Some(Steps(300)); // 15 µL
    p.regimens[0] = Some(demand(volume_ul(5), MIN, MIN));
    let mut rig = Rig::new(&p, [Some(generous(volume_ul(5), MIN)), None, None, None]);
    for minute in [0, 2, 4, 6, 8] {
        rig.run_until(minute * MIN);
        rig.press();
    }
    rig.run_until(10 * MIN);
    assert_eq!(rig.edges.len(), 300);
    assert_eq!(rig.refusals(), vec![Reason::Window1h, Reason::Window1h]);
}

#[test]
fn a_bolus_leaves_its_window_though_nothing_has_flowed_since() {
    let mut p = roomy();
    p.caps.h1 = Some(Steps(100));
    p.regimens[0] = Some(demand(volume_ul(5), MIN, MIN));
    let mut rig = Rig::new(&p, [Some(generous(volume_ul(5), MIN)), None, None, None]);
    rig.press();
    rig.run_until(62 * MIN);
    rig.press();
    assert!(rig.refusals().is_empty());
}

#[test]
fn a_bolus_that_the_reservoir_or_the_volume_to_be_infused_can_not_hold_is_refused() {
    let mut p = roomy();
    p.regimens[0] = Some(demand(volume_ul(50), MIN, MIN));
    let new =
        |p: &Prescription| Rig::new(p, [Some(generous(volume_ul(50), MIN)), None, None, None]);
    p.vtbi = Some(Steps(999));
    let mut rig = new(&p);
    rig.press();
    assert_eq!(rig.refusals(), vec![Reason::Vtbi]);
    p.vtbi = None;
    p.reservoir = Reservoir {
        volume: Steps(1099),
        low: Steps(0),
        empty: Steps(100),
    };
    let mut rig = new(&p);
    rig.press();
    assert_eq!(rig.refusals(), vec![Reason::Reservoir]);
}

#[test]
fn a_demand_passes_on_to_the_next_regimen_that_may_give_it() {
    let mut p = roomy();
    p.regimens[0] = Some(demand(volume_ul(5), MIN, 30 * MIN));
    p.regimens[1] = Some(demand(volume_ul(7), MIN, 30 * MIN));
    let refusing: Plan = Box::new(|snapshot| {
        let answer = snapshot
            .demand
            .map(|demand| Answer::Refuse(demand, Reason::Strategy));
        Some(Order {
            answer,
            ..order(snapshot, Rate::ZERO)
        })
    });
    let plans = [
        Some(refusing),
        Some(generous(volume_ul(7), MIN)),
        None,
        None,
    ];
    let mut rig = Rig::new(&p, plans);
    rig.press();
    rig.run_until(5 * MIN);
    assert_eq!(rig.edges.len(), 140);
    assert!(rig.refusals().is_empty());
}

#[test]
fn a_press_is_refused_where_no_regimen_answers_demands() {
    let mut p = roomy();
    p.regimens[0] = Some(basal(ul_per_h(10)));
    let mut rig = Rig::new(&p, [Some(steady(ul_per_h(10))), None, None, None]);
    rig.press();
    assert_eq!(rig.refusals(), vec![Reason::Envelope]);
}

#[test]
fn a_strategy_sees_what_became_of_its_bolus() {
    let mut p = roomy();
    p.regimens[0] = Some(demand(volume_ul(5), MIN, 30 * MIN));
    let seen = Rc::new(Cell::new(None));
    let witness = seen.clone();
    let mut give = generous(volume_ul(5), MIN);
    let plan: Plan = Box::new(move |snapshot| {
        witness.set(snapshot.bolus);
        give(snapshot)
    });
    let mut rig = Rig::new(&p, [Some(plan), None, None, None]);
    rig.run_until(MIN);
    rig.press();
    rig.run_for(S);
    let report = seen.get().unwrap();
    assert_eq!(
        (report.outcome, report.started_at),
        (BolusOutcome::Running, MonoNs(MIN))
    );
    rig.run_for(H);
    let report = seen.get().unwrap();
    assert_eq!(
        (report.outcome, report.delivered_nl),
        (BolusOutcome::Completed, 5000)
    );
    assert_eq!(report.ended_at, MonoNs(2 * MIN));
}
