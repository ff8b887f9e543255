use pump_core::prescription::{
    BolusEnvelope, Caps, CountLimit, DemandEnvelope, Envelope, LockoutEdge, MAX_COUNTS, MAX_DRUGS,
    MAX_REGIMENS, OnStrategyLoss, Reservoir,
};
use pump_core::pump::Pump;
use pump_core::quantity::MonoNs;

use super::*;

const STEP: Volume = Volume::from_nl(50);
const MIN: u64 = 60;
const H: u64 = 60 * MIN;

const fn secs(s: u64) -> Nanoseconds {
    Nanoseconds::from_secs(s)
}

/// 360 µL/h in steps of 50 nL: two a second; and 5 µL for a press, once in half an hour and three
/// times in four hours.
fn rx() -> Prescription {
    let mut regimens = [None; MAX_REGIMENS];
    let mut counts = [None; MAX_COUNTS];
    counts[0] = Some(CountLimit {
        max: 3,
        period: secs(4 * H),
    });
    regimens[0] = Some(Envelope {
        basal: Rate::of(Volume::from_nl(360_000), secs(H)).expect("a rate"),
        bolus: None,
    });
    regimens[1] = Some(Envelope {
        basal: Rate::ZERO,
        bolus: Some(BolusEnvelope {
            max: Volume::from_nl(5_000),
            over: secs(MIN),
            demand: Some(DemandEnvelope {
                lockout: secs(30 * MIN),
                edge: LockoutEdge::StartToStart,
                others_restart_lockout: true,
                others_count: false,
                counts,
            }),
            interval: None,
        }),
    });
    Prescription {
        volume_per_step: STEP,
        full_step: Steps(16),
        max_rate: Rate::of(Volume::from_nl(36_000_000), secs(H)).expect("a rate"),
        max_bolus: Volume::from_nl(1_000_000),
        max_clinician_bolus: None,
        caps: Caps::default(),
        drugs: [None; MAX_DRUGS],
        regimens,
        vtbi: None,
        air: None,
        reservoir: Reservoir {
            volume: Steps(400_000),
            low: Steps(40_000),
            empty: Steps(10_000),
        },
        order_lease: secs(2),
        on_strategy_loss: OnStrategyLoss::Stop,
    }
}

/// W05: the refill date is never later than the instant at which a pump whose every press is
/// answered is at its low mark.
#[test]
fn no_pump_empties_its_reservoir_sooner() {
    use pump_core::order::{Answer, BolusRequest, Order, RegimenId};
    use pump_core::pump::{Command, EdgeFate, Inputs};
    let mut p = rx();
    p.reservoir.volume = Steps(60_000);
    let told = Appetite::of(&p)
        .soonest(Steps(20_000))
        .expect("it is given");
    let (mut pump, mut now) = (Box::new(Pump::new()), MonoNs(0));
    pump.arm(now, &p).expect("it is armed");
    let mut inputs = Inputs {
        command: Some(Command::Start),
        ..Inputs::default()
    };
    let low = loop {
        let outputs = pump.tick(now, &inputs);
        if pump.remembered(now).reservoir.expect("it is armed").0 <= p.reservoir.low {
            break now;
        }
        inputs = Inputs {
            credit: outputs.credit_wanted,
            ..Inputs::default()
        };
        for (place, _) in outputs.wants_order.iter().enumerate().filter(|it| *it.1) {
            let id = RegimenId(u8::try_from(place).expect("a regimen"));
            let shown = pump.snapshot(id).expect("a regimen");
            inputs.orders[place] = Some(Order {
                seq: shown.seq,
                basal: p.regimens[place].expect("a regimen").basal,
                bolus: shown.demand.map(|_| BolusRequest {
                    volume: Volume::from_nl(5_000),
                    over: secs(MIN),
                    loading: false,
                }),
                answer: shown.demand.map(Answer::Give),
                valid_for: secs(2),
                wake_in: None,
            });
        }
        if outputs.step {
            inputs.edge = EdgeFate::Accepted;
        } else if inputs.credit.is_none() && inputs.orders.iter().all(Option::is_none) {
            inputs.press = now.0.is_multiple_of(secs(30 * MIN).0);
            let press = MonoNs((now.0 / secs(30 * MIN).0 + 1) * secs(30 * MIN).0);
            now = outputs.wake_at.min(press).max(MonoNs(now.0 + 1));
        }
    };
    let later = low.0.saturating_sub(told.0);
    assert!(told.0 <= low.0, "{low:?} is before {told:?}");
    assert!(later < secs(10 * MIN).0, "it is told {later} ns too early");
}

fn label(rx: Option<Prescription>) -> Label {
    Label {
        id: "a rig".to_owned(),
        sha256: "00".to_owned(),
        volume_per_step: STEP,
        drugs: vec![(
            "blue dye".to_owned(),
            Exact::new(1, 3).expect("a concentration"),
        )],
        rx: rx.map(Box::new),
    }
}

fn seen(pump: &Pump) -> Seen {
    Seen {
        state: pump.state(),
        ledger: pump.ledger(),
        remembered: pump.remembered(MonoNs(0)),
        basal: pump.granted_basal(),
        utc_ns: Some(1_000),
    }
}

#[test]
fn a_mass_is_exact_and_rounded_down() {
    let third = Exact::new(1, 3).expect("a concentration");
    assert_eq!(picograms(STEP, Steps(1), third), Some(16_666));
    assert_eq!(picograms(STEP, Steps(3), third), Some(50_000));
    let fine = Volume::new(1_000, 7).expect("a volume");
    assert_eq!(picograms(fine, Steps(21), third), Some(1_000_000));
    assert_eq!(picograms(STEP, Steps::MAX, Exact::whole(1_000)), None);
}

/// What a killed daemon has left is the account of the next one, with what is uncertain.
#[test]
fn the_account_of_the_last_run_goes_on_until_something_is_armed() {
    let p = rx();
    let mut pump = Box::new(Pump::new());
    let mut books = Books::default();
    let unknown = books.account(&seen(&pump));
    assert_eq!((unknown.remaining, unknown.prescription), (None, None));
    pump.arm(MonoNs(0), &p).expect("it is armed");
    books.armed(Arc::new(label(Some(p))));
    books.counts.delivered = Steps(77);
    let armed = books.account(&seen(&pump));
    assert_eq!(armed.delivered.steps, 0, "the ledger's, where there is one");
    assert_eq!(armed.remaining.as_ref().map(|it| it.nl), Some(20_000_000));
    let soon = armed.refill_in_ns.expect("it is armed");
    assert_eq!(armed.refill_utc_ns, Some(soon + 1_000));
    assert_eq!(armed.lasts_ns, None, "nothing flows");

    let left = Account {
        delivered: books.amount(STEP, Steps(300)),
        uncertain: books.amount(STEP, Steps(1)),
        ..armed
    };
    let saved = pump.checkpoint();
    let resumed = Resumed {
        issued: saved.issued(),
        pump: Box::new(Pump::restore(&saved, Steps(42), saved.at())),
        clock: crate::clock::PumpClock::ahead_by(Nanoseconds::ZERO),
        arming: 1,
        uncertain: Steps(42),
        off_time: crate::durable::OffTime::SameBoot,
        account: Some(left),
    };
    let mut books = Books::resumed(&resumed);
    for _ in 0..2 {
        let account = books.account(&seen(&resumed.pump));
        assert_eq!(
            (account.delivered.steps, account.uncertain.steps),
            (300, 43)
        );
        assert_eq!(account.unacknowledged.masses[0].pg, (42 + 16) * 50_000 / 3);
        assert_eq!(account.drugs[0].ng_per_nl, "1/3");
        assert_eq!(account.refill_in_ns, None, "nothing is armed");
    }
}
