//! Under-infusion (W02), against an oracle that sees only the instants of the edges.

extern crate std;

use std::vec::Vec;

use proptest::prelude::*;

use super::rig::*;
use crate::alarm::Alarm;
use crate::event::EventKind;
use crate::pump::{Command, State};
use crate::quantity::Nanoseconds;
use crate::twin::{self, Twin};

/// Steps a second, and what falls due of them in fifteen minutes.
const A_SECOND: u64 = 2;
const DUE: u64 = 15 * 60 * A_SECOND;

#[derive(Clone, Copy, Debug)]
enum Stretch {
    /// On time.
    Run(u64),
    /// A loop that sleeps through so many seconds at a time gives one edge in each.
    Doze {
        times: u64,
        sleep: u64,
    },
    Pause(u64),
}

struct Lived {
    rig: Rig,
    /// When it infused, on the witness's clock.
    infused: Vec<(u64, u64)>,
}

impl Lived {
    fn new() -> Self {
        let rate = ul_per_h(360);
        let mut p = roomy();
        p.regimens[0] = Some(basal(rate));
        // A loop that sleeps loses no strategy here: that has an alarm of its own.
        p.order_lease = Nanoseconds::from_hours(1);
        let rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
        let infused = Vec::new();
        Self { rig, infused }
    }

    fn live(&mut self, stretch: Stretch) {
        let from = self.rig.now;
        match stretch {
            Stretch::Run(s) => self.rig.run_for(s * S),
            Stretch::Doze { times, sleep } => {
                for _ in 0..times {
                    self.rig.oversleep_until(self.rig.now + sleep * S);
                }
            }
            Stretch::Pause(s) => {
                self.rig.command(Command::Pause);
                self.rig.run_for(s * S);
                self.rig.command(Command::Resume);
                return;
            }
        }
        self.infused.push((from, self.rig.now));
    }

    /// The time of delivery at an instant.
    fn delivery(&self, at: u64) -> u64 {
        let spans = self.infused.iter();
        let until = |(from, to): &(u64, u64)| at.min(*to).saturating_sub(*from);
        spans.map(until).sum()
    }

    /// The instant at which delivery had gone on for so long.
    fn instant(&self, delivery: u64) -> Option<u64> {
        let mut left = delivery;
        for (from, to) in &self.infused {
            if left <= to - from {
                return Some(from + left);
            }
            left -= to - from;
        }
        None
    }

    fn is_raised(&self, at: u64) -> bool {
        let alarm = Alarm::UnderInfusion;
        let change = |event: &crate::event::Event| match event.kind {
            _ if event.at.0 > at => None,
            kind if kind == EventKind::AlarmRaised { alarm } => Some(true),
            kind if kind == EventKind::AlarmCleared { alarm } => Some(false),
            _ => None,
        };
        self.rig.events.iter().filter_map(change).next_back() == Some(true)
    }

    /// What the edges say at each full minute of delivery. A late edge may be counted in the
    /// minute after its own, so what is nearer to the limit than two naps is not judged.
    fn judge(&self) -> Result<(), TestCaseError> {
        let clock: Vec<u64> = self.rig.edges.iter().map(|at| self.delivery(*at)).collect();
        for minute in 1.. {
            let Some(at) = self.instant(minute * MIN) else {
                return Ok(());
            };
            let raised = self.is_raised(at);
            if minute < 15 {
                prop_assert!(
                    !raised,
                    "raised before there was a window, at minute {minute}"
                );
                continue;
            }
            let window = (minute - 15) * MIN..minute * MIN;
            let given = clock.iter().filter(|at| window.contains(at)).count() as u64;
            let (least, slack) = (DUE * 9 / 10, 2 * 8 * A_SECOND);
            if given + slack < least {
                prop_assert!(raised, "{given} of {DUE} at minute {minute}");
            }
            if given > least + slack {
                prop_assert!(!raised, "{given} of {DUE} at minute {minute}");
            }
        }
        Ok(())
    }
}

fn stretches() -> impl Strategy<Value = Vec<Stretch>> {
    let stretch = prop_oneof![
        3 => (1..600_u64).prop_map(Stretch::Run),
        2 => (1..60_u64, 1..=8_u64).prop_map(|(times, sleep)| Stretch::Doze { times, sleep }),
        1 => (1..600_u64).prop_map(Stretch::Pause),
    ];
    prop::collection::vec(stretch, 1..25)
}

proptest! {
    /// W02.
    #[test]
    fn too_little_for_fifteen_minutes_of_delivery_is_told_and_delivery_goes_on(
        stretches in stretches(),
    ) {
        let mut lived = Lived::new();
        for stretch in stretches {
            lived.live(stretch);
        }
        prop_assert_eq!(lived.rig.pump.state(), State::Infusing);
        lived.judge()?;
    }
}

/// For 20 min every other second is slept through; then 40 min on time.
fn a_slow_spell() -> Lived {
    let mut lived = Lived::new();
    lived.live(Stretch::Run(600));
    for _ in 0..600 {
        lived.live(Stretch::Doze { times: 1, sleep: 1 });
        lived.live(Stretch::Run(1));
    }
    lived.live(Stretch::Run(2_400));
    lived
}

#[test]
fn a_slow_spell_is_told_while_it_is_in_the_window_and_then_no_more() {
    let lived = a_slow_spell();
    let of = |wanted: bool| -> Vec<u64> {
        let alarm = Alarm::UnderInfusion;
        let change = |event: &crate::event::Event| match event.kind {
            EventKind::AlarmRaised { alarm: told } if wanted && told == alarm => Some(event.at.0),
            EventKind::AlarmCleared { alarm: told } if !wanted && told == alarm => Some(event.at.0),
            _ => None,
        };
        lived.rig.events.iter().filter_map(change).collect()
    };
    // A quarter is missed of each slow minute: six of fifteen minutes are a tenth, and the
    // seventh is more.
    assert_eq!(of(true), [17 * MIN]);
    assert_eq!(of(false), [39 * MIN]);
}

#[test]
fn nothing_is_told_of_a_loop_that_is_on_time_however_slow_the_rate() {
    let rate = ul_per_h(2);
    let mut p = roomy();
    p.regimens[0] = Some(basal(rate));
    let mut rig = Rig::new(&p, [Some(steady(rate)), None, None, None]);
    rig.run_for(DAY);
    let alarm = Alarm::UnderInfusion;
    let raised = EventKind::AlarmRaised { alarm };
    assert!(rig.events.iter().all(|event| event.kind != raised));
}

#[test]
fn a_twin_that_counts_no_missed_edge_is_caught() {
    twin::with(Twin::MissesForgotten, || {
        assert!(a_slow_spell().judge().is_err());
    });
}
