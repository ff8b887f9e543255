//! `pumpctl new-subject`: what is cleared, then the confirmation.

use std::io::{self, IsTerminal as _};

use pump_control::{Account, Reply, Request, Subject};
use serde::Serialize;

use crate::cli::NewSubjectArgs;
use crate::daemon::{Daemon, print_json, prompt, unexpected};
use crate::failure::Failure;
use crate::output;
use crate::story::printable;
use crate::units::{count, volume};

/// What the operator types to have another subject.
const CONFIRMATION: &str = "new-subject";

#[derive(Serialize)]
struct Document<'a> {
    cleared: &'a Subject,
    state: &'a str,
}

pub(crate) fn run(daemon: &Daemon, args: &NewSubjectArgs) -> Result<(), Failure> {
    let asks = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !args.yes && !asks {
        return Err(Failure::Usage(
            "a new subject wants a confirmation, and there is no terminal to ask on; for scripts \
             there is --yes"
                .into(),
        ));
    }
    let Reply::Ledger(account) = daemon.ask(&Request::Ledger)? else {
        return Err(unexpected());
    };
    if !args.json {
        output::print(&cleared(&account))?;
    }
    if !args.yes {
        let question = format!("Type `{CONFIRMATION}` to clear it, anything else to leave it: ");
        if prompt(&question)? != CONFIRMATION {
            return Err(Failure::Input(
                "nothing is cleared: it was not confirmed".into(),
            ));
        }
    }
    let Reply::Done(done) = daemon.ask(&Request::NewSubject)? else {
        return Err(unexpected());
    };
    if args.json {
        return print_json(&Document {
            cleared: &account.subject,
            state: &done.state,
        });
    }
    output::print(&format!(
        "the pump has a new subject; {}\n",
        printable(&done.state)
    ))
}

/// What another subject clears.
fn cleared(account: &Account) -> String {
    let subject = &account.subject;
    let boluses = match subject.boluses_24h {
        1 => "1 bolus".to_owned(),
        more => format!("{} boluses", count(more)),
    };
    let mut text = format!(
        "A new subject clears windows, counts and lockouts:\n  \
         given in 1 h {}, in 4 h {}, in 24 h {}\n  {boluses} in 24 h, and every lockout\n",
        volume(subject.given_1h_nl),
        volume(subject.given_4h_nl),
        volume(subject.given_24h_nl),
    );
    if let Some(prescription) = &account.prescription
        && account.state != "disarmed"
    {
        let id = printable(&prescription.id);
        text.push_str(&format!("and forgets that {id} is armed\n"));
    }
    text
}
