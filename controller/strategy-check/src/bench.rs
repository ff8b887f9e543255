//! What the checks share: values that the strategy takes, and the tapes of the fixed stories.

use std::cell::OnceCell;

use pump_core::prescription::Envelope;
use strategy_host::{Allowed, CallError, Ended, Rehearsal};

use crate::report::Verdict;
use crate::story;
use crate::subject::Subject;
use crate::tape::{Tape, record};
use crate::values::{self, Values};

/// What the strategy made of sets of values.
#[derive(Debug, Default)]
pub(crate) struct Begun {
    /// Those that it takes, with the envelope that follows.
    pub(crate) taken: Vec<(Values, Envelope)>,
    pub(crate) refused: usize,
    /// Neither taken nor refused: which, and how it ended.
    pub(crate) broken: Option<(Values, Ended)>,
}

/// A plugin under check.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    pub(crate) subject: &'a Subject,
    begun: OnceCell<Result<Begun, String>>,
    tapes: OnceCell<Result<Vec<Tape>, String>>,
}

/// So many sets of values are played through stories.
const PLAYED: usize = 2;
/// So many snapshots of a story are of a strategy that wants to be asked all the time.
const MANY: usize = 50_000;

impl<'a> Bench<'a> {
    pub(crate) const fn new(subject: &'a Subject) -> Self {
        Self {
            subject,
            begun: OnceCell::new(),
            tapes: OnceCell::new(),
        }
    }

    pub(crate) fn rehearse(&self, allowed: Allowed) -> Result<Rehearsal, Verdict> {
        let rehearsal = self.subject.rehearse(allowed);
        rehearsal.map_err(|ended| Verdict::NotJudged(format!("the plugin's child: {ended}")))
    }

    /// Tries every set of values that is worth a try: as usual first.
    pub(crate) fn begun(&self) -> Result<&Begun, Verdict> {
        let begun = self.begun.get_or_init(|| self.begin());
        begun
            .as_ref()
            .map_err(|why| Verdict::NotJudged(why.clone()))
    }

    fn begin(&self) -> Result<Begun, String> {
        let declared = self.subject.declaration();
        let usual = (0..3).map(|variant| values::usual(declared, variant));
        let mut random = pump_simulator::presses::SplitMix64::new(1);
        let drawn = (0..40).map(|_| values::drawn(declared, &mut random));
        let sets: Vec<Values> = usual
            .chain(values::corners(declared))
            .chain(drawn)
            .collect();
        let mut begun = Begun::default();
        let start = || {
            self.subject
                .rehearse(Allowed::Running)
                .map_err(|e| e.to_string())
        };
        let mut rehearsal = start()?;
        for set in sets {
            // What the pump itself refuses never reaches the strategy.
            let Ok(envelope) = declared.envelope(&set) else {
                continue;
            };
            match rehearsal.create(0, &set) {
                Ok(()) => begun.taken.push((set, envelope)),
                Err(Ended::Failed(CallError::Refused)) => begun.refused += 1,
                Err(ended) => {
                    begun.broken.get_or_insert((set, ended));
                    break;
                }
            }
        }
        Ok(begun)
    }

    /// The tapes of the fixed stories, with at most two sets of values.
    pub(crate) fn tapes(&self) -> Result<&[Tape], Verdict> {
        let begun = self.begun()?;
        if begun.taken.is_empty() {
            let why = "no values were found that it begins with; see `parameters`";
            return Err(Verdict::NotJudged(why.to_owned()));
        }
        let tapes = self.tapes.get_or_init(|| {
            let mut tapes = Vec::new();
            for (values, envelope) in begun.taken.iter().take(PLAYED) {
                let largest = envelope.bolus.map_or(0, |bolus| bolus.max.floor_nl());
                for story in story::fixed(values, largest) {
                    let tape = record(self.subject, *envelope, &story)?;
                    // The next would end there too, perhaps by seconds of silence.
                    let ended = tape.end.is_some();
                    // Or take minutes, of which nothing is learnt but what is known already.
                    let shown = tape.breach.is_some() && tape.len() > MANY;
                    tapes.push(tape);
                    if ended || shown {
                        return Ok(tapes);
                    }
                }
            }
            Ok(tapes)
        });
        let tapes = tapes.as_deref();
        tapes.map_err(|why| Verdict::NotJudged(why.clone()))
    }

    /// The tapes of a strategy whose every order kept the rules.
    pub(crate) fn sound_tapes(&self) -> Result<&[Tape], Verdict> {
        let tapes = self.whole_tapes()?;
        match tapes.iter().find_map(|tape| tape.breach.as_ref()) {
            Some(breach) => Err(Verdict::NotJudged(format!(
                "its orders break another rule already; see `{}`",
                breach.check
            ))),
            None => Ok(tapes),
        }
    }

    /// The tapes of a strategy that lived through all of them.
    pub(crate) fn whole_tapes(&self) -> Result<&[Tape], Verdict> {
        let tapes = self.tapes()?;
        match tapes.iter().find_map(|tape| tape.end.as_ref()) {
            Some(end) => Err(Verdict::NotJudged(format!(
                "it did not live that long; see `{}`",
                end.owner()
            ))),
            None => Ok(tapes),
        }
    }
}
