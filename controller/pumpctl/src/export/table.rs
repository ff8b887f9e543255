//! The tables of an export: their columns, and what a cell holds.

use jiff::Timestamp;
use pump_journal::Stamp;
use pump_prescription::Exact;

use crate::failure::Failure;
use crate::output::Ready;

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Count,
    /// A volume in nanolitres.
    Volume,
    Text,
    /// An instant in UTC.
    Utc,
}

impl Kind {
    /// The stable name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Count => "integer",
            Self::Volume => "volume in nanolitres",
            Self::Text => "text",
            Self::Utc => "instant in UTC",
        }
    }
}

/// A column. Its name ends with its unit.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) what: &'static str,
}

/// A table.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [Column],
}

/// What a cell holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Nothing,
    Count(u64),
    Volume(Exact),
    Text(String),
    /// Nanoseconds since 1970.
    Utc(u64),
}

impl From<Option<u64>> for Cell {
    fn from(count: Option<u64>) -> Self {
        count.map_or(Self::Nothing, Self::Count)
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<Option<Exact>> for Cell {
    fn from(volume: Option<Exact>) -> Self {
        volume.map_or(Self::Nothing, Self::Volume)
    }
}

impl From<Option<&str>> for Cell {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Nothing, Self::from)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Where the rows of a table go.
pub(super) trait Sink {
    /// Takes a row, which has a cell for each column.
    fn row(&mut self, cells: &[Cell]) -> Result<(), Failure>;

    /// There are no more.
    fn end(self: Box<Self>) -> Result<Ready, Failure>;
}

/// The cells of a stamp: `t_utc`, `t_mono_ns`, `boot`.
pub(super) fn instant(stamp: &Stamp) -> [Cell; 3] {
    [
        stamp.utc_ns.map_or(Cell::Nothing, Cell::Utc),
        Cell::Count(stamp.mono_ns),
        Cell::Text(stamp.boot.to_string()),
    ]
}

/// So many decimals of a volume are written.
const DECIMALS: u32 = 9;

/// A volume as a decimal: as it is where it has no more than nine decimals, else cut there.
pub(super) fn decimal(volume: Exact) -> String {
    let scale = 10_u128.pow(DECIMALS);
    let Some(scaled) = volume.times(Exact::whole(scale)) else {
        return volume.floor().to_string();
    };
    let scaled = scaled.floor();
    let (whole, part) = (scaled / scale, scaled % scale);
    if part == 0 {
        return whole.to_string();
    }
    let part = format!("{part:0width$}", width = DECIMALS as usize);
    format!("{whole}.{}", part.trim_end_matches('0'))
}

/// An instant as RFC 3339 has it, to the nanosecond.
pub(super) fn utc(ns: u64) -> String {
    match Timestamp::from_nanosecond(ns.into()) {
        Ok(instant) => format!("{instant:.9}"),
        Err(_) => String::new(),
    }
}

const fn column(name: &'static str, kind: Kind, what: &'static str) -> Column {
    Column { name, kind, what }
}

use Kind::{Count, Text, Utc, Volume};

pub(super) const EVENTS: Table = Table {
    name: "events",
    columns: &[
        column("seq", Count, "the number of the entry in the journal"),
        column(
            "t_utc",
            Utc,
            "when it was written down; empty: the clock was not known good",
        ),
        column(
            "t_mono_ns",
            Count,
            "the same by CLOCK_MONOTONIC of that boot",
        ),
        column("boot", Text, "the boot that t_mono_ns counts from"),
        column(
            "t_pump_ns",
            Count,
            "when it happened, by the pump's own clock",
        ),
        column("t_therapy_ns", Count, "the same since the start of the run"),
        column("kind", Text, "what it is"),
        column("text", Text, "what operators read of it"),
        column("regimen", Text, "whose"),
        column(
            "reason",
            Text,
            "the limit that narrowed or refused it, or the cause of a cut",
        ),
        column("alarm", Text, "which alarm"),
        column("priority", Text, "the alarm's priority"),
        column("who", Text, "the operator"),
        column("demand", Count, "the number of the press"),
        column("bolus", Count, "the number of the bolus"),
        column("volume_steps", Count, "the volume that it is about"),
        column("volume_nl", Volume, "the same"),
        column(
            "granted_nl_per_ns",
            Text,
            "of a basal: the granted rate as an exact fraction",
        ),
    ],
};

pub(super) const BOLUSES: Table = Table {
    name: "boluses",
    columns: &[
        column("bolus", Count, "its number; empty: it was refused"),
        column("demand", Count, "the number of the press that it answers"),
        column("kind", Text, "demand, scheduled, loading or clinician"),
        column("regimen", Text, "whose; empty: the operator's"),
        column("outcome", Text, "complete, cut, refused or open"),
        column("reason", Text, "why it was cut or refused"),
        column("asked_steps", Count, "its volume"),
        column("asked_nl", Volume, "the same"),
        column("over_ns", Count, "the time over which it was asked for"),
        column("delivered_steps", Count, "what of it was delivered"),
        column("delivered_nl", Volume, "the same"),
        column(
            "started_seq",
            Count,
            "the entry that tells of its start or refusal",
        ),
        column("started_t_utc", Utc, "its start, or its refusal"),
        column(
            "started_t_mono_ns",
            Count,
            "the same by CLOCK_MONOTONIC of that boot",
        ),
        column(
            "started_boot",
            Text,
            "the boot that started_t_mono_ns counts from",
        ),
        column(
            "started_t_pump_ns",
            Count,
            "the same by the pump's own clock",
        ),
        column("ended_t_utc", Utc, "its end"),
        column(
            "ended_t_mono_ns",
            Count,
            "the same by CLOCK_MONOTONIC of that boot",
        ),
        column(
            "ended_boot",
            Text,
            "the boot that ended_t_mono_ns counts from",
        ),
        column("ended_t_pump_ns", Count, "the same by the pump's own clock"),
    ],
};

pub(super) const ALARMS: Table = Table {
    name: "alarms",
    columns: &[
        column("alarm", Text, "which"),
        column("priority", Text, "high, medium or low"),
        column("raised_t_utc", Utc, "its beginning"),
        column(
            "raised_t_mono_ns",
            Count,
            "the same by CLOCK_MONOTONIC of that boot",
        ),
        column(
            "raised_boot",
            Text,
            "the boot that raised_t_mono_ns counts from",
        ),
        column(
            "raised_t_pump_ns",
            Count,
            "the same by the pump's own clock",
        ),
        column(
            "cleared_t_utc",
            Utc,
            "its end; empty: it was active at the end of the run",
        ),
        column(
            "cleared_t_mono_ns",
            Count,
            "the same by CLOCK_MONOTONIC of that boot",
        ),
        column(
            "cleared_boot",
            Text,
            "the boot that cleared_t_mono_ns counts from",
        ),
        column(
            "cleared_t_pump_ns",
            Count,
            "the same by the pump's own clock",
        ),
        column(
            "lasted_ns",
            Count,
            "how long it was active, by the pump's own clock",
        ),
    ],
};

pub(super) const STATE: Table = Table {
    name: "state",
    columns: &[
        column("seq", Count, "the number of the entry in the journal"),
        column(
            "t_utc",
            Utc,
            "when it was so; empty: the clock was not known good",
        ),
        column(
            "t_mono_ns",
            Count,
            "the same by CLOCK_MONOTONIC of that boot",
        ),
        column("boot", Text, "the boot that t_mono_ns counts from"),
        column("t_pump_ns", Count, "the same by the pump's own clock"),
        column("state", Text, "of the pump"),
        column("alarms", Text, "the active ones, with spaces between them"),
        column("commanded_steps", Count, "the integral of what was granted"),
        column("delivered_steps", Count, "steps that were taken"),
        column("delivered_nl", Volume, "the same"),
        column(
            "missed_steps",
            Count,
            "steps that fell due and could not be taken",
        ),
        column(
            "uncertain_steps",
            Count,
            "steps that may or may not have been taken",
        ),
        column(
            "displaced_steps",
            Count,
            "what may have moved while the motor was off",
        ),
        column("reservoir_steps", Count, "what the reservoir holds"),
        column("reservoir_nl", Volume, "the same"),
        column(
            "window_1h_steps",
            Count,
            "what any maximum sees as given in the last hour",
        ),
        column(
            "window_1h_cap_steps",
            Count,
            "the most that it may be; empty: no cap",
        ),
        column("window_4h_steps", Count, "in the last 4 hours"),
        column("window_4h_cap_steps", Count, "the most that it may be"),
        column("window_24h_steps", Count, "in the last 24 hours"),
        column("window_24h_cap_steps", Count, "the most that it may be"),
    ],
};

pub(super) const PRESCRIPTION: Table = Table {
    name: "prescription",
    columns: &[
        column(
            "what",
            Text,
            "what it is of: prescription, regimen, drug, cap, file",
        ),
        column("name", Text, "which"),
        column("figure", Text, "which figure, with its unit"),
        column("value", Text, "the figure"),
    ],
};

/// All of them, in the order in which [`super::rows::Rows`] has their sinks.
pub(super) const TABLES: [&Table; 5] = [&EVENTS, &BOLUSES, &ALARMS, &STATE, &PRESCRIPTION];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_written_exactly_where_nine_decimals_do() {
        let decimal = |num, den| decimal(Exact::new(num, den).expect("a fraction"));
        assert_eq!(decimal(0, 1), "0");
        assert_eq!(decimal(50, 1), "50");
        assert_eq!(decimal(25, 2), "12.5");
        assert_eq!(decimal(1, 1_000_000_000), "0.000000001");
        assert_eq!(decimal(2, 3), "0.666666666");
    }
}
