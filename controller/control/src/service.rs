//! What stands behind the server.

use crate::reply::{Refusal, Reply};
use crate::request::Request;
use crate::rights::Peer;
use crate::server::Connections;
use crate::status::Watched;

/// Which request an answer that comes later is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(crate) u64);

/// What became of a request.
#[derive(Debug)]
pub enum Outcome {
    /// It was done, or refused.
    Now(Result<Reply, Refusal>),
    /// It takes its time: [`Mail::answer`] is called with its ticket. The asker waits, at
    /// most as long as the service takes; the others do not.
    Later,
}

impl From<Result<Reply, Refusal>> for Outcome {
    fn from(answer: Result<Reply, Refusal>) -> Self {
        Self::Now(answer)
    }
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Self {
        Self::Now(Ok(reply))
    }
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        Self::Now(Err(refusal))
    }
}

/// Does what is asked for. Everything is called in the server's thread and must return
/// promptly: whatever takes longer than some milliseconds is answered [`Outcome::Later`].
///
/// ```
/// use pump_control::{Code, Mail, Outcome, Peer, Refusal, Request, Service, Ticket};
///
/// struct Nothing;
///
/// impl Service for Nothing {
///     fn handle(&mut self, request: Request, peer: &Peer, _: Ticket) -> Outcome {
///         let text = format!("{} may, but nothing is there to {}", peer.user, request.name());
///         Refusal::new(Code::WrongState, text).into()
///     }
///
///     fn turn(&mut self, _: &mut Mail<'_>) {}
/// }
/// ```
pub trait Service {
    /// Does a request. The server has seen to it that the peer has the right it
    /// [needs](Request::needs) and that it is [valid](Request::validate).
    ///
    /// To [`Request::Watch`] answer with [`Reply::Watching`]: from then on the asker is a
    /// watcher. It may not be answered later.
    fn handle(&mut self, request: Request, peer: &Peer, ticket: Ticket) -> Outcome;

    /// Called in each turn of the server: whenever somebody asked for something or the
    /// [`Waker`](crate::Waker) was used, and at least as often as [`Server::turn`] is called.
    /// Here late answers are handed over and watchers are told what happened.
    ///
    /// [`Server::turn`]: crate::Server::turn
    fn turn(&mut self, mail: &mut Mail<'_>);

    /// The asker of a request that is to be answered later has gone. What was begun may go
    /// on or not; its answer is not sent to anybody.
    fn gone(&mut self, _ticket: Ticket) {}
}

/// Where a [`Service`] hands over what it has to say.
pub struct Mail<'a> {
    pub(crate) connections: &'a mut Connections,
}

impl Mail<'_> {
    /// Answers a request whose outcome was [`Outcome::Later`]. An answer to an asker that
    /// has gone is dropped.
    pub fn answer(&mut self, ticket: Ticket, answer: Result<Reply, Refusal>) {
        self.connections.answer(ticket, answer);
    }

    /// Sends something to all who watch. Whoever does not keep up is dropped.
    pub fn publish(&mut self, what: &Watched) {
        self.connections.publish(what);
    }

    /// How many watch: where nobody does, nothing needs to be made for them.
    pub fn watchers(&self) -> usize {
        self.connections.watchers()
    }
}
