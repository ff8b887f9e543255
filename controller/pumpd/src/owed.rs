//! Answers that are given when what they say is durable, and not before.
//!
//! Who is told that the pump has another subject, or was refilled, must find it so whatever
//! happens next, also where the power is lost in the next instant. The loop has done it by then;
//! the desk puts a mark behind it on the way to the journal, and answers when the disk has taken
//! everything before that mark.

use std::sync::atomic::Ordering;

use pump_control::{Code, Refusal, Reply, Ticket};
use pump_core::quantity::{MonoNs, Nanoseconds};

use crate::messages::Note;
use crate::service::Desk;

/// A disk that takes longer is not waited for.
const PATIENCE: Nanoseconds = Nanoseconds::from_secs(10);

/// An answer that waits for the disk.
#[derive(Debug)]
pub(crate) struct Owed {
    mark: u64,
    ticket: Ticket,
    reply: Reply,
    deadline: MonoNs,
}

impl Desk {
    /// Answers when everything that the loop and the desk have told so far is durable.
    pub(crate) fn answer_when_durable(&mut self, ticket: Option<Ticket>, reply: Reply) {
        let last = self.owed.last().map(|owed| owed.mark);
        let shown = self.parts.vitals.durable_mark.load(Ordering::Acquire);
        let mark = last.unwrap_or(self.last_mark).max(shown).saturating_add(1);
        self.last_mark = mark;
        if self.parts.notes.send(Note::Mark(mark)).is_err() {
            self.answer(ticket, Err(not_durable("the journal has ended")));
            return;
        }
        self.owed.extend(ticket.map(|ticket| Owed {
            mark,
            ticket,
            reply,
            deadline: self.parts.clock.now().after(PATIENCE),
        }));
    }

    /// Gives the answers that are due.
    pub(crate) fn pay(&mut self, now: MonoNs) {
        let durable = self.parts.vitals.durable_mark.load(Ordering::Acquire);
        for owed in std::mem::take(&mut self.owed) {
            if owed.mark <= durable {
                self.answer(Some(owed.ticket), Ok(owed.reply));
            } else if now >= owed.deadline {
                let late = not_durable("the disk has not taken it in time");
                self.answer(Some(owed.ticket), Err(late));
            } else {
                self.owed.push(owed);
            }
        }
    }
}

fn not_durable(why: &str) -> Refusal {
    let message = format!("it is done, but not durable: {why}; after a restart it may be undone");
    Refusal::new(Code::Internal, message)
        .fix("see to the journal that `status` shows, then look with `ledger` whether it holds")
}
