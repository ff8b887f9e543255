//! What an operator's deeds do to the alarms: they are shown, and nothing of them is hidden.

use proptest::prelude::*;
use pump_core::alarm::ALARMS;

use super::*;

fn view(s: u64, alarms: &[Alarm]) -> News {
    let pump = Box::new(pump_core::pump::Pump::new());
    let alarms: ActiveAlarms = alarms.iter().copied().collect();
    News::View(View {
        state: State::Infusing,
        alarms,
        lasting: alarms,
        ..view_of(&pump, s)
    })
}

fn raise(board: &mut Board, s: u64, alarm: Alarm) {
    told(board, s, EventKind::AlarmRaised { alarm });
}

fn shown(board: &Board, s: u64, row: &Row) -> Option<doc::Alarm> {
    let alarms = board.status(MonoNs(s * S)).alarms;
    alarms.into_iter().find(|alarm| alarm.name == row.name)
}

/// W09: for every alarm, whether it was seen, silenced or both.
#[test]
fn no_alarm_goes_by_being_seen_or_silenced() {
    for row in ALARMS {
        for (seen, silenced) in [(false, false), (false, true), (true, false), (true, true)] {
            let mut board = board();
            assert!(!board.ack(row.name), "it is not there yet");
            raise(&mut board, 1, row.alarm);
            board.take(&view(1, &[row.alarm]));
            if seen {
                assert!(board.ack(row.name));
            }
            if silenced {
                board.silence(MonoNs(2 * S), Nanoseconds::from_secs(120));
            }
            let what = format!("{}, seen: {seen}, silenced: {silenced}", row.name);
            let there = shown(&board, 3, row).expect("it is there");
            assert_eq!((there.acked, there.silenced), (seen, silenced), "{what}");
            assert_eq!((there.latched, there.age_ns), (false, 2 * S), "{what}");
            assert_eq!(there.action, row.action.name());
            assert_eq!(
                (there.clears.as_str(), there.remedy.as_str()),
                (row.clears.text(), row.remedy)
            );
            assert_eq!(board.status(MonoNs(3 * S)).action, row.action.name());
            let later = shown(&board, 122, row).expect("it is there");
            assert!(!later.silenced, "{what}: no silence is for good");
            // It goes and comes again, which nobody has seen yet.
            let alarm = row.alarm;
            told(&mut board, 10, EventKind::AlarmCleared { alarm });
            board.take(&view(10, &[]));
            assert!(shown(&board, 10, row).is_none());
            raise(&mut board, 11, row.alarm);
            board.take(&view(11, &[row.alarm]));
            let again = shown(&board, 12, row).expect("it is there again");
            assert!(!again.acked && !again.silenced, "{what}");
        }
    }
}

#[test]
fn an_alarm_whose_cause_is_gone_is_shown_as_one_that_waits() {
    let mut board = board();
    let alarms = [Alarm::Occlusion, Alarm::DoorOpen];
    let News::View(view) = view(1, &alarms) else {
        panic!("a view");
    };
    let lasting = [Alarm::DoorOpen].into_iter().collect();
    board.take(&News::View(View { lasting, ..view }));
    for (alarm, latched) in [(Alarm::Occlusion, true), (Alarm::DoorOpen, false)] {
        let there = shown(&board, 1, &alarm.row()).expect("it is there");
        assert_eq!(there.latched, latched);
    }
}

/// What the loop tells may find its lane full.
#[test]
fn an_alarm_that_comes_again_though_its_end_was_not_told_has_not_been_seen() {
    let mut board = board();
    let row = Alarm::Occlusion.row();
    raise(&mut board, 1, row.alarm);
    board.take(&view(1, &[row.alarm]));
    assert!(board.ack(row.name));
    board.silence(MonoNs(2 * S), Nanoseconds::from_secs(120));
    raise(&mut board, 9, row.alarm);
    let again = shown(&board, 10, &row).expect("it is there");
    assert_eq!(
        (again.acked, again.silenced, again.age_ns),
        (false, false, S)
    );
}

/// W09: the most urgent is the first, whatever came first.
#[test]
fn a_lower_alarm_never_stands_before_a_higher() {
    let mut board = board();
    let all: Vec<Alarm> = ALARMS.iter().map(|row| row.alarm).collect();
    board.take(&view(1, &all));
    let status = board.status(MonoNs(S));
    let rows = status
        .alarms
        .iter()
        .filter_map(|alarm| Row::named(&alarm.name));
    let urgent: Vec<_> = rows.map(|row| row.priority).collect();
    assert_eq!(urgent.len(), ALARMS.len());
    assert!(urgent.is_sorted_by(|one, next| one >= next));
}

#[derive(Clone, Debug)]
enum Deed {
    Raise(usize),
    Clear(usize),
    Ack(usize),
    Silence(u64),
    Wait(u64),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let which = || 0..4_usize;
    let deed = prop_oneof![
        which().prop_map(Deed::Raise),
        which().prop_map(Deed::Clear),
        which().prop_map(Deed::Ack),
        // Whatever is asked for, also what the protocol would have refused.
        (0..400_u64).prop_map(Deed::Silence),
        (1..90_u64).prop_map(Deed::Wait),
    ];
    prop::collection::vec(deed, 1..40)
}

proptest! {
    /// W09: an alarm is silent only within two minutes of a silence that was asked for while
    /// it was active; what an operator has seen sounds as long as the rest.
    #[test]
    fn an_alarm_sounds_unless_somebody_silenced_it_within_two_minutes(deeds in deeds()) {
        const SOME: [Alarm; 4] =
            [Alarm::Occlusion, Alarm::ReservoirLow, Alarm::Restarted, Alarm::CreditSpent];
        let mut board = board();
        let mut now = 1_u64;
        let mut since: [Option<u64>; 4] = [None; 4];
        let mut silence: Option<(u64, u64)> = None;
        for deed in deeds {
            // Two things never happen at the very same instant.
            now += 1;
            match deed {
                Deed::Raise(which) if since[which].is_none() => {
                    since[which] = Some(now);
                    raise(&mut board, now, SOME[which]);
                }
                Deed::Raise(_) => {}
                Deed::Clear(which) => {
                    since[which] = None;
                    let alarm = SOME[which];
                    told(&mut board, now, EventKind::AlarmCleared { alarm });
                }
                Deed::Ack(which) => {
                    let active = since[which].is_some();
                    prop_assert_eq!(board.ack(SOME[which].row().name), active);
                }
                Deed::Silence(span) => {
                    silence = Some((now, span));
                    board.silence(MonoNs(now * S), Nanoseconds::from_secs(span));
                }
                Deed::Wait(span) => now += span,
            }
            let active: Vec<Alarm> =
                (0..4).filter(|which| since[*which].is_some()).map(|which| SOME[which]).collect();
            board.take(&view(now, &active));
            for (which, alarm) in SOME.iter().enumerate() {
                let there = shown(&board, now, &alarm.row());
                prop_assert_eq!(there.is_some(), since[which].is_some());
                let (Some(there), Some(since)) = (there, since[which]) else { continue };
                let silent = silence.is_some_and(|(asked, span)| {
                    since <= asked && now < asked + span.min(120)
                });
                prop_assert_eq!(there.silenced, silent, "{} at {} s", there.name, now);
            }
        }
    }
}
