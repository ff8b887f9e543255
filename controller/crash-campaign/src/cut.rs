//! The campaign: which cut is which, and what is done for each.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pump_power_cut::Dice;
use pump_rt::clock;
use rustix::process::Signal;

use crate::afterlife::{Cut, Ending, Found};
use crate::daemon::{Place, send};
use crate::evidence;
use crate::life::Lives;
use crate::recording::Recording;
use crate::revival::revive;
use crate::story::Story;
use crate::tally::{Kind, Tally};
use crate::truth::Truth;

/// Daemons that run at the same time.
const LANES: usize = 3;
/// Of so many cuts one is a kill; it takes seconds, and a power cut a fraction of one.
const KILLS: usize = 3;
/// On what so many power cuts have left another daemon is started.
const REVIVED: usize = 5;

pub(crate) struct Campaign {
    pub(crate) cuts: u64,
    pub(crate) seed: u64,
    pub(crate) only: Option<u64>,
    pub(crate) kept: Option<PathBuf>,
    pub(crate) programs: Option<PathBuf>,
}

/// What a cut is.
#[derive(Clone, Copy, Debug)]
struct Plan {
    number: u64,
    kind: Kind,
    story: Story,
}

/// A folder that some lives have left, to go on from.
struct Past {
    place: Place,
    lives: Lives,
}

/// What all lanes share.
struct Stage<'a> {
    folder: &'a Path,
    programs: &'a Path,
    seed: u64,
    /// Killed in the middle of a demand's bolus; and the same as version 1 has it.
    killed: Past,
    older: Past,
}

impl Campaign {
    /// Runs it. Whether everything survived.
    ///
    /// # Errors
    /// What keeps it from being run.
    pub(crate) fn run(&self) -> Result<bool, String> {
        let programs = self.programs()?;
        let mut folder = tempfile::Builder::new()
            .prefix("crash-")
            .tempdir()
            .map_err(|error| error.to_string())?;
        if let (Some(number), Some(kept)) = (self.only, &self.kept) {
            return self.judge_kept(number, kept, folder.path(), &programs);
        }
        let (killed, older) = pasts(folder.path(), &programs, self.seed)?;
        let stage = Stage {
            folder: folder.path(),
            programs: &programs,
            seed: self.seed,
            killed,
            older,
        };
        let plans: Vec<Plan> = match self.only {
            Some(number) => vec![plan(self.seed, number)],
            None => (0..self.cuts)
                .map(|number| plan(self.seed, number))
                .collect(),
        };
        eprintln!(
            "seed {}, {} cuts, in {}",
            self.seed,
            plans.len(),
            folder.path().display()
        );
        let tally = Tally::of(plans.len() as u64);
        stage.perform(&plans, &tally)?;
        let survived = tally.close(self.seed);
        if !survived {
            folder.disable_cleanup(true);
            println!("what was left is kept in {}", folder.path().display());
        }
        Ok(survived)
    }

    /// Judges again what a campaign has kept of a cut.
    fn judge_kept(
        &self,
        number: u64,
        kept: &Path,
        folder: &Path,
        programs: &Path,
    ) -> Result<bool, String> {
        let kept = Place {
            folder: kept.join(format!("c{number}")),
            programs: programs.to_owned(),
        };
        let left = Place::make(folder.join("left"), programs)?;
        copy(&kept, &left)?;
        match evidence::judge_again(&kept.folder, &left.state()) {
            Ok((story, found)) => {
                println!("cut {number} of {} survives: {found:?}", story.name());
                Ok(true)
            }
            Err(why) => {
                println!("FAILED: cut {number}: {why}");
                Ok(false)
            }
        }
    }

    fn programs(&self) -> Result<PathBuf, String> {
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let beside = own.parent().map(Path::to_owned).unwrap_or_default();
        let programs = self.programs.clone().unwrap_or(beside);
        for name in ["pumpd", "strategy-host", "examples/older"] {
            if !programs.join(name).is_file() {
                return Err(format!(
                    "{} is not built: `cargo crash-campaign` builds it",
                    programs.join(name).display()
                ));
            }
        }
        Ok(programs)
    }
}

/// A cut is drawn from the seed and its number alone.
fn dice(seed: u64, number: u64) -> Dice {
    let mut dice = Dice(seed);
    Dice(dice.draw() ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn plan(seed: u64, number: u64) -> Plan {
    let mut dice = dice(seed, number);
    let kind = match dice.below(KILLS) {
        0 => Kind::Kill,
        _ => Kind::PowerCut,
    };
    let story = Story::ALL[dice.below(Story::ALL.len())];
    Plan {
        number,
        kind,
        story,
    }
}

impl Stage<'_> {
    /// Kills while the recordings are made, and cuts these when they are.
    fn perform(&self, plans: &[Plan], tally: &Tally) -> Result<(), String> {
        let of = |kind| plans.iter().filter(move |plan| plan.kind == kind);
        let (kills, cuts): (Vec<_>, Vec<_>) =
            (of(Kind::Kill).collect(), of(Kind::PowerCut).collect());
        let mut stories: Vec<Story> = cuts.iter().map(|plan| plan.story).collect();
        stories.sort_by_key(|story| story.name());
        stories.dedup();
        let recordings: Vec<Recording> = std::thread::scope(|scope| {
            let made: Vec<_> = stories
                .iter()
                .map(|story| scope.spawn(move || self.record(*story)))
                .collect();
            self.lanes(&kills, tally, |plan| self.kill(plan));
            made.into_iter()
                .map(|one| {
                    one.join()
                        .map_err(|_| "a recording has panicked".to_owned())?
                })
                .collect::<Result<_, String>>()
        })?;
        self.lanes(&cuts, tally, |plan| {
            let mut of = recordings.iter();
            let recording = of.find(|it| it.story == plan.story);
            self.cut(plan, recording.ok_or("it was not recorded")?)
        });
        Ok(())
    }

    /// Does all of them, some at a time.
    fn lanes(
        &self,
        plans: &[&Plan],
        tally: &Tally,
        perform: impl Fn(&Plan) -> Result<(Found, bool), String> + Sync,
    ) {
        let next = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..LANES {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let at = usize::try_from(at).unwrap_or(usize::MAX);
                        let Some(plan) = plans.get(at) else { break };
                        match perform(plan) {
                            Ok((found, revived)) => {
                                tally.survived(plan.story, plan.kind, &found, revived);
                            }
                            Err(why) => tally.failed(self.again(plan, &why)),
                        }
                    }
                });
            }
        });
    }

    fn again(&self, plan: &Plan, why: &str) -> String {
        let Plan {
            number,
            kind,
            story,
        } = plan;
        format!(
            "cut {number} ({kind:?}, {}): {why}\n  again, as it is: cargo crash-campaign --only \
             {number} --kept {}\n  anew: cargo crash-campaign --seed {} --only {number}",
            story.name(),
            self.folder.display(),
            self.seed
        )
    }

    /// Where a story begins, and what was before.
    fn begin(&self, name: &str, story: Story) -> Result<(Place, Lives), String> {
        let place = Place::make(self.folder.join(name), self.programs)?;
        if !story.has_past() {
            return Ok((place, Lives::default()));
        }
        let past = match story {
            Story::Upgrade => &self.older,
            _ => &self.killed,
        };
        copy(&past.place, &place)?;
        Ok((place, past.lives.clone()))
    }

    fn record(&self, story: Story) -> Result<Recording, String> {
        let (place, lives) = self.begin(&format!("r-{}", story.name()), story)?;
        let recording = Recording::make(&place, story, lives)
            .map_err(|why| format!("recording {}: {why}\n{}", story.name(), place.log()))?;
        eprintln!(
            "recorded {}: {} calls of the disk, {} steps",
            story.name(),
            recording.calls(),
            recording.truth.count()
        );
        Ok(recording)
    }

    /// Lives a story until it is killed.
    fn kill(&self, plan: &Plan) -> Result<(Found, bool), String> {
        let mut dice = dice(self.seed, plan.number);
        let after = Duration::from_millis(dice.below(plan.story.kill_within_ms()) as u64);
        let (place, mut lives) = self.begin(&format!("c{}", plan.number), plan.story)?;
        die(&place, plan.story, &mut lives, after)?;
        let left = Place::make(self.folder.join(format!("j{}", plan.number)), self.programs)?;
        copy(&place, &left)?;
        let truth = Truth::read(&place.witness());
        let now_ns = clock::now().0;
        let cut = Cut {
            story: plan.story,
            left: &left.state(),
            truth: &truth,
            lives: &lives,
            at_ns: now_ns,
            ending: Ending::Killed { now_ns },
        };
        evidence::keep(&place.folder, &cut, &dice)?;
        let found = cut.judge(&mut dice)?;
        // What the judge has opened is not what the daemon has left.
        revive(&place, plan.story, &found)?;
        forget(&[&place, &left]);
        Ok((found, true))
    }

    /// Cuts a recording.
    fn cut(&self, plan: &Plan, recording: &Recording) -> Result<(Found, bool), String> {
        let mut dice = dice(self.seed, plan.number);
        let place = Place::make(self.folder.join(format!("c{}", plan.number)), self.programs)?;
        let (at_ns, ending, words) = recording.cut(&place.state(), &mut dice);
        let left = Place::make(self.folder.join(format!("j{}", plan.number)), self.programs)?;
        copy(&place, &left)?;
        let cut = Cut {
            story: plan.story,
            left: &left.state(),
            truth: &recording.truth,
            lives: &recording.lives,
            at_ns,
            ending,
        };
        evidence::keep(&place.folder, &cut, &dice)?;
        let found = cut
            .judge(&mut dice)
            .map_err(|why| format!("{words}: {why}"))?;
        let revived = plan.number.is_multiple_of(REVIVED as u64);
        if revived {
            revive(&place, plan.story, &found).map_err(|why| format!("{words}: {why}"))?;
        }
        forget(&[&place, &left]);
        Ok((found, revived))
    }
}

/// Lives a story until it is killed after a while.
fn die(place: &Place, story: Story, lives: &mut Lives, after: Duration) -> Result<(), String> {
    let killed = AtomicBool::new(false);
    lives.begin(&place.witness());
    let daemon = place.start(None)?;
    let (hand, pid) = (daemon.hand(), daemon.pid());
    let daemon = Mutex::new(daemon);
    let lived = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(after);
            killed.store(true, Ordering::Release);
            send(pid, Signal::KILL);
        });
        let mut daemon = daemon.lock().unwrap_or_else(PoisonError::into_inner);
        match daemon.listens() {
            Ok(()) => lives.live(place, &hand, &story.steps(false), &killed),
            Err(_) if killed.load(Ordering::Acquire) => Ok(()),
            Err(why) => Err(why),
        }
    });
    let mut daemon = daemon.into_inner().unwrap_or_else(PoisonError::into_inner);
    let status = daemon.wait()?;
    lived.map_err(|why| format!("{why}\n{}", place.log()))?;
    match std::os::unix::process::ExitStatusExt::signal(&status) {
        Some(9) => Ok(()),
        _ => Err(format!(
            "it was not killed, but ended: {status}\n{}",
            place.log()
        )),
    }
}

/// What was killed in the middle of a bolus, and the same as version 1 would have left it.
fn pasts(folder: &Path, programs: &Path, seed: u64) -> Result<(Past, Past), String> {
    use pump_core::prescription::LockoutEdge::EndToStart;
    let story = Story::Bolus(EndToStart);
    // A busy machine takes its time until the bolus flows.
    let tries = [3_000, 5_000, 8_000];
    let mut tried = tries.into_iter().map(|ms| {
        let place = Place::make(folder.join(format!("past-{ms}")), programs)?;
        let mut lives = Lives::default();
        die(&place, story, &mut lives, Duration::from_millis(ms))?;
        let judged = Place::make(folder.join(format!("past-{ms}-judged")), programs)?;
        copy(&place, &judged)?;
        let now_ns = clock::now().0;
        let cut = Cut {
            story,
            left: &judged.state(),
            truth: &Truth::read(&place.witness()),
            lives: &lives,
            at_ns: now_ns,
            ending: Ending::Killed { now_ns },
        };
        let judged = cut.judge(&mut Dice(seed));
        let found = judged.map_err(|why| format!("a kill after {ms} ms: {why}"))?;
        Ok::<_, String>((place, lives, found))
    });
    let (place, mut lives, found) = loop {
        match tried.next() {
            Some(Ok((_, _, found))) if found.given == 0 => {}
            Some(done) => break done?,
            None => return Err("the bolus of the past never began".to_owned()),
        }
    };
    lives.arming = found.arming;
    let older = Place::make(folder.join("past-older"), programs)?;
    copy(&place, &older)?;
    let made = std::process::Command::new(programs.join("examples/older"))
        .arg(older.state())
        .status()
        .map_err(|error| format!("examples/older: {error}"))?;
    if !made.success() {
        return Err("the journal of version 1 could not be made".to_owned());
    }
    // Its entries are those of the other, and so are its heads.
    let past = |place| Past {
        place,
        lives: lives.clone(),
    };
    Ok((past(place), past(older)))
}

/// The state and the witness of one place, to another.
fn copy(from: &Place, to: &Place) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", to.folder.display());
    for file in fs::read_dir(from.state()).map_err(failed)? {
        let file = file.map_err(failed)?;
        fs::copy(file.path(), to.state().join(file.file_name())).map_err(failed)?;
    }
    if from.witness().is_file() {
        fs::copy(from.witness(), to.witness()).map_err(failed)?;
    }
    Ok(())
}

/// What survived needs no evidence.
fn forget(places: &[&Place]) {
    for place in places {
        let _ = fs::remove_dir_all(&place.folder);
    }
}
