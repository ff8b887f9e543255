//! Does a run again.

use std::fmt;

use pump_core::checkpoint::{Checkpoint, CheckpointFlaw};
use pump_core::prescription::Prescription;
use pump_core::pump::{EdgeFate, Pump, Sensors, Watch};
use pump_core::quantity::MonoNs;

use crate::call::{Answer, Call};
use crate::codec::{Decoder, Flaw, Item, Then};
use crate::course::{Progress, Totals};
use crate::edge::{Digest, Edge};
use crate::lines::{lines_of, watch_of};
use crate::prescription;
use crate::row::{Block, Opening};

/// Why a recording can't be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// What was armed can't be read.
    Prescription(Flaw),
    /// The control law's state can't be read.
    State(CheckpointFlaw),
    /// The lines or what watches them can't be read.
    Lines(Flaw),
    /// The control law does not take what was armed.
    NotArmed,
    /// A block can't be read.
    Block {
        /// Which.
        block: u64,
        /// Why.
        flaw: Flaw,
    },
    /// A block is missing, or belongs to another run.
    Missing {
        /// The one that should come next.
        block: u64,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prescription(flaw) => write!(f, "what was armed can't be read: {flaw}"),
            Self::State(flaw) => write!(f, "the state it began with can't be read: {flaw}"),
            Self::Lines(flaw) => write!(f, "the lines it began with can't be read: {flaw}"),
            Self::NotArmed => f.write_str("the control law does not take what was armed then"),
            Self::Block { block, flaw } => write!(f, "block {block} can't be read: {flaw}"),
            Self::Missing { block } => write!(f, "block {block} is missing"),
        }
    }
}

impl std::error::Error for Refusal {}

/// What is not as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Up to this instant everything was the same.
    pub after: MonoNs,
    /// No later than this it was not.
    pub by: MonoNs,
    /// What it is.
    pub what: Differs,
}

/// What is not as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differs {
    /// The control law was called then because it wanted to be, and does not want to be now.
    NotWoken,
    /// The fate of an edge was told then, and none is asked for now; or the other way round.
    NoSuchEdge,
    /// Edges have another planned instant or another fate than then.
    Edges {
        /// How many there were then, and what stands for them.
        then: (u64, Digest),
        /// The same now.
        now: (u64, Digest),
    },
    /// More was called then, or less.
    Calls {
        /// Then.
        then: u64,
        /// Now.
        now: u64,
    },
    /// The control law was told other instants.
    Instants,
    /// Other boluses were started, or other demands given or refused.
    Boluses {
        /// Then: boluses, demands given, demands refused.
        then: [u64; 3],
        /// Now.
        now: [u64; 3],
    },
}

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWoken => f.write_str("the control law was called, and would not be now"),
            Self::NoSuchEdge => f.write_str("an edge was settled that is not asked for now"),
            Self::Edges { then, now } if then.0 == now.0 => write!(
                f,
                "{} edges, of which one was planned for another instant or had another fate",
                now.0
            ),
            Self::Edges { then, now } => {
                write!(f, "{} edges then, {} edges now", then.0, now.0)
            }
            Self::Calls { then, now } => write!(f, "{then} calls then, {now} calls now"),
            Self::Instants => f.write_str("the control law was told other instants"),
            Self::Boluses { then, now } => write!(
                f,
                "boluses, demands given and refused: {} {} {} then, {} {} {} now",
                then[0], then[1], then[2], now[0], now[1], now[2]
            ),
        }
    }
}

/// Why a block was not replayed to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It can't be.
    Refused(Refusal),
    /// It is another run.
    Differs(Difference),
}

/// Watches a replay. Each method does nothing unless it is written.
pub trait Witness {
    /// A call is about to be made. `late`: it was told later than the control law had wanted,
    /// with nothing from outside.
    fn calls(&mut self, call: &Call, late: bool) {
        let _ = (call, late);
    }

    /// A call was made.
    fn called(&mut self, call: &Call, answer: &Answer, pump: &Pump) {
        let _ = (call, answer, pump);
    }

    /// An edge's fate was told.
    fn edge(&mut self, edge: &Edge) {
        let _ = edge;
    }
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unseen;

impl Witness for Unseen {}

/// A run that is done again.
#[derive(Clone, Debug)]
pub struct Replay {
    run: u64,
    pump: Box<Pump>,
    progress: Progress,
    block: u64,
    /// Up to here everything was the same.
    same_until: MonoNs,
}

impl Opening {
    /// What was armed.
    ///
    /// # Errors
    /// It can't be read.
    pub fn prescription(&self) -> Result<Prescription, Flaw> {
        prescription::decode(&self.armed.0)
    }

    /// The control law at rest, before it was armed; `None` where it can't be read.
    pub fn rested(&self) -> Option<Box<Pump>> {
        self.try_rested().ok()
    }

    fn try_rested(&self) -> Result<Box<Pump>, Refusal> {
        let lines = lines_of(self.lines).map_err(Refusal::Lines)?;
        let watch = watch_of(u64::from(self.watch)).map_err(Refusal::Lines)?;
        let checkpoint = self.checkpoint().map_err(Refusal::State)?;
        Ok(rested(&checkpoint, lines, watch))
    }

    /// A checkpoint is tens of kilobytes of stack, and so is a pump: each lives in a frame of
    /// its own until it lies on the heap.
    #[inline(never)]
    fn checkpoint(&self) -> Result<Box<Checkpoint>, CheckpointFlaw> {
        Checkpoint::decode(&self.state.0).map(Box::new)
    }
}

#[inline(never)]
fn rested(checkpoint: &Checkpoint, lines: Sensors, watch: Watch) -> Box<Pump> {
    Box::new(Pump::rested(checkpoint, lines, watch))
}

impl Replay {
    /// Goes back to where a run began.
    ///
    /// # Errors
    /// That can't be read, or the control law does not take it.
    pub fn begin(opening: &Opening) -> Result<Self, Refusal> {
        let prescription = opening.prescription().map_err(Refusal::Prescription)?;
        let mut pump = opening.try_rested()?;
        let at = MonoNs(opening.armed_at_ns);
        pump.arm(at, &prescription).map_err(|_| Refusal::NotArmed)?;
        Ok(Self {
            run: opening.run,
            progress: Progress::new(at, pump.sensors(), pump.watch()),
            pump,
            block: 0,
            same_until: at,
        })
    }

    /// The control law where it is.
    pub fn pump(&self) -> &Pump {
        &self.pump
    }

    /// What the run has come to.
    pub fn totals(&self) -> Totals {
        self.progress.totals()
    }

    /// Does the next block again, and holds what comes of it against what came of it then.
    ///
    /// # Errors
    /// It can't be done again, or it comes to something else.
    pub fn block(&mut self, block: &Block, witness: &mut dyn Witness) -> Result<(), Stop> {
        let number = self.block.saturating_add(1);
        if (block.run, block.block) != (self.run, number) {
            return Err(Stop::Refused(Refusal::Missing { block: number }));
        }
        let unreadable = |flaw| {
            Stop::Refused(Refusal::Block {
                block: number,
                flaw,
            })
        };
        let then = block.totals.totals().ok_or(unreadable(Flaw::Word))?;
        for item in Decoder::new(&block.inputs.0).map_err(unreadable)? {
            let item = item.map_err(unreadable)?;
            self.item(&item, &then, witness).map_err(|what| {
                Stop::Differs(Difference {
                    after: self.same_until,
                    by: match what {
                        Differs::Edges { .. } | Differs::Calls { .. } => then.until,
                        _ => self.progress.now(),
                    },
                    what,
                })
            })?;
        }
        self.block = number;
        let totals = self.progress.totals();
        if let Some(what) = differs(&then, &totals) {
            return Err(Stop::Differs(Difference {
                after: self.same_until,
                by: then.until.max(totals.until),
                what,
            }));
        }
        self.same_until = then.until;
        Ok(())
    }

    fn item(
        &mut self,
        item: &Item,
        then: &Totals,
        witness: &mut dyn Witness,
    ) -> Result<(), Differs> {
        for _ in 0..item.foretold {
            let call = self.progress.foretold().ok_or(Differs::NotWoken)?;
            self.call(&call, then, witness)?;
        }
        match &item.then {
            Then::Nothing => Ok(()),
            Then::Call(call) => self.call(call, then, witness),
            Then::Mark { edges, digest } => {
                let now = (self.progress.edges(), self.progress.digest());
                if now != (*edges, *digest) {
                    return Err(Differs::Edges {
                        then: (*edges, *digest),
                        now,
                    });
                }
                self.same_until = self.progress.now();
                Ok(())
            }
        }
    }

    fn call(
        &mut self,
        call: &Call,
        then: &Totals,
        witness: &mut dyn Witness,
    ) -> Result<(), Differs> {
        let calls = self.progress.calls();
        if calls >= then.calls {
            return Err(Differs::Calls {
                then: then.calls,
                now: calls.saturating_add(1),
            });
        }
        if let Call::Tick(told) = call
            && told.inputs.edge != EdgeFate::None
            && !self.progress.has_open_edge()
        {
            return Err(Differs::NoSuchEdge);
        }
        witness.calls(call, self.is_late(call));
        let answer = call.perform(&mut self.pump);
        let settled = self.progress.take(call, &answer, self.pump.events());
        witness.called(call, &answer, &self.pump);
        if let Some(edge) = &settled {
            witness.edge(edge);
        }
        Ok(())
    }

    /// Whether it says nothing but that it is later than was wanted.
    fn is_late(&self, call: &Call) -> bool {
        let (Call::Tick(told), Some(Call::Tick(foretold))) = (call, self.progress.foretold())
        else {
            return false;
        };
        told.inputs == foretold.inputs && told.now > foretold.now
    }
}

fn differs(then: &Totals, now: &Totals) -> Option<Differs> {
    let edges = |totals: &Totals| (totals.edges, totals.digest);
    let boluses = |totals: &Totals| [totals.boluses, totals.demands_given, totals.demands_refused];
    if edges(then) != edges(now) || then.uncertain_edges != now.uncertain_edges {
        return Some(Differs::Edges {
            then: edges(then),
            now: edges(now),
        });
    }
    if boluses(then) != boluses(now) {
        return Some(Differs::Boluses {
            then: boluses(then),
            now: boluses(now),
        });
    }
    if then.calls != now.calls {
        return Some(Differs::Calls {
            then: then.calls,
            now: now.calls,
        });
    }
    ((then.until, then.told) != (now.until, now.told)).then_some(Differs::Instants)
}
