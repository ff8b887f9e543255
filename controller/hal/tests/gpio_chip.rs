//! The suite on real lines of a `gpio-sim` chip, where the environment names one.
//!
//! `PUMP_TEST_GPIO=LABEL` is the label of a simulated chip of at least ten lines, numbers 0 to
//! 9 free. Each level that is driven is read back from the chip's own files in sysfs, and
//! inputs are driven there, so the witness is the kernel and not this crate. Without it the
//! tests say so and pass.

mod rigs;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pump_core::pump::Sensors;
use pump_core::quantity::Nanoseconds;
use pump_hal::cdev::{self, CdevMotor, CdevOutput, CdevShared, InputEvents, InputWire};
use pump_hal::cdev::{LineName, MotorWires, OpenError, Trouble, Wire};
use pump_hal::conformance::{LiveRig, Rig, every_live_pump_conforms};
use pump_hal::{FluidPath, Heartbeat, Input, InputSource, Level, LineError, OutputLine};
use pump_hal::{Polarity, Reading, Sensor, SensorLost, Stepper, StepperLines};
use rigs::{MECHANICS, Pump};

const STEP: u32 = 0;
const DIR: u32 = 1;
const ENABLE: u32 = 2;
const HEART: u32 = 3;
/// The inputs follow, in the order of [`Input::ALL`].
const INPUTS: u32 = 4;
const DEBOUNCE: Nanoseconds = Nanoseconds::from_millis(5);

/// A chip that the kernel simulates.
#[derive(Clone)]
struct Chip {
    label: String,
    /// Its folder in sysfs, with `sim_gpioN/value` and `sim_gpioN/pull`.
    folder: PathBuf,
}

impl Chip {
    /// The one that the environment names.
    fn named() -> Option<Self> {
        let Ok(label) = std::env::var("PUMP_TEST_GPIO") else {
            println!("skipped: PUMP_TEST_GPIO names no gpio-sim chip");
            return None;
        };
        let chip = gpio_cdev::chips()
            .expect("there is a /dev")
            .filter_map(Result::ok)
            .find(|chip| chip.label() == label)
            .unwrap_or_else(|| panic!("no chip has the label {label}"));
        let folder = fs::read_dir("/sys/devices/platform")
            .expect("there is a sysfs")
            .filter_map(Result::ok)
            .map(|device| device.path().join(chip.name()))
            .find(|folder| folder.join("sim_gpio0").is_dir())
            .expect("the chip is one of gpio-sim's");
        Some(Self { label, folder })
    }

    fn wire(&self, offset: u32, polarity: Polarity) -> Wire {
        let chip = self.label.clone();
        let line = LineName::Offset { chip, offset };
        Wire { line, polarity }
    }

    fn file(&self, offset: u32, file: &str) -> PathBuf {
        self.folder.join(format!("sim_gpio{offset}")).join(file)
    }

    fn level(&self, offset: u32) -> Level {
        read_level(&self.file(offset, "value"))
    }

    /// Bad is low, as on a wire that breaks.
    fn switch(&self, input: Input, active: bool) {
        let offset = INPUTS + u32::try_from(input.index()).expect("there are few");
        let pull = if active { "pull-down" } else { "pull-up" };
        fs::write(self.file(offset, "pull"), pull).expect("an input can be pulled");
    }

    fn inputs(&self) -> InputEvents {
        let wires: Vec<InputWire> = Input::ALL
            .iter()
            .zip(INPUTS..)
            .map(|(input, offset)| InputWire {
                input: *input,
                wire: self.wire(offset, Polarity::ActiveLow),
                debounce: DEBOUNCE,
            })
            .collect();
        cdev::inputs(&wires).expect("the lines are free")
    }
}

fn read_level(file: &Path) -> Level {
    match fs::read_to_string(file).expect("a line can be read").trim() {
        "0" => Level::Low,
        "1" => Level::High,
        other => panic!("{other} is no level"),
    }
}

/// The STEP line with a witness behind it: what the kernel says the line is.
struct Witnessed {
    line: CdevOutput,
    file: PathBuf,
    last: Level,
    edges: Arc<AtomicU64>,
}

impl OutputLine for Witnessed {
    fn drive(&mut self, level: Level) -> Result<(), LineError> {
        self.line.drive(level)?;
        let seen = read_level(&self.file);
        if (self.last, seen) == (Level::Low, Level::High) {
            self.edges.fetch_add(1, Ordering::SeqCst);
        }
        self.last = seen;
        Ok(())
    }
}

/// Inputs that are waited for until they say what was set.
struct Patient {
    inputs: InputEvents,
    expected: Sensors,
}

impl FluidPath for Patient {
    fn sensors(&mut self) -> Result<Sensors, SensorLost> {
        // So long that only a defect makes it pass.
        let until = Instant::now() + Duration::from_secs(30);
        while self.inputs.sensors() != Ok(self.expected) && Instant::now() < until {
            let _ = self.inputs.wait(Duration::from_millis(100));
        }
        self.inputs.sensors()
    }
}

struct OnChip {
    chip: Chip,
    pump: Pump<Stepper<Witnessed, CdevShared>, Patient>,
    edges: Arc<AtomicU64>,
}

impl OnChip {
    fn new(chip: &Chip) -> Self {
        for input in Input::ALL {
            chip.switch(input, false);
        }
        let edges = Arc::new(AtomicU64::new(0));
        let output = |offset| Witnessed {
            line: cdev::output(&chip.wire(offset, Polarity::ActiveHigh)).expect("it is free"),
            file: chip.file(offset, "value"),
            last: Level::Low,
            edges: Arc::clone(&edges),
        };
        let mut dir = output(DIR);
        dir.edges = Arc::new(AtomicU64::new(0));
        let enable = chip.wire(ENABLE, Polarity::ActiveLow);
        let lines = StepperLines {
            step: (output(STEP), Polarity::ActiveHigh),
            enable: (cdev::shared(&enable).expect("it is free"), enable.polarity),
        };
        let motor = Stepper::new(lines, Some((dir, Level::High)), MECHANICS).expect("it works");
        let path = Patient {
            inputs: chip.inputs(),
            expected: Sensors::default(),
        };
        Self {
            chip: chip.clone(),
            pump: Pump { motor, path },
            edges,
        }
    }
}

impl Rig for OnChip {
    type Pump = Pump<Stepper<Witnessed, CdevShared>, Patient>;

    fn pump(&mut self) -> &mut Self::Pump {
        &mut self.pump
    }

    fn edges_on_the_line(&mut self) -> u64 {
        self.edges.load(Ordering::SeqCst)
    }

    fn switch(&mut self, sensor: Sensor, bad: bool) {
        self.chip.switch(Input::Sensor(sensor), bad);
        sensor.write(&mut self.pump.path.expected, bad);
    }

    fn settle(&mut self) {
        rigs::settle(&self.pump.motor);
    }
}

impl LiveRig for OnChip {
    type Motor = Stepper<Witnessed, CdevShared>;

    fn motor(&mut self) -> &mut Self::Motor {
        &mut self.pump.motor
    }

    fn enable_line(&mut self) -> bool {
        Polarity::ActiveLow.is_on(self.chip.level(ENABLE))
    }
}

#[test]
fn a_line_that_no_chip_has_is_said_so_on_any_machine() {
    a_missing_line_is_said_so();
}

/// One after the other: a line has one owner.
#[test]
fn a_pump_on_gpio_lines_conforms_and_its_inputs_and_its_heart_work() {
    let Some(chip) = Chip::named() else { return };
    every_live_pump_conforms(|| OnChip::new(&chip));
    a_press_has_the_kernels_stamp(&chip);
    the_heart_beats(&chip);
    a_motor_opens_off_and_forward_and_is_not_opened_twice(&chip);
    a_line_that_is_not_there_is_said_so(&chip);
    a_missing_line_is_said_so();
}

fn a_press_has_the_kernels_stamp(chip: &Chip) {
    let mut inputs = chip.inputs();
    assert!(inputs.wait(Duration::ZERO).is_empty());
    chip.switch(Input::Button, true);
    let until = Instant::now() + Duration::from_secs(30);
    let mut told = Vec::new();
    while told.is_empty() && Instant::now() < until {
        told.extend(inputs.wait(Duration::from_millis(100)).iter());
    }
    let [press] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(
        (press.input, press.reading),
        (Input::Button, Reading::Active)
    );
    chip.switch(Input::Button, false);
}

fn the_heart_beats(chip: &Chip) {
    let mut heart =
        cdev::heartbeat(&chip.wire(HEART, Polarity::ActiveHigh).line).expect("the line is free");
    for level in [Level::High, Level::Low, Level::High] {
        assert_eq!(heart.beat(), Ok(()));
        assert_eq!(chip.level(HEART), level);
    }
}

fn a_motor_opens_off_and_forward_and_is_not_opened_twice(chip: &Chip) {
    for (polarity, off) in [
        (Polarity::ActiveLow, Level::High),
        (Polarity::ActiveHigh, Level::Low),
    ] {
        let wires = MotorWires {
            step: chip.wire(STEP, polarity),
            enable: chip.wire(ENABLE, polarity),
            dir: Some(chip.wire(DIR, polarity)),
        };
        let motor: CdevMotor = cdev::motor(&wires, MECHANICS).expect("the lines are free");
        let levels = [STEP, ENABLE, DIR].map(|offset| chip.level(offset));
        assert_eq!(levels, [off, off, off.opposite()]);
        let again = cdev::motor(&wires, MECHANICS).err();
        let taken = Trouble::Taken("pumpd".into());
        assert_eq!(again.map(|error| error.trouble), Some(taken));
        drop(motor);
    }
}

fn a_missing_line_is_said_so() {
    let line = LineName::Name("no such line".into());
    let missing = cdev::heartbeat(&line).err();
    let found = matches!(
        missing,
        Some(OpenError {
            trouble: Trouble::NotFound { .. },
            ..
        })
    );
    assert!(found, "{missing:?}");
}

fn a_line_that_is_not_there_is_said_so(chip: &Chip) {
    let beyond = cdev::heartbeat(&chip.wire(10_000, Polarity::ActiveHigh).line);
    assert!(beyond.is_err());
}
