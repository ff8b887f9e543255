//! The place by whose clock a schedule by time of day goes.
//!
//! A strategy has no time-zone data and may read none, so the pump tells it the local offset and
//! when that changes next. The rules are those of the IANA database that this program was built
//! with, not those of the machine: then a prescription means the same where it is checked, where
//! it is simulated and on the pump. When a country changes its rules, the program is built anew.
//!
//! Only the strategy's messages hang on this; no dose path knows a zone (I13).

use std::fmt;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use strategy_link::WallClock;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Located, quoted};
use crate::regimen::Regimen;
use crate::report::Report;
use crate::section::Section;
use crate::suggestion::nearest;

/// A zone of the IANA database.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Zone {
    /// The zone with exactly this name, for example `Europe/Berlin`.
    pub fn named(name: &str) -> Option<Self> {
        let database = TimeZoneDatabase::bundled();
        // The database would take `europe/BERLIN` too; a name has one spelling here.
        if !database.available().any(|known| known.as_str() == name) {
            return None;
        }
        Some(Self {
            name: name.to_owned(),
            rules: database.get(name).ok()?,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a strategy is told of the wall clock there. It is not good at a time that no
    /// calendar has.
    pub fn clock(&self, good: bool, utc_s: u64) -> WallClock {
        let now = i64::try_from(utc_s).ok();
        let Some(now) = now.and_then(|now| Timestamp::from_second(now).ok()) else {
            return WallClock {
                utc_s,
                ..WallClock::default()
            };
        };
        let offset = self.rules.to_offset(now);
        // A change of nothing but the offset's name is none.
        let mut changes = self.rules.following(now);
        let change = changes.find(|change| change.offset() != offset);
        let at = change.and_then(|change| u64::try_from(change.timestamp().as_second()).ok());
        WallClock {
            good,
            utc_s,
            local_offset_s: offset.seconds(),
            next_offset_change_utc_s: at,
        }
    }
}

/// What a strategy is told of the wall clock where a prescription may name a zone: without one,
/// local time is UTC.
pub fn wall_clock(zone: Option<&Zone>, good: bool, utc_s: u64) -> WallClock {
    match zone {
        Some(zone) => zone.clock(good, utc_s),
        None => WallClock {
            good,
            utc_s,
            ..WallClock::default()
        },
    }
}

/// The instant, in seconds since 1970-01-01 UTC, at which a clock there shows this date and time,
/// `2026-03-28 19:00`. Of an hour that comes twice it is the first; in one that is left out, as
/// long after the change. `None` where it is no date and time since 1970.
pub fn utc_of(zone: Option<&Zone>, local: &str) -> Option<u64> {
    let local: jiff::civil::DateTime = local.parse().ok()?;
    let utc = &TimeZone::UTC;
    let rules = zone.map_or(utc, |zone| &zone.rules);
    u64::try_from(rules.to_timestamp(local).ok()?.as_second()).ok()
}

const EXAMPLE: &str = "Europe/Berlin";

/// Reads `time_zone`, which may be absent.
pub(crate) fn read(root: &mut Section<'_>, report: &mut Report) -> Option<Located<Zone>> {
    let entry = root.optional("time_zone")?;
    let name = crate::value::text(entry, EXAMPLE, report)?;
    if let Some(value) = Zone::named(&name.value) {
        let place = name.place;
        return Some(Located { value, place });
    }
    let database = TimeZoneDatabase::bundled();
    let known: Vec<String> = database
        .available()
        .map(|known| known.as_str().to_owned())
        .collect();
    let same = |known: &&String| known.eq_ignore_ascii_case(&name.value);
    let near = known.iter().find(same).map(String::as_str).or_else(|| {
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        nearest(&name.value, &names)
    });
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write a name of the IANA database, for example `\"{EXAMPLE}\"`"),
    };
    let message = format!("no time zone is called {}", quoted(&name.value));
    report.add(Diagnostic::new(Code::UnknownTimeZone, name.place, message).help(help));
    None
}

/// Whoever gives by time of day says by whose: no place is guessed.
pub(crate) fn needed(
    root: &Section<'_>,
    zone: Option<&Located<Zone>>,
    regimens: &[Regimen],
    report: &mut Report,
) {
    // One that is written and wrong was told already.
    if zone.is_some() || root.table.get("time_zone").is_some() {
        return;
    }
    if let Some(place) = regimens.iter().find_map(Regimen::profile) {
        let message =
            "the prescription gives by time of day, but not by whose: it lacks `time_zone`";
        report.add(
            Diagnostic::new(Code::MissingKey, place, message)
                .label("which local time is this?")
                .help(format!(
                    "add a place before the first table, for example `time_zone = \"{EXAMPLE}\"`"
                )),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i32 = 3_600;
    /// 2026-03-29 01:00 UTC: in Berlin 02:00 becomes 03:00.
    const SPRING: u64 = 1_774_746_000;
    /// 2026-10-25 01:00 UTC: in Berlin 03:00 becomes 02:00.
    const AUTUMN: u64 = 1_792_890_000;

    #[test]
    fn the_offset_changes_at_the_very_second_and_is_announced_before() {
        let berlin = Zone::named("Europe/Berlin").expect("it is known");
        for (now, hours, next) in [
            (SPRING - 1, 1, SPRING),
            (SPRING, 2, AUTUMN),
            (AUTUMN - 1, 2, AUTUMN),
            (AUTUMN, 1, 1_806_195_600),
        ] {
            let told = berlin.clock(true, now);
            assert_eq!(told.local_offset_s, hours * HOUR, "{now}");
            assert_eq!(told.next_offset_change_utc_s, Some(next), "{now}");
            assert_eq!((told.good, told.utc_s), (true, now));
        }
    }

    #[test]
    fn a_zone_without_daylight_saving_has_no_change_ahead() {
        let kolkata = Zone::named("Asia/Kolkata").expect("it is known");
        let told = kolkata.clock(true, SPRING);
        assert_eq!(told.local_offset_s, 5 * HOUR + HOUR / 2);
        assert_eq!(told.next_offset_change_utc_s, None);
        let west = Zone::named("America/St_Johns").expect("it is known");
        assert_eq!(
            west.clock(true, SPRING).local_offset_s,
            -(2 * HOUR + HOUR / 2)
        );
    }

    #[test]
    fn a_name_has_one_spelling() {
        assert_eq!(Zone::named("europe/berlin"), None);
        assert_eq!(Zone::named(""), None);
        assert_eq!(Zone::named("Europe/Berlin ").map(|zone| zone.name), None);
    }

    #[test]
    fn a_time_that_no_calendar_has_is_not_good() {
        let berlin = Zone::named("Europe/Berlin").expect("it is known");
        for beyond in [253_402_300_800, u64::MAX] {
            assert!(!berlin.clock(true, beyond).good, "{beyond}");
        }
        assert!(berlin.clock(true, 0).good);
        assert!(!berlin.clock(false, SPRING).good);
    }

    #[test]
    fn a_local_time_is_found_on_the_days_of_a_change_too() {
        let berlin = Zone::named("Europe/Berlin");
        let at = |local| utc_of(berlin.as_ref(), local);
        assert_eq!(at("2026-03-29 01:59"), Some(SPRING - 60));
        assert_eq!(at("2026-03-29 03:00"), Some(SPRING));
        assert_eq!(at("2026-03-29 02:30"), Some(SPRING + 1_800));
        assert_eq!(at("2026-10-25 02:30"), Some(AUTUMN - 1_800));
        assert_eq!(utc_of(None, "1970-01-01 00:01"), Some(60));
        for wrong in ["", "7 o'clock", "2026-02-30 10:00", "1969-12-31 23:00"] {
            assert_eq!(utc_of(None, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn without_a_zone_local_time_is_utc() {
        let told = wall_clock(None, true, SPRING);
        let expected = WallClock {
            good: true,
            utc_s: SPRING,
            local_offset_s: 0,
            next_offset_change_utc_s: None,
        };
        assert_eq!(told, expected);
    }
}
