//! The pump that the daemon drives: on GPIO lines, or simulated.

use std::fs::File;

use pump_core::quantity::{Nanoseconds, Steps};
use pump_hal::bench::bench;
use pump_hal::cdev::{self, MotorWires, Wire};
use pump_hal::{Heartbeat, Input, InputSource, LiveMotor, Mechanics, Polarity, Sensor};
use pump_prescription::{
    Active, Counter, Device, Gpio, Indicators, InputWire, LineName, OutputWire,
};

use crate::counter::StepCounter;
use crate::indicators::{Lamp, Panel};

/// The parts of a pump, for the threads that own them.
pub(crate) struct Rig {
    pub(crate) motor: Box<dyn LiveMotor>,
    pub(crate) inputs: Box<dyn InputSource>,
    pub(crate) heart: Option<Box<dyn Heartbeat>>,
    pub(crate) counter: Option<StepCounter>,
    /// Lights and buzzer.
    pub(crate) panel: Panel,
    /// What was opened, for preflight to show.
    pub(crate) lines: Lines,
}

/// What is known of the lines since they were opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    /// Each with what it is for: `step P9_12`.
    pub(crate) opened: Vec<String>,
    /// How long one change of STEP took.
    pub(crate) change: Nanoseconds,
    /// What the rig does not watch for.
    pub(crate) absent: Vec<&'static str>,
}

impl Rig {
    /// A pump in memory. How much its reservoir holds is the ledger's business: it never
    /// runs dry. Each step of its motor may have a witness outside of the process.
    pub(crate) fn simulated(device: &Device, witness: Option<File>, panel: Panel) -> Self {
        let (motor, inputs, heart, hand) = bench(Steps(u64::MAX / 2), mechanics(device));
        if let Some(witness) = witness {
            hand.witness(witness);
        }
        Self {
            motor: Box::new(motor),
            inputs: Box::new(inputs),
            heart: Some(Box::new(heart)),
            counter: None,
            panel,
            lines: Lines::default(),
        }
    }

    /// The lines of the device's file, all of them off.
    ///
    /// # Errors
    /// A line is not there, is taken, or does not do what it is told: which, and what to do.
    pub(crate) fn on_lines(device: &Device) -> Result<Self, String> {
        let gpio = device.gpio.as_ref().ok_or(
            "the device's file has no [gpio]: which lines are the motor's is not known; write \
             it, or use --sim",
        )?;
        let failed = |error: cdev::OpenError| format!("{error}; see [gpio] of the device's file");
        let wires = MotorWires {
            step: output(&gpio.step),
            enable: output(&gpio.enable),
            dir: gpio.dir.as_ref().map(output),
        };
        let mut motor = cdev::motor(&wires, mechanics(device)).map_err(failed)?;
        let change = motor.rehearse();
        let change = change.map_err(|fault| format!("the line {}: {fault}", gpio.step.line))?;
        let heart = match &gpio.heartbeat {
            None => None,
            Some(wire) => {
                let heart = cdev::heartbeat(&name(&wire.line)).map_err(failed)?;
                Some(Box::new(heart) as Box<dyn Heartbeat>)
            }
        };
        let watched = watched(gpio);
        let inputs: Vec<_> = watched
            .iter()
            .filter_map(|(input, wire)| wire.map(|wire| input_wire(*input, wire)))
            .collect();
        let inputs = cdev::inputs(&inputs).map_err(failed)?;
        Ok(Self {
            motor: Box::new(motor),
            inputs: Box::new(inputs),
            heart,
            counter: device.counter.as_ref().map(counter).transpose()?,
            panel: device
                .indicators
                .as_ref()
                .map_or_else(|| Ok(Panel::default()), panel)?,
            lines: Lines {
                opened: opened(gpio, &watched),
                change,
                absent: absent(gpio, &watched),
            },
        })
    }
}

/// Opens lights and buzzer, all of them off.
fn panel(indicators: &Indicators) -> Result<Panel, String> {
    let open = |wired: &Option<OutputWire>| {
        let Some(wired) = wired else {
            return Ok(None);
        };
        let wire = output(wired);
        let line = cdev::output(&wire)
            .map_err(|error| format!("{error}; see [indicators] of the device's file"))?;
        Ok::<_, String>(Some(Lamp::new(Box::new(line), wire.polarity)))
    };
    Ok(Panel {
        lights: [
            open(&indicators.led_low)?,
            open(&indicators.led_medium)?,
            open(&indicators.led_high)?,
        ],
        buzzer: open(&indicators.buzzer)?,
    })
}

const fn mechanics(device: &Device) -> Mechanics {
    Mechanics {
        step_pulse: device.step_pulse,
        dir_setup: device.dir_setup,
        enable_settle: device.enable_settle,
    }
}

fn name(line: &LineName) -> cdev::LineName {
    match line {
        LineName::Name(name) => cdev::LineName::Name(name.clone()),
        LineName::Offset { chip, offset } => cdev::LineName::Offset {
            chip: chip.clone(),
            offset: *offset,
        },
    }
}

fn wire(line: &LineName, active: Active) -> Wire {
    Wire {
        line: name(line),
        polarity: match active {
            Active::High => Polarity::ActiveHigh,
            Active::Low => Polarity::ActiveLow,
        },
    }
}

fn output(output: &OutputWire) -> Wire {
    wire(&output.line, output.active)
}

fn input_wire(input: Input, wired: &InputWire) -> cdev::InputWire {
    cdev::InputWire {
        input,
        wire: wire(&wired.line, wired.active),
        debounce: wired.debounce,
    }
}

fn watched(gpio: &Gpio) -> [(Input, Option<&InputWire>); Input::ALL.len()] {
    Input::ALL.map(|input| {
        let wire = match input {
            Input::Button => &gpio.button,
            Input::Sensor(Sensor::Occlusion) => &gpio.occlusion,
            Input::Sensor(Sensor::Air) => &gpio.air,
            Input::Sensor(Sensor::Stall) => &gpio.stall,
            Input::Sensor(Sensor::Door) => &gpio.door,
            Input::Sensor(Sensor::Reservoir) => &gpio.reservoir,
        };
        (input, wire.as_ref())
    })
}

fn opened(gpio: &Gpio, watched: &[(Input, Option<&InputWire>)]) -> Vec<String> {
    let outputs = [
        ("step", Some(&gpio.step)),
        ("enable", Some(&gpio.enable)),
        ("dir", gpio.dir.as_ref()),
        ("heartbeat", gpio.heartbeat.as_ref()),
    ];
    let outputs = outputs
        .into_iter()
        .filter_map(|(what, wire)| Some(format!("{what} {}", wire?.line)));
    let inputs = watched
        .iter()
        .filter_map(|(input, wire)| Some(format!("{} {}", input.name(), (*wire)?.line)));
    outputs.chain(inputs).collect()
}

fn absent(gpio: &Gpio, watched: &[(Input, Option<&InputWire>)]) -> Vec<&'static str> {
    let inputs = watched.iter().filter(|(_, wire)| wire.is_none());
    let heartbeat = gpio.heartbeat.is_none().then_some("heartbeat");
    inputs
        .map(|(input, _)| input.name())
        .chain(heartbeat)
        .collect()
}

fn counter(counter: &Counter) -> Result<StepCounter, String> {
    StepCounter::open(counter.path.as_ref(), counter.tolerance).map_err(|error| {
        format!(
            "the step counter {} can't be read: {error}; see [counter] of the device's file",
            counter.path
        )
    })
}
