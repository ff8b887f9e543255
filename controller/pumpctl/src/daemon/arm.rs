//! `pumpctl arm`: what would change, then the confirmation (P01).

use std::fmt::Write as _;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::Path;

use pump_control::{Armed, MAX_LINE, Proposal, Reply, Request};
use serde::Serialize;

use crate::cli::ArmArgs;
use crate::daemon::ledger::amount_text;
use crate::daemon::{Daemon, print_json, printable_lines, prompt, unexpected};
use crate::failure::Failure;
use crate::output;
use crate::paint::Paint;
use crate::side_by_side;
use crate::story::printable;
use crate::units::plural;

/// What the operator types to arm.
const CONFIRMATION: &str = "arm";
/// What the operator types to answer for uncertain volume.
const ACKNOWLEDGEMENT: &str = "counts as given";

#[derive(Serialize)]
struct Document<'a> {
    proposal: &'a Proposal,
    armed: &'a Armed,
}

pub(crate) fn run(daemon: &Daemon, args: &ArmArgs) -> Result<(), Failure> {
    let asks = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !args.yes && !asks {
        return Err(Failure::Usage(
            "arming wants a confirmation, and there is no terminal to ask on; for scripts there \
             is --yes"
                .into(),
        ));
    }
    let request = Request::Propose {
        name: args.prescription.display().to_string(),
        text: read(&args.prescription)?,
    };
    let Reply::Proposal(proposal) = daemon.ask(&request)? else {
        return Err(unexpected());
    };
    if !args.json {
        output::print(&proposed(&proposal, &Paint::stdout()))?;
    }
    let token = proposal.token.clone();
    let confirmed = match args.yes {
        true => acknowledged(args, &proposal).and_then(|()| reason_given(args, &proposal)),
        false => ask(args, &proposal),
    };
    let reason = match confirmed {
        Ok(reason) => reason,
        Err(failure) => {
            // It would only wait until it expires.
            let _ = daemon.ask(&Request::Cancel { token });
            return Err(failure);
        }
    };
    let confirm = Request::Confirm {
        token,
        reason,
        acknowledge_uncertain: proposal.uncertain.is_some(),
    };
    let Reply::Armed(armed) = daemon.ask(&confirm)? else {
        return Err(unexpected());
    };
    if args.json {
        return print_json(&Document {
            proposal: &proposal,
            armed: &armed,
        });
    }
    output::print(&format!(
        "armed: {}\n  sha256 {}\n",
        printable(&armed.id),
        printable(&armed.sha256)
    ))
}

fn read(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let failed =
        |why: String| Failure::Input(format!("{shown}: the prescription can't be read: {why}"));
    let found = fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    if !found.is_file() {
        return Err(failed("it is not a regular file".into()));
    }
    if found.len() > MAX_LINE as u64 {
        return Err(failed(format!(
            "it is too large, at most {} KiB",
            MAX_LINE / 1024
        )));
    }
    let bytes = fs::read(path).map_err(|error| failed(error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| failed("it is not UTF-8 text".into()))
}

/// Old and new side by side, and everything else to know before confirming.
fn proposed(proposal: &Proposal, paint: &Paint) -> String {
    let mut text = String::new();
    if !proposal.remarks.is_empty() {
        let _ = writeln!(text, "{}\n", printable_lines(&proposal.remarks).trim_end());
    }
    let (id, sha256) = (printable(&proposal.id), printable(&proposal.sha256));
    let _ = writeln!(text, "{}\n  sha256 {sha256}\n", paint.bold(&id));
    text.push_str(&side_by_side::table(
        ["armed now", "proposed"],
        &proposal.rows,
        paint,
    ));
    if !proposal.rows.iter().any(|row| row.changed) {
        text.push_str("  nothing changes\n");
    }
    text.push('\n');
    for regimen in &proposal.regimens {
        let plugin: String = regimen.plugin_sha256.chars().take(12).collect();
        let _ = writeln!(
            text,
            "  {} by {} {}, plugin sha256 {}…",
            printable(&regimen.name),
            printable(&regimen.strategy),
            printable(&regimen.version),
            printable(&plugin)
        );
    }
    if proposal.drug_changes {
        let _ = writeln!(text, "\n{}", paint.red("The drug changes."));
    }
    if !proposal.beyond_soft_limits.is_empty() {
        let _ = writeln!(text, "\n{}", paint.red("Beyond soft limits:"));
        for line in &proposal.beyond_soft_limits {
            let _ = writeln!(text, "  {}", printable(line));
        }
    }
    if let Some(uncertain) = &proposal.uncertain {
        let _ = writeln!(text, "\n{}", paint.red("Uncertain volume:"));
        let mixture = match uncertain.masses.as_slice() {
            [] => ", of a mixture that is not known",
            _ => "",
        };
        let (amount, steps) = (amount_text(uncertain), plural(uncertain.steps, "step"));
        let _ = writeln!(
            text,
            "  {amount} ({steps}{mixture}) may or may not have been given when the controller \
             ended.\n  It counts as given for every cap, and is recorded as acknowledged by you."
        );
    }
    text.push('\n');
    text
}

/// Whether the command line answers for the uncertain volume.
fn acknowledged(args: &ArmArgs, proposal: &Proposal) -> Result<(), Failure> {
    match &proposal.uncertain {
        Some(uncertain) if !args.acknowledge_uncertain => Err(Failure::Input(format!(
            "{} may or may not have been given when the controller ended; look at what that \
             means, then acknowledge it with --acknowledge-uncertain",
            amount_text(uncertain)
        ))),
        _ => Ok(()),
    }
}

/// The reason of the command line, where one is needed.
fn reason_given(args: &ArmArgs, proposal: &Proposal) -> Result<Option<String>, Failure> {
    match &args.reason {
        None if !proposal.beyond_soft_limits.is_empty() => {
            let lines: Vec<String> = proposal
                .beyond_soft_limits
                .iter()
                .map(|line| format!("  {}", printable(line)))
                .collect();
            Err(Failure::Input(format!(
                "what goes beyond a soft limit needs a reason; give one with --reason TEXT:\n{}",
                lines.join("\n")
            )))
        }
        reason => Ok(reason.clone()),
    }
}

/// Asks on the terminal.
fn ask(args: &ArmArgs, proposal: &Proposal) -> Result<Option<String>, Failure> {
    if proposal.uncertain.is_some() && !args.acknowledge_uncertain {
        let question = format!("Type `{ACKNOWLEDGEMENT}` to acknowledge the uncertain volume: ");
        if prompt(&question)? != ACKNOWLEDGEMENT {
            return Err(Failure::Input(
                "not armed: the uncertain volume was not acknowledged".into(),
            ));
        }
    }
    let reason = match &args.reason {
        None if !proposal.beyond_soft_limits.is_empty() => {
            let reason = prompt("Why? It is recorded with your name: ")?;
            if reason.is_empty() {
                return Err(Failure::Input("not armed: no reason was given".into()));
            }
            Some(reason)
        }
        reason => reason.clone(),
    };
    let question = format!("Type `{CONFIRMATION}` to arm it, anything else to leave it: ");
    match prompt(&question)?.as_str() {
        CONFIRMATION => Ok(reason),
        _ => Err(Failure::Input("not armed: it was not confirmed".into())),
    }
}
