//! The journal: what must be known after a power cut, and what happened.
//!
//! What was given is the one thing this software must never be wrong about. So the pump steps
//! only within a credit that was made durable beforehand (I1), and everything that happens is
//! kept so that a change shows (P04). Both are in one SQLite file, and what belongs together
//! becomes durable together:
//!
//! ```
//! use pump_journal::{Batch, Boot, Durable, Entry, Query, Reader, Stamp, Store};
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let stamp = Stamp {
//!     boot: Boot::current()?,
//!     mono_ns: 5_000_000_000,
//!     utc_ns: None,
//! };
//! let (mut store, recovered) = Store::open(folder)?;
//! assert!(recovered.created && recovered.durable.is_none());
//! let receipt = store.commit(&Batch {
//!     entries: vec![Entry {
//!         kind: "bolus-started".to_owned(),
//!         stamp,
//!         body: serde_json::json!({ "bolus": 7, "volume_steps": 120 }),
//!     }],
//!     durable: Some(Durable {
//!         arming: 1,
//!         credit: 480,
//!         checkpoint: b"the state of the control law".to_vec(),
//!         stamp,
//!     }),
//! })?;
//! // Only now may the 480 steps be handed to the loop.
//! drop(store); // the power is cut
//!
//! let (_, recovered) = Store::open(folder)?;
//! assert_eq!(recovered.durable.map(|durable| durable.credit), Some(480));
//! assert!(!recovered.clean);
//! let rows = Reader::open(folder)?.rows(&Query::default())?;
//! assert_eq!(rows[0].kind, "bolus-started");
//! assert_eq!(rows[1].hash, receipt.head.hash);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is promised
//!
//! - **When [`Store::commit`] returns, its batch outlives a loss of power**, whole. What is
//!   found afterwards is never older than that. A batch whose commit did not return, or
//!   returned [`Trouble`], is found whole or not at all.
//! - **A change shows.** Each entry has a hash over all that is in it and over the hash of the
//!   entry before; the durable state has its digest in an entry of its own; the end of the
//!   chain is kept beside it. [`Reader::verify`] finds any changed byte, any missing row, any
//!   two that were swapped, and a cut end. Whoever can write the file could also compute all
//!   hashes anew, there being no secret: against that helps the [`Head`] that was noted
//!   elsewhere, which `verify` looks for.
//!   The same goes for `journal.db-wal`: damage to it looks like an older end.
//! - **Nothing is guessed, deleted or overwritten.** A file that is damaged, cut, of another
//!   program or of a newer version is refused and left as it is, with what to do about it. A
//!   journal is never taken for new because its bytes are gone.
//! - **Trouble has a name and a fix, and goes with its cause.** After [`Trouble`] the same
//!   store goes on as soon as the disk does. Files that were deleted under it are written
//!   again, whole; what lies in their place is neither written nor believed.
//! - **It does not grow.** [`Retention`] says what is kept; [`Store::tidy`] prunes the rest, and
//!   an entry says so.
//! - **No thread is hidden here.** All is done in the calling thread, which may wait for the
//!   disk; [`Receipt::took`] says for how long it did.
//!
//! # What it refuses to do
//!
//! It knows words and bytes, and nothing of doses: what an entry means, and the state of the
//! control law in a [`Durable`], are the caller's. It decides nothing by a wall clock (I13).
//!
//! # The files
//!
//! `journal.db` is the journal, `journal.db-wal` what was committed last and is not in it
//! yet (both are the journal: copy both), `journal.db-shm` is what SQLite shares between
//! processes, `journal.lock` is held by the one writer, and `journal.db.new` is a journal in
//! the making that was never in use. A new journal gets its name only when it is whole. What
//! was beside a `journal.db` that was deleted is called `journal.db-wal.left0` and so on, and
//! is of no use.
//!
//! SQLite keeps a write-ahead log and syncs it at each commit (`synchronous=FULL`). It is told
//! that a write which a power cut tore can spoil the whole 4 KiB sector it is in, so each
//! commit ends beyond the sector that the next begins with, and a log that a power cut has left
//! is never appended to. After a failed sync nothing is believed that was not written again:
//! the kernel shows what it could not write, and won't try again. As long as a writer has the
//! journal, the file says so itself: then a missing `journal.db-wal` is noticed.
#![doc = concat!(
    "\n# The schema, version 2\n\n```sql\n",
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    "```\n\nVersion 1 had the first three tables."
)]
//!
//! The hash of an entry is the SHA-256 of: the text `pumpd journal entry`; the hash of the
//! entry before, for the first 32 zeros; `seq`; `kind`; `boot`; `mono_ns`; 1 and `utc_ns`, or
//! 0 where that is NULL; `body`. Texts and bytes have their length before them, and all
//! numbers are eight bytes, the most significant first. The digest of the durable state is
//! over `pumpd journal durable`, `arming`, `credit`, `checkpoint` and the stamp in the same
//! way.
//!
//! The version is SQLite's `user_version`, and the `application_id` is `0x70756d70`, "pump".
#![forbid(unsafe_code)]

mod chain;
mod connect;
mod kept;
mod lock;
mod look;
mod mend;
mod places;
mod reader;
mod record;
mod refusal;
mod retention;
mod running;
mod schema;
mod stamp;
mod store;
mod tables;
mod trouble;

pub use chain::{Hash, Head, NotHash, NotHead};
pub use kept::{Kept, NotKept};
pub use reader::{Query, Reader, Verified};
pub use record::{Batch, DURABLE, Durable, Entry, MAX_BODY, PRUNED, Row};
pub use refusal::OpenError;
pub use retention::{Retention, Tidied};
pub use schema::VERSION;
pub use stamp::{Boot, Stamp};
pub use store::{Receipt, Recovered, Store};
pub use trouble::{Trouble, TroubleKind};
