//! What single orders say.

use strategy_abi as abi;
use strategy_abi::Snapshot;
use strategy_host::{Allowed, Rehearsal};

use crate::bench::Bench;
use crate::report::Verdict;
use crate::rules::At;
use crate::tape::{Segment, Tape};

/// The first breach on any tape that belongs to this check.
fn no_breach(bench: &Bench<'_>, check: &str) -> Result<String, Verdict> {
    let tapes = bench.tapes()?;
    if let Some(breach) = tapes.iter().find_map(|tape| tape.breach.as_ref()) {
        if breach.check == check {
            return Err(Verdict::Failed(breach.what.clone()));
        }
        let other = breach.check;
        return Err(Verdict::NotJudged(format!(
            "its orders are not what they should be; see `{other}`"
        )));
    }
    bench.whole_tapes()?;
    let steps: usize = tapes.iter().map(Tape::len).sum();
    Ok(format!("{steps} orders"))
}

pub(super) fn well_formed(bench: &Bench<'_>) -> Result<String, Verdict> {
    no_breach(bench, "well-formed")
}

pub(super) fn envelope(bench: &Bench<'_>) -> Result<String, Verdict> {
    no_breach(bench, "envelope")
}

pub(super) fn leases(bench: &Bench<'_>) -> Result<String, Verdict> {
    no_breach(bench, "leases")
}

/// Refused for these, one after another.
const REASONS: [u32; 6] = [
    abi::REASON_WINDOW_1H,
    abi::REASON_RESERVOIR,
    abi::REASON_PAUSED,
    abi::REASON_BOLUS_RUNNING,
    abi::REASON_CREDIT_LATE,
    abi::REASON_ENVELOPE,
];
const TEN_SECONDS: u64 = 10_000_000_000;
const EVERY: u64 = 200_000_000;
/// A first request, and one more when the way seems free; beside what its interval brings.
const MOST_REQUESTS: u64 = 2;

pub(super) fn refusals(bench: &Bench<'_>) -> Result<String, Verdict> {
    let truthful = no_breach(bench, "refusals")?;
    let mut rehearsal = bench.rehearse(Allowed::Running)?;
    let mut tried = 0_u32;
    for tape in bench.whole_tapes()? {
        for segment in &tape.segments {
            let asks = segment.iter().enumerate();
            let asks = asks.filter(|(_, (_, order))| order.bolus_kind != 0);
            for (index, _) in asks.take(2) {
                for reason in REASONS {
                    persists(&mut rehearsal, tape, segment, index, reason)?;
                    tried += 1;
                }
            }
        }
    }
    Ok(format!("{truthful}, {tried} refused boluses"))
}

/// Goes on from a request that is refused, for ten seconds.
fn persists(
    rehearsal: &mut Rehearsal,
    tape: &Tape,
    segment: &Segment,
    index: usize,
    reason: u32,
) -> Result<(), Verdict> {
    let ended = |ended: strategy_host::Ended| Verdict::Failed(ended.to_string());
    rehearsal.create(0, &tape.values).map_err(ended)?;
    for (snapshot, _) in segment.iter().take(index + 1) {
        rehearsal.step(0, snapshot).map_err(ended)?;
    }
    let Some((asked, order)) = segment.get(index) else {
        return Ok(());
    };
    let mut shown = Snapshot {
        demand_id: 0,
        bolus_running: u32::from(reason == abi::REASON_BOLUS_RUNNING),
        bolus_seq: asked.seq,
        bolus_kind: order.bolus_kind,
        bolus_outcome: abi::OUTCOME_REFUSED,
        bolus_reason: reason,
        bolus_started_ns: 0,
        bolus_ended_ns: asked.now_ns,
        bolus_delivered_nl: 0,
        ..*asked
    };
    let interval = tape.envelope.bolus.and_then(|bolus| bolus.interval);
    let regular = interval.and_then(|every| TEN_SECONDS.checked_div(every.0));
    let allowed = regular.unwrap_or(0).saturating_add(MOST_REQUESTS);
    let mut requests = 0;
    for _ in 0..TEN_SECONDS / EVERY {
        shown.seq += 1;
        let order = rehearsal.step(0, &shown).map_err(ended)?;
        if order.bolus_kind != 0 {
            requests += 1;
            shown.bolus_seq = shown.seq;
            shown.bolus_ended_ns = shown.now_ns;
        }
        if requests > allowed {
            return Err(Verdict::Failed(format!(
                "a bolus that was refused at {} (reason {reason}) is asked for {requests} times \
                 more within ten seconds",
                At(asked.now_ns)
            )));
        }
        shown.now_ns = shown.now_ns.saturating_add(EVERY);
    }
    Ok(())
}
