//! The answers so far, and the prescription that they make.

use pump_prescription::{Bench, Dimension, Exact, LibraryDrug, Quantity, Route, quantity, show};

use super::defaults::{self, DAY, HOUR, Room};

/// The answer that is no dose.
pub(super) const NONE: &str = "none";
const MINUTE: Exact = Exact::whole(60_000_000_000);
/// Times over which a bolus is given, in minutes: the first that the highest rate allows.
const OVER: [u128; 6] = [2, 5, 10, 20, 30, 60];
/// Reservoirs, in millilitres: the first that holds five days.
const RESERVOIRS: [u128; 5] = [20, 50, 100, 250, 1_000];
const ML: u128 = 1_000_000;
/// A day has no more demand boluses than these, or what its lockout lets through.
const MOST_A_DAY: u128 = 12;

/// What was answered, or else the defaults.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    drug: LibraryDrug,
    concentration: String,
    daily: String,
    pub(super) bolus: String,
    lockout: String,
}

/// The doses in numbers: nL, nL/ns and ns.
struct Doses {
    basal: Exact,
    bolus: Exact,
    lockout: Exact,
    over: Exact,
}

impl Draft {
    pub(super) fn of_drug(drug: &LibraryDrug, bench: &Bench) -> Result<Self, String> {
        let concentration = show(defaults::concentration(drug), Dimension::Concentration);
        let mut draft = Self {
            drug: drug.clone(),
            concentration: concentration.clone(),
            daily: NONE.to_owned(),
            bolus: NONE.to_owned(),
            lockout: show(defaults::lockout(drug), Dimension::Time),
        };
        draft.answer_concentration(&concentration, bench)?;
        Ok(draft)
    }

    /// With the first drug of a route.
    pub(super) fn of_route(route: Route, bench: &Bench) -> Option<Self> {
        let mut drugs = bench.library.drugs.iter();
        let drug = drugs.find(|drug| drug.route == route)?;
        Self::of_drug(drug, bench).ok()
    }

    pub(super) const fn route(&self) -> Route {
        self.drug.route
    }

    pub(super) fn drug(&self) -> &str {
        &self.drug.name.value
    }

    pub(super) fn concentration(&self) -> &str {
        &self.concentration
    }

    pub(super) fn daily(&self) -> &str {
        &self.daily
    }

    pub(super) fn lockout(&self) -> &str {
        &self.lockout
    }

    /// Another concentration, and with it other defaults.
    pub(super) fn answer_concentration(
        &mut self,
        answer: &str,
        bench: &Bench,
    ) -> Result<(), String> {
        let of = read(answer, &[Dimension::Concentration], "5 mg/mL")?.value;
        let daily = defaults::daily(&self.drug, of, bench).ok_or("it is out of range")?;
        answer.clone_into(&mut self.concentration);
        self.daily = show(daily, Dimension::Mass);
        Ok(())
    }

    pub(super) fn answer_daily(&mut self, answer: &str) -> Result<(), String> {
        let dose = answer.strip_suffix("/day").unwrap_or(answer).trim_end();
        self.volume(dose)?;
        dose.clone_into(&mut self.daily);
        Ok(())
    }

    pub(super) fn answer_bolus(&mut self, answer: &str) -> Result<(), String> {
        self.volume(answer)?;
        answer.clone_into(&mut self.bolus);
        Ok(())
    }

    pub(super) fn answer_lockout(&mut self, answer: &str) -> Result<(), String> {
        read(answer, &[Dimension::Time], "30 min")?;
        answer.clone_into(&mut self.lockout);
        Ok(())
    }

    /// The volume of the mixture that a dose is \[nL\].
    fn volume(&self, dose: &str) -> Result<Exact, String> {
        if dose == NONE {
            return Ok(Exact::ZERO);
        }
        let found = read(dose, &[Dimension::Mass, Dimension::Volume], "2 mg")?;
        let volume = match found.dimension {
            Dimension::Mass => found.value.over(self.strength()?),
            _ => Some(found.value),
        };
        volume.ok_or_else(|| "it has more digits than the pump can keep exactly".to_owned())
    }

    fn strength(&self) -> Result<Exact, String> {
        Ok(read(&self.concentration, &[Dimension::Concentration], "5 mg/mL")?.value)
    }

    fn doses(&self, room: &Room) -> Result<Doses, String> {
        let bolus = self.volume(&self.bolus)?;
        let basal = self.volume(&self.daily)?.over(DAY).unwrap_or(Exact::ZERO);
        let lockout = read(&self.lockout, &[Dimension::Time], "30 min")?.value;
        let fits = |over: &Exact| {
            let both = bolus.over(*over).and_then(|rate| rate.plus(basal));
            *over <= lockout && both.is_some_and(|both| both <= room.rate)
        };
        let times = OVER
            .iter()
            .filter_map(|minutes| MINUTE.times(Exact::whole(*minutes)));
        let last = HOUR.min(lockout);
        let over = times.clone().find(fits).unwrap_or(last);
        Ok(Doses {
            basal,
            bolus,
            lockout,
            over,
        })
    }

    /// The prescription.
    pub(super) fn text(&self, bench: &Bench) -> Result<String, String> {
        let room = Room::of(&self.drug, self.strength()?, bench);
        let doses = self.doses(&room)?;
        if doses.basal.is_zero() && doses.bolus.is_zero() {
            return Err("then nothing would be given: say a daily dose or a bolus".to_owned());
        }
        self.written(bench, &room, &doses)
            .ok_or_else(|| "it has more digits than the pump can keep exactly".to_owned())
    }

    fn written(&self, bench: &Bench, room: &Room, doses: &Doses) -> Option<String> {
        let asked = !doses.bolus.is_zero();
        let starts = |hours: u128| {
            let window = HOUR.times(Exact::whole(hours))?;
            Some(window.over(doses.lockout)?.ceil())
        };
        let (hourly, daily) = match asked {
            true => (starts(1)?, starts(24)?.min(MOST_A_DAY)),
            false => (0, 0),
        };
        let hourly = hourly.min(daily);
        let four = if asked { starts(4)?.min(daily) } else { 0 };
        // Beside the basal and the boluses a window holds what the rotor moves at a start, and
        // the governor wants a minute of basal to spare.
        let rotor = Exact::whole(u128::from(bench.device.microsteps).checked_add(2)?);
        let rotor = rotor.times(bench.device.volume_per_step.value)?;
        let needed = |hours: u128, boluses: u128| {
            let time = HOUR.times(Exact::whole(hours))?.plus(MINUTE)?;
            let boluses = doses.bolus.times(Exact::whole(boluses))?;
            doses.basal.times(time)?.plus(boluses)?.plus(rotor)
        };
        // Room above the worst case: less and less, so that no shorter window holds a longer
        // one's back.
        let spare = |needed: Exact, percent: u128| needed.times(Exact::new(percent, 100)?);
        let caps = room.caps([
            spare(needed(1, hourly)?, 150)?,
            spare(needed(4, four)?, 125)?,
            spare(needed(24, daily)?, 110)?,
        ])?;
        let [max_1h, max_4h, max_24h] = caps.map(|cap| show(cap, Dimension::Volume));
        let bolus_rate = doses.bolus.over(doses.over)?;
        let rate = bolus_rate.plus(doses.basal)?.times(Exact::whole(2))?;
        let max_rate = show(room.highest(rate)?, Dimension::VolumeRate);

        let five_days = needed(24, daily)?.times(Exact::whole(5))?;
        let holds = |ml: &u128| Exact::whole(ml.saturating_mul(ML)) >= five_days;
        let reservoir = RESERVOIRS.into_iter().find(holds).unwrap_or(1_000);
        let part = |of: u128| show(Exact::whole(reservoir * ML / of), Dimension::Volume);

        let (route, drug) = (self.drug.route.name(), quoted(self.drug()));
        let id = quoted(&format!("a rig, {} by the {route} route", self.drug()));
        let edition = quoted(&bench.library.version);
        let concentration = quoted(&self.concentration);
        let mut text = format!(
            "# A prescription for the bench, as `pumpctl new` wrote it: read it before it is armed.\n\
             format = 1\n\
             id = {id}\n\
             # drug_library = {edition}   # optional: refused where another edition is in use\n\
             route = \"{route}\"\n\
             \n\
             [reservoir]\n\
             volume = \"{reservoir} mL\"   # what is in it at the start\n\
             low = \"{}\"   # an alarm comes here\n\
             empty = \"{}\"   # the pump stops here\n\
             \n\
             [[drug]]\n\
             name = {drug}\n\
             concentration = {concentration}\n\
             \n\
             [limits]   # the tightest of device, drug library and these\n\
             max_rate = \"{max_rate}\"   # basal and bolus together\n\
             max_1h = \"{max_1h}\"   # in any hour; `pumpctl check` shows the worst case beside it\n\
             max_4h = \"{max_4h}\"\n\
             max_24h = \"{max_24h}\"\n\
             # max_clinician_bolus = \"…\"   # absent: no bolus of the operator's\n\
             \n\
             [on_strategy_loss]\n",
            part(10),
            part(40),
        );
        if doses.basal.is_zero() {
            text.push_str("action = \"stop\"\n");
        } else {
            let rate = quoted(&format!("{}/day", self.daily));
            text.push_str(&format!(
                "action = \"hold-basal\"   # or stop\n\
                 for = \"30 min\"\n\
                 \n\
                 [[regimen]]\n\
                 name = \"background\"\n\
                 strategy = \"continuous\"\n\
                 rate = {rate}\n",
            ));
        }
        if asked {
            let (bolus, lockout) = (quoted(&self.bolus), quoted(&self.lockout));
            let over = show(doses.over, Dimension::Time);
            text.push_str(&format!(
                "\n\
                 [[regimen]]\n\
                 name = \"patient\"\n\
                 strategy = \"pca\"\n\
                 dose = {bolus}   # what a press gives\n\
                 over = \"{over}\"\n\
                 lockout = {lockout}   # no other dose so long\n\
                 lockout_edge = \"start-to-start\"   # or end-to-start\n\
                 other_boluses_restart_lockout = true   # those of the operator and loading ones\n\
                 other_boluses_count = false\n\
                 max_per_1h = {hourly}\n\
                 max_per_24h = {daily}\n",
            ));
        }
        Some(text)
    }
}

/// A quantity, as the parser of prescriptions reads it.
fn read(text: &str, of: &[Dimension], example: &str) -> Result<Quantity, String> {
    let found = quantity(text).map_err(|error| {
        let help = error.help(text);
        let help = help.unwrap_or_else(|| format!("write for example `{example}`"));
        format!("{}; {help}", error.message())
    })?;
    if !of.contains(&found.dimension) {
        let name = found.dimension.name();
        return Err(format!("this is {name}; write for example `{example}`"));
    }
    Ok(found)
}

/// A text of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
