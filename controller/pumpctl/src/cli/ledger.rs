//! The commands about the volume and whose it is: `ledger`, `refill`, `new-subject`.

use std::path::PathBuf;

use clap::Args;
use pump_prescription::{Dimension, quantity};

pub(crate) const LEDGER_HELP: &str = "\
Examples:
  pumpctl ledger                           from the daemon, or else from its journal
  pumpctl ledger --state-dir /mnt/card     from that journal, whatever runs
  pumpctl ledger --json

  delivered   what left for certain
  missed      what was due and could not be given in time
  uncertain   what may or may not have left; counts as delivered
  displaced   what the rotor may have given while nobody held it; counts as delivered
  remaining   what the reservoir holds

The refill date is the earliest instant at which the reservoir can be at its mark for low, with
every basal and every bolus that the prescription allows given as soon as its lockout, counts and
caps let it. The time left is that of the present basal, down to the mark for empty.

Exit codes: 0 told, 1 there is no daemon and no journal that can be read, 2 the command line is
wrong, 4 you may not.";

pub(crate) const REFILL_HELP: &str = "\
Examples:
  pumpctl refill --residue \"3.1 mL\" --filled \"20 mL\" --lot L123
  pumpctl refill --acknowledge --reason \"0.9 mL were spilled at the needle\"

The pump must be at rest: armed, stopped, complete, faulted or disarmed. What was found in the
reservoir and withdrawn is held against the ledger. The two may differ by a twentieth of the
reservoir's volume and by no more than 2 mL: 1 mL of 20 mL, 2 mL of 40 mL. Where they differ by
more, nothing starts until somebody who may prescribe acknowledges it with a reason; neither
arming nor a restart changes that.

Exit codes: 0 done and durable, also where the residue differs; 1 refused; 2 the command line is
wrong; 3 the daemon can't be reached; 4 you may not.";

pub(crate) const NEW_SUBJECT_HELP: &str = "\
Examples:
  pumpctl new-subject          shows what is cleared, and asks
  pumpctl new-subject --yes    for scripts; what is cleared is printed all the same

Windows, counts and lockouts belong to the pump and its subject. They survive arming, renaming
and restarts, and this alone clears them. The pump must be at rest; what is armed is forgotten,
since it was armed for the last subject. What the reservoir holds stays, and so does what waits to
be acknowledged. It is recorded with who and when.

Exit codes: 0 done and durable, 1 refused or not confirmed, 2 the command line is wrong, 3 the
daemon can't be reached, 4 you may not.";

#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    /// Read the journal in this folder and don't ask the daemon [default where there is none:
    /// /var/lib/pumpd].
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Print the account as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RefillArgs {
    /// What was found in the reservoir and withdrawn, as measured: "3.1 mL".
    #[arg(long, value_name = "VOLUME", value_parser = nanolitres, required_unless_present = "acknowledge")]
    pub(crate) residue: Option<u64>,
    /// What it was filled with: "20 mL".
    #[arg(long, value_name = "VOLUME", value_parser = nanolitres, required_unless_present = "acknowledge")]
    pub(crate) filled: Option<u64>,
    /// The lot of what it was filled with.
    #[arg(long, value_name = "TEXT", required_unless_present = "acknowledge")]
    pub(crate) lot: Option<String>,
    /// Answer for a residue that differs from the ledger, so that the pump may start.
    #[arg(long, requires = "reason", conflicts_with_all = ["residue", "filled", "lot"])]
    pub(crate) acknowledge: bool,
    /// Why the pump may start all the same; recorded with who and when.
    #[arg(long, value_name = "TEXT", requires = "acknowledge")]
    pub(crate) reason: Option<String>,
    /// Print the answer as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NewSubjectArgs {
    /// Confirm without asking.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Print what was cleared as one JSON document; needs --yes.
    #[arg(long, requires = "yes")]
    pub(crate) json: bool,
}

/// A volume in whole nanolitres.
fn nanolitres(text: &str) -> Result<u64, String> {
    let read = quantity(text).map_err(|error| {
        let help = error.help(text).map(|help| format!(": {help}"));
        format!("{}{}", error.message(), help.unwrap_or_default())
    })?;
    if read.dimension != Dimension::Volume {
        return Err("this is no volume; write for example `3.1 mL`".to_owned());
    }
    if !read.value.is_whole() {
        return Err("nothing finer than a nanolitre is counted".to_owned());
    }
    u64::try_from(read.value.floor()).map_err(|_| "no reservoir is so large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_has_a_unit_and_no_fraction_of_a_nanolitre() {
        assert_eq!(nanolitres("3.1 mL"), Ok(3_100_000));
        assert_eq!(nanolitres("0 mL"), Ok(0));
        assert_eq!(nanolitres("1/4 mL"), Ok(250_000));
        for text in ["20", "3.1 mg", "3,1 mL", "1/3 nL", "-1 mL", "", "1 mL/h"] {
            assert!(nanolitres(text).is_err(), "{text}");
        }
    }
}
