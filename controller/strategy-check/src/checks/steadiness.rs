//! The same must come of the same.

use strategy_abi::Snapshot;
use strategy_host::{Allowed, Ended};

use crate::bench::Bench;
use crate::report::Verdict;
use crate::rules::At;
use crate::tape::{Segment, Tape, again, difference};

fn made(ended: Ended) -> Verdict {
    Verdict::Failed(format!("when it was made: {ended}"))
}

pub(super) fn deterministic(bench: &Bench<'_>) -> Result<String, Verdict> {
    let mut steps = 0;
    for tape in bench.whole_tapes()? {
        let mut rehearsal = bench.rehearse(Allowed::Running)?;
        for segment in &tape.segments {
            rehearsal.create(0, &tape.values).map_err(made)?;
            for pair in segment {
                let same = again(&mut rehearsal, 0, pair);
                same.map_err(|departure| Verdict::Failed(departure.told()))?;
                steps += 1;
            }
        }
    }
    Ok(format!("{steps} orders, the same in a second process"))
}

pub(super) fn side_by_side(bench: &Bench<'_>) -> Result<String, Verdict> {
    let tapes = bench.whole_tapes()?;
    let longest = |tape: &Tape| tape.segments.iter().max_by_key(|s| s.len()).cloned();
    let (Some(one), Some(other)) = (tapes.first(), tapes.last()) else {
        return Err(Verdict::NotJudged("there is no tape".to_owned()));
    };
    let segments = [longest(one), longest(other)].map(Option::unwrap_or_default);
    let mut rehearsal = bench.rehearse(Allowed::Running)?;
    rehearsal.create(0, &one.values).map_err(made)?;
    rehearsal.create(1, &other.values).map_err(made)?;
    let steps = segments.iter().map(Segment::len).max().unwrap_or(0);
    for index in 0..steps {
        for (slot, segment) in (0..).zip(&segments) {
            if let Some(pair) = segment.get(index) {
                let same = again(&mut rehearsal, slot, pair);
                same.map_err(|departure| {
                    Verdict::Failed(format!("beside another instance, {}", departure.told()))
                })?;
            }
        }
    }
    Ok(format!("{steps} steps of two instances in turn"))
}

/// What became of a tape with every snapshot shown twice.
struct Doubled {
    steps: usize,
    /// The second time a bolus was asked for again.
    asked_again: Option<String>,
    /// Anything else was another.
    changed: Option<String>,
}

fn doubled(bench: &Bench<'_>) -> Result<Doubled, Verdict> {
    let mut doubled = Doubled {
        steps: 0,
        asked_again: None,
        changed: None,
    };
    for tape in bench.whole_tapes()? {
        let mut rehearsal = bench.rehearse(Allowed::Running)?;
        for segment in &tape.segments {
            rehearsal.create(0, &tape.values).map_err(made)?;
            for (snapshot, order) in segment {
                let (first, second) = twice(snapshot);
                let at = At(snapshot.now_ns);
                let ended = |ended: Ended| Verdict::Failed(format!("at {at}: {ended}"));
                let now = rehearsal.step(0, &first).map_err(ended)?;
                let extra = rehearsal.step(0, &second).map_err(ended)?;
                doubled.steps += 1;
                if extra.bolus_kind != 0 {
                    let what = format!("at {at}: a bolus is asked for a second time");
                    doubled.asked_again.get_or_insert(what);
                } else if let Some(how) = difference(order, &now) {
                    let what = format!("at {at}, with extra snapshots before: {how}");
                    doubled.changed.get_or_insert(what);
                } else if extra.basal != now.basal || extra.wake_in_ns != now.wake_in_ns {
                    let what = format!(
                        "at {at}: an extra snapshot brings another basal rate or wake time"
                    );
                    doubled.changed.get_or_insert(what);
                }
            }
        }
    }
    Ok(doubled)
}

/// The snapshot, and the one after it that says nothing new. The numbers make room for it.
fn twice(snapshot: &Snapshot) -> (Snapshot, Snapshot) {
    let first = Snapshot {
        seq: snapshot.seq * 2,
        bolus_seq: snapshot.bolus_seq * 2,
        ..*snapshot
    };
    let second = Snapshot {
        seq: first.seq + 1,
        demand_id: 0,
        ..first
    };
    (first, second)
}

pub(super) fn extra_snapshots(bench: &Bench<'_>) -> Result<String, Verdict> {
    let doubled = doubled(bench)?;
    match (doubled.changed, doubled.asked_again) {
        (Some(what), _) => Err(Verdict::Failed(what)),
        (None, Some(_)) => Err(Verdict::NotJudged("see `asks-once`".to_owned())),
        (None, None) => Ok(format!("{} snapshots, each shown twice", doubled.steps)),
    }
}

pub(super) fn asks_once(bench: &Bench<'_>) -> Result<String, Verdict> {
    let doubled = doubled(bench)?;
    match doubled.asked_again {
        Some(what) => Err(Verdict::Failed(what)),
        None => Ok(format!("{} snapshots, each shown twice", doubled.steps)),
    }
}
