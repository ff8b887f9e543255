//! The desk: what stands behind the control socket.
//!
//! It hears the loop's news, shows them to the operators, and hands the operators' requests
//! to the loop. It waits for nobody: an answer that takes its time is given in a later turn.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender};

use pump_control::{
    Check, Code, Done, Hello, Mail, Outcome, Peer, Refusal, Reply, Request, Service, Ticket,
    Urgency, Watched,
};
use pump_core::alarm::ALARMS;
use pump_core::event::EventKind;
use pump_core::pump::{ArmError, Command, State};
use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_core::reason::Reason;
use pump_core::refill::Remembered;
use pump_lane::{Consumer, Producer};
use pump_prescription::nearest;
use pump_rt::clock;
use pump_rt::thread::Policy;

use crate::board::Board;
use crate::books::{Books, Label};
use crate::clock::PumpClock;
use crate::confirm::{Arming, Words, not_armed};
use crate::indicators::Wired;
use crate::journal::disk::DiskStatus;
use crate::judge::{Case, Verdict};
use crate::link::{Job, LinkStatus};
use crate::messages::{News, Note, Task, Waits, What};
use crate::owed::Owed;
use crate::papers;
use crate::preflight::Aim;
use crate::propose::{Proposed, Proposing};
use crate::vitals::Vitals;

/// The loop answers within a tick of its grid. After this long it is not waited for.
const PATIENCE: Nanoseconds = Nanoseconds::from_secs(2);
/// So often those who watch are shown how things are.
const STATUS_EVERY: Nanoseconds = Nanoseconds::from_secs(1);
/// While the pump runs, the checks of the preflight are gone through so often (W07).
const SELF_TEST_EVERY: Nanoseconds = Nanoseconds::from_mins(15);
/// So many tasks may wait for the loop's answer.
const MOST_ASKED: usize = 32;

/// Goes through the checks of the preflight.
pub(crate) type Checks = Box<dyn Fn(&Aim) -> Vec<Check> + Send>;

/// What the desk works with.
pub(crate) struct DeskParts {
    pub(crate) tasks: Producer<Task>,
    pub(crate) news: Consumer<News>,
    pub(crate) waits: Consumer<Waits>,
    /// To the journal.
    pub(crate) notes: Sender<Note>,
    /// To the links, by regimen.
    pub(crate) jobs: Vec<Sender<Job>>,
    pub(crate) links: Vec<Arc<LinkStatus>>,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) disk: Arc<DiskStatus>,
    pub(crate) clock: PumpClock,
    /// To the judge of prescriptions, and from it.
    pub(crate) cases: Sender<Case>,
    pub(crate) verdicts: Receiver<Verdict>,
    /// `pump.toml`.
    pub(crate) device: PathBuf,
    /// Its hash when the daemon began.
    pub(crate) device_sha256: [u8; 32],
    pub(crate) simulated: bool,
    /// Lights and buzzer.
    pub(crate) wired: Wired,
    /// What became of the volume.
    pub(crate) books: Books,
    /// What the pump remembers when the daemon begins.
    pub(crate) remembered: Remembered,
    /// The table of threads.
    pub(crate) planned: Vec<(&'static str, Policy)>,
    pub(crate) preflight: Checks,
}

/// What was asked of the loop.
#[derive(Debug)]
pub(crate) enum Purpose {
    /// A command, by its word, or the button.
    Operate(&'static str),
    /// To count on from what was filled.
    Refill,
    /// To let the pump start though a residue differs.
    Residue,
    /// To forget the subject.
    NewSubject,
    /// To arm this.
    Arm(Box<Proposed>),
    /// To forget what was armed, since something else could not be: for this reason.
    Disarm(Refusal),
}

impl Purpose {
    /// Whether it changes what is armed.
    const fn is_arming(&self) -> bool {
        matches!(self, Self::Arm(_) | Self::Disarm(_) | Self::NewSubject)
    }
}

/// A task that the loop has not answered yet.
#[derive(Debug)]
pub(crate) struct Asked {
    id: u64,
    /// Who waits for it; nobody any more, where the loop took too long.
    ticket: Option<Ticket>,
    purpose: Purpose,
    deadline: MonoNs,
}

/// Answers the operators.
pub(crate) struct Desk {
    pub(crate) parts: DeskParts,
    pub(crate) board: Board,
    /// When the histograms were last reset.
    pub(crate) latency_since: MonoNs,
    /// What is being judged.
    pub(crate) proposing: Option<Proposing>,
    pub(crate) proposal: Option<Box<Proposed>>,
    /// What is being armed: its children start.
    pub(crate) arming: Option<Arming>,
    /// What is armed.
    pub(crate) armed: Option<Box<Proposed>>,
    asked: Vec<Asked>,
    last_id: u64,
    /// The loop has refused the command that it is about to answer, for this reason.
    refused: Option<Reason>,
    /// What was found in the reservoir, of the refill that it is about to answer.
    pub(crate) reconciled: Option<EventKind>,
    /// Answers that wait for the disk, and the last mark that one of them waited for.
    pub(crate) owed: Vec<Owed>,
    pub(crate) last_mark: u64,
    /// Answers that are ready to be handed over.
    answers: Vec<(Ticket, Result<Reply, Refusal>)>,
    /// The last event that was told to those who watch.
    told: u64,
    status_at: MonoNs,
    /// The sentinel's cut that was told last.
    cut_told: Option<MonoNs>,
    self_test_at: MonoNs,
    /// The priorities that were tested and have not been answered for, each until when that may
    /// be.
    pub(crate) tested: Vec<(Urgency, MonoNs)>,
}

impl Desk {
    pub(crate) fn new(parts: DeskParts) -> Self {
        let now = parts.clock.now();
        let last_step = parts.books.label().map(Label::volume_per_step);
        Self {
            board: Board::new(parts.simulated, now, parts.remembered, last_step),
            parts,
            latency_since: now,
            proposing: None,
            proposal: None,
            arming: None,
            armed: None,
            asked: Vec::new(),
            last_id: 0,
            refused: None,
            reconciled: None,
            owed: Vec::new(),
            last_mark: 0,
            answers: Vec::new(),
            told: 0,
            status_at: now,
            cut_told: None,
            self_test_at: now.after(SELF_TEST_EVERY),
            tested: Vec::new(),
        }
    }

    /// Takes in what the loop has told. Its events come before the answer to the task that
    /// they are about.
    fn hear(&mut self) {
        while let Some(news) = self.parts.news.receive() {
            self.board.take(&news);
            match news {
                News::Event(event) => {
                    if let EventKind::CommandRefused { reason } = event.kind {
                        self.refused = Some(reason);
                    }
                    if let EventKind::Reconciled { .. } = event.kind {
                        self.reconciled = Some(event.kind);
                    }
                }
                News::Answer { id, result } => self.settle(id, result),
                News::View(_) => {}
            }
        }
        while let Some(waits) = self.parts.waits.receive() {
            self.board.wait(waits);
        }
    }

    /// The loop has done a task.
    fn settle(&mut self, id: u64, result: Result<(), ArmError>) {
        let refused = self.refused.take();
        let Some(place) = self.asked.iter().position(|asked| asked.id == id) else {
            return;
        };
        let asked = self.asked.swap_remove(place);
        let answer = match asked.purpose {
            Purpose::Arm(proposed) => match result {
                Ok(()) => {
                    let acknowledged = proposed.acknowledged.is_some();
                    let reply = self.armed(proposed);
                    if acknowledged {
                        self.answer_when_durable(asked.ticket, reply);
                        return;
                    }
                    Ok(reply)
                }
                Err(error) => {
                    self.disarm(self.parts.clock.now(), asked.ticket, not_armed(error));
                    return;
                }
            },
            Purpose::Disarm(why) => Err(self.disarmed(why, result)),
            Purpose::NewSubject => return self.subject_changed(asked.ticket, result),
            Purpose::Refill => match refused {
                Some(reason) => Err(self.misfit("refill", reason)),
                None => return self.refilled(asked.ticket),
            },
            Purpose::Residue => match refused {
                Some(reason) => Err(self.misfit("acknowledge-residue", reason)),
                None => {
                    let reply = self.done();
                    return self.answer_when_durable(asked.ticket, reply);
                }
            },
            Purpose::Operate(word) => match refused {
                Some(reason) => Err(self.misfit(word, reason)),
                None => Ok(self.done()),
            },
        };
        self.answer(asked.ticket, answer);
    }

    /// Answers in the next turn.
    pub(crate) fn answer(&mut self, ticket: Option<Ticket>, answer: Result<Reply, Refusal>) {
        self.answers.extend(ticket.map(|ticket| (ticket, answer)));
    }

    /// Hands a task to the loop.
    pub(crate) fn ask(
        &mut self,
        now: MonoNs,
        what: What,
        purpose: Purpose,
        ticket: Option<Ticket>,
    ) -> Result<(), Refusal> {
        let full = self.asked.len() >= MOST_ASKED;
        if purpose.is_arming() {
            // Answers come in order: one to an older arming has come by now, or never will.
            self.asked.retain(|asked| asked.ticket.is_some());
        }
        self.last_id = self.last_id.saturating_add(1);
        let id = self.last_id;
        if let (What::Arm(prescription), Purpose::Arm(proposed)) = (&what, &purpose) {
            // Before the task, so that the journal knows what the loop was asked to arm.
            let _ = self.parts.notes.send(Note::Arming {
                id,
                names: proposed.names(),
                label: Arc::clone(&proposed.label),
                prescription: Box::new(*prescription),
                dossier: Box::new(proposed.dossier(self.parts.simulated)),
                papers: papers::of(proposed, self.parts.simulated),
            });
        }
        if full || self.parts.tasks.send(Task { id, what }).is_err() {
            return Err(deaf("the loop does not take its tasks"));
        }
        self.asked.push(Asked {
            id,
            ticket,
            purpose,
            deadline: now.after(PATIENCE),
        });
        Ok(())
    }

    /// The sentinel itself has no time for words.
    fn tell_cut(&mut self) {
        if let Some((at, after)) = self.parts.vitals.cut.last()
            && self.cut_told != Some(at)
        {
            self.cut_told = Some(at);
            let us = after.0 / 1_000;
            log::error!("the motor is cut off, {us} µs after the loop was last seen");
        }
    }

    /// Nobody is let wait for a loop that does not answer.
    fn give_up(&mut self, now: MonoNs) {
        for asked in &mut self.asked {
            if now >= asked.deadline
                && let Some(ticket) = asked.ticket.take()
            {
                let late = deaf("the loop has not answered; whether it was done is not known");
                self.answers.push((ticket, Err(late)));
            }
        }
        // An arming may still be answered: then it is what is armed.
        self.asked
            .retain(|asked| asked.ticket.is_some() || asked.purpose.is_arming());
    }

    pub(crate) fn done(&self) -> Reply {
        let state = self.board.state().name().to_owned();
        Reply::Done(Done { state })
    }

    /// What is under way and keeps others from being begun.
    pub(crate) fn busy(&self) -> Result<(), Refusal> {
        let at_loop = |asked: &Asked| asked.ticket.is_some() && asked.purpose.is_arming();
        if self.arming.is_none() && !self.asked.iter().any(at_loop) {
            return Ok(());
        }
        let busy = Refusal::new(Code::Busy, "a prescription is being armed");
        Err(busy.fix("wait until it is armed or refused; that takes some seconds at most"))
    }

    fn misfit(&self, word: &str, reason: Reason) -> Refusal {
        let (state, text) = (self.board.state().name(), reason.text());
        let refusal = Refusal::new(Code::WrongState, format!("{word}: {text} ({state})"));
        refusal.fix(match reason {
            Reason::Infusing => "pause or stop it first",
            Reason::Paused => "resume or stop it first",
            Reason::Alarm => "see to the alarms that `status` shows, then resume",
            Reason::Vtbi => "the run is complete: arm a prescription first",
            Reason::Stopped if word == "start" || word == "resume" => "arm a prescription first",
            Reason::Stopped => "it must be started first",
            _ => "see `status` for how things are",
        })
    }

    fn operate(&mut self, word: &'static str, what: What, peer: &Peer, ticket: Ticket) -> Outcome {
        let now = self.parts.clock.now();
        let asked = self.busy().and_then(|()| {
            self.note(word, peer, serde_json::json!({}));
            self.ask(now, what, Purpose::Operate(word), Some(ticket))
        });
        match asked {
            Ok(()) => Outcome::Later,
            Err(refusal) => refusal.into(),
        }
    }

    /// Delivery begins after the checks that arming needs: the first dose has a self-test
    /// before it (W07), and what has gone wrong since arming is found here.
    fn start(&mut self, word: &'static str, peer: &Peer, ticket: Ticket) -> Outcome {
        let command = match word {
            "resume" => Command::Resume,
            _ => Command::Start,
        };
        if let Err(refusal) = self.residue_is_answered_for() {
            return refusal.into();
        }
        if matches!(
            self.board.state(),
            State::Armed | State::Paused | State::Faulted
        ) && let Err(refusal) = self.checked_green(&self.aim())
        {
            return refusal.into();
        }
        self.operate(word, What::Obey(command), peer, ticket)
    }

    /// What an operator did goes to the journal, with who it was (P04).
    pub(crate) fn note(&self, word: &str, peer: &Peer, more: serde_json::Value) {
        self.note_of(&peer.user, word, more);
    }

    /// The same where the operator is known by name.
    pub(crate) fn note_of(&self, who: &str, word: &str, more: serde_json::Value) {
        let mut body = serde_json::json!({ "did": word, "who": who });
        if let (Some(body), serde_json::Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        // Where the journal is gone the daemon is about to end.
        let _ = self.parts.notes.send(Note::Entry {
            kind: "operator",
            body,
        });
    }

    /// What is armed, for the checks.
    fn aim(&self) -> Aim {
        self.armed.as_deref().map(Proposed::aim).unwrap_or_default()
    }

    /// The checks again, while the pump runs (W07).
    fn self_test(&mut self, now: MonoNs) {
        if now < self.self_test_at {
            return;
        }
        self.self_test_at = now.after(SELF_TEST_EVERY);
        if self.board.state() != State::Infusing {
            return;
        }
        let failed = self.checked_green(&self.aim()).err();
        for check in failed.iter().flat_map(|refusal| &refusal.checks) {
            log::error!("self-test: {}: {}", check.name, check.found);
            let body = serde_json::json!({ "check": check.name, "found": check.found });
            let _ = self.parts.notes.send(Note::Entry {
                kind: "self-test-failed",
                body,
            });
        }
        let flag = &self.parts.vitals.self_test_failed;
        flag.store(failed.is_some(), Ordering::Release);
    }

    fn ack(&mut self, alarm: &str) -> Result<Reply, Refusal> {
        if self.board.ack(alarm) {
            return Ok(self.done());
        }
        let message = format!("there is no active alarm `{alarm}`");
        let names: Vec<_> = ALARMS.iter().map(|row| row.name).collect();
        let fix = match nearest(alarm, &names).filter(|near| *near != alarm) {
            Some(near) => format!("did you mean `{near}`? `alarms` shows the active ones"),
            None => "`alarms` shows the active ones".to_owned(),
        };
        Err(Refusal::new(Code::NotFound, message).fix(fix))
    }
}

/// The loop does not do what it is there for.
fn deaf(message: &str) -> Refusal {
    Refusal::new(Code::Internal, message).fix("see `status`; `health` tells how the loop does")
}

impl Service for Desk {
    fn handle(&mut self, request: Request, peer: &Peer, ticket: Ticket) -> Outcome {
        self.hear();
        let now = self.parts.clock.now();
        let looks = matches!(
            request,
            Request::Hello
                | Request::Status { .. }
                | Request::Watch
                | Request::Ledger
                | Request::Latency { .. }
        );
        if self.parts.vitals.is_ending() && !looks {
            return Refusal::new(Code::ShuttingDown, "the daemon is about to end").into();
        }
        match request {
            Request::Hello => Reply::Hello(Hello {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                pid: std::process::id(),
                simulated: self.parts.simulated,
                user: peer.user.clone(),
                rights: peer.rights.name().to_owned(),
            })
            .into(),
            Request::Status { threads } => {
                Reply::Status(Box::new(self.status(now, threads))).into()
            }
            Request::Watch => Reply::Watching(Box::new(self.status(now, false))).into(),
            Request::Latency { reset } => Reply::Latency(self.latency(now, reset)).into(),
            Request::Preflight => Reply::Preflight(self.preflight(&self.aim())).into(),
            Request::Propose { name, text } => match self.propose(name, text, peer, ticket) {
                Ok(()) => Outcome::Later,
                Err(refusal) => refusal.into(),
            },
            Request::Confirm {
                token,
                reason,
                acknowledge_uncertain,
            } => {
                let words = Words {
                    reason: reason.as_deref(),
                    acknowledge_uncertain,
                };
                match self.confirm(now, &token, words, peer, ticket) {
                    Ok(()) => Outcome::Later,
                    Err(refusal) => refusal.into(),
                }
            }
            Request::Cancel { token } => self.cancel(&token).into(),
            Request::Start => self.start("start", peer, ticket),
            Request::Resume => self.start("resume", peer, ticket),
            Request::Pause => self.operate("pause", What::Obey(Command::Pause), peer, ticket),
            Request::Stop => self.operate("stop", What::Obey(Command::Stop), peer, ticket),
            Request::Press => self.operate("press", What::Press, peer, ticket),
            Request::Ledger => Reply::Ledger(Box::new(self.account())).into(),
            Request::NewSubject => self.new_subject(peer, ticket),
            Request::Refill {
                residue_nl,
                filled_nl,
                lot,
            } => self.refill(residue_nl, filled_nl, &lot, peer, ticket),
            Request::AcknowledgeResidue { reason } => {
                self.acknowledge_residue(&reason, peer, ticket)
            }
            Request::Ack { alarm } => {
                self.note("ack", peer, serde_json::json!({ "alarm": alarm }));
                self.ack(&alarm).into()
            }
            Request::Silence { seconds } => {
                self.note("silence", peer, serde_json::json!({ "seconds": seconds }));
                let span = Nanoseconds::from_secs(u64::from(seconds));
                self.board.silence(now, span);
                self.keep_silent(now);
                self.done().into()
            }
            Request::AlarmTest { priority } => self.alarm_test(now, priority, peer).into(),
            Request::AlarmTested {
                priority,
                seen,
                heard,
            } => self.alarm_tested(now, priority, seen, heard, peer).into(),
        }
    }

    fn turn(&mut self, mail: &mut Mail<'_>) {
        let now = self.parts.clock.now();
        self.parts.vitals.control.show(clock::now());
        self.tell_cut();
        self.hear();
        self.keep_silent(now);
        self.expire(now);
        self.hear_verdict(now);
        self.advance(now);
        self.give_up(now);
        self.pay(now);
        self.self_test(now);
        for (ticket, answer) in self.answers.drain(..) {
            mail.answer(ticket, answer);
        }
        if mail.watchers() > 0 {
            for event in self.board.events_after(self.told) {
                mail.publish(&Watched::Event(event.clone()));
            }
            if now >= self.status_at {
                self.status_at = now.after(STATUS_EVERY);
                mail.publish(&Watched::Status(Box::new(self.status(now, false))));
            }
        }
        self.told = self.board.last_seq();
    }
}
