//! The second step of arming: the children are started, then the loop is armed.
//!
//! The children of the last arming are ended first, so that none of them passes for a new
//! one. Delivery is at rest meanwhile, and commands are refused until it is over. Where it
//! fails nothing is armed: what was armed before has lost its children.

use std::sync::Arc;

use pump_control::{Amount, Armed, Code, Peer, Refusal, Reply, Ticket};
use pump_core::pump::{ArmError, State};
use pump_core::quantity::{MonoNs, Nanoseconds};

use crate::board::ArmedSheet;
use crate::link::{Job, LinkPhase};
use crate::messages::What;
use crate::propose::Proposed;
use crate::service::{Desk, Purpose};
use crate::words;

/// After this long the children are not waited for any more.
const MOST_STARTING: Nanoseconds = Nanoseconds::from_secs(10);

/// What is said with a confirmation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'a> {
    /// Why it goes beyond a soft limit.
    pub(crate) reason: Option<&'a str>,
    /// The uncertain volume was seen.
    pub(crate) acknowledge_uncertain: bool,
}

/// What is being armed.
pub(crate) struct Arming {
    ticket: Ticket,
    proposed: Box<Proposed>,
    stage: Stage,
    deadline: MonoNs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The children of before are ending.
    Clearing,
    /// The new ones start.
    Starting,
}

/// How the children are doing.
enum Progress {
    Waiting,
    Ready,
    Failed(String),
}

impl Desk {
    /// Begins to arm. `Ok`: it is answered later.
    pub(crate) fn confirm(
        &mut self,
        now: MonoNs,
        token: &str,
        words: Words<'_>,
        peer: &Peer,
        ticket: Ticket,
    ) -> Result<(), Refusal> {
        let reason = words.reason;
        self.busy()?;
        self.expire(now);
        let proposed = self.named(token)?;
        if !proposed.beyond_soft_limits.is_empty() && reason.is_none() {
            let refusal = Refusal::new(Code::NeedsReason, "it goes beyond a soft limit");
            return Err(refusal
                .fix("confirm with a reason, which is recorded")
                .findings(proposed.beyond_soft_limits.join("\n")));
        }
        if let Some(uncertain) = &proposed.uncertain
            && !words.acknowledge_uncertain
        {
            return Err(unanswered(uncertain));
        }
        if matches!(self.board.state(), State::Infusing | State::Paused) {
            let message = format!("the pump is {}", self.board.state().name());
            return Err(Refusal::new(Code::WrongState, message).fix("stop it first"));
        }
        // The proposal may be minutes old.
        self.checked_green(&self.named(token)?.aim())?;
        let Some(mut proposed) = self.proposal.take() else {
            return Err(Refusal::new(Code::NotFound, "the proposal is gone"));
        };
        proposed.confirmed_by = Some(peer.user.clone());
        proposed.reason = reason.map(str::to_owned);
        proposed.acknowledged = proposed.uncertain.as_ref().map(|_| peer.user.clone());
        let (sha256, by) = (proposed.checked.sha256_hex(), &peer.user);
        log::info!("{by} confirms {sha256}, proposed by {}", proposed.by);
        let more = serde_json::json!({
            "sha256": sha256,
            "proposed_by": proposed.by,
            "reason": reason,
            "prescription": proposed.text,
            "pins": proposed.aim().pins.iter().map(|pin| {
                let hash = strategy_link::Sha256(pin.sha256).to_string();
                (pin.what.clone(), hash)
            }).collect::<std::collections::BTreeMap<_, _>>(),
        });
        self.note("arm", peer, more);
        if let Some(reason) = reason {
            log::info!("the reason of {by} for {sha256}: {reason}");
        }
        self.end_children();
        self.arming = Some(Arming {
            ticket,
            proposed,
            stage: Stage::Clearing,
            deadline: now.after(MOST_STARTING),
        });
        Ok(())
    }

    pub(crate) fn end_children(&mut self) {
        for job in &self.parts.jobs {
            // A link that is gone has no child.
            let _ = job.send(Job::End);
        }
    }

    /// Goes on with what is being armed.
    pub(crate) fn advance(&mut self, now: MonoNs) {
        let Some(mut arming) = self.arming.take() else {
            return;
        };
        let progress = match arming.stage {
            Stage::Clearing => self.clearing(&mut arming),
            Stage::Starting => self.starting(arming.proposed.plans.len()),
        };
        match progress {
            Progress::Waiting if now < arming.deadline => self.arming = Some(arming),
            Progress::Waiting => {
                let why = self.what_is_late(&arming);
                self.fail(now, arming.ticket, &why);
            }
            Progress::Failed(why) => self.fail(now, arming.ticket, &why),
            Progress::Ready => self.arm(now, arming),
        }
    }

    fn clearing(&self, arming: &mut Arming) -> Progress {
        let idle = |link: &crate::link::LinkStatus| matches!(link.phase(), LinkPhase::Idle);
        if !self.parts.links.iter().all(|link| idle(link)) {
            return Progress::Waiting;
        }
        let plans = &arming.proposed.plans;
        if plans.len() > self.parts.jobs.len() {
            return Progress::Failed("there are more regimens than links".to_owned());
        }
        let zone = arming.proposed.checked.time_zone.as_ref();
        for (plan, job) in plans.iter().zip(&self.parts.jobs) {
            if job.send(Job::Begin(plan.plan(zone))).is_err() {
                return Progress::Failed("a thread that speaks with a strategy is gone".to_owned());
            }
        }
        arming.stage = Stage::Starting;
        Progress::Waiting
    }

    fn starting(&self, regimens: usize) -> Progress {
        let links = || self.parts.links.iter().take(regimens);
        for link in links() {
            if matches!(link.phase(), LinkPhase::GivenUp) {
                let why = link.failure();
                return Progress::Failed(why.unwrap_or_else(|| "its child ended".to_owned()));
            }
        }
        if links().all(|link| matches!(link.phase(), LinkPhase::Live)) {
            Progress::Ready
        } else {
            Progress::Waiting
        }
    }

    /// Why the deadline has passed.
    fn what_is_late(&self, arming: &Arming) -> String {
        if arming.stage == Stage::Clearing {
            return "the strategies of the last arming did not end in time".to_owned();
        }
        let used = self
            .parts
            .links
            .iter()
            .zip(&arming.proposed.checked.regimens);
        let late: Vec<_> = used
            .filter(|(link, _)| !matches!(link.phase(), LinkPhase::Live))
            .map(|(link, regimen)| match link.failure() {
                Some(why) => format!("the strategy of {}: {why}", regimen.name),
                None => format!("the strategy of {} did not start in time", regimen.name),
            })
            .collect();
        late.join("; ")
    }

    fn fail(&mut self, now: MonoNs, ticket: Ticket, why: &str) {
        let message = format!("nothing was armed, since the strategies could not start: {why}");
        log::error!("{message}");
        let refusal = Refusal::new(Code::Internal, message);
        let refusal = refusal.fix("see to the cause, then propose it again");
        self.disarm(now, Some(ticket), refusal);
    }

    /// What was armed before has no strategies any more: it must not be started.
    pub(crate) fn disarm(&mut self, now: MonoNs, ticket: Option<Ticket>, why: Refusal) {
        self.end_children();
        let purpose = Purpose::Disarm(why);
        if let Err(deaf) = self.ask(now, What::Disarm, purpose, ticket) {
            self.answer(ticket, Err(deaf));
        }
    }

    /// The loop has answered. Why nothing is armed.
    pub(crate) fn disarmed(&mut self, why: Refusal, result: Result<(), ArmError>) -> Refusal {
        match result {
            Ok(()) => {
                self.armed = None;
                self.board.disarmed();
            }
            Err(error) => log::error!("what was armed before stays armed: {error}"),
        }
        why
    }

    /// The children live: the loop may have it.
    fn arm(&mut self, now: MonoNs, arming: Arming) {
        let core = arming.proposed.checked.core;
        let purpose = Purpose::Arm(arming.proposed);
        if let Err(refusal) = self.ask(now, What::Arm(core), purpose, Some(arming.ticket)) {
            self.disarm(now, Some(arming.ticket), refusal);
        }
    }

    /// The loop has armed it.
    pub(crate) fn armed(&mut self, proposed: Box<Proposed>) -> Reply {
        if let (Some(uncertain), Some(who)) = (&proposed.uncertain, &proposed.acknowledged) {
            let more = serde_json::json!({ "uncertain": uncertain });
            self.note_of(who, "acknowledge-uncertain", more);
        }
        self.parts.books.armed(Arc::clone(&proposed.label));
        let checked = &proposed.checked;
        let (id, sha256) = (checked.id.clone(), checked.sha256_hex());
        log::info!("armed: {sha256}");
        self.board.armed(ArmedSheet {
            id: id.clone(),
            sha256: sha256.clone(),
            regimens: proposed.names(),
            volume_per_step: checked.core.volume_per_step,
            reservoir: checked.core.reservoir,
        });
        self.armed = Some(proposed);
        Reply::Armed(Armed { id, sha256 })
    }
}

/// Nobody has answered for the uncertain volume.
fn unanswered(uncertain: &Amount) -> Refusal {
    let volume = words::volume(uncertain.nl);
    let masses = uncertain.masses.iter();
    let masses: String = masses
        .map(|mass| format!(", {} {}", words::mass(mass.pg), mass.drug))
        .collect();
    let message = format!(
        "{volume} ({} steps{masses}) may or may not have been given when the controller ended, \
         and nobody has acknowledged that",
        uncertain.steps
    );
    Refusal::new(Code::NeedsAcknowledgement, message)
        .fix("look at what it counts for, then confirm with `--acknowledge-uncertain`")
}

/// The loop has refused to arm.
pub(crate) fn not_armed(error: ArmError) -> Refusal {
    let code = match error {
        ArmError::NotStill | ArmError::TooManyDrugs => Code::WrongState,
        ArmError::Prescription(_) => Code::BadPrescription,
    };
    Refusal::new(code, format!("it was not armed: {error}"))
}
