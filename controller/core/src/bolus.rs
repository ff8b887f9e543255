//! A bolus: a volume over a short time.

use crate::order::{DemandId, RegimenId};
use crate::quantity::{MonoNs, Nanoseconds, Steps};

/// What kind of bolus it is. The governor decides the kind; a strategy can't claim one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BolusKind {
    /// Asked for by the patient's button.
    Demand,
    /// Asked for by a strategy on its own.
    Scheduled,
    /// A strategy's loading bolus.
    Loading,
    /// Asked for by the operator.
    Clinician,
}

impl BolusKind {
    /// The stable kebab-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Demand => "demand",
            Self::Scheduled => "scheduled",
            Self::Loading => "loading",
            Self::Clinician => "clinician",
        }
    }
}

/// How far a bolus is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BolusOutcome {
    /// Allowed, waiting for its durable credit.
    Pending,
    /// Being given.
    Running,
    /// A scheduled bolus that waits for another bolus to end.
    Suspended,
    /// Given whole.
    Completed,
    /// Ended early, for good.
    Cut,
    /// Never begun.
    Refused,
}

impl BolusOutcome {
    /// The stable kebab-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Suspended => "suspended",
            Self::Completed => "completed",
            Self::Cut => "cut",
            Self::Refused => "refused",
        }
    }
}

/// Names one bolus over the life of the pump's memory, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BolusId(pub u64);

/// A bolus that the governor let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bolus {
    pub(crate) id: BolusId,
    pub(crate) kind: BolusKind,
    /// `None`: the operator's.
    pub(crate) regimen: Option<RegimenId>,
    pub(crate) demand: Option<DemandId>,
    /// The order's `seq`.
    pub(crate) seq: u64,
    pub(crate) steps: Steps,
    pub(crate) over: Nanoseconds,
    pub(crate) asked_at: MonoNs,
    /// The snapshot instant that the asking order answered.
    pub(crate) due: MonoNs,
    pub(crate) started_at: MonoNs,
    /// What is left of it, in parts; while it runs, the planner knows.
    pub(crate) left: u128,
    /// Edges that were missed while it ran.
    pub(crate) missed: Steps,
    pub(crate) stretched: bool,
}

/// A bolus that waits for its durable credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) bolus: Bolus,
    /// It starts when so many steps are durable.
    pub(crate) credit: Steps,
    pub(crate) deadline: MonoNs,
}
