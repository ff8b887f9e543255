//! The control law, and the recording of every call to it where one is asked for (I11).

use std::ops::Deref;

use pump_core::order::{RegimenId, Snapshot};
use pump_core::prescription::{MAX_REGIMENS, Prescription};
use pump_core::pump::{ArmError, Inputs, Outputs, Pump};
use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_recording::row::{Closing, Dossier, Row};
use pump_recording::{Answer, Call, Clock, LARGE_BLOCK, Recorder, Rest, Told};
use strategy_link::WallClock;

use crate::Observer;

/// A control law that can be read by everybody and called only here.
pub(super) struct Recorded {
    pump: Box<Pump>,
    /// What the run is about; `None`: nothing is recorded.
    dossier: Option<Dossier>,
    recorder: Option<Recorder>,
    runs: u64,
    /// What the strategies were shown of the wall clock whose orders are told next.
    clocks: [Clock; MAX_REGIMENS],
}

impl Deref for Recorded {
    type Target = Pump;

    fn deref(&self) -> &Pump {
        &self.pump
    }
}

impl Recorded {
    pub(super) fn new() -> Self {
        Self {
            pump: Box::new(Pump::new()),
            dossier: None,
            recorder: None,
            runs: 0,
            clocks: [Clock::default(); MAX_REGIMENS],
        }
    }

    /// From the next arming on all is recorded.
    pub(super) fn record(&mut self, dossier: Dossier) {
        self.dossier = Some(dossier);
    }

    /// See [`Pump::arm`].
    pub(super) fn arm(
        &mut self,
        now: MonoNs,
        prescription: &Prescription,
        observer: &mut dyn Observer,
    ) -> Result<(), ArmError> {
        let Some(dossier) = self.dossier.clone() else {
            return self.pump.arm(now, prescription);
        };
        let rest = Rest::of(&self.pump);
        self.pump.arm(now, prescription)?;
        self.end("armed-anew", true, observer);
        self.runs += 1;
        let run = self.runs;
        match Recorder::begin(run, rest, now, &self.pump, Nanoseconds::ZERO, dossier) {
            Ok((recorder, opening)) => {
                self.recorder = Some(recorder);
                observer.recorded(Row::Run(Box::new(opening)));
            }
            Err(given_up) => observer.recorded(closing(run, given_up.name(), false)),
        }
        Ok(())
    }

    /// The order that is told next was made by this clock.
    pub(super) fn clocked(&mut self, regimen: RegimenId, wall: &WallClock) {
        if let Some(clock) = self.clocks.get_mut(usize::from(regimen.0)) {
            *clock = Clock {
                good: wall.good,
                utc_s: wall.utc_s,
                local_offset_s: wall.local_offset_s,
                next_offset_change_utc_s: wall.next_offset_change_utc_s,
            };
        }
    }

    /// See [`Pump::tick`].
    pub(super) fn tick(
        &mut self,
        now: MonoNs,
        inputs: &Inputs,
        observer: &mut dyn Observer,
    ) -> Outputs {
        let outputs = self.pump.tick(now, inputs);
        if self.recorder.is_some() {
            let mut clocks = self.clocks;
            for (clock, order) in clocks.iter_mut().zip(&inputs.orders) {
                if order.is_none() {
                    *clock = Clock::default();
                }
            }
            let told = Told {
                now,
                inputs: *inputs,
                clocks,
            };
            self.recorded(&Call::Tick(told), &Answer::Outputs(outputs), observer);
        }
        outputs
    }

    /// See [`Pump::snapshot`].
    pub(super) fn snapshot(
        &mut self,
        regimen: RegimenId,
        observer: &mut dyn Observer,
    ) -> Option<Snapshot> {
        let snapshot = self.pump.snapshot(regimen);
        self.recorded(&Call::Shown(regimen), &Answer::Snapshot(snapshot), observer);
        snapshot
    }

    /// The power was lost, and this comes back, disarmed.
    pub(super) fn come_back(&mut self, pump: Pump) {
        *self.pump = pump;
    }

    /// Ends the run that is under way.
    pub(super) fn end(&mut self, why: &str, whole: bool, observer: &mut dyn Observer) {
        let Some(mut recorder) = self.recorder.take() else {
            return;
        };
        if let Some(block) = recorder.take() {
            observer.recorded(Row::Inputs(block));
        }
        observer.recorded(closing(recorder.run(), why, whole));
    }

    fn recorded(&mut self, call: &Call, answer: &Answer, observer: &mut dyn Observer) {
        let Some(recorder) = &mut self.recorder else {
            return;
        };
        if let Err(given_up) = recorder.record(call, answer, self.pump.events()) {
            return self.end(given_up.name(), false, observer);
        }
        if recorder.waiting() > LARGE_BLOCK
            && let Some(block) = recorder.take()
        {
            observer.recorded(Row::Inputs(block));
        }
    }
}

fn closing(run: u64, why: &str, whole: bool) -> Row {
    let why = why.to_owned();
    Row::Ended(Closing { run, why, whole })
}
