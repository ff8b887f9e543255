//! What was armed, as bytes: the integers that the control law ran by, whatever another
//! version of the checks makes of the same text.

use pump_core::prescription::{
    AirLimits, BolusEnvelope, Caps, CountLimit, DemandEnvelope, Drug, DrugId, Envelope,
    LockoutEdge, MAX_COUNTS, MAX_DRUGS, MAX_REGIMENS, OnStrategyLoss, Prescription, Reservoir,
};
use pump_core::quantity::{Nanoseconds, Steps};

use crate::bytes::{Flaw, Reader, Writer};
use crate::told::{read_flag, read_rate, read_volume, write_rate, write_volume};

/// How it is written down.
const VERSION: u8 = 1;

/// Writes it down.
pub fn encode(prescription: &Prescription) -> Vec<u8> {
    // Named one by one here and below, so that nothing that is added is left out.
    let Prescription {
        volume_per_step,
        full_step,
        max_rate,
        max_bolus,
        max_clinician_bolus,
        caps,
        drugs,
        regimens,
        vtbi,
        reservoir,
        air,
        order_lease,
        on_strategy_loss,
    } = *prescription;
    let mut to = Writer(vec![VERSION]);
    write_volume(&mut to, volume_per_step);
    to.number(full_step.0);
    write_rate(&mut to, max_rate);
    write_volume(&mut to, max_bolus);
    to.option(max_clinician_bolus, write_volume);
    write_caps(&mut to, caps);
    for drug in drugs {
        to.option(drug, |to, drug| {
            let Drug {
                id,
                fg_per_step,
                caps,
            } = drug;
            to.0.extend(id.0);
            to.number(fg_per_step);
            write_caps(to, caps);
        });
    }
    for regimen in regimens {
        to.option(regimen, write_envelope);
    }
    to.option(vtbi, |to, vtbi| to.number(vtbi.0));
    let Reservoir { volume, low, empty } = reservoir;
    for steps in [volume, low, empty] {
        to.number(steps.0);
    }
    to.option(air, |to, air| {
        let AirLimits {
            max_bubble,
            max_total,
            within,
        } = air;
        to.number(max_bubble.0);
        to.number(max_total.0);
        to.number(within.0);
    });
    to.number(order_lease.0);
    match on_strategy_loss {
        OnStrategyLoss::Stop => to.byte(0),
        OnStrategyLoss::Kvo(rate) => {
            to.byte(1);
            write_rate(&mut to, rate);
        }
        OnStrategyLoss::HoldBasal(span) => {
            to.byte(2);
            to.number(span.0);
        }
    }
    to.0
}

/// Reads what [`encode`] wrote. Whether the control law takes it is for that to say.
///
/// # Errors
/// The bytes are no prescription of this version.
pub fn decode(bytes: &[u8]) -> Result<Prescription, Flaw> {
    let mut reader = Reader::new(bytes);
    let from = &mut reader;
    let version = from.byte()?;
    if version != VERSION {
        return Err(Flaw::Version { found: version });
    }
    let prescription = Prescription {
        volume_per_step: read_volume(from)?,
        full_step: Steps(from.number()?),
        max_rate: read_rate(from)?,
        max_bolus: read_volume(from)?,
        max_clinician_bolus: from.option(read_volume)?,
        caps: read_caps(from)?,
        drugs: places::<_, MAX_DRUGS>(from, |from| {
            let mut id = DrugId([0; 16]);
            for byte in &mut id.0 {
                *byte = from.byte()?;
            }
            Ok(Drug {
                id,
                fg_per_step: from.number()?,
                caps: read_caps(from)?,
            })
        })?,
        regimens: places::<_, MAX_REGIMENS>(from, read_envelope)?,
        vtbi: steps(from)?,
        reservoir: Reservoir {
            volume: Steps(from.number()?),
            low: Steps(from.number()?),
            empty: Steps(from.number()?),
        },
        air: from.option(|from| {
            Ok(AirLimits {
                max_bubble: Steps(from.number()?),
                max_total: Steps(from.number()?),
                within: Nanoseconds(from.number()?),
            })
        })?,
        order_lease: Nanoseconds(from.number()?),
        on_strategy_loss: match from.byte()? {
            0 => OnStrategyLoss::Stop,
            1 => OnStrategyLoss::Kvo(read_rate(from)?),
            2 => OnStrategyLoss::HoldBasal(Nanoseconds(from.number()?)),
            _ => return Err(Flaw::Word),
        },
    };
    reader.done()?;
    Ok(prescription)
}

fn places<T: Copy, const N: usize>(
    from: &mut Reader<'_>,
    read: impl Fn(&mut Reader<'_>) -> Result<T, Flaw>,
) -> Result<[Option<T>; N], Flaw> {
    let mut places = [None; N];
    for place in &mut places {
        *place = from.option(&read)?;
    }
    Ok(places)
}

fn steps(from: &mut Reader<'_>) -> Result<Option<Steps>, Flaw> {
    from.option(|from| from.number().map(Steps))
}

fn write_caps(to: &mut Writer, caps: Caps) {
    let Caps { h1, h4, h24 } = caps;
    for cap in [h1, h4, h24] {
        to.option(cap, |to, cap| to.number(cap.0));
    }
}

fn read_caps(from: &mut Reader<'_>) -> Result<Caps, Flaw> {
    Ok(Caps {
        h1: steps(from)?,
        h4: steps(from)?,
        h24: steps(from)?,
    })
}

fn write_envelope(to: &mut Writer, envelope: Envelope) {
    let Envelope { basal, bolus } = envelope;
    write_rate(to, basal);
    to.option(bolus, |to, bolus| {
        let BolusEnvelope {
            max,
            over,
            demand,
            interval,
        } = bolus;
        write_volume(to, max);
        to.number(over.0);
        to.option(demand, |to, demand| {
            let DemandEnvelope {
                lockout,
                edge,
                others_restart_lockout,
                others_count,
                counts,
            } = demand;
            to.number(lockout.0);
            to.byte(u8::from(edge == LockoutEdge::EndToStart));
            to.byte(u8::from(others_restart_lockout));
            to.byte(u8::from(others_count));
            for count in counts {
                to.option(count, |to, CountLimit { max, period }| {
                    to.number(u64::from(max));
                    to.number(period.0);
                });
            }
        });
        to.option(interval, |to, interval| to.number(interval.0));
    });
}

fn read_envelope(from: &mut Reader<'_>) -> Result<Envelope, Flaw> {
    Ok(Envelope {
        basal: read_rate(from)?,
        bolus: from.option(|from| {
            Ok(BolusEnvelope {
                max: read_volume(from)?,
                over: Nanoseconds(from.number()?),
                demand: from.option(read_demand)?,
                interval: from.option(|from| from.number().map(Nanoseconds))?,
            })
        })?,
    })
}

fn read_demand(from: &mut Reader<'_>) -> Result<DemandEnvelope, Flaw> {
    Ok(DemandEnvelope {
        lockout: Nanoseconds(from.number()?),
        edge: if read_flag(from)? {
            LockoutEdge::EndToStart
        } else {
            LockoutEdge::StartToStart
        },
        others_restart_lockout: read_flag(from)?,
        others_count: read_flag(from)?,
        counts: places::<_, MAX_COUNTS>(from, |from| {
            Ok(CountLimit {
                max: u32::try_from(from.number()?).map_err(|_| Flaw::Number)?,
                period: Nanoseconds(from.number()?),
            })
        })?,
    })
}
