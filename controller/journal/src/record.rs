//! What is written: entries, and the one state that must be known after a power cut.

use serde_json::{Value, json};

use crate::chain::{Hash, Head, Seal, link};
use crate::stamp::Stamp;

/// The kind of the entry that carries the digest of a [`Durable`]. No caller writes one.
pub const DURABLE: &str = "durable";

/// The kind of the entry that says up to where older ones were pruned. No caller writes one.
pub const PRUNED: &str = "pruned";

/// The longest body, in bytes of its JSON text. A prescription fits in full.
pub const MAX_BODY: usize = 1024 * 1024;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What it is: a short word, for example `alarm`.
    pub kind: String,
    /// When it happened.
    pub stamp: Stamp,
    /// What there is to tell of it. Names end with their unit.
    pub body: Value,
}

/// What must be known after a power cut (I1). The journal keeps the last one only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durable {
    /// The number of the arming whose steps are counted; at most [`i64::MAX`].
    pub arming: u64,
    /// How many steps of that arming may have left at most; at most [`i64::MAX`].
    pub credit: u64,
    /// The control law's state, in its own words.
    pub checkpoint: Vec<u8>,
    /// When it was.
    pub stamp: Stamp,
}

impl Durable {
    /// A hash over all of it.
    pub(crate) fn digest(&self) -> Hash {
        let mut seal = Seal::new("pumpd journal durable");
        seal.number(self.arming).number(self.credit);
        seal.bytes(&self.checkpoint).stamp(&self.stamp);
        seal.hash()
    }

    /// The entry that ties it into the chain.
    pub(crate) fn entry(&self) -> Entry {
        Entry {
            kind: DURABLE.to_owned(),
            stamp: self.stamp,
            body: json!({
                "arming": self.arming,
                "credit_steps": self.credit,
                "sha256": self.digest().to_string(),
            }),
        }
    }
}

/// The body of the entry that says that everything up to `anchor` was pruned.
pub(crate) fn pruned(anchor: Head) -> Value {
    json!({ "through_seq": anchor.seq, "sha256": anchor.hash.to_string() })
}

/// What is to become durable together, or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// In the order in which they shall be read.
    pub entries: Vec<Entry>,
    /// Takes the place of the one before.
    pub durable: Option<Durable>,
}

/// An entry as it is in the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its number. The first is 1, and none is left out.
    pub seq: u64,
    /// What it is.
    pub kind: String,
    /// When it happened.
    pub stamp: Stamp,
    /// Its body, as JSON text.
    pub body: String,
    /// Its hash.
    pub hash: Hash,
}

impl Row {
    /// Whether it is as it was written, and was written next after this end of the chain.
    pub fn follows(&self, before: Head) -> bool {
        before.seq.checked_add(1) == Some(self.seq)
            && link(before.hash, self.seq, &self.kind, &self.stamp, &self.body) == self.hash
    }

    /// The end of the chain that it was when it was the last.
    pub const fn head(&self) -> Head {
        Head {
            seq: self.seq,
            hash: self.hash,
        }
    }
}
