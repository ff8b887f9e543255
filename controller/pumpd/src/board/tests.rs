mod alarms;

use pump_core::bolus::BolusKind;
use pump_core::order::{DemandId, DemandWait};

use super::*;

const S: u64 = 1_000_000_000;

fn board() -> Board {
    let pump = Box::new(pump_core::pump::Pump::new());
    Board::new(true, MonoNs(0), pump.remembered(MonoNs(0)), None)
}

fn sheet() -> ArmedSheet {
    ArmedSheet {
        id: "rig".to_owned(),
        sha256: "00".to_owned(),
        regimens: vec![("night".to_owned(), "pca".to_owned())],
        volume_per_step: Volume::from_nl(50),
        reservoir: Reservoir {
            volume: Steps(1000),
            low: Steps(100),
            empty: Steps(10),
        },
    }
}

/// What the loop tells of a pump that has given nothing.
fn view_of(pump: &pump_core::pump::Pump, s: u64) -> View {
    View {
        at: MonoNs(s * S),
        state: pump.state(),
        alarms: pump.alarms(),
        lasting: pump.lasting_alarms(),
        ledger: None,
        started_at: None,
        bolus: None,
        windows: None,
        basal: Rate::ZERO,
        remembered: pump.remembered(MonoNs(0)),
    }
}

fn told(board: &mut Board, s: u64, kind: EventKind) {
    let at = MonoNs(s * S);
    board.take(&News::Event(Event { at, kind }));
}

fn start(board: &mut Board, s: u64) {
    let (from, to) = (State::Armed, State::Infusing);
    told(board, s, EventKind::State { from, to });
}

#[test]
fn an_arming_forgets_what_the_last_one_counted() {
    let mut board = board();
    board.armed(sheet());
    let demand = DemandId(1);
    told(&mut board, 1, EventKind::DemandAsked { demand });
    let reason = Reason::Lockout;
    let refused = EventKind::DemandRefused {
        demand,
        regimen: Some(RegimenId(0)),
        steps: Steps(1),
        reason,
    };
    told(&mut board, 1, refused);
    let demands = board.status(MonoNs(S)).demands;
    assert_eq!((demands.attempted, demands.given), (1, 0));
    assert_eq!(demands.refused.get("lockout"), Some(&1));
    board.armed(sheet());
    assert_eq!(board.status(MonoNs(S)).demands, doc::Demands::default());
}

#[test]
fn events_are_numbered_and_told_on_the_therapy_clock() {
    let mut board = board();
    board.armed(sheet());
    start(&mut board, 5);
    let bolus = BolusId(1);
    let started = EventKind::BolusStarted {
        bolus,
        kind: BolusKind::Demand,
        regimen: Some(RegimenId(0)),
        demand: None,
        steps: Steps(20),
        over: Nanoseconds::from_secs(90),
        asked_at: MonoNs(7 * S),
    };
    told(&mut board, 7, started);
    let events: Vec<_> = board.events_after(1).collect();
    let [event] = events.as_slice() else {
        panic!("one event came after the first: {events:?}");
    };
    assert_eq!((event.seq, event.at_ns), (2, 2 * S));
    assert_eq!(event.text, "bolus 1 starts: demand, 1 µL over 1m30s, night");
    let ended = EventKind::BolusEnded {
        bolus,
        delivered: Steps(4),
        ended_at: MonoNs(8 * S),
        cut: Some(Reason::Alarm),
    };
    told(&mut board, 8, ended);
    let shown = board.status(MonoNs(8 * S)).bolus.expect("there was one");
    assert_eq!((shown.outcome.as_str(), shown.delivered_nl), ("cut", 200));
}

#[test]
fn what_is_raised_during_a_silence_sounds() {
    let mut board = board();
    let mut pump = Box::new(pump_core::pump::Pump::new());
    let mut view = |board: &mut Board, s: u64, inputs: bool, journal: bool| {
        let told = pump_core::pump::Inputs {
            watch: pump_core::pump::Watch {
                inputs_stalled: inputs,
                journal_stalled: journal,
                ..Default::default()
            },
            ..Default::default()
        };
        pump.tick(MonoNs(s * S), &told);
        board.take(&News::View(view_of(&pump, s)));
    };
    view(&mut board, 1, true, false);
    assert!(board.ack("inputs-stalled"));
    assert!(!board.ack("occlusion"));
    board.silence(MonoNs(2 * S), Nanoseconds::from_secs(60));
    view(&mut board, 3, true, true);
    let status = board.status(MonoNs(4 * S));
    assert_eq!(status.silenced_for_s, Some(58));
    let shown = status.alarms.iter();
    let shown: Vec<_> = shown
        .map(|a| (a.name.as_str(), a.silenced, a.acked))
        .collect();
    let wanted = [
        ("inputs-stalled", true, true),
        ("journal-stalled", false, false),
    ];
    assert_eq!(shown, wanted);
    assert_eq!(board.status(MonoNs(62 * S)).silenced_for_s, None);
}

#[test]
fn the_wait_for_the_next_demand_runs_down_between_two_views_and_its_reason_goes_with_it() {
    let mut board = board();
    board.armed(sheet());
    let wait = DemandWait {
        left: Some(Nanoseconds::from_secs(60)),
        reason: Some(Reason::Lockout),
    };
    board.wait(Waits {
        at: MonoNs(10 * S),
        waits: [Some(wait), None, None, None],
    });
    let told = |s: u64| {
        let regimen = board.status(MonoNs(s * S)).regimens.remove(0);
        let next = regimen.next_demand.expect("it answers demands");
        (next.in_ns, next.reason)
    };
    assert_eq!(told(10), (Some(60 * S), Some("lockout".to_owned())));
    assert_eq!(told(69), (Some(S), Some("lockout".to_owned())));
    assert_eq!(told(70), (Some(0), None));
    assert_eq!(told(700), (Some(0), None));
}
