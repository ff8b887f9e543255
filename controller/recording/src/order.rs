//! An order as bytes: only what differs from the one before of its regimen.

use pump_core::order::{Answer, BolusRequest, DemandId, Order};
use pump_core::quantity::{Nanoseconds, Rate};
use pump_core::reason::Reason;

use crate::bytes::{Flaw, Reader, Writer};
use crate::call::Clock;
use crate::told::{read_flag, read_rate, read_volume, write_rate, write_volume};

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
pub(crate) struct Last {
    pub(crate) order: Order,
    pub(crate) clock: Clock,
    /// The wall clock less the pump's, in seconds.
    pub(crate) ahead_s: u64,
}

impl Last {
    /// No order: the first stands for itself.
    pub(crate) const NONE: Self = Self {
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

    pub(crate) fn differs(&self, order: &Order, clock: &Clock, ahead_s: u64) -> u8 {
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

    pub(crate) fn write(
        &self,
        to: &mut Writer,
        order: &Order,
        clock: &Clock,
        ahead_s: u64,
        differs: u8,
    ) {
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

    pub(crate) fn read(&mut self, from: &mut Reader<'_>) -> Result<(), Flaw> {
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
