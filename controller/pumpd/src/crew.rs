//! The threads of the daemon, made and ended together.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use pump_hal::Brake;
use pump_rt::thread::{Policy, Setting, Spec, Thread, spawn};

use crate::table;
use crate::vitals::Vitals;

/// The threads of the daemon.
pub(crate) struct Crew {
    /// Whether real-time scheduling is asked for.
    pub(crate) realtime: bool,
    /// The processor of the real-time threads.
    pub(crate) cpu: Option<usize>,
    pub(crate) brake: Arc<dyn Brake>,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) threads: Vec<Thread>,
    /// What the kernel refused, in words.
    pub(crate) refusals: Vec<String>,
}

impl Crew {
    pub(crate) fn add(
        &mut self,
        spec: &Spec,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<(), String> {
        let brake = Arc::clone(&self.brake);
        let vitals = Arc::clone(&self.vitals);
        // Whatever panics, the motor goes first.
        let on_panic = Arc::new(move || {
            vitals.braked.store(true, Ordering::Release);
            let _ = brake.cut();
        });
        let setting = Setting {
            realtime: self.realtime,
            cpu: self
                .cpu
                .filter(|_| self.realtime && matches!(spec.policy, Policy::Fifo(_))),
            on_panic: Some(on_panic),
        };
        let thread = spawn(spec, setting, body)
            .map_err(|error| format!("the thread {} can't be made: {error}", spec.name))?;
        if let Some(denied) = &thread.granted().error {
            let name = thread.name();
            self.refusals.push(format!(
                "{name}: {:?} refused, error {}",
                denied.what, denied.errno
            ));
        }
        self.threads.push(thread);
        Ok(())
    }

    /// Whether every thread still runs.
    pub(crate) fn is_whole(&self) -> bool {
        !self.threads.iter().any(Thread::is_finished)
    }

    /// Ends every thread: the loop stops the pump and disables the motor, the journal writes
    /// what is left.
    pub(crate) fn end(self) -> Result<(), String> {
        self.vitals.ending.store(true, Ordering::Release);
        let mut broken = Vec::new();
        for thread in self.threads {
            let is_loop = thread.name() == table::LOOP.name;
            if let Err(panicked) = thread.join() {
                broken.push(format!("{}: {}", panicked.thread, panicked.message));
            }
            if is_loop {
                // A loop that panicked has not said so itself, and others wait for that.
                self.vitals.loop_ended.store(true, Ordering::Release);
            }
        }
        let _ = self.brake.cut();
        if broken.is_empty() {
            log::info!("ended: the pump is stopped and its motor disabled");
            Ok(())
        } else {
            Err(format!("a thread has panicked: {}", broken.join("; ")))
        }
    }
}
