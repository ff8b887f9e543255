//! What has come of the cuts so far.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use crate::afterlife::Found;
use crate::probe::STEP_NL;
use crate::story::Story;

#[derive(Clone, Copy, Debug, Default)]
struct Line {
    kills: u64,
    power_cuts: u64,
    revived: u64,
    flowing: u64,
    locked: u64,
    worst: u64,
}

/// The cuts that are done.
#[derive(Debug)]
pub(crate) struct Tally {
    cuts: u64,
    begun: Instant,
    lines: Mutex<(BTreeMap<&'static str, Line>, Vec<String>)>,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Kill,
    PowerCut,
}

impl Tally {
    pub(crate) fn of(cuts: u64) -> Self {
        Self {
            cuts,
            begun: Instant::now(),
            lines: Mutex::default(),
        }
    }

    /// A cut is done.
    pub(crate) fn survived(&self, story: Story, kind: Kind, found: &Found, revived: bool) {
        let mut held = self.lines.lock().expect("nobody panics with it");
        let line = held.0.entry(story.name()).or_default();
        match kind {
            Kind::Kill => line.kills += 1,
            Kind::PowerCut => line.power_cuts += 1,
        }
        line.revived += u64::from(revived);
        line.flowing += u64::from(found.given > 0);
        line.locked += u64::from(found.locked);
        line.worst = line.worst.max(found.over);
        self.progress(&held);
    }

    pub(crate) fn failed(&self, what: String) {
        let mut held = self.lines.lock().expect("nobody panics with it");
        eprintln!("FAILED: {what}");
        held.1.push(what);
    }

    fn progress(&self, held: &(BTreeMap<&'static str, Line>, Vec<String>)) {
        let done: u64 = held.0.values().map(|it| it.kills + it.power_cuts).sum();
        if done.is_multiple_of((self.cuts / 10).max(1)) {
            let (failed, s) = (held.1.len(), self.begun.elapsed().as_secs());
            eprintln!(
                "{done} of {} cuts survived, {failed} failed, {s} s",
                self.cuts
            );
        }
    }

    /// Says it all. Whether everything survived.
    pub(crate) fn close(self, seed: u64) -> bool {
        let (lines, failures) = self.lines.into_inner().expect("nobody panics with it");
        println!(
            "{:<12} {:>6} {:>6} {:>8} {:>8} {:>7} {:>21}",
            "life", "kills", "power", "flowing", "revived", "locked", "worst over-booking"
        );
        let mut all = Line::default();
        for (name, line) in &lines {
            println!("{}", row(name, line));
            all.kills += line.kills;
            all.power_cuts += line.power_cuts;
            all.revived += line.revived;
            all.flowing += line.flowing;
            all.locked += line.locked;
            all.worst = all.worst.max(line.worst);
        }
        println!("{}", row("all", &all));
        println!(
            "seed {seed}: {} cuts, {} failures, {} s",
            all.kills + all.power_cuts + failures.len() as u64,
            failures.len(),
            self.begun.elapsed().as_secs()
        );
        for failure in &failures {
            println!("FAILED: {failure}");
        }
        failures.is_empty()
    }
}

fn row(name: &str, line: &Line) -> String {
    let ul = line.worst * STEP_NL;
    let worst = format!("{} steps, {}.{:03} µL", line.worst, ul / 1_000, ul % 1_000);
    format!(
        "{name:<12} {:>6} {:>6} {:>8} {:>8} {:>7}  {worst}",
        line.kills, line.power_cuts, line.flowing, line.revived, line.locked
    )
}
