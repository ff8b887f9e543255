//! The words of a scenario: what may happen, and what is said of it.

/// An action.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// As it is written.
    pub word: &'static str,
    /// The keys it must have.
    pub needs: &'static [&'static str],
    /// The keys it may have besides.
    pub takes: &'static [&'static str],
    /// What it is, in a line.
    pub help: &'static str,
}

/// What stands behind a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A time, such as `2h03m`.
    Span,
    /// A time that may be below zero.
    Jump,
    /// A volume.
    Volume,
    /// The name of a regimen.
    Regimen,
}

const fn word(
    word: &'static str,
    needs: &'static [&'static str],
    takes: &'static [&'static str],
    help: &'static str,
) -> Word {
    Word {
        word,
        needs,
        takes,
        help,
    }
}

/// Every action.
pub const ACTIONS: &[Word] = &[
    word("press", &[], &[], "the patient's button"),
    word(
        "clinician-bolus",
        &["volume", "over"],
        &[],
        "a bolus of the operator's",
    ),
    word("pause", &[], &[], "the operator pauses"),
    word("resume", &[], &[], "the operator resumes"),
    word("stop", &[], &[], "the operator stops"),
    word("arm", &[], &[], "the operator arms"),
    word("start", &[], &[], "the operator starts"),
    word("occlude", &["for"], &["seen_after"], "the line is blocked"),
    word(
        "air",
        &[],
        &["for"],
        "the sensor sees air; without `for`, for good",
    ),
    word(
        "stall",
        &[],
        &["for"],
        "the motor does not turn; without `for`, for good",
    ),
    word(
        "door",
        &[],
        &["for"],
        "the door is open; without `for`, for good",
    ),
    word("refill", &["volume"], &[], "the reservoir now holds this"),
    word(
        "lose-strategy",
        &["regimen", "for"],
        &[],
        "a strategy does not answer",
    ),
    word("wall-clock-jump", &["by"], &[], "the wall clock is set"),
    word(
        "lose-wall-clock",
        &[],
        &["for"],
        "the wall clock is not known to be right; without `for`, for good",
    ),
    word(
        "restart",
        &["off_for"],
        &[],
        "the power fails; afterwards: arm, then start",
    ),
];

/// Every key that any action takes, and what for.
pub const KEYS: &[(&str, Takes, &str)] = &[
    ("for", Takes::Span, "how long it lasts"),
    ("volume", Takes::Volume, "how much"),
    ("over", Takes::Span, "the time in which it is given"),
    (
        "by",
        Takes::Jump,
        "how far the clock is set, back with a minus",
    ),
    ("off_for", Takes::Span, "how long there is no power"),
    (
        "regimen",
        Takes::Regimen,
        "the regimen, as the prescription calls it",
    ),
    (
        "seen_after",
        Takes::Span,
        "how long its sensor takes to see it",
    ),
];
