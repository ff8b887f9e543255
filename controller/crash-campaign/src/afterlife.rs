//! What must hold of whatever is left.

use std::path::Path;

use pump_core::checkpoint::Checkpoint;
use pump_core::prescription::LockoutEdge;
use pump_core::quantity::{MonoNs, Steps};
use pump_core::reason::Reason;
use pump_journal::{Durable, Kept, Query, Reader, Store};
use pump_power_cut::Dice;
use serde_json::Value;

use crate::life::Lives;
use crate::probe::{HOUR, Probe, counted, locked_out};
use crate::story::{LOCKOUT_NS, Story};
use crate::truth::{self, Truth};

const MS: u64 = 1_000_000;
/// A demand's steps are 8 ms apart, and its first one comes so long after its start; a start
/// that waits for its sync and for a busy machine comes later, which makes the question easier.
const FIRST_STEP: u64 = 10 * MS;

/// How the pump's clock goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The daemon alone has ended, and this is now.
    Killed { now_ns: u64 },
    /// The power was lost; the machine has been up again for so long.
    PowerLost { up_ns: u64 },
}

/// Something was cut.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut<'a> {
    pub(crate) story: Story,
    /// What is left of its state folder.
    pub(crate) left: &'a Path,
    pub(crate) truth: &'a Truth,
    pub(crate) lives: &'a Lives,
    /// When it was, by the monotonic clock.
    pub(crate) at_ns: u64,
    pub(crate) ending: Ending,
}

/// What was found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    /// Whether there was anything durable.
    pub(crate) anything: bool,
    /// The last arming that is known.
    pub(crate) arming: u64,
    /// Steps that are booked as uncertain now.
    pub(crate) uncertain: u64,
    /// Steps that are booked and were not given, by the arming that was cut.
    pub(crate) over: u64,
    /// Steps that had left by the cut.
    pub(crate) given: u64,
    /// A demand was refused for the lockout, where the truth was still locked out.
    pub(crate) locked: bool,
}

/// What the journal's entries tell.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    /// Steps of the last arming that the motor did not take: the control law counts them as
    /// uncertain at once. On a machine that stands still the sentinel has its hand on the brake.
    refused: u64,
    /// Everything that was ever booked as uncertain, or as moved by the rotor.
    booked: u64,
}

impl Cut<'_> {
    /// Judges it.
    ///
    /// # Errors
    /// What does not hold.
    pub(crate) fn judge(&self, dice: &mut Dice) -> Result<Found, String> {
        let durable = self.opens()?;
        let steps = self.truth.until(self.at_ns);
        let Some(durable) = durable else {
            return match steps.len() {
                0 => Ok(Found::default()),
                given => Err(format!("nothing is known of {given} steps")),
            };
        };
        let checkpoint = decoded(&durable)?;
        let (issued, credit) = (checkpoint.issued().0, durable.credit);
        let told = self.entries()?;
        let found = self.counts(&durable, &checkpoint, steps, told.refused)?;

        let at = checkpoint.at();
        let (now, shift) = match self.ending {
            Ending::Killed { now_ns } => (now_ns, 0),
            // Off-time may have been none: then this is the least that has passed.
            Ending::PowerLost { up_ns } => (at.0 + up_ns, self.at_ns.saturating_sub(at.0)),
        };
        let probe = Probe {
            checkpoint: &checkpoint,
            credit: Steps(credit),
            now: MonoNs(now),
        };
        self.windows(&probe, steps, shift, dice)?;
        let booked = probe.windows(now)?[2];
        // A start that nobody wrote down may have been preceded by a movement of the rotor.
        let most = steps.len() as u64 + told.booked + credit.saturating_sub(issued) + 1;
        if booked > most {
            return Err(format!(
                "the windows hold {booked} steps, and {most} at most"
            ));
        }
        let locked = match self.story.lockout() {
            Some(edge) => self.lockouts(&probe, edge, steps, shift)?,
            None => false,
        };
        Ok(Found { locked, ..found })
    }

    /// The journal opens, is whole, and has every head that was shown.
    fn opens(&self) -> Result<Option<Durable>, String> {
        let (store, recovered) = Store::open(self.left).map_err(|error| error.to_string())?;
        let reader = || Reader::open(self.left).map_err(|error| error.to_string());
        let shown = self.lives.heads.iter().rev();
        let shown = shown.clone().find(|(at, _)| *at <= self.at_ns);
        for head in [Some(recovered.head), shown.map(|(_, head)| *head)] {
            let verified = reader()?.verify(head).map_err(|error| error.to_string())?;
            if head.is_some_and(|head| head.seq > 0) && !verified.met_known {
                return Err(format!("the head {head:?} is not in it"));
            }
        }
        drop(store);
        Ok(recovered.durable)
    }

    /// What the entries tell of steps that are booked and may not have been given.
    fn entries(&self) -> Result<Told, String> {
        let mut reader = Reader::open(self.left).map_err(|error| error.to_string())?;
        let kinds = ["state", "uncertain", "displaced"];
        let query = Query {
            kinds: kinds.map(str::to_owned).to_vec(),
            ..Query::default()
        };
        let rows = reader.rows(&query).map_err(|error| error.to_string())?;
        let mut told = Told::default();
        for row in rows {
            let body: Value = serde_json::from_str(&row.body).map_err(|e| e.to_string())?;
            if row.kind == "state" {
                if body["to"] == "armed" {
                    told.refused = 0;
                }
                continue;
            }
            let steps = body["steps"].as_u64();
            let steps = steps.ok_or("an entry without its steps")?;
            told.booked += steps;
            if row.kind == "uncertain" {
                told.refused += steps;
            }
        }
        Ok(told)
    }

    /// `delivered <= truth <= delivered + uncertain`, and no more than a credit is uncertain.
    fn counts(
        &self,
        durable: &Durable,
        checkpoint: &Checkpoint,
        steps: &[u64],
        refused: u64,
    ) -> Result<Found, String> {
        let (issued, credit) = (checkpoint.issued().0, durable.credit);
        let before = self.lives.before(durable.arming, checkpoint.at().0);
        let before = before.ok_or_else(|| {
            let bases = &self.lives.bases;
            format!("nobody has armed number {}: {bases:?}", durable.arming)
        })?;
        let given = (steps.len() as u64).checked_sub(before);
        let given = given.ok_or("more had left before the arming than in all")?;
        let delivered = issued.saturating_sub(refused);
        if delivered > given {
            return Err(format!("{delivered} are delivered, and {given} had left"));
        }
        // A checkpoint in the middle of a stroke counts its step before the credit is raised.
        let known = credit.max(issued);
        if given > known {
            return Err(format!("{given} had left, and {known} are known"));
        }
        let uncertain = known - issued;
        let most = self.story.most_uncertain();
        if uncertain > most {
            return Err(format!("{uncertain} are uncertain, and a credit is {most}"));
        }
        Ok(Found {
            anything: true,
            arming: durable.arming,
            uncertain,
            over: known - given,
            given: steps.len() as u64,
            ..Found::default()
        })
    }

    /// No window is ever younger than the truth: asked now, and when single steps are about to
    /// leave it. The pump's clock is behind the true one by `shift`.
    fn windows(
        &self,
        probe: &Probe<'_>,
        steps: &[u64],
        shift: u64,
        dice: &mut Dice,
    ) -> Result<(), String> {
        let some = |dice: &mut Dice| steps.get(dice.below(steps.len().max(1))).copied();
        let after = steps.partition_point(|at| *at <= probe.checkpoint.at().0);
        let asked = [
            steps.first().copied(),
            steps.last().copied(),
            steps.get(after).copied(),
            some(dice),
            some(dice),
        ];
        for (window, hours) in [1, 4, 24].into_iter().enumerate() {
            let span = hours * HOUR;
            let leaving = asked.iter().flatten();
            let leaving = leaving.map(|step| (step + span).saturating_sub(shift + MS));
            for at in leaving.chain([probe.now.0]).filter(|at| *at >= probe.now.0) {
                let truth = truth::within(steps, at + shift, span);
                let holds = probe.windows(at)?[window];
                if holds < truth {
                    return Err(format!(
                        "the window of {hours} h holds {holds} of {truth} steps, {} s after the \
                         cut",
                        (at + shift).saturating_sub(self.at_ns) / 1_000 / MS
                    ));
                }
            }
        }
        Ok(())
    }

    /// A demand is refused as long as the truth is locked out. Whether it was asked at all.
    fn lockouts(
        &self,
        probe: &Probe<'_>,
        edge: LockoutEdge,
        steps: &[u64],
        shift: u64,
    ) -> Result<bool, String> {
        let (Some(start), Some(end)) = (truth::last_bolus(steps), steps.last()) else {
            return Ok(false);
        };
        let start = start.saturating_sub(FIRST_STEP);
        let reference = match edge {
            LockoutEdge::StartToStart => start,
            LockoutEdge::EndToStart => *end,
        };
        let mut asked = false;
        for (demand, until, reason) in [
            (locked_out(edge), reference + LOCKOUT_NS, Reason::Lockout),
            (counted(), start + HOUR, Reason::MaxPer1h),
        ] {
            let at = until.saturating_sub(shift + MS);
            if at < probe.now.0 {
                continue;
            }
            asked = true;
            let refused = probe.demand(at, demand)?;
            if refused != Some(reason) {
                return Err(format!(
                    "a demand 1 ms before the true end of {reason:?} came to {refused:?}"
                ));
            }
        }
        let later = probe.now.0.max(end + HOUR * 2);
        match probe.demand(later, locked_out(edge))? {
            None => Ok(asked),
            Some(reason) => Err(format!("two hours later it is still refused: {reason:?}")),
        }
    }
}

/// What `pumpd` keeps.
fn decoded(durable: &Durable) -> Result<Checkpoint, String> {
    let kept = Kept::read(&durable.checkpoint).map_err(|flaw| flaw.to_string())?;
    // Every life here is of one boot, which began with an empty journal.
    if kept.ahead_ns != 0 {
        return Err("it is ahead of the clock".to_owned());
    }
    Checkpoint::decode(&kept.checkpoint).map_err(|flaw| flaw.to_string())
}
