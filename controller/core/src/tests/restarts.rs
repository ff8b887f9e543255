//! A daemon that dies while its machine lives: the pump's clock has gone on, and what nobody
//! wrote down may have happened until the last moment.

use super::rig::*;
use crate::order::RegimenId;
use crate::prescription::*;
use crate::pump::Command;
use crate::quantity::{MonoNs, Nanoseconds};

/// What the true edges of `(at - 1 h, at]` come to, and what the pump's hour holds then.
fn hour(rig: &mut Rig, at: u64) -> (u64, u64) {
    let edges = rig.edges.iter();
    let inside = edges.filter(|edge| at < **edge + H && **edge <= at).count();
    rig.pump.memory.advance(MonoNs(at));
    (inside as u64, rig.pump.memory.volume_sums()[0].0)
}

/// I4.
#[test]
fn what_is_uncertain_leaves_no_window_before_it_can_have_left() {
    let mut p = roomy();
    p.order_lease = Nanoseconds::MAX;
    p.regimens[0] = Some(basal(ul_per_h(360))); // 2/s
    let mut rig = Rig::new(&p, [Some(steady(ul_per_h(360))), None, None, None]);
    // The credit of 180 s was made durable at the start, and nothing since.
    rig.run_until(110 * S);
    let saved = rig.saved.at();
    assert!(saved < MonoNs(S), "{saved:?}");
    rig.lose_daemon(S);
    for at in [H + 70 * S, H + 100 * S, H + 109 * S] {
        let (truth, known) = hour(&mut rig, at);
        assert!(truth > 0 && known >= truth, "{known} of {truth} at {at} ns");
    }
}

/// I5: a bolus that was running when the daemon died ended then, and not at the checkpoint.
#[test]
fn an_end_to_start_lockout_counts_from_the_death_of_the_daemon() {
    let mut p = roomy();
    p.order_lease = Nanoseconds::MAX;
    let mut e = demand(volume_ul(5), 100 * S, MIN); // 100 steps, 1 s apart
    e.bolus.as_mut().unwrap().demand.as_mut().unwrap().edge = LockoutEdge::EndToStart;
    p.regimens[0] = Some(e);
    let plan = || Some(generous(volume_ul(5), 100 * S));
    let mut rig = Rig::new(&p, [plan(), None, None, None]);
    rig.press();
    rig.run_until(50 * S);
    let last = rig.edges.last().copied().expect("it flows");
    rig.lose_daemon(S);
    rig.arm(&p);
    rig.command(Command::Start);
    let left = rig.pump.snapshot(RegimenId(0)).unwrap().lockout_left;
    let due = last + MIN - rig.now;
    assert!(left >= Nanoseconds(due), "{left:?} of {due}");
}

/// I5: a bolus that waits for its credit starts when that comes, which nobody writes down
/// before the next sync.
#[test]
fn a_start_to_start_lockout_counts_from_the_latest_start_there_can_have_been() {
    let mut p = roomy();
    p.order_lease = Nanoseconds::MAX;
    p.regimens[0] = Some(demand(volume_ul(5), 100 * S, MIN));
    let plan = || Some(generous(volume_ul(5), 100 * S));
    let mut rig = Rig::new(&p, [plan(), None, None, None]);
    rig.sync_takes = 1_500 * MS;
    rig.press();
    rig.run_until(1_600 * MS);
    let started = rig.events.iter().find_map(|event| match event.kind {
        crate::event::EventKind::BolusStarted { .. } => Some(event.at.0),
        _ => None,
    });
    let started = started.expect("its credit came");
    assert!(started >= 1_500 * MS && rig.saved.at() < MonoNs(started));
    rig.lose_daemon(S);
    rig.arm(&p);
    rig.command(Command::Start);
    let left = rig.pump.snapshot(RegimenId(0)).unwrap().lockout_left;
    let due = started + MIN - rig.now;
    assert!(left >= Nanoseconds(due), "{left:?} of {due}");
}
