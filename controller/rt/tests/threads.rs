//! Threads as the kernel sees them.
//!
//! What needs a privilege says so on standard error where it isn't there; without FIFO
//! threads that is a failure where `PUMP_REQUIRE_FIFO=1`.

use std::io::Write;
use std::sync::mpsc;

use pump_core::quantity::Nanoseconds;
use pump_rt::report::{self, Class, ThreadReport};
use pump_rt::thread::{self, Policy, Setting, Spec, Thread, Wanted};
use pump_rt::{latency, memory};

const REALTIME: Setting = Setting {
    realtime: true,
    cpu: None,
    on_panic: None,
};

const fn spec(name: &'static str, policy: Policy) -> Spec {
    Spec {
        name,
        policy,
        stack: 128 * 1024,
    }
}

/// A thread that waits, and what the kernel says of it meanwhile.
fn seen(spec: &Spec, setting: Setting) -> (Thread, ThreadReport) {
    let (end, ended) = mpsc::channel::<()>();
    let thread = thread::spawn(spec, setting, move || {
        let _ = ended.recv();
    });
    let thread = thread.expect("a thread more");
    let report = report_of(&thread);
    drop(end);
    (thread, report)
}

fn report_of(thread: &Thread) -> ThreadReport {
    let threads = report::threads().expect("a Linux");
    let mut mine = threads
        .into_iter()
        .filter(|t| t.tid == thread.tid().unsigned_abs());
    mine.next().expect("it waits")
}

/// Whether this user may have FIFO threads.
fn fifo_is_granted(test: &str) -> bool {
    let (thread, _) = seen(&spec("probe", Policy::Fifo(1)), REALTIME);
    let denied = thread.granted().error;
    if let Some(denied) = denied {
        let required = std::env::var_os("PUMP_REQUIRE_FIFO").is_some_and(|v| v == "1");
        assert!(!required, "{test}: {denied}");
        // Not the macro: that is kept back for tests that fail.
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {denied}");
    }
    denied.is_none()
}

#[test]
fn a_fifo_thread_is_one_in_the_kernels_eyes() {
    if !fifo_is_granted("a_fifo_thread_is_one_in_the_kernels_eyes") {
        return;
    }
    for priority in [1, 20, 90] {
        let (thread, report) = seen(&spec("pump-loop", Policy::Fifo(priority)), REALTIME);
        assert_eq!(thread.granted().policy, Policy::Fifo(priority));
        assert_eq!(report.name, "pump-loop");
        assert_eq!((report.policy, report.priority), (Class::Fifo, priority));
        assert_eq!(thread.join(), Ok(()));
    }
}

#[test]
fn in_a_simulation_no_priority_is_asked_for() {
    let setting = Setting::default();
    let (thread, report) = seen(&spec("pump-loop", Policy::Fifo(80)), setting);
    assert_eq!(thread.granted().error, None);
    assert_eq!(thread.granted().policy, Policy::Normal);
    assert_eq!((report.policy, report.priority), (Class::Normal, 0));
}

#[test]
fn children_of_a_fifo_thread_are_ordinary() {
    if !fifo_is_granted("children_of_a_fifo_thread_are_ordinary") {
        return;
    }
    let (tell, told) = mpsc::channel();
    let parent = thread::spawn(&spec("parent", Policy::Fifo(3)), REALTIME, move || {
        let (ours, _) = seen(&spec("child", Policy::Normal), REALTIME);
        let (higher, _) = seen(&spec("child", Policy::Fifo(5)), REALTIME);
        // A thread that nobody prepared, and a process.
        let theirs = std::thread::spawn(|| {
            let me = rustix::thread::gettid()
                .as_raw_nonzero()
                .get()
                .unsigned_abs();
            let threads = report::threads().expect("a Linux");
            threads
                .into_iter()
                .find(|t| t.tid == me)
                .expect("it runs")
                .policy
        });
        let process = std::process::Command::new("cat")
            .arg("/proc/self/stat")
            .output();
        let policies = (*ours.granted(), *higher.granted());
        tell.send((policies, theirs.join(), process))
            .expect("the test waits");
    });
    let ((ours, higher), theirs, process) = told.recv().expect("the parent doesn't panic");
    parent.expect("a thread more").join().expect("it told");
    assert_eq!(ours.policy, Policy::Normal);
    assert_eq!((higher.policy, higher.error), (Policy::Fifo(5), None));
    assert_eq!(theirs.expect("it doesn't panic"), Class::Normal);
    let stat = String::from_utf8(process.expect("cat is there").stdout).expect("plain text");
    // Fields 40 and 41 are its priority and policy; the name has no space in it.
    let fields: Vec<&str> = stat.split(' ').collect();
    assert_eq!(fields[39..41], ["0", "0"]);
}

#[test]
fn a_priority_that_does_not_exist_is_denied_and_the_body_still_runs() {
    for priority in [0, 100, 255] {
        let policy = Policy::Fifo(priority);
        let thread = thread::spawn(&spec("x", policy), REALTIME, || ()).expect("a thread more");
        let denied = thread.granted().error.expect("no such priority");
        assert_eq!(denied.what, Wanted::Policy(policy));
        assert!(denied.to_string().contains(&policy.to_string()));
        assert_eq!(thread.granted().policy, Policy::Normal);
        assert_eq!(thread.join(), Ok(()));
    }
}

#[test]
fn a_thread_stays_on_the_processor_it_was_given() {
    let allowed = rustix::thread::sched_getaffinity(None).expect("a Linux");
    let all = (0..1024).filter(|cpu| allowed.is_set(*cpu));
    for cpu in all {
        let setting = Setting {
            cpu: Some(cpu),
            ..Setting::default()
        };
        let (thread, report) = seen(&spec("pinned", Policy::Normal), setting);
        assert_eq!(thread.granted().cpu, Some(cpu));
        assert_eq!(thread.granted().error, None);
        assert_eq!(report.affinity, cpu.to_string());
    }
}

#[test]
fn a_processor_that_does_not_exist_is_denied() {
    for cpu in [1023, 1024, usize::MAX] {
        let setting = Setting {
            cpu: Some(cpu),
            ..Setting::default()
        };
        let (thread, _) = seen(&spec("pinned", Policy::Normal), setting);
        let denied = thread.granted().error.expect("so many are on no board");
        assert_eq!(denied.what, Wanted::Cpu(cpu));
    }
}

#[test]
fn nearly_all_of_a_stack_is_touched_and_never_its_guard() {
    for stack in [64, 128, 256, 1024] {
        let wanted = Spec {
            stack: stack * 1024,
            ..spec("stacked", Policy::Normal)
        };
        let (thread, _) = seen(&wanted, Setting::default());
        let touched = thread.granted().stack;
        assert!(touched <= wanted.stack);
        assert!(
            touched + 32 * 1024 >= wanted.stack,
            "{touched} of {}",
            wanted.stack
        );
        assert_eq!(thread.join(), Ok(()));
    }
}

#[test]
fn touching_no_more_than_asked_for_spares_a_large_stack() {
    assert!(memory::prefault_stack(40_000) <= 40_000);
    assert_eq!(memory::prefault_stack(0), 0);
}

#[test]
fn a_report_counts_what_a_thread_did() {
    let (stop, stopped) = mpsc::channel::<()>();
    let (woken, awake) = mpsc::channel();
    let thread = thread::spawn(
        &spec("busy", Policy::Normal),
        Setting::default(),
        move || {
            let begun = pump_rt::clock::own_cpu_time();
            while pump_rt::clock::own_cpu_time().0 - begun.0 < 2_000_000 {}
            while stopped.recv().is_ok() {
                woken.send(()).expect("the test waits");
            }
        },
    );
    let thread = thread.expect("a thread more");
    for _ in 0..5 {
        stop.send(()).expect("it waits");
        awake.recv().expect("it answers");
    }
    let report = report_of(&thread);
    assert!(report.cpu_time >= Nanoseconds::from_millis(2), "{report:?}");
    drop(stop);
    assert_eq!(thread.join(), Ok(()));
}

#[test]
fn a_thread_that_ended_is_in_no_report() {
    let (thread, _) = seen(&spec("ended", Policy::Normal), Setting::default());
    let tid = thread.tid().unsigned_abs();
    thread.join().expect("it ended");
    // The kernel may keep a thread for a moment after it woke who joined it.
    while report::threads()
        .expect("a Linux")
        .iter()
        .any(|t| t.tid == tid)
    {
        std::thread::yield_now();
    }
}

#[test]
fn the_processors_are_kept_awake_where_that_can_be_asked_for() {
    match latency::CpuDmaLatency::hold() {
        Ok(held) => drop(held),
        Err(denied) => {
            let _ = writeln!(std::io::stderr(), "SKIPPED /dev/cpu_dma_latency: {denied}");
        }
    }
}
