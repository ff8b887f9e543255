//! Writes down what happens.

use std::fmt;

use pump_core::checkpoint::Checkpoint;
use pump_core::event::Event;
use pump_core::prescription::Prescription;
use pump_core::pump::{Inputs, Pump};
use pump_core::quantity::{MonoNs, Nanoseconds};

use crate::call::{Answer, Call};
use crate::codec::{Encoder, Item, Then};
use crate::course::Progress;
use crate::lines::{line_bits, watch_bits};
use crate::prescription;
use crate::row::{Block, Bytes, Dossier, Opening};

/// A block that grows beyond this while nobody takes it is the last: 256 KiB, which is less
/// than half of what a row of the journal holds.
pub const MOST_BLOCK: usize = 256 * 1024;
/// A block of this size is worth a row of its own.
pub const LARGE_BLOCK: usize = 32 * 1024;
/// The most that is written in a day of the pump's clock, and once as much to begin with: so a
/// machine on which every wake-up is late can't fill the journal. Thirty such days take two
/// thirds of what a journal may.
pub const MOST_IN_A_DAY: u64 = 16 << 20;
const DAY: Nanoseconds = Nanoseconds::from_hours(24);
/// So many edges have a digest of their own.
const MARKED: u64 = 1024;

/// Why a run is not recorded any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenUp {
    /// More was told in a day than is written.
    TooMuch,
    /// The blocks were not taken in time.
    TooSlow,
    /// The control law can't be brought back to where the run began.
    NoBeginning,
}

impl GivenUp {
    /// The stable kebab-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooMuch => "too-much",
            Self::TooSlow => "too-slow",
            Self::NoBeginning => "no-beginning",
        }
    }
}

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooMuch => "more was told in a day than is written",
            Self::TooSlow => "what was told could not be written in time",
            Self::NoBeginning => "the control law can't be brought back to where the run began",
        })
    }
}

/// A control law at rest, about to be armed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    state: Vec<u8>,
    lines: u8,
    watch: u16,
}

impl Rest {
    /// As this one is.
    ///
    /// A checkpoint is tens of kilobytes of stack: it lives in this frame and no other.
    #[inline(never)]
    pub fn of(pump: &Pump) -> Self {
        let mut state = vec![0; Checkpoint::MAX_BYTES];
        let length = pump.at_rest().encode(&mut state);
        state.truncate(length);
        Self {
            state,
            lines: line_bits(pump.sensors()),
            watch: watch_bits(pump.watch()),
        }
    }
}

/// Records one run.
#[derive(Clone, Debug)]
pub struct Recorder {
    run: u64,
    progress: Progress,
    foretold: u64,
    encoder: Encoder,
    block: u64,
    marked: u64,
    /// What is left of the day's bytes, and up to when.
    left: u64,
    filled_at: MonoNs,
    given_up: Option<GivenUp>,
}

impl Recorder {
    /// Begins with a control law that was at `rest` and was armed with this at `at`.
    ///
    /// # Errors
    /// [`GivenUp::NoBeginning`]: what was at rest, armed again, is not what `armed` is.
    pub fn begin(
        run: u64,
        rest: Rest,
        at: MonoNs,
        armed: &Pump,
        ahead: Nanoseconds,
        dossier: Dossier,
    ) -> Result<(Self, Opening), GivenUp> {
        let prescription = armed.armed().ok_or(GivenUp::NoBeginning)?;
        let opening = Opening {
            run,
            armed_at_ns: at.0,
            ahead_ns: ahead.0,
            state: Bytes(rest.state),
            lines: rest.lines,
            watch: rest.watch,
            armed: Bytes(prescription::encode(prescription)),
            dossier,
        };
        let again = opening.armed_again(prescription);
        if !again.is_some_and(|again| goes_on_alike(again, armed, at)) {
            return Err(GivenUp::NoBeginning);
        }
        let recorder = Self {
            run,
            progress: Progress::new(at, armed.sensors(), armed.watch()),
            foretold: 0,
            encoder: Encoder::new(),
            block: 0,
            marked: 0,
            left: MOST_IN_A_DAY,
            filled_at: at,
            given_up: None,
        };
        Ok((recorder, opening))
    }

    /// Which run it is.
    pub const fn run(&self) -> u64 {
        self.run
    }

    /// A call was made, answered this and told these events.
    ///
    /// # Errors
    /// Nothing more is recorded of this run; what [`Recorder::take`] gives before is sound.
    pub fn record(
        &mut self,
        call: &Call,
        answer: &Answer,
        events: &[Event],
    ) -> Result<(), GivenUp> {
        if let Some(given_up) = self.given_up {
            return Err(given_up);
        }
        let as_foretold = self.progress.foretold().is_some_and(|next| next == *call);
        let settled = self.progress.take(call, answer, events);
        let before = self.encoder.len();
        if as_foretold {
            self.foretold = self.foretold.saturating_add(1);
        } else {
            self.push(Then::Call(*call));
        }
        if settled.is_some() && self.progress.edges() >= self.marked.saturating_add(MARKED) {
            self.marked = self.progress.edges();
            self.push(Then::Mark {
                edges: self.marked,
                digest: self.progress.digest(),
            });
        }
        let grown = self.encoder.len().saturating_sub(before);
        self.spend(u64::try_from(grown).unwrap_or(u64::MAX))
    }

    fn push(&mut self, then: Then) {
        let foretold = std::mem::take(&mut self.foretold);
        self.encoder.push(&Item { foretold, then });
    }

    fn spend(&mut self, bytes: u64) -> Result<(), GivenUp> {
        let now = self.progress.now();
        let since = u128::from(now.since(self.filled_at).0);
        let fresh = since * u128::from(MOST_IN_A_DAY) / u128::from(DAY.0);
        if let Ok(fresh @ 1..) = u64::try_from(fresh) {
            self.left = self.left.saturating_add(fresh).min(MOST_IN_A_DAY);
            self.filled_at = now;
        }
        self.given_up = match self.left.checked_sub(bytes) {
            None => Some(GivenUp::TooMuch),
            Some(left) => {
                self.left = left;
                (self.encoder.len() > MOST_BLOCK).then_some(GivenUp::TooSlow)
            }
        };
        self.given_up.map_or(Ok(()), Err)
    }

    /// Bytes that wait to be taken.
    pub fn waiting(&self) -> usize {
        self.encoder.len()
    }

    /// What was recorded since the last block; `None`: nothing was called.
    pub fn take(&mut self) -> Option<Block> {
        if self.encoder.is_empty() && self.foretold == 0 {
            return None;
        }
        if self.foretold > 0 {
            self.push(Then::Nothing);
        }
        let bytes = std::mem::take(&mut self.encoder).finish();
        self.block = self.block.saturating_add(1);
        Some(Block {
            run: self.run,
            block: self.block,
            inputs: Bytes(bytes),
            totals: self.progress.totals().into(),
        })
    }
}

impl Opening {
    /// The control law as it was when the run began; `None` where that is not to be had.
    pub(crate) fn armed_again(&self, prescription: &Prescription) -> Option<Box<Pump>> {
        let mut pump = self.rested()?;
        pump.arm(MonoNs(self.armed_at_ns), prescription).ok()?;
        Some(pump)
    }
}

/// Whether both do the same from here on: two pumps that are equal after a tick are.
fn goes_on_alike(mut one: Box<Pump>, other: &Pump, at: MonoNs) -> bool {
    let inputs = Inputs {
        sensors: other.sensors(),
        watch: other.watch(),
        ..Inputs::default()
    };
    let mut other = copied(other);
    one.tick(at, &inputs) == other.tick(at, &inputs) && one == other
}

/// A pump is tens of kilobytes of stack: it lives in this frame until it lies on the heap.
#[inline(never)]
fn copied(pump: &Pump) -> Box<Pump> {
    Box::new(pump.clone())
}
