//! A tick's inputs as bytes: only what differs from the inputs before.

use pump_core::order::{Answer, BolusRequest, DemandId, Order};
use pump_core::prescription::MAX_REGIMENS;
use pump_core::pump::{Command, EdgeFate, Inputs, Sensors, TICK, Watch};
use pump_core::quantity::{MonoNs, Nanoseconds, Rate, Steps, Volume};
use pump_core::reason::Reason;
use pump_core::sensor::Sensor;

use crate::bytes::{Flaw, Reader, Writer};
use crate::call::{Clock, Told};
use crate::edge::fate_word;

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

/// What of an order is not as in the one before.
mod other {
    pub(super) const SEQ: u8 = 1;
    pub(super) const BASAL: u8 = 1 << 1;
    pub(super) const BOLUS: u8 = 1 << 2;
    pub(super) const ANSWER: u8 = 1 << 3;
    pub(super) const VALID_FOR: u8 = 1 << 4;
    pub(super) const WAKE_IN: u8 = 1 << 5;
    pub(super) const CLOCK: u8 = 1 << 6;
    pub(super) const ALL: u8 = (1 << 7) - 1;
}

/// The order before, and how the wall clock went then.
#[derive(Clone, Copy, Debug)]
struct Last {
    order: Order,
    clock: Clock,
    /// The wall clock less the pump's, in seconds.
    ahead_s: u64,
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
        let last = Last {
            order: Order {
                seq: 0,
                basal: Rate::ZERO,
                bolus: None,
                answer: None,
                valid_for: Nanoseconds::ZERO,
                wake_in: None,
            },
            clock: Clock {
                good: false,
                utc_s: 0,
                local_offset_s: 0,
                next_offset_change_utc_s: None,
            },
            ahead_s: 0,
        };
        Self {
            now: MonoNs(0),
            credit: Steps::ZERO,
            lines: Sensors::SOUND,
            watch: NOTHING_BAD,
            orders: [last; MAX_REGIMENS],
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

impl Last {
    fn differs(&self, order: &Order, clock: &Clock, ahead_s: u64) -> u8 {
        let Order {
            seq,
            basal,
            bolus,
            answer,
            valid_for,
            wake_in,
        } = *order;
        let last = &self.order;
        let clock_goes_on = ahead_s == self.ahead_s
            && Clock {
                utc_s: self.clock.utc_s,
                ..*clock
            } == self.clock;
        let flag = |same: bool, flag: u8| if same { 0 } else { flag };
        flag(seq == last.seq.wrapping_add(1), other::SEQ)
            | flag(basal == last.basal, other::BASAL)
            | flag(bolus == last.bolus, other::BOLUS)
            | flag(answer == last.answer, other::ANSWER)
            | flag(valid_for == last.valid_for, other::VALID_FOR)
            | flag(wake_in == last.wake_in, other::WAKE_IN)
            | flag(clock_goes_on, other::CLOCK)
    }

    fn write(&self, to: &mut Writer, order: &Order, clock: &Clock, ahead_s: u64, differs: u8) {
        to.byte(differs);
        if differs & other::SEQ != 0 {
            to.distance(self.order.seq, order.seq);
        }
        if differs & other::BASAL != 0 {
            write_rate(to, order.basal);
        }
        if differs & other::BOLUS != 0 {
            to.option(order.bolus, |to, bolus| {
                write_volume(to, bolus.volume);
                to.number(bolus.over.0);
                to.byte(u8::from(bolus.loading));
            });
        }
        if differs & other::ANSWER != 0 {
            to.option(order.answer, |to, answer| match answer {
                Answer::Give(demand) => {
                    to.number(0);
                    to.number(demand.0);
                }
                Answer::Refuse(demand, reason) => {
                    to.number(u64::from(reason.code()));
                    to.number(demand.0);
                }
            });
        }
        if differs & other::VALID_FOR != 0 {
            to.number(order.valid_for.0);
        }
        if differs & other::WAKE_IN != 0 {
            to.option(order.wake_in, |to, span| to.number(span.0));
        }
        if differs & other::CLOCK != 0 {
            to.distance(self.ahead_s, ahead_s);
            to.byte(u8::from(clock.good));
            to.distance(0, i64::from(clock.local_offset_s).cast_unsigned());
            to.option(clock.next_offset_change_utc_s, Writer::number);
        }
    }

    fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Flaw> {
        let differs = from.byte()?;
        if differs & !other::ALL != 0 || differs == 0 {
            return Err(Flaw::Word);
        }
        if differs & other::SEQ != 0 {
            // The number that was expected is one higher than the last.
            self.order.seq = from.distance(self.order.seq.wrapping_sub(1))?;
        }
        if differs & other::BASAL != 0 {
            self.order.basal = read_rate(from)?;
        }
        if differs & other::BOLUS != 0 {
            self.order.bolus = from.option(|from| {
                Ok(BolusRequest {
                    volume: read_volume(from)?,
                    over: Nanoseconds(from.number()?),
                    loading: read_flag(from)?,
                })
            })?;
        }
        if differs & other::ANSWER != 0 {
            self.order.answer = from.option(|from| {
                let word = from.number()?;
                let demand = DemandId(from.number()?);
                if word == 0 {
                    return Ok(Answer::Give(demand));
                }
                let code = u32::try_from(word).ok();
                let reason = code.and_then(Reason::from_code).ok_or(Flaw::Word)?;
                Ok(Answer::Refuse(demand, reason))
            })?;
        }
        if differs & other::VALID_FOR != 0 {
            self.order.valid_for = Nanoseconds(from.number()?);
        }
        if differs & other::WAKE_IN != 0 {
            self.order.wake_in = from.option(|from| from.number().map(Nanoseconds))?;
        }
        if differs & other::CLOCK != 0 {
            self.ahead_s = from.distance(self.ahead_s)?;
            self.clock.good = read_flag(from)?;
            let offset = i32::try_from(from.distance(0)?.cast_signed());
            self.clock.local_offset_s = offset.map_err(|_| Flaw::Number)?;
            self.clock.next_offset_change_utc_s = from.option(Reader::number)?;
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
        Command::Refill { content } => {
            to.byte(5);
            write_volume(to, content);
        }
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
            content: read_volume(from)?,
        },
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

/// The lines as bits, in the order of [`Sensor::ALL`].
pub(crate) fn line_bits(lines: Sensors) -> u8 {
    let sensors = Sensor::ALL.iter().enumerate();
    let bad = sensors.filter(|(_, sensor)| sensor.read(&lines));
    bad.fold(0, |bits, (place, _)| bits | 1 << place)
}

pub(crate) fn lines_of(bits: u8) -> Result<Sensors, Flaw> {
    if bits >> Sensor::ALL.len() != 0 {
        return Err(Flaw::Word);
    }
    let mut lines = Sensors::SOUND;
    for (place, sensor) in Sensor::ALL.iter().enumerate() {
        sensor.write(&mut lines, bits & 1 << place != 0);
    }
    Ok(lines)
}

const NOTHING_BAD: Watch = Watch {
    sensor_lost: false,
    inputs_stalled: false,
    journal_stalled: false,
    link_stalled: false,
    control_stalled: false,
    loop_stalled: false,
    count_differs: false,
    internal_error: false,
    self_test_failed: false,
    records_lost: false,
};

/// What is bad as bits.
pub(crate) fn watch_bits(watch: Watch) -> u16 {
    let Watch {
        sensor_lost,
        inputs_stalled,
        journal_stalled,
        link_stalled,
        control_stalled,
        loop_stalled,
        count_differs,
        internal_error,
        self_test_failed,
        records_lost,
    } = watch;
    let flags = [
        sensor_lost,
        inputs_stalled,
        journal_stalled,
        link_stalled,
        control_stalled,
        loop_stalled,
        count_differs,
        internal_error,
        self_test_failed,
        records_lost,
    ];
    let bad = flags.iter().enumerate().filter(|(_, bad)| **bad);
    bad.fold(0, |bits, (place, _)| bits | 1 << place)
}

pub(crate) fn watch_of(bits: u64) -> Result<Watch, Flaw> {
    if bits >> 10 != 0 {
        return Err(Flaw::Word);
    }
    let bad = |place: u32| bits & 1 << place != 0;
    Ok(Watch {
        sensor_lost: bad(0),
        inputs_stalled: bad(1),
        journal_stalled: bad(2),
        link_stalled: bad(3),
        control_stalled: bad(4),
        loop_stalled: bad(5),
        count_differs: bad(6),
        internal_error: bad(7),
        self_test_failed: bad(8),
        records_lost: bad(9),
    })
}
