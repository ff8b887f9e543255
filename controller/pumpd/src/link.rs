//! The thread `strategy-link` of one regimen: it keeps the strategy's child alive, shows it
//! snapshots and carries its orders to the loop. See [`strategy_link::protocol`].
//!
//! Nothing here can hurt the loop: it is told [`FromLink::Lost`], and its lease on the last
//! order runs out even where nobody can tell it.

mod budget;
mod host;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{SystemTime, UNIX_EPOCH};

use pump_core::order::{Order, Snapshot};
use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_lane::{Consumer, Producer};
use pump_prescription::{Zone, wall_clock};
use pump_rt::clock;
use strategy_link::protocol::{Cause, EMPTY, FromHost, STEP_DEADLINE, State, ToHost, Values};
use strategy_link::{Sha256, WallClock, read_order, snapshot_message};

use crate::faults::{Faults, Victim};
use crate::messages::FromLink;
use crate::vitals::Vitals;

use budget::Budget;
use host::{Host, Loss, unasked};

/// The thread's turn: a snapshot waits no longer than this.
const TURN: Nanoseconds = Nanoseconds::from_millis(5);
/// The time within which a child must be ready.
const READY_WITHIN: Nanoseconds = Nanoseconds::from_millis(5000);
/// The time within which it must answer a snapshot.
const ANSWER_WITHIN: Nanoseconds = Nanoseconds::from_millis(STEP_DEADLINE.as_millis() as u64);
/// The same while there is nothing to run.
const IDLE_TURN: Nanoseconds = Nanoseconds::from_millis(50);
/// The longest wait between two beats.
const SLICE: Nanoseconds = Nanoseconds::from_millis(20);

/// What a child is to run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The plugin's file.
    pub(crate) path: PathBuf,
    /// The hash it must have.
    pub(crate) sha256: Sha256,
    /// The prescription's values.
    pub(crate) values: Values,
    /// By whose clock it goes; without it local time is UTC.
    pub(crate) time_zone: Option<Zone>,
}

/// What the thread is told.
#[derive(Clone, Debug)]
pub(crate) enum Job {
    /// Run this from now on, without a state, in place of whatever runs.
    Begin(Plan),
    /// Run nothing.
    End,
}

/// Where a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkPhase {
    /// It has nothing to run.
    Idle,
    /// A child was started and is not ready yet.
    Starting,
    /// A child answers.
    Live,
    /// The child is lost; another will be started.
    Lost,
    /// Too many were lost: no other is started before the next [`Job::Begin`].
    GivenUp,
}

/// How a link is, for anybody to read at any time.
#[derive(Debug, Default)]
pub(crate) struct LinkStatus {
    phase: AtomicU8,
    respawns: AtomicU64,
    /// Zero: no child.
    pid: AtomicU32,
    failure: Mutex<Option<String>>,
}

impl LinkStatus {
    /// Where it is.
    pub(crate) fn phase(&self) -> LinkPhase {
        let code = self.phase.load(Ordering::Acquire);
        let phases = [
            LinkPhase::Starting,
            LinkPhase::Live,
            LinkPhase::Lost,
            LinkPhase::GivenUp,
        ];
        let known = phases.into_iter().find(|phase| *phase as u8 == code);
        known.unwrap_or(LinkPhase::Idle)
    }

    /// How many children were started after the first, since the last [`Job::Begin`].
    pub(crate) fn respawns(&self) -> u64 {
        self.respawns.load(Ordering::Acquire)
    }

    /// The child's process.
    pub(crate) fn pid(&self) -> Option<u32> {
        Some(self.pid.load(Ordering::Acquire)).filter(|pid| *pid != 0)
    }

    /// Why the last child was lost, since the last [`Job`].
    pub(crate) fn failure(&self) -> Option<String> {
        let failure = self.failure.lock();
        failure.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_phase(&self, phase: LinkPhase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    fn set_failure(&self, text: Option<String>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

/// What the thread has.
#[derive(Debug)]
pub(crate) struct Link {
    /// The regimen's place in the prescription.
    pub(crate) place: usize,
    /// What the loop wants the strategy to be shown.
    pub(crate) snapshots: Consumer<Snapshot>,
    /// What comes of it.
    pub(crate) to_loop: Producer<FromLink>,
    /// What to run.
    pub(crate) jobs: mpsc::Receiver<Job>,
    /// How it goes.
    pub(crate) status: Arc<LinkStatus>,
    /// Where it shows its beat.
    pub(crate) vitals: Arc<Vitals>,
    /// The program `strategy-host`.
    pub(crate) host: PathBuf,
    /// What it is to suffer.
    pub(crate) faults: Arc<Faults>,
    /// Never give up, and start the next child at once: for tests.
    pub(crate) unlimited_respawns: bool,
}

impl Link {
    /// Works until the daemon ends. The children die with the thread that calls this.
    pub(crate) fn run(self) {
        let budget = Budget::new(self.unlimited_respawns);
        let mut keeper = Keeper {
            link: self,
            plan: None,
            state: State::EMPTY,
            host: None,
            start_at: None,
            budget,
            outbox: VecDeque::with_capacity(4),
        };
        let mut due = clock::now();
        while !keeper.link.vitals.is_ending() {
            keeper.beat();
            let Link { faults, vitals, .. } = &keeper.link;
            faults.visit(Victim::Link(keeper.link.place), clock::now(), vitals);
            keeper.take_jobs();
            keeper.turn();
            // A turn that was missed is not made up for.
            due = due.after(keeper.turn_length()).max(clock::now());
            clock::sleep_until(due);
        }
        keeper.stop();
    }
}

/// The link at work.
struct Keeper {
    link: Link,
    plan: Option<Plan>,
    /// The strategy's state after its last order.
    state: State,
    host: Option<Host>,
    /// When to start the next child.
    start_at: Option<MonoNs>,
    budget: Budget,
    /// What did not fit the lane to the loop yet. A loss or a rebirth must not go missing.
    outbox: VecDeque<FromLink>,
}

impl Keeper {
    fn beat(&self) {
        if let Some(beat) = self.link.vitals.links.get(self.link.place) {
            beat.show(clock::now());
        }
    }

    fn turn_length(&self) -> Nanoseconds {
        if self.plan.is_some() { TURN } else { IDLE_TURN }
    }

    fn take_jobs(&mut self) {
        while let Ok(job) = self.link.jobs.try_recv() {
            self.stop();
            if let Job::Begin(plan) = job {
                self.plan = Some(plan);
                self.start_at = Some(clock::now());
                self.link.status.set_phase(LinkPhase::Starting);
            }
        }
    }

    /// Runs nothing any more, and forgets everything about it.
    fn stop(&mut self) {
        let status = &self.link.status;
        self.host = None;
        self.plan = None;
        self.start_at = None;
        self.state = State::EMPTY;
        self.budget = Budget::new(self.link.unlimited_respawns);
        self.outbox.clear();
        status.pid.store(0, Ordering::Release);
        status.respawns.store(0, Ordering::Release);
        status.set_failure(None);
        status.set_phase(LinkPhase::Idle);
    }

    fn turn(&mut self) {
        self.flush();
        let now = clock::now();
        if self.start_at.is_some_and(|at| at <= now) {
            self.start_at = None;
            let started = self.start(now);
            self.settle(started);
        }
        // Where the loop does not read, it is not told more: an order waits for the last one.
        let snapshot = if self.outbox.is_empty() {
            self.newest()
        } else {
            None
        };
        let Some(host) = &self.host else {
            return;
        };
        let done = match (host.ready_by, snapshot) {
            (Some(ready_by), _) => self.greet(ready_by, now),
            (None, None) => host.silent(),
            (None, Some(snapshot)) => self.ask(&snapshot),
        };
        self.settle(done);
    }

    /// The newest snapshot; the older ones say nothing that it does not.
    fn newest(&mut self) -> Option<Snapshot> {
        std::iter::from_fn(|| self.link.snapshots.receive()).last()
    }

    fn start(&mut self, now: MonoNs) -> Result<(), Loss> {
        let Some(plan) = &self.plan else {
            return Ok(());
        };
        let status = &self.link.status;
        if status.phase() == LinkPhase::Lost {
            status.respawns.fetch_add(1, Ordering::AcqRel);
        }
        let mut host = Host::start(&self.link.host, plan)
            .map_err(|error| Loss::fault("its process can't be started", error))?;
        host.ready_by = Some(now.after(READY_WITHIN));
        status.pid.store(host.child.id(), Ordering::Release);
        status.set_phase(LinkPhase::Starting);
        let host = self.host.insert(host);
        host.send(&ToHost::Begin {
            values: plan.values.clone(),
            state: self.state.as_slice(),
        })
    }

    /// Looks whether a child that was started is ready.
    fn greet(&mut self, ready_by: MonoNs, now: MonoNs) -> Result<(), Loss> {
        let Some(host) = &mut self.host else {
            return Ok(());
        };
        let mut buffer = EMPTY;
        let sandbox = match host.receive(&mut buffer, Nanoseconds::ZERO)? {
            None if now < ready_by => return Ok(()),
            None => return Err(Loss::Fault("it was not ready in time".to_owned())),
            Some(FromHost::Ready { sandbox }) => sandbox,
            Some(_) => return Err(unasked()),
        };
        host.ready_by = None;
        let (place, pid) = (self.link.place, host.child.id());
        if let Some(plan) = &self.plan {
            let path = plan.path.display();
            log::info!("regimen {place}: {path} runs as process {pid} ({sandbox})");
        }
        // The loop shows a snapshot when it hears of this: an older one is stale.
        self.newest();
        self.link.status.set_phase(LinkPhase::Live);
        self.tell(FromLink::Reborn);
        Ok(())
    }

    /// Shows the strategy a snapshot, and passes its order on.
    fn ask(&mut self, snapshot: &Snapshot) -> Result<(), Loss> {
        let Some(host) = &self.host else {
            return Ok(());
        };
        host.silent()?;
        let zone = self.plan.as_ref().and_then(|plan| plan.time_zone.as_ref());
        let clock = told(zone, clock::synchronised_utc());
        let message = snapshot_message(snapshot, &clock);
        host.send(&ToHost::Step { snapshot: message })?;
        let order = {
            let deadline = clock::now().after(ANSWER_WITHIN);
            let mut buffer = EMPTY;
            loop {
                self.beat();
                // The look comes before the clock: an answer that came while this thread did
                // not run came in time.
                let left = deadline.since(clock::now());
                match host.receive(&mut buffer, left.min(SLICE))? {
                    None if left > Nanoseconds::ZERO => {}
                    None => return Err(Loss::Fault("it did not answer in time".to_owned())),
                    Some(answer) => break accept(&answer, snapshot.seq, &mut self.state)?,
                }
            }
        };
        self.tell(FromLink::Order { order, clock });
        Ok(())
    }

    /// Does what a loss asks for.
    fn settle(&mut self, done: Result<(), Loss>) {
        let Err(loss) = done else {
            return;
        };
        let mut text = loss.to_string();
        // The end is brought about or awaited here, so that there is no zombie.
        if let Some(Ok(status)) = self.host.take().map(|mut host| host.end())
            && matches!(loss, Loss::Gone)
        {
            text = format!("{text} ({status})");
        }
        if matches!(loss, Loss::Failed(Cause::State, _)) {
            self.state = State::EMPTY;
        }
        let (place, status) = (self.link.place, &self.link.status);
        self.start_at = self.budget.next(clock::now());
        let then = match self.start_at {
            Some(_) => {
                status.set_phase(LinkPhase::Lost);
                "it is started again"
            }
            None => {
                status.set_phase(LinkPhase::GivenUp);
                "it was lost too often and is not started again"
            }
        };
        log::warn!("regimen {place}: the strategy is lost: {text}; {then}");
        status.pid.store(0, Ordering::Release);
        status.set_failure(Some(text));
        // Whatever the loop was not told yet is void.
        self.outbox.clear();
        self.tell(FromLink::Lost);
    }

    fn tell(&mut self, news: FromLink) {
        self.outbox.push_back(news);
        self.flush();
    }

    fn flush(&mut self) {
        while let Some(news) = self.outbox.front()
            && self.link.to_loop.send(*news).is_ok()
        {
            self.outbox.pop_front();
        }
    }
}

/// Reads the answer to a snapshot.
fn accept(answer: &FromHost<'_>, seq: u64, kept: &mut State) -> Result<Order, Loss> {
    let FromHost::Stepped {
        answers,
        order,
        state,
    } = answer
    else {
        return Err(unasked());
    };
    if *answers != seq {
        let text = format!("it answers snapshot {answers}, but was asked about {seq}");
        return Err(Loss::Fault(text));
    }
    let order = read_order(order).map_err(|error| Loss::fault("its order means nothing", error))?;
    // The state goes with the order: where that is void, the former one still holds.
    if kept.keep(state) {
        Ok(order)
    } else {
        Err(Loss::Fault("its state is too long".to_owned()))
    }
}

/// What the strategy is told of the wall clock, which is good only where the kernel vouches for
/// it. The zone's rules are in this program: nothing is read for it, and nothing can be missing.
fn told(zone: Option<&Zone>, synchronised_ns: Option<u64>) -> WallClock {
    const NS_PER_S: u64 = 1_000_000_000;
    let doubtful = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs())
    };
    let utc_s = synchronised_ns.map_or_else(doubtful, |ns| ns / NS_PER_S);
    wall_clock(zone, synchronised_ns.is_some(), utc_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-29 01:00 UTC, when Berlin goes forward by an hour.
    const SPRING_NS: u64 = 1_774_746_000_000_000_000;

    #[test]
    fn a_clock_that_the_kernel_vouches_for_is_told_as_good_in_the_prescriptions_zone() {
        let berlin = Zone::named("Europe/Berlin");
        let before = told(berlin.as_ref(), Some(SPRING_NS - 1));
        assert_eq!((before.good, before.local_offset_s), (true, 3_600));
        assert_eq!(before.utc_s, SPRING_NS / 1_000_000_000 - 1);
        assert_eq!(before.next_offset_change_utc_s, Some(before.utc_s + 1));
        let after = told(berlin.as_ref(), Some(SPRING_NS));
        assert_eq!((after.good, after.local_offset_s), (true, 7_200));
    }

    #[test]
    fn a_clock_that_nobody_vouches_for_is_told_as_such() {
        let berlin = Zone::named("Europe/Berlin");
        for zone in [berlin.as_ref(), None] {
            let told = told(zone, None);
            assert!(!told.good);
            assert!(told.utc_s > 0, "it is this machine's all the same");
        }
    }
}
