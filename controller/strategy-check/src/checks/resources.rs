//! What a step may use.

use std::time::Duration;

use strategy_host::{Allowed, CallError, Ended};

use crate::bench::Bench;
use crate::report::Verdict;
use crate::rules::At;
use crate::tape::{Departure, Tape, again};

/// The most processor time of a step.
const BUDGET: Duration = Duration::from_millis(1);
/// Steps whose time is measured; a call of the kernel comes with each.
const MEASURED: usize = 400;

/// The system calls by which a process gets memory.
const GETS_MEMORY: [&str; 4] = ["brk", "mmap", "mmap2", "mremap"];

const PRINTS: [&str; 2] = ["write", "writev"];

/// Plays all that is on a tape, and the snapshot that ended it. How the plugin ends now.
fn replayed(bench: &Bench<'_>, tape: &Tape, allowed: Allowed) -> Result<Option<String>, Verdict> {
    let mut rehearsal = bench.rehearse(allowed)?;
    let last = tape.segments.len().saturating_sub(1);
    for (index, segment) in tape.segments.iter().enumerate() {
        let ended = |ended: Ended| told(tape, allowed, &ended, None);
        if let Err(end) = rehearsal.create(0, &tape.values) {
            return Ok(ended(end));
        }
        let first = segment.first();
        let fatal = tape.end.as_ref().filter(|_| index == last);
        let fatal = fatal.and_then(|end| end.at.as_deref());
        let mut at_first = None;
        for snapshot in segment.iter().map(|(snapshot, _)| snapshot).chain(fatal) {
            if let Err(end) = rehearsal.step(0, snapshot) {
                return Ok(told(tape, allowed, &end, Some(snapshot.now_ns)));
            }
            if let Err(end) = rehearsal.save(0) {
                return Ok(told(tape, allowed, &end, Some(snapshot.now_ns)));
            }
            at_first.get_or_insert(rehearsal.heap());
        }
        let (first_heap, heap) = (at_first.unwrap_or(0), rehearsal.heap());
        if allowed == Allowed::Frugal && heap > first_heap && first.is_some() {
            return Ok(Some(format!(
                "after {} steps it holds {} bytes more of the heap than after the first",
                segment.len(),
                heap.saturating_sub(first_heap)
            )));
        }
    }
    Ok(None)
}

/// The words for an end that belongs to this way of playing.
fn told(tape: &Tape, allowed: Allowed, ended: &Ended, at: Option<u64>) -> Option<String> {
    let when = at.map_or("when it was made".to_owned(), |at| format!("at {}", At(at)));
    let before = tape.end.as_ref().map(|end| &end.ended);
    let reached_out = before.is_some_and(Ended::reached_out);
    // A panic prints, and takes memory, on its way; a crash may print.
    let panics = before == Some(&Ended::Failed(CallError::Panicked));
    match (allowed, ended) {
        (_, Ended::Call(_)) if panics => None,
        (Allowed::Frugal, Ended::Call(name))
            if GETS_MEMORY.contains(&name.as_str()) && !reached_out =>
        {
            Some(format!("{when}: it asked for more memory (`{name}`)"))
        }
        (Allowed::Computing, Ended::Call(name))
            if PRINTS.contains(&name.as_str()) && before.is_some() && !reached_out =>
        {
            None
        }
        (Allowed::Computing, ended) if ended.reached_out() => Some(format!("{when}: {ended}")),
        (Allowed::Computing, Ended::Signal(_)) if before.is_none() => Some(format!(
            "{when}: {ended}; with clocks allowed it does not, so that it reads the processor's \
             clock"
        )),
        _ => None,
    }
}

fn played(bench: &Bench<'_>, allowed: Allowed) -> Result<usize, Verdict> {
    let tapes = bench.tapes()?;
    let mut steps = 0;
    for tape in tapes {
        if let Some(what) = replayed(bench, tape, allowed)? {
            return Err(Verdict::Failed(what));
        }
        steps += tape.len();
    }
    Ok(steps)
}

pub(super) fn pure(bench: &Bench<'_>) -> Result<String, Verdict> {
    let steps = played(bench, Allowed::Computing)?;
    Ok(format!("{steps} steps without any system call"))
}

pub(super) fn memory(bench: &Bench<'_>) -> Result<String, Verdict> {
    let steps = played(bench, Allowed::Frugal)?;
    Ok(format!("{steps} steps, the heap as after the first"))
}

pub(super) fn answers(bench: &Bench<'_>) -> Result<String, Verdict> {
    let tapes = bench.tapes()?;
    if let Some(end) = tapes.iter().find_map(|tape| tape.end.as_ref()) {
        return Err(match end.owner() {
            "answers" => Verdict::Failed(end.told()),
            other => Verdict::NotJudged(format!("it did not live that long; see `{other}`")),
        });
    }
    let steps: usize = tapes.iter().map(Tape::len).sum();
    Ok(format!("{steps} steps in {} stories", tapes.len()))
}

pub(super) fn in_time(bench: &Bench<'_>) -> Result<String, Verdict> {
    let tapes = bench.tapes()?;
    if let Some(end) = tapes.iter().find_map(|tape| tape.end.as_ref()) {
        return Err(match end.owner() {
            "in-time" => Verdict::Failed(end.told()),
            other => Verdict::NotJudged(format!("it did not live that long; see `{other}`")),
        });
    }
    let mut worst = (Duration::ZERO, 0);
    for tape in tapes {
        let Some(segment) = tape.segments.first() else {
            continue;
        };
        let mut least = vec![Duration::MAX; segment.len().min(MEASURED)];
        for _ in 0..3 {
            let mut rehearsal = bench.rehearse(Allowed::Running)?;
            let departed = |departure: Departure| Verdict::NotJudged(departure.told());
            let made = rehearsal.create(0, &tape.values);
            made.map_err(|ended| Verdict::NotJudged(ended.to_string()))?;
            for (least, pair) in least.iter_mut().zip(segment) {
                let before = rehearsal.processor_time();
                again(&mut rehearsal, 0, pair).map_err(departed)?;
                let (Some(before), Some(after)) = (before, rehearsal.processor_time()) else {
                    let why = "this kernel does not say how long a process has worked";
                    return Err(Verdict::NotJudged(why.to_owned()));
                };
                *least = (*least).min(after.saturating_sub(before));
            }
        }
        for (&least, (snapshot, _)) in least.iter().zip(segment) {
            worst = worst.max((least, snapshot.now_ns));
        }
    }
    let (time, at) = worst;
    if time > BUDGET {
        return Err(Verdict::Failed(format!(
            "at {}: {time:?} of processor time for one step",
            At(at)
        )));
    }
    let part = time.as_nanos() * 100 / BUDGET.as_nanos();
    Ok(format!("the longest step took {part} % of the time it may"))
}
