//! The classic errors in programming an infusion pump, each made in a sample prescription and
//! checked against the device and the drug library that ship with it. What is said of each is
//! in `programming-errors.md`; `UPDATE=1 cargo test -p pump-prescription` writes it anew.

mod common;

use std::fmt::Write as _;
use std::path::Path;

use common::Stub;
use pump_prescription::{Input, Severity, check};

const PCA: &str = "background-and-pca.toml";
const MIXTURE: &str = "mixture.toml";
const STEADY: &str = "continuous.toml";

/// How an error is to be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    /// The file is refused.
    Hard,
    /// It is accepted with a warning, and arming asks for a reason.
    Soft,
    /// A note tells what will come of it.
    Note,
    /// Nothing can be said, for this reason.
    Not(&'static str),
}

struct Slip {
    what: &'static str,
    sample: &'static str,
    /// What is meant, and what is written.
    edits: &'static [(&'static str, &'static str)],
    met: Met,
}

const SLIPS: &[Slip] = &[
    Slip {
        what: "Milligrams where micrograms are meant",
        sample: PCA,
        edits: &[
            ("name = \"morphine\"", "name = \"baclofen\""),
            ("\"2 mg/day\"", "\"300 mg/day\""),
            ("\"0.1 mg\"", "\"10 ug\""),
        ],
        met: Met::Hard,
    },
    Slip {
        what: "Millilitres an hour where milligrams an hour are meant",
        sample: PCA,
        edits: &[("\"2 mg/day\"", "\"0.5 mL/h\"")],
        met: Met::Hard,
    },
    Slip {
        what: "A dose per day written per hour",
        sample: PCA,
        edits: &[("\"2 mg/day\"", "\"2 mg/h\"")],
        met: Met::Hard,
    },
    Slip {
        what: "A rate without its time",
        sample: PCA,
        edits: &[("\"2 mg/day\"", "\"2 mg\"")],
        met: Met::Hard,
    },
    Slip {
        what: "Ten times the dose: a decimal point that is not seen",
        sample: PCA,
        edits: &[("\"2 mg/day\"", "\"20 mg/day\"")],
        met: Met::Hard,
    },
    Slip {
        what: "A decimal point without a zero before it",
        sample: PCA,
        edits: &[("\"0.1 mg\"", "\".1 mg\"")],
        met: Met::Hard,
    },
    Slip {
        what: "A decimal comma",
        sample: PCA,
        edits: &[("\"0.1 mg\"", "\"0,1 mg\"")],
        met: Met::Hard,
    },
    Slip {
        what: "A bare number",
        sample: PCA,
        edits: &[("lockout = \"30 min\"", "lockout = 30")],
        met: Met::Hard,
    },
    Slip {
        what: "The concentration in micrograms instead of milligrams",
        sample: PCA,
        edits: &[("\"2 mg/mL\"", "\"2 ug/mL\"")],
        met: Met::Hard,
    },
    Slip {
        what: "A hundred times the concentration",
        sample: PCA,
        edits: &[("\"2 mg/mL\"", "\"200 mg/mL\"")],
        met: Met::Hard,
    },
    Slip {
        what: "The lockout in seconds",
        sample: PCA,
        edits: &[("lockout = \"30 min\"", "lockout = \"30 s\"")],
        met: Met::Hard,
    },
    Slip {
        what: "A lockout shorter than the drug allows",
        sample: PCA,
        edits: &[("lockout = \"30 min\"", "lockout = \"5 min\"")],
        met: Met::Hard,
    },
    Slip {
        what: "A lockout shorter than is advised",
        sample: PCA,
        edits: &[("lockout = \"30 min\"", "lockout = \"12 min\"")],
        met: Met::Soft,
    },
    Slip {
        what: "Nobody says from which edge the lockout counts",
        sample: PCA,
        edits: &[(
            "lockout_edge = \"start-to-start\"        # or end-to-start; required\n",
            "",
        )],
        met: Met::Hard,
    },
    Slip {
        what: "The dose of a day as one bolus",
        sample: PCA,
        edits: &[("\"0.1 mg\"", "\"2 mg\"")],
        met: Met::Hard,
    },
    Slip {
        what: "The concentrations of a mixture swapped",
        sample: MIXTURE,
        edits: &[
            ("\"1 mg/mL\"", "\"X\""),
            ("\"5 mg/mL\"", "\"1 mg/mL\""),
            ("\"X\"", "\"5 mg/mL\""),
        ],
        met: Met::Note,
    },
    Slip {
        what: "A mixture of which no drug is the primary one",
        sample: MIXTURE,
        edits: &[("primary = true", "primary = false")],
        met: Met::Hard,
    },
    Slip {
        what: "A dose by vein given into the spine",
        sample: PCA,
        edits: &[
            ("\"2 mg/day\"", "\"1 mg/h\""),
            ("\"0.1 mg\"", "\"1 mg\""),
            ("max_1h = \"0.4 mL\"", "max_1h = \"5 mL\""),
            ("max_4h = \"1 mL\"", "max_4h = \"20 mL\""),
            ("max_24h = \"4 mL\"", "max_24h = \"75 mL\""),
        ],
        met: Met::Hard,
    },
    Slip {
        what: "A cap whose name is misspelt",
        sample: PCA,
        edits: &[("max_24h = \"4 mL\"", "max_24 = \"4 mL\"")],
        met: Met::Hard,
    },
    Slip {
        what: "A cap that is forgotten",
        sample: PCA,
        edits: &[("max_4h = \"1 mL\"\n", "")],
        met: Met::Hard,
    },
    Slip {
        what: "A cap raised beyond what is advised",
        sample: PCA,
        edits: &[("max_24h = \"4 mL\"", "max_24h = \"6 mL\"")],
        met: Met::Soft,
    },
    Slip {
        what: "A unit whose letters are of the wrong case",
        sample: PCA,
        edits: &[("\"2 mg/day\"", "\"2 Mg/day\"")],
        met: Met::Hard,
    },
    Slip {
        what: "A dose per kilogram of somebody whose weight is not known here",
        sample: PCA,
        edits: &[("\"2 mg/day\"", "\"0.03 mg/kg/day\"")],
        met: Met::Hard,
    },
    Slip {
        what: "The reservoir in microlitres",
        sample: PCA,
        edits: &[("volume = \"20 mL\"", "volume = \"20 uL\"")],
        met: Met::Hard,
    },
    Slip {
        what: "More to be infused than there is",
        sample: STEADY,
        edits: &[("vtbi = \"40 mL\"", "vtbi = \"400 mL\"")],
        met: Met::Hard,
    },
    Slip {
        what: "Keep-vein-open where there is no vein",
        sample: PCA,
        edits: &[(
            "action = \"hold-basal\"   # stop | kvo | hold-basal\nfor = \"30 min\"          # hold-basal needs it; kvo needs: rate = \"…\"",
            "action = \"kvo\"\nrate = \"1 uL/h\"",
        )],
        met: Met::Hard,
    },
    Slip {
        what: "A bolus in seconds instead of minutes",
        sample: PCA,
        edits: &[("over = \"2 min\"", "over = \"2 s\"")],
        met: Met::Note,
    },
    Slip {
        what: "The same regimen written twice",
        sample: STEADY,
        edits: &[(
            "rate = \"2 mL/h\"",
            "rate = \"2 mL/h\"\n\n[[regimen]]\nname = \"drip\"\nstrategy = \"continuous\"\nrate = \"2 mL/h\"",
        )],
        met: Met::Hard,
    },
    Slip {
        what: "Micrograms where milligrams are meant",
        sample: PCA,
        edits: &[("\"2 mg/day\"", "\"2 ug/day\"")],
        met: Met::Note,
    },
    Slip {
        what: "Ten times the concentration, within what the drug comes in",
        sample: PCA,
        edits: &[("\"2 mg/mL\"", "\"20 mg/mL\"")],
        met: Met::Soft,
    },
    Slip {
        what: "Another drug with the same figures",
        sample: PCA,
        edits: &[("name = \"morphine\"", "name = \"hydromorphone\"")],
        met: Met::Soft,
    },
    Slip {
        what: "Twice the dose",
        sample: PCA,
        edits: &[("\"2 mg/day\"", "\"4 mg/day\"")],
        met: Met::Not("it is within all limits; arming shows old and new side by side"),
    },
    Slip {
        what: "Somebody else's prescription",
        sample: MIXTURE,
        edits: &[],
        met: Met::Not("it is a good one; arming shows its name and what changes"),
    },
];

fn shipped(name: &str) -> Input {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    let file = config.join(name);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let text = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    Input::new(name, text)
}

fn written(slip: &Slip) -> Input {
    let sample = shipped(&format!("prescriptions/{}", slip.sample));
    let bytes = sample.content.expect("it is read");
    let mut text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    for (meant, written) in slip.edits {
        assert!(
            text.contains(meant),
            "{}: no {meant:?} in {}",
            slip.what,
            slip.sample
        );
        text = text.replacen(meant, written, 1);
    }
    Input::new(slip.sample, text)
}

fn met(slip: &Slip) -> (Met, String) {
    let outcome = check(
        &written(slip),
        &shipped("pump.toml"),
        &shipped("drug-library.toml"),
        &Stub,
    );
    let report = outcome.report;
    let worst = report.diagnostics().iter().map(|found| found.severity());
    let worst = worst.max();
    let met = match (worst, slip.met) {
        (Some(Severity::Error), _) => Met::Hard,
        (Some(Severity::Warning), _) => Met::Soft,
        (Some(Severity::Note), _) => Met::Note,
        (None, Met::Not(why)) => Met::Not(why),
        (None, _) => Met::Not("nothing was found"),
    };
    // What is said beside the worst is of no matter here.
    let found = report.diagnostics().iter();
    let found = found.filter(|found| Some(found.severity()) == worst);
    let findings: Vec<String> = found.map(|found| report.render(found)).collect();
    (met, findings.join("\n\n"))
}

#[test]
fn each_is_met_as_it_is_said_to_be() {
    let mut page = String::from(
        "# The classic errors in programming a pump\n\n\
         Each is made in one of the sample prescriptions and checked for the sample device with the\n\
         sample drug library; what is shown is the worst that was found. This page is written by the\n\
         test `programming_errors`.\n",
    );
    for slip in SLIPS {
        let (found, findings) = met(slip);
        assert_eq!(found, slip.met, "{}\n{findings}", slip.what);
        let heading = match found {
            Met::Hard => "refused".to_owned(),
            Met::Soft => "accepted for a reason that is recorded".to_owned(),
            Met::Note => "accepted with a note".to_owned(),
            Met::Not(why) => format!("not found: {why}"),
        };
        let _ = write!(page, "\n## {}\n\n{heading}\n", slip.what);
        if !findings.is_empty() {
            let _ = write!(page, "\n```text\n{}\n```\n", findings.trim_end());
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("programming-errors.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &page).expect("it can be written");
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        page == expected,
        "{} is not what is said today:\n{page}",
        file.display()
    );
}

#[test]
fn twenty_of_them_are_met_hard_or_soft() {
    let met = SLIPS
        .iter()
        .filter(|slip| matches!(slip.met, Met::Hard | Met::Soft));
    assert!(met.count() >= 20);
}
