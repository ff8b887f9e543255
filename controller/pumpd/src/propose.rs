//! The first step of arming (P01): a prescription is checked and laid beside what is armed.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use pump_control::{Code, Peer, Proposal, ProposedRegimen, Refusal, Reply, Row};
use pump_core::prescription::Prescription;
use pump_core::quantity::{MonoNs, Nanoseconds};
use pump_prescription::{Checked, Input, Outcome, check, check_device};
use strategy_link::Sha256;
use strategy_link::protocol::Values;

use crate::link::Plan;
use crate::preflight::{Aim, Pin};
use crate::service::Desk;
use crate::sheet;

/// A proposal that is not confirmed within this time is forgotten.
const EXPIRES_AFTER: Nanoseconds = Nanoseconds::from_mins(10);
const NS_PER_S: u64 = 1_000_000_000;

/// What a regimen's child would run: the very file that the proposal shows (P06).
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    path: PathBuf,
    sha256: Sha256,
    values: Values,
}

impl Chosen {
    pub(crate) fn plan(&self) -> Plan {
        Plan {
            path: self.path.clone(),
            sha256: self.sha256,
            values: self.values,
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
    /// By regimen.
    pub(crate) plans: Vec<Chosen>,
    /// Who proposed it.
    pub(crate) by: String,
    /// What goes beyond a soft limit, a line each (P02).
    pub(crate) beyond_soft_limits: Vec<String>,
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
        let plugins = self.plans.iter();
        let plugins = plugins.map(|plan| pin("the plugin", &plan.path, plan.sha256.0));
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

impl Desk {
    /// Checks a prescription and keeps it until it is confirmed. A newer one replaces it.
    pub(crate) fn propose(
        &mut self,
        now: MonoNs,
        name: &str,
        text: String,
        peer: &Peer,
    ) -> Result<Reply, Refusal> {
        self.busy()?;
        let (outcome, library) = self.check(name, text.clone())?;
        let findings = outcome.report.to_string();
        let Some(mut checked) = outcome.checked else {
            let message = format!("`{name}` is refused: {}", outcome.report.summary());
            return Err(Refusal::new(Code::BadPrescription, message)
                .fix("correct what the findings show")
                .findings(findings));
        };
        checked.library_path = Some(library);
        let (plans, regimens) = self.choose(&checked)?;
        let soft = outcome.report.diagnostics().iter();
        let soft = soft
            .filter(|found| found.code == pump_prescription::Code::SoftLimit)
            .map(|found| found.message.clone());
        let proposed = Proposed {
            text,
            device: self.parts.device.clone(),
            plans,
            by: peer.user.clone(),
            beyond_soft_limits: soft.collect(),
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
            expires_in_s: proposed.expires_in_s(now),
        };
        log::info!("{} proposes {}", proposed.by, proposal.sha256);
        self.proposal = Some(Box::new(proposed));
        Ok(Reply::Proposal(Box::new(proposal)))
    }

    /// Checks a text against the device and the drug library that the device names; also
    /// answers where that lies.
    fn check(&self, name: &str, text: String) -> Result<(Outcome, PathBuf), Refusal> {
        let path = &self.parts.device;
        let device = Input::open(path);
        let alone = check_device(&device);
        let bad = |message: String, report: String| {
            let refusal = Refusal::new(Code::BadPrescription, message);
            let refusal = refusal.fix("correct the device file; it is read anew each time");
            Err(match report.is_empty() {
                true => refusal,
                false => refusal.findings(report),
            })
        };
        let Some(known) = alone.device else {
            let message = format!("the device file has errors: {}", alone.report.summary());
            return bad(message, alone.report.to_string());
        };
        let Some(named) = known.drug_library else {
            return bad(
                format!("`{}` names no `drug_library`", path.display()),
                String::new(),
            );
        };
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let library = folder.join(named.value);
        let prescription = Input::new(name, text);
        let opened = Input::open(&library);
        let outcome = check(&prescription, &device, &opened, &self.parts.catalogue);
        Ok((outcome, library))
    }

    /// The plugins that the regimens name, as files and as they are shown.
    fn choose(&self, checked: &Checked) -> Result<(Vec<Chosen>, Vec<ProposedRegimen>), Refusal> {
        let (mut plans, mut shown) = (Vec::new(), Vec::new());
        for regimen in &checked.regimens {
            let strategy = &regimen.declaration.name;
            let unusable = |why: &str| {
                let message = format!("the strategy `{strategy}` can't be used: {why}");
                Refusal::new(Code::Internal, message)
                    .fix("see to the plugin, then propose it again")
            };
            let declared = self.parts.catalogue.declared(strategy);
            let declared = declared.map_err(|error| unusable(&error))?;
            // The parameters were read by the declaration: this must be the same plugin.
            if !declared
                .declaration()
                .is_ok_and(|now| now == regimen.declaration)
            {
                return Err(unusable("it was exchanged while it was looked at"));
            }
            let values = Values::new(&regimen.values);
            let values = values.ok_or_else(|| unusable("it has too many parameters"))?;
            shown.push(ProposedRegimen {
                name: regimen.name.clone(),
                strategy: strategy.clone(),
                version: regimen.declaration.version.clone(),
                plugin_sha256: declared.sha256.to_string(),
            });
            plans.push(Chosen {
                path: declared.path,
                sha256: declared.sha256,
                values,
            });
        }
        Ok((plans, shown))
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

/// The names of the drugs, without regard to case and order.
fn drugs(checked: &Checked) -> Vec<String> {
    let names = checked.drugs.iter();
    let mut names: Vec<_> = names.map(|drug| drug.name.to_lowercase()).collect();
    names.sort();
    names
}

/// Old and new, in the order of the new; what would be gone comes last.
fn side_by_side(old: Option<&Checked>, new: &Checked) -> Vec<Row> {
    let mut before = old.map(sheet::of).unwrap_or_default();
    let mut rows = Vec::new();
    for (what, new) in sheet::of(new) {
        let place = before.iter().position(|(known, _)| *known == what);
        let old = place.map(|place| before.remove(place).1);
        rows.push(Row {
            what,
            changed: old.as_ref() != Some(&new),
            old,
            new: Some(new),
        });
    }
    rows.extend(before.into_iter().map(|(what, old)| Row {
        what,
        old: Some(old),
        new: None,
        changed: true,
    }));
    rows
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
