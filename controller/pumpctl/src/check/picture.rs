//! The worst case of a prescription, as a table and as a document.

use std::fmt::Write as _;

use pump_core::quantity::{Nanoseconds, Steps};
use pump_prescription::{
    Checked, Dimension, Exact, Held, Lasts, Picture, WorstCase, show, span_text, steps_text,
};
use serde_json::{Value, json};

use crate::story::printable;

const DAY: u64 = 86_400_000_000_000;

/// What each window may hold, beside its caps, and how long the reservoir lasts.
pub(super) fn table(rx: &Checked) -> String {
    let picture = Picture::of(rx);
    let mut text = String::from("\n");
    row(
        &mut text,
        ["worst case", "of", "at most", "cap in force", "bounded by"],
    );
    for worst in &picture.windows {
        let nl = amount(worst.nl, Dimension::Volume);
        let (window, held) = (span_text(worst.window), bounded_by(rx, worst));
        let cap = cap(rx, worst.window, None);
        row(&mut text, [&window, "the mixture", &nl, &cap, &held]);
        for (at, (drug, ng)) in rx.drugs.iter().zip(&worst.ng).enumerate() {
            let cap = self::cap(rx, worst.window, Some(at));
            let (name, ng) = (printable(&drug.name), amount(*ng, Dimension::Mass));
            row(&mut text, ["", &name, &ng, &cap, ""]);
        }
    }
    let rotor = rx.core.full_step;
    if rotor > Steps::ZERO {
        let moved = steps_text(rx.core.volume_per_step, rotor);
        let _ = writeln!(
            text,
            "  with {moved} that the motor's rotor may move at a start"
        );
    }
    text.push('\n');
    row(&mut text, ["reservoir", "low after", "empty after", "", ""]);
    for (what, lasts) in [
        ("basal alone", picture.basal_alone),
        ("worst case", picture.worst_case),
    ] {
        let (low, empty) = (days(lasts.to_low), days(lasts.to_empty));
        row(&mut text, [what, &low, &empty, "", ""]);
    }
    text
}

fn row(text: &mut String, [first, second, third, fourth, last]: [&str; 5]) {
    // A column that is fuller than its width still ends.
    let line = format!("  {first:<11} {second:<15} {third:<14} {fourth:<14} {last}");
    let _ = writeln!(text, "{}", line.trim_end());
}

/// In base units, whole and rounded up, so that it is written exactly.
fn amount(value: Option<u128>, dimension: Dimension) -> String {
    match value {
        Some(value) => show(Exact::whole(value), dimension),
        None => "without end".to_owned(),
    }
}

fn cap(rx: &Checked, window: Nanoseconds, drug: Option<usize>) -> String {
    let cap = rx.cap(window, drug);
    cap.map_or_else(|| "none".to_owned(), |limit| limit.text())
}

/// What keeps a window from holding more, in words.
fn bounded_by(rx: &Checked, worst: &WorstCase) -> String {
    let drug = |at: usize| {
        rx.drugs
            .get(at)
            .map_or_else(String::new, |it| printable(&it.name))
    };
    match worst.held {
        Held::ByRate => "max_rate".to_owned(),
        Held::ByCap { hours, drug: of } => {
            let length = Nanoseconds::from_hours(hours.into());
            let whole = worst.window.0.checked_div(length.0).unwrap_or(0);
            let times = match whole {
                0 | 1 => String::new(),
                times => format!("{times} times "),
            };
            let rest = match worst.window > length && !worst.window.0.is_multiple_of(length.0) {
                true => " and the rest",
                false => "",
            };
            let of = of.map_or_else(String::new, |at| format!(" of {}", drug(at)));
            format!("{times}max_{hours}h{of}{rest}")
        }
        Held::ByRegimens => {
            let rates = rx.regimens.iter().map(|it| it.envelope.basal);
            let basal = match rates.filter(|rate| !rate.is_zero()).count() {
                0 => None,
                1 => Some("the basal".to_owned()),
                several => Some(format!("{several} basals")),
            };
            let boluses = match worst.boluses {
                0 => None,
                1 => Some("1 bolus".to_owned()),
                several => Some(format!("{several} boluses")),
            };
            let parts: Vec<String> = basal.into_iter().chain(boluses).collect();
            match parts.is_empty() {
                true => "nothing that is given".to_owned(),
                false => parts.join(" and "),
            }
        }
    }
}

/// Rounded down to a tenth of a day.
fn days(span: Option<Nanoseconds>) -> String {
    let Some(span) = span else {
        return "ten years".to_owned();
    };
    let tenths = span.0 / (DAY / 10);
    format!("{}.{} days", tenths / 10, tenths % 10)
}

/// The same for programs: whole steps, nanolitres and nanograms, rounded up; times in
/// nanoseconds, rounded down, and nothing where it is ten years or more.
pub(super) fn document(rx: &Checked) -> Value {
    let picture = Picture::of(rx);
    let windows = picture.windows.iter().map(|worst| {
        let drugs = rx.drugs.iter().zip(&worst.ng).enumerate();
        let drugs = drugs.map(|(at, (drug, ng))| {
            json!({
                "drug": drug.name,
                "ng": ng.and_then(|ng| u64::try_from(ng).ok()),
                "cap": rx.cap(worst.window, Some(at)).map(|limit| limit.text()),
            })
        });
        json!({
            "window_ns": worst.window.0,
            "steps": worst.steps.0,
            "nl": worst.nl.and_then(|nl| u64::try_from(nl).ok()),
            "cap": rx.cap(worst.window, None).map(|limit| limit.text()),
            "drugs": drugs.collect::<Vec<_>>(),
            "boluses": worst.boluses,
            "bounded_by": bounded_by(rx, worst),
        })
    });
    let lasts = |lasts: Lasts| {
        json!({
            "low_after_ns": lasts.to_low.map(|it| it.0),
            "empty_after_ns": lasts.to_empty.map(|it| it.0),
        })
    };
    json!({
        "windows": windows.collect::<Vec<_>>(),
        "rotor_steps": rx.core.full_step.0,
        "reservoir": {
            "basal_alone": lasts(picture.basal_alone),
            "worst_case": lasts(picture.worst_case),
        },
    })
}
