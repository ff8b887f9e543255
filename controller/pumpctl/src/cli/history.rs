//! The command that reads the journal.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use pump_core::quantity::Nanoseconds;
use pump_journal::Head;
use pump_prescription::read_span;

pub(crate) const HELP: &str = "\
Examples:
  pumpctl history --since 1h                    the last hour that the daemon ran
  pumpctl history --kind alarm --last 20
  pumpctl history --since 2026-11-25 --until 2026-11-26 --csv > day.csv
  pumpctl history --follow
  pumpctl history --verify --head \"1234 5f0c…\"  with the head that `pumpctl status` showed

`--since 1h` counts the daemon's running time back from the last entry: no clock that was set
can spoil it. A date or an instant is compared with the entries' UTC stamps, and entries from
before the clock was known good have none.

--verify reads everything: each hash, that no entry is missing, the end, and the durable state.
There is no secret in the journal, so who can write it could write another one. Note the head
that `pumpctl status` shows somewhere else; with --head it is looked for.

Exit codes: 0 fine, 1 there is no journal, or it can't be read, or it is not as it was written;
2 the command line is wrong.";

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// Where the daemon keeps its journal.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/pumpd")]
    pub(crate) state_dir: PathBuf,
    /// Only what is not older: 1h, 2day, 2026-11-25, 2026-11-25T14:30:00Z.
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(crate) since: Option<Since>,
    /// Only what is older than this date or instant in UTC.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub(crate) until: Option<u64>,
    /// Only what is of this kind; repeatable.
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Vec<String>,
    /// Only so many, from the end.
    #[arg(long, value_name = "N")]
    pub(crate) last: Option<u32>,
    /// Go on with what is written from now on, until interrupted.
    #[arg(long, conflicts_with = "until")]
    pub(crate) follow: bool,
    /// Print one JSON document, with --follow one for each entry.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print a table of comma-separated values.
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
    /// Say whether everything is as it was written, or the first entry that is not.
    #[arg(long, conflicts_with_all = ["since", "until", "kind", "last", "follow", "csv"])]
    pub(crate) verify: bool,
    /// With --verify: a head of the journal that was noted; it must be there.
    #[arg(long, value_name = "HEAD", requires = "verify")]
    pub(crate) head: Option<Head>,
}

/// From when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// So much running time before the last entry.
    Back(Nanoseconds),
    /// Nanoseconds since 1970 in UTC.
    Utc(u64),
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(span) = read_span(text) {
        return Ok(Since::Back(span));
    }
    instant(text).map(Since::Utc).map_err(|_| {
        "write a time like `1h`, or `2026-11-25`, or `2026-11-25T14:30:00Z`".to_owned()
    })
}

/// Nanoseconds since 1970 of a date or an instant in UTC.
pub(super) fn instant(text: &str) -> Result<u64, String> {
    let wrong = || "write `2026-11-25` or `2026-11-25T14:30:00Z`".to_owned();
    let instant = match text.parse::<Timestamp>() {
        Ok(instant) => instant,
        Err(_) => {
            let date: Date = text.parse().map_err(|_| wrong())?;
            // What only begins with a date is no date.
            if text.len() != 10 {
                return Err(wrong());
            }
            let day = date.to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
            day.timestamp()
        }
    };
    u64::try_from(instant.as_nanosecond()).map_err(|_| "that is before 1970".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_span_or_a_day_or_an_instant_in_utc() {
        assert_eq!(since("1h"), Ok(Since::Back(Nanoseconds(3_600_000_000_000))));
        let day = 1_764_028_800_000_000_000;
        assert_eq!(since("2025-11-25"), Ok(Since::Utc(day)));
        let second = day + 1_000_000_000;
        assert_eq!(since("2025-11-25T00:00:01Z"), Ok(Since::Utc(second)));
        assert_eq!(since("2025-11-25T01:00:01+01:00"), Ok(Since::Utc(second)));
        for text in [
            "",
            "yesterday",
            "2025-11-25T00:00",
            "2025-13-01",
            "1960-01-01",
            "1",
        ] {
            assert!(since(text).is_err(), "{text}");
        }
    }
}
