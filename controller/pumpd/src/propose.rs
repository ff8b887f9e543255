//! The first step of arming (P01): a prescription is checked and laid beside what is armed.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::TryRecvError;

use pump_control::{Amount, Code, Peer, Proposal, Refusal, Reply, Row, Ticket};
use pump_core::prescription::Prescription;
use pump_core::quantity::{MonoNs, Nanoseconds, Steps};
use pump_prescription::{Checked, Zone};
use pump_recording::row::{Dossier, Regimen};
use strategy_link::Sha256;
use strategy_link::protocol::Values;

use crate::books::Label;
use crate::judge::{Case, Files, Judged};
use crate::link::Plan;
use crate::preflight::{Aim, Pin};
use crate::service::Desk;

/// A proposal that is not confirmed within this time is forgotten.
const EXPIRES_AFTER: Nanoseconds = Nanoseconds::from_mins(10);
const NS_PER_S: u64 = 1_000_000_000;

/// What a regimen's child would run: the very file that the proposal shows (P06).
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) path: PathBuf,
    pub(crate) sha256: Sha256,
    pub(crate) values: Values,
}

impl Chosen {
    pub(crate) fn plan(&self, time_zone: Option<&Zone>) -> Plan {
        Plan {
            time_zone: time_zone.cloned(),
            path: self.path.clone(),
            sha256: self.sha256,
            values: self.values.clone(),
        }
    }
}

/// A prescription that was proposed, and perhaps armed since.
#[derive(Debug)]
pub(crate) struct Proposed {
    pub(crate) checked: Checked,
    /// The prescription as it was written.
    pub(crate) text: String,
    /// The device's file.
    device: PathBuf,
    /// What was in it and in the drug library.
    files: Files,
    /// By regimen.
    pub(crate) plans: Vec<Chosen>,
    /// Who proposed it.
    pub(crate) by: String,
    /// What goes beyond a soft limit, a line each (P02).
    pub(crate) beyond_soft_limits: Vec<String>,
    /// Who confirmed it; `None`: nobody yet.
    pub(crate) confirmed_by: Option<String>,
    /// Why it was confirmed, where somebody said so (P02).
    pub(crate) reason: Option<String>,
    /// What it is called, for the books.
    pub(crate) label: Arc<Label>,
    /// What is uncertain of the last runs.
    pub(crate) uncertain: Option<Amount>,
    /// Who answers for that.
    pub(crate) acknowledged: Option<String>,
    token: String,
    expires_at: MonoNs,
}

impl Proposed {
    /// Names and strategies of the regimens.
    pub(crate) fn names(&self) -> Vec<(String, String)> {
        let regimens = self.checked.regimens.iter();
        regimens
            .map(|regimen| (regimen.name.clone(), regimen.declaration.name.clone()))
            .collect()
    }

    /// What a run of it is about (I11).
    pub(crate) fn dossier(&self, simulated: bool) -> Dossier {
        let checked = &self.checked;
        let regimens = checked.regimens.iter().zip(&self.plans);
        let regimens = regimens.map(|(regimen, plan)| Regimen {
            name: regimen.name.clone(),
            strategy: regimen.declaration.name.clone(),
            plugin_sha256: plan.sha256.to_string(),
            values: regimen.values.iter().map(|it| (it.num, it.den)).collect(),
        });
        Dossier {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            simulated,
            id: checked.id.clone(),
            sha256: checked.sha256_hex(),
            prescription: self.text.clone(),
            device: self.files.device.clone(),
            drug_library: self.files.drug_library.clone(),
            regimens: regimens.collect(),
        }
    }

    /// What the checks are to look at for it.
    pub(crate) fn aim(&self) -> Aim {
        let checked = &self.checked;
        let pin = |what: &str, path: &Path, sha256| Pin {
            what: what.to_owned(),
            path: path.to_owned(),
            sha256,
        };
        let library = checked.library_path.as_deref();
        let library = library.map(|path| pin("the drug library", path, checked.library_sha256));
        let device = pin("the device's file", &self.device, checked.device.sha256);
        let plugins = self.plans.iter().zip(&checked.regimens);
        let plugins = plugins.map(|(plan, regimen)| {
            let what = format!("the plugin {}", regimen.declaration.name);
            pin(&what, &plan.path, plan.sha256.0)
        });
        Aim {
            pins: plugins.chain(library).chain([device]).collect(),
            shortest: shortest(&checked.core),
        }
    }

    /// Whole seconds, rounded down: nobody is promised more than there is.
    pub(crate) fn expires_in_s(&self, now: MonoNs) -> u64 {
        self.expires_at.since(now).0 / NS_PER_S
    }
}

/// A prescription that is being judged.
#[derive(Debug)]
pub(crate) struct Proposing {
    ticket: Ticket,
    /// Who proposes it.
    by: String,
}

impl Desk {
    /// Has a prescription judged. `Ok`: it is answered later.
    pub(crate) fn propose(
        &mut self,
        name: String,
        text: String,
        peer: &Peer,
        ticket: Ticket,
    ) -> Result<(), Refusal> {
        self.busy()?;
        if self.proposing.is_some() {
            let busy = Refusal::new(Code::Busy, "another prescription is being judged");
            return Err(busy.fix("wait until it is; a plugin that hangs takes some seconds"));
        }
        let case = Case {
            name,
            text,
            device: self.parts.device.clone(),
        };
        if self.parts.cases.send(case).is_err() {
            return Err(no_judge());
        }
        self.proposing = Some(Proposing {
            ticket,
            by: peer.user.clone(),
        });
        Ok(())
    }

    /// Answers what was proposed, once it is judged.
    pub(crate) fn hear_verdict(&mut self, now: MonoNs) {
        let verdict = match self.parts.verdicts.try_recv() {
            Ok(verdict) => verdict,
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => Err(no_judge()),
        };
        if let Some(proposing) = self.proposing.take() {
            let answer = verdict.and_then(|judged| self.present(now, *judged, proposing.by));
            self.answer(Some(proposing.ticket), answer);
        }
    }

    /// Keeps a prescription until it is confirmed, and lays it beside what is armed. A newer
    /// one replaces it.
    fn present(&mut self, now: MonoNs, judged: Judged, by: String) -> Result<Reply, Refusal> {
        // What is laid beside it must not change before it is confirmed.
        self.busy()?;
        let Judged {
            text,
            checked,
            files,
            plans,
            regimens,
            findings,
            beyond_soft_limits,
        } = judged;
        if checked.device.sha256 != self.parts.device_sha256 {
            // The motor runs by the file of the start: its lines, its pulses, its processor.
            let message = "the device's file was changed since pumpd was started";
            return Err(Refusal::new(Code::BadPrescription, message)
                .fix("restart pumpd, which is disarmed then, and propose it again"));
        }
        let proposed = Proposed {
            text,
            device: self.parts.device.clone(),
            files,
            plans,
            by,
            beyond_soft_limits,
            confirmed_by: None,
            reason: None,
            label: Arc::new(Label::of(&checked)),
            uncertain: self.uncertain(),
            acknowledged: None,
            token: token()?,
            expires_at: now.after(EXPIRES_AFTER),
            checked,
        };
        self.checked_green(&proposed.aim())?;
        let old = self.armed.as_deref().map(|armed| &armed.checked);
        let new = &proposed.checked;
        let proposal = Proposal {
            token: proposed.token.clone(),
            id: new.id.clone(),
            sha256: new.sha256_hex(),
            rows: side_by_side(old, new),
            regimens,
            drug_changes: old.is_some_and(|old| drugs(old) != drugs(new)),
            remarks: findings,
            beyond_soft_limits: proposed.beyond_soft_limits.clone(),
            uncertain: proposed.uncertain.clone(),
            expires_in_s: proposed.expires_in_s(now),
        };
        log::info!("{} proposes {}", proposed.by, proposal.sha256);
        self.proposal = Some(Box::new(proposed));
        Ok(Reply::Proposal(Box::new(proposal)))
    }

    /// What was uncertain at restarts and nobody has acknowledged, of what was armed then
    /// (P05).
    fn uncertain(&self) -> Option<Amount> {
        let remembered = self.board.remembered();
        let (step, steps) = (remembered.volume_per_step, remembered.unacknowledged);
        (steps > Steps::ZERO).then(|| self.parts.books.amount(step, steps))
    }

    /// Forgets a proposal that nobody has confirmed in time.
    pub(crate) fn expire(&mut self, now: MonoNs) {
        self.proposal.take_if(|proposed| now >= proposed.expires_at);
    }

    /// The proposal with this token.
    pub(crate) fn named(&self, token: &str) -> Result<&Proposed, Refusal> {
        let proposal = self.proposal.as_deref();
        proposal
            .filter(|proposed| proposed.token == token)
            .ok_or_else(|| {
                let refusal = Refusal::new(Code::NotFound, "there is no proposal with this token");
                refusal.fix("it has expired or was replaced: propose it again")
            })
    }

    pub(crate) fn cancel(&mut self, token: &str) -> Result<Reply, Refusal> {
        self.named(token)?;
        self.proposal = None;
        Ok(self.done())
    }
}

/// The shortest interval between two steps that its limits allow.
fn shortest(core: &Prescription) -> Option<Nanoseconds> {
    let (step, rate) = (core.volume_per_step, core.max_rate);
    let volume = u128::from(step.num()).checked_mul(u128::from(rate.den()))?;
    let flow = u128::from(step.den()).checked_mul(u128::from(rate.num()))?;
    u64::try_from(volume.checked_div(flow)?)
        .ok()
        .map(Nanoseconds)
}

fn no_judge() -> Refusal {
    Refusal::new(
        Code::Internal,
        "the thread that judges prescriptions is gone",
    )
    .fix("restart pumpd; if it comes again, look into its log")
}

/// The names of the drugs, without regard to case and order.
fn drugs(checked: &Checked) -> Vec<String> {
    let names = checked.drugs.iter();
    let mut names: Vec<_> = names.map(|drug| drug.name.to_lowercase()).collect();
    names.sort();
    names
}

/// Old and new, as operators are shown them.
fn side_by_side(old: Option<&Checked>, new: &Checked) -> Vec<Row> {
    let rows = pump_prescription::side_by_side(old, new).into_iter();
    rows.map(|row| Row {
        changed: row.is_changed(),
        what: row.what,
        old: row.old,
        new: row.new,
    })
    .collect()
}

/// 128 bits that nobody can guess, in hexadecimal.
fn token() -> Result<String, Refusal> {
    let mut bytes = [0_u8; 16];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    read.map_err(|error| Refusal::new(Code::Internal, format!("there is no randomness: {error}")))?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
