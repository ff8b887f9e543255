//! What outlives a loss of power, and the pump that comes back from it.

use core::fmt;

use crate::alarm::Alarm;
use crate::bolus::BolusId;
use crate::bytes::{LONGEST_NUMBER, Reader, Writer};
use crate::delivery::CREDIT_DEADLINE;
use crate::event::EventKind;
use crate::memory::Memory;
use crate::order::DemandId;
use crate::pump::{Pump, Sensors, State, Watch};
use crate::quantity::{MonoNs, Steps};
use crate::twin::{Twin, broken};

/// What must be durable to bring a pump back after its power was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    at: MonoNs,
    memory: Memory,
    issued: Steps,
    /// What the start that may follow would book as displaced; a start waits for no sync.
    may_move: Steps,
    last_bolus: BolusId,
    last_demand: DemandId,
}

impl Checkpoint {
    /// Steps of its arming that had left or may have left by then.
    pub const fn issued(&self) -> Steps {
        self.issued
    }

    /// Steps that may or may not have left after it, within a credit that was durable.
    pub const fn uncertain(&self, credit: Steps) -> Steps {
        credit
            .saturating_sub(self.issued)
            .saturating_add(self.may_move)
    }

    /// The last one of a controller that has ended: no start follows it, and nothing is moved
    /// by one.
    #[must_use]
    pub const fn ended(mut self) -> Self {
        self.may_move = Steps::ZERO;
        self
    }

    /// The pump's clock at the checkpoint; the restored pump goes on from here or later.
    pub const fn at(&self) -> MonoNs {
        self.at
    }

    /// The most bytes of [`Checkpoint::encode`]. A subject of weeks takes a few kB.
    pub const MAX_BYTES: usize = LONGEST_NUMBER
        .saturating_mul(5)
        .saturating_add(1)
        .saturating_add(Memory::MOST_BYTES);

    /// Writes it down, and says how many bytes that takes. Where `to` has fewer, which it
    /// can't with [`Checkpoint::MAX_BYTES`], what is in it is of no use.
    pub fn encode(&self, to: &mut [u8]) -> usize {
        let mut writer = Writer::new(to);
        writer.byte(VERSION);
        writer.number(self.at.0);
        writer.number(self.issued.0);
        writer.number(self.may_move.0);
        writer.number(self.last_bolus.0);
        writer.number(self.last_demand.0);
        self.memory.write(&mut writer, self.at);
        writer.len()
    }

    /// Reads what [`Checkpoint::encode`] wrote. The bytes are not trusted: whatever they
    /// are, what comes of them is a memory that agrees with itself, or a flaw. That they
    /// are the newest of this pump, and whole to the bit, is the journal's to know.
    ///
    /// # Errors
    /// See [`CheckpointFlaw`].
    pub fn decode(bytes: &[u8]) -> Result<Self, CheckpointFlaw> {
        let mut reader = Reader::new(bytes);
        let version = reader.byte()?;
        if !KNOWN.contains(&version) {
            return Err(CheckpointFlaw::Version { found: version });
        }
        let at = MonoNs(reader.number()?);
        if at > LATEST {
            return Err(CheckpointFlaw::Clock);
        }
        let checkpoint = Self {
            at,
            issued: Steps(reader.number()?),
            may_move: Steps(reader.number()?),
            last_bolus: BolusId(reader.number()?),
            last_demand: DemandId(reader.number()?),
            memory: Memory::read(&mut reader, at, version)?,
        };
        reader.done()?;
        Ok(checkpoint)
    }
}

/// How a checkpoint is written down. Another number is another way.
const VERSION: u8 = 2;
/// The ways that are read.
const KNOWN: [u8; 2] = [1, VERSION];
/// No pump is 292 years old, and every instant after it must have room.
const LATEST: MonoNs = MonoNs(u64::MAX >> 1);

/// Why bytes are no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointFlaw {
    /// They are written in a way that this build does not know.
    Version {
        /// The way's number.
        found: u8,
    },
    /// They end in the middle.
    Truncated,
    /// Something follows the end.
    Trailing,
    /// A number has more than 64 bits, or a yes or no is neither.
    Number,
    /// The pump's clock is beyond the life of any pump.
    Clock,
    /// A window of what was given does not fill its day, or begins before the pump did.
    Window,
    /// The counts are of steps without a volume.
    Measure,
    /// The air is counted in slots that have no length, or that are not there.
    Air,
    /// A drug is there twice, is without mass, or is armed and not there.
    Drugs,
    /// The boluses do not lie one after the other between the pump's beginning and now.
    Boluses,
}

impl fmt::Display for CheckpointFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version { found } => {
                return write!(
                    f,
                    "it is written in version {found}, and none after {VERSION} is known"
                );
            }
            Self::Truncated => "it ends in the middle",
            Self::Trailing => "something follows its end",
            Self::Number => "a number in it is none",
            Self::Clock => "its clock is beyond the life of any pump",
            Self::Window => "a window of what was given does not fill its day",
            Self::Measure => "it counts steps that have no volume",
            Self::Air => "its count of air has no slots",
            Self::Drugs => "its drugs contradict each other",
            Self::Boluses => "its boluses do not lie one after the other",
        })
    }
}

impl Pump {
    /// What must be durable before the credit that
    /// [`credit_wanted`](crate::pump::Outputs::credit_wanted) asks for is handed back.
    pub fn checkpoint(&self) -> Checkpoint {
        let mut memory = self.memory.clone();
        if let Some(pending) = self.pending {
            // It may start as soon as its credit is there: remember it as started.
            memory.remember(self.now, &pending.bolus);
        }
        memory.boluses.tidy(self.now);
        Checkpoint {
            at: self.now,
            memory,
            issued: self.issued(),
            may_move: match (self.state, &self.armed) {
                (State::Armed | State::Faulted, Some(p)) => self.may_have_moved(p),
                _ => Steps::ZERO,
            },
            last_bolus: self.last_bolus,
            last_demand: self.last_demand,
        }
    }

    /// What of a pump at rest the next arming goes on from, beside its lines and what watches
    /// it. Nothing of it is in doubt, so it is no credit's: a recording begins with it (I11).
    pub fn at_rest(&self) -> Checkpoint {
        Checkpoint {
            issued: Steps::ZERO,
            may_move: Steps::ZERO,
            ..self.checkpoint()
        }
    }

    /// A pump that, once armed, does what the one does that was [`Pump::at_rest`] with these
    /// lines and this watch, armed at the same instant. Only the events of the arming itself
    /// can differ: it has no alarm that an arming clears.
    pub fn rested(checkpoint: &Checkpoint, sensors: Sensors, watch: Watch) -> Self {
        let mut pump = Self::remembering(checkpoint, checkpoint.at);
        pump.sensors = sensors;
        pump.watch = watch;
        if pump.memory.residue.is_some() {
            pump.raise(Alarm::ResidueDiffers);
        }
        pump
    }

    /// A new pump with this memory.
    fn remembering(checkpoint: &Checkpoint, now: MonoNs) -> Self {
        let mut pump = Self::new();
        pump.now = now;
        pump.memory = checkpoint.memory.clone();
        pump.last_bolus = checkpoint.last_bolus;
        pump.last_demand = checkpoint.last_demand;
        pump
    }

    /// The pump after its power was lost: disarmed and still. `credit` is the last credit
    /// that was made durable; what of it is not in the checkpoint may or may not have been
    /// given, and counts as delivered from now on (I8, I13). So does what a start after it
    /// would have booked as displaced.
    ///
    /// `now` is the pump's clock as it goes on, at the checkpoint or later by no more than has
    /// passed for certain: what nobody wrote down may have happened at any time until then, and
    /// is dated there, so that it leaves no window and opens no lockout before its time (I4).
    pub fn restore(checkpoint: &Checkpoint, credit: Steps, now: MonoNs) -> Self {
        let now = now.max(checkpoint.at);
        let mut pump = Self::remembering(checkpoint, now);
        let dated = if broken(Twin::RestartUndated) {
            checkpoint.at
        } else {
            now
        };
        let latest = dated.min(checkpoint.at.after(CREDIT_DEADLINE));
        pump.memory.boluses.may_have_started(checkpoint.at, latest);
        pump.memory.boluses.ended_by(dated);
        pump.memory.advance(dated);
        pump.raise(Alarm::Restarted);
        let uncertain = checkpoint.uncertain(credit);
        if uncertain > Steps::ZERO {
            pump.memory.give(uncertain);
            if pump.memory.air.is_passing() {
                pump.memory.air.give(dated, uncertain);
            }
            pump.memory.unacknowledged = pump.memory.unacknowledged.saturating_add(uncertain);
            pump.tell(EventKind::Uncertain { steps: uncertain });
        }
        if pump.memory.unacknowledged > Steps::ZERO {
            pump.raise(Alarm::Uncertain);
        }
        if pump.memory.residue.is_some() {
            pump.raise(Alarm::ResidueDiffers);
        }
        pump
    }
}
