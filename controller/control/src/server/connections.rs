//! All who are connected.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::net::sockopt::socket_peercred;

use crate::frame;
use crate::reply::{Code, Refusal, Reply};
use crate::request::Request;
use crate::rights::{Authority, Peer, Rights};
use crate::server::Limits;
use crate::server::connection::{Asked, Connection};
use crate::service::{Outcome, Service, Ticket};
use crate::status::Watched;

/// How long an ending server goes on sending what was said.
const FAREWELL: Duration = Duration::from_millis(200);

pub(crate) struct Connections {
    limits: Limits,
    authority: Box<dyn Authority>,
    list: BTreeMap<u64, Connection>,
    admitted: u64,
    tickets: u64,
}

impl Connections {
    pub(crate) fn new(limits: Limits, authority: Box<dyn Authority>) -> Self {
        let limits = Limits {
            connections: limits.connections.min(crate::MAX_CONNECTIONS),
            ..limits
        };
        Self {
            limits,
            authority,
            list: BTreeMap::new(),
            admitted: 0,
            tickets: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn held(&self) -> usize {
        self.list.values().map(Connection::held).sum()
    }

    pub(crate) fn watchers(&self) -> usize {
        let watching = self.list.values().filter(|one| one.watch.is_some());
        watching.count()
    }

    /// Takes somebody in, or says why not.
    pub(crate) fn admit(&mut self, stream: UnixStream, now: Instant) {
        if stream.set_nonblocking(true).is_err() {
            return;
        }
        match self.judge(&stream) {
            Ok(peer) => {
                self.admitted += 1;
                let connection = Connection::new(stream, peer, now);
                self.list.insert(self.admitted, connection);
            }
            Err(refusal) => {
                // It fits into the socket's own memory, or nobody reads it.
                let _ = (&stream).write(&frame::write_reply(None, Err(&refusal)));
            }
        }
    }

    fn judge(&self, stream: &UnixStream) -> Result<Peer, Refusal> {
        let known = socket_peercred(stream).map_err(|error| {
            Refusal::new(
                Code::NoRight,
                format!("the kernel does not say who you are: {error}"),
            )
        })?;
        let (uid, gid) = (known.uid.as_raw(), known.gid.as_raw());
        let user = || self.authority.user(uid).unwrap_or_else(|| uid.to_string());
        let Some(rights) = self.authority.rights(uid, gid) else {
            return Err(no_right(&user(), None, Rights::Observe));
        };
        let most = match rights {
            Rights::Observe => {
                let kept = self.limits.for_operators;
                self.limits.connections.saturating_sub(kept)
            }
            Rights::Operate | Rights::Prescribe => self.limits.connections,
        };
        if self.list.len() >= most {
            let text = format!("there are {} connections already", self.list.len());
            return Err(Refusal::new(Code::TooManyConnections, text)
                .fix("close some, or try again in a minute"));
        }
        Ok(Peer {
            uid,
            gid,
            pid: u32::try_from(known.pid.as_raw_nonzero().get()).unwrap_or(0),
            user: user(),
            rights,
        })
    }

    /// In how long something is due that nobody wakes the server for.
    pub(crate) fn due(&self, now: Instant) -> Option<Duration> {
        let due = self.list.values().filter_map(|one| match one.is_ready() {
            true => Some(Duration::ZERO),
            false => Some(one.deadline(&self.limits)?.saturating_duration_since(now)),
        });
        due.min()
    }

    /// Whether one more long line may be begun.
    fn may_grow(&self) -> bool {
        let long = self.list.values().filter(|one| one.is_long());
        long.count() < self.limits.long_lines
    }

    /// What to wait for.
    pub(crate) fn waited(&self) -> impl Iterator<Item = (u64, BorrowedFd<'_>, PollFlags)> {
        let may_grow = self.may_grow();
        let waited = move |(serial, one): (&u64, &'_ Connection)| (*serial, one.flags(may_grow));
        self.list.iter().map(move |entry| {
            let (serial, flags) = waited(entry);
            (serial, entry.1.stream().as_fd(), flags)
        })
    }

    /// The kernel says that these have closed both ways.
    pub(crate) fn hung_up(&mut self, serials: &[u64]) {
        let may_grow = self.may_grow();
        for serial in serials {
            if let Some(one) = self.list.get_mut(serial) {
                one.hung_up(may_grow);
            }
        }
    }

    /// Reads, and does of each the next request.
    pub(crate) fn serve(&mut self, service: &mut impl Service, now: Instant) {
        let serials: Vec<u64> = self.list.keys().copied().collect();
        for serial in serials {
            let may_grow = self.may_grow();
            let Some(one) = self.list.get_mut(&serial) else {
                continue;
            };
            one.read(may_grow, now);
            if let Some(line) = one.next_line(now) {
                self.tickets += 1;
                obey(service, one, &line, Ticket(self.tickets), now);
            }
            one.check_patience(&self.limits, now);
        }
    }

    pub(crate) fn answer(&mut self, ticket: Ticket, answer: Result<Reply, Refusal>) {
        let waits = |one: &&mut Connection| one.asked.is_some_and(|asked| asked.ticket == ticket);
        let Some(one) = self.list.values_mut().find(waits) else {
            return;
        };
        let id = one.asked.take().map(|asked| asked.id);
        one.answer(id, answer.as_ref(), Instant::now());
    }

    pub(crate) fn publish(&mut self, what: &Watched) {
        if self.watchers() == 0 {
            return;
        }
        let Ok(text) = serde_json::to_string(what) else {
            return;
        };
        let now = Instant::now();
        for one in self.list.values_mut() {
            let Some(id) = one.watch else { continue };
            match frame::watched_line(id, &text) {
                Some(line) => one.tell(&line, &self.limits, now),
                None => log::error!("something to watch does not fit into a line"),
            }
        }
    }

    /// Sends what is to be said, and lets go who has ended.
    pub(crate) fn send(&mut self, service: &mut impl Service, now: Instant) {
        self.list.retain(|_, one| {
            one.write(now);
            if !one.is_over() {
                return true;
            }
            if let Some(asked) = one.asked.take() {
                service.gone(asked.ticket);
            }
            false
        });
    }

    /// Tells everybody that it is over.
    pub(crate) fn farewell(&mut self, service: &mut impl Service, now: Instant) {
        let refusal = Refusal::new(Code::ShuttingDown, "the daemon ends")
            .fix("start it again, then connect again");
        for one in self.list.values_mut() {
            one.refuse_all(&refusal, now);
        }
        self.send(service, now);
        while !self.list.is_empty() && now.elapsed() < FAREWELL {
            std::thread::sleep(Duration::from_millis(5));
            self.send(service, now);
        }
        for asked in self.list.values_mut().filter_map(|one| one.asked.take()) {
            service.gone(asked.ticket);
        }
        self.list.clear();
    }
}

/// Does a line.
fn obey(
    service: &mut impl Service,
    one: &mut Connection,
    line: &[u8],
    ticket: Ticket,
    now: Instant,
) {
    let (id, request) = match frame::read_request(line) {
        Ok(read) => read,
        Err((id, refusal)) => return one.answer_error(id, &refusal, now),
    };
    if request.needs() > one.peer.rights {
        let refusal = no_right(&one.peer.user, Some(&request), request.needs());
        return one.answer_error(Some(id), &refusal, now);
    }
    let watches = request == Request::Watch;
    match service.handle(request, &one.peer, ticket) {
        Outcome::Now(Ok(reply)) => {
            one.answer(Some(id), Ok(&reply), now);
            if watches && matches!(reply, Reply::Watching(_)) {
                one.begin_watch(id, now);
            }
        }
        Outcome::Now(Err(refusal)) => one.answer_error(Some(id), &refusal, now),
        Outcome::Later if watches => {
            let refusal = Refusal::new(Code::Internal, "watching can't begin later");
            one.answer_error(Some(id), &refusal, now);
        }
        Outcome::Later => one.asked = Some(Asked { ticket, id }),
    }
}

fn no_right(user: &str, request: Option<&Request>, needs: Rights) -> Refusal {
    let what = match request {
        Some(request) => format!("{user} may not `{}`", request.name()),
        None => format!("{user} has no right to this pump"),
    };
    let group = needs.group();
    Refusal::new(Code::NoRight, what).fix(format!(
        "it takes a member of the group {group}: `sudo usermod --append --groups {group} {user}`, \
         then log in again"
    ))
}
