//! The thread `watchdog`: tells systemd and the hardware's watchdog that all is well, as long as
//! the sentinel says so (W08).
//!
//! The sentinel is above the loop and looks at it; this thread is far below both and looks at
//! the sentinel's health mark. So a machine that is too busy for ordinary threads is reset too,
//! as is one whose loop stands still: its motor is let go by the sentinel long before.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_rt::clock;
use sd_notify::NotifyState;

use crate::vitals::Vitals;

/// Shorter than half the time-out of any watchdog that can be set in whole seconds.
const EVERY: Nanoseconds = Nanoseconds::from_millis(400);
/// A health mark that is older than this is none.
const FRESH: Nanoseconds = Nanoseconds::from_millis(500);

/// The hardware's watchdog. Once it is open, the machine is reset unless somebody writes to it
/// in time; only an orderly end lets it go.
#[derive(Debug)]
pub(crate) struct HardwareWatchdog(File);

impl HardwareWatchdog {
    pub(crate) fn open(device: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).open(device)?;
        let mut watchdog = Self(file);
        watchdog.kick()?;
        Ok(watchdog)
    }

    fn kick(&mut self) -> io::Result<()> {
        self.0.write_all(b"k")
    }

    /// Nobody watches any more: the character that the kernel's interface has for this.
    fn release(&mut self) -> io::Result<()> {
        self.0.write_all(b"V")
    }
}

pub(crate) struct Watchdog {
    pub(crate) hardware: Option<HardwareWatchdog>,
    /// Whether systemd wants to hear of it.
    pub(crate) systemd: bool,
    pub(crate) vitals: Arc<Vitals>,
}

impl Watchdog {
    pub(crate) fn run(mut self) {
        let mut failed = false;
        while !self.vitals.is_ending() {
            let now = clock::now();
            self.vitals.watchdog.show(now);
            if is_well(&self.vitals, now) {
                if self.systemd
                    && let Err(error) = sd_notify::notify(&[NotifyState::Watchdog])
                {
                    log::error!("systemd's watchdog can't be told: {error}");
                }
                if let Some(hardware) = &mut self.hardware {
                    let kicked = hardware.kick();
                    if let Err(error) = &kicked
                        && !failed
                    {
                        log::error!("the hardware watchdog can't be told: {error}");
                    }
                    failed = kicked.is_err();
                }
            }
            clock::sleep_until(now.after(EVERY));
        }
        // The loop disables the motor before this machine is let alone.
        while !self
            .vitals
            .loop_ended
            .load(std::sync::atomic::Ordering::Acquire)
        {
            clock::sleep_until(clock::now().after(Nanoseconds::from_millis(10)));
        }
        if let Some(hardware) = &mut self.hardware
            && let Err(error) = hardware.release()
        {
            log::error!("the hardware watchdog can't be released: {error}");
        }
    }
}

/// Whether the sentinel has lately found the loop alive.
fn is_well(vitals: &Vitals, now: MonoNs) -> bool {
    vitals.healthy.is_shown() && vitals.healthy.age(now) <= FRESH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fresh_mark_of_health_is_passed_on() {
        let vitals = Vitals::new();
        let at = MonoNs(10_000_000_000);
        assert!(!is_well(&vitals, at), "nobody has said so yet");
        vitals.healthy.show(at);
        assert!(is_well(&vitals, at.after(FRESH)));
        assert!(!is_well(&vitals, at.after(FRESH).after(Nanoseconds(1))));
    }

    #[test]
    fn the_hardware_is_kicked_when_it_is_opened_and_released_by_its_character() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("watchdog");
        std::fs::write(&path, "").expect("a file");
        let mut watchdog = HardwareWatchdog::open(&path).expect("it opens");
        watchdog.kick().expect("it is kicked");
        watchdog.release().expect("it is released");
        assert_eq!(std::fs::read(&path).expect("it is read"), b"kkV");
    }
}
