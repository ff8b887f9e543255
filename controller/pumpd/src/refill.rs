//! Refills at the desk, and what was found in the reservoir before (W06).

use pump_control::{Account, Code, Outcome, Peer, Refilled, Refusal, Reply, Residue, Ticket};
use pump_core::event::EventKind;
use pump_core::pump::Command;
use pump_core::quantity::{Steps, Volume};
use pump_core::refill;

use crate::books;
use crate::messages::What;
use crate::service::{Desk, Purpose};
use crate::{stamp, words};

impl Desk {
    /// What became of the volume.
    pub(crate) fn account(&mut self) -> Account {
        let utc = stamp::utc_ns();
        self.parts.books.account(&self.board.seen(utc))
    }

    /// Has the loop hold what was found against the ledger, and count on from what was filled.
    pub(crate) fn refill(
        &mut self,
        residue_nl: u64,
        filled_nl: u64,
        lot: &str,
        peer: &Peer,
        ticket: Ticket,
    ) -> Outcome {
        let now = self.parts.clock.now();
        let asked = self
            .busy()
            .and_then(|()| self.at_rest("the reservoir"))
            .and_then(|()| self.fits(residue_nl, filled_nl))
            .and_then(|()| {
                let more = serde_json::json!({
                    "residue_nl": residue_nl,
                    "filled_nl": filled_nl,
                    "lot": lot,
                });
                self.note("refill", peer, more);
                let command = Command::Refill {
                    residue: Some(Volume::from_nl(residue_nl)),
                    content: Volume::from_nl(filled_nl),
                };
                self.ask(now, What::Obey(command), Purpose::Refill, Some(ticket))
            });
        match asked {
            Ok(()) => Outcome::Later,
            Err(refusal) => refusal.into(),
        }
    }

    /// Refuses what the reservoir can't have held.
    fn fits(&self, residue_nl: u64, filled_nl: u64) -> Result<(), Refusal> {
        let remembered = self.board.remembered();
        let Some((_, capacity)) = remembered.reservoir else {
            let message = "nothing was armed yet, so the reservoir's volume is not known";
            return Err(Refusal::new(Code::WrongState, message)
                .fix("arm a prescription, which says it, then tell of the refill"));
        };
        let capacity = remembered.volume_per_step.times_floor_nl(capacity);
        for (nl, what) in [(residue_nl, "found in"), (filled_nl, "filled into")] {
            if nl > capacity {
                let (given, holds) = (words::volume(nl), words::volume(capacity));
                let message = format!("{given} can't have been {what} a reservoir of {holds}");
                return Err(Refusal::new(Code::BadRequest, message).fix(
                    "see to the figure; the volume is the one of `[reservoir]` in the \
                     prescription that was armed last",
                ));
            }
        }
        Ok(())
    }

    /// The loop has refilled it.
    pub(crate) fn refilled(&mut self, ticket: Option<Ticket>) {
        let Some(EventKind::Reconciled {
            measured,
            expected,
            differs,
        }) = self.reconciled.take()
        else {
            let lost = Refusal::new(Code::Internal, "what the loop told of the refill was lost");
            self.answer(
                ticket,
                Err(lost.fix("look with `ledger` whether it was done")),
            );
            return;
        };
        let remembered = self.board.remembered();
        let step = remembered.volume_per_step;
        let nl = |steps| step.times_floor_nl(steps);
        let (content, capacity) = remembered.reservoir.unwrap_or((Steps::ZERO, Steps::ZERO));
        let reply = Reply::Refilled(Refilled {
            residue: Residue {
                measured_nl: nl(measured),
                expected_nl: nl(expected),
                allowed_nl: nl(refill::allowed(capacity, step)),
            },
            differs,
            content_nl: nl(content),
        });
        self.answer_when_durable(ticket, reply);
    }

    /// Somebody answers for a residue that differs from the ledger.
    pub(crate) fn acknowledge_residue(
        &mut self,
        reason: &str,
        peer: &Peer,
        ticket: Ticket,
    ) -> Outcome {
        let now = self.parts.clock.now();
        let asked = self.busy().and_then(|()| {
            let residue = books::residue(self.board.remembered()).ok_or_else(|| {
                let message = "no residue waits to be acknowledged";
                Refusal::new(Code::NotFound, message).fix("`ledger` shows one where there is")
            })?;
            let more = serde_json::json!({ "residue": residue, "reason": reason });
            self.note("acknowledge-residue", peer, more);
            let what = What::Obey(Command::AcknowledgeResidue);
            self.ask(now, what, Purpose::Residue, Some(ticket))
        });
        match asked {
            Ok(()) => Outcome::Later,
            Err(refusal) => refusal.into(),
        }
    }

    /// Refuses to start while somebody has to answer for a residue.
    pub(crate) fn residue_is_answered_for(&self) -> Result<(), Refusal> {
        let Some(residue) = books::residue(self.board.remembered()) else {
            return Ok(());
        };
        let (found, ledger) = (
            words::volume(residue.measured_nl),
            words::volume(residue.expected_nl),
        );
        let allowed = words::volume(residue.allowed_nl);
        let message = format!(
            "{found} were found in the reservoir, {ledger} should have been there by the ledger, \
             and {allowed} is the most that they may differ"
        );
        Err(Refusal::new(Code::NeedsAcknowledgement, message).fix(
            "find out why; then `pumpctl refill --acknowledge --reason TEXT`, which is recorded",
        ))
    }
}
