//! `pumpctl refill`: what was found, what was filled, and whether the two agree with the ledger
//! (W06).

use pump_control::{Refilled, Reply, Request};

use crate::cli::RefillArgs;
use crate::daemon::{Daemon, print_json, unexpected};
use crate::failure::Failure;
use crate::output;
use crate::story::printable;
use crate::units::volume;

pub(crate) fn run(daemon: &Daemon, args: &RefillArgs) -> Result<(), Failure> {
    if args.acknowledge {
        return acknowledge(daemon, args);
    }
    let (Some(residue_nl), Some(filled_nl), Some(lot)) = (args.residue, args.filled, &args.lot)
    else {
        let text = "a refill wants --residue, --filled and --lot";
        return Err(Failure::Usage(text.into()));
    };
    let request = Request::Refill {
        residue_nl,
        filled_nl,
        lot: lot.clone(),
    };
    let Reply::Refilled(refilled) = daemon.ask(&request)? else {
        return Err(unexpected());
    };
    if args.json {
        return print_json(&refilled);
    }
    output::print(&told(&refilled))
}

fn acknowledge(daemon: &Daemon, args: &RefillArgs) -> Result<(), Failure> {
    let reason = args.reason.clone().unwrap_or_default();
    let Reply::Done(done) = daemon.ask(&Request::AcknowledgeResidue { reason })? else {
        return Err(unexpected());
    };
    if args.json {
        return print_json(&done);
    }
    let state = printable(&done.state);
    output::print(&format!("the residue is acknowledged; {state}\n"))
}

fn told(refilled: &Refilled) -> String {
    let residue = &refilled.residue;
    let apart = residue.measured_nl.abs_diff(residue.expected_nl);
    let than = match residue.measured_nl > residue.expected_nl {
        true => "more than",
        false => "less than",
    };
    let mut text = format!("the reservoir now holds {}\n", volume(refilled.content_nl));
    text.push_str(&match apart {
        0 => format!("{} found, as by the ledger\n", volume(residue.measured_nl)),
        apart => format!(
            "{} found, {} {than} the {} of the ledger; {} may be\n",
            volume(residue.measured_nl),
            volume(apart),
            volume(residue.expected_nl),
            volume(residue.allowed_nl),
        ),
    });
    if refilled.differs {
        text.push_str(
            "\nNothing starts before this is acknowledged. Find out why, then:\n  \
             pumpctl refill --acknowledge --reason TEXT\n",
        );
    }
    text
}
