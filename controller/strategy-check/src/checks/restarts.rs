//! A strategy that goes on in another process.

use pump_simulator::presses::SplitMix64;
use strategy_host::{Allowed, CallError, Ended, Rehearsal};

use crate::bench::Bench;
use crate::report::Verdict;
use crate::rules::{At, breach_in_the_strange};
use crate::tape::{Tape, again};

pub(super) fn saved_state(bench: &Bench<'_>) -> Result<String, Verdict> {
    let (mut restarts, mut largest) = (0, 0);
    for tape in bench.whole_tapes()? {
        let mut rehearsal = bench.rehearse(Allowed::Running)?;
        for segment in &tape.segments {
            let when_made = |ended: Ended| Verdict::Failed(format!("when it was made: {ended}"));
            let mut slot = 0;
            rehearsal.create(slot, &tape.values).map_err(when_made)?;
            for pair in segment {
                let at = At(pair.0.now_ns);
                let same = again(&mut rehearsal, slot, pair);
                same.map_err(|departure| {
                    Verdict::Failed(format!("after saving and loading, {}", departure.told()))
                })?;
                let fails = |what: &str, ended: &Ended| {
                    Verdict::Failed(format!("after the step at {at}: {what}: {ended}"))
                };
                let state = rehearsal
                    .save(slot)
                    .map_err(|ended| fails("save", &ended))?;
                let again = rehearsal
                    .save(slot)
                    .map_err(|ended| fails("save", &ended))?;
                if state != again {
                    return Err(Verdict::Failed(format!(
                        "after the step at {at}: saved twice, the state is another"
                    )));
                }
                slot = 1 - slot;
                rehearsal.create(slot, &tape.values).map_err(when_made)?;
                let loaded = rehearsal.load(slot, &state);
                loaded.map_err(|ended| fails("load refuses what save wrote", &ended))?;
                largest = largest.max(state.len());
                restarts += 1;
            }
        }
    }
    Ok(format!(
        "{restarts} restarts, a state of at most {largest} bytes"
    ))
}

/// States of a tape that are spoilt.
const SPOILT: usize = 12;
/// In so many ways each.
const WAYS: u64 = 24;

pub(super) fn foreign_state(bench: &Bench<'_>) -> Result<String, Verdict> {
    let mut random = SplitMix64::new(1);
    let (mut refused, mut taken) = (0, 0);
    for tape in bench.sound_tapes()? {
        let mut rehearsal = bench.rehearse(Allowed::Running)?;
        let Some(segment) = tape.segments.first() else {
            continue;
        };
        let states = states(&mut rehearsal, tape)?;
        for (index, state) in states {
            for way in 0..WAYS {
                let foreign = spoilt(&state, way, &mut random);
                let ended = |ended: Ended| {
                    Verdict::Failed(format!(
                        "with a state of {} bytes that is not its own: {ended}",
                        foreign.len()
                    ))
                };
                rehearsal.create(0, &tape.values).map_err(ended)?;
                match rehearsal.load(0, &foreign) {
                    Err(Ended::Failed(CallError::Refused)) => {
                        refused += 1;
                        continue;
                    }
                    loaded => loaded.map_err(ended)?,
                }
                taken += 1;
                for (snapshot, _) in segment.iter().skip(index).take(4) {
                    let order = rehearsal.step(0, snapshot).map_err(ended)?;
                    if let Some(breach) = breach_in_the_strange(&tape.envelope, snapshot, &order) {
                        let what = breach.what;
                        return Err(Verdict::Failed(format!("with a state not its own, {what}")));
                    }
                }
            }
        }
    }
    Ok(format!("{refused} spoilt states refused, {taken} taken"))
}

/// Some states along the way, with the number of the step after which each was saved.
fn states(rehearsal: &mut Rehearsal, tape: &Tape) -> Result<Vec<(usize, Vec<u8>)>, Verdict> {
    let ended = |ended: Ended| Verdict::NotJudged(ended.to_string());
    let mut states = Vec::new();
    let Some(segment) = tape.segments.first() else {
        return Ok(states);
    };
    let apart = segment.len().div_ceil(SPOILT).max(1);
    rehearsal.create(0, &tape.values).map_err(ended)?;
    for (index, (snapshot, _)) in segment.iter().enumerate() {
        rehearsal.step(0, snapshot).map_err(ended)?;
        if index % apart == 0 {
            states.push((index, rehearsal.save(0).map_err(ended)?));
        }
    }
    Ok(states)
}

fn spoilt(state: &[u8], way: u64, random: &mut SplitMix64) -> Vec<u8> {
    let mut foreign = state.to_vec();
    match way {
        0 => foreign.push(0),
        1 => foreign.resize(strategy_abi::MAX_STATE, 0xFF),
        2 => foreign.fill(0xFF),
        3 => foreign.fill(0),
        4 => foreign.truncate(state.len() / 2),
        5 => foreign.truncate(state.len().saturating_sub(1)),
        _ => {
            let bits = (state.len() as u64).saturating_mul(8);
            for _ in 0..1 + random.below(4) {
                let bit = random.below(bits);
                let place = usize::try_from(bit / 8).ok();
                if let Some(byte) = place.and_then(|place| foreign.get_mut(place)) {
                    *byte ^= 1 << (bit % 8);
                }
            }
        }
    }
    // Nothing is what a strategy without a state has, and no state to be loaded.
    if foreign.is_empty() {
        foreign.push(1);
    }
    foreign
}
