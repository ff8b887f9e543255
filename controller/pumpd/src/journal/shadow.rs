//! The control law once more, from the record of the calls to the first.
//!
//! What is made durable is taken here, so the loop never stops to copy itself. That both are
//! the same is held against each other several times a second; where they differ, one of them
//! is wrong, and neither can be trusted.

use pump_control::Account;
use pump_core::order::Order;
use pump_core::prescription::{MAX_REGIMENS, Prescription};
use pump_core::pump::Pump;
use pump_core::quantity::{MonoNs, Steps};
use pump_recording::{Answer, Call, Clock, Rest};
use strategy_link::WallClock;

use super::Ending;
use super::expected::Expected;
use super::recordings::Repeated;
use crate::clock::PumpClock;
use crate::durable::kept;
use crate::messages::{Record, Sum, Told};

/// The record makes no sense: what was repeated is not what was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Discord {
    /// It came to something else than the first.
    Differs,
    /// A prescription was armed that nobody has told of.
    UnknownArming,
}

/// The repeated control law.
pub(super) struct Shadow {
    pump: Box<Pump>,
    orders: [Option<(Order, WallClock)>; MAX_REGIMENS],
    armings: Expected<Box<Prescription>>,
    arming: u64,
    wanted: Steps,
}

impl Shadow {
    pub(super) fn new(pump: Box<Pump>, arming: u64) -> Self {
        Self {
            pump,
            orders: [None; MAX_REGIMENS],
            armings: Expected::default(),
            arming,
            wanted: Steps::ZERO,
        }
    }

    /// The loop is about to be asked to arm this.
    pub(super) fn expect(&mut self, id: u64, prescription: Box<Prescription>) {
        self.armings.push(id, prescription);
    }

    /// Repeats a call. Afterwards [`Shadow::pump`] has the events of it.
    ///
    /// # Errors
    /// The record can't be repeated, or what it says of the first is not so here.
    pub(super) fn repeat(&mut self, record: &Record) -> Result<Repeated, Discord> {
        match record {
            Record::Order {
                place,
                order,
                clock,
            } => {
                if let Some(slot) = self.orders.get_mut(*place) {
                    *slot = Some((*order, *clock));
                }
            }
            Record::Tick(told) => {
                let call = self.told(told);
                return Ok(self.call(Call::Tick(call)));
            }
            Record::Shown(id) => return Ok(self.call(Call::Shown(*id))),
            Record::Armed { id, at } => return self.arm(*id, *at),
            Record::Disarmed { at } => return Ok(self.call(Call::Disarmed(*at))),
            Record::NewSubject { at } => return Ok(self.new_subject(*at)),
            Record::Sum(sum) if Sum::of(&self.pump) != *sum => return Err(Discord::Differs),
            Record::Sum(_) | Record::Edge { .. } => {}
        }
        Ok(Repeated::Nothing)
    }

    /// What the control law is told, with the orders that came before it.
    fn told(&mut self, told: &Told) -> pump_recording::Told {
        let orders = std::mem::take(&mut self.orders);
        pump_recording::Told {
            now: told.now,
            inputs: told.inputs(orders.map(|it| it.map(|(order, _)| order))),
            clocks: orders.map(|it| it.map(|(_, clock)| shown(clock)).unwrap_or_default()),
        }
    }

    fn call(&mut self, call: Call) -> Repeated {
        let answer = call.perform(&mut self.pump);
        match &answer {
            Answer::Outputs(outputs) => {
                if let Some(wanted) = outputs.credit_wanted {
                    self.wanted = self.wanted.max(wanted);
                }
            }
            Answer::Disarmed(true) => self.begin_anew(),
            Answer::Disarmed(false) | Answer::Snapshot(_) => {}
        }
        Repeated::Call(call, answer)
    }

    /// What is armed now is another arming, or none: it has asked for no credit yet.
    fn begin_anew(&mut self) {
        self.arming = self.arming.saturating_add(1);
        self.wanted = Steps::ZERO;
    }

    /// Whatever was armed is not any more.
    fn new_subject(&mut self, at: MonoNs) -> Repeated {
        if self.pump.new_subject(at).is_err() {
            return Repeated::Nothing;
        }
        self.begin_anew();
        Repeated::NewSubject
    }

    fn arm(&mut self, id: u64, at: MonoNs) -> Result<Repeated, Discord> {
        let prescription = self.armings.take(id).ok_or(Discord::UnknownArming)?;
        let rest = Rest::of(&self.pump);
        if self.pump.arm(at, &prescription).is_err() {
            return Ok(Repeated::Nothing);
        }
        self.begin_anew();
        Ok(Repeated::Armed {
            id,
            at,
            rest,
            arming: self.arming,
        })
    }

    pub(super) fn pump(&self) -> &Pump {
        &self.pump
    }

    /// Numbers the armings, and what was disarmed.
    pub(super) const fn arming(&self) -> u64 {
        self.arming
    }

    /// The most credit that this arming has asked for.
    pub(super) const fn wanted(&self) -> Steps {
        self.wanted
    }

    /// What must be known of it after a loss of power, and the steps that had left by then.
    ///
    /// A checkpoint is tens of kilobytes of stack: it lives in this frame and no other.
    #[inline(never)]
    pub(super) fn kept(
        &self,
        clock: PumpClock,
        account: &Account,
        ending: Ending,
    ) -> (Vec<u8>, Steps) {
        let checkpoint = match ending {
            Ending::No => self.pump.checkpoint(),
            Ending::Yes => self.pump.checkpoint().ended(),
        };
        (kept(clock, &checkpoint, account), checkpoint.issued())
    }
}

const fn shown(clock: WallClock) -> Clock {
    let WallClock {
        good,
        utc_s,
        local_offset_s,
        next_offset_change_utc_s,
    } = clock;
    Clock {
        good,
        utc_s,
        local_offset_s,
        next_offset_change_utc_s,
    }
}

#[cfg(test)]
mod tests {
    use pump_core::order::RegimenId;
    use pump_core::prescription::{
        Caps, Envelope, MAX_DRUGS, MAX_REGIMENS, OnStrategyLoss, Reservoir,
    };
    use pump_core::pump::{Command, EdgeFate, Inputs};
    use pump_core::quantity::{Nanoseconds, Rate, Volume};

    use super::*;

    const STEP: Volume = Volume::from_nl(50);

    fn prescription() -> Prescription {
        let hour = Nanoseconds::from_hours(1);
        let rate = |nl| Rate::of(Volume::from_nl(nl), hour).expect("a rate");
        let mut regimens = [None; MAX_REGIMENS];
        regimens[0] = Some(Envelope {
            basal: rate(3_600_000),
            bolus: None,
        });
        Prescription {
            volume_per_step: STEP,
            full_step: Steps(16),
            max_rate: rate(36_000_000),
            max_bolus: Volume::from_nl(1_000_000),
            max_clinician_bolus: None,
            caps: Caps {
                h1: Some(Steps(100_000)),
                h4: None,
                h24: None,
            },
            drugs: [None; MAX_DRUGS],
            regimens,
            vtbi: None,
            air: None,
            reservoir: Reservoir {
                volume: Steps(400_000),
                low: Steps(40_000),
                empty: Steps(10_000),
            },
            order_lease: Nanoseconds::from_secs(2),
            on_strategy_loss: OnStrategyLoss::Stop,
        }
    }

    /// A few seconds of a pump, as its loop records them.
    fn recorded() -> Vec<Record> {
        let (mut pump, mut records) = (Box::new(Pump::new()), Vec::new());
        let rx = prescription();
        records.push(Record::Armed {
            id: 1,
            at: MonoNs(0),
        });
        pump.arm(MonoNs(0), &rx).expect("it is armed");
        let mut inputs = Inputs {
            command: Some(Command::Start),
            ..Inputs::default()
        };
        let mut now = MonoNs(0);
        while now < MonoNs(3_000_000_000) {
            for (place, order) in inputs.orders.iter().enumerate() {
                records.extend(order.map(|order| Record::Order {
                    place,
                    order,
                    clock: WallClock::default(),
                }));
            }
            records.push(Record::Tick(Told::new(now, &inputs)));
            let outputs = pump.tick(now, &inputs);
            records.push(Record::Sum(Sum::of(&pump)));
            inputs = Inputs {
                credit: outputs.credit_wanted,
                ..Inputs::default()
            };
            if outputs.step {
                inputs.edge = EdgeFate::Accepted;
                now = now.after(Nanoseconds(7));
            } else if outputs.wants_order[0] {
                records.push(Record::Shown(RegimenId(0)));
                let seq = pump.snapshot(RegimenId(0)).expect("a snapshot").seq;
                inputs.orders[0] = Some(Order {
                    seq,
                    basal: rx.regimens[0].expect("a regimen").basal,
                    bolus: None,
                    answer: None,
                    valid_for: Nanoseconds::from_secs(2),
                    wake_in: None,
                });
            } else if inputs.credit.is_none() {
                now = outputs.wake_at;
            }
        }
        assert!(pump.ledger().expect("a ledger").delivered > Steps(50));
        records
    }

    fn repeated<'a>(records: impl IntoIterator<Item = &'a Record>) -> Result<Shadow, Discord> {
        let mut shadow = Shadow::new(Box::new(Pump::new()), 0);
        shadow.expect(1, Box::new(prescription()));
        for record in records {
            shadow.repeat(record)?;
        }
        Ok(shadow)
    }

    #[test]
    fn what_is_repeated_comes_to_the_same_and_asks_for_the_same_credit() {
        let shadow = repeated(&recorded()).expect("no discord");
        assert_eq!(shadow.arming(), 1);
        let clock = PumpClock::ahead_by(Nanoseconds::ZERO);
        let (_, issued) = shadow.kept(clock, &Account::default(), Ending::No);
        assert!(shadow.wanted() >= issued, "I1");
    }

    /// A record that went missing is not taken for nothing: the next sum, or the one after a
    /// second at the latest, says so.
    #[test]
    fn a_tick_that_is_missing_is_noticed() {
        let records = recorded();
        let ticks = records.iter().enumerate();
        let ticks = ticks.filter(|(_, record)| matches!(record, Record::Tick(_)));
        let mut noticed = 0;
        let places: Vec<usize> = ticks.map(|(place, _)| place).take(100).collect();
        for place in &places {
            let rest = records.iter().enumerate();
            let rest = rest.filter(|(at, _)| at != place).map(|(_, record)| record);
            noticed += usize::from(matches!(repeated(rest), Err(Discord::Differs)));
        }
        // One that only says again what the next one says is no loss.
        assert!(noticed >= places.len() / 2, "{noticed} of {}", places.len());
    }

    /// I4: what is durable after a new subject is the memory of the new one.
    #[test]
    fn a_new_subject_is_repeated_and_one_that_is_missing_is_noticed() {
        let mut records = recorded();
        let mut pump = repeated(&records).expect("no discord").pump;
        let at = MonoNs(3_000_000_000);
        // The edge that is due, and the one that ends the stroke.
        for command in [Some(Command::Stop), None] {
            let inputs = Inputs {
                command,
                edge: EdgeFate::Accepted,
                ..Inputs::default()
            };
            records.push(Record::Tick(Told::new(at, &inputs)));
            pump.tick(at, &inputs);
        }
        pump.new_subject(at).expect("it is stopped");
        let sum = Record::Sum(Sum::of(&pump));
        records.extend([Record::NewSubject { at }, sum]);
        let shadow = repeated(&records).expect("no discord");
        assert_eq!(shadow.pump().checkpoint(), pump.checkpoint());
        assert_eq!(shadow.arming(), 2);
        let without = records.iter();
        let without = without.filter(|record| !matches!(record, Record::NewSubject { .. }));
        assert!(matches!(repeated(without), Err(Discord::Differs)));
        // What was armed is gone with a disarming too; the windows are not.
        let disarmed = records.iter().map(|record| match record {
            Record::NewSubject { at } => Record::Disarmed { at: *at },
            other => *other,
        });
        let disarmed: Vec<Record> = disarmed.collect();
        assert!(matches!(repeated(&disarmed), Err(Discord::Differs)));
    }

    #[test]
    fn an_arming_that_nobody_told_of_is_discord() {
        let mut shadow = Shadow::new(Box::new(Pump::new()), 0);
        let armed = Record::Armed {
            id: 9,
            at: MonoNs(0),
        };
        assert_eq!(shadow.repeat(&armed).err(), Some(Discord::UnknownArming));
    }
}
