//! What happened in a tick, for the journal, the report and the operator.

use crate::alarm::Alarm;
use crate::bolus::{BolusId, BolusKind};
use crate::order::{DemandId, RegimenId};
use crate::pump::State;
use crate::quantity::{MonoNs, Nanoseconds, Rate, Steps};
use crate::reason::Reason;
use crate::sensor::Sensor;

/// Why an order was dropped before it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderFault {
    /// It answers a snapshot that was never sent, or an older one than the last it answered.
    WrongSequence,
    /// There is no such regimen.
    NoSuchRegimen,
    /// It asks for a bolus that takes no time or has no volume.
    EmptyBolus,
    /// It answers a demand it was not asked about.
    WrongDemand,
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The pump changed its state.
    State {
        /// From.
        from: State,
        /// To.
        to: State,
    },
    /// A regimen's granted basal changed, with the limit that narrowed it.
    Basal {
        /// Whose.
        regimen: RegimenId,
        /// What its strategy proposed.
        ordered: Rate,
        /// What it was granted.
        granted: Rate,
        /// What narrowed it.
        reason: Option<Reason>,
    },
    /// The patient's button was pressed.
    DemandAsked {
        /// Its number.
        demand: DemandId,
    },
    /// A demand was given. The bolus follows as [`EventKind::BolusStarted`].
    DemandGiven {
        /// Its number.
        demand: DemandId,
        /// The bolus that answers it.
        bolus: BolusId,
    },
    /// A demand was refused.
    DemandRefused {
        /// Its number.
        demand: DemandId,
        /// The regimen that would have answered it.
        regimen: Option<RegimenId>,
        /// The volume its strategy asked for, in steps; where it did not come to that, the
        /// largest that the regimen may give; zero where no regimen answers demands.
        steps: Steps,
        /// Why.
        reason: Reason,
    },
    /// A bolus that no demand asked for was refused.
    BolusRefused {
        /// Its kind.
        kind: BolusKind,
        /// Whose; `None`: the operator's.
        regimen: Option<RegimenId>,
        /// The volume asked for.
        steps: Steps,
        /// When it was asked for.
        asked_at: MonoNs,
        /// Why.
        reason: Reason,
    },
    /// A bolus was granted and starts now.
    BolusStarted {
        /// Which.
        bolus: BolusId,
        /// Its kind.
        kind: BolusKind,
        /// Whose; `None`: the operator's.
        regimen: Option<RegimenId>,
        /// The demand it answers.
        demand: Option<DemandId>,
        /// Its volume.
        steps: Steps,
        /// The time over which it was asked for.
        over: Nanoseconds,
        /// When it was asked for.
        asked_at: MonoNs,
    },
    /// The rate of a running bolus was narrowed: it takes longer.
    BolusStretched {
        /// Which.
        bolus: BolusId,
        /// By what.
        reason: Reason,
    },
    /// A scheduled bolus waits for another one.
    BolusSuspended {
        /// Which.
        bolus: BolusId,
    },
    /// A suspended bolus goes on with what it had left.
    BolusResumed {
        /// Which.
        bolus: BolusId,
    },
    /// A bolus ended, completed or cut.
    BolusEnded {
        /// Which.
        bolus: BolusId,
        /// Steps of it delivered.
        delivered: Steps,
        /// The instant of its end: its last edge, or the cut.
        ended_at: MonoNs,
        /// `None`: completed. Else cut, for this reason.
        cut: Option<Reason>,
    },
    /// A regimen's strategy lost its live order.
    StrategyLost {
        /// Whose.
        regimen: RegimenId,
    },
    /// A regimen's strategy has a live order again.
    StrategyBack {
        /// Whose.
        regimen: RegimenId,
    },
    /// An order was dropped.
    OrderDropped {
        /// Whose.
        regimen: RegimenId,
        /// Why.
        fault: OrderFault,
    },
    /// A line changed, whatever the state of the pump (W12): so every stall has its start and
    /// its end.
    Line {
        /// Which.
        sensor: Sensor,
        /// Whether it is bad now.
        bad: bool,
    },
    /// The pump was stopped because the line is blocked downstream (W03).
    Occluded {
        /// What was given against the blockage before the stop, and may leave at once when it
        /// is gone. The edge that is due at the very instant of the stop is not in it.
        trapped: Steps,
    },
    /// An alarm began.
    AlarmRaised {
        /// Which.
        alarm: Alarm,
    },
    /// An alarm ended.
    AlarmCleared {
        /// Which.
        alarm: Alarm,
    },
    /// Edges could not be issued before their successors fell due.
    Missed {
        /// How many.
        steps: Steps,
    },
    /// Volume that may or may not have left was booked.
    Uncertain {
        /// How much.
        steps: Steps,
    },
    /// Delivery begins after the motor was disabled: its rotor may have moved by up to a full
    /// step, which is booked as given.
    Displaced {
        /// How much.
        steps: Steps,
    },
    /// An operator's command that does not fit the state was refused.
    CommandRefused {
        /// Why.
        reason: Reason,
    },
    /// The reservoir was refilled.
    Refilled {
        /// What it holds now.
        content: Steps,
    },
    /// What was found in the reservoir was held against the ledger (W06).
    Reconciled {
        /// What was found.
        measured: Steps,
        /// What the ledger held.
        expected: Steps,
        /// Nothing starts before somebody answers for the difference.
        differs: bool,
    },
    /// The pump has another subject: windows, counts and lockouts are empty.
    NewSubject {
        /// What the last one was given in 24 h.
        given: Steps,
        /// Demand, clinician and loading boluses of these 24 h.
        boluses: u64,
    },
}

/// An event and its instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: MonoNs,
    /// What.
    pub kind: EventKind,
}

/// The most events of one tick; see [`Events::push`].
const CAPACITY: usize = 64;

/// The events of one tick, in a fixed place.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    list: [Event; CAPACITY],
    len: usize,
}

/// What lies beyond them is of an earlier tick.
impl PartialEq for Events {
    fn eq(&self, other: &Self) -> bool {
        self.list() == other.list()
    }
}

impl Eq for Events {}

impl Events {
    pub(crate) const fn new() -> Self {
        let nothing = Event {
            at: MonoNs(0),
            kind: EventKind::Missed { steps: Steps::ZERO },
        };
        Self {
            list: [nothing; CAPACITY],
            len: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Adds an event. Whether there was room: a tick that has more to tell than fits is a
    /// fault of the control law.
    pub(crate) fn push(&mut self, at: MonoNs, kind: EventKind) -> bool {
        let Some(place) = self.list.get_mut(self.len) else {
            return false;
        };
        *place = Event { at, kind };
        self.len = self.len.saturating_add(1);
        true
    }

    pub(crate) fn list(&self) -> &[Event] {
        self.list.get(..self.len).unwrap_or(&[])
    }
}
