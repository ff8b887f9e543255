//! When the next demand could be let through, against asking at that instant.

extern crate std;

use std::format;
use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::properties::holds;
use super::rig::*;
use crate::lockout::BolusMemory;
use crate::order::DemandWait;
use crate::prescription::*;
use crate::quantity::{MonoNs, Nanoseconds};
use crate::reason::Reason;

/// Boluses as they come: after how long, how long they take, and whether on demand.
type Past = Vec<(u64, u64, bool)>;

fn remembered(past: &Past) -> (BolusMemory, MonoNs) {
    let mut memory = BolusMemory::new();
    let mut now = MonoNs(0);
    for (pause, takes, demand) in past {
        now = now.after(Nanoseconds::from_secs(*pause));
        memory.started(now, *demand);
        now = now.after(Nanoseconds::from_secs(*takes));
        memory.ended(now, *demand);
    }
    (memory, now)
}

prop_compose! {
    fn envelope()(
        lockout in 60..3_600_u64,
        start_to_start in any::<bool>(),
        others_restart_lockout in any::<bool>(),
        others_count in any::<bool>(),
        counts in prop::array::uniform2(prop::option::of((0..6_u32, 600..80_000_u64))),
    ) -> DemandEnvelope {
        let limit = |(max, period)| CountLimit { max, period: Nanoseconds::from_secs(period) };
        let mut limits = [None; MAX_COUNTS];
        for (place, count) in limits.iter_mut().zip(counts) {
            *place = count.map(limit);
        }
        DemandEnvelope {
            lockout: Nanoseconds::from_secs(lockout),
            edge: match start_to_start {
                true => LockoutEdge::StartToStart,
                false => LockoutEdge::EndToStart,
            },
            others_restart_lockout,
            others_count,
            counts: limits,
        }
    }
}

/// I5: what an operator is told is the very instant at which the gate opens.
#[test]
fn a_demand_is_let_through_when_its_wait_is_over_and_not_a_nanosecond_before() {
    let past = prop::collection::vec((0..3_000_u64, 1..600_u64, any::<bool>()), 0..30);
    holds(
        (envelope(), past, 0..5_000_u64),
        |(envelope, past, since)| {
            let (memory, last) = remembered(past);
            let now = last.after(Nanoseconds::from_secs(*since));
            let wait = memory.demand_wait(envelope, now);
            let at = |after: u64| memory.allows(envelope, now.after(Nanoseconds(after)));
            let told = |what: &str| Err(format!("{what}: {wait:?}"));
            match wait.left.map(|left| left.0) {
                None if at(0).is_ok() || at(DAY).is_ok() => told("never, it was said"),
                None => Ok(()),
                Some(left) if at(left).is_err() => told("it is still shut"),
                Some(0) if wait.reason.is_some() => told("a reason for no wait"),
                Some(0) => Ok(()),
                Some(left) => match (at(left - 1), wait.reason) {
                    (Err(was), Some(said)) if was == said => Ok(()),
                    (was, _) => told(&format!("a nanosecond before it was {was:?}")),
                },
            }
        },
    );
}

#[test]
fn a_pump_tells_of_each_regimen_that_answers_demands() -> Result<(), String> {
    let mut p = roomy();
    p.regimens[0] = Some(basal(ul_per_h(30)));
    p.regimens[1] = Some(demand(volume_ul(5), MIN, 30 * MIN));
    let plans = [
        Some(steady(ul_per_h(30))),
        Some(generous(volume_ul(5), MIN)),
        None,
        None,
    ];
    let mut rig = Rig::new(&p, plans);
    rig.run_until(10 * S);
    let open = DemandWait {
        left: Some(Nanoseconds::ZERO),
        reason: None,
    };
    assert_eq!(rig.pump.demand_waits(), [None, Some(open), None, None]);
    rig.press();
    rig.run_until(10 * MIN);
    let shut = rig.pump.demand_waits()[1].ok_or("it answers demands")?;
    assert_eq!(shut.reason, Some(Reason::Lockout));
    let left = shut.left.ok_or("not for ever")?.0;
    assert!((19 * MIN..=21 * MIN).contains(&left), "{left}");
    Ok(())
}
