//! `pump.toml`: the device, its mechanics and its own limits.

use pump_core::quantity::Nanoseconds;

use crate::air::{self, AirLimits};
use crate::checked::digest;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, FileId, Located};
use crate::document::Document;
use crate::exact::Exact;
use crate::input::Input;
use crate::keys;
use crate::measure::{FREQUENCY, LENGTH, TIME, VOLUME, VOLUME_RATE, Wanted, in_range};
use crate::notation::show;
use crate::report::Report;
use crate::section::Section;
use crate::unit::Dimension;
use crate::wiring::{self, Counter, Gpio, Indicators};

const US: u128 = 1_000;
const MS: u128 = 1_000_000;
const S: u128 = 1_000_000_000;
const H: u128 = 3_600 * S;

/// The longest life of an order where the file does not say.
const DEFAULT_ORDER_LEASE: Exact = Exact::whole(2 * S);

/// π as 355/113, 8.5 × 10⁻⁸ above it. That is a thousandth of what a bore of 14.5 mm
/// measured to 1 µm leaves uncertain, and its small terms keep the rates on a common time
/// grid. Everything else about the geometry is exact.
const PI: (u128, u128) = (355, 113);

/// The checked content of `pump.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// What the rig is called.
    pub name: String,
    /// The drug library as written: a path relative to the device file.
    pub drug_library: Option<Located<String>>,
    /// The longest life of a strategy's order. 100 ms to 60 s; 2 s where it is not written.
    pub order_lease: Nanoseconds,
    /// The volume one motor step gives \[nL\]; 0.001 nL to 0.1 mL.
    pub volume_per_step: Located<Exact>,
    /// Steps in a full step of the motor; 1 to 256. So much its rotor may move while it is
    /// disabled.
    pub microsteps: u64,
    /// The most steps in a second \[Hz\]; 1 Hz to 100 kHz.
    pub max_step_rate: Located<Exact>,
    /// How long the STEP line is held; 1 µs to 10 ms.
    pub step_pulse: Nanoseconds,
    /// How long DIR is stable before a step; 0 to 10 ms.
    pub dir_setup: Nanoseconds,
    /// How long after ENABLE the first step may come; 0 to 10 s.
    pub enable_settle: Nanoseconds,
    /// The highest rate \[nL/ns\]; above 0, at most 1500 mL/h (requirement D02).
    pub max_rate: Located<Exact>,
    /// The largest bolus \[nL\]; above 0, at most 1 L.
    pub max_bolus: Located<Exact>,
    /// How much air may pass; absent: any air stops at once.
    pub air: Option<AirLimits>,
    /// The lines. Real hardware needs them, a simulation does not.
    pub gpio: Option<Gpio>,
    /// Lights and a buzzer for the alarms.
    pub indicators: Option<Indicators>,
    /// The hardware watchdog's device.
    pub watchdog: Option<String>,
    /// A counter of steps in hardware, as a witness of the ledger.
    pub counter: Option<Counter>,
    /// The processor that the real-time threads stay on.
    pub cpu: Option<u32>,
    /// The SHA-256 of the file's bytes: the identity of the device and its calibration.
    pub sha256: [u8; 32],
}

/// What checking a device file alone came to.
#[derive(Clone, Debug)]
pub struct DeviceOutcome {
    /// The device. `None` exactly where the report has errors.
    pub device: Option<Device>,
    /// Every finding in the file.
    pub report: Report,
}

/// Checks a device file without a prescription, as a program does that opens the hardware
/// before there is one. The drug library that it names is not looked at.
pub fn check_device(device: &Input) -> DeviceOutcome {
    let mut report = Report::default();
    let file = report.add_file(&device.name);
    let (device, _) = read(device, file, &mut report);
    report.sort();
    DeviceOutcome {
        device: device.filter(|_| !report.has_errors()),
        report,
    }
}

fn fraction(num: u128, den: u128) -> Exact {
    Exact::new(num, den).unwrap_or(Exact::ZERO)
}

/// A time of the mechanics; microseconds are usual here.
const SHORT_TIME: Wanted = Wanted {
    example: "20 us",
    microseconds: true,
    ..TIME
};

/// What the device file says of its drug library.
pub(crate) enum DrugLibraryName {
    /// A path relative to the device file.
    Written(String),
    /// It names none.
    Absent,
    /// What it says could not be read.
    Unreadable,
}

/// Reads `pump.toml`. Its errors go to the report; `None`: something needed was wrong. The
/// drug library's name is known all the same where that can be, so that the errors of both
/// files come at once.
pub(crate) fn read(
    input: &Input,
    file: FileId,
    report: &mut Report,
) -> (Option<Device>, DrugLibraryName) {
    let Some(document) = Document::read(input, file, report) else {
        return (None, DrugLibraryName::Unreadable);
    };
    let mut root = Section::root(&document, &keys::DEVICE);
    let drug_library = root
        .optional("drug_library")
        .map(|entry| crate::value::text(entry, "drug-library.toml", report));
    let named = match &drug_library {
        Some(Some(name)) => DrugLibraryName::Written(name.value.clone()),
        None if !document.partial => DrugLibraryName::Absent,
        _ => DrugLibraryName::Unreadable,
    };
    let sha256 = digest(input.content.as_deref().unwrap_or_default());
    (device(root, sha256, drug_library, report), named)
}

fn device(
    mut root: Section<'_>,
    sha256: [u8; 32],
    drug_library: Option<Option<Located<String>>>,
    report: &mut Report,
) -> Option<Device> {
    let format = crate::format::check(&mut root, report);
    let name = root.text("name", "bench syringe pump", report);
    let order_lease = match root.optional("order_lease") {
        None => Some(DEFAULT_ORDER_LEASE),
        Some(_) => {
            let wanted = Wanted {
                example: "2 s",
                ..TIME
            };
            let range = Exact::whole(100 * MS)..=Exact::whole(60 * S);
            root.optional_quantity("order_lease", wanted, report)
                .and_then(|lease| in_range("order_lease", lease, &range, report))
                .map(|lease| lease.value)
        }
    };
    let mechanics = root
        .section("mechanics", report)
        .map(|s| mechanics(s, report));
    let limits = root.section("limits", report).map(|mut limits| {
        let max_rate = limits.ranged(
            "max_rate",
            Wanted {
                example: "150 mL/h",
                ..VOLUME_RATE
            },
            fraction(1, 1_000 * H)..=fraction(1_500_000_000, H),
            report,
        );
        let max_bolus = limits.ranged(
            "max_bolus",
            Wanted {
                example: "5 mL",
                ..VOLUME
            },
            fraction(1, 1_000)..=Exact::whole(1_000_000_000),
            report,
        );
        limits.finish(report);
        (max_rate, max_bolus)
    });
    let air = air::read(&mut root, report);
    let wiring = wiring::read(&mut root, report);
    root.finish(report);

    let ((), mechanics, (max_rate, max_bolus)) = (format?, mechanics??, limits?);
    let (air, wiring) = (air?, wiring?);
    let drug_library = match drug_library {
        None => None,
        Some(path) => Some(path?),
    };
    Some(Device {
        name: name?.value,
        drug_library,
        order_lease: whole_ns(order_lease?),
        volume_per_step: mechanics.volume_per_step,
        microsteps: mechanics.microsteps,
        max_step_rate: mechanics.max_step_rate,
        step_pulse: mechanics.step_pulse,
        dir_setup: mechanics.dir_setup,
        enable_settle: mechanics.enable_settle,
        max_rate: max_rate?,
        max_bolus: max_bolus?,
        air,
        gpio: wiring.gpio,
        indicators: wiring.indicators,
        watchdog: wiring.watchdog,
        counter: wiring.counter,
        cpu: wiring.cpu,
        sha256,
    })
}

/// Times of a device are far below what 64 bits hold; a fraction of a nanosecond is dropped.
pub(crate) fn whole_ns(time: Exact) -> Nanoseconds {
    Nanoseconds(u64::try_from(time.floor()).unwrap_or(u64::MAX))
}

struct Mechanics {
    volume_per_step: Located<Exact>,
    microsteps: u64,
    max_step_rate: Located<Exact>,
    step_pulse: Nanoseconds,
    dir_setup: Nanoseconds,
    enable_settle: Nanoseconds,
}

fn mechanics(mut section: Section<'_>, report: &mut Report) -> Option<Mechanics> {
    let microsteps = section.count("microsteps", "16", 1..=256, report);
    let microsteps = microsteps.map(|found| found.value);
    let volume_per_step = volume_per_step(&mut section, microsteps, report);
    let max_step_rate = section.ranged(
        "max_step_rate",
        FREQUENCY,
        Exact::ONE..=Exact::whole(100_000),
        report,
    );
    let mut time = |key, low: u128, high: u128| {
        section.ranged(
            key,
            SHORT_TIME,
            Exact::whole(low)..=Exact::whole(high),
            report,
        )
    };
    let step_pulse = time("step_pulse", US, 10 * MS);
    let dir_setup = time("dir_setup", 0, 10 * MS);
    let enable_settle = time("enable_settle", 0, 10 * S);
    section.finish(report);
    let (max_step_rate, step_pulse) = (max_step_rate?, step_pulse?);
    // Between edges there is never less than 0.75 of the shortest nominal interval, and the
    // line must be low as long as it was high.
    let shortest = fraction(3 * S, 4).over(max_step_rate.value)?;
    let most = shortest.over(Exact::whole(2))?;
    if step_pulse.value > most {
        report.add(
            Diagnostic::new(
                Code::PulseTooLong,
                step_pulse.place,
                "`step_pulse` does not fit between two steps",
            )
            .label("twice this must fit into 0.75 of the shortest interval")
            .allowed(format!("at most {}", show(most, Dimension::Time)))
            .related(
                max_step_rate.place,
                "the shortest interval follows from this",
            ),
        );
        return None;
    }
    Some(Mechanics {
        volume_per_step: volume_per_step?,
        microsteps: microsteps?,
        max_step_rate,
        step_pulse: whole_ns(step_pulse.value),
        dir_setup: whole_ns(dir_setup?.value),
        enable_settle: whole_ns(enable_settle?.value),
    })
}

/// The keys that a volume which follows from geometry needs beside `microsteps`.
const GEOMETRY: [&str; 3] = ["syringe_bore", "lead", "steps_per_turn"];

fn volume_per_step(
    section: &mut Section<'_>,
    microsteps: Option<u64>,
    report: &mut Report,
) -> Option<Located<Exact>> {
    let range = fraction(1, 1_000)..=Exact::whole(100_000);
    let wanted = Wanted {
        example: "50 nL",
        ..VOLUME
    };
    let direct = section
        .optional("volume_per_step")
        .map(|entry| entry.key_place);
    let geometry = GEOMETRY
        .iter()
        .filter_map(|key| section.optional(key))
        .map(|entry| entry.key_place)
        .next();
    match (direct, geometry) {
        (Some(direct), Some(geometry)) => {
            report.add(
                Diagnostic::new(
                    Code::Mechanics,
                    direct,
                    "the volume of a step is written twice: directly and as geometry",
                )
                .related(geometry, "the geometry gives it too")
                .help("keep `volume_per_step` where it was calibrated, else the geometry"),
            );
            None
        }
        (_, None) => section.ranged("volume_per_step", wanted, range, report),
        (None, Some(place)) => {
            let mut length = |key, example| {
                let wanted = Wanted { example, ..LENGTH };
                // 1 µm to 1 m.
                let range = Exact::whole(1_000)..=Exact::whole(S);
                section.ranged(key, wanted, range, report)
            };
            let bore = length("syringe_bore", "14.5 mm");
            let lead = length("lead", "1 mm");
            let steps = section.count("steps_per_turn", "200", 1..=100_000, report);
            let (bore, lead, steps, microsteps) = (bore?, lead?, steps?, microsteps?);
            let turn = u128::from(steps.value) * u128::from(microsteps);
            // bore² · π/4 · lead / steps in cubic nanometres; a nanolitre has 10¹⁵ of them.
            let volume = (|| {
                let mm = Exact::whole(1_000_000);
                let bore = bore.value.over(mm)?;
                let cubic_mm = bore
                    .times(bore)?
                    .times(fraction(PI.0, 4 * PI.1))?
                    .times(lead.value.over(mm)?)?;
                cubic_mm.times(fraction(1_000, turn))
            })();
            let Some(volume) = volume else {
                report.add(
                    Diagnostic::new(Code::TooExact, place, "the geometry has too many digits")
                        .help("write lengths with fewer digits"),
                );
                return None;
            };
            if !range.contains(&volume) {
                report.add(
                    Diagnostic::new(
                        Code::OutOfRange,
                        place,
                        format!("a step gives {}", show(volume, Dimension::Volume)),
                    )
                    .label("as the geometry says")
                    .allowed(format!(
                        "{} to {}",
                        show(*range.start(), Dimension::Volume),
                        show(*range.end(), Dimension::Volume)
                    )),
                );
                return None;
            }
            Some(Located {
                value: volume,
                place,
            })
        }
    }
}
