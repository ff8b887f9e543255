//! The control socket: how an operator's program speaks to the daemon.
//!
//! `pumpd` listens on a Unix stream socket. Whoever connects sends one JSON document a line
//! and gets one JSON document a line back. This crate has the documents, the [`Client`] that
//! `pumpctl` is made of, and the [`Server`] that the daemon runs in one ordinary thread; what
//! the requests mean is up to the [`Service`] behind it.
//!
//! ```no_run
//! use pump_control::{Client, DEFAULT_SOCKET, Reply, Request};
//!
//! let mut daemon = Client::connect(DEFAULT_SOCKET.as_ref())?;
//! if let Reply::Status(status) = daemon.ask(&Request::Status { threads: false })? {
//!     println!("{}, {} alarms", status.state, status.alarms.len());
//! }
//! # Ok::<(), pump_control::ClientError>(())
//! ```
//!
//! # What it refuses to do
//!
//! - **Wait for anybody.** The server never blocks on a client: who reads too slowly is
//!   dropped, who begins a line and does not end it is timed out, and a request that takes
//!   long is answered later while the others go on.
//! - **Grow.** A line has at most [`MAX_LINE`] bytes, there are at most [`MAX_CONNECTIONS`]
//!   connections, and only few of them may hold a long line at the same time.
//! - **Guess.** An unknown request, an unknown or doubled key, a cut-off line: each is
//!   refused and nothing of it is done (invariant I9).
//! - **Ask who somebody is.** The kernel says it (P08, [`Peer`]), and the Unix groups
//!   `pump-observe`, `pump-operate` and `pump-prescribe` say what they may ([`Rights`]).
//! - **Speak to a network.** That is for another process, with fewer rights.
//!
//! # The line protocol, for clients in any language
//!
//! Connect a `SOCK_STREAM` Unix socket to `/run/pumpd/control.sock` and write UTF-8 JSON,
//! one document a line, ended by `\n`, without a newline inside. Every document has `"v": 1`.
//! Numbers are whole and may need 64 bits. The end of a name is its unit: `_ns` nanoseconds,
//! `_s` seconds, `_nl` nanolitres rounded down, `_steps` motor steps, `_kb` KiB.
//!
//! **Requests** have `v`, an `id` of the client's choice that the answer repeats, and `do`,
//! which is a word or an object with one key ([`Request`] lists them with the right that each
//! needs):
//!
//! ```json
//! {"v":1,"id":1,"do":"hello"}
//! {"v":1,"id":2,"do":{"status":{"threads":true}}}
//! {"v":1,"id":3,"do":{"propose":{"name":"rx.toml","text":"format = 1\n…"}}}
//! {"v":1,"id":4,"do":{"confirm":{"token":"5f0c…"}}}
//! {"v":1,"id":5,"do":"start"}
//! {"v":1,"id":6,"do":{"silence":{"seconds":60}}}
//! {"v":1,"id":7,"do":{"refill":{"residue_nl":3100000,"filled_nl":20000000,"lot":"L123"}}}
//! ```
//!
//! **Answers** have `v`, the `id`, and one of these three. A client must pass over keys that
//! it does not know, since documents grow; keys never change their meaning.
//!
//! - `reply`: an object with one key, the kind of the [`Reply`].
//! - `error`: a [`Refusal`]: a `code` for programs, a `message`, mostly a `fix`. Its `id` is
//!   `null` where it is about the connection and not about a request; the server closes the
//!   connection after such a one.
//! - `watch`: after `{"do":"watch"}` was answered, a [`Watched`] whenever there is one, with
//!   the `id` of that request.
//!
//! ```json
//! {"v":1,"id":5,"reply":{"done":{"state":"infusing"}}}
//! {"v":1,"id":6,"error":{"code":"no-right","message":"…","fix":"…"}}
//! {"v":1,"id":7,"watch":{"event":{"seq":4,"at_ns":60000000,"kind":"demand-asked","text":"press 1"}}}
//! ```
//!
//! Requests of one connection are done one after the other and answered in their order; the
//! next is read when the answer of the last was taken. To be heard while a `confirm` is under
//! way, open another connection. After half-closing, all answers still come.
//!
//! Arming takes two steps (P01): `propose` is answered with what would change and a `token`,
//! `confirm` with that token arms. A token that is not confirmed expires.
//!
//! What changes the pump's memory for good (`new-subject`, `refill`, `acknowledge-residue`, and
//! a `confirm` that acknowledges uncertain volume) is answered when it is durable, and not
//! before.
#![forbid(unsafe_code)]

mod account;
mod client;
mod frame;
mod latency;
mod reply;
mod request;
mod rights;
mod server;
mod service;
mod status;

pub use account::{Account, Amount, Drug, Mass, Refilled, Residue, Subject};
pub use client::{Client, ClientError, Watching};
pub use frame::{VERSION, read_answer, read_request, write_reply, write_request, write_watched};
pub use latency::{Distribution, Latency};
pub use reply::{
    AlarmTest, Armed, Check, CheckState, Code, Done, Hello, Preflight, Proposal, ProposedRegimen,
    Refusal, Reply, Row,
};
pub use request::{ALARM_TEST_S, MAX_SILENCE_S, Request, Urgency};
pub use rights::{Authority, Peer, Rights, UnixGroups};
pub use server::{BindError, Limits, Server, Waker};
pub use service::{Mail, Outcome, Service, Ticket};
pub use status::{
    Alarm, Bolus, Demands, Event, Health, Journal, Ledger, NextDemand, Pending, Prescribed,
    Regimen, Reservoir, Status, Thread, Threads, Watched, Window,
};

/// Where the daemon listens unless it is told otherwise.
pub const DEFAULT_SOCKET: &str = "/run/pumpd/control.sock";

/// The most bytes of a line, its newline included, in either direction.
pub const MAX_LINE: usize = 256 * 1024;

/// The most connections at a time. One more is told so and closed.
pub const MAX_CONNECTIONS: usize = 64;
