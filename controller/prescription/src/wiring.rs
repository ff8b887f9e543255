//! The sections of `pump.toml` that only real hardware needs: which line is what, the
//! watchdog, the counter, and the processor of the loop.

use pump_core::quantity::Nanoseconds;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Located, Place, quoted};
use crate::exact::Exact;
use crate::measure::{TIME, Wanted};
use crate::report::Report;
use crate::section::Section;
use crate::tree::{Entry, Value};
use crate::value::{choice, line};

/// The kernel keeps 31 characters of a name.
const MAX_NAME: usize = 31;
/// A label, a colon and an offset.
pub(crate) const MAX_LINE: usize = MAX_NAME + 5;
/// The words for a level.
pub(crate) const LEVELS: [&str; 2] = ["high", "low"];
/// No chip has more lines.
const MAX_OFFSET: u32 = 1_023;
pub(crate) const MAX_PATH: usize = 255;
/// The longest time for which an input must hold: a longer one would hide what it watches.
const MAX_DEBOUNCE_MS: u128 = 1_000;
const MS: u128 = 1_000_000;

/// How a line is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineName {
    /// By its own name, on whichever chip.
    Name(String),
    /// By the chip's label and the line's offset on it, written `"label:offset"`.
    Offset {
        /// The label of the chip.
        chip: String,
        /// The offset; 0 to 1023.
        offset: u32,
    },
}

impl std::fmt::Display for LineName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Offset { chip, offset } => write!(f, "{chip}:{offset}"),
        }
    }
}

/// The electrical level that means "on".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Active {
    /// At the supply.
    High,
    /// At ground.
    Low,
}

/// A line that is driven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputWire {
    /// Which line.
    pub line: LineName,
    /// The level that steps, energises, turns forward or begins a beat.
    pub active: Active,
}

/// A line that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputWire {
    /// Which line.
    pub line: LineName,
    /// The level of a pressed button, or of a sensor that sees what it watches for.
    pub active: Active,
    /// How long a level must hold before it counts; 0 to 1 s.
    pub debounce: Nanoseconds,
}

/// `[gpio]`: the lines of a rig. Those that are `None` the rig does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpio {
    /// One pulse, one step.
    pub step: OutputWire,
    /// Energises the motor. Its level is always written out.
    pub enable: OutputWire,
    /// The direction; its active level is forward.
    pub dir: Option<OutputWire>,
    /// Changes as long as the loop lives.
    pub heartbeat: Option<OutputWire>,
    /// The patient's button.
    pub button: Option<InputWire>,
    /// Blocked downstream.
    pub occlusion: Option<InputWire>,
    /// Air in the line.
    pub air: Option<InputWire>,
    /// The door is open.
    pub door: Option<InputWire>,
    /// The reservoir is empty, or not there.
    pub reservoir: Option<InputWire>,
    /// The motor does not turn, as its driver says.
    pub stall: Option<InputWire>,
}

/// `[indicators]`: lights and a buzzer for the alarms. Those that are `None` the rig does not
/// have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Indicators {
    /// The light of high alarms; red.
    pub led_high: Option<OutputWire>,
    /// That of medium alarms; yellow.
    pub led_medium: Option<OutputWire>,
    /// That of low alarms; cyan or yellow.
    pub led_low: Option<OutputWire>,
    /// A buzzer that sounds while its line is active.
    pub buzzer: Option<OutputWire>,
}

/// `[counter]`: hardware that counts the steps on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The file that holds its count.
    pub path: String,
    /// By how many steps it may differ from the ledger; 0 to 10,000.
    pub tolerance: u64,
}

/// The optional sections together.
pub(crate) struct Wiring {
    pub(crate) gpio: Option<Gpio>,
    pub(crate) indicators: Option<Indicators>,
    pub(crate) watchdog: Option<String>,
    pub(crate) counter: Option<Counter>,
    pub(crate) cpu: Option<u32>,
}

/// Reads them. `None`: something was wrong, and reported.
pub(crate) fn read(root: &mut Section<'_>, report: &mut Report) -> Option<Wiring> {
    let before = report.error_count();
    let mut taken = Taken::default();
    let gpio = root
        .optional_section("gpio", report)
        .and_then(|section| gpio(section, &mut taken, report));
    let indicators = root
        .optional_section("indicators", report)
        .map(|section| indicators(section, &mut taken, report));
    let watchdog = root
        .optional_section("watchdog", report)
        .and_then(|mut section| {
            let device = path(&mut section, "device", "/dev/watchdog0", report);
            section.finish(report);
            device
        });
    let counter = root
        .optional_section("counter", report)
        .and_then(|mut section| {
            let example = "/sys/bus/counter/devices/counter0/count0/count";
            let path = path(&mut section, "path", example, report);
            let tolerance = section.count("tolerance", "4", 0..=10_000, report);
            section.finish(report);
            Some(Counter {
                path: path?,
                tolerance: tolerance?.value,
            })
        });
    let cpu = root
        .optional_section("realtime", report)
        .and_then(|mut section| {
            let cpu = section.count("cpu", "0", 0..=1_023, report);
            section.finish(report);
            u32::try_from(cpu?.value).ok()
        });
    (report.error_count() == before).then_some(Wiring {
        gpio,
        indicators,
        watchdog,
        counter,
        cpu,
    })
}

/// A path from the root of the file system: what it names is no part of a folder of files.
fn path(
    section: &mut Section<'_>,
    key: &str,
    example: &str,
    report: &mut Report,
) -> Option<String> {
    let entry = section.required(key, &format!("\"{example}\""), report)?;
    let path = line(entry, example, MAX_PATH, report)?;
    if path.value.starts_with('/') {
        return Some(path.value);
    }
    report.add(
        Diagnostic::new(
            Code::BadText,
            path.place,
            format!("`{key}` is no absolute path"),
        )
        .label("it begins with `/`")
        .help(format!("write for example `{key} = \"{example}\"`")),
    );
    None
}

/// The lines read so far, for finding one that is named twice.
#[derive(Default)]
struct Taken(Vec<(LineName, String, Place)>);

impl Taken {
    fn take(&mut self, key: &str, name: &LineName, place: Place, report: &mut Report) {
        match self.0.iter().find(|(taken, _, _)| taken == name) {
            Some((_, other, first)) => report.add(
                Diagnostic::new(
                    Code::DuplicateName,
                    place,
                    format!(
                        "`{key}` and `{other}` are the same line, {}",
                        quoted(&name.to_string())
                    ),
                )
                .label("taken already")
                .related(*first, "here"),
            ),
            None => self.0.push((name.clone(), key.to_owned(), place)),
        }
    }
}

fn gpio(mut section: Section<'_>, taken: &mut Taken, report: &mut Report) -> Option<Gpio> {
    let step = output(&mut section, "step", true, Plain::IsHigh, taken, report);
    let enable = output(&mut section, "enable", true, Plain::Refused, taken, report);
    let dir = output(&mut section, "dir", false, Plain::IsHigh, taken, report);
    let heartbeat = output(
        &mut section,
        "heartbeat",
        false,
        Plain::IsHigh,
        taken,
        report,
    );
    let mut input = |key| input(&mut section, key, taken, report);
    let button = input("button");
    let occlusion = input("occlusion");
    let air = input("air");
    let door = input("door");
    let reservoir = input("reservoir");
    let stall = input("stall");
    section.finish(report);
    Some(Gpio {
        step: step?,
        enable: enable?,
        dir,
        heartbeat,
        button,
        occlusion,
        air,
        door,
        reservoir,
        stall,
    })
}

/// A light that is on where it should be off is seen; so a level may be left out.
fn indicators(mut section: Section<'_>, taken: &mut Taken, report: &mut Report) -> Indicators {
    let mut line = |key| output(&mut section, key, false, Plain::IsHigh, taken, report);
    let indicators = Indicators {
        led_high: line("led_high"),
        led_medium: line("led_medium"),
        led_low: line("led_low"),
        buzzer: line("buzzer"),
    };
    section.finish(report);
    indicators
}

/// What a line without its level means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plain {
    /// High is on.
    IsHigh,
    /// Nothing: a level that may be wrong either way is never guessed.
    Refused,
}

fn output(
    section: &mut Section<'_>,
    key: &str,
    required: bool,
    plain: Plain,
    taken: &mut Taken,
    report: &mut Report,
) -> Option<OutputWire> {
    let example = match plain {
        Plain::IsHigh => format!("\"pump-{key}\""),
        Plain::Refused => format!("{{ line = \"pump-{key}\", active = \"low\" }}"),
    };
    let entry = if required {
        section.required(key, &example, report)?
    } else {
        section.optional(key)?
    };
    if plain == Plain::IsHigh && matches!(entry.value, Value::Text(_)) {
        let line = name(entry, key, taken, report)?;
        return Some(OutputWire {
            line,
            active: Active::High,
        });
    }
    let mut wire = wire(section, entry, &example, report)?;
    let line = named(&mut wire, key, taken, report);
    let active = active(&mut wire, report);
    wire.finish(report);
    Some(OutputWire {
        line: line?,
        active: active?,
    })
}

fn input(
    section: &mut Section<'_>,
    key: &str,
    taken: &mut Taken,
    report: &mut Report,
) -> Option<InputWire> {
    let entry = section.optional(key)?;
    let example = format!("{{ line = \"pump-{key}\", active = \"low\", debounce = \"30 ms\" }}");
    let mut wire = wire(section, entry, &example, report)?;
    let line = named(&mut wire, key, taken, report);
    let active = active(&mut wire, report);
    let debounce = wire.ranged(
        "debounce",
        Wanted {
            example: "30 ms",
            microseconds: true,
            ..TIME
        },
        Exact::ZERO..=Exact::whole(MAX_DEBOUNCE_MS * MS),
        report,
    );
    wire.finish(report);
    Some(InputWire {
        line: line?,
        active: active?,
        debounce: crate::device::whole_ns(debounce?.value),
    })
}

/// The table of a line.
fn wire<'a>(
    section: &mut Section<'a>,
    entry: &Entry,
    example: &str,
    report: &mut Report,
) -> Option<Section<'a>> {
    let key = &entry.key;
    if matches!(entry.value, Value::Table(_)) {
        return section.optional_section(key, report);
    }
    let text = matches!(entry.value, Value::Text(_));
    let label = if text {
        "which level means on is not said"
    } else {
        ""
    };
    report.add(
        Diagnostic::new(
            Code::WrongType,
            entry.place,
            format!("`{key}` is a table, not {}", entry.value.kind()),
        )
        .label(label)
        .help(format!("write for example `{key} = {example}`")),
    );
    None
}

fn named(
    wire: &mut Section<'_>,
    key: &str,
    taken: &mut Taken,
    report: &mut Report,
) -> Option<LineName> {
    let entry = wire.required("line", &format!("\"pump-{key}\""), report)?;
    name(entry, key, taken, report)
}

fn active(wire: &mut Section<'_>, report: &mut Report) -> Option<Active> {
    let entry = wire.required("active", "\"low\"", report)?;
    let chosen = choice(entry, &LEVELS, report)?;
    Some(if chosen.value == 0 {
        Active::High
    } else {
        Active::Low
    })
}

fn name(entry: &Entry, key: &str, taken: &mut Taken, report: &mut Report) -> Option<LineName> {
    let example = format!("pump-{key}");
    let text = line(entry, &example, MAX_LINE, report)?;
    let found = split(&text, &entry.key, report)?;
    taken.take(key, &found, text.place, report);
    Some(found)
}

/// Whether a text is a name, or a label with an offset behind the last colon.
fn split(text: &Located<String>, key: &str, report: &mut Report) -> Option<LineName> {
    let digits = |tail: &&str| !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_digit());
    let trouble = match text.value.rsplit_once(':').filter(|(_, tail)| digits(tail)) {
        Some((chip, offset)) => {
            let offset = offset.parse().ok().filter(|offset| *offset <= MAX_OFFSET);
            match offset {
                None => format!("the offset behind the colon is at most {MAX_OFFSET}"),
                Some(_) if chip.trim().is_empty() => "the chip before the colon is empty".into(),
                Some(_) if chip.chars().count() > MAX_NAME => {
                    format!("a chip's label has at most {MAX_NAME} characters")
                }
                Some(offset) => {
                    return Some(LineName::Offset {
                        chip: chip.to_owned(),
                        offset,
                    });
                }
            }
        }
        None if text.value.chars().count() > MAX_NAME => {
            format!("a line's name has at most {MAX_NAME} characters")
        }
        None => return Some(LineName::Name(text.value.clone())),
    };
    report.add(
        Diagnostic::new(
            Code::BadText,
            text.place,
            format!("`{key}` names no line: {trouble}"),
        )
        .help("write the line's name, or `\"label:offset\"`, as `gpioinfo` lists them"),
    );
    None
}
