//! What the pump remembers of its subject, whatever is armed: windows of volume and of each
//! drug's mass, boluses for lockouts and counts, and what the reservoir holds.

use crate::air::Air;
use crate::bolus::{Bolus, BolusKind};
use crate::bytes::{LONGEST_NUMBER, Reader, Writer};
use crate::checkpoint::CheckpointFlaw;
use crate::lockout::BolusMemory;
use crate::prescription::{Caps, DrugId, MAX_DRUGS, Prescription};
use crate::quantity::{MonoNs, Nanoseconds, Steps, Volume};
use crate::reason::Reason;
use crate::refill::Residue;
use crate::twin::{Twin, broken};
use crate::window::Window;

/// Drugs that are remembered at the same time.
const REMEMBERED_DRUGS: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
struct DrugMemory {
    id: DrugId,
    /// What one count of the window stands for.
    fg_per_count: u64,
    window: Window,
}

impl DrugMemory {
    const MOST_BYTES: usize = Window::MOST_BYTES
        .saturating_add(size_of::<DrugId>())
        .saturating_add(LONGEST_NUMBER)
        .saturating_add(2);

    /// A drug that has been in everything that was given has the window of the volume, which
    /// is not written twice.
    fn write(&self, to: &mut Writer<'_>, now: MonoNs, volume: &Window) {
        for byte in self.id.0 {
            to.byte(byte);
        }
        to.number(self.fg_per_count);
        let same = self.window == *volume;
        to.flag(same);
        if !same {
            self.window.write(to, now);
        }
    }

    fn read(from: &mut Reader<'_>, now: MonoNs, volume: &Window) -> Result<Self, CheckpointFlaw> {
        let mut id = DrugId([0; 16]);
        for byte in &mut id.0 {
            *byte = from.byte()?;
        }
        let fg_per_count = from.number()?;
        if fg_per_count == 0 {
            return Err(CheckpointFlaw::Drugs);
        }
        let window = if from.flag()? {
            volume.clone()
        } else {
            Window::read(from, now)?
        };
        Ok(Self {
            id,
            fg_per_count,
            window,
        })
    }
}

/// What survives re-arming and restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    volume: Window,
    /// What one count of the volume's window stands for.
    measure: Volume,
    drugs: [Option<DrugMemory>; REMEMBERED_DRUGS],
    /// Where the armed prescription's drugs are in `drugs`.
    armed: [Option<usize>; MAX_DRUGS],
    pub(crate) boluses: BolusMemory,
    /// What the reservoir holds; `None` before the first arming.
    content: Option<Steps>,
    /// What it holds when it is full, by the last arming.
    capacity: Option<Steps>,
    pub(crate) air: Air,
    /// What was booked as uncertain at a restart and has been acknowledged by nobody.
    pub(crate) unacknowledged: Steps,
    /// A measured residue that differs from the ledger and has been acknowledged by nobody
    /// (W06).
    pub(crate) residue: Option<Residue>,
}

/// More drugs than [`Memory`] can tell apart were given within 24 h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRoom;

impl Memory {
    pub(crate) const fn new() -> Self {
        Self {
            volume: Window::new(),
            measure: Volume::from_nl(1),
            drugs: [const { None }; REMEMBERED_DRUGS],
            armed: [None; MAX_DRUGS],
            boluses: BolusMemory::new(),
            content: None,
            capacity: None,
            air: Air::new(),
            unacknowledged: Steps::ZERO,
            residue: None,
        }
    }

    /// Forgets the subject. What is the pump's own goes on: what the reservoir holds, and what
    /// somebody still has to acknowledge.
    pub(crate) fn forget_subject(&mut self, now: MonoNs) {
        self.volume = Window::new();
        self.drugs = [const { None }; REMEMBERED_DRUGS];
        self.armed = [None; MAX_DRUGS];
        self.boluses = BolusMemory::new();
        self.air = Air::new();
        self.advance(now);
    }

    /// Turns the memory into the measures of a prescription that is being armed. Counts are
    /// rounded up. Where the drugs find no room, nothing that was given is forgotten.
    pub(crate) fn rebase(&mut self, now: MonoNs, p: &Prescription) -> Result<(), NoRoom> {
        self.advance(now);
        self.boluses.tidy(now);
        // Known drugs keep their slots before new ones look for a free one.
        let known = |id: DrugId| {
            let mut slots = self.drugs.iter();
            slots.position(|drug| drug.as_ref().is_some_and(|drug| drug.id == id))
        };
        let mut armed = p.drugs.map(|drug| known(drug?.id));
        for (at, drug) in p.drugs.iter().enumerate() {
            let Some(drug) = drug else { continue };
            let Some(None) = armed.get(at) else { continue };
            let slot = self.free_slot(&armed).ok_or(NoRoom)?;
            let mut window = Window::new();
            window.advance(now);
            if let (Some(free), Some(place)) = (self.drugs.get_mut(slot), armed.get_mut(at)) {
                *free = Some(DrugMemory {
                    id: drug.id,
                    fg_per_count: drug.fg_per_step,
                    window,
                });
                *place = Some(slot);
            }
        }
        self.armed = armed;
        for (slot, drug) in armed.into_iter().zip(p.drugs) {
            let (Some(slot), Some(drug)) = (slot, drug) else {
                continue;
            };
            if let Some(Some(known)) = self.drugs.get_mut(slot) {
                known
                    .window
                    .convert(u128::from(known.fg_per_count), u128::from(drug.fg_per_step));
                known.fg_per_count = drug.fg_per_step;
            }
        }
        let new = p.volume_per_step;
        let num = u128::from(self.measure.num()).saturating_mul(u128::from(new.den()));
        let den = u128::from(self.measure.den()).saturating_mul(u128::from(new.num()));
        self.volume.convert(num, den);
        self.air.rebase(now, p.air, num, den);
        let scaled = |steps: Steps| {
            let wide = u128::from(steps.0).checked_mul(num)?.checked_div(den)?;
            u64::try_from(wide).ok().map(Steps)
        };
        let scaled = |steps: Steps| scaled(steps).unwrap_or(Steps::ZERO);
        self.content = Some(self.content.map_or(p.reservoir.volume, scaled));
        self.capacity = Some(p.reservoir.volume);
        self.residue = self.residue.map(|residue| Residue {
            measured: scaled(residue.measured),
            expected: scaled(residue.expected),
        });
        self.measure = new;
        Ok(())
    }

    /// A slot that is empty, or whose drug was not given for 24 h and is in no use: neither
    /// in the arming that ends nor among those `taken` by the one that begins.
    fn free_slot(&self, taken: &[Option<usize>]) -> Option<usize> {
        let empty = self.drugs.iter().position(Option::is_none);
        empty.or_else(|| {
            let mut slots = self.drugs.iter().enumerate();
            slots.find_map(|(slot, drug)| {
                let idle = drug.as_ref().is_some_and(|drug| drug.window.is_empty());
                let used = taken.contains(&Some(slot)) || self.armed.contains(&Some(slot));
                (idle && !used).then_some(slot)
            })
        })
    }

    /// Lets what is too old leave every window. Due before anything is counted or judged.
    pub(crate) fn advance(&mut self, now: MonoNs) {
        if broken(Twin::WindowsStandStill) {
            return;
        }
        self.volume.advance(now);
        for drug in self.drugs.iter_mut().flatten() {
            drug.window.advance(now);
        }
    }

    /// Counts steps in every window they touch and takes them out of the reservoir.
    pub(crate) fn give(&mut self, steps: Steps) {
        self.volume.add(steps.0);
        for slot in self.armed.into_iter().flatten() {
            if let Some(Some(drug)) = self.drugs.get_mut(slot) {
                drug.window.add(steps.0);
            }
        }
        self.content = self.content.map(|content| content.saturating_sub(steps));
    }

    /// Remembers the start of a bolus for lockouts and counts. Scheduled ones are neither.
    pub(crate) fn remember(&mut self, now: MonoNs, bolus: &Bolus) {
        match bolus.kind {
            BolusKind::Demand => self.boluses.started(now, true),
            BolusKind::Loading if broken(Twin::LoadingForgotten) => {}
            BolusKind::Clinician | BolusKind::Loading => self.boluses.started(now, false),
            BolusKind::Scheduled => {}
        }
    }

    /// Remembers its end.
    pub(crate) fn ended(&mut self, at: MonoNs, bolus: &Bolus) {
        match bolus.kind {
            BolusKind::Demand => self.boluses.ended(at, true),
            BolusKind::Clinician | BolusKind::Loading => self.boluses.ended(at, false),
            BolusKind::Scheduled => {}
        }
    }

    /// What the windows of 1, 4 and 24 h hold.
    pub(crate) fn volume_sums(&self) -> [Steps; 3] {
        self.volume.sums().map(Steps)
    }

    pub(crate) fn content(&self) -> Steps {
        self.content.unwrap_or(Steps::ZERO)
    }

    /// The volume of a step, by which everything here is counted.
    pub(crate) const fn measure(&self) -> Volume {
        self.measure
    }

    /// What the reservoir holds, and what it holds when it is full; `None` before the first
    /// arming.
    pub(crate) const fn reservoir(&self) -> Option<(Steps, Steps)> {
        match (self.content, self.capacity) {
            (Some(content), Some(capacity)) => Some((content, capacity)),
            _ => None,
        }
    }

    /// What the windows hold at an instant, though none of them was advanced to it.
    pub(crate) fn volume_sums_at(&self, now: MonoNs) -> [Steps; 3] {
        self.volume.sums_at(now).map(Steps)
    }

    /// The reservoir now holds this much. The whole steps in it.
    pub(crate) fn refill(&mut self, content: Volume) -> Steps {
        let content = content.steps(self.measure).unwrap_or(Steps::ZERO);
        self.content = Some(content);
        content
    }

    /// The most bytes of [`Memory::write`].
    pub(crate) const MOST_BYTES: usize = Window::MOST_BYTES
        .saturating_add(LONGEST_NUMBER.saturating_mul(8))
        .saturating_add(2)
        .saturating_add(DrugMemory::MOST_BYTES.saturating_mul(REMEMBERED_DRUGS))
        .saturating_add(MAX_DRUGS)
        .saturating_add(Air::MOST_BYTES)
        .saturating_add(BolusMemory::MOST_BYTES);

    /// All of it. `now` is the instant of the checkpoint.
    pub(crate) fn write(&self, to: &mut Writer<'_>, now: MonoNs) {
        self.volume.write(to, now);
        to.number(self.measure.num());
        to.number(self.measure.den());
        to.flag(self.content.is_some());
        if let Some(content) = self.content {
            to.number(content.0);
        }
        for drug in &self.drugs {
            to.flag(drug.is_some());
            if let Some(drug) = drug {
                drug.write(to, now, &self.volume);
            }
        }
        for slot in self.armed {
            let place = slot.and_then(|slot| u8::try_from(slot).ok());
            to.byte(place.map_or(0, |place| place.saturating_add(1)));
        }
        self.air.write(to, now);
        self.boluses.write(to, now);
        to.number(self.unacknowledged.0);
        to.flag(self.capacity.is_some());
        if let Some(capacity) = self.capacity {
            to.number(capacity.0);
        }
        to.flag(self.residue.is_some());
        if let Some(residue) = self.residue {
            to.number(residue.measured.0);
            to.number(residue.expected.0);
        }
    }

    /// Reads what [`Memory::write`] wrote at `now`, or what the first version of it did, which
    /// ends with the boluses.
    pub(crate) fn read(
        from: &mut Reader<'_>,
        now: MonoNs,
        version: u8,
    ) -> Result<Self, CheckpointFlaw> {
        let mut memory = Self::new();
        memory.volume = Window::read(from, now)?;
        let measure = Volume::new(from.number()?, from.number()?);
        memory.measure = measure
            .filter(|measure| !measure.is_zero())
            .ok_or(CheckpointFlaw::Measure)?;
        if from.flag()? {
            memory.content = Some(Steps(from.number()?));
        }
        for slot in 0..REMEMBERED_DRUGS {
            if !from.flag()? {
                continue;
            }
            let drug = DrugMemory::read(from, now, &memory.volume)?;
            let mut known = memory.drugs.iter().flatten();
            if known.any(|known| known.id == drug.id) {
                return Err(CheckpointFlaw::Drugs);
            }
            if let Some(place) = memory.drugs.get_mut(slot) {
                *place = Some(drug);
            }
        }
        for place in 0..MAX_DRUGS {
            let Some(slot) = from.byte()?.checked_sub(1).map(usize::from) else {
                continue;
            };
            let known = memory.drugs.get(slot).is_some_and(Option::is_some);
            if !known || memory.armed.contains(&Some(slot)) {
                return Err(CheckpointFlaw::Drugs);
            }
            if let Some(armed) = memory.armed.get_mut(place) {
                *armed = Some(slot);
            }
        }
        memory.air = Air::read(from, now)?;
        memory.boluses = BolusMemory::read(from, now)?;
        if version == 1 {
            return Ok(memory);
        }
        memory.unacknowledged = Steps(from.number()?);
        if from.flag()? {
            memory.capacity = Some(Steps(from.number()?));
        }
        if from.flag()? {
            memory.residue = Some(Residue {
                measured: Steps(from.number()?),
                expected: Steps(from.number()?),
            });
        }
        Ok(memory)
    }

    /// See [`Window::promise`]; for the volume and for each drug.
    pub(crate) fn promise(
        &self,
        now: MonoNs,
        p: &Prescription,
        fits: impl Fn(Steps, Nanoseconds) -> bool,
    ) -> Result<(), Reason> {
        self.volume.promise(now, p.caps, &fits)?;
        for (slot, drug) in self.armed.into_iter().zip(p.drugs) {
            let (Some(slot), Some(drug)) = (slot, drug) else {
                continue;
            };
            if let Some(Some(known)) = self.drugs.get(slot) {
                known.window.promise(now, drug.caps, &fits)?;
            }
        }
        Ok(())
    }

    /// The cap that one more step would certainly pass, if there is one.
    pub(crate) fn certainly_full(&self, p: &Prescription) -> Option<Reason> {
        self.find_cap(p, Window::certainly_full)
    }

    /// The cap that so many steps more could pass now, if there is one.
    pub(crate) fn could_pass(&self, p: &Prescription, steps: Steps) -> Option<Reason> {
        self.find_cap(p, |window, caps| window.could_pass(caps, steps))
    }

    /// The first that is found, of the volume or of a drug.
    fn find_cap(
        &self,
        p: &Prescription,
        find: impl Fn(&Window, Caps) -> Option<Reason>,
    ) -> Option<Reason> {
        find(&self.volume, p.caps).or_else(|| {
            self.armed
                .into_iter()
                .zip(p.drugs)
                .find_map(|(slot, drug)| {
                    let known = self.drugs.get(slot?)?.as_ref()?;
                    find(&known.window, drug?.caps)
                })
        })
    }
}
