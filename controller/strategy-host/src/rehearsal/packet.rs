//! What a rehearsal and its child say to each other: packets on a `SOCK_SEQPACKET` pair. The
//! two are of one build, so that no version is in them.

use crate::plugin::CallError;
use strategy_abi::{Fraction, MAX_STATE, Message as _, Order, Snapshot};
use strategy_link::MAX_VALUES;

/// No packet is longer.
pub(super) const LONGEST: usize = 16 + longer(MAX_STATE, MAX_VALUES * 16);
pub(super) type Buffer = [u8; LONGEST];
pub(super) const EMPTY: Buffer = [0; LONGEST];

const fn longer(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

const CREATE: u8 = 1;
const STEP: u8 = 2;
const SAVE: u8 = 3;
const LOAD: u8 = 4;
const DISCARD: u8 = 5;

const READY: u8 = 1;
const DONE: u8 = 2;
const FAILED: u8 = 3;
const CALLED: u8 = 4;
const UNABLE: u8 = 5;

/// What the child is told to do with the instance of a slot.
#[derive(Debug, PartialEq)]
pub(super) enum Ask<'a> {
    Create(u8, Vec<Fraction>),
    Step(u8, Box<Snapshot>),
    Save(u8),
    Load(u8, &'a [u8]),
    Discard(u8),
}

impl<'a> Ask<'a> {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LONGEST);
        match self {
            Self::Create(slot, values) => {
                bytes.extend([CREATE, *slot]);
                for value in values {
                    bytes.extend(value.num.to_le_bytes());
                    bytes.extend(value.den.to_le_bytes());
                }
            }
            Self::Step(slot, snapshot) => {
                bytes.extend([STEP, *slot]);
                bytes.extend(snapshot.as_bytes());
            }
            Self::Save(slot) => bytes.extend([SAVE, *slot]),
            Self::Load(slot, state) => {
                bytes.extend([LOAD, *slot]);
                bytes.extend(*state);
            }
            Self::Discard(slot) => bytes.extend([DISCARD, *slot]),
        }
        bytes
    }

    /// `None` where these bytes are no question.
    pub(super) fn from_bytes(bytes: &'a [u8]) -> Option<Self> {
        let (&[kind, slot], body) = bytes.split_first_chunk::<2>()?;
        Some(match kind {
            CREATE => {
                let (values, rest) = body.as_chunks::<16>();
                if !rest.is_empty() || values.len() > MAX_VALUES {
                    return None;
                }
                let value = |bytes: &[u8; 16]| {
                    let (num, den) = bytes.split_first_chunk::<8>()?;
                    let den = den.first_chunk::<8>()?;
                    Some(Fraction {
                        num: u64::from_le_bytes(*num),
                        den: u64::from_le_bytes(*den),
                    })
                };
                Self::Create(slot, values.iter().map(value).collect::<Option<_>>()?)
            }
            STEP => Self::Step(slot, Box::new(Snapshot::from_bytes(body)?)),
            SAVE => Self::Save(slot),
            LOAD => Self::Load(slot, body),
            DISCARD => Self::Discard(slot),
            _ => return None,
        })
    }
}

/// What the child answers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Told {
    /// The plugin is open.
    Ready,
    /// It is done. With the bytes that are in use on the heap, and the order or the state.
    Done { heap: u64, body: Vec<u8> },
    /// The plugin's function failed.
    Failed(CallError),
    /// A system call of this number was not allowed. The child has ended.
    Called(i32),
    /// The child can't do it, and has ended.
    Unable(String),
}

impl Told {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Ready => vec![READY],
            Self::Done { heap, body } => [&[DONE][..], &heap.to_le_bytes(), body].concat(),
            Self::Failed(error) => {
                let (code, detail) = code_of(*error);
                [&[FAILED, code][..], &detail.to_le_bytes()].concat()
            }
            Self::Called(number) => called(*number).to_vec(),
            Self::Unable(text) => [&[UNABLE], text.as_bytes()].concat(),
        }
    }

    /// `None` where these bytes are no answer: whatever else the plugin wrote.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&kind, body) = bytes.split_first()?;
        Some(match kind {
            READY if body.is_empty() => Self::Ready,
            DONE => {
                let (heap, body) = body.split_first_chunk::<8>()?;
                Self::Done {
                    heap: u64::from_le_bytes(*heap),
                    body: body.to_vec(),
                }
            }
            FAILED => {
                let (&code, detail) = body.split_first()?;
                let detail = u32::from_le_bytes(detail.try_into().ok()?);
                Self::Failed(error_of(code, detail)?)
            }
            CALLED => Self::Called(i32::from_le_bytes(body.try_into().ok()?)),
            UNABLE => Self::Unable(String::from_utf8_lossy(body).into_owned()),
            _ => return None,
        })
    }
}

/// [`Told::Called`] without an allocation: a signal handler says it.
pub(super) const fn called(number: i32) -> [u8; 5] {
    let [a, b, c, d] = number.to_le_bytes();
    [CALLED, a, b, c, d]
}

/// The order of a [`Told::Done`].
pub(super) fn order(body: &[u8]) -> Option<Order> {
    Order::from_bytes(body)
}

const fn code_of(error: CallError) -> (u8, u32) {
    match error {
        CallError::Refused => (1, 0),
        CallError::Panicked => (2, 0),
        CallError::BadCall => (3, 0),
        CallError::UnknownStatus(status) => (4, status),
        CallError::NoInstance => (5, 0),
        CallError::StateTooLarge(size) => (6, size),
        CallError::Spent => (7, 0),
    }
}

const fn error_of(code: u8, detail: u32) -> Option<CallError> {
    Some(match code {
        1 => CallError::Refused,
        2 => CallError::Panicked,
        3 => CallError::BadCall,
        4 => CallError::UnknownStatus(detail),
        5 => CallError::NoInstance,
        6 => CallError::StateTooLarge(detail),
        7 => CallError::Spent,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_arrives() {
        let value = Fraction { num: 3, den: 7 };
        let ask = Ask::Create(1, vec![value, value]);
        let bytes = ask.to_bytes();
        assert_eq!(Ask::from_bytes(&bytes), Some(ask));
        let (asks, tolds) = (
            [Ask::Save(0), Ask::Load(2, b"state"), Ask::Discard(1)],
            [
                Told::Ready,
                Told::Done {
                    heap: 5,
                    body: vec![1, 2],
                },
                Told::Failed(CallError::UnknownStatus(77)),
                Told::Called(41),
                Told::Unable("no".to_owned()),
            ],
        );
        for ask in asks {
            assert_eq!(Ask::from_bytes(&ask.to_bytes()), Some(ask));
        }
        for told in tolds {
            assert_eq!(Told::from_bytes(&told.to_bytes()), Some(told));
        }
    }

    #[test]
    fn what_a_plugin_writes_in_between_is_no_answer() {
        for bytes in [
            &b""[..],
            b"hello",
            &[DONE, 1],
            &[FAILED, 9, 0, 0, 0, 0],
            &[READY, 1],
        ] {
            assert_eq!(Told::from_bytes(bytes), None, "{bytes:?}");
        }
        assert_eq!(Ask::from_bytes(&[CREATE, 0, 1]), None);
        assert_eq!(Ask::from_bytes(&[STEP, 0]), None);
    }
}
