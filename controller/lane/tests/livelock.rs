//! The experiment that the lane exists for: one processor, a FIFO thread at one end, an
//! ordinary thread at the other.
//!
//! The ordinary thread is in the middle of a call again and again when the FIFO thread
//! comes. With the channel alone, the FIFO thread then spins in its own call, for ever as
//! far as it goes: the other one, for which it waits, can't have the processor. A rescuer
//! above it sees that, and takes its priority away for a moment. With the lane that never
//! happens. Messages are large, so that a call mostly consists of the time between the
//! claim of a slot and its stamp; that changes how often the experiment hits, not what it
//! hits.
//!
//! A stall is not "it took long", which it may on a loaded machine. It is that the ordinary
//! thread got on *while* the FIFO thread was in a call, in which that one worked for
//! milliseconds of its own processor time. Nothing but waiting for the other looks so.
//!
//! It needs the privilege of FIFO threads, and says so on standard error where it has none;
//! with `PUMP_REQUIRE_FIFO=1` that is a failure.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_lane::lane;
use pump_rt::clock;
use pump_rt::thread::{self, Policy, Setting, Spec, Thread};
use thread_priority::{
    NormalThreadSchedulePolicy, RealtimeThreadSchedulePolicy, ThreadId, ThreadPriority,
    ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};

/// 64 KiB: some microseconds to copy.
#[derive(Clone, Copy)]
struct Message([u64; 8192]);

impl Message {
    fn new(number: u64) -> Self {
        Self([number; 8192])
    }

    /// Its number, if it is the same all over.
    fn number(&self) -> Option<u64> {
        let first = self.0[0];
        self.0.iter().all(|word| *word == first).then_some(first)
    }
}

const CAPACITY: usize = 4;
/// How often the FIFO thread comes.
const PERIOD: Nanoseconds = Nanoseconds(250_000);
/// Its own processor time in one call that is not just copying.
const SPINNING: Nanoseconds = Nanoseconds::from_millis(5);
/// How long it may be in one call before it is rescued.
const PATIENCE: Nanoseconds = Nanoseconds::from_millis(60);
/// As long as a part of the experiment goes on at most.
const LIMIT: Nanoseconds = Nanoseconds::from_secs(30);
/// How many stalls of the channel are proof enough.
const STALLS: u64 = 5;
/// How many times more often than the channel needed for its stalls the lane is tried.
const TIMES: u64 = 20;

const FAST: u8 = 50;
const STACK: usize = 1024 * 1024;

/// One end of the channel under test: whether it sent or received something.
type End = Box<dyn FnMut() -> bool + Send>;

/// What the threads see of each other.
#[derive(Default)]
struct Scene {
    /// Steps of the ordinary thread; odd while it is in a call.
    slow: AtomicU64,
    /// Steps of the FIFO thread; odd while it is in a call.
    fast: AtomicU64,
    rescued: AtomicBool,
    over: AtomicBool,
    fast_id: OnceLock<ThreadId>,
}

/// What came of a part of the experiment.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    calls: u64,
    /// Calls of the FIFO thread that came while the other one was in the middle of one.
    encounters: u64,
    stalls: u64,
    longest: Nanoseconds,
}

/// Lets a FIFO thread use `fast` and an ordinary one `slow`, both on one processor, until
/// enough is known. `None` where there are no FIFO threads to be had.
fn watch(fast: End, slow: End, enough: fn(&Outcome, u64) -> bool, goal: u64) -> Option<Outcome> {
    let scene = Arc::new(Scene::default());
    let told = Arc::new(Mutex::new(Outcome::default()));

    let rescuer = start(&scene, "rescuer", Policy::Fifo(FAST + 1), rescue);
    let ordinary = start(&scene, "ordinary", Policy::Normal, |scene| {
        come_slowly(scene, slow);
    });
    let tell = Arc::clone(&told);
    let fifo = start(&scene, "fifo", Policy::Fifo(FAST), move |scene| {
        let outcome = come_fast(scene, fast, |outcome| enough(outcome, goal));
        *tell.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
        scene.over.store(true, SeqCst);
    });
    let threads = [fifo, ordinary, rescuer];
    let denied = threads.iter().find_map(|thread| thread.granted().error);
    if denied.is_some() {
        scene.over.store(true, SeqCst);
    }
    for thread in threads {
        thread.join().expect("no part of it panics");
    }
    if let Some(denied) = denied {
        let required = std::env::var_os("PUMP_REQUIRE_FIFO").is_some_and(|v| v == "1");
        assert!(!required, "{denied}");
        // Not the macro: that is kept back for tests that fail.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED the livelock experiment: {denied}"
        );
        return None;
    }
    Some(*told.lock().unwrap_or_else(PoisonError::into_inner))
}

fn start(
    scene: &Arc<Scene>,
    name: &'static str,
    policy: Policy,
    body: impl FnOnce(&Scene) + Send + 'static,
) -> Thread {
    let (here, abandoned) = (Arc::clone(scene), Arc::clone(scene));
    let spec = Spec {
        name,
        policy,
        stack: STACK,
    };
    let setting = Setting {
        realtime: true,
        cpu: Some(the_processor()),
        on_panic: Some(Arc::new(move || abandoned.over.store(true, SeqCst))),
    };
    thread::spawn(&spec, setting, move || body(&here)).expect("a thread more")
}

/// The last one this program may use: the first has most of the interrupts.
fn the_processor() -> usize {
    let allowed = pump_rt::report::threads().expect("a Linux");
    let mask = &allowed.first().expect("this thread").affinity;
    let last = mask.rsplit([',', '-']).next().expect("one at least");
    last.parse().expect("a number")
}

/// The ordinary thread: a call at a time that the FIFO thread can't foresee.
fn come_slowly(scene: &Scene, mut end: End) {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    while !scene.over.load(SeqCst) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let due = clock::now().after(Nanoseconds(random % PERIOD.0));
        while clock::now() < due {
            std::hint::spin_loop();
        }
        scene.slow.fetch_add(1, SeqCst);
        end();
        scene.slow.fetch_add(1, SeqCst);
    }
}

/// The FIFO thread: on its grid, all that can be had.
fn come_fast(scene: &Scene, mut end: End, enough: impl Fn(&Outcome) -> bool) -> Outcome {
    let _ = scene.fast_id.set(thread_native_id());
    let mut outcome = Outcome::default();
    let last = clock::now().after(LIMIT);
    while !scene.over.load(SeqCst) && !enough(&outcome) && clock::now() < last {
        clock::sleep_until(clock::now().after(PERIOD));
        for _ in 0..=CAPACITY {
            let before = scene.slow.load(SeqCst);
            let begun = clock::own_cpu_time();
            scene.fast.fetch_add(1, SeqCst);
            let something = end();
            scene.fast.fetch_add(1, SeqCst);
            let worked = Nanoseconds(clock::own_cpu_time().0 - begun.0);
            let moved = scene.slow.load(SeqCst) != before;

            outcome.calls += 1;
            outcome.encounters += before % 2;
            outcome.longest = outcome.longest.max(worked);
            outcome.stalls += u64::from(moved && worked >= SPINNING);
            if scene.rescued.swap(false, SeqCst) {
                set(thread_native_id(), Policy::Fifo(FAST));
            }
            if !something {
                break;
            }
        }
    }
    outcome
}

/// Sees a FIFO thread that is stuck in one call, and lets the others have the processor.
fn rescue(scene: &Scene) {
    let mut seen = (0, MonoNs(0));
    while !scene.over.load(SeqCst) {
        let now = clock::now();
        clock::sleep_until(now.after(Nanoseconds::from_millis(10)));
        let step = scene.fast.load(SeqCst);
        if step != seen.0 {
            seen = (step, now);
        } else if step % 2 == 1
            && now.since(seen.1) > PATIENCE
            && let Some(id) = scene.fast_id.get()
            && !scene.rescued.swap(true, SeqCst)
        {
            set(*id, Policy::Normal);
        }
    }
}

fn set(thread: ThreadId, policy: Policy) {
    let (priority, policy) = match policy {
        Policy::Fifo(priority) => (
            ThreadPriority::Crossplatform(priority.try_into().expect("a priority")),
            ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo),
        ),
        Policy::Normal => (
            ThreadPriority::Crossplatform(0.try_into().expect("a niceness")),
            ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Other),
        ),
    };
    set_thread_priority_and_policy(thread, priority, policy).expect("it was granted before");
}

/// Sends message after message, counting only those that went.
fn numbered(mut send: impl FnMut(Message) -> bool + Send + 'static) -> End {
    let mut number = 0;
    Box::new(move || {
        let sent = send(Message::new(number));
        number += u64::from(sent);
        sent
    })
}

/// Receives, and finds each message whole and in its turn.
fn checked(mut receive: impl FnMut() -> Option<Message> + Send + 'static) -> End {
    let mut number = 0;
    Box::new(move || {
        let Some(message) = receive() else {
            return false;
        };
        assert_eq!(message.number(), Some(number));
        number += 1;
        true
    })
}

/// The channel as it comes.
fn ungated() -> (End, End) {
    let (sender, receiver) = crossbeam_channel::bounded(CAPACITY);
    let sends = numbered(move |message| sender.try_send(message).is_ok());
    (sends, checked(move || receiver.try_recv().ok()))
}

fn gated() -> (End, End) {
    let (mut producer, mut consumer) = lane(CAPACITY);
    let sends = numbered(move |message| producer.send(message).is_ok());
    (sends, checked(move || consumer.receive()))
}

/// Both parts: the channel must stall, and the lane must not in many more encounters.
fn compare(fast_then_slow: fn((End, End)) -> (End, End)) {
    // They share a processor, and one of them keeps it for itself now and then.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);

    let (fast, slow) = fast_then_slow(ungated());
    let Some(twin) = watch(
        fast,
        slow,
        |outcome, stalls| outcome.stalls >= stalls,
        STALLS,
    ) else {
        return;
    };
    println!("the channel: {twin:?}");
    assert!(
        twin.stalls > 0,
        "a channel without a gate never stalled: {twin:?}"
    );

    let (fast, slow) = fast_then_slow(gated());
    let goal = (twin.encounters * TIMES).max(1_000);
    let Some(lane) = watch(fast, slow, |outcome, goal| outcome.encounters >= goal, goal) else {
        return;
    };
    println!("the lane:    {lane:?}");
    assert_eq!(lane.stalls, 0, "a lane stalled: {lane:?}");
    let tried = lane.encounters > twin.encounters;
    assert!(
        tried,
        "the lane was not tried hard enough: {lane:?} after {twin:?}"
    );
}

#[test]
fn a_fifo_receiver_stalls_on_a_stopped_sender_without_the_gate_and_never_with_it() {
    compare(|(sends, receives)| (receives, sends));
}

#[test]
fn a_fifo_sender_stalls_on_a_stopped_receiver_without_the_gate_and_never_with_it() {
    compare(|(sends, receives)| (sends, receives));
}
