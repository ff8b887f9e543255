//! What the control law was told, written down so that a run can be done again (I11).
//!
//! The control law is a pure function of its state and of what it is told, so a run is known
//! when its beginning is and every call that was made since. Written out, that would be some
//! hundred bytes for each of thousands of calls a second. Most of them say nothing: the control
//! law itself has said when it wants to be called, which strategies it wants to have asked, and
//! that it wants a step, and all that came was the nominal instant and an edge that was taken.
//! So a recording holds only **what was not foretold**, and between two such items how many
//! calls went as foretold. A day of 1 mL takes less than a megabyte.
//!
//! - A [`Recorder`] sits where every call can be seen, which in the daemon is the journal's
//!   thread, and gives [`row::Block`]s to be written with whatever is written anyway.
//! - A [`Replay`] begins with a [`row::Opening`], makes the same calls of a control law of its
//!   own and compares: the digest over every edge's planned instant and fate, the boluses, the
//!   demands, the calls, the instants.
//! - What of a wake-up's lateness was told to the control law is in it like any other instant:
//!   lateness that changes a fate is a recorded input.
//!
//! What it does not do: it knows no file, no plugin and no thread. Orders are inputs here; that
//! a strategy gives the same orders again is for the one to say who can run it.
//!
//! ```
//! use pump_core::pump::{Command, Inputs, Pump};
//! use pump_core::quantity::{MonoNs, Nanoseconds};
//! use pump_recording::row::Dossier;
//! use pump_recording::{Call, Recorder, Replay, Rest, Told, Unseen};
//! # use pump_core::prescription::{Caps, Envelope, OnStrategyLoss, Prescription, Reservoir};
//! # use pump_core::quantity::{Rate, Steps, Volume};
//! # let rate = Rate::new(1, 1_000_000).unwrap();
//! # let prescription = Prescription {
//! #     volume_per_step: Volume::from_nl(50),
//! #     full_step: Steps(0),
//! #     max_rate: rate,
//! #     max_bolus: Volume::ZERO,
//! #     max_clinician_bolus: None,
//! #     caps: Caps::default(),
//! #     drugs: [None; 4],
//! #     regimens: [Some(Envelope { basal: rate, bolus: None }), None, None, None],
//! #     vtbi: None,
//! #     reservoir: Reservoir { volume: Steps(400_000), low: Steps(0), empty: Steps(0) },
//! #     air: None,
//! #     order_lease: Nanoseconds::from_secs(2),
//! #     on_strategy_loss: OnStrategyLoss::Stop,
//! # };
//! let (mut pump, at) = (Box::new(Pump::new()), MonoNs(5));
//! let rest = Rest::of(&pump);
//! pump.arm(at, &prescription).unwrap();
//! let (ahead, dossier) = (Nanoseconds::ZERO, Dossier::default());
//! let (mut recorder, opening) = Recorder::begin(1, rest, at, &pump, ahead, dossier).unwrap();
//!
//! let start = Call::Tick(Told {
//!     now: MonoNs(10_000_000),
//!     inputs: Inputs { command: Some(Command::Start), ..Inputs::default() },
//!     clocks: Default::default(),
//! });
//! let answer = start.perform(&mut pump);
//! recorder.record(&start, &answer, pump.events()).unwrap();
//! let block = recorder.take().unwrap();
//!
//! let mut replay = Replay::begin(&opening).unwrap();
//! replay.block(&block, &mut Unseen).unwrap();
//! assert_eq!(replay.pump(), &*pump);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod bytes;
mod call;
pub mod codec;
mod course;
mod edge;
mod lines;
mod order;
pub mod prescription;
mod recorder;
mod replay;
pub mod row;
mod told;

pub use call::{Answer, Call, Clock, Told};
pub use course::Totals;
pub use edge::{Digest, Edge};
pub use recorder::{GivenUp, LARGE_BLOCK, MOST_BLOCK, MOST_IN_A_DAY, Recorder, Rest};
pub use replay::{Difference, Differs, Refusal, Replay, Stop, Unseen, Witness};
