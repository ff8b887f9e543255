//! The table of the daemon's threads, as the kernel reports them.

use std::fmt::Write as _;

use pump_control::{Thread, Threads};

use crate::paint::Paint;
use crate::story::printable;
use crate::units::{count, time};

pub(crate) fn tell(threads: &Threads, paint: &Paint) -> String {
    let mut text = format!(
        "{:<16} {:>7}  {:<9} {:<9} {:<6} {:>10} {:>10}  {}\n",
        "thread", "tid", "granted", "planned", "cpus", "switches", "forced", "cpu time"
    );
    for thread in &threads.list {
        let granted = granted(thread);
        let planned = thread.planned.as_deref().unwrap_or("–");
        let as_planned = thread
            .planned
            .as_ref()
            .is_none_or(|planned| *planned == granted);
        let granted = format!("{:<9}", printable(&granted));
        let granted = match as_planned {
            true => granted,
            false => paint.red(&granted),
        };
        let _ = writeln!(
            text,
            "{:<16} {:>7}  {granted} {:<9} {:<6} {:>10} {:>10}  {}{}",
            printable(&thread.name),
            thread.tid,
            printable(planned),
            printable(&thread.cpus),
            count(thread.voluntary_switches),
            count(thread.involuntary_switches),
            time(thread.cpu_ns),
            if as_planned { "" } else { "  not as planned" }
        );
    }
    let kernel = match threads.preempt_rt {
        true => "PREEMPT_RT",
        false => "no PREEMPT_RT",
    };
    let throttle = match (threads.throttle_runtime_ns, threads.throttle_period_ns) {
        (Some(runtime), Some(period)) => format!(
            "real-time threads may run {} of each {}",
            time(runtime),
            time(period)
        ),
        _ => "real-time threads are not throttled".to_owned(),
    };
    let (locked, resident) = (count(threads.locked_kb), count(threads.resident_kb));
    let _ = writeln!(
        text,
        "\nmemory {locked} KiB locked, {resident} KiB resident; kernel {kernel}; {throttle}"
    );
    text
}

/// In the words of the plan.
fn granted(thread: &Thread) -> String {
    match thread.priority {
        0 => thread.policy.clone(),
        priority => format!("{} {priority}", thread.policy),
    }
}
