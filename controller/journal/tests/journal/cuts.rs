//! Loss of power, at the disk: whatever it had not synced is there, or not, or torn.
//!
//! strace records each write and sync of a writer. The power is cut between any two of them,
//! and a disk is made up that may have come of it: what was synced is there; of everything
//! else any part, in any order, and a sector of 4 KiB whose writing was interrupted may hold
//! anything. `PUMP_CUTS` says how many cuts, `PUMP_SEED` which.

use std::fs;
use std::path::Path;

use pump_journal::{Head, Store};
use pump_power_cut::trace::{self, Call};
use pump_power_cut::{Dice, Disk};
use tempfile::TempDir;

use crate::migration::version_1;
use crate::rig::{batch, durable, folder, reader};
use crate::strace;

/// How many batches a writer commits before its power is cut.
const COUNT: u64 = 30;

fn from_env(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect(name))
}

/// The last durable state up to the batch `n`; 0 where there was none.
fn last_durable(n: u64) -> u64 {
    (1..=n)
        .rev()
        .find(|&n| batch(n).durable.is_some())
        .unwrap_or(0)
}

/// The last batch that was said to be durable.
fn done(calls: &[Call]) -> Option<u64> {
    calls.iter().rev().find_map(|call| match call {
        Call::Said(line) => line.strip_prefix("ok ")?.parse().ok(),
        _ => None,
    })
}

/// A writer's run: its calls, from the folder as it was.
struct Run {
    before: TempDir,
    calls: Vec<Call>,
    first: u64,
    /// Where the second writer began, if the first gave up.
    second: Option<usize>,
}

impl Run {
    fn record(before: TempDir, first: u64) -> Self {
        Self::with_faults(before, first, &[])
    }

    /// The same, with calls that fail.
    fn with_faults(before: TempDir, first: u64, faults: &[&str]) -> Self {
        let folder = folder();
        for file in fs::read_dir(before.path()).expect("a folder") {
            let file = file.expect("a file").path();
            let name = file.file_name().expect("a name");
            fs::copy(&file, folder.path().join(name)).expect("copied");
        }
        let mut calls = Vec::new();
        let mut second = None;
        // One that gives up on its disk is followed by another.
        for faults in [faults, &[]] {
            let next = done(&calls).map_or(first, |done| done + 1);
            let how = [trace::HOW, faults].concat();
            let (output, log) = strace::run(folder.path(), next, first + COUNT - next, &how);
            eprint!("{}", String::from_utf8_lossy(&output.stderr));
            calls.extend(trace::read(&log, folder.path()));
            if output.status.success() {
                assert!(calls.len() > 200, "only {} calls", calls.len());
                return Self {
                    before,
                    calls,
                    first,
                    second,
                };
            }
            second = Some(calls.len());
        }
        panic!("{faults:?}: it gave up");
    }

    /// Cuts the power before the call `at`, makes a disk of it in a folder, and says which
    /// batch was committed last, and which was begun last.
    fn cut(&self, at: usize, dice: &mut Dice) -> (TempDir, u64, u64) {
        let mut disk = Disk::of(self.before.path());
        for call in &self.calls[..at] {
            disk.take(call);
        }
        let done = done(&self.calls[..at]).unwrap_or(self.first - 1);
        let folder = folder();
        disk.after_power_loss(folder.path(), dice);
        (folder, done, done + 1)
    }
}

/// What must hold of any disk after a cut.
fn survives(folder: &Path, done: u64, begun: u64, fresh: bool, what: &str) {
    let (mut store, recovered) = match Store::open(folder) {
        Ok(opened) => opened,
        Err(error) => panic!("{what}: {error}"),
    };
    let least = last_durable(done);
    let most = last_durable(begun);
    match &recovered.durable {
        None => assert!(fresh && least == 0, "{what}: {least} is forgotten"),
        Some(found) => {
            // The state a migrated journal had before.
            let n = found.credit.saturating_sub(1000);
            assert!(n == 0 || *found == durable(n), "{what}: {found:?}");
            assert!(
                (least..=most).contains(&n),
                "{what}: {n}, not {least} to {most}"
            );
        }
    }
    assert!(
        !recovered.created || recovered.head == Head::EMPTY,
        "{what}"
    );
    let verified = reader(folder).verify(Some(recovered.head));
    verified.unwrap_or_else(|trouble| panic!("{what}: {trouble}"));
    // And it goes on.
    let n = begun + 1;
    store
        .commit(&batch(n))
        .unwrap_or_else(|trouble| panic!("{what}: {trouble}"));
    drop(store);
    let (_, again) = Store::open(folder).unwrap_or_else(|error| panic!("{what}: {error}"));
    if batch(n).durable.is_some() {
        assert_eq!(again.durable, Some(durable(n)), "{what}");
    }
    reader(folder)
        .verify(Some(recovered.head))
        .unwrap_or_else(|trouble| panic!("{what}: {trouble}"));
}

/// Makes up disks after cuts of runs, some of which began with no journal at all.
fn campaign(runs: &[(Run, bool)], dice: &mut Dice, what: &str) {
    let cuts = from_env("PUMP_CUTS", 150);
    for number in 0..cuts {
        let (run, fresh) = &runs[dice.below(runs.len())];
        let at = dice.below(run.calls.len() + 1);
        let (folder, done, begun) = run.cut(at, dice);
        let what = format!(
            "{what}, cut {number}, before call {at} of {} of the run from batch {}",
            run.calls.len(),
            run.first
        );
        survives(folder.path(), done, begun, *fresh, &what);
    }
}

/// What draws the cuts, and how to have them again.
fn seeded() -> (Dice, String) {
    let seed = from_env("PUMP_SEED", 1);
    let what = format!("PUMP_SEED={seed} PUMP_CUTS={}", from_env("PUMP_CUTS", 150));
    eprintln!("{what}");
    (Dice(seed), what)
}

#[test]
fn after_a_cut_at_the_disk_nothing_that_was_committed_is_older() {
    if !strace::is_here() {
        return;
    }
    let (mut dice, what) = seeded();
    let old = folder();
    version_1(old.path(), 1);
    // A new journal; an old one that is brought up to date; and one whose power was cut.
    let mut runs = vec![
        (Run::record(folder(), 1), true),
        (Run::record(old, 1), false),
    ];
    let (cut, done, _) = runs[0].0.cut(runs[0].0.calls.len() * 2 / 3, &mut dice);
    runs.push((Run::record(cut, done + 1), false));
    campaign(&runs, &mut dice, &what);
}

#[test]
fn what_a_failed_sync_has_lost_is_written_again() {
    if !strace::is_here() {
        return;
    }
    let (mut dice, what) = seeded();
    let runs = [
        "inject=fsync,fdatasync:error=EIO:when=30",
        "inject=fsync,fdatasync:error=EIO:when=28..30",
        "inject=fsync,fdatasync:error=EIO:when=27+7",
        "inject=fsync,fdatasync:error=EIO:when=50+",
        "inject=pwrite64:error=EIO:when=90..97",
        "inject=pwrite64:error=ENOSPC:when=90+30",
    ]
    .map(|fault| {
        let run = Run::with_faults(folder(), 1, &["-e", fault]);
        let failed = |call: &Call| matches!(call, Call::Said(line) if line.starts_with("trouble"));
        assert!(run.calls.iter().any(failed), "{fault}: nothing failed");
        eprintln!("{fault}: {} calls", run.calls.len());
        (run, true)
    });
    campaign(&runs, &mut dice, &what);
}

#[test]
fn a_writer_believes_nothing_that_another_has_not_brought_to_the_disk() {
    if !strace::is_here() {
        return;
    }
    let (mut dice, what) = seeded();
    // Among them the syncs of a log that was just begun, in which nothing is twice.
    for sync in [24, 25, 26, 27, 28, 45] {
        let fault = format!("inject=fsync,fdatasync:error=EIO:when={sync}+");
        let run = Run::with_faults(folder(), 1, &["-e", &fault]);
        let from = run.second.expect("the first gave up");
        for at in from..from + 50 {
            let (folder, done, begun) = run.cut(at, &mut dice);
            let what = format!("{what}, {fault}, before call {at}, {} after", at - from);
            survives(folder.path(), done, begun, true, &what);
        }
    }
}
