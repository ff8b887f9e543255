//! One client's connection: what came and was not yet read, what was said and not yet taken.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use rustix::event::PollFlags;

use crate::MAX_LINE;
use crate::frame;
use crate::reply::{Code, Refusal, Reply};
use crate::rights::Peer;
use crate::server::Limits;
use crate::service::Ticket;

/// A line of this length is nothing special.
const SHORT: usize = 4 * 1024;
/// Bytes read from one client in one turn.
const GULP: usize = 16 * 1024;

/// A request that is answered later.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) ticket: Ticket,
    pub(crate) id: u64,
}

pub(crate) struct Connection {
    stream: UnixStream,
    pub(crate) peer: Peer,
    input: Vec<u8>,
    /// So much of the input was searched for the end of its first line.
    searched: usize,
    /// The end of the input's first line, its newline included.
    line_end: Option<usize>,
    /// When the line that has not ended was begun.
    begun: Option<Instant>,
    output: Vec<u8>,
    taken: usize,
    /// Since when nothing of the output was taken.
    stuck: Option<Instant>,
    active: Instant,
    pub(crate) asked: Option<Asked>,
    /// The request that asked to watch.
    pub(crate) watch: Option<u64>,
    /// The client sends nothing more.
    ended: bool,
    /// Nothing more is read; what was said is still sent.
    closing: bool,
    gone: bool,
}

impl Connection {
    pub(crate) fn new(stream: UnixStream, peer: Peer, now: Instant) -> Self {
        Self {
            stream,
            peer,
            input: Vec::new(),
            searched: 0,
            line_end: None,
            begun: None,
            output: Vec::new(),
            taken: 0,
            stuck: None,
            active: now,
            asked: None,
            watch: None,
            ended: false,
            closing: false,
            gone: false,
        }
    }

    pub(crate) fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// Whether it is over and there is nothing left to send.
    pub(crate) fn is_over(&self) -> bool {
        let nothing_to_come =
            self.ended && self.line_end.is_none() && self.asked.is_none() && self.watch.is_none();
        self.gone || (self.output.is_empty() && (self.closing || nothing_to_come))
    }

    /// A long line is under way, or waits to be done.
    pub(crate) fn is_long(&self) -> bool {
        self.input.len() > SHORT
    }

    /// Memory held for it \[bytes\].
    pub(crate) fn held(&self) -> usize {
        self.input.capacity() + self.output.capacity()
    }

    /// Whether a whole line waits and may be done now: not before the last answer was given
    /// and taken.
    pub(crate) fn is_ready(&self) -> bool {
        self.line_end.is_some() && self.asked.is_none() && self.output.is_empty() && !self.closing
    }

    /// Whether more may be read.
    fn reads(&self, may_grow: bool) -> bool {
        let wanted = self.line_end.is_none() && self.asked.is_none() && self.output.is_empty();
        let room = self.input.len() < SHORT || self.is_long() || may_grow;
        wanted && room && !self.ended && !self.closing
    }

    /// What to wait for. That the client is gone is always told.
    pub(crate) fn flags(&self, may_grow: bool) -> PollFlags {
        let mut flags = PollFlags::empty();
        if self.reads(may_grow) {
            flags |= PollFlags::IN;
        }
        if !self.output.is_empty() {
            flags |= PollFlags::OUT;
        }
        flags
    }

    /// When patience ends.
    pub(crate) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        if let Some(since) = self.stuck {
            return Some(since + limits.line);
        }
        if self.asked.is_some() || self.watch.is_some() {
            return None;
        }
        match self.begun {
            Some(since) => Some(since + limits.line),
            None => Some(self.active + limits.idle),
        }
    }

    /// Ends what takes too long.
    pub(crate) fn check_patience(&mut self, limits: &Limits, now: Instant) {
        if self.deadline(limits).is_none_or(|deadline| now < deadline) {
            return;
        }
        if self.stuck.is_some() || self.closing {
            self.gone = true;
            return;
        }
        let what = match self.begun {
            Some(_) => "the line was begun and did not end",
            None => "nothing was asked for",
        };
        let refusal = Refusal::new(Code::TimedOut, format!("{what} for too long"))
            .fix("connect again when there is something to ask for");
        self.refuse_all(&refusal, now);
    }

    /// Reads what has come.
    pub(crate) fn read(&mut self, may_grow: bool, now: Instant) {
        if !self.reads(may_grow) {
            return;
        }
        let mut gulp = [0; GULP];
        // Without a slot for a long line, not a byte beyond a short one is held.
        let most = match self.is_long() || may_grow {
            true => MAX_LINE,
            false => SHORT,
        };
        let room = most.saturating_sub(self.input.len());
        let (gulp, _) = gulp.split_at_mut(room.min(GULP));
        match self.stream.read(gulp) {
            Ok(0) => {
                self.ended = true;
                if !self.input.is_empty() {
                    let refusal = Refusal::new(Code::BadRequest, "the line has no end")
                        .fix("end each line with a newline");
                    self.refuse_all(&refusal, now);
                }
            }
            Ok(_) if self.watch.is_some() => self.refuse_more(now),
            Ok(count) => {
                self.input.extend(gulp.iter().take(count));
                self.search(now);
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => self.gone = true,
        }
    }

    /// Looks for the end of the first line.
    fn search(&mut self, now: Instant) {
        let unsearched = self.input.get(self.searched..).unwrap_or(&[]);
        let end = unsearched.iter().position(|byte| *byte == b'\n');
        self.line_end = end.map(|end| self.searched + end + 1);
        match self.line_end {
            Some(_) => self.begun = None,
            None => {
                self.searched = self.input.len();
                if self.input.is_empty() {
                    self.begun = None;
                } else if self.begun.is_none() {
                    self.begun = Some(now);
                }
                if self.input.len() >= MAX_LINE {
                    let most = MAX_LINE / 1024;
                    let refusal = Refusal::new(
                        Code::TooLarge,
                        format!("the line is longer than {most} KiB"),
                    );
                    self.refuse_all(&refusal.fix("send shorter lines"), now);
                }
            }
        }
    }

    /// The next line that may be done, without its newline.
    pub(crate) fn next_line(&mut self, now: Instant) -> Option<Vec<u8>> {
        if !self.is_ready() {
            return None;
        }
        let end = self.line_end.take()?;
        let rest = self.input.split_off(end);
        let mut line = std::mem::replace(&mut self.input, rest);
        line.pop();
        self.active = now;
        self.searched = 0;
        self.search(now);
        Some(line)
    }

    /// From now on the client is told what happens.
    pub(crate) fn begin_watch(&mut self, id: u64, now: Instant) {
        self.watch = Some(id);
        if !self.input.is_empty() {
            self.refuse_more(now);
        }
    }

    /// Who watches would not know which line answers what else they ask.
    fn refuse_more(&mut self, now: Instant) {
        let refusal = Refusal::new(Code::BadRequest, "who watches can't ask for more")
            .fix("open another connection");
        self.refuse_all(&refusal, now);
    }

    /// Refuses a request.
    pub(crate) fn answer_error(&mut self, id: Option<u64>, refusal: &Refusal, now: Instant) {
        self.answer(id, Err(refusal), now);
    }

    /// Answers a request.
    pub(crate) fn answer(
        &mut self,
        id: Option<u64>,
        answer: Result<&Reply, &Refusal>,
        now: Instant,
    ) {
        self.say(&frame::write_reply(id, answer), now);
    }

    /// Refuses the connection as a whole: what it still sends is not looked at.
    pub(crate) fn refuse_all(&mut self, refusal: &Refusal, now: Instant) {
        self.closing = true;
        self.watch = None;
        self.input = Vec::new();
        self.line_end = None;
        self.begun = None;
        self.answer(None, Err(refusal), now);
    }

    /// Tells a watcher; one that has fallen behind is dropped.
    pub(crate) fn tell(&mut self, line: &[u8], limits: &Limits, now: Instant) {
        if self.output.len() - self.taken > limits.backlog {
            log::info!("{} watches too slowly and is dropped", self.peer.user);
            self.gone = true;
            return;
        }
        self.say(line, now);
    }

    fn say(&mut self, line: &[u8], now: Instant) {
        self.output.extend_from_slice(line);
        self.stuck.get_or_insert(now);
        self.heard(now);
    }

    /// The client's time begins anew: what went before was the service's.
    fn heard(&mut self, now: Instant) {
        self.active = now;
        self.begun = self.begun.map(|_| now);
    }

    /// Sends what is to be said, as far as it is taken.
    pub(crate) fn write(&mut self, now: Instant) {
        while !self.gone && self.taken < self.output.len() {
            match self
                .stream
                .write(self.output.get(self.taken..).unwrap_or(&[]))
            {
                Ok(0) => self.gone = true,
                Ok(count) => {
                    self.taken += count;
                    self.stuck = Some(now);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.gone = true,
            }
        }
        if self.output.is_empty() {
            return;
        }
        if self.taken == self.output.len() {
            self.output = Vec::new();
            self.taken = 0;
            self.stuck = None;
            self.heard(now);
        } else if self.taken > SHORT {
            self.output.drain(..self.taken);
            self.taken = 0;
        }
    }

    /// The kernel says that the client has closed both ways. What it sent before is still
    /// done, as far as it can be read without waiting.
    pub(crate) fn hung_up(&mut self, may_grow: bool) {
        let goes_on = self.reads(may_grow) || self.is_ready() || !self.output.is_empty();
        if !goes_on {
            self.gone = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::rights::Rights;

    const IDLE: Duration = Duration::from_secs(60);
    const LINE: Duration = Duration::from_secs(10);

    /// A connection, and its client's end.
    fn connected(now: Instant) -> (Connection, UnixStream) {
        let (ours, theirs) = UnixStream::pair().expect("a socket");
        ours.set_nonblocking(true).expect("a socket");
        let peer = Peer {
            uid: 0,
            gid: 0,
            pid: 1,
            user: "root".into(),
            rights: Rights::Prescribe,
        };
        (Connection::new(ours, peer, now), theirs)
    }

    fn deadline(one: &Connection) -> Option<Instant> {
        one.deadline(&Limits {
            idle: IDLE,
            line: LINE,
            ..Limits::default()
        })
    }

    #[test]
    fn who_waits_for_an_answer_is_not_closed_and_has_all_the_time_for_the_next_line() {
        let t0 = Instant::now();
        let (mut one, mut client) = connected(t0);
        assert_eq!(deadline(&one), Some(t0 + IDLE));
        client.write_all(b"first\nsec").expect("a socket");
        one.read(true, t0);
        assert_eq!(one.next_line(t0).as_deref(), Some(&b"first"[..]));
        assert_eq!(deadline(&one), Some(t0 + LINE), "another line was begun");
        let (ticket, id) = (Ticket(1), 1);
        one.asked = Some(Asked { ticket, id });
        assert_eq!(deadline(&one), None);

        let later = t0 + 5 * IDLE;
        one.asked = None;
        let busy = Refusal::new(Code::Busy, "busy");
        one.answer_error(Some(1), &busy, later);
        assert_eq!(
            deadline(&one),
            Some(later + LINE),
            "the answer is to be taken"
        );
        one.write(later);
        assert_eq!(
            deadline(&one),
            Some(later + LINE),
            "the line is to be ended"
        );
        client.write_all(b"ond\n").expect("a socket");
        one.read(true, later);
        assert_eq!(one.next_line(later).as_deref(), Some(&b"second"[..]));
        assert_eq!(deadline(&one), Some(later + IDLE));
    }

    #[test]
    fn who_watches_may_keep_silent_but_has_to_take_what_is_told() {
        let t0 = Instant::now();
        let (mut one, _client) = connected(t0);
        one.begin_watch(1, t0);
        assert_eq!(deadline(&one), None);
        one.tell(b"news\n", &Limits::default(), t0);
        assert_eq!(deadline(&one), Some(t0 + LINE));
        one.write(t0);
        assert_eq!(deadline(&one), None);
    }

    #[test]
    fn without_a_slot_not_a_byte_beyond_a_short_line_is_held() {
        let now = Instant::now();
        let (mut one, mut client) = connected(now);
        client.write_all(&[b'x'; 3 * SHORT]).expect("a socket");
        for _ in 0..5 {
            one.read(false, now);
        }
        assert_eq!(one.input.len(), SHORT);
        assert!(one.flags(false).is_empty(), "it is not waited for");
        one.read(true, now);
        assert_eq!(one.input.len(), 3 * SHORT);
    }
}
