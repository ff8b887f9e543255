//! `pumpctl alarms`.

use jiff::Timestamp;
use pump_control::{Alarm, Reply, Request, Status};
use pump_core::alarm::{ALARMS, Row};
use serde::Serialize;

use crate::cli::AlarmsArgs;
use crate::daemon::status::{alarm_line, urgent_first};
use crate::daemon::{Daemon, print_json, unexpected};
use crate::explain::AlarmDocument;
use crate::failure::Failure;
use crate::output;
use crate::paint::Paint;
use crate::story::printable;

/// The active alarms as a document.
#[derive(Debug, Serialize)]
struct Active<'a> {
    /// The most urgent first.
    alarms: Vec<&'a Alarm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    highest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    silenced_for_s: Option<u32>,
}

#[derive(Debug, Serialize)]
struct Table {
    alarms: Vec<AlarmDocument>,
}

pub(crate) fn run(daemon: &Daemon, args: &AlarmsArgs) -> Result<(), Failure> {
    if args.all {
        return table(args.json);
    }
    let Reply::Status(status) = daemon.ask(&Request::Status { threads: false })? else {
        return Err(unexpected());
    };
    let alarms = urgent_first(&status.alarms);
    let highest = alarms.first().map(|alarm| alarm.priority.as_str());
    if args.json {
        print_json(&Active {
            highest,
            silenced_for_s: status.silenced_for_s,
            alarms: alarms.clone(),
        })?;
    } else {
        output::print(&tell(&status, &alarms, Timestamp::now(), &Paint::stdout()))?;
    }
    match highest {
        None => Ok(()),
        Some("low") => Err(Failure::Alarmed(11)),
        Some("medium") => Err(Failure::Alarmed(12)),
        // Whatever it is, it is not taken for less.
        Some(_) => Err(Failure::Alarmed(13)),
    }
}

fn tell(status: &Status, alarms: &[&Alarm], now: Timestamp, paint: &Paint) -> String {
    if alarms.is_empty() {
        return "no alarm\n".to_owned();
    }
    let mut lines: Vec<String> = Vec::new();
    for alarm in alarms {
        lines.push(alarm_line(alarm, paint));
        // A daemon of an older version leaves to this one what it has no words for.
        let row = Row::named(&alarm.name);
        let or = |told: &str, ours: Option<&str>| match (told, ours) {
            ("", ours) => ours.unwrap_or_default().to_owned(),
            (told, _) => printable(told),
        };
        for (heading, line) in [
            ("since", since(alarm, now).unwrap_or_default()),
            ("does", or(&alarm.action, row.map(|row| row.action.name()))),
            (
                "clears",
                or(&alarm.clears, row.map(|row| row.clears.text())),
            ),
            ("do", or(&alarm.remedy, row.map(|row| row.remedy))),
        ] {
            if !line.is_empty() {
                lines.push(format!("    {heading:<7}{line}"));
            }
        }
    }
    if let Some(seconds) = status.silenced_for_s {
        lines.push(format!("silenced for another {seconds} s"));
    }
    lines.join("\n") + "\n"
}

/// By this machine's clock: the daemon tells how long ago.
fn since(alarm: &Alarm, now: Timestamp) -> Option<String> {
    let ago = jiff::SignedDuration::from_nanos(i64::try_from(alarm.age_ns).ok()?);
    let at = now.checked_sub(ago).ok()?;
    Some(format!("{at:.0}"))
}

/// Every alarm there is, the most urgent first.
fn table(json: bool) -> Result<(), Failure> {
    let mut rows: Vec<&Row> = ALARMS.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.priority, row.action)));
    if json {
        return print_json(&Table {
            alarms: rows.into_iter().map(AlarmDocument::from).collect(),
        });
    }
    let width = |name: fn(&Row) -> &str| rows.iter().map(|row| name(row).len()).max();
    let names = width(|row| row.name).unwrap_or(0);
    let actions = width(|row| row.action.name()).unwrap_or(0);
    let clears = width(|row| row.clears.name()).unwrap_or(0);
    let paint = Paint::stdout();
    let line = |row: &&Row| {
        let priority = row.priority.name();
        let what = paint.alarm(priority, &format!("{priority:<6}  {:<names$}", row.name));
        let (action, clear) = (row.action.name(), row.clears.name());
        format!(
            "{what}  {action:<actions$}  {clear:<clears$}  {}\n",
            row.text
        )
    };
    let lines: String = rows.iter().map(line).collect();
    output::print(&format!(
        "{lines}\n`pumpctl explain ALARM` tells cause and remedy.\n"
    ))
}
