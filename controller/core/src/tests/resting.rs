//! I11: an arming goes on from what a pump at rest is, and from nothing else of its past.

extern crate std;

use std::boxed::Box;
use std::string::String;

use super::cases::{Case, case, play};
use super::properties::holds;
use super::rig::*;
use crate::checkpoint::Checkpoint;
use crate::pump::{Command, EdgeFate, Inputs, Pump, State};
use crate::quantity::MonoNs;

/// Any life until its end, in whatever state that left the pump.
fn goes_on(case: &Case) -> Result<(), String> {
    let mut rig = play(case).rig;
    if matches!(rig.pump.state(), State::Infusing | State::Paused) {
        rig.command(Command::Stop);
        rig.run_for(S);
    }
    let mut old = rig.pump;
    let checkpoint = Checkpoint::decode(&written(&old.at_rest()))
        .map_err(|flaw| std::format!("what was written is refused: {flaw}"))?;
    let mut new = Box::new(Pump::rested(&checkpoint, old.sensors(), old.watch()));
    let at = MonoNs(old.checkpoint().at().0 + 3 * S);
    match (old.arm(at, &case.p), new.arm(at, &case.p)) {
        (Ok(()), Ok(())) => {}
        (Err(old), Err(new)) if old == new => return Ok(()),
        other => return Err(std::format!("they are not armed alike: {other:?}")),
    }
    let mut inputs = Inputs {
        command: Some(Command::Start),
        ..Inputs::default()
    };
    let mut now = at;
    for _ in 0..200 {
        let (left, right) = (old.tick(now, &inputs), new.tick(now, &inputs));
        if left != right || old != new {
            return Err(std::format!("they differ at {now:?}: {left:?}, {right:?}"));
        }
        inputs = Inputs {
            credit: left.credit_wanted,
            press: now.0.is_multiple_of(7),
            ..Inputs::default()
        };
        if left.step {
            inputs.edge = EdgeFate::Accepted;
        } else if inputs.credit.is_none() {
            now = left.wake_at.min(MonoNs(now.0.saturating_add(H)));
        }
    }
    Ok(())
}

#[test]
fn i11_an_arming_goes_on_from_what_a_pump_at_rest_is() {
    holds(case(), goes_on);
}
