//! The daemon on one screen of a terminal, with keys for what an operator may do.

mod deed;
mod picture;

use std::collections::VecDeque;
use std::io::{IsTerminal as _, stdin};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use pump_control::{Event, Reply, Status};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event as Typed, KeyCode, KeyEventKind, KeyModifiers};

use crate::daemon::watch::{Viewer, event_line};
use crate::daemon::{Daemon, unexpected};
use crate::failure::Failure;
use crate::story::printable;
use deed::Deed;
use picture::{Footer, Picture};

/// More events than a screen has lines.
const KEPT: usize = 200;
/// More columns than a screen has.
const BUCKETS: usize = 400;
/// How long an answer stays.
const ANSWER_STAYS: Duration = Duration::from_secs(6);
/// What a column of the strip chart spans.
const BUCKET_NS: u64 = 10_000_000_000;

/// A screen of its own, which goes when it is dropped.
pub(crate) struct Screen<'a> {
    daemon: &'a Daemon,
    terminal: DefaultTerminal,
    typed: bool,
    seen: Seen,
    began: Instant,
    asked: Asked,
    /// Something is not as it was drawn.
    changed: bool,
    /// The half of its flash that each kind of alarm was drawn in.
    lit: (bool, bool),
}

/// What has been seen of the pump.
#[derive(Default)]
struct Seen {
    status: Status,
    events: VecDeque<String>,
    missed: u64,
    last: Option<u64>,
    flow: Flow,
}

/// What was given in each stretch of time, for the strip chart.
#[derive(Default)]
struct Flow {
    /// In nanolitres, the oldest first; the last one is not over yet.
    buckets: VecDeque<u64>,
    /// The stretch of the last one, and what the ledger said then.
    known: Option<(u64, u64)>,
}

/// What somebody at the keys is about to do.
enum Asked {
    Nothing,
    /// It waits for a yes.
    Confirm(Deed),
    /// It was asked of the daemon.
    Doing(Deed, Receiver<Result<String, String>>),
    /// What came of it, and since when that stands there.
    Told(Result<String, String>, Instant),
}

impl<'a> Screen<'a> {
    pub(crate) fn open(daemon: &'a Daemon) -> Result<Self, Failure> {
        let failed = |error| Failure::input(format_args!("the terminal can't be used: {error}"));
        let terminal = ratatui::try_init().map_err(failed)?;
        Ok(Self {
            daemon,
            terminal,
            typed: stdin().is_terminal(),
            seen: Seen::default(),
            began: Instant::now(),
            asked: Asked::Nothing,
            changed: true,
            lit: (false, false),
        })
    }

    /// What was typed since the last look. Whether somebody still looks.
    fn read_keys(&mut self) -> Result<bool, Failure> {
        let failed = |error| Failure::input(format_args!("the keys can't be read: {error}"));
        while self.typed && event::poll(Duration::ZERO).map_err(failed)? {
            // A key, or another size.
            self.changed = true;
            let Typed::Key(key) = event::read().map_err(failed)? else {
                continue;
            };
            if key.kind == KeyEventKind::Release {
                continue;
            }
            let interrupt = key.modifiers.contains(KeyModifiers::CONTROL);
            match key.code {
                KeyCode::Char('c') if interrupt => return Ok(false),
                _ if interrupt => {}
                KeyCode::Char(key) if !self.take(key) => return Ok(false),
                KeyCode::Char(_) => {}
                _ if matches!(self.asked, Asked::Confirm(_)) => self.asked = Asked::Nothing,
                _ => {}
            }
        }
        Ok(true)
    }

    /// Whether somebody still looks.
    fn take(&mut self, key: char) -> bool {
        match std::mem::replace(&mut self.asked, Asked::Nothing) {
            Asked::Confirm(deed) => {
                if key == 'y' {
                    self.ask(deed);
                }
            }
            // One thing at a time.
            Asked::Doing(deed, answer) => self.asked = Asked::Doing(deed, answer),
            Asked::Nothing | Asked::Told(..) => {
                if key == 'q' {
                    return false;
                }
                let deeds = Deed::allowed(&self.seen.status);
                if let Some(deed) = deeds.into_iter().find(|deed| deed.key() == key) {
                    match deed.confirmed() {
                        true => self.asked = Asked::Confirm(deed),
                        false => self.ask(deed),
                    }
                }
            }
        }
        true
    }

    /// From a thread of its own: the picture goes on whatever the daemon does.
    fn ask(&mut self, deed: Deed) {
        let (daemon, request) = (self.daemon.clone(), deed.request());
        let (tell, answer) = channel();
        std::thread::spawn(move || {
            let told = match daemon.ask(&request) {
                Ok(Reply::Done(done)) => Ok(printable(&done.state)),
                Ok(_) => Err(unexpected()),
                Err(failure) => Err(failure),
            };
            let told = told.map_err(|failure| failure.parts().0.unwrap_or_default());
            // Nobody may look any more.
            let _ = tell.send(told);
        });
        self.asked = Asked::Doing(deed, answer);
    }

    fn hear(&mut self) {
        self.asked = match &self.asked {
            Asked::Doing(_, answer) => match answer.try_recv() {
                Ok(told) => Asked::Told(told, Instant::now()),
                Err(TryRecvError::Disconnected) => Asked::Nothing,
                Err(TryRecvError::Empty) => return,
            },
            Asked::Told(_, since) if since.elapsed() > ANSWER_STAYS => Asked::Nothing,
            _ => return,
        };
        self.changed = true;
    }

    fn draw(&mut self) -> Result<(), Failure> {
        let footer = match &self.asked {
            Asked::Nothing => Footer::Keys,
            Asked::Confirm(deed) => Footer::Confirm(deed),
            Asked::Doing(deed, _) => Footer::Doing(deed),
            Asked::Told(told, _) => Footer::Told(told.as_deref().map_err(String::as_str)),
        };
        let flash = self.began.elapsed();
        let lit = picture::lit(flash);
        let flashes = !self.seen.status.alarms.is_empty() && lit != self.lit;
        // Nothing is sent that does not change: the line may be a slow one.
        if !self.changed && !flashes {
            return Ok(());
        }
        (self.changed, self.lit) = (false, lit);
        let picture = Picture {
            status: &self.seen.status,
            events: &self.seen.events,
            missed: self.seen.missed,
            flow: &self.seen.flow.buckets,
            bucket_ns: BUCKET_NS,
            flash,
            footer,
            keys: self.typed,
        };
        let drawn = self.terminal.draw(|frame| picture.draw(frame));
        drawn
            .map(|_| ())
            .map_err(|error| Failure::input(format_args!("the terminal has gone: {error}")))
    }
}

impl Seen {
    fn status(&mut self, status: Status) {
        if let Some(ledger) = &status.ledger {
            self.flow.add(status.uptime_ns, ledger.delivered_nl);
        }
        self.status = status;
    }

    fn event(&mut self, event: &Event) {
        if let Some(last) = self.last {
            self.missed += event.seq.saturating_sub(last).saturating_sub(1);
        }
        self.last = Some(event.seq);
        self.events.push_back(event_line(event));
        if self.events.len() > KEPT {
            self.events.pop_front();
        }
    }
}

impl Flow {
    fn add(&mut self, at_ns: u64, delivered_nl: u64) {
        let bucket = at_ns / BUCKET_NS;
        let Some((last, known)) = self.known.replace((bucket, delivered_nl)) else {
            self.buckets.push_back(0);
            return;
        };
        let quiet = bucket.saturating_sub(last).min(BUCKETS as u64);
        self.buckets.extend((0..quiet).map(|_| 0));
        if let Some(newest) = self.buckets.back_mut() {
            // Another arming counts from nothing.
            *newest += delivered_nl.checked_sub(known).unwrap_or(delivered_nl);
        }
        let old = self.buckets.len().saturating_sub(BUCKETS);
        self.buckets.drain(..old);
    }
}

impl Viewer for Screen<'_> {
    fn status(&mut self, status: Status) -> Result<bool, Failure> {
        self.seen.status(status);
        self.changed = true;
        Ok(true)
    }

    fn event(&mut self, event: Event) -> Result<bool, Failure> {
        self.seen.event(&event);
        self.changed = true;
        Ok(true)
    }

    fn look(&mut self) -> Result<bool, Failure> {
        self.hear();
        let looks = self.read_keys()?;
        self.draw()?;
        Ok(looks)
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_goes_into_the_stretch_in_which_it_was_seen() {
        let mut flow = Flow::default();
        for (s, nl) in [(1, 500), (4, 550), (9, 600), (12, 700), (41, 750)] {
            flow.add(s * 1_000_000_000, nl);
        }
        assert_eq!(flow.buckets, [100, 100, 0, 0, 50]);
        // Armed anew.
        flow.add(52_000_000_000, 50);
        assert_eq!(flow.buckets, [100, 100, 0, 0, 50, 50]);
        flow.add(u64::MAX, 60);
        assert_eq!(flow.buckets.len(), BUCKETS);
    }

    #[test]
    fn events_that_were_not_sent_are_counted() {
        let mut seen = Seen::default();
        for seq in [3, 4, 7] {
            seen.event(&Event {
                seq,
                ..Event::default()
            });
        }
        assert_eq!((seen.missed, seen.events.len()), (2, 3));
    }
}
