//! The five messages.

use super::bytes::{Reader, Writer};
use super::{Buffer, MAX_TEXT};
use crate::MAX_VALUES;
use std::fmt;
use strategy_abi::{Fraction, MAX_STATE, Message as _, Order, Snapshot};

/// What a strategy is begun with: one value per declared parameter, in their order, and then the
/// steps of a profile; at most [`MAX_VALUES`](crate::MAX_VALUES).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values(Vec<Fraction>);

impl Values {
    /// These values. `None` where there are too many, or one has the denominator zero.
    pub fn new(values: &[Fraction]) -> Option<Self> {
        let sound = values.iter().all(|value| value.den != 0);
        (sound && values.len() <= MAX_VALUES).then(|| Self(values.to_vec()))
    }

    /// The values.
    pub fn as_slice(&self) -> &[Fraction] {
        &self.0
    }
}

/// A strategy's state as the daemon keeps it from one step to the next, without allocating:
/// at most [`MAX_STATE`](strategy_abi::MAX_STATE) bytes.
#[derive(Clone, Copy, Debug)]
pub struct State {
    length: usize,
    bytes: [u8; MAX_STATE],
}

impl State {
    /// No state: the strategy begins anew.
    pub const EMPTY: Self = Self {
        length: 0,
        bytes: [0; MAX_STATE],
    };

    /// Keeps these bytes in place of the former. Where there are too many, the former stay
    /// and the answer is false; a decoded message never has too many.
    pub fn keep(&mut self, state: &[u8]) -> bool {
        let Some(place) = self.bytes.get_mut(..state.len()) else {
            return false;
        };
        place.copy_from_slice(state);
        self.length = state.len();
        true
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Default for State {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for State {}

/// What holds a host in, beside what is always there (no new privileges, a system call
/// filter, limits; without these it refuses to run).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sandbox {
    /// It has a user of its own, which is neither root nor the daemon's.
    pub own_user: bool,
    /// The kernel's Landlock holds the file system closed to it.
    pub landlock: bool,
}

impl fmt::Display for Sandbox {
    /// In words for an operator.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.own_user {
            true => "own user",
            false => "the daemon's user",
        })?;
        f.write_str(match self.landlock {
            true => ", no files (landlock), system calls filtered",
            false => ", system calls filtered; this kernel has no landlock",
        })
    }
}

/// Where a host failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The host itself: its sandbox, its socket, a message that makes no sense. Trying again
    /// is of no use before somebody has looked at it.
    Host,
    /// The plugin's file: it can't be read, has another hash, is no plugin or can't be
    /// opened.
    Plugin,
    /// The strategy refuses the values.
    Values,
    /// The strategy refuses the state. It may be tried again without one.
    State,
    /// A step, or saving the state after it, failed.
    Step,
}

impl Cause {
    const fn code(self) -> u32 {
        match self {
            Self::Host => 1,
            Self::Plugin => 2,
            Self::Values => 3,
            Self::State => 4,
            Self::Step => 5,
        }
    }

    const fn from_code(code: u32) -> Option<Self> {
        match code {
            1 => Some(Self::Host),
            2 => Some(Self::Plugin),
            3 => Some(Self::Values),
            4 => Some(Self::State),
            5 => Some(Self::Step),
            _ => None,
        }
    }
}

/// From the daemon to the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToHost<'a> {
    /// The first message, once.
    Begin {
        /// The prescription's values.
        values: Values,
        /// The state that the last [`FromHost::Stepped`] carried; empty where there is none.
        state: &'a [u8],
    },
    /// Asks for an order.
    Step {
        /// What the strategy is shown.
        snapshot: Snapshot,
    },
}

/// From the host to the daemon. The plugin may have written it: it is the daemon's to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromHost<'a> {
    /// Answers [`ToHost::Begin`]: the strategy runs.
    Ready {
        /// What holds it in.
        sandbox: Sandbox,
    },
    /// Answers either: the host gives up and exits.
    Failed {
        /// Where.
        cause: Cause,
        /// Why: one line of at most [`MAX_TEXT`] bytes without control characters.
        text: &'a str,
    },
    /// Answers [`ToHost::Step`].
    Stepped {
        /// The number of the snapshot that it answers, from the host and not from the plugin.
        answers: u64,
        /// The plugin's order, for [`read_order`](crate::read_order) to read. It may name
        /// another snapshot: that is for the governor to refuse.
        order: Order,
        /// The strategy's state after it; empty where it has none.
        state: &'a [u8],
    },
}

const BEGIN: u32 = 1;
const STEP: u32 = 2;
const READY: u32 = 17;
const FAILED: u32 = 18;
const STEPPED: u32 = 19;

/// A state or a text is longer than a message may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the message is longer than a packet may be")
    }
}

impl std::error::Error for TooLong {}

/// Why a packet is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It is shorter or longer than it says or than its kind allows.
    Length,
    /// No message to this side has this kind.
    Kind(u32),
    /// A value has the denominator zero, or there are too many of them.
    Values,
    /// A code or a flag has no meaning.
    Code(u32),
    /// The text is not one line of plain UTF-8.
    Text,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => f.write_str("its length is wrong"),
            Self::Kind(kind) => write!(f, "no message has the kind {kind}"),
            Self::Values => f.write_str("its values are not sound"),
            Self::Code(code) => write!(f, "its code {code} means nothing"),
            Self::Text => f.write_str("its text is not one line of plain UTF-8"),
        }
    }
}

impl std::error::Error for Malformed {}

impl<'a> ToHost<'a> {
    /// Writes the packet into `buffer`, and returns the part to send.
    ///
    /// # Errors
    /// The state is longer than [`MAX_STATE`](strategy_abi::MAX_STATE).
    pub fn encode<'b>(&self, buffer: &'b mut Buffer) -> Result<&'b [u8], TooLong> {
        match self {
            Self::Begin { values, state } => packet(buffer, BEGIN, |to| {
                let values = values.as_slice();
                to.u32(u32::try_from(values.len()).map_err(|_| TooLong)?)?;
                for value in values {
                    to.u64(value.num)?;
                    to.u64(value.den)?;
                }
                to.counted(state, MAX_STATE)
            }),
            Self::Step { snapshot } => packet(buffer, STEP, |to| to.put(snapshot.as_bytes())),
        }
    }

    /// Reads a packet.
    ///
    /// # Errors
    /// It is none of these messages.
    pub fn decode(packet: &'a [u8]) -> Result<Self, Malformed> {
        let (kind, mut body) = open(packet)?;
        let message = match kind {
            BEGIN => {
                let count = usize::try_from(body.u32()?).map_err(|_| Malformed::Values)?;
                if count > MAX_VALUES {
                    return Err(Malformed::Values);
                }
                let mut all = Vec::with_capacity(count);
                for _ in 0..count {
                    let (num, den) = (body.u64()?, body.u64()?);
                    all.push(Fraction { num, den });
                }
                Self::Begin {
                    values: Values::new(&all).ok_or(Malformed::Values)?,
                    state: body.counted(MAX_STATE)?,
                }
            }
            STEP => {
                let snapshot = Snapshot::from_bytes(body.take(size_of::<Snapshot>())?);
                Self::Step {
                    snapshot: snapshot.ok_or(Malformed::Length)?,
                }
            }
            other => return Err(Malformed::Kind(other)),
        };
        body.end()?;
        Ok(message)
    }
}

impl<'a> FromHost<'a> {
    /// Writes the packet into `buffer`, and returns the part to send.
    ///
    /// # Errors
    /// The state or the text is too long.
    pub fn encode<'b>(&self, buffer: &'b mut Buffer) -> Result<&'b [u8], TooLong> {
        match self {
            Self::Ready { sandbox } => packet(buffer, READY, |to| {
                to.u32(u32::from(sandbox.own_user))?;
                to.u32(u32::from(sandbox.landlock))
            }),
            Self::Failed { cause, text } => packet(buffer, FAILED, |to| {
                to.u32(cause.code())?;
                to.counted(text.as_bytes(), MAX_TEXT)
            }),
            Self::Stepped {
                answers,
                order,
                state,
            } => packet(buffer, STEPPED, |to| {
                to.u64(*answers)?;
                to.put(order.as_bytes())?;
                to.counted(state, MAX_STATE)
            }),
        }
    }

    /// Reads a packet.
    ///
    /// # Errors
    /// It is none of these messages.
    pub fn decode(packet: &'a [u8]) -> Result<Self, Malformed> {
        let (kind, mut body) = open(packet)?;
        let message = match kind {
            READY => Self::Ready {
                sandbox: Sandbox {
                    own_user: flag(body.u32()?)?,
                    landlock: flag(body.u32()?)?,
                },
            },
            FAILED => {
                let code = body.u32()?;
                let text = body.counted(MAX_TEXT)?;
                Self::Failed {
                    cause: Cause::from_code(code).ok_or(Malformed::Code(code))?,
                    text: line(text)?,
                }
            }
            STEPPED => Self::Stepped {
                answers: body.u64()?,
                order: Order::from_bytes(body.take(size_of::<Order>())?)
                    .ok_or(Malformed::Length)?,
                state: body.counted(MAX_STATE)?,
            },
            other => return Err(Malformed::Kind(other)),
        };
        body.end()?;
        Ok(message)
    }
}

/// A kind, the length of what follows, and what follows.
fn packet(
    buffer: &mut Buffer,
    kind: u32,
    body: impl FnOnce(&mut Writer<'_>) -> Result<(), TooLong>,
) -> Result<&[u8], TooLong> {
    let Some((head, place)) = buffer.split_first_chunk_mut::<8>() else {
        return Err(TooLong);
    };
    let mut to = Writer::new(place);
    body(&mut to)?;
    let length = to.done().len();
    let mut to = Writer::new(head);
    to.u32(kind)?;
    to.u32(u32::try_from(length).map_err(|_| TooLong)?)?;
    let whole = length.checked_add(8).ok_or(TooLong)?;
    buffer.get(..whole).ok_or(TooLong)
}

fn open(packet: &[u8]) -> Result<(u32, Reader<'_>), Malformed> {
    let mut reader = Reader(packet);
    let kind = reader.u32()?;
    let length = reader.u32()?;
    if u32::try_from(reader.0.len()) != Ok(length) {
        return Err(Malformed::Length);
    }
    Ok((kind, reader))
}

const fn flag(code: u32) -> Result<bool, Malformed> {
    match code {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(Malformed::Code(other)),
    }
}

/// It goes to logs and terminals: an escape or a line feed there could forge another line.
fn line(bytes: &[u8]) -> Result<&str, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|_| Malformed::Text)?;
    let harmless = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    if text.chars().all(harmless) {
        Ok(text)
    } else {
        Err(Malformed::Text)
    }
}
