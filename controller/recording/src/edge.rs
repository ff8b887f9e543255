//! Edges and their digest.

use std::fmt;

use pump_core::pump::EdgeFate;
use pump_core::quantity::MonoNs;
use sha2::{Digest as _, Sha256};

/// An edge that the control law asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// When it fell due, by the pump's clock.
    pub due: MonoNs,
    /// The tick that asked for it.
    pub asked_at: MonoNs,
    /// What became of it; [`EdgeFate::None`]: nobody said, so it is uncertain.
    pub fate: EdgeFate,
}

/// Stands for all edges, or all instants, since the beginning of a run: the first eight bytes
/// of a SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u64);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Digests edges as they come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edges(Sha256);

impl Edges {
    pub(crate) fn push(&mut self, edge: &Edge) {
        self.0.update(edge.due.0.to_le_bytes());
        self.0.update([fate_word(edge.fate)]);
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest(head(&self.0.clone().finalize()))
    }
}

/// Digests the instants that are told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Instants(Sha256);

impl Instants {
    pub(crate) fn push(&mut self, at: MonoNs) {
        self.0.update(at.0.to_le_bytes());
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest(head(&self.0.clone().finalize()))
    }
}

/// The first eight bytes.
pub(crate) fn head(hash: &[u8]) -> u64 {
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(hash) {
        *to = *from;
    }
    u64::from_be_bytes(first)
}

pub(crate) const fn fate_word(fate: EdgeFate) -> u8 {
    match fate {
        EdgeFate::None => 0,
        EdgeFate::Accepted => 1,
        EdgeFate::Refused => 2,
    }
}
