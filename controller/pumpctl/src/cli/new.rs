//! The command that writes a prescription.

use std::path::PathBuf;

use clap::Args;

use super::PlaceArgs;

pub(super) const HELP: &str = "\
Examples:
  At a terminal, question by question, each with an answer to begin from:
    pumpctl new
  The same from a script; what is not said and has --yes is answered by the default:
    pumpctl new rx.toml --route intrathecal --drug morphine --concentration \"2 mg/mL\" \\
        --daily \"2 mg\" --bolus \"0.1 mg\" --lockout \"30 min\"
    pumpctl new rx.toml --route intravenous --drug \"sodium chloride\" --yes
  Then:
    pumpctl check rx.toml
    pumpctl simulate rx.toml --for 24h --presses 6/day

Each answer is read as `check` reads it, against the device and the drug library; one that can't
be given is asked for again, with the reason. From the answers follow caps with some room above
the worst case and never beyond what the library advises: read them before arming. A file that
is there is never overwritten.

Exit codes: 0 it is written, 1 it can't be (an answer is not allowed, the file is there), 2 the
command line is wrong, or answers are missing and there is no terminal to ask on.";

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// The file to write.
    #[arg(value_name = "FILE", default_value = "prescription.toml")]
    pub(crate) file: PathBuf,
    /// Where the fluid goes: intrathecal, epidural, intravenous, and others.
    #[arg(long, value_name = "ROUTE")]
    pub(crate) route: Option<String>,
    /// A drug that the library lists for the route.
    #[arg(long, value_name = "DRUG")]
    pub(crate) drug: Option<String>,
    /// Its concentration: \"2 mg/mL\".
    #[arg(long, value_name = "QUANTITY")]
    pub(crate) concentration: Option<String>,
    /// What the basal gives in a day: \"2 mg\", \"1 mL\"; \"none\": no basal.
    #[arg(long, value_name = "QUANTITY")]
    pub(crate) daily: Option<String>,
    /// What a press of the button gives: \"0.1 mg\"; \"none\": no button.
    #[arg(long, value_name = "QUANTITY")]
    pub(crate) bolus: Option<String>,
    /// The time without another bolus on demand: \"30 min\".
    #[arg(long, value_name = "TIME")]
    pub(crate) lockout: Option<String>,
    /// Ask nothing: what is not said is answered by its default.
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) places: PlaceArgs,
}
