//! The simulated bench: what it gives, and what its inputs say.

use std::io::{Read as _, Seek as _};
use std::time::Duration;

use pump_core::quantity::Steps;
use pump_hal::bench::bench;
use pump_hal::{FluidPath, Heartbeat, Input, InputSource, Loss, Mechanics, Motor};
use pump_hal::{Reading, Sensor, SensorLost};

#[test]
fn volume_leaves_only_where_there_is_some_and_the_motor_turns() {
    let (mut motor, _inputs, _heart, bench) = bench(Steps(3), Mechanics::default());
    assert_eq!(motor.set_enabled(true), Ok(()));
    for bad in [Sensor::Occlusion, Sensor::Stall] {
        bench.switch(bad, true);
        assert_eq!(motor.step(), Ok(()), "the driver can't know");
        bench.switch(bad, false);
    }
    assert_eq!((bench.edges(), bench.given()), (2, Steps(0)));
    for _ in 0..5 {
        assert_eq!(motor.step(), Ok(()));
    }
    assert_eq!(
        (bench.edges(), bench.given(), bench.content()),
        (7, Steps(3), Steps(0))
    );
    bench.refill(Steps(10));
    assert_eq!(motor.step(), Ok(()));
    assert_eq!((bench.given(), bench.content()), (Steps(4), Steps(9)));
}

#[test]
fn what_happens_wakes_who_waits() {
    let (_motor, mut inputs, _heart, bench) = bench(Steps(1), Mechanics::default());
    let waiting = std::thread::spawn(move || {
        loop {
            // Longer than any test may take: only the event can end it.
            let batch = inputs.wait(Duration::from_secs(3_600));
            if let Some(event) = batch.iter().next() {
                return (event, inputs.reading(event.input));
            }
        }
    });
    bench.switch(Sensor::Door, true);
    let (event, reading) = waiting.join().expect("it does not panic");
    assert_eq!(event.input, Input::Sensor(Sensor::Door));
    assert_eq!((event.reading, reading), (Reading::Active, Reading::Active));
    assert!(event.at <= pump_hal::now());
}

#[test]
fn more_events_than_a_batch_holds_come_in_the_next() {
    let (_motor, mut inputs, _heart, bench) = bench(Steps(1), Mechanics::default());
    for _ in 0..100 {
        bench.press();
    }
    let mut presses = 0;
    let mut batches = 0;
    loop {
        let batch = inputs.wait(Duration::ZERO);
        if batch.is_empty() {
            break;
        }
        presses += batch.presses();
        batches += 1;
    }
    assert_eq!(presses, 100);
    assert!(batches > 1);
}

#[test]
fn w11_a_lost_line_is_an_event_and_no_reading() {
    let (_motor, mut inputs, _heart, bench) = bench(Steps(1), Mechanics::default());
    let lost = Reading::Lost(Loss::Unreadable { errno: 0 });
    bench.say(Input::Sensor(Sensor::Air), lost);
    bench.say(Input::Sensor(Sensor::Air), lost);
    let told: Vec<Reading> = inputs
        .wait(Duration::ZERO)
        .iter()
        .map(|e| e.reading)
        .collect();
    assert_eq!(told, [lost], "the same twice is no news");
    assert_eq!(inputs.sensors(), Err(SensorLost(Sensor::Air)));
    bench.say(Input::Sensor(Sensor::Air), Reading::Inactive);
    assert!(inputs.sensors().is_ok());
}

#[test]
fn the_heart_is_heard() {
    let (_motor, _inputs, mut heart, bench) = bench(Steps(1), Mechanics::default());
    for _ in 0..3 {
        assert_eq!(heart.beat(), Ok(()));
    }
    assert_eq!(bench.beats(), 3);
}

#[test]
fn every_input_has_a_place_and_a_name_of_its_own() {
    for (index, input) in Input::ALL.iter().enumerate() {
        assert_eq!(input.index(), index);
        let same = Input::ALL
            .iter()
            .filter(|other| other.name() == input.name());
        assert_eq!(same.count(), 1);
    }
}

#[test]
fn a_witness_knows_every_step_that_turned_the_motor_and_no_other() {
    let (mut motor, _inputs, _heart, bench) = bench(Steps(10), Mechanics::default());
    let file = tempfile::tempfile().expect("a file");
    bench.witness(file.try_clone().expect("a second one"));
    motor.set_enabled(true).expect("it is enabled");
    for _ in 0..3 {
        motor.step().expect("a step");
    }
    bench.switch(Sensor::Occlusion, true);
    motor.step().expect("a pulse that moves nothing");
    assert_eq!(bench.given(), Steps(3));
    let mut bytes = Vec::new();
    let mut file = &file;
    file.rewind().expect("from the start");
    file.read_to_end(&mut bytes).expect("read");
    let instants: Vec<u64> = bytes
        .chunks(8)
        .map(|one| u64::from_le_bytes(one.try_into().expect("eight bytes")))
        .collect();
    assert_eq!(instants.len(), 3);
    assert!(instants.is_sorted() && instants[0] > 0);
}
