//! A rate through the week, row by row: on which days, from when, and how much.

use core::fmt::Write as _;

use strategy_abi::{Fraction, MAX_STEPS};
use strategy_link::{Param, Step};

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Located, Place, quoted};
use crate::exact::Exact;
use crate::notation::show;
use crate::report::Report;
use crate::section::Section;
use crate::suggestion::{list, nearest};
use crate::unit::Dimension;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY_S: u64 = 86_400;

/// A row for somebody who has none yet.
pub(crate) const EXAMPLE: &str = "[{ days = \"mon-sun\", at = \"00:00\", rate = \"2 mg/day\" }]";

/// A profile as it was written.
pub(crate) struct Written {
    /// In the order of the week.
    pub(crate) steps: Vec<Step>,
    /// Where the highest rate is written.
    pub(crate) highest: Place,
}

struct Begun {
    at_s: u64,
    rate: Fraction,
    exact: Exact,
    place: Place,
}

/// Reads every row. `rate` reads a rate as the parameter declares it.
pub(crate) fn read(
    rows: Vec<Section<'_>>,
    param: &Param,
    whole: Place,
    report: &mut Report,
    rate: impl Fn(&mut Section<'_>, &mut Report) -> Option<Located<Fraction>>,
) -> Option<Written> {
    // Each row is held against all before it: there may not be any number of them.
    if let Some(extra) = rows.get(MAX_STEPS) {
        let message = format!("`{}` has {} rows", param.name, rows.len());
        report.add(
            Diagnostic::new(Code::TooMany, extra.place(), message)
                .label("one too many")
                .allowed(format!("at most {MAX_STEPS}")),
        );
        return None;
    }
    let before = report.error_count();
    let mut begun: Vec<Begun> = Vec::new();
    for mut row in rows {
        let place = row.place();
        let days = row
            .text("days", "mon-fri", report)
            .and_then(|text| days(&text, report));
        let at = row
            .text("at", "06:00", report)
            .and_then(|text| time(&text, report));
        let rate = rate(&mut row, report);
        row.finish(report);
        let (Some(days), Some(at), Some(rate)) = (days, at, rate) else {
            continue;
        };
        let Some(exact) = Exact::from_fraction(rate.value) else {
            continue;
        };
        for day in days {
            let at_s = day * DAY_S + at;
            if let Some(twin) = begun.iter().find(|other| other.at_s == at_s) {
                let message = format!("`{}` has two rates from {}", param.name, moment(at_s));
                report.add(
                    Diagnostic::new(Code::DuplicateName, place, message)
                        .label("once more here")
                        .related(twin.place, "first written here")
                        .help("keep one of the two rows, or take the day out of one of them"),
                );
                break;
            }
            let rate = rate.value;
            begun.push(Begun {
                at_s,
                rate,
                exact,
                place,
            });
        }
    }
    if report.error_count() > before {
        return None;
    }
    if let Some(extra) = begun.get(MAX_STEPS) {
        let message = format!("`{}` comes to {} steps a week", param.name, begun.len());
        report.add(
            Diagnostic::new(Code::TooMany, extra.place, message)
                .label("a row counts once for each of its days")
                .allowed(format!("at most {MAX_STEPS}")),
        );
        return None;
    }
    begun.sort_by_key(|step| step.at_s);
    let has_midnight = |day: &u64| begun.iter().any(|step| step.at_s == day * DAY_S);
    let without: Vec<u64> = (0..7).filter(|day| !has_midnight(day)).collect();
    if !without.is_empty() {
        let names: Vec<&str> = without.iter().filter_map(|day| name(*day)).collect();
        let days = names.join(", ");
        let message = format!(
            "`{}` does not say what holds from 00:00 on {days}",
            param.name
        );
        report.add(
            Diagnostic::new(Code::MissingKey, whole, message)
                .label("each day says for itself with what it begins")
                .help(format!(
                    "add a row, for example `{{ days = \"{days}\", at = \"00:00\", rate = … }}`"
                )),
        );
        return None;
    }
    let highest = begun.iter().reduce(|highest, step| {
        if step.exact > highest.exact {
            step
        } else {
            highest
        }
    })?;
    Some(Written {
        highest: highest.place,
        steps: begun
            .iter()
            .map(|step| {
                let at = Fraction {
                    num: step.at_s,
                    den: 1,
                };
                [at, step.rate]
            })
            .collect(),
    })
}

fn name(day: u64) -> Option<&'static str> {
    DAYS.get(usize::try_from(day).ok()?).copied()
}

/// `sat 06:30`.
fn moment(at_s: u64) -> String {
    let day = name(at_s / DAY_S).unwrap_or("?");
    let (hour, minute) = (at_s % DAY_S / 3_600, at_s % 3_600 / 60);
    format!("{day} {hour:02}:{minute:02}")
}

/// The days of `mon-fri, sun`, as numbers.
fn days(text: &Located<String>, report: &mut Report) -> Option<Vec<u64>> {
    let mut days: Vec<u64> = Vec::new();
    for part in text.value.split(',').map(str::trim) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let found = [from.trim(), to.trim()].map(|name| {
            let place = DAYS.iter().position(|day| *day == name);
            place.ok_or(name)
        });
        let [from, to] = match found {
            [Ok(from), Ok(to)] => [from, to],
            [Err(word), _] | [_, Err(word)] => {
                let help = match nearest(word, &DAYS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "days are written `mon-fri`, `sat, sun` or `mon-sun`".to_owned(),
                };
                let message = format!("{} is no day of the week", quoted(word));
                report.add(
                    Diagnostic::new(Code::NotAChoice, text.place, message)
                        .allowed(list(&DAYS))
                        .help(help),
                );
                return None;
            }
        };
        let place = text.place;
        if from > to {
            let message = format!("{} goes over the end of the week", quoted(part));
            report.add(
                Diagnostic::new(Code::NotAChoice, place, message)
                    .help("write it in two parts, for example `fri-sun, mon`"),
            );
            return None;
        }
        for day in (0..)
            .zip(DAYS)
            .map(|(day, _)| day)
            .skip(from)
            .take(to - from + 1)
        {
            if days.contains(&day) {
                let message = format!("{} is named twice", quoted(name(day).unwrap_or("?")));
                report.add(
                    Diagnostic::new(Code::DuplicateName, place, message).help("name each day once"),
                );
                return None;
            }
            days.push(day);
        }
    }
    Some(days)
}

/// The seconds after midnight of `06:30`.
fn time(text: &Located<String>, report: &mut Report) -> Option<u64> {
    let part = |text: &str, below: u64| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse::<u64>().ok().filter(|_| digits);
        number.filter(|number| *number < below)
    };
    let parts = text.value.split_once(':');
    let found = parts.and_then(|(hour, minute)| part(hour, 24).zip(part(minute, 60)));
    match found {
        Some((hour, minute)) => Some(hour * 3_600 + minute * 60),
        None => {
            let message = format!("{} is no time of day", quoted(&text.value));
            report.add(
                Diagnostic::new(Code::OutOfRange, text.place, message)
                    .allowed("00:00 to 23:59")
                    .help("write two digits, a colon and two digits: `06:30`"),
            );
            None
        }
    }
}

/// The whole week in a line: `mon 00:00 0.1 mL/h, 06:00 0.2 mL/h; tue as mon; …`.
pub(crate) fn text(steps: &[Step]) -> String {
    let mut days: Vec<String> = vec![String::new(); 7];
    for [at, rate] in steps {
        let at_s = strategy_link::whole(*at).unwrap_or(0);
        let day = usize::try_from(at_s / DAY_S).ok();
        let Some(line) = day.and_then(|day| days.get_mut(day)) else {
            continue;
        };
        let rate = Exact::from_fraction(*rate).unwrap_or(Exact::ZERO);
        let joint = if line.is_empty() { "" } else { ", " };
        let time = moment(at_s % DAY_S);
        let time = time.trim_start_matches("mon ");
        let _ = write!(line, "{joint}{time} {}", show(rate, Dimension::VolumeRate));
    }
    // Days that are the same are told once.
    let mut told: Vec<(Vec<&str>, &String)> = Vec::new();
    for (name, line) in DAYS.iter().zip(&days) {
        match told.iter_mut().find(|(_, known)| *known == line) {
            Some((names, _)) => names.push(name),
            None => told.push((vec![name], line)),
        }
    }
    let told = told
        .iter()
        .map(|(names, line)| format!("{}: {line}", names.join(" ")));
    told.collect::<Vec<_>>().join("; ")
}
