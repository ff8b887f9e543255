//! Whatever bytes come in, a diagnosis comes out: nothing panics, hangs or overflows the
//! stack, and what is accepted is something the control law accepts too.

mod common;

use std::time::{Duration, Instant};

use common::Stub;
use proptest::prelude::*;
use pump_prescription::{
    Code, Input, MAX_FILE, Outcome, Severity, check, quantity, read_span, show,
};

const PRESCRIPTION: &str = include_str!("bench/prescription.toml");
const DEVICE: &str = include_str!("bench/pump.toml");
const LIBRARY: &str = include_str!("bench/drug-library.toml");

fn run(prescription: &[u8], device: &[u8], library: &[u8]) -> Outcome {
    check(
        &Input::new("prescription.toml", prescription),
        &Input::new("pump.toml", device),
        &Input::new("drug-library.toml", library),
        &Stub,
    )
}

/// What holds of every outcome.
fn sound(outcome: &Outcome) {
    assert_eq!(outcome.checked.is_none(), outcome.report.has_errors());
    for diagnostic in outcome.report.diagnostics() {
        assert_ne!(diagnostic.code, Code::Internal, "{}", outcome.report);
        assert!(!diagnostic.message.is_empty());
        let text = outcome.report.render(diagnostic);
        assert!(text.contains(diagnostic.code.id()), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
        if let Some(place) = diagnostic.place {
            let at = outcome.report.position(place);
            assert!(
                text.contains(&format!(":{}:{}", at.line, at.column)),
                "{at:?}\n{text}"
            );
        }
    }
    if let Some(checked) = &outcome.checked {
        assert_eq!(checked.core.validate(), Ok(()));
        for regimen in &checked.regimens {
            assert_eq!(
                regimen.declaration.envelope(&regimen.values),
                Ok(regimen.envelope)
            );
        }
    }
}

/// One change to a valid file.
#[derive(Clone, Debug)]
enum Change {
    Byte(usize, u8),
    Cut(usize, usize),
    Twice(usize, usize),
    Insert(usize, &'static str),
    SwapLines(usize, usize),
}

/// What a file may stumble over.
const BITS: &[&str] = &[
    "\"",
    "[",
    "]",
    "{",
    "}",
    "=",
    ".",
    "\n",
    "\r",
    "#",
    "'''",
    "\"\"\"",
    "\\",
    "\\u0000",
    "-",
    "e9",
    "nan",
    "0",
    "999999999999999999",
    "/",
    "/0",
    " mL",
    " mg",
    "µ",
    "\u{feff}",
    "\u{202e}",
    "\0",
    "inf",
    "format = 1\n",
    "[[drug]]\n",
    "[limits]\n",
    "primary = true\n",
    "1/999983",
    "0.000001",
];

fn change() -> impl Strategy<Value = Change> {
    let at = 0usize..2_000;
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (at.clone(), 1usize..40).prop_map(|(at, n)| Change::Cut(at, n)),
        (at.clone(), 1usize..40).prop_map(|(at, n)| Change::Twice(at, n)),
        (at, prop::sample::select(BITS)).prop_map(|(at, bit)| Change::Insert(at, bit)),
        (0usize..60, 0usize..60).prop_map(|(a, b)| Change::SwapLines(a, b)),
    ]
}

fn changed(file: &str, changes: &[Change]) -> Vec<u8> {
    let mut bytes = file.as_bytes().to_vec();
    for change in changes {
        let length = bytes.len().max(1);
        match change {
            Change::Byte(at, byte) => {
                if let Some(slot) = bytes.get_mut(at % length) {
                    *slot = *byte;
                }
            }
            Change::Cut(at, n) => {
                let at = at % length;
                let end = (at + n).min(bytes.len());
                bytes.drain(at.min(end)..end);
            }
            Change::Twice(at, n) => {
                let at = at % length;
                let end = (at + n).min(bytes.len());
                let piece = bytes[at.min(end)..end].to_vec();
                bytes.splice(end..end, piece);
            }
            Change::Insert(at, bit) => {
                let at = (at % length).min(bytes.len());
                bytes.splice(at..at, bit.bytes());
            }
            Change::SwapLines(a, b) => {
                let mut lines: Vec<Vec<u8>> = bytes
                    .split(|byte| *byte == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect();
                let (a, b) = (a % lines.len(), b % lines.len());
                lines.swap(a, b);
                bytes = lines.join(&b'\n');
            }
        }
    }
    bytes
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(change(), 1..6)
}

proptest! {
    #[test]
    fn any_bytes_give_a_diagnosis(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        sound(&run(&bytes, DEVICE.as_bytes(), LIBRARY.as_bytes()));
        sound(&run(PRESCRIPTION.as_bytes(), &bytes, LIBRARY.as_bytes()));
        sound(&run(PRESCRIPTION.as_bytes(), DEVICE.as_bytes(), &bytes));
    }

    #[test]
    fn any_text_of_toml_signs_gives_a_diagnosis(text in "[\\[\\]{}=.,\"'#a-c0-9 \n\\\\-]{0,300}") {
        sound(&run(text.as_bytes(), text.as_bytes(), text.as_bytes()));
    }

    #[test]
    fn a_changed_prescription_gives_a_diagnosis_or_passes(changes in changes()) {
        let file = changed(PRESCRIPTION, &changes);
        sound(&run(&file, DEVICE.as_bytes(), LIBRARY.as_bytes()));
    }

    #[test]
    fn a_changed_device_gives_a_diagnosis_or_passes(changes in changes()) {
        let file = changed(DEVICE, &changes);
        sound(&run(PRESCRIPTION.as_bytes(), &file, LIBRARY.as_bytes()));
    }

    #[test]
    fn a_changed_library_gives_a_diagnosis_or_passes(changes in changes()) {
        let file = changed(LIBRARY, &changes);
        sound(&run(PRESCRIPTION.as_bytes(), DEVICE.as_bytes(), &file));
    }

    #[test]
    fn any_text_is_a_quantity_or_not(text in ".{0,40}") {
        match quantity(&text) {
            Ok(read) => prop_assert!(!show(read.value, read.dimension).is_empty()),
            Err(error) => {
                prop_assert!(text.get(error.span.clone()).is_some());
                let _ = error.help(&text);
            }
        }
        let _ = read_span(&text);
    }

    #[test]
    fn a_decimal_is_read_exactly(
        whole in 0u64..1_000_000_000,
        decimals in 0u64..1_000_000,
        unit in prop::sample::select(&[("nL", 1u128), ("uL", 1_000), ("mL", 1_000_000), ("L", 1_000_000_000)]),
    ) {
        let (name, size) = unit;
        let read = quantity(&format!("{whole}.{decimals:06} {name}")).unwrap();
        let millionths = (u128::from(whole) * 1_000_000 + u128::from(decimals)) * size;
        prop_assert_eq!(read.value.num() * 1_000_000, millionths * read.value.den());
    }

    #[test]
    fn what_is_shown_as_exact_is_read_as_the_same(num in 1u128..1_000_000, den in 1u128..2_000) {
        let value = pump_prescription::Exact::new(num, den).unwrap();
        let shown = show(value, pump_prescription::Dimension::Volume);
        if !shown.starts_with("about") {
            prop_assert_eq!(quantity(&shown).unwrap().value, value, "{}", shown);
        }
    }
}

#[test]
fn a_file_as_large_as_allowed_and_as_bad_as_possible_is_diagnosed_in_seconds() {
    let full = |piece: &str| piece.repeat(MAX_FILE / piece.len());
    let bad = [
        full("["),
        full("{"),
        full("a."),
        full("a=["),
        full("\""),
        full("'''"),
        full("\\"),
        full("\n"),
        full("\0"),
        full("#"),
        full("a=1\n"),
        full("[a]\n"),
        full("[[a]]\n"),
        full("[[drug]]\n"),
        full("[[regimen]]\nstrategy=\"pca\"\n"),
        full("x"),
        full("x\n"),
        full("é"),
        full("=\n"),
        format!("{}[{}]", PRESCRIPTION, "a,".repeat(100_000)),
        (0..20_000).map(|i| format!("k{i}=1\n")).collect(),
        (0..20_000).map(|i| format!("[k{i}]\n")).collect(),
        format!("format = \"{}\"", "9".repeat(200_000)),
        format!("id = \"{}\"", "\u{202e}".repeat(80_000)),
    ];
    for text in bad {
        let start = Instant::now();
        let outcome = run(text.as_bytes(), text.as_bytes(), text.as_bytes());
        sound(&outcome);
        assert!(outcome.report.has_errors());
        let took = start.elapsed();
        let begin: String = text.chars().take(20).collect();
        assert!(took < Duration::from_secs(10), "{begin:?} took {took:?}");
    }
}

#[test]
fn a_file_larger_than_allowed_is_refused_by_its_size() {
    let outcome = run(
        &vec![b' '; MAX_FILE + 1],
        DEVICE.as_bytes(),
        LIBRARY.as_bytes(),
    );
    let codes: Vec<Code> = outcome
        .report
        .diagnostics()
        .iter()
        .map(|d| d.code)
        .collect();
    assert_eq!(codes, [Code::TooLarge]);
}

#[test]
fn more_findings_than_anybody_reads_are_counted_not_shown() {
    let text: String = (0..500).map(|i| format!("k{i} = 1\n")).collect();
    let outcome = run(text.as_bytes(), DEVICE.as_bytes(), LIBRARY.as_bytes());
    assert_eq!(outcome.report.count(Severity::Error), 200);
    assert!(outcome.report.error_count() > 500);
    assert!(
        outcome
            .report
            .to_string()
            .contains("more findings in prescription.toml are not shown")
    );
}
