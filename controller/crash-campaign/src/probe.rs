//! The control law as it came back, asked what it would allow.

use pump_core::checkpoint::Checkpoint;
use pump_core::event::EventKind;
use pump_core::order::{Answer, BolusRequest, Order, RegimenId};
use pump_core::prescription::{
    BolusEnvelope, Caps, CountLimit, DemandEnvelope, Envelope, LockoutEdge, MAX_COUNTS, MAX_DRUGS,
    MAX_REGIMENS, OnStrategyLoss, Prescription, Reservoir,
};
use pump_core::pump::{Command, Inputs, Pump};
use pump_core::quantity::{MonoNs, Nanoseconds, Rate, Steps, Volume};
use pump_core::reason::Reason;

use crate::story::LOCKOUT_NS;

/// What the steps of `config/pump.toml` hold.
pub(crate) const STEP_NL: u64 = 50;
pub(crate) const HOUR: u64 = 3_600_000_000_000;

const DOSE: BolusRequest = BolusRequest {
    volume: Volume::from_nl(STEP_NL * 10),
    over: Nanoseconds::from_secs(1),
    loading: false,
};

/// A pump that comes back from its checkpoint, as often as it is asked for.
pub(crate) struct Probe<'a> {
    pub(crate) checkpoint: &'a Checkpoint,
    pub(crate) credit: Steps,
    /// Its clock when it came back.
    pub(crate) now: MonoNs,
}

impl Probe<'_> {
    fn armed(&self, at: u64, demand: DemandEnvelope) -> Result<Box<Pump>, String> {
        let mut pump = Box::new(Pump::restore(self.checkpoint, self.credit, self.now));
        let armed = pump.arm(MonoNs(at), &prescription(demand));
        armed.map_err(|error| format!("it can't be armed: {error}"))?;
        Ok(pump)
    }

    /// What its windows hold at an instant, in steps.
    pub(crate) fn windows(&self, at: u64) -> Result<[u64; 3], String> {
        let pump = self.armed(at, locked_out(LockoutEdge::StartToStart))?;
        let windows = pump.windows().ok_or("it has no windows")?;
        Ok(windows.map(|(steps, _)| steps.0))
    }

    /// Why a demand is refused at an instant; `None`: it is given.
    pub(crate) fn demand(&self, at: u64, demand: DemandEnvelope) -> Result<Option<Reason>, String> {
        let mut pump = self.armed(at, demand)?;
        let now = MonoNs(at);
        let tick = |pump: &mut Pump, inputs: Inputs| pump.tick(now, &inputs);
        let start = Inputs {
            command: Some(Command::Start),
            ..Inputs::default()
        };
        tick(&mut pump, start);
        let press = Inputs {
            press: true,
            ..Inputs::default()
        };
        tick(&mut pump, press);
        let shown = pump.snapshot(RegimenId(0)).ok_or("it has no regimen")?;
        if let Some(demand) = shown.demand {
            let give = Order {
                seq: shown.seq,
                basal: Rate::ZERO,
                bolus: Some(DOSE),
                answer: Some(Answer::Give(demand)),
                valid_for: Nanoseconds::from_secs(2),
                wake_in: None,
            };
            let mut inputs = Inputs::default();
            inputs.orders[0] = Some(give);
            let outputs = tick(&mut pump, inputs);
            if let Some(reason) = refused(&pump) {
                return Ok(Some(reason));
            }
            let durable = Inputs {
                credit: outputs.credit_wanted,
                ..Inputs::default()
            };
            tick(&mut pump, durable);
            let given = |event: &pump_core::event::Event| {
                matches!(event.kind, EventKind::DemandGiven { .. })
            };
            if pump.events().iter().any(given) {
                return Ok(None);
            }
        }
        let reason = refused(&pump).ok_or("a demand was neither given nor refused")?;
        Ok(Some(reason))
    }
}

fn refused(pump: &Pump) -> Option<Reason> {
    pump.events().iter().find_map(|event| match event.kind {
        EventKind::DemandRefused { reason, .. } => Some(reason),
        _ => None,
    })
}

/// The lockout of the stories.
pub(crate) const fn locked_out(edge: LockoutEdge) -> DemandEnvelope {
    DemandEnvelope {
        lockout: Nanoseconds(LOCKOUT_NS),
        edge,
        others_restart_lockout: true,
        others_count: true,
        counts: [None; MAX_COUNTS],
    }
}

/// One bolus an hour.
pub(crate) fn counted() -> DemandEnvelope {
    let mut counted = locked_out(LockoutEdge::StartToStart);
    counted.counts[0] = Some(CountLimit {
        max: 1,
        period: Nanoseconds(HOUR),
    });
    counted
}

fn prescription(demand: DemandEnvelope) -> Prescription {
    let rate = Rate::of(Volume::from_nl(100_000_000), Nanoseconds(HOUR));
    let mut regimens = [None; MAX_REGIMENS];
    regimens[0] = Some(Envelope {
        basal: Rate::ZERO,
        bolus: Some(BolusEnvelope {
            max: DOSE.volume,
            over: DOSE.over,
            demand: Some(demand),
            interval: None,
        }),
    });
    Prescription {
        volume_per_step: Volume::from_nl(STEP_NL),
        full_step: Steps(1),
        max_rate: rate.unwrap_or(Rate::ZERO),
        max_bolus: Volume::from_nl(5_000_000),
        max_clinician_bolus: None,
        caps: Caps::default(),
        drugs: [None; MAX_DRUGS],
        regimens,
        vtbi: None,
        reservoir: Reservoir {
            volume: Steps(2_000_000),
            low: Steps(40_000),
            empty: Steps(10_000),
        },
        air: None,
        order_lease: Nanoseconds::from_secs(2),
        on_strategy_loss: OnStrategyLoss::Stop,
    }
}
