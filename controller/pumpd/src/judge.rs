//! The thread that judges prescriptions.
//!
//! It reads files, and has plugins looked at that may hang for seconds. The thread that
//! operators speak to waits for none of it: it hands over a case and hears the verdict later.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use pump_control::{Code, ProposedRegimen, Refusal};
use pump_prescription::{Checked, Input, Outcome, check, check_device};
use strategy_link::protocol::Values;

use crate::catalogue::Installed;
use crate::propose::Chosen;
use crate::vitals::Vitals;

/// So often it looks whether the daemon is to end.
const WAIT: Duration = Duration::from_millis(200);

/// A prescription that somebody proposes.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) text: String,
    /// The device's file.
    pub(crate) device: PathBuf,
}

/// A prescription that may be armed.
#[derive(Debug)]
pub(crate) struct Judged {
    /// The prescription as it was written.
    pub(crate) text: String,
    pub(crate) checked: Checked,
    pub(crate) files: Files,
    /// By regimen.
    pub(crate) plans: Vec<Chosen>,
    pub(crate) regimens: Vec<ProposedRegimen>,
    /// What is remarkable about it, in words.
    pub(crate) findings: String,
    /// What goes beyond a soft limit, a line each (P02).
    pub(crate) beyond_soft_limits: Vec<String>,
}

/// The files beside a prescription, as they were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    /// The device's.
    pub(crate) device: String,
    pub(crate) drug_library: String,
}

/// What comes of a case.
pub(crate) type Verdict = Result<Box<Judged>, Refusal>;

/// Judges one case after the other.
pub(crate) struct Judge {
    pub(crate) cases: Receiver<Case>,
    pub(crate) verdicts: Sender<Verdict>,
    pub(crate) catalogue: Installed,
    pub(crate) vitals: Arc<Vitals>,
}

impl Judge {
    pub(crate) fn run(self) {
        while !self.vitals.is_ending() {
            let verdict = match self.cases.recv_timeout(WAIT) {
                Ok(case) => self.judge(case),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if self.verdicts.send(verdict.map(Box::new)).is_err() {
                break;
            }
        }
    }

    fn judge(&self, case: Case) -> Result<Judged, Refusal> {
        let name = case.name.clone();
        let text = case.text.clone();
        let (outcome, library, files) = self.check(case)?;
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
        Ok(Judged {
            text,
            checked,
            files,
            plans,
            regimens,
            findings,
            beyond_soft_limits: soft.collect(),
        })
    }

    /// Checks a text against the device and the drug library that the device names; also
    /// answers where that lies, and what is in both.
    fn check(&self, case: Case) -> Result<(Outcome, PathBuf, Files), Refusal> {
        let Case { name, text, device } = case;
        let path = device.as_path();
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
        let outcome = check(&prescription, &device, &opened, &self.catalogue);
        let text = |input: Input| {
            let bytes = input.content.unwrap_or_default();
            String::from_utf8(bytes).unwrap_or_default()
        };
        let files = Files {
            device: text(device),
            drug_library: text(opened),
        };
        Ok((outcome, library, files))
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
            let declared = self.catalogue.declared(strategy);
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
}
