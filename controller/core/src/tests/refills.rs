//! Refills: what was found in the reservoir against the ledger (W06).

extern crate std;

use std::boxed::Box;
use std::vec::Vec;

use proptest::prelude::*;

use super::properties::holds;
use super::rig::*;
use crate::alarm::Alarm;
use crate::event::EventKind;
use crate::prescription::*;
use crate::pump::{Command, Inputs, Pump, State};
use crate::quantity::{MonoNs, Steps, Volume};
use crate::reason::Reason;
use crate::refill::{Residue, allowed};

const ML: u64 = 1_000_000;
const STEP: Volume = Volume::from_nl(50);

fn of_ml(ml: u64) -> Prescription {
    let mut p = roomy();
    p.reservoir.volume = Steps(ml * ML / 50);
    p.regimens[0] = Some(basal(ul_per_h(360)));
    p
}

fn refill(residue_nl: u64, filled_nl: u64) -> Command {
    Command::Refill {
        residue: Some(Volume::from_nl(residue_nl)),
        content: Volume::from_nl(filled_nl),
    }
}

/// A pump with this reservoir, armed and full, after a command.
fn told(p: &Prescription, command: Command) -> Box<Pump> {
    let mut pump = Box::new(Pump::new());
    pump.arm(MonoNs(0), p).expect("it can be armed");
    tell(&mut pump, command);
    pump
}

fn tell(pump: &mut Pump, command: Command) {
    let inputs = Inputs {
        command: Some(command),
        ..Inputs::default()
    };
    pump.tick(MonoNs(0), &inputs);
}

fn refused(pump: &Pump) -> Option<Reason> {
    pump.events().iter().find_map(|event| match event.kind {
        EventKind::CommandRefused { reason } => Some(reason),
        _ => None,
    })
}

/// W06.
#[test]
fn a_millilitre_may_differ_of_twenty_and_two_of_forty() {
    for (reservoir, may) in [(20, 1_000_000), (30, 1_500_000), (40, 2_000_000)] {
        let p = of_ml(reservoir);
        for (less, differs) in [(may, false), (may + 50, true)] {
            let pump = told(&p, refill(reservoir * ML - less, reservoir * ML));
            let flagged = pump.alarms().contains(Alarm::ResidueDiffers);
            assert_eq!(flagged, differs, "{less} nL of {reservoir} mL");
        }
    }
    assert_eq!(allowed(Steps(10 * ML / 50), STEP), Steps(ML / 2 / 50));
    assert_eq!(allowed(Steps(100 * ML / 50), STEP), Steps(2 * ML / 50));
}

/// W06, for every reservoir: the rule is symmetric, never laxer than either figure, and what is
/// the same never differs.
#[test]
fn the_rule_is_never_laxer_than_the_requirement() {
    let reservoirs = (1..200_000_000_u64, any::<u64>(), any::<u64>());
    holds(reservoirs, |(capacity, one, other)| {
        let (measured, expected) = (Steps(one % (capacity + 1)), Steps(other % (capacity + 1)));
        let there = Residue { measured, expected };
        let back = Residue {
            measured: expected,
            expected: measured,
        };
        let capacity = Steps(*capacity);
        let differs = there.differs(capacity, STEP);
        let by_nl = 50 * measured.0.abs_diff(expected.0);
        let must = by_nl > 2 * ML || u128::from(by_nl) * 20 > u128::from(capacity.0) * 50;
        (differs == must && differs == back.differs(capacity, STEP))
            .then_some(())
            .ok_or_else(|| std::format!("{there:?} of {capacity:?}: {differs}"))
    });
}

#[test]
fn a_residue_that_differs_keeps_the_pump_from_starting_until_somebody_answers_for_it() {
    let p = of_ml(20);
    let mut rig = Rig::new(&p, [Some(steady(ul_per_h(360))), None, None, None]);
    rig.run_until(MIN);
    rig.command(refill(17 * ML, 20 * ML));
    let during: Vec<_> = rig.pump.events().iter().map(|event| event.kind).collect();
    let reason = Reason::Infusing;
    assert_eq!(during, [EventKind::CommandRefused { reason }]);
    rig.command(Command::Stop);
    rig.command(refill(17 * ML, 20 * ML));
    assert!(rig.pump.alarms().contains(Alarm::ResidueDiffers));
    assert_eq!(rig.pump.ledger().unwrap().reservoir, Steps(20 * ML / 50));
    let before = rig.edges.len();
    for restart in [false, true] {
        if restart {
            rig.lose_power(H);
        }
        rig.arm(&p);
        rig.command(Command::Start);
        rig.run_for(MIN);
        assert_eq!(rig.pump.state(), State::Armed);
        assert!(rig.pump.alarms().contains(Alarm::ResidueDiffers));
    }
    assert_eq!(rig.edges.len(), before);
    rig.command(Command::AcknowledgeResidue);
    assert!(!rig.pump.alarms().contains(Alarm::ResidueDiffers));
    rig.command(Command::Start);
    rig.run_for(MIN);
    assert_eq!(rig.pump.state(), State::Infusing);
    assert!(rig.edges.len() > before);
}

#[test]
fn a_refill_that_can_not_be_is_refused_and_changes_nothing() {
    let p = of_ml(20);
    for (command, reason) in [
        (refill(20 * ML, 20 * ML + 50), Reason::Reservoir),
        (refill(20 * ML + 50, 20 * ML), Reason::Reservoir),
        (Command::AcknowledgeResidue, Reason::Stopped),
    ] {
        let pump = told(&p, command);
        assert_eq!(refused(&pump), Some(reason), "{command:?}");
        assert_eq!(pump.ledger().unwrap().reservoir, p.reservoir.volume);
    }
    let mut never_armed = Box::new(Pump::new());
    tell(&mut never_armed, refill(0, ML));
    assert_eq!(refused(&never_armed), Some(Reason::Stopped));
    assert_eq!(never_armed.remembered(MonoNs(0)).reservoir, None);
}

/// Another measure of a step is no other content.
#[test]
fn a_residue_that_differs_is_remembered_in_the_steps_of_the_next_arming() {
    let p = of_ml(20);
    let mut pump = told(&p, refill(17 * ML, 20 * ML));
    let finer = Prescription {
        volume_per_step: Volume::from_nl(25),
        reservoir: Reservoir {
            volume: Steps(20 * ML / 25),
            low: Steps(80_000),
            empty: Steps(20_000),
        },
        ..p
    };
    pump.arm(MonoNs(0), &finer).expect("it can be armed");
    let residue = Residue {
        measured: Steps(17 * ML / 25),
        expected: Steps(20 * ML / 25),
    };
    assert_eq!(pump.remembered(MonoNs(0)).residue, Some(residue));
}
