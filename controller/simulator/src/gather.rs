//! From what a run has counted to its [`Report`].

use pump_core::order::RegimenId;
use pump_core::prescription::{self as core, MAX_REGIMENS};
use pump_core::pump::State;
use pump_core::quantity::{Rate, Steps};
use pump_core::reason::Reason;
use pump_prescription::Exact;

use crate::report::{
    AlarmReport, BolusReport, Caps, Demands, DrugReport, Note, OcclusionReport, POWER,
    RegimenReport, Report, ReservoirReport, RestartReport, Windows,
};
use crate::story::{BolusEntry, Fate, Story};
use crate::tally::Tally;
use crate::{Infusion, Options};

const HOUR_NS: u128 = 3_600_000_000_000;
const PG_PER_MG: f64 = 1e9;

/// What a run has counted.
pub(crate) struct Gathered<'a> {
    pub(crate) infusion: &'a Infusion,
    pub(crate) options: Options,
    pub(crate) steps: Steps,
    pub(crate) content: Steps,
    pub(crate) state: State,
    pub(crate) story: Story,
    /// The integrals of the granted basals.
    pub(crate) basal_nl: [u64; MAX_REGIMENS],
    pub(crate) tally: Tally,
    pub(crate) peaks: [Steps; 3],
    pub(crate) restarts: Vec<RestartReport>,
    pub(crate) notes: Vec<Note>,
}

impl Gathered<'_> {
    fn nl(&self, steps: Steps) -> u64 {
        self.infusion
            .prescription
            .volume_per_step
            .times_floor_nl(steps)
    }

    pub(crate) fn report(self) -> Report {
        let rx = &self.infusion.prescription;
        let per_step = rx.volume_per_step;
        let [h1, h4, h24] = self.peaks.map(|steps| self.nl(steps));
        let basal = self.basal_nl_per_h();
        Report {
            id: self.infusion.id.clone(),
            prescription_sha256: self.infusion.sha256.clone(),
            seed: self.options.seed,
            duration_ns: self.options.duration.0,
            steps: self.steps.0,
            ledger_steps: self.tally.delivered,
            nl_per_step: format!("{}/{}", per_step.num(), per_step.den()),
            delivered_nl: self.nl(self.steps),
            commanded_nl: self.commanded_nl(),
            commanded_steps: self.tally.commanded_exactly(),
            missed_nl: self.nl(Steps(self.tally.missed)),
            missed_steps: self.tally.missed,
            displaced_nl: self.nl(Steps(self.tally.displaced)),
            uncertain_nl: self.nl(self.story.uncertain),
            per_drug: self.per_drug(),
            regimens: self.regimens(),
            boluses: self
                .story
                .boluses
                .iter()
                .map(|entry| self.bolus(entry))
                .collect(),
            demands: Demands {
                attempted: self.story.attempted,
                given: self.story.given,
            },
            refusals: self
                .story
                .refusals
                .iter()
                .map(|(k, n)| ((*k).to_owned(), *n))
                .collect(),
            alarms: self.alarms(),
            occlusions: self.occlusions(),
            window_peaks_nl: Windows { h1, h4, h24 },
            window_caps_nl: Caps {
                h1: self.cap(|caps| caps.h1),
                h4: self.cap(|caps| caps.h4),
                h24: self.cap(|caps| caps.h24),
            },
            reservoir: ReservoirReport {
                start_nl: self.nl(rx.reservoir.volume),
                left_nl: self.nl(self.content),
                low_nl: self.nl(rx.reservoir.low),
                empty_nl: self.nl(rx.reservoir.empty),
                lasts_ns: self.lasts_ns(basal),
            },
            basal_nl_per_h: u64::try_from(basal.floor()).unwrap_or(u64::MAX),
            final_state: self.state.name(),
            restarts: self.restarts,
            notes: self.notes,
        }
    }

    fn occlusions(&self) -> Vec<OcclusionReport> {
        let occlusions = self.story.occlusions.iter();
        let told = occlusions.map(|(at, trapped)| OcclusionReport {
            at_ns: at.0,
            trapped_nl: self.nl(*trapped),
        });
        told.collect()
    }

    /// The tightest cap of a window: the mixture's, or that of any of its drugs.
    fn cap(&self, window: impl Fn(&core::Caps) -> Option<Steps>) -> Option<u64> {
        let rx = &self.infusion.prescription;
        let caps = rx
            .drugs
            .iter()
            .flatten()
            .map(|drug| &drug.caps)
            .chain([&rx.caps]);
        caps.filter_map(window).min().map(|steps| self.nl(steps))
    }

    /// The basal granted at the end, exact.
    fn basal_nl_per_h(&self) -> Exact {
        if self.state != State::Infusing {
            return Exact::ZERO;
        }
        let per_ns = self
            .story
            .basal
            .iter()
            .try_fold(Rate::ZERO, |sum, rate| sum.checked_add(*rate));
        per_ns
            .and_then(|rate| Exact::new(u128::from(rate.num()), u128::from(rate.den())))
            .and_then(|rate| rate.times(Exact::whole(HOUR_NS)))
            .unwrap_or(Exact::ZERO)
    }

    /// How long what is above "empty" lasts at a rate.
    fn lasts_ns(&self, nl_per_h: Exact) -> Option<u64> {
        let rx = &self.infusion.prescription;
        let usable = self.content.saturating_sub(rx.reservoir.empty);
        let per_step = rx.volume_per_step;
        let usable = Exact::new(u128::from(per_step.num()), u128::from(per_step.den()))?
            .times(Exact::whole(u128::from(usable.0)))?;
        let hours = usable.over(nl_per_h)?;
        u64::try_from(hours.times(Exact::whole(HOUR_NS))?.floor()).ok()
    }

    fn commanded_nl(&self) -> u64 {
        let per_step = self.infusion.prescription.volume_per_step;
        let exact = || {
            let part = Exact::new(self.tally.remainder, self.tally.parts_per_step.max(1))?;
            let steps = Exact::whole(u128::from(self.tally.commanded)).plus(part)?;
            let nl = steps.times(Exact::new(
                u128::from(per_step.num()),
                per_step.den().into(),
            )?)?;
            u64::try_from(nl.floor()).ok()
        };
        // The fraction of a step can be finer than 128 bits of nanolitres: then its volume is
        // less than anything that a whole number of nanolitres shows, but for the rarest case.
        exact().unwrap_or_else(|| self.nl(Steps(self.tally.commanded)))
    }

    fn per_drug(&self) -> Vec<DrugReport> {
        let per_step = self.infusion.prescription.volume_per_step;
        let drugs = self.infusion.drugs.iter().map(|drug| {
            let pg = Exact::new(u128::from(per_step.num()), u128::from(per_step.den()))
                .and_then(|nl| nl.times(drug.pg_per_nl))
                .and_then(|pg| pg.times(Exact::whole(u128::from(self.steps.0))));
            let pg = pg.map_or(0, Exact::floor);
            DrugReport {
                name: drug.name.clone(),
                delivered: pg as f64 / PG_PER_MG,
                unit: "mg",
                delivered_pg: pg,
            }
        });
        drugs.collect()
    }

    fn regimens(&self) -> Vec<RegimenReport> {
        let there = self.infusion.prescription.regimens.iter().flatten();
        let regimens = (0..).map(RegimenId).zip(there).zip(self.basal_nl);
        let regimens = regimens.map(|((id, _), basal_nl)| {
            let own = |entry: &&BolusEntry| entry.regimen == Some(id);
            let own = || self.story.boluses.iter().filter(own);
            let refused = |entry: &&BolusEntry| matches!(entry.fate, Fate::Refused(_));
            let refused = u64::try_from(own().filter(refused).count());
            let refused = refused.unwrap_or(u64::MAX);
            let all = u64::try_from(own().count()).unwrap_or(u64::MAX);
            let steps: u64 = own().map(|entry| entry.delivered.0).sum();
            RegimenReport {
                name: self.infusion.regimen_name(id),
                basal_nl,
                boluses: all.saturating_sub(refused),
                boluses_refused: refused,
                bolus_nl: self.nl(Steps(steps)),
            }
        });
        regimens.collect()
    }

    fn bolus(&self, entry: &BolusEntry) -> BolusReport {
        let stretched = entry.stretched.map(Reason::name);
        let (outcome, reason) = match entry.fate {
            Fate::Running => ("running", stretched),
            Fate::Completed => ("completed", stretched),
            Fate::Cut(reason) => ("cut", Some(reason.map_or(POWER, Reason::name))),
            Fate::Refused(reason) => ("refused", Some(reason.name())),
        };
        BolusReport {
            kind: entry.kind.name(),
            regimen: entry
                .regimen
                .map(|RegimenId(n)| self.infusion.regimen_name(RegimenId(n))),
            asked_at_ns: entry.asked_at.0,
            started_at_ns: entry.started_at.0,
            ended_at_ns: entry.ended_at.0,
            volume_nl: self.nl(entry.steps),
            delivered_nl: self.nl(entry.delivered),
            outcome,
            reason,
        }
    }

    fn alarms(&self) -> Vec<AlarmReport> {
        let alarms = self.story.alarms.iter().map(|entry| AlarmReport {
            at_ns: entry.at.0,
            name: entry.alarm.row().name,
            priority: entry.alarm.row().priority.name(),
            cleared_at_ns: entry.cleared_at.map(|at| at.0),
        });
        alarms.collect()
    }
}
