//! How late a thread wakes on this machine.
//!
//! ```text
//! lateness [SECONDS] [PRIORITY]
//! ```
//!
//! A FIFO thread of PRIORITY (80) sleeps on a grid of 10 ms for SECONDS (5), as the pump's
//! loop does; then this prints how late it woke, and the threads as the kernel saw them.
//! Compare it with `cyclictest --mlockall --priority=80 --interval=10000`.

use std::process::ExitCode;

use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_rt::guard::{self, GuardedAlloc};
use pump_rt::histogram::Histogram;
use pump_rt::latency::CpuDmaLatency;
use pump_rt::thread::{Policy, Setting, Spec};
use pump_rt::{clock, memory, report, thread};

#[global_allocator]
static ALLOCATOR: GuardedAlloc = GuardedAlloc;

static LATENESS: Histogram = Histogram::new();

const GRID: Nanoseconds = Nanoseconds::from_millis(10);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(Ok(5), |text| text.parse::<u64>());
    let priority = arguments.next().map_or(Ok(80), |text| text.parse::<u8>());
    let (Ok(seconds), Ok(priority)) = (seconds, priority) else {
        eprintln!("usage: lateness [SECONDS] [PRIORITY]");
        return ExitCode::from(2);
    };
    memory::calm_heap();
    let locked = memory::lock_all();
    let shallow = CpuDmaLatency::hold();
    if let Err(refused) = &locked {
        eprintln!("warning: memory is not locked: {refused}");
    }
    if let Err(refused) = &shallow {
        eprintln!("warning: the processor may sleep deeply: {refused}");
    }
    let spec = Spec {
        name: "sleeper",
        policy: Policy::Fifo(priority),
        stack: 128 * 1024,
    };
    let setting = Setting {
        realtime: true,
        ..Setting::default()
    };
    let sleeper = thread::spawn(&spec, setting, move || sleep(seconds));
    let sleeper = match sleeper {
        Ok(sleeper) => sleeper,
        Err(refused) => {
            eprintln!("error: no thread: {refused}");
            return ExitCode::FAILURE;
        }
    };
    if let Some(denied) = sleeper.granted().error {
        eprintln!("warning: {denied}");
    }
    let end = clock::now().after(Nanoseconds::from_secs(seconds));
    clock::sleep_until(MonoNs(end.0.saturating_sub(GRID.0)));
    let threads = report::threads().unwrap_or_default();
    if let Err(panicked) = sleeper.join() {
        eprintln!("error: {panicked}");
        return ExitCode::FAILURE;
    }
    let late = LATENESS.snapshot();
    for (name, ns) in [
        ("min", late.min),
        ("p50", late.p50),
        ("p99", late.p99),
        ("p99.9", late.p999),
        ("max", late.max),
    ] {
        println!("{name:>6} {:>9} ns late", ns.0);
    }
    println!(
        "{} wake-ups, {} allocations",
        late.count,
        guard::violations()
    );
    println!(
        "PREEMPT_RT: {}, {:?}",
        report::is_preempt_rt(),
        report::throttle()
    );
    for thread in threads {
        println!("{thread:?}");
    }
    ExitCode::SUCCESS
}

fn sleep(seconds: u64) {
    let mut due = clock::now();
    let end = due.after(Nanoseconds::from_secs(seconds));
    guard::forbid();
    while due < end {
        due = due.after(GRID);
        clock::sleep_until(due);
        LATENESS.record(clock::now().since(due));
    }
}
