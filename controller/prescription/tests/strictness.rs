//! I9: a missing, unknown or ambiguous value refuses. I4: so does a basal that would pass a
//! cap. Both from a valid prescription that is spoilt in every way of a kind.

mod common;

use common::Stub;
use proptest::prelude::*;
use pump_prescription::{Code, Input, Outcome, check};

const PRESCRIPTION: &str = include_str!("bench/prescription.toml");
const DEVICE: &str = include_str!("bench/pump.toml");
const LIBRARY: &str = include_str!("bench/drug-library.toml");

fn run(prescription: &str) -> Outcome {
    check(
        &Input::new("prescription.toml", prescription),
        &Input::new("pump.toml", DEVICE),
        &Input::new("drug-library.toml", LIBRARY),
        &Stub,
    )
}

/// Whether a text is taken for a prescription.
type Reader<'a> = &'a dyn Fn(&str) -> bool;

fn strict(text: &str) -> bool {
    let outcome = run(text);
    assert_eq!(outcome.checked.is_none(), outcome.report.has_errors());
    outcome.checked.is_some()
}

/// The prescription with each line in turn replaced by what `spoil` makes of it.
fn spoilt(spoil: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let lines: Vec<&str> = PRESCRIPTION.lines().collect();
    let mut texts = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(spoilt) = spoil(line) else { continue };
        let mut lines: Vec<&str> = lines.clone();
        lines[index] = &spoilt;
        texts.push(lines.join("\n"));
    }
    assert!(texts.len() > 5);
    texts
}

fn key_and_value(line: &str) -> Option<(&str, &str)> {
    line.split_once(" = ")
}

fn without_a_line() -> Vec<String> {
    spoilt(|line| (!line.is_empty()).then(String::new))
}

fn with_a_misspelt_key() -> Vec<String> {
    spoilt(|line| key_and_value(line).map(|(key, value)| format!("{key}x = {value}")))
}

fn with_a_key_twice() -> Vec<String> {
    spoilt(|line| key_and_value(line).map(|_| format!("{line}\n{line}")))
}

fn with_a_value_of_another_type() -> Vec<String> {
    let others = ["[]", "{}", "2026-11-21", "1.5", "\"\"", "-1"];
    let retyped = |other: &&str| {
        spoilt(|line| key_and_value(line).map(|(key, _)| format!("{key} = {other}")))
    };
    others.iter().flat_map(retyped).collect()
}

fn with_a_number_without_its_unit() -> Vec<String> {
    spoilt(|line| {
        let (key, value) = key_and_value(line)?;
        let number = value.trim_matches('"').split(' ').next()?;
        let quantity = value.starts_with('"') && number.starts_with(|c: char| c.is_ascii_digit());
        quantity.then(|| format!("{key} = {number}"))
    })
}

fn with_a_quantity_of_another_dimension() -> Vec<String> {
    let swapped = |unit: &&str| {
        spoilt(|line| {
            let (key, value) = key_and_value(line)?;
            let (number, written) = value.trim_matches('"').split_once(' ')?;
            let quantity = number.parse::<f64>().is_ok() && written != *unit;
            quantity.then(|| format!("{key} = \"{number} {unit}\""))
        })
    };
    ["mm", "Hz", "mg/mL"].iter().flat_map(swapped).collect()
}

/// I9: none of the spoilt texts is taken for a prescription.
fn nothing_is_guessed(texts: &[String], reader: Reader<'_>) -> Result<(), String> {
    match texts.iter().find(|text| reader(text)) {
        Some(text) => Err(format!("accepted:\n{text}")),
        None => Ok(()),
    }
}

#[test]
fn the_prescription_is_valid_before_it_is_spoilt() {
    assert_eq!(run(PRESCRIPTION).report.to_string(), "");
}

#[test]
fn no_line_can_be_left_out() {
    nothing_is_guessed(&without_a_line(), &strict).unwrap();
}

#[test]
fn no_key_can_be_misspelt() {
    nothing_is_guessed(&with_a_misspelt_key(), &strict).unwrap();
}

#[test]
fn no_key_can_be_written_twice() {
    nothing_is_guessed(&with_a_key_twice(), &strict).unwrap();
}

#[test]
fn no_value_can_be_of_another_type() {
    nothing_is_guessed(&with_a_value_of_another_type(), &strict).unwrap();
}

#[test]
fn no_quantity_can_lose_its_unit() {
    nothing_is_guessed(&with_a_number_without_its_unit(), &strict).unwrap();
}

#[test]
fn no_quantity_can_change_its_dimension() {
    nothing_is_guessed(&with_a_quantity_of_another_dimension(), &strict).unwrap();
}

/// The text with `mend` made good for each line of the prescription that it lacks: what a
/// reader with defaults for everything would make of it.
fn mended(text: &str, mend: impl Fn(&str, &str) -> bool) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    for (index, valid) in PRESCRIPTION.lines().enumerate() {
        if let Some(line) = lines.get_mut(index)
            && mend(line, valid)
        {
            *line = valid;
        }
    }
    lines.join("\n")
}

#[test]
fn a_twin_that_fills_in_what_is_missing_is_caught() {
    let twin = |text: &str| strict(&mended(text, |line, _| line.is_empty()));
    assert!(nothing_is_guessed(&without_a_line(), &twin).is_err());
}

#[test]
fn a_twin_that_passes_over_what_it_does_not_know_is_caught() {
    let unknown = |line: &str, valid: &str| {
        let key = key_and_value(line).map(|(key, _)| key);
        let known = key_and_value(valid).map(|(key, _)| key);
        key.is_some() && known.is_some() && key != known
    };
    let twin = |text: &str| strict(&mended(text, unknown));
    assert!(nothing_is_guessed(&with_a_misspelt_key(), &twin).is_err());
}

#[test]
fn a_twin_that_takes_the_first_of_two_is_caught() {
    let twin = |text: &str| {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.dedup();
        strict(&lines.join("\n"))
    };
    assert!(nothing_is_guessed(&with_a_key_twice(), &twin).is_err());
}

#[test]
fn a_twin_that_guesses_a_unit_is_caught() {
    let bare = |line: &str, valid: &str| {
        let number = key_and_value(line).map(|(_, value)| value);
        number.is_some_and(|number| number.parse::<f64>().is_ok() && valid.contains(number))
    };
    let twin = |text: &str| strict(&mended(text, bare));
    assert!(nothing_is_guessed(&with_a_number_without_its_unit(), &twin).is_err());
}

proptest! {
    /// Whole nanolitres an hour and a step of 50 nL: the rule of I4 in plain integers.
    #[test]
    fn a_basal_is_refused_exactly_where_it_and_one_step_pass_a_cap(
        rate in 1u64..60_000, one in 1_000u64..70_000, four in 1_000u64..250_000, day in 1_000u64..1_500_000
    ) {
        let text = PRESCRIPTION
            .replace("rate = \"2 mg/day\"", &format!("rate = \"{rate} nL/h\""))
            .replace("max_1h = \"0.4 mL\"", &format!("max_1h = \"{one} nL\""))
            .replace("max_4h = \"1 mL\"", &format!("max_4h = \"{four} nL\""))
            .replace("max_24h = \"4 mL\"", &format!("max_24h = \"{day} nL\""));
        // In nanolitres; the loop's cap is in whole steps.
        let fits = [(1, one), (4, four), (24, day)]
            .iter()
            .all(|(hours, cap)| rate * hours + 50 <= cap / 50 * 50);
        let outcome = run(&text);
        let passes = outcome.report.diagnostics().iter().any(|d| d.code == Code::BasalAboveCap);
        prop_assert_eq!(passes, !fits, "{}", outcome.report);
        prop_assert_eq!(outcome.checked.is_some(), fits, "{}", outcome.report);
    }

    /// A bolus is noted as never grantable exactly where an empty history would refuse it.
    #[test]
    fn a_bolus_is_never_granted_exactly_where_it_and_the_basal_pass_a_cap(
        rate in 1u64..5_000, dose in 50u64..100_000, one in 6_000u64..100_000
    ) {
        let text = PRESCRIPTION
            .replace("rate = \"2 mg/day\"", &format!("rate = \"{rate} nL/h\""))
            .replace("dose = \"0.1 mg\"", &format!("dose = \"{dose} nL\""))
            .replace("over = \"2 min\"", "over = \"10 min\"")
            .replace("max_1h = \"0.4 mL\"", &format!("max_1h = \"{one} nL\""));
        let outcome = run(&text);
        prop_assert!(outcome.checked.is_some(), "{}", outcome.report);
        let never = outcome.report.diagnostics().iter().any(|d| d.code == Code::NeverGranted);
        let steps = dose / 50 * 50;
        prop_assert_eq!(never, steps + rate > one / 50 * 50, "{}", outcome.report);
        let rounded = outcome.report.diagnostics().iter().any(|d| d.code == Code::RoundedDown);
        prop_assert_eq!(rounded, dose % 50 != 0);
    }
}

#[test]
fn a_basal_just_too_high_is_told_the_nearest_basal_and_cap_that_pass() {
    let basal_and_cap = |rate: u64, cap: u64| {
        let text = PRESCRIPTION
            .replace("rate = \"2 mg/day\"", &format!("rate = \"{rate} nL/h\""))
            .replace("max_1h = \"0.4 mL\"", &format!("max_1h = \"{cap} nL\""));
        run(&text)
    };
    // 570 nL hold 11 steps of 50 nL, and one of them must be to spare.
    let refused = basal_and_cap(520, 570);
    assert!(refused.checked.is_none());
    let text = refused.report.to_string();
    for part in [
        "E0036",
        "10 steps (0.5 µL) in 1 h at most",
        "12 steps (0.6 µL) at least",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert_eq!(refused.report.error_count(), 1, "{text}");
    assert!(basal_and_cap(500, 570).checked.is_some());
    assert!(basal_and_cap(520, 600).checked.is_some());
}
