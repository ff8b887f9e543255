//! A new subject, at the desk.

use pump_control::{Code, Outcome, Peer, Refusal, Ticket};
use pump_core::pump::{ArmError, State};

use crate::books;
use crate::messages::What;
use crate::service::{Desk, Purpose};

impl Desk {
    /// Has the loop forget the subject, and what is armed with it.
    pub(crate) fn new_subject(&mut self, peer: &Peer, ticket: Ticket) -> Outcome {
        let now = self.parts.clock.now();
        let asked = self
            .busy()
            .and_then(|()| self.at_rest("the subject"))
            .and_then(|()| {
                let cleared = books::subject(self.board.remembered());
                self.note(
                    "new-subject",
                    peer,
                    serde_json::json!({ "cleared": cleared }),
                );
                self.ask(now, What::NewSubject, Purpose::NewSubject, Some(ticket))
            });
        match asked {
            Ok(()) => Outcome::Later,
            Err(refusal) => refusal.into(),
        }
    }

    /// The loop has answered.
    pub(crate) fn subject_changed(&mut self, ticket: Option<Ticket>, result: Result<(), ArmError>) {
        if let Err(error) = result {
            let refusal = Refusal::new(Code::WrongState, error.to_string());
            self.answer(ticket, Err(refusal.fix("stop it first")));
            return;
        }
        log::info!("the pump has a new subject");
        self.end_children();
        self.proposal = None;
        self.armed = None;
        self.board.disarmed();
        let reply = self.done();
        self.answer_when_durable(ticket, reply);
    }

    /// Refuses while the pump delivers or is paused.
    pub(crate) fn at_rest(&self, what: &str) -> Result<(), Refusal> {
        let state = self.board.state();
        if !matches!(state, State::Infusing | State::Paused) {
            return Ok(());
        }
        let message = format!("the pump is {}: {what} can't change now", state.name());
        Err(Refusal::new(Code::WrongState, message).fix("stop it first"))
    }
}
