//! The suite that every pump must pass, on every implementation that needs no hardware.

mod rigs;

use std::convert::identity;

use pump_core::quantity::Steps;
use pump_hal::SimulatedPump;
use pump_hal::bench::{Bench, BenchInputs, BenchMotor, bench};
use pump_hal::conformance::{LiveRig, Rig, every_live_pump_conforms, every_pump_conforms};
use pump_hal::tape::{Call, Reel, Tape};
use pump_hal::{Faulty, FluidPath, InputSource, LiveMotor, Motor, MotorFault, Sensor, SensorLost};
use rigs::{MECHANICS, Pump, settle};

/// The simulated bench, its parts perhaps wrapped.
struct OnBench<M, F> {
    pump: Pump<M, F>,
    bench: Bench,
}

fn on_bench<M, F>(
    motor: impl Fn(BenchMotor) -> M,
    path: impl Fn(BenchInputs) -> F,
) -> OnBench<M, F> {
    let (bare, inputs, _heart, bench) = bench(Steps(1_000), MECHANICS);
    let pump = Pump {
        motor: motor(bare),
        path: path(inputs),
    };
    OnBench { pump, bench }
}

impl<M: LiveMotor, F: FluidPath> Rig for OnBench<M, F> {
    type Pump = Pump<M, F>;

    fn pump(&mut self) -> &mut Pump<M, F> {
        &mut self.pump
    }

    fn edges_on_the_line(&mut self) -> u64 {
        self.bench.edges()
    }

    fn switch(&mut self, sensor: Sensor, bad: bool) {
        self.bench.switch(sensor, bad);
    }

    fn settle(&mut self) {
        settle(&self.pump.motor);
    }
}

impl<M: LiveMotor, F: FluidPath> LiveRig for OnBench<M, F> {
    type Motor = M;

    fn motor(&mut self) -> &mut M {
        &mut self.pump.motor
    }

    fn enable_line(&mut self) -> bool {
        self.bench.enabled()
    }
}

#[test]
fn the_simulated_bench_conforms() {
    every_live_pump_conforms(|| on_bench(identity, identity));
}

#[test]
fn a_boxed_pump_conforms() {
    every_live_pump_conforms(|| {
        on_bench(
            |motor| Box::new(motor) as Box<dyn LiveMotor>,
            |path| Box::new(path) as Box<dyn InputSource>,
        )
    });
}

#[test]
fn a_faulty_pump_without_a_fault_conforms() {
    every_live_pump_conforms(|| on_bench(Faulty::new, Faulty::new));
}

#[test]
fn a_recorded_pump_conforms() {
    every_live_pump_conforms(|| {
        on_bench(
            |motor| Tape::new(motor, Reel::new(1_000)),
            |path| Tape::new(path, Reel::new(1_000)),
        )
    });
}

#[test]
fn wrappers_around_wrappers_conform() {
    every_live_pump_conforms(|| {
        on_bench(
            |motor| Tape::new(Faulty::new(motor), Reel::new(0)),
            |path| Faulty::new(Tape::new(path, |_| ())),
        )
    });
}

struct Virtual(Faulty<SimulatedPump>);

impl Rig for Virtual {
    type Pump = Faulty<SimulatedPump>;

    fn pump(&mut self) -> &mut Self::Pump {
        &mut self.0
    }

    fn edges_on_the_line(&mut self) -> u64 {
        self.0.inner().edges()
    }

    fn switch(&mut self, sensor: Sensor, bad: bool) {
        self.0.inner_mut().switch(sensor, bad);
    }
}

#[test]
fn a_wrapped_pump_in_virtual_time_conforms() {
    every_pump_conforms(|| Virtual(Faulty::new(SimulatedPump::new(Steps(1_000)))));
}

#[test]
fn a_faulty_pump_refuses_as_its_script_says() {
    let mut rig = on_bench(Faulty::new, Faulty::new);
    let faults = rig.pump.motor.faults();
    faults.refuse_enabling(true);
    assert_eq!(rig.pump.set_enabled(true), Err(MotorFault::Refused));
    assert!(!rig.bench.enabled());
    faults.refuse_enabling(false);
    assert_eq!(rig.pump.set_enabled(true), Ok(()));
    rig.settle();

    faults.refuse_step(2).refuse_steps_from(4);
    let answers: Vec<bool> = (1..=6).map(|_| rig.pump.step().is_ok()).collect();
    assert_eq!(answers, [true, false, true, false, false, false]);
    assert_eq!(rig.bench.edges(), 2, "a refused step sends nothing");
    faults.pulse_when_refusing(true);
    assert_eq!(rig.pump.step(), Err(MotorFault::Refused));
    assert_eq!(rig.bench.edges(), 3, "unless it is told to");

    faults.refuse_disabling(true);
    assert_eq!(rig.pump.set_enabled(false), Err(MotorFault::Refused));
    assert!(rig.bench.enabled(), "it is still energised");
    faults.refuse_braking(true);
    let brake = rig.pump.motor.brake();
    assert_eq!(brake.cut(), Err(MotorFault::Refused));
    assert!(brake.is_cut(), "the latch holds whatever the line says");
}

#[test]
fn w11_a_lost_sensor_is_never_a_reading() {
    let mut rig = on_bench(Faulty::new, Faulty::new);
    for sensor in Sensor::ALL {
        let faults = rig.pump.path.faults();
        faults.lose(sensor, true);
        assert_eq!(rig.pump.sensors(), Err(SensorLost(sensor)));
        faults.lose(sensor, false);
        assert!(rig.pump.sensors().is_ok());
    }
}

#[test]
fn a_tape_tells_every_call_and_its_answer_and_what_had_no_room() {
    let mut rig = on_bench(|motor| Tape::new(motor, Reel::new(3)), identity);
    assert_eq!(rig.pump.step(), Err(MotorFault::Disabled));
    assert_eq!(rig.pump.set_enabled(true), Ok(()));
    rig.settle();
    for _ in 0..5 {
        assert_eq!(rig.pump.step(), Ok(()));
    }
    let reel = rig.pump.motor.recorder();
    let calls: Vec<Call> = reel.entries().iter().map(|entry| entry.call).collect();
    let enabled = Call::SetEnabled {
        enabled: true,
        answer: Ok(()),
    };
    assert_eq!(
        calls,
        [
            Call::Step(Err(MotorFault::Disabled)),
            enabled,
            Call::Step(Ok(()))
        ]
    );
    assert_eq!(reel.lost(), 4);
    let mut last = reel.entries()[0].began;
    for entry in reel.entries() {
        assert!(last <= entry.began && entry.began <= entry.ended);
        last = entry.ended;
    }
}
