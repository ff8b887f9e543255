//! Stops that come again (W10), against an oracle that remembers every one of them.

extern crate std;

use std::vec::Vec;

use proptest::prelude::*;

use super::rig::*;
use crate::alarm::Alarm;
use crate::pump::{Command, Inputs, State};
use crate::sensor::Sensor;
use crate::twin::{self, Twin};

/// A while of delivery or of a pause, and then a line that is bad and good again.
type Stop = (u64, bool, usize);

fn stops() -> impl Strategy<Value = Vec<Stop>> {
    let gap = prop_oneof![3 => 0..300_u64, 1 => 299..=301_u64, 1 => 300..1_200_u64];
    let stop = (gap, prop::bool::weighted(0.2), 0..3_usize);
    prop::collection::vec(stop, 1..20)
}

fn holds(stops: &[Stop]) -> Result<(), TestCaseError> {
    let rate = ul_per_h(360);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    let mut past: [Vec<u64>; 5] = Default::default();
    for (gap, paused, which) in stops {
        if *paused {
            rig.command(Command::Pause);
        }
        rig.run_for(gap * S);
        let sensor = Sensor::ALL[*which];
        for bad in [true, false] {
            sensor.write(&mut rig.sensors, bad);
            rig.tick(Inputs::default());
        }
        if !*paused {
            past[*which].push(rig.now);
        }
        let times = &past[*which];
        let third = times.len().checked_sub(3).map(|place| times[place]);
        let locked = !*paused && third.is_some_and(|third| rig.now - third <= 10 * MIN);
        prop_assert_eq!(rig.pump.alarms().contains(Alarm::RepeatedStop), locked);
        for command in [Command::Resume, Command::Start] {
            let before = rig.edges.len();
            rig.command(command);
            rig.run_for(S);
            let runs = rig.pump.state() == State::Infusing;
            prop_assert_eq!(runs, !locked);
            prop_assert!(runs || rig.edges.len() == before);
        }
        if locked {
            rig.command(Command::Stop);
            rig.arm(&p);
            prop_assert!(!rig.pump.alarms().contains(Alarm::RepeatedStop));
            rig.command(Command::Start);
            past = Default::default();
        }
    }
    Ok(())
}

proptest! {
    /// W10.
    #[test]
    fn the_third_stop_by_one_alarm_in_ten_minutes_and_no_other_locks_the_restart_out(
        stops in stops(),
    ) {
        holds(&stops)?;
    }
}

#[test]
fn the_oracle_notices_stops_that_are_forgotten() {
    let thrice = [(60, false, 0); 3];
    assert!(holds(&thrice).is_ok());
    twin::with(Twin::StopsForgotten, || assert!(holds(&thrice).is_err()));
}
