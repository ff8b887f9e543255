//! What happened as bytes.
//!
//! A block is a version, items one after the other, and a seal: the first eight bytes of the
//! SHA-256 of all before. An item begins with a byte that says what it is (its low three bits)
//! and how many calls went before it as they were foretold (its high five; 31: a number
//! follows). A block stands for itself: nothing in it is written by what an earlier one said.
//!
//! Equal items give equal bytes. What was damaged is refused.

use pump_core::order::RegimenId;
use sha2::{Digest as _, Sha256};

pub use crate::bytes::Flaw;
use crate::bytes::{Reader, Writer};
use crate::call::Call;
use crate::edge::{Digest, head};
use crate::told::Context;

/// How a block is written down. Another number is another way.
pub const VERSION: u8 = 1;
const SEAL: usize = 8;

/// So many calls went as foretold, and then this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Calls that went as the control law and the lines before had them foretold.
    pub foretold: u64,
    /// What came then.
    pub then: Then,
}

/// What comes after calls that went as foretold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one is held at a time")]
pub enum Then {
    /// Nothing yet: the block ends here.
    Nothing,
    /// A call that was not foretold.
    Call(Call),
    /// So many edges since the arming had this digest.
    Mark {
        /// Edges whose fate was known.
        edges: u64,
        /// Their digest.
        digest: Digest,
    },
}

/// The words of the items. A further kind of call gets the next one.
mod word {
    pub(super) const NOTHING: u8 = 0;
    pub(super) const TICK: u8 = 1;
    pub(super) const SHOWN: u8 = 2;
    pub(super) const DISARMED: u8 = 3;
    pub(super) const MARK: u8 = 4;
    pub(super) const BITS: u32 = 3;
    /// More calls than this are a number of their own.
    pub(super) const FEW: u8 = 31;
}

/// Writes a block.
#[derive(Clone, Debug)]
pub struct Encoder {
    to: Writer,
    context: Context,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// An empty block.
    pub fn new() -> Self {
        Self {
            to: Writer(vec![VERSION]),
            context: Context::new(),
        }
    }

    /// Bytes that are written.
    pub fn len(&self) -> usize {
        self.to.0.len()
    }

    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.to.0.len() == 1
    }

    /// Writes one more.
    pub fn push(&mut self, item: &Item) {
        let word = match &item.then {
            Then::Nothing => word::NOTHING,
            Then::Call(Call::Tick(_)) => word::TICK,
            Then::Call(Call::Shown(_)) => word::SHOWN,
            Then::Call(Call::Disarmed(_)) => word::DISARMED,
            Then::Mark { .. } => word::MARK,
        };
        let few = u8::try_from(item.foretold).ok();
        let few = few.filter(|few| *few < word::FEW);
        self.to.byte(word | few.unwrap_or(word::FEW) << word::BITS);
        if few.is_none() {
            self.to.number(item.foretold);
        }
        match &item.then {
            Then::Nothing => {}
            Then::Call(Call::Tick(told)) => self.context.write(&mut self.to, told),
            Then::Call(Call::Shown(regimen)) => self.to.byte(regimen.0),
            Then::Call(Call::Disarmed(at)) => self.context.write_instant(&mut self.to, *at),
            Then::Mark { edges, digest } => {
                self.to.number(*edges);
                self.to.0.extend(digest.0.to_be_bytes());
            }
        }
    }

    /// The block, sealed.
    pub fn finish(self) -> Vec<u8> {
        let mut bytes = self.to.0;
        let seal = seal(&bytes);
        bytes.extend(seal);
        bytes
    }
}

fn seal(bytes: &[u8]) -> [u8; SEAL] {
    head(&Sha256::digest(bytes)).to_be_bytes()
}

/// Reads a block, one item after the other.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    from: Reader<'a>,
    context: Context,
}

impl<'a> Decoder<'a> {
    /// Looks at the seal first.
    ///
    /// # Errors
    /// The bytes are no block of this version, or not as they were written.
    pub fn new(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let (sealed, found) = bytes.split_last_chunk::<SEAL>().ok_or(Flaw::Truncated)?;
        let (version, items) = sealed.split_first().ok_or(Flaw::Truncated)?;
        if *version != VERSION {
            return Err(Flaw::Version { found: *version });
        }
        if seal(sealed) != *found {
            return Err(Flaw::Damaged);
        }
        Ok(Self {
            from: Reader::new(items),
            context: Context::new(),
        })
    }

    fn item(&mut self) -> Result<Item, Flaw> {
        let first = self.from.byte()?;
        let few = first >> word::BITS;
        let foretold = match few {
            word::FEW => self.from.number()?,
            few => u64::from(few),
        };
        let then = match first & ((1 << word::BITS) - 1) {
            word::NOTHING => Then::Nothing,
            word::TICK => Then::Call(Call::Tick(self.context.read(&mut self.from)?)),
            word::SHOWN => Then::Call(Call::Shown(RegimenId(self.from.byte()?))),
            word::DISARMED => {
                Then::Call(Call::Disarmed(self.context.read_instant(&mut self.from)?))
            }
            word::MARK => {
                let edges = self.from.number()?;
                let mut digest = [0; SEAL];
                for byte in &mut digest {
                    *byte = self.from.byte()?;
                }
                Then::Mark {
                    edges,
                    digest: Digest(u64::from_be_bytes(digest)),
                }
            }
            _ => return Err(Flaw::Word),
        };
        Ok(Item { foretold, then })
    }
}

impl Iterator for Decoder<'_> {
    type Item = Result<Item, Flaw>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.from.is_empty() {
            return None;
        }
        let item = self.item();
        if item.is_err() {
            // Nothing after it can be read.
            self.from = Reader::new(&[]);
        }
        Some(item)
    }
}
