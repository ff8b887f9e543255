//! A checkpoint as bytes: what is written comes back whole, and what was never written by a
//! pump is a flaw with a name or a memory that agrees with itself.

extern crate std;

use std::boxed::Box;
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::cases::{Case, case, play};
use super::properties::holds;
use super::rig::*;
use crate::checkpoint::{Checkpoint, CheckpointFlaw};
use crate::prescription::*;
use crate::pump::{ArmError, Command, Inputs, Pump};
use crate::quantity::{MonoNs, Steps};

fn comes_back(checkpoint: &Checkpoint) -> Result<Vec<u8>, String> {
    let bytes = written(checkpoint);
    match Checkpoint::decode(&bytes) {
        Ok(back) if back == *checkpoint => Ok(bytes),
        other => Err(format!("{checkpoint:?} came back as {other:?}")),
    }
}

/// Any bytes: a flaw, or a checkpoint that is as sound as one that a pump wrote.
fn is_read_or_refused(bytes: &[u8]) -> Result<(), String> {
    let Ok(checkpoint) = Checkpoint::decode(bytes) else {
        return Ok(());
    };
    comes_back(&checkpoint)?;
    let mut pump = Box::new(Pump::restore(&checkpoint, Steps::MAX, checkpoint.at()));
    let windows = pump.checkpoint();
    let mut p = roomy();
    p.caps.h1 = Some(Steps(7200));
    p.regimens[0] = Some(basal(ul_per_h(10)));
    if pump.arm(checkpoint.at(), &p) == Ok(()) {
        let start = Inputs {
            command: Some(Command::Start),
            ..Inputs::default()
        };
        pump.tick(checkpoint.at(), &start);
        pump.tick(MonoNs(checkpoint.at().0 + DAY), &Inputs::default());
    }
    comes_back(&windows).map(drop)
}

/// A case, and changes of some bytes of what its pump wrote.
fn changed() -> impl Strategy<Value = (Case, Vec<(usize, u8)>)> {
    let changes = proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6);
    (case(), changes)
}

#[test]
fn i8_a_checkpoint_comes_back_whole_from_its_bytes() {
    holds(case(), |case| {
        let told = play(case);
        for checkpoint in [&told.rig.saved, &told.rig.pump.checkpoint()] {
            let bytes = comes_back(checkpoint)?;
            if bytes.len() > Checkpoint::MAX_BYTES {
                return Err(format!("{} bytes", bytes.len()));
            }
            let read = Checkpoint::decode(&bytes).unwrap();
            let credit = told.rig.credit;
            let back = |it: &Checkpoint| Pump::restore(it, credit, it.at());
            if back(&read) != back(checkpoint) {
                return Err(String::from("another pump came back"));
            }
        }
        Ok(())
    });
}

#[test]
fn a_checkpoint_that_was_damaged_is_refused_or_agrees_with_itself() {
    holds(changed(), |(case, changes)| {
        let mut bytes = written(&play(case).rig.saved);
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = *byte;
            is_read_or_refused(&bytes)?;
        }
        Ok(())
    });
}

#[test]
fn any_bytes_are_a_checkpoint_or_are_refused() {
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    holds((0..3_u8, bytes), |(version, bytes)| {
        let mut bytes = bytes.clone();
        if let (1.., Some(first)) = (version, bytes.first_mut()) {
            *first = *version;
        }
        is_read_or_refused(&bytes)
    });
}

/// A pump with two drugs, boluses of both groups and a basal, after `days`.
fn of_days(days: u64) -> Rig {
    let mut p = roomy();
    p.reservoir.volume = Steps(1 << 40);
    p.order_lease = crate::quantity::Nanoseconds::MAX;
    p.regimens[0] = Some(basal(ul_per_h(113)));
    p.regimens[1] = Some(demand(volume_ul(5), MIN, 30 * MIN));
    for (place, id) in p.drugs.iter_mut().zip(1..=2) {
        *place = Some(Drug {
            id: DrugId([id; 16]),
            fg_per_step: 7_000,
            caps: Caps::default(),
        });
    }
    let plans = [
        Some(steady(ul_per_h(113))),
        Some(generous(volume_ul(5), MIN)),
        None,
        None,
    ];
    let mut rig = Rig::new(&p, plans);
    for hour in 0..days * 24 {
        rig.press();
        rig.run_until(hour * H + 20 * MIN);
        rig.command(clinician(3, MIN));
        rig.run_until((hour + 1) * H);
    }
    rig
}

#[test]
fn every_prefix_of_a_checkpoint_is_refused() {
    let bytes = written(&of_days(1).pump.checkpoint());
    for end in 0..bytes.len() {
        assert_eq!(
            Checkpoint::decode(&bytes[..end]),
            Err(CheckpointFlaw::Truncated)
        );
    }
    assert_eq!(
        Checkpoint::decode(&[&bytes[..], &[0]].concat()),
        Err(CheckpointFlaw::Trailing)
    );
}

#[test]
fn a_checkpoint_of_weeks_takes_a_few_kilobytes() {
    let (two, nine) = (of_days(2).pump.checkpoint(), of_days(9).pump.checkpoint());
    let (two, nine) = (written(&two).len(), written(&nine).len());
    assert!((500..4_000).contains(&nine), "{nine} bytes");
    assert!(nine < two + 100, "{two} bytes after 2 days, {nine} after 9");
}

#[test]
fn a_checkpoint_of_a_pump_that_never_gave_anything_is_a_checkpoint() {
    let bytes = written(&Pump::new().checkpoint());
    assert!(bytes.len() < 50, "{} bytes", bytes.len());
    assert_eq!(Checkpoint::decode(&bytes), Ok(Pump::new().checkpoint()));
}

#[test]
fn a_place_that_is_too_small_is_told_by_the_length() {
    let checkpoint = of_days(1).pump.checkpoint();
    let whole = written(&checkpoint).len();
    let mut small = vec![0; whole - 1];
    assert_eq!(checkpoint.encode(&mut small), whole);
}

/// The bytes of a checkpoint at minute 0 whose parts are as said.
fn of_parts(head: &[u8], memory: &[u8]) -> Result<Checkpoint, CheckpointFlaw> {
    Checkpoint::decode(&[head, memory].concat())
}

#[test]
fn what_contradicts_itself_is_refused_by_name() {
    const HEAD: [u8; 6] = [1, 5, 0, 0, 0, 0];
    // A window of one minute with nothing in it, 1 nL a step, no content, no drug, none
    // armed, no air in slots of 1 ns, no bolus.
    let sound = [
        &[0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
        &[0, 1, 5, 0, 0, 0, 0],
    ]
    .concat();
    assert!(of_parts(&HEAD, &sound).is_ok());
    let with = |changes: &[(usize, u8)]| {
        let mut memory = sound.clone();
        for (at, byte) in changes {
            memory[*at] = *byte;
        }
        of_parts(&HEAD, &memory).map(drop)
    };
    let late = [&[1][..], &[0xff; 9], &[1], &[0; 4]].concat();
    assert_eq!(
        of_parts(&late, &sound),
        Err(CheckpointFlaw::Clock),
        "an instant with nothing after it"
    );
    let next = of_parts(&[3, 5, 0, 0, 0, 0], &sound);
    assert_eq!(next, Err(CheckpointFlaw::Version { found: 3 }));
    assert_eq!(
        with(&[(0, 1)]),
        Err(CheckpointFlaw::Window),
        "before minute 0"
    );
    assert_eq!(with(&[(2, 0)]), Err(CheckpointFlaw::Measure));
    assert_eq!(with(&[(3, 0)]), Err(CheckpointFlaw::Measure));
    assert_eq!(with(&[(4, 2)]), Err(CheckpointFlaw::Number), "yes, no, two");
    assert_eq!(
        with(&[(13, 1)]),
        Err(CheckpointFlaw::Drugs),
        "armed, not there"
    );
    let bolus = |bytes: &[u8]| of_parts(&HEAD, &[&sound[..21], bytes].concat()).map(drop);
    // A demand 2 ns ago, that is the last of its group, that ended a nanosecond later.
    assert_eq!(bolus(&[1, 2, 1, 1, 2, 1, 1, 0]), Ok(()));
    let flawed = Err(CheckpointFlaw::Boluses);
    assert_eq!(bolus(&[1, 6, 1, 1, 6, 1, 1, 0]), flawed, "before the pump");
    assert_eq!(bolus(&[1, 2, 1, 1, 2, 1, 3, 0]), flawed, "ends after now");
    assert_eq!(
        bolus(&[1, 2, 1, 0, 0]),
        flawed,
        "a demand without a last one"
    );
    assert_eq!(
        bolus(&[1, 2, 0, 1, 2, 1, 1, 0]),
        flawed,
        "of the other group"
    );
    assert_eq!(with(&[(18, 0)]), Err(CheckpointFlaw::Air), "no slots");
    assert_eq!(with(&[(19, 6)]), Err(CheckpointFlaw::Air), "before slot 0");
    let air = |place: u8| {
        let held = [&sound[..20], &[1, place, 9], &sound[21..]].concat();
        of_parts(&HEAD, &held).map(drop)
    };
    assert_eq!((air(60), air(61)), (Ok(()), Err(CheckpointFlaw::Air)));
    let many = [0x81, 0x10];
    assert_eq!(bolus(&many), flawed, "2049 boluses");
    let drug = |id: u8, mass: u8| [&[1][..], &[id; 16], &[mass, 1]].concat();
    let drugs = |drugs: &[Vec<u8>], armed: &[u8]| {
        let rest = vec![0; 8 - drugs.len()];
        let memory = [&sound[..5], &drugs.concat(), &rest, armed, &sound[17..]].concat();
        of_parts(&HEAD, &memory).map(drop)
    };
    let (one, other) = (drug(1, 7), drug(2, 7));
    let flawed = Err(CheckpointFlaw::Drugs);
    assert_eq!(drugs(&[one.clone(), other.clone()], &[1, 2, 0, 0]), Ok(()));
    assert_eq!(drugs(&[one.clone(), one.clone()], &[1, 0, 0, 0]), flawed);
    assert_eq!(drugs(&[one.clone(), other], &[1, 1, 0, 0]), flawed);
    assert_eq!(drugs(&[one, drug(2, 0)], &[1, 0, 0, 0]), flawed);
    let long_run = [&HEAD[..], &[0, 1, 2], &sound[2..]].concat();
    let flaw = Checkpoint::decode(&long_run).map(drop);
    assert_eq!(flaw, Err(CheckpointFlaw::Window), "two minutes in one");
    let no_count = [&HEAD[..], &[0, 0x80, 0x80, 0x80, 0x80, 0x20], &sound[2..]].concat();
    let flaw = Checkpoint::decode(&no_count).map(drop);
    assert_eq!(flaw, Err(CheckpointFlaw::Window), "2³² steps in a minute");
    for flaw in [CheckpointFlaw::Truncated, CheckpointFlaw::Trailing] {
        assert!(!format!("{flaw}").is_empty());
    }
}

/// A drug that finds no room is refused at an instant that the pump knows too: a checkpoint
/// after it is no older than what its windows hold.
#[test]
fn an_arming_without_room_leaves_a_checkpoint_that_can_be_read() {
    let mut pump = Box::new(Pump::new());
    for id in 0..9_u8 {
        let mut p = roomy();
        p.drugs[0] = Some(Drug {
            id: DrugId([id; 16]),
            fg_per_step: 7_000,
            caps: Caps::default(),
        });
        let at = MonoNs(u64::from(id) * 10 * MIN);
        match pump.arm(at, &p) {
            Ok(()) => pump.memory.give(Steps(1)),
            Err(error) => assert_eq!((id, error), (8, ArmError::TooManyDrugs)),
        }
    }
    comes_back(&pump.checkpoint()).unwrap();
}
