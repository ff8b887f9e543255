//! A bare loop that steps a line by absolute sleeps and nothing else: what a machine could do
//! at best, to hold the daemon's loop against.
//!
//! ```text
//! chrt -f 80 bare_steps P9_12 INTERVAL_NS PULSE_NS STEPS
//! ```

use std::error::Error;

use gpio_cdev::{LineHandle, LineRequestFlags};
use pump_core::quantity::MonoNs;
use pump_hal::now;
use rustix::thread::ClockId;
use rustix::time::Timespec;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [line, interval, pulse, steps] = words.as_slice() else {
        return Err("it takes LINE INTERVAL_NS PULSE_NS STEPS".into());
    };
    let (interval, pulse, steps): (u64, u64, u64) =
        (interval.parse()?, pulse.parse()?, steps.parse()?);
    let step = open(line)?;
    let begin = now().0 + 10_000_000;
    for number in 0..steps {
        sleep_until(begin + number * interval)?;
        step.set_value(1)?;
        let raised = now();
        while now() < MonoNs(raised.0 + pulse) {
            std::hint::spin_loop();
        }
        step.set_value(0)?;
    }
    Ok(())
}

fn open(name: &str) -> Result<LineHandle, Box<dyn Error>> {
    for chip in gpio_cdev::chips()? {
        let mut chip = chip?;
        for offset in 0..chip.num_lines() {
            let line = chip.get_line(offset)?;
            if line.info()?.name() == Some(name) {
                return Ok(line.request(LineRequestFlags::OUTPUT, 0, "bare")?);
            }
        }
    }
    Err(format!("there is no line {name}").into())
}

fn sleep_until(instant: u64) -> Result<(), Box<dyn Error>> {
    let until = Timespec {
        tv_sec: i64::try_from(instant / 1_000_000_000)?,
        tv_nsec: (instant % 1_000_000_000).try_into()?,
    };
    rustix::thread::clock_nanosleep_absolute(ClockId::Monotonic, &until)?;
    Ok(())
}
