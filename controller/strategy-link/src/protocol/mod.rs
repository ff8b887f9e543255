//! What the daemon and a strategy's own process say to each other.
//!
//! A strategy runs in a child of the daemon, the program `strategy-host`, because nothing
//! less survives what a plugin may do. The two speak over a pair of Unix `SOCK_SEQPACKET`
//! sockets: **one message a packet**, so that the kernel keeps the borders and an
//! end-of-file is the news of a death. There is no shared memory, which would put the
//! border of trust inside memory that the plugin can write.
//!
//! # Starting a host
//!
//! ```text
//! strategy-host run --plugin PATH --sha256 HEX [--user NAME] [--require-sandbox]
//! ```
//!
//! with an empty environment, and **the host's end of the pair as its standard input**
//! (`Command::stdin(OwnedFd)`: no descriptor has to be moved by hand). What stands on its
//! standard output and standard error is used for mistakes in the command line only and is
//! closed afterwards; `/dev/null` serves. What the plugin prints goes nowhere but, if it
//! fails, into the text of [`FromHost::Failed`].
//!
//! The host asks the kernel to be killed when **the thread that started it** ends, so that
//! thread must live as long as the child is wanted. It runs with the ordinary scheduling
//! policy, whichever its parent has.
//!
//! # The talk
//!
//! ```text
//! daemon                                   host
//!   Begin { values, state }         ──→      sandbox first, then load, create, load state
//!                                   ←──      Ready { sandbox }   or Failed, and it exits 1
//!   Step { snapshot }               ──→
//!                                   ←──      Stepped { answers, order, state }
//!   Step { snapshot }               ──→      or Failed, and it exits 1
//!   (closes its end)                         exits 0
//! ```
//!
//! Each question has one answer, and the daemon has one question open at a time. (A host that
//! fails before it was asked waits for the question, so that its answer is not lost.) It sets the
//! deadline ([`STEP_DEADLINE`]) and kills a host that is late. Because a plugin can write to
//! the socket what it likes, the daemon:
//!
//! - receives with `recv`, into a [`Buffer`] (a packet that does not fit is no message), and
//!   never takes descriptors;
//! - treats a packet that comes unasked (there is one to be read before the question is
//!   sent), one that does not decode, and a [`FromHost::Stepped`] whose `answers` is not the
//!   number of the snapshot just sent as the loss of the strategy: it kills the host;
//! - sends without blocking: a host that does not read is lost too.
//!
//! Whatever is forged within these bounds is an order like any other: the plugin could have
//! said it in earnest, and the governor narrows it.
//!
//! # No surprises
//!
//! [`ToHost::encode`] and [`FromHost::decode`] use the caller's buffer and allocate nothing:
//! the daemon's side is a real-time thread. Both ends are on one machine and built from one
//! source, so that numbers have the machine's byte order. No byte sequence makes a decoder
//! panic.
//!
//! ```
//! use strategy_abi::Fraction;
//! use strategy_link::protocol::{Buffer, Cause, EMPTY, FromHost, ToHost, Values};
//!
//! let mut buffer: Buffer = EMPTY;
//! let values = Values::new(&[Fraction { num: 1, den: 604_800_000 }]).unwrap();
//! let begin = ToHost::Begin { values, state: &[] };
//! let packet = begin.encode(&mut buffer).unwrap(); // send this
//! assert_eq!(ToHost::decode(packet), Ok(begin.clone()));
//!
//! let failed = FromHost::Failed { cause: Cause::State, text: "no state of mine" };
//! let packet = failed.encode(&mut buffer).unwrap();
//! assert_eq!(FromHost::decode(packet), Ok(failed));
//! assert!(FromHost::decode(b"anything else").is_err());
//! ```

mod bytes;
mod declared;
mod messages;

pub use declared::{Declared, NotDeclared};
pub use messages::{Cause, FromHost, Malformed, Sandbox, State, ToHost, TooLong, Values};

use std::time::Duration;
use strategy_abi::{MAX_STATE, Order, Snapshot};

use crate::MAX_VALUES;

/// The most bytes in a packet, and more than any message has: a packet that was cut to this
/// length is never mistaken for a whole one.
pub const MAX_PACKET: usize = 15_360;

/// Room for one packet.
pub type Buffer = [u8; MAX_PACKET];

/// An empty [`Buffer`].
pub const EMPTY: Buffer = [0; MAX_PACKET];

/// The most bytes of a [`FromHost::Failed`]'s text.
pub const MAX_TEXT: usize = 512;

/// The time within which a host answers a [`ToHost::Step`]; then it is killed.
pub const STEP_DEADLINE: Duration = Duration::from_millis(100);

/// The name of the host's program and of its process.
pub const HOST_NAME: &str = "strategy-host";

// Every message is shorter than a packet.
const _: () = {
    let head = 8;
    let begin = head + 4 + 4 + MAX_VALUES * 16 + MAX_STATE;
    let stepped = head + 8 + size_of::<Order>() + 4 + MAX_STATE;
    assert!(begin < MAX_PACKET && stepped < MAX_PACKET);
    assert!(head + size_of::<Snapshot>() < MAX_PACKET);
    assert!(head + 4 + 4 + MAX_TEXT < MAX_PACKET);
};
