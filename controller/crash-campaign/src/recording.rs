//! A daemon's life with every write and sync of its disk, to be cut at any point.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{SystemTime, UNIX_EPOCH};

use pump_control::Request;
use pump_power_cut::trace::{HOW_OF_THREADS, Timed, timed};
use pump_power_cut::{Dice, Disk};
use pump_rt::clock;
use rustix::process::Signal;

use crate::afterlife::Ending;
use crate::daemon::{Place, send};
use crate::life::Lives;
use crate::story::Story;
use crate::truth::Truth;

/// A life that was recorded.
pub(crate) struct Recording {
    pub(crate) story: Story,
    /// The disk as it was before.
    before: Disk,
    /// Every call that changed or synced it, by the monotonic clock.
    calls: Vec<Timed>,
    pub(crate) truth: Truth,
    pub(crate) lives: Lives,
}

/// The syncs of a good disk are over before the loop could do anything wrong with a credit that
/// was handed on too early. An SD card's are not.
const SLOW: &str = "inject=fsync,fdatasync:delay_enter=100000";

/// How strace calls the daemon.
fn tracer(log: &Path) -> Vec<String> {
    let how = HOW_OF_THREADS.iter().map(|word| (*word).to_owned());
    let log = log.display().to_string();
    let to = ["-e".to_owned(), SLOW.to_owned(), "-o".to_owned(), log];
    ["strace".to_owned()]
        .into_iter()
        .chain(how)
        .chain(to)
        .collect()
}

/// How far the wall's clock is ahead of the monotonic one.
fn ahead() -> Result<u64, String> {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH);
    let wall = wall.map_err(|_| "the wall's clock is before 1970")?;
    let wall = u64::try_from(wall.as_nanos()).map_err(|_| "the wall's clock is far ahead")?;
    wall.checked_sub(clock::now().0)
        .ok_or_else(|| "the wall's clock is behind the monotonic one".to_owned())
}

impl Recording {
    /// Lives a story to its end. What the folder holds is its past, and so is `lives`.
    ///
    /// # Errors
    /// The daemon does not do as it is told, or nothing was recorded.
    pub(crate) fn make(place: &Place, story: Story, mut lives: Lives) -> Result<Self, String> {
        let before = Disk::of(&place.state());
        let log = place.folder.join("calls");
        let clocks = ahead()?;
        lives.begin(&place.witness());
        let mut daemon = place.start(Some(&tracer(&log)))?;
        daemon.listens()?;
        let hand = daemon.hand();
        let pid = hand.daemon().map_err(|error| error.to_string())?;
        let steps = story.steps(true);
        let lived = lives.live(place, &hand, &steps, &AtomicBool::new(false));
        // An orderly end is written down too; where nothing flows there is nothing to stop.
        let _ = hand.ask(&Request::Stop);
        send(pid, Signal::TERM);
        daemon.wait()?;
        lived?;
        if ahead()?.abs_diff(clocks) > 100_000 {
            return Err("somebody has set the wall's clock meanwhile: try again".to_owned());
        }
        let text = fs::read_to_string(&log).map_err(|error| error.to_string())?;
        let mut calls = timed(&text, &place.state());
        for call in &mut calls {
            call.began_ns = call.began_ns.saturating_sub(clocks);
            call.ended_ns = call.ended_ns.saturating_sub(clocks);
        }
        if calls.len() < 50 {
            return Err(format!("only {} calls were recorded", calls.len()));
        }
        // What was read is in memory now, and the text is long.
        let _ = fs::remove_file(&log);
        Ok(Self {
            story,
            before,
            calls,
            truth: Truth::read(&place.witness()),
            lives,
        })
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Cuts it at a random point, and writes what may be left into a folder. When that was,
    /// and how the machine went on, and in words.
    pub(crate) fn cut(&self, left: &Path, dice: &mut Dice) -> (u64, Ending, String) {
        let call = self.draw(dice);
        let ended = |call: usize| self.calls.get(call).map(|call| call.ended_ns);
        let from = call.checked_sub(1).and_then(ended);
        let from = from.unwrap_or_else(|| self.calls.first().map_or(0, |first| first.began_ns));
        // The call itself is under way until then, and may be done or not.
        let to = ended(call).map_or(from, |ended| ended.saturating_sub(1).max(from));
        // As much has happened as could while it is under way, mostly: then least is durable.
        let at_ns = match dice.below(6) {
            0 => from,
            1 => from + dice.draw() % (to - from + 1),
            _ => to,
        };
        let mut disk = self.before.clone();
        for done in self.calls.iter().take(call) {
            disk.take(&done.call);
        }
        let dead = dice.below(4) == 0;
        // A power cut finds the call that is under way begun; a process that dies in it has
        // done it or has not.
        if let Some(under_way) = self.calls.get(call)
            && dice.below(2) == 0
            && (dead || !is_sync(under_way))
        {
            disk.take(&under_way.call);
        }
        let ending = if dead {
            disk.after_process_death(left);
            Ending::Killed {
                now_ns: at_ns + dice.draw() % 2_000_000_000,
            }
        } else {
            disk.after_power_loss(left, dice);
            Ending::PowerLost {
                up_ns: dice.draw() % 60_000_000_000,
            }
        };
        let words = format!("before call {call} of {}, {ending:?}", self.calls.len());
        (at_ns, ending, words)
    }

    /// A quarter of them by the calls, which are many where much happens; a quarter by the time,
    /// in which mostly nothing does; and half where a sync is under way, whose credit nobody may
    /// have yet.
    fn draw(&self, dice: &mut Dice) -> usize {
        match dice.below(4) {
            0 => return dice.below(self.calls.len() + 1),
            1 => {}
            _ => {
                let syncs = self.calls.iter().enumerate();
                let syncs: Vec<_> = syncs.filter(|(_, call)| is_sync(call)).collect();
                return match syncs.len() {
                    0 => 0,
                    some => syncs.get(dice.below(some)).map_or(0, |(at, _)| *at),
                };
            }
        }
        let (Some(first), Some(last)) = (self.calls.first(), self.calls.last()) else {
            return 0;
        };
        let span = (last.ended_ns - first.began_ns).max(1);
        let at = first.began_ns + dice.draw() % span;
        self.calls.partition_point(|call| call.ended_ns <= at)
    }
}

const fn is_sync(call: &Timed) -> bool {
    use pump_power_cut::trace::Call::{Synced, SyncedFolder};
    matches!(call.call, Synced(_) | SyncedFolder)
}
