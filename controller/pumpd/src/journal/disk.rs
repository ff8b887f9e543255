//! The thread `disk`: writes and syncs what the journal hands it, one batch after the other.
//!
//! A batch that the disk does not take is tried again until it does. Meanwhile the thread does
//! not show itself, which is the alarm `journal-stalled`, and the pump comes to rest when its
//! credit is spent.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pump_core::quantity::{MonoNs, Nanoseconds, Steps};
use pump_journal::{Batch, Boot, Receipt, Store, Trouble};
use pump_rt::clock;

use crate::faults::{Faults, Victim};
use crate::messages::Credit;
use crate::stamp;
use crate::vitals::Vitals;

/// What has grown too old is pruned so often, when nothing else is to be done.
const TIDY_EVERY: Nanoseconds = Nanoseconds::from_hours(1);
/// The thread shows itself so often while there is nothing to do.
const IDLE: Duration = Duration::from_millis(200);
const AGAIN: Nanoseconds = Nanoseconds::from_millis(200);
/// A daemon that ends does not wait longer for a disk.
const LAST_TRIES: u32 = 10;

/// How the disk does, for preflight and status.
#[derive(Debug, Default)]
pub(crate) struct DiskStatus(Mutex<DiskState>);

/// How the disk does.
#[derive(Clone, Debug, Default)]
pub(crate) struct DiskState {
    /// The head of the journal's chain: the last row's number and hash.
    pub(crate) head: String,
    /// How long the last sync took.
    pub(crate) took: Nanoseconds,
    /// The longest since the daemon began.
    pub(crate) worst: Nanoseconds,
    pub(crate) commits: u64,
    /// What keeps it from writing now: what it is, and what to do.
    pub(crate) trouble: Option<(String, String)>,
}

impl DiskStatus {
    pub(crate) fn state(&self) -> DiskState {
        let state = self.0.lock();
        state.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut DiskState)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

pub(crate) struct Disk {
    pub(crate) store: Store,
    pub(crate) boot: Boot,
    pub(crate) batches: Receiver<Batch>,
    /// The credit that is durable now.
    pub(crate) done: Sender<Credit>,
    pub(crate) status: Arc<DiskStatus>,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) faults: Arc<Faults>,
}

impl Disk {
    pub(crate) fn run(mut self) {
        let mut tidy_at = clock::now().after(TIDY_EVERY);
        loop {
            self.vitals.disk.show(clock::now());
            match self.batches.recv_timeout(IDLE) {
                Ok(batch) => self.make_durable(&batch),
                Err(RecvTimeoutError::Timeout) if clock::now() >= tidy_at => {
                    tidy_at = self.tidy();
                }
                Err(RecvTimeoutError::Timeout) => {}
                // The journal has ended.
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if let Err(trouble) = self.store.close() {
            log::error!("the journal could not be closed: {trouble}");
        }
    }

    /// When to do so again: soon, where there is more.
    fn tidy(&mut self) -> MonoNs {
        let tidied = self.store.tidy(&stamp::now(self.boot));
        let later = clock::now().after(TIDY_EVERY);
        match tidied {
            Ok(tidied) if tidied.more => clock::now(),
            Ok(_) => later,
            Err(trouble) => {
                log::warn!("old rows of the journal could not be pruned: {trouble}");
                later
            }
        }
    }

    fn make_durable(&mut self, batch: &Batch) {
        let mut last_tries = 0;
        loop {
            self.faults.visit(Victim::Disk, clock::now(), &self.vitals);
            match self.store.commit(batch) {
                Ok(receipt) => return self.written(batch, &receipt),
                Err(trouble) => self.failed(&trouble),
            }
            if self.vitals.is_ending() {
                last_tries += 1;
                if last_tries == LAST_TRIES {
                    log::error!("the last batch of the journal could not be written");
                    return;
                }
            }
            clock::sleep_until(clock::now().after(AGAIN));
        }
    }

    fn written(&self, batch: &Batch, receipt: &Receipt) {
        let took = Nanoseconds(u64::try_from(receipt.took.as_nanos()).unwrap_or(u64::MAX));
        self.status.change(|state| {
            state.head = receipt.head.to_string();
            state.took = took;
            state.worst = state.worst.max(took);
            state.commits = state.commits.saturating_add(1);
            if let Some((what, _)) = state.trouble.take() {
                log::info!("the journal is written again, after: {what}");
            }
        });
        if let Some(durable) = &batch.durable {
            let credit = Credit {
                arming: durable.arming,
                steps: Steps(durable.credit),
            };
            // Where nobody hears it the journal has ended.
            let _ = self.done.send(credit);
        }
    }

    fn failed(&self, trouble: &Trouble) {
        let Trouble { kind, file, detail } = trouble;
        let what = format!("the journal {}: {} ({detail})", file.display(), kind.text());
        let fix = kind.fix().to_owned();
        self.status.change(|state| {
            if state.trouble.is_none() {
                log::error!("{trouble}");
            }
            state.trouble = Some((what, fix));
        });
    }
}
