//! The device file by itself, with the sections that only real hardware needs.

use pump_core::quantity::Nanoseconds;
use pump_prescription::{Active, Device, Input, InputWire, LineName, OutputWire, check_device};

const PLAIN: &str = include_str!("bench/pump.toml");
const WIRED: &str = include_str!("../../../config/pump.toml");

fn device(text: &str) -> Device {
    let outcome = check_device(&Input::new("pump.toml", text));
    outcome
        .device
        .unwrap_or_else(|| panic!("{}", outcome.report))
}

fn refuses(text: &str) -> bool {
    let outcome = check_device(&Input::new("pump.toml", text));
    assert_eq!(outcome.device.is_none(), outcome.report.has_errors());
    outcome.device.is_none()
}

fn named(name: &str) -> LineName {
    LineName::Name(name.into())
}

#[test]
fn a_device_without_wiring_has_none() {
    let device = device(PLAIN);
    assert_eq!(device.gpio, None);
    assert_eq!(device.watchdog, None);
    assert_eq!(device.counter, None);
    assert_eq!(device.cpu, None);
}

#[test]
fn the_sample_device_is_wired() {
    let device = device(WIRED);
    let gpio = device.gpio.expect("the sample has lines");
    let step = OutputWire {
        line: named("P9_12"),
        active: Active::High,
    };
    assert_eq!(gpio.step, step);
    assert_eq!(gpio.enable.active, Active::Low);
    let button = InputWire {
        line: named("P8_7"),
        active: Active::Low,
        debounce: Nanoseconds::from_millis(30),
    };
    assert_eq!(gpio.button, Some(button));
    assert!(gpio.stall.is_some_and(|stall| stall.active == Active::High));
    assert_eq!(device.watchdog.as_deref(), Some("/dev/watchdog0"));
    assert_eq!(device.counter.map(|counter| counter.tolerance), Some(4));
    assert_eq!(device.cpu, Some(0));
    let indicators = device.indicators.expect("the sample has lights");
    for (wire, pin) in [
        (indicators.led_high, "P8_12"),
        (indicators.led_medium, "P8_15"),
        (indicators.led_low, "P8_18"),
        (indicators.buzzer, "P8_13"),
    ] {
        let wanted = OutputWire {
            line: named(pin),
            active: Active::High,
        };
        assert_eq!(wire, Some(wanted));
    }
}

/// A light that were the ENABLE line would switch the motor.
#[test]
fn a_light_takes_no_line_of_the_motors_and_may_be_left_out() {
    for line in ["P9_12", "P8_16", "P8_7", "P8_15"] {
        let taken = WIRED.replace("led_high = \"P8_12\"", &format!("led_high = \"{line}\""));
        assert!(refuses(&taken), "{line}");
    }
    let alone = format!("{PLAIN}\n[indicators]\nbuzzer = {{ line = \"b\", active = \"low\" }}\n");
    let indicators = device(&alone).indicators.expect("it is written");
    assert_eq!(indicators.led_high, None);
    assert!(
        indicators
            .buzzer
            .is_some_and(|buzzer| buzzer.active == Active::Low)
    );
    assert_eq!(device(PLAIN).indicators, None);
}

#[test]
fn a_label_and_an_offset_are_no_name() {
    let gpio = |step: &str| {
        let text = format!(
            "{PLAIN}\n[gpio]\nstep = \"{step}\"\nenable = {{ line = \"e\", active = \"low\" }}\n"
        );
        device(&text).gpio.expect("it is written").step.line
    };
    let offset = |chip: &str, offset| LineName::Offset {
        chip: chip.into(),
        offset,
    };
    assert_eq!(gpio("gpio-32-63:28"), offset("gpio-32-63", 28));
    assert_eq!(gpio("a:b:7"), offset("a:b", 7));
    assert_eq!(gpio("P9_31 [spi1_sclk]"), named("P9_31 [spi1_sclk]"));
    assert_eq!(gpio("motor:step"), named("motor:step"));
    assert_eq!(offset("bank0", 3).to_string(), "bank0:3");
}

#[test]
fn every_misspelt_key_and_every_lost_level_of_the_wiring_refuses() {
    assert!(!refuses(WIRED));
    let keys: Vec<&str> = WIRED
        .lines()
        .skip_while(|line| *line != "[gpio]")
        .filter(|line| line.contains(" = "))
        .collect();
    assert!(keys.len() > 10);
    for line in keys {
        assert!(refuses(&WIRED.replace(line, &format!("x{line}"))), "{line}");
        for lost in [", active = \"low\"", ", active = \"high\""] {
            if line.contains(lost) {
                let spoilt = line.replace(lost, "");
                assert!(refuses(&WIRED.replace(line, &spoilt)), "{spoilt}");
            }
        }
    }
    for section in [
        "[gpio]",
        "[indicators]",
        "[watchdog]",
        "[counter]",
        "[realtime]",
    ] {
        let misspelt = section.replace(']', "s]");
        assert!(refuses(&WIRED.replace(section, &misspelt)), "{misspelt}");
    }
}

#[test]
fn the_identity_of_a_device_is_that_of_its_bytes() {
    assert_eq!(device(WIRED).sha256, device(WIRED).sha256);
    let other = format!("{WIRED}\n");
    assert_ne!(device(WIRED).sha256, device(&other).sha256);
}
