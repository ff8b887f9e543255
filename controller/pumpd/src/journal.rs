//! The thread that keeps records and grants credit.
//!
//! Credit is kept in memory here, which only a simulated pump may live by (I1): without a
//! durable journal preflight refuses to arm real hardware. Edges are written to a tape where
//! one was asked for.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use pump_core::quantity::Nanoseconds;
use pump_lane::{Consumer, Producer};
use pump_rt::clock;

use crate::faults::{Faults, Victim};
use crate::messages::{Credit, Record};
use crate::vitals::Vitals;

const EVERY: Nanoseconds = Nanoseconds::from_millis(10);

pub(crate) struct Journal {
    pub(crate) records: Consumer<Record>,
    pub(crate) credits: Producer<Credit>,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) faults: Arc<Faults>,
    /// Where every edge is written.
    pub(crate) tape: Option<BufWriter<File>>,
}

impl Journal {
    pub(crate) fn run(mut self) {
        let mut owed: Option<Credit> = None;
        loop {
            // Nobody sends after this: what is there now is all there is.
            let ending = self.vitals.loop_ended.load(Ordering::Acquire);
            self.vitals.journal.show(clock::now());
            self.faults
                .visit(Victim::Journal, clock::now(), &self.vitals);
            while let Some(record) = self.records.receive() {
                match record {
                    Record::Event(event) => log::debug!("{:?} at {} ns", event.kind, event.at.0),
                    Record::Edge { due, issued, taken } => self.keep(due.0, issued.0, taken),
                    Record::Credit(credit) => owed = Some(credit),
                }
            }
            if let Some(credit) = owed
                && self.credits.send(credit).is_ok()
            {
                owed = None;
            }
            if ending {
                break;
            }
            clock::sleep_until(clock::now().after(EVERY));
        }
        if let Some(tape) = &mut self.tape
            && let Err(error) = tape.flush()
        {
            log::error!("the tape could not be written: {error}");
        }
    }

    fn keep(&mut self, due: u64, issued: u64, taken: bool) {
        let Some(tape) = &mut self.tape else { return };
        if let Err(error) = writeln!(tape, "{due},{issued},{}", u8::from(taken)) {
            log::error!("the tape could not be written: {error}");
            self.tape = None;
        }
    }
}
