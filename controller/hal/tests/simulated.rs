//! The simulated pump against the suite that every pump must pass, and what is its own.

use pump_core::quantity::Steps;
use pump_hal::conformance::{Rig, every_pump_conforms};
use pump_hal::{Motor, MotorFault, Sensor, SimulatedPump};

struct Bench(SimulatedPump);

impl Rig for Bench {
    type Pump = SimulatedPump;

    fn pump(&mut self) -> &mut SimulatedPump {
        &mut self.0
    }

    fn edges_on_the_line(&mut self) -> u64 {
        self.0.edges()
    }

    fn switch(&mut self, sensor: Sensor, bad: bool) {
        self.0.switch(sensor, bad);
    }
}

fn running(content: u64) -> SimulatedPump {
    let mut pump = SimulatedPump::new(Steps(content));
    pump.set_enabled(true)
        .expect("a simulated driver takes every change");
    pump
}

#[test]
fn the_simulated_pump_conforms() {
    every_pump_conforms(|| Bench(SimulatedPump::new(Steps(1_000))));
}

#[test]
fn an_empty_reservoir_gives_nothing_while_the_motor_still_turns() {
    let mut pump = running(2);
    for _ in 0..5 {
        assert_eq!(pump.step(), Ok(()));
    }
    assert_eq!(
        (pump.edges(), pump.given(), pump.content()),
        (5, Steps(2), Steps(0))
    );

    pump.refill(Steps(10));
    assert_eq!(pump.step(), Ok(()));
    assert_eq!((pump.given(), pump.content()), (Steps(3), Steps(9)));
}

#[test]
fn nothing_leaves_against_an_occlusion_or_in_a_stall() {
    for bad in [Sensor::Occlusion, Sensor::Stall] {
        let mut pump = running(10);
        pump.switch(bad, true);
        assert_eq!(
            pump.step(),
            Ok(()),
            "the driver can't know what its pulse moved"
        );
        assert_eq!((pump.edges(), pump.given()), (1, Steps(0)));
        pump.switch(bad, false);
        assert_eq!(pump.step(), Ok(()));
        assert_eq!((pump.edges(), pump.given()), (2, Steps(1)));
    }
}

#[test]
fn power_loss_lets_the_motor_go_and_forgets_no_edge() {
    let mut pump = running(10);
    assert_eq!(pump.step(), Ok(()));
    pump.lose_power();
    assert_eq!(pump.step(), Err(MotorFault::Disabled));
    assert_eq!(pump.edges(), 1);
    assert!(!pump.enabled());
}
