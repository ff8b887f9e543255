//! Stories by chance, and the shortest one that breaks a rule.
//!
//! A seed is a story: the values, what happens and when, and how the tape is played again.
//! The same seed brings the same story with every plugin of the same declaration, so that
//! what was found is found again, also by another build.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pump_core::prescription::Envelope;
use pump_core::quantity::Nanoseconds;
use pump_simulator::presses::SplitMix64;
use serde::Serialize;
use strategy_abi::Snapshot;
use strategy_host::{Allowed, CallError, Ended, Rehearsal};

use crate::rules::Breach;
use crate::story::{self, Story};
use crate::subject::Subject;
use crate::tape::{Segment, Tape, difference, record_in};
use crate::values;

/// A story that breaks a rule.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// What brings it back.
    pub seed: u64,
    /// The check that the rule belongs to.
    pub check: &'static str,
    /// What happened.
    pub what: String,
    /// The values of the parameters.
    pub values: String,
    /// The story as it was drawn.
    pub events_drawn: usize,
    /// As short as it gets: what happens, a line each.
    pub story: String,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Stories that were played.
    pub stories: u64,
    /// Stories whose values the strategy refused.
    pub refused: u64,
}

/// Draws stories from `seed` upward, in so many threads, until one breaks a rule or the time
/// is over.
///
/// # Errors
/// A story could not be told; not the plugin's fault.
pub fn fuzz(
    subject: &Subject,
    seed: u64,
    jobs: usize,
    time: Duration,
) -> Result<(Progress, Option<Found>), String> {
    let begun = Instant::now();
    let next = AtomicU64::new(seed);
    let (stories, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    let over = AtomicBool::new(false);
    let found = Mutex::new(Vec::new());
    let search = || -> Result<(), String> {
        let mut player = Player::new(subject);
        while !over.load(Ordering::Relaxed) && begun.elapsed() < time {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = Case::drawn(subject, seed) else {
                refused.fetch_add(1, Ordering::Relaxed);
                continue;
            };
            match player.play(&case)? {
                Played::Refused => {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
                Played::Well => {
                    stories.fetch_add(1, Ordering::Relaxed);
                }
                Played::Badly(breach) => {
                    stories.fetch_add(1, Ordering::Relaxed);
                    over.store(true, Ordering::Relaxed);
                    let shortest = shortest(&mut player, case, breach)?;
                    if let Ok(mut found) = found.lock() {
                        found.push(shortest);
                    }
                }
            }
        }
        Ok(())
    };
    let outcomes: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(search)).collect();
        let joined = threads.into_iter().map(|thread| {
            let crashed = |_| Err("a thread of the search panicked".to_owned());
            thread.join().unwrap_or_else(crashed)
        });
        joined.collect()
    });
    outcomes.into_iter().collect::<Result<(), String>>()?;
    let found = found.into_inner().unwrap_or_default();
    let progress = Progress {
        stories: stories.into_inner(),
        refused: refused.into_inner(),
    };
    Ok((progress, found.into_iter().min_by_key(|found| found.seed)))
}

/// Plays the story of one seed.
///
/// # Errors
/// As for [`fuzz`].
pub fn reproduce(subject: &Subject, seed: u64) -> Result<Option<Found>, String> {
    let Some(case) = Case::drawn(subject, seed) else {
        return Ok(None);
    };
    let mut player = Player::new(subject);
    match player.play(&case)? {
        Played::Badly(breach) => shortest(&mut player, case, breach).map(Some),
        _ => Ok(None),
    }
}

/// How a tape is played a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    /// With extra snapshots here and there.
    WithExtras,
    /// Saved and loaded here and there.
    Restarted,
}

#[derive(Clone, Debug)]
struct Case {
    seed: u64,
    story: Story,
    envelope: Envelope,
    again: Again,
}

impl Case {
    /// `None` where the pump itself refuses the values.
    fn drawn(subject: &Subject, seed: u64) -> Option<Self> {
        let declared = subject.declaration();
        let mut random = SplitMix64::new(seed);
        let values = values::drawn(declared, &mut random);
        let envelope = declared.envelope(&values).ok()?;
        let story = story::drawn(&mut random, values, &envelope);
        let again = match seed % 2 {
            0 => Again::WithExtras,
            _ => Again::Restarted,
        };
        Some(Self {
            seed,
            story,
            envelope,
            again,
        })
    }
}

enum Played {
    Well,
    Refused,
    Badly(Breach),
}

/// Plays one story after another, in a child that is kept as long as it lives.
struct Player<'a> {
    subject: &'a Subject,
    rehearsal: Option<Rehearsal>,
}

impl<'a> Player<'a> {
    const fn new(subject: &'a Subject) -> Self {
        Self {
            subject,
            rehearsal: None,
        }
    }

    fn play(&mut self, case: &Case) -> Result<Played, String> {
        let rehearsal = match self.rehearsal.take() {
            Some(rehearsal) => rehearsal,
            None => {
                let started = self.subject.rehearse(Allowed::Running);
                started.map_err(|ended| ended.to_string())?
            }
        };
        let (tape, mut rehearsal) = record_in(rehearsal, case.envelope, &case.story)?;
        if let Some(end) = &tape.end {
            // A child in which something ended is not used again.
            return Ok(match &end.ended {
                Ended::Failed(CallError::Refused) if end.at.is_none() => Played::Refused,
                _ => Played::Badly(Breach::new(end.owner(), end.told())),
            });
        }
        if let Some(breach) = tape.breach {
            self.rehearsal = Some(rehearsal);
            return Ok(Played::Badly(breach));
        }
        let played = match play_again(&mut rehearsal, case, &tape) {
            Some(breach) => Played::Badly(breach),
            None => {
                self.rehearsal = Some(rehearsal);
                Played::Well
            }
        };
        Ok(played)
    }
}

/// The tape once more, with what should change nothing.
fn play_again(rehearsal: &mut Rehearsal, case: &Case, tape: &Tape) -> Option<Breach> {
    let mut random = SplitMix64::new(case.seed);
    let mut second = Second {
        rehearsal,
        tape,
        random: &mut random,
    };
    let check = match case.again {
        Again::WithExtras => "extra-snapshots",
        Again::Restarted => "saved-state",
    };
    for segment in &tape.segments {
        let done = match case.again {
            Again::WithExtras => second.with_extras(segment),
            Again::Restarted => second.restarted(segment),
        };
        if let Err(what) = done {
            return Some(Breach::new(check, what));
        }
    }
    None
}

struct Second<'a> {
    rehearsal: &'a mut Rehearsal,
    tape: &'a Tape,
    random: &'a mut SplitMix64,
}

impl Second<'_> {
    fn create(&mut self, slot: u8) -> Result<(), String> {
        let made = self.rehearsal.create(slot, &self.tape.values);
        made.map_err(|ended| format!("when it was made again: {ended}"))
    }

    fn with_extras(&mut self, segment: &Segment) -> Result<(), String> {
        self.create(1)?;
        for (snapshot, order) in segment {
            let at = crate::rules::At(snapshot.now_ns);
            let ended = |ended: Ended| format!("at {at}, with extra snapshots: {ended}");
            let first = Snapshot {
                seq: snapshot.seq.saturating_mul(2),
                bolus_seq: snapshot.bolus_seq.saturating_mul(2),
                ..*snapshot
            };
            let now = self.rehearsal.step(1, &first).map_err(ended)?;
            if let Some(how) = difference(order, &now) {
                return Err(format!("at {at}, with extra snapshots before: {how}"));
            }
            if self.random.below(3) == 0 {
                let extra = Snapshot {
                    seq: first.seq.saturating_add(1),
                    demand_id: 0,
                    ..first
                };
                let order = self.rehearsal.step(1, &extra).map_err(ended)?;
                if order.bolus_kind != 0 || order.basal != now.basal {
                    return Err(format!("at {at}: an extra snapshot changes the order"));
                }
            }
        }
        Ok(())
    }

    fn restarted(&mut self, segment: &Segment) -> Result<(), String> {
        let mut slot = 1;
        self.create(slot)?;
        for (snapshot, order) in segment {
            let at = crate::rules::At(snapshot.now_ns);
            let ended = |ended: Ended| format!("at {at}, with restarts: {ended}");
            let now = self.rehearsal.step(slot, snapshot).map_err(ended)?;
            if let Some(how) = difference(order, &now) {
                return Err(format!("at {at}, after saving and loading: {how}"));
            }
            if self.random.below(3) == 0 {
                let state = self.rehearsal.save(slot).map_err(ended)?;
                slot = 3 - slot;
                self.create(slot)?;
                self.rehearsal.load(slot, &state).map_err(ended)?;
            }
        }
        Ok(())
    }
}

/// Shortening ends after so many stories.
const TRIES: u32 = 150;

/// Leaves out of the story what it breaks the rule without.
fn shortest(player: &mut Player<'_>, case: Case, breach: Breach) -> Result<Found, String> {
    let events_drawn = case.story.events.len();
    let (mut best, mut broken) = (case, breach);
    let mut tries = TRIES;
    let mut chunk = events_drawn.div_ceil(2).max(1);
    // First the end, which makes each further try short.
    let mut duration = best.story.duration.0;
    while duration > 20_000_000_000 && tries > 0 {
        duration /= 2;
        let mut shorter = best.clone();
        shorter.story.duration = Nanoseconds(duration);
        shorter.story.events.retain(|(at, _)| at.0 <= duration);
        tries -= 1;
        match player.play(&shorter)? {
            Played::Badly(now) if now.check == broken.check => (best, broken) = (shorter, now),
            _ => break,
        }
    }
    loop {
        let (mut at, mut shortened) = (0, false);
        while at < best.story.events.len() && tries > 0 {
            let mut fewer = best.clone();
            let end = at.saturating_add(chunk).min(fewer.story.events.len());
            fewer.story.events.drain(at..end);
            tries -= 1;
            match player.play(&fewer)? {
                Played::Badly(now) if now.check == broken.check => {
                    (best, broken) = (fewer, now);
                    shortened = true;
                }
                _ => at = end,
            }
        }
        if tries == 0 || (chunk == 1 && !shortened) {
            break;
        }
        chunk = (chunk / 2).max(1);
    }
    Ok(Found {
        seed: best.seed,
        check: broken.check,
        what: broken.what,
        values: values::told(player.subject.declaration(), &best.story.values),
        events_drawn,
        story: best.story.to_string(),
    })
}
