//! The recordings of the runs (I11): rows that hold what the control law was told, so that
//! `pumpctl replay` can do a run again.
//!
//! A run begins with an arming and ends with the next, with a disarming, or with the daemon.
//! Its rows are written in the batches that are written anyway.

use pump_core::pump::Pump;
use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_journal::MAX_BODY;
use pump_recording::row::{Closing, Dossier, Opening, Row};
use pump_recording::{Answer, Call, GivenUp, LARGE_BLOCK, Recorder, Rest};

use super::expected::Expected;

/// What the repetition has done, as far as it belongs to a run.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are calls, and one is held at a time"
)]
pub(super) enum Repeated {
    /// Nothing of the control law.
    Nothing,
    /// A call within a run.
    Call(Call, Answer),
    /// Another subject: whatever was armed is not any more.
    NewSubject,
    /// The prescription of this task was armed.
    Armed {
        id: u64,
        at: MonoNs,
        /// The control law before.
        rest: Rest,
        /// Numbers the armings.
        arming: u64,
    },
}

/// Writes the run that is under way.
pub(super) struct Recordings {
    /// How far the pump's clock is ahead of the monotonic one.
    ahead: Nanoseconds,
    expected: Expected<Dossier>,
    recorder: Option<Recorder>,
}

impl Recordings {
    pub(super) fn new(ahead: Nanoseconds) -> Self {
        Self {
            ahead,
            expected: Expected::default(),
            recorder: None,
        }
    }

    /// The loop is about to be asked to arm this.
    pub(super) fn expect(&mut self, id: u64, dossier: Dossier) {
        self.expected.push(id, dossier);
    }

    /// Something was done, and this is what came of it. The rows that are to be written for it.
    pub(super) fn take(&mut self, repeated: Repeated, pump: &Pump) -> Vec<Row> {
        match repeated {
            Repeated::Nothing => Vec::new(),
            Repeated::NewSubject => self.end("new-subject", true),
            Repeated::Armed {
                id,
                at,
                rest,
                arming,
            } => {
                let mut rows = self.end("armed-anew", true);
                rows.extend(self.begin(id, at, rest, arming, pump));
                rows
            }
            Repeated::Call(call, answer) => self.call(&call, &answer, pump),
        }
    }

    fn begin(&mut self, id: u64, at: MonoNs, rest: Rest, run: u64, pump: &Pump) -> Option<Row> {
        let dossier = self.expected.take(id)?;
        match Recorder::begin(run, rest, at, pump, self.ahead, dossier) {
            Ok((recorder, opening)) => {
                self.recorder = Some(recorder);
                Some(fitting(Box::new(opening)))
            }
            Err(given_up) => {
                log::error!("the run can't be replayed: {given_up}");
                Some(closing(run, given_up.name(), false))
            }
        }
    }

    fn call(&mut self, call: &Call, answer: &Answer, pump: &Pump) -> Vec<Row> {
        let Some(recorder) = &mut self.recorder else {
            return Vec::new();
        };
        match recorder.record(call, answer, pump.events()) {
            Ok(()) if matches!(answer, Answer::Disarmed(true)) => self.end("disarmed", true),
            Ok(()) => Vec::new(),
            Err(given_up) => {
                log::warn!("the run can't be replayed from here on: {given_up}");
                // A block that could not be taken in time is too large for a row.
                if given_up == GivenUp::TooSlow {
                    let run = recorder.run();
                    self.recorder = None;
                    return vec![closing(run, given_up.name(), false)];
                }
                self.end(given_up.name(), false)
            }
        }
    }

    /// Ends the run that is under way, if one is. `whole`: it is recorded up to here.
    pub(super) fn end(&mut self, why: &str, whole: bool) -> Vec<Row> {
        let mut rows = Vec::from_iter(self.block());
        if let Some(recorder) = self.recorder.take() {
            rows.push(closing(recorder.run(), why, whole));
        }
        rows
    }

    /// What was recorded since the last row.
    pub(super) fn block(&mut self) -> Option<Row> {
        Some(Row::Inputs(self.recorder.as_mut()?.take()?))
    }

    /// Whether so much waits that it is worth being written by itself.
    pub(super) fn is_large(&self) -> bool {
        let recorder = self.recorder.as_ref();
        recorder.is_some_and(|recorder| recorder.waiting() > LARGE_BLOCK)
    }
}

fn closing(run: u64, why: &str, whole: bool) -> Row {
    let why = why.to_owned();
    Row::Ended(Closing { run, why, whole })
}

/// The texts of the files give way where a row has no room for them: the run can be replayed
/// without.
fn fitting(mut opening: Box<Opening>) -> Row {
    let fits = |row: &Row| row.body().to_string().len() <= MAX_BODY;
    let whole = Row::Run(opening.clone());
    if fits(&whole) {
        return whole;
    }
    opening.dossier.device.clear();
    opening.dossier.drug_library.clear();
    let smaller = Row::Run(opening.clone());
    if fits(&smaller) {
        return smaller;
    }
    opening.dossier.prescription.clear();
    Row::Run(opening)
}
