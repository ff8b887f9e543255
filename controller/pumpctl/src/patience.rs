//! A plugin that hangs would hang the simulation, and nobody would know why.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// A strategy has a hundred milliseconds in the daemon; here it may be run in a debugger's
/// build on a busy machine.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The child's exit code for this; [`crate::guard`] tidies up after it.
pub(crate) const HUNG: u8 = 95;

/// Watches the calls of one plugin from a thread of its own.
#[derive(Clone)]
pub(crate) struct Patience {
    /// Milliseconds after `began` at which the call under way began, plus one; 0: none is.
    entered: Arc<AtomicU64>,
    began: Instant,
}

impl Patience {
    /// Ends the process when a call takes too long; nothing less ends a loop in foreign code.
    pub(crate) fn with(regimen: &str) -> Self {
        let patience = Self {
            entered: Arc::default(),
            began: Instant::now(),
        };
        let (watched, regimen) = (patience.clone(), regimen.to_owned());
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(LOOK_EVERY);
                let entered = watched.entered.load(Ordering::Relaxed);
                let since = watched.elapsed_ms().saturating_sub(entered);
                if entered != 0 && u128::from(since) > LONGEST_ANSWER.as_millis() {
                    let longest = LONGEST_ANSWER.as_secs();
                    Failure::Input(format!(
                        "the strategy plugin of regimen `{regimen}` has not answered for {longest} s; \
                         nothing was written"
                    ))
                    .tell();
                    std::process::exit(i32::from(HUNG));
                }
            }
        });
        patience
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).map_or(u64::MAX, |ms| ms.saturating_add(1))
    }

    /// Makes a call that must come back.
    pub(crate) fn watch<T>(&self, call: impl FnOnce() -> T) -> T {
        self.entered.store(self.elapsed_ms(), Ordering::Relaxed);
        let answer = call();
        self.entered.store(0, Ordering::Relaxed);
        answer
    }
}
