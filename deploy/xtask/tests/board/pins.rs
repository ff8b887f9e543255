//! Pins: what `config/pump.toml` wires, the overlay muxes and the page lists.

use crate::PAGE;

const DEVICE: &str = include_str!("../../../../config/pump.toml");
const OVERLAY: &str = include_str!("../../../beaglebone/pumpd.dts");

/// The pad register of each pin in use, as an offset: from the AM335x manual's table of the
/// control module, and the BeagleBone Black's table of its headers.
const PADS: [(&str, &str, u32); 14] = [
    ("P8_7", "gpmc_advn_ale", 0x090),
    ("P8_8", "gpmc_oen_ren", 0x094),
    ("P8_9", "gpmc_be0n_cle", 0x09c),
    ("P8_10", "gpmc_wen", 0x098),
    ("P8_12", "gpmc_ad12", 0x030),
    ("P8_13", "gpmc_ad9", 0x024),
    ("P8_14", "gpmc_ad10", 0x028),
    ("P8_15", "gpmc_ad15", 0x03c),
    ("P8_16", "gpmc_ad14", 0x038),
    ("P8_17", "gpmc_ad11", 0x02c),
    ("P8_18", "gpmc_clk", 0x08c),
    ("P8_26", "gpmc_csn0", 0x07c),
    ("P9_12", "gpmc_be1n", 0x078),
    ("P9_23", "gpmc_a1", 0x044),
];

const PULLED_DOWN: u32 = 0x20;
const PULLED_UP: u32 = 0x30;
const GPIO: u32 = 0x7;

/// A line of the device: its role, its pin, and whether its active level is high.
fn wired() -> Vec<(&'static str, &'static str, bool)> {
    let sections = ["\n[gpio]\n", "\n[indicators]\n"];
    sections.into_iter().flat_map(section).collect()
}

fn section(header: &str) -> Vec<(&'static str, &'static str, bool)> {
    let section = DEVICE.split(header).nth(1).expect(header);
    let section = section.split("\n[").next().expect("its end");
    let quoted = |text: &'static str| text.split('"').nth(1);
    let lines = section.lines().filter(|line| !line.starts_with('#'));
    let wired = lines.filter_map(|line| {
        let (role, value) = line.split_once(" = ")?;
        let active = value.split("active = ").nth(1).and_then(quoted);
        // A text alone: active is high.
        let high = !value.starts_with('{') || active == Some("high");
        Some((role, quoted(value)?, high))
    });
    wired.collect()
}

/// What the overlay says of a pin: offset, pull and function.
fn muxed(pin: &str, role: &str) -> Option<[u32; 3]> {
    let mark = format!("/* {pin} {role} */");
    let line = OVERLAY.lines().find(|line| line.ends_with(&mark))?;
    let number = |text: &str| u32::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    let mut cells = line.split_whitespace().map(number);
    Some([cells.next()??, cells.next()??, cells.next()??])
}

#[test]
fn every_line_of_the_device_is_muxed_as_gpio_at_its_own_pad() {
    let wired = wired();
    assert_eq!(wired.len(), PADS.len(), "{wired:?}");
    for (role, pin, _) in wired {
        let [offset, _, function] = muxed(pin, role).expect(pin);
        let pad = PADS.iter().find(|(name, ..)| *name == pin).expect(pin);
        assert_eq!((offset, function), (pad.2, GPIO), "{pin} is {}", pad.1);
    }
}

#[test]
fn a_line_that_nobody_drives_is_off_and_a_broken_sensor_is_an_alarm() {
    for (role, pin, active_high) in wired() {
        let [_, pull, _] = muxed(pin, role).expect(pin);
        let off = if active_high { PULLED_DOWN } else { PULLED_UP };
        let on = if active_high { PULLED_UP } else { PULLED_DOWN };
        let wanted = match role {
            // Outputs, and a button that nobody presses.
            "step" | "dir" | "enable" | "heartbeat" | "button" => off,
            "led_high" | "led_medium" | "led_low" | "buzzer" => off,
            // What is watched for.
            "occlusion" | "air" | "door" | "reservoir" | "stall" => on,
            _ => panic!("what should hold {role}?"),
        };
        assert_eq!(pull, wanted, "{pin} {role}");
    }
}

#[test]
fn the_counter_is_eqep0_and_the_second_pad_of_its_pin_keeps_out() {
    // mcasp0_aclkr and mcasp0_fsr as eQEP0A and eQEP0B; eCAP0 shares P9_42 with the first.
    assert_eq!(
        muxed("P9_42", "counter, steps"),
        Some([0x1a0, PULLED_DOWN, 1])
    );
    assert_eq!(
        muxed("P9_27", "counter, direction"),
        Some([0x1a4, PULLED_DOWN, 1])
    );
    assert_eq!(muxed("P9_42", "the other pad"), Some([0x164, 0x28, GPIO]));
}

#[test]
fn the_page_lists_every_line() {
    for (role, pin, active_high) in wired() {
        let row = format!("| {pin} | {role} |");
        let line = PAGE.lines().find(|line| line.starts_with(&row));
        let level = if active_high { "high" } else { "low" };
        let line = line.unwrap_or_else(|| panic!("no row {row}"));
        assert!(role == "heartbeat" || line.contains(level), "{line}");
    }
}
