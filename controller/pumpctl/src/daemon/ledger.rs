//! `pumpctl ledger`: from the daemon, or from the journal of one that is down.

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;
use pump_control::{Account, Amount, Reply, Request};
use pump_core::checkpoint::Checkpoint;
use pump_core::quantity::Steps;
use pump_journal::{Kept, OpenError, Reader, Stamp};
use serde::Serialize;

use crate::cli::LedgerArgs;
use crate::daemon::{Daemon, print_json, unexpected};
use crate::failure::Failure;
use crate::output;
use crate::story::{Story, printable};
use crate::units::{mass, plural, time, volume};

/// Where the packaged daemon keeps its journal.
const STATE_DIR: &str = "/var/lib/pumpd";
const PG_PER_MG: f64 = 1e9;

#[derive(Serialize)]
struct Document {
    /// `daemon` or `journal`.
    source: &'static str,
    account: Account,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal: Option<Written>,
}

/// What the journal says of the account in it.
#[derive(Serialize)]
struct Written {
    state_dir: String,
    utc_ns: Option<u64>,
    boot: String,
    mono_ns: u64,
    /// Steps that may have left since: the next daemon counts them as given, and uncertain.
    unaccounted_steps: u64,
}

pub(crate) fn run(daemon: &Daemon, args: &LedgerArgs) -> Result<(), Failure> {
    let document = match &args.state_dir {
        Some(folder) => read(folder)?,
        None => match daemon.ask(&Request::Ledger) {
            Ok(Reply::Ledger(account)) => Document {
                source: "daemon",
                account: *account,
                journal: None,
            },
            Ok(_) => return Err(unexpected()),
            Err(Failure::Unreachable(why)) => read(STATE_DIR.as_ref()).map_err(|failure| {
                let text = match failure {
                    Failure::Input(text) => text,
                    other => return other,
                };
                Failure::Input(format!("{why}\n{text}"))
            })?,
            Err(other) => return Err(other),
        },
    };
    if args.json {
        return print_json(&document);
    }
    output::print(&told(&document))
}

/// The account that was durable last.
fn read(folder: &Path) -> Result<Document, Failure> {
    let shown = folder.display();
    let mut reader = Reader::open(folder).map_err(|error| match error {
        OpenError::Missing(file) => Failure::input(format_args!(
            "there is no journal {}; name the daemon's state folder with --state-dir",
            file.display()
        )),
        other => Failure::input(other),
    })?;
    let durable = reader.durable().map_err(Failure::input)?;
    let nothing = || Failure::input(format_args!("the journal in {shown} has no account yet"));
    let durable = durable.ok_or_else(nothing)?;
    let damaged = |why: String| {
        Failure::input(format_args!(
            "what the journal in {shown} keeps can't be read: {why}; is pumpctl older than pumpd?"
        ))
    };
    let kept = Kept::read(&durable.checkpoint).map_err(|error| damaged(error.to_string()))?;
    let checkpoint = Checkpoint::decode(&kept.checkpoint);
    let checkpoint = checkpoint.map_err(|flaw| damaged(flaw.to_string()))?;
    let told = kept.told.ok_or_else(|| {
        damaged("an older pumpd wrote it, which kept no account; start this one once".to_owned())
    })?;
    let account = serde_json::from_value(told).map_err(|error| damaged(error.to_string()))?;
    let Stamp {
        boot,
        mono_ns,
        utc_ns,
    } = durable.stamp;
    Ok(Document {
        source: "journal",
        account,
        journal: Some(Written {
            state_dir: shown.to_string(),
            utc_ns,
            boot: boot.to_string(),
            mono_ns,
            unaccounted_steps: checkpoint.uncertain(Steps(durable.credit)).0,
        }),
    })
}

fn told(document: &Document) -> String {
    let account = &document.account;
    let mut story = Story::default();
    let mut line = printable(&account.state);
    if let Some(prescription) = &account.prescription {
        let short: String = prescription.sha256.chars().take(12).collect();
        let (id, short) = (printable(&prescription.id), printable(&short));
        let _ = write!(line, "  {id}  sha256 {short}…");
    }
    let _ = writeln!(story.text, "{line}");
    if let Some(written) = &document.journal {
        let _ = writeln!(
            story.text,
            "  from the journal in {}, {}",
            printable(&written.state_dir),
            as_of(written)
        );
        if written.unaccounted_steps > 0 {
            let steps = plural(written.unaccounted_steps, "step");
            let _ = writeln!(
                story.text,
                "  {steps} more may have left since, and count as given when the daemon is back"
            );
        }
    }
    story.text.push('\n');
    for (heading, amount) in [
        ("delivered", Some(&account.delivered)),
        ("missed", Some(&account.missed)),
        ("uncertain", Some(&account.uncertain)),
        ("displaced", Some(&account.displaced)),
        ("remaining", account.remaining.as_ref()),
    ] {
        let line = amount.map_or_else(
            || "not known: nothing was armed yet".to_owned(),
            amount_text,
        );
        story.line(heading, &line);
    }
    if account.drugs.is_empty() && account.nl_per_step.is_some() {
        story.line("", "the mixture is not known, so no mass is told");
    }
    if account.unacknowledged.steps > 0 {
        let amount = amount_text(&account.unacknowledged);
        story.line(
            "",
            &format!("{amount} wait to be acknowledged by `pumpctl arm`"),
        );
    }
    if let Some(residue) = &account.residue {
        let (found, ledger) = (volume(residue.measured_nl), volume(residue.expected_nl));
        let line = format!(
            "{found} found, {ledger} by the ledger: nothing starts before `pumpctl refill \
             --acknowledge`"
        );
        story.line("residue", &line);
    }
    if let Some(ns) = account.lasts_ns {
        story.line("time left", &format!("{} at the present basal", time(ns)));
    }
    if let Some(ns) = account.refill_in_ns {
        let date = account.refill_utc_ns.and_then(instant);
        let date = date.map_or(String::new(), |date| format!("{date}, "));
        let line = format!("{date}{} ahead, if every allowed bolus is used", time(ns));
        story.line("refill by", &line);
    }
    story.text
}

/// When it was written.
fn as_of(written: &Written) -> String {
    match written.utc_ns.and_then(instant) {
        Some(utc) => format!("as of {utc}"),
        None => {
            let boot: String = written.boot.chars().take(8).collect();
            let since = time(written.mono_ns);
            format!("as of {since} after the boot {boot}; the time of day was not known")
        }
    }
}

fn instant(utc_ns: u64) -> Option<String> {
    let utc = Timestamp::from_nanosecond(utc_ns.into()).ok()?;
    Some(format!("{utc:.0}"))
}

/// A volume and the mass of each drug in it.
pub(crate) fn amount_text(amount: &Amount) -> String {
    let masses = amount.masses.iter();
    let masses: String = masses
        .map(|one| {
            format!(
                ", {} {}",
                mass(one.pg as f64 / PG_PER_MG),
                printable(&one.drug)
            )
        })
        .collect();
    format!("{}{masses}", volume(amount.nl))
}
