//! The threads: one row each, what they are and how they are scheduled.

use pump_rt::thread::{Policy, Spec};

/// Locked memory counts stacks whole.
const STACK: usize = 256 * 1024;

const fn row(name: &'static str, policy: Policy) -> Spec {
    Spec {
        name,
        policy,
        stack: STACK,
    }
}

pub(crate) const SENTINEL: Spec = row("sentinel", Policy::Fifo(90));
pub(crate) const LOOP: Spec = row("pump-loop", Policy::Fifo(80));
pub(crate) const INPUTS: Spec = row("inputs", Policy::Fifo(60));
pub(crate) const LINKS: [Spec; 4] = [
    row("strategy-link-0", Policy::Fifo(20)),
    row("strategy-link-1", Policy::Fifo(20)),
    row("strategy-link-2", Policy::Fifo(20)),
    row("strategy-link-3", Policy::Fifo(20)),
];
pub(crate) const JOURNAL: Spec = Spec {
    // It repeats the control law and makes checkpoints, which are large.
    stack: 512 * 1024,
    ..row("journal", Policy::Normal)
};
pub(crate) const DISK: Spec = row("disk", Policy::Normal);
pub(crate) const WATCHDOG: Spec = row("watchdog", Policy::Normal);
pub(crate) const INDICATORS: Spec = row("indicators", Policy::Normal);
pub(crate) const JUDGE: Spec = Spec {
    // It reads prescriptions, however they are nested.
    stack: 1024 * 1024,
    ..row("judge", Policy::Normal)
};
pub(crate) const CONTROL: Spec = Spec {
    // It reads and writes whole documents.
    stack: 512 * 1024,
    ..row("control", Policy::Normal)
};

/// All of them, as `status --threads` shows them beside what the kernel says.
pub(crate) fn planned() -> Vec<(&'static str, Policy)> {
    let rest = [
        &SENTINEL,
        &LOOP,
        &INPUTS,
        &JOURNAL,
        &DISK,
        &WATCHDOG,
        &INDICATORS,
        &JUDGE,
        &CONTROL,
    ];
    rest.into_iter()
        .chain(&LINKS)
        .map(|spec| (spec.name, spec.policy))
        .collect()
}
