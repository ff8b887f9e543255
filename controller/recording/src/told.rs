//! A tick's inputs as bytes: only what differs from the inputs before.

use pump_core::prescription::MAX_REGIMENS;
use pump_core::pump::{Command, EdgeFate, Inputs, Sensors, TICK, Watch};
use pump_core::quantity::{MonoNs, Nanoseconds, Rate, Steps, Volume};

use crate::bytes::{Flaw, Reader, Writer};
use crate::call::{Clock, Told};
use crate::edge::fate_word;
use crate::lines::{line_bits, lines_of, watch_bits, watch_of};
use crate::order::Last;

const NS_PER_S: u64 = 1_000_000_000;

/// What a tick has beside its instant, and how that is written.
mod has {
    pub(super) const EXACT_INSTANT: u64 = 1;
    pub(super) const ORDERS: u64 = 1 << 1;
    pub(super) const FATE: u32 = 2;
    pub(super) const CREDIT: u64 = 1 << 4;
    pub(super) const PRESS: u64 = 1 << 5;
    pub(super) const OTHER_LINES: u64 = 1 << 6;
    pub(super) const COMMAND: u64 = 1 << 7;
    pub(super) const LOST: u64 = 1 << 8;
    pub(super) const TRAPPED: u64 = 1 << 9;
    pub(super) const ALL: u64 = (1 << 10) - 1;
}

/// What was written before, which the next is written by.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    now: MonoNs,
    credit: Steps,
    lines: Sensors,
    watch: Watch,
    orders: [Last; MAX_REGIMENS],
}

impl Context {
    /// Nothing: what is written next stands for itself.
    pub(crate) const fn new() -> Self {
        Self {
            now: MonoNs(0),
            credit: Steps::ZERO,
            lines: Sensors::SOUND,
            watch: Watch::NOTHING_BAD,
            orders: [Last::NONE; MAX_REGIMENS],
        }
    }

    pub(crate) fn write_instant(&mut self, to: &mut Writer, at: MonoNs) {
        to.distance(self.now.0, at.0);
        self.now = at;
    }

    pub(crate) fn read_instant(&mut self, from: &mut Reader<'_>) -> Result<MonoNs, Flaw> {
        self.now = MonoNs(from.distance(self.now.0)?);
        Ok(self.now)
    }

    pub(crate) fn write(&mut self, to: &mut Writer, told: &Told) {
        // Named one by one, so that nothing that is added to the inputs is left out here.
        let Inputs {
            edge,
            credit,
            sensors,
            trapped,
            watch,
            command,
            press,
            orders,
            lost,
        } = told.inputs;
        let on_grid = self.ticks_to(told.now);
        let flag = |set: bool, flag: u64| if set { flag } else { 0 };
        let head = flag(on_grid.is_none(), has::EXACT_INSTANT)
            | flag(orders.iter().any(Option::is_some), has::ORDERS)
            | u64::from(fate_word(edge)) << has::FATE
            | flag(credit.is_some(), has::CREDIT)
            | flag(press, has::PRESS)
            | flag(
                (sensors, watch) != (self.lines, self.watch),
                has::OTHER_LINES,
            )
            | flag(command.is_some(), has::COMMAND)
            | flag(lost.contains(&true), has::LOST)
            | flag(trapped != Steps::ZERO, has::TRAPPED);
        to.number(head);
        match on_grid {
            Some(ticks) => {
                to.number(ticks);
                self.now = told.now;
            }
            None => self.write_instant(to, told.now),
        }
        if let Some(credit) = credit {
            to.distance(self.credit.0, credit.0);
            self.credit = credit;
        }
        if head & has::OTHER_LINES != 0 {
            to.byte(line_bits(sensors));
            to.number(u64::from(watch_bits(watch)));
            (self.lines, self.watch) = (sensors, watch);
        }
        if let Some(command) = command {
            write_command(to, command);
        }
        if head & has::LOST != 0 {
            to.byte(bits(lost));
        }
        if head & has::TRAPPED != 0 {
            to.number(trapped.0);
        }
        if head & has::ORDERS != 0 {
            self.write_orders(to, told);
        }
    }

    pub(crate) fn read(&mut self, from: &mut Reader<'_>) -> Result<Told, Flaw> {
        let head = from.number()?;
        if head & !has::ALL != 0 {
            return Err(Flaw::Word);
        }
        let now = if head & has::EXACT_INSTANT != 0 {
            self.read_instant(from)?
        } else {
            let ticks = (self.now.0 / TICK.0).checked_add(from.number()?);
            let at = ticks.and_then(|ticks| ticks.checked_mul(TICK.0));
            self.now = MonoNs(at.ok_or(Flaw::Number)?);
            self.now
        };
        let mut inputs = Inputs {
            edge: match head >> has::FATE & 3 {
                0 => EdgeFate::None,
                1 => EdgeFate::Accepted,
                2 => EdgeFate::Refused,
                _ => return Err(Flaw::Word),
            },
            press: head & has::PRESS != 0,
            ..Inputs::default()
        };
        if head & has::CREDIT != 0 {
            self.credit = Steps(from.distance(self.credit.0)?);
            inputs.credit = Some(self.credit);
        }
        if head & has::OTHER_LINES != 0 {
            self.lines = lines_of(from.byte()?)?;
            self.watch = watch_of(from.number()?)?;
        }
        (inputs.sensors, inputs.watch) = (self.lines, self.watch);
        if head & has::COMMAND != 0 {
            inputs.command = Some(read_command(from)?);
        }
        if head & has::LOST != 0 {
            inputs.lost = of_bits(from.byte()?)?;
        }
        if head & has::TRAPPED != 0 {
            inputs.trapped = Steps(from.number()?);
        }
        let mut told = Told {
            now,
            inputs,
            clocks: [Clock::default(); MAX_REGIMENS],
        };
        if head & has::ORDERS != 0 {
            self.read_orders(from, &mut told)?;
        }
        Ok(told)
    }

    /// The ticks of the grid from the last instant to this one, which lies on it.
    fn ticks_to(&self, now: MonoNs) -> Option<u64> {
        let on_grid = now.0.is_multiple_of(TICK.0);
        (now.0 / TICK.0)
            .checked_sub(self.now.0 / TICK.0)
            .filter(|_| on_grid)
    }

    /// Which orders there are, and which of them differ from the one before in more than its
    /// number, which is one higher.
    fn write_orders(&mut self, to: &mut Writer, told: &Told) {
        let now_s = told.now.0 / NS_PER_S;
        let mut rest = Writer::default();
        let (mut there, mut differing) = (0_u8, 0_u8);
        let places = told.inputs.orders.iter().zip(&told.clocks);
        for (bit, (last, (order, clock))) in self.orders.iter_mut().zip(places).enumerate() {
            let Some(order) = order else { continue };
            there |= 1 << bit;
            let ahead_s = clock.utc_s.wrapping_sub(now_s);
            let differs = last.differs(order, clock, ahead_s);
            if differs != 0 {
                differing |= 1 << bit;
                last.write(&mut rest, order, clock, ahead_s, differs);
            }
            *last = Last {
                order: *order,
                clock: *clock,
                ahead_s,
            };
        }
        to.byte(there | differing << 4);
        to.0.extend(rest.0);
    }

    fn read_orders(&mut self, from: &mut Reader<'_>, told: &mut Told) -> Result<(), Flaw> {
        let now_s = told.now.0 / NS_PER_S;
        let places = from.byte()?;
        let (there, differing) = (places & 0xf, places >> 4);
        if there == 0 || differing & !there != 0 {
            return Err(Flaw::Word);
        }
        let targets = told.inputs.orders.iter_mut().zip(&mut told.clocks);
        for (bit, (last, (order, clock))) in self.orders.iter_mut().zip(targets).enumerate() {
            if there & 1 << bit == 0 {
                continue;
            }
            last.order.seq = last.order.seq.wrapping_add(1);
            if differing & 1 << bit != 0 {
                last.read(from)?;
            }
            last.clock.utc_s = now_s.wrapping_add(last.ahead_s);
            (*order, *clock) = (Some(last.order), last.clock);
        }
        Ok(())
    }
}

fn write_command(to: &mut Writer, command: Command) {
    match command {
        Command::Start => to.byte(0),
        Command::Pause => to.byte(1),
        Command::Resume => to.byte(2),
        Command::Stop => to.byte(3),
        Command::ClinicianBolus { volume, over } => {
            to.byte(4);
            write_volume(to, volume);
            to.number(over.0);
        }
        Command::Refill {
            residue: None,
            content,
        } => {
            to.byte(5);
            write_volume(to, content);
        }
        Command::Refill {
            residue: Some(residue),
            content,
        } => {
            to.byte(6);
            write_volume(to, residue);
            write_volume(to, content);
        }
        Command::AcknowledgeResidue => to.byte(7),
    }
}

fn read_command(from: &mut Reader<'_>) -> Result<Command, Flaw> {
    Ok(match from.byte()? {
        0 => Command::Start,
        1 => Command::Pause,
        2 => Command::Resume,
        3 => Command::Stop,
        4 => Command::ClinicianBolus {
            volume: read_volume(from)?,
            over: Nanoseconds(from.number()?),
        },
        5 => Command::Refill {
            residue: None,
            content: read_volume(from)?,
        },
        6 => Command::Refill {
            residue: Some(read_volume(from)?),
            content: read_volume(from)?,
        },
        7 => Command::AcknowledgeResidue,
        _ => return Err(Flaw::Word),
    })
}

pub(crate) fn write_rate(to: &mut Writer, rate: Rate) {
    to.number(rate.num());
    to.number(rate.den());
}

pub(crate) fn read_rate(from: &mut Reader<'_>) -> Result<Rate, Flaw> {
    Rate::new(from.number()?, from.number()?).ok_or(Flaw::Fraction)
}

pub(crate) fn write_volume(to: &mut Writer, volume: Volume) {
    to.number(volume.num());
    to.number(volume.den());
}

pub(crate) fn read_volume(from: &mut Reader<'_>) -> Result<Volume, Flaw> {
    Volume::new(from.number()?, from.number()?).ok_or(Flaw::Fraction)
}

pub(crate) fn read_flag(from: &mut Reader<'_>) -> Result<bool, Flaw> {
    match from.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Flaw::Word),
    }
}

fn bits(flags: [bool; MAX_REGIMENS]) -> u8 {
    let set = flags.iter().enumerate().filter(|(_, flag)| **flag);
    set.fold(0, |bits, (place, _)| bits | 1 << place)
}

fn of_bits(bits: u8) -> Result<[bool; MAX_REGIMENS], Flaw> {
    if bits >> MAX_REGIMENS != 0 {
        return Err(Flaw::Word);
    }
    let mut flags = [false; MAX_REGIMENS];
    for (place, flag) in flags.iter_mut().enumerate() {
        *flag = bits & 1 << place != 0;
    }
    Ok(flags)
}
