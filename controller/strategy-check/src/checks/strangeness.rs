//! What no story brings.

use pump_simulator::presses::SplitMix64;
use strategy_abi as abi;
use strategy_abi::{Fraction, Snapshot};
use strategy_host::{Allowed, Ended};

use crate::bench::Bench;
use crate::report::Verdict;
use crate::rules::{At, breach_in_the_strange};

const STRANGE: u64 = 3_000;

pub(super) fn any_order(bench: &Bench<'_>) -> Result<String, Verdict> {
    bench.sound_tapes()?;
    let begun = bench.begun()?;
    let mut random = SplitMix64::new(1);
    let mut shown = 0;
    for (values, envelope) in begun.taken.iter().take(4) {
        let mut rehearsal = bench.rehearse(Allowed::Running)?;
        let made = rehearsal.create(0, values);
        made.map_err(|ended| Verdict::Failed(format!("when it was made: {ended}")))?;
        for seq in 1..=STRANGE / 4 {
            let snapshot = strange(seq, &mut random);
            let order = rehearsal
                .step(0, &snapshot)
                .map_err(|ended| Verdict::Failed(format!("shown {snapshot:?}: {ended}")))?;
            if let Some(breach) = breach_in_the_strange(envelope, &snapshot, &order) {
                return Err(Verdict::Failed(format!(
                    "{}: shown {snapshot:?}",
                    breach.what
                )));
            }
            shown += 1;
        }
    }
    Ok(format!("{shown} snapshots by chance"))
}

/// A number of any size: each number of digits is as likely.
fn any(random: &mut SplitMix64) -> u64 {
    let shift = random.below(64);
    match random.below(8) {
        0 => 0,
        1 => u64::MAX,
        _ => random.next_u64() >> shift,
    }
}

fn strange(seq: u64, random: &mut SplitMix64) -> Snapshot {
    let code = |random: &mut SplitMix64, most: u64| {
        u32::try_from(random.below(most + 1)).unwrap_or(u32::MAX)
    };
    Snapshot {
        size: size_of::<Snapshot>() as u32,
        clock_good: code(random, 1),
        seq,
        now_ns: any(random),
        demand_id: match random.below(2) {
            0 => 0,
            _ => any(random),
        },
        lockout_left_ns: any(random),
        basal_granted: Fraction {
            num: any(random),
            den: any(random).max(1),
        },
        delivered_nl: any(random),
        bolus_seq: random.below(seq + 1),
        bolus_kind: code(random, u64::from(abi::BOLUS_CLINICIAN)),
        bolus_outcome: code(random, u64::from(abi::OUTCOME_REFUSED)),
        bolus_reason: code(random, u64::from(abi::REASON_INFUSING)),
        bolus_running: code(random, 1),
        bolus_started_ns: any(random),
        bolus_ended_ns: any(random),
        bolus_delivered_nl: any(random),
        utc_s: any(random),
        local_offset_plus_day_s: random.below(2 * 86_400 + 1),
        next_offset_change_utc_s: any(random),
    }
}

pub(super) fn clock_jumps(bench: &Bench<'_>) -> Result<String, Verdict> {
    let mut random = SplitMix64::new(1);
    let mut jumps = 0;
    for tape in bench.sound_tapes()? {
        let mut rehearsal = bench.rehearse(Allowed::Running)?;
        for segment in &tape.segments {
            let made = rehearsal.create(0, &tape.values);
            made.map_err(|ended| Verdict::Failed(format!("when it was made: {ended}")))?;
            let (mut by, mut good, mut offset) = (0, 1, 86_400);
            for (shown, _) in segment {
                if random.below(4) == 0 {
                    by = random.below(60 * 86_400);
                    good = u32::from(random.below(3) > 0);
                    offset = random.below(2 * 86_400 + 1);
                    jumps += 1;
                }
                let snapshot = Snapshot {
                    clock_good: good,
                    utc_s: shown.utc_s.saturating_add(by),
                    local_offset_plus_day_s: offset,
                    next_offset_change_utc_s: any(&mut random),
                    ..*shown
                };
                let at = At(snapshot.now_ns);
                let ended = |ended: Ended| Verdict::Failed(format!("at {at}: {ended}"));
                let order = rehearsal.step(0, &snapshot).map_err(ended)?;
                if let Some(breach) = breach_in_the_strange(&tape.envelope, &snapshot, &order) {
                    return Err(Verdict::Failed(breach.what));
                }
            }
        }
    }
    Ok(format!("{jumps} jumps"))
}

const INSTANCES: usize = 59;

pub(super) fn stops(bench: &Bench<'_>) -> Result<String, Verdict> {
    let tapes = bench.whole_tapes()?;
    let mut rehearsal = bench.rehearse(Allowed::Running)?;
    let mut at_first = None;
    for round in 0..=INSTANCES {
        for tape in tapes {
            let ended = |ended: Ended| Verdict::Failed(format!("instance {round}: {ended}"));
            rehearsal.create(0, &tape.values).map_err(ended)?;
            // The first goes furthest: what is made once for the whole process is no leak.
            let steps = (INSTANCES - round) % 20;
            let shown = tape.segments.iter().flatten().take(steps.max(1));
            for (snapshot, _) in shown {
                rehearsal.step(0, snapshot).map_err(ended)?;
            }
            rehearsal.discard(0).map_err(ended)?;
        }
        at_first.get_or_insert(rehearsal.heap());
    }
    let (before, after) = (at_first.unwrap_or(0), rehearsal.heap());
    if after > before {
        return Err(Verdict::Failed(format!(
            "after {INSTANCES} instances {} bytes of the heap were not given back",
            after.saturating_sub(before)
        )));
    }
    let ended = INSTANCES + 1;
    Ok(format!("{ended} instances ended, nothing left behind"))
}
